"""`archspec runs`: list and compare runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from archspec.backends.tables.text_table import definitions, markdown_table, text_table
from archspec.diagnostics.terminal import output_width, wrapped
from archspec.runs.errors import TrainingError
from archspec.signatures.recipes import Recipe

from .epochs import epoch_table, fraction
from .examples import epilog
from .exit_codes import stop
from .options import ForceOption, PictureOption, format_option
from .other_words import Group
from .output_files import check_picture

if TYPE_CHECKING:
    from archspec.runs.listing import RunRecord

HEADER = (
    "run", "spec", "data", "epochs", "val acc", "test acc", "parameters", "images/s",
    "state",
)  # fmt: skip
TEXT_COLUMNS = (0, 1, 2, 8)
OPTIONAL_COLUMNS = (7, 6, 2)  # the first to go where the terminal is narrow
COMPARED_WIDTH = 14  # columns of the terminal for a compared run


runs = typer.Typer(
    name="runs",
    cls=Group,
    add_completion=False,
    help="List the runs side by side, show one, or compare some.",
    epilog=epilog("runs"),
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
)


@runs.callback()
def _list(
    context: typer.Context,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Directory of the runs.")
    ] = Path("runs"),
    format_: Annotated[Literal["table", "json", "markdown"], format_option()] = "table",
) -> None:
    if context.invoked_subcommand:
        return
    from archspec.runs.listing import (
        find_runs,  # 20 ms that other commands save
    )

    found = {path: _read(path) for path in find_runs(out)}
    if format_ == "json":
        print(json.dumps([_data(*item) for item in found.items()], indent=2))
        return
    rows = [_cells(*item) for item in found.items()]
    if format_ == "markdown":
        lines = markdown_table(HEADER, rows, TEXT_COLUMNS)
    else:
        lines = text_table(HEADER, rows, TEXT_COLUMNS, optional=OPTIONAL_COLUMNS)
    print("\n".join(lines))
    damaged = [str(run) for run in found.values() if isinstance(run, TrainingError)]
    if damaged:
        print()
    for words in damaged:
        print(wrapped(words.partition("\n")[0].rstrip(":"), output_width()))


def _read(path: Path) -> RunRecord | TrainingError:
    """A run, or its error, so that a corrupt run does not hide the others."""
    from archspec.runs.listing import read_run

    try:
        return read_run(path)
    except TrainingError as error:
        return error


def _data(path: Path, run: RunRecord | TrainingError) -> dict[str, object]:
    if isinstance(run, TrainingError):
        return {"run": str(path), "state": "damaged", "error": str(run)}
    best = run.best
    return {
        "run": str(path),
        "state": _state(run),
        "spec": run.spec.full_name,
        "data": run.settings.data,
        "epochs": len(run.history),
        "planned_epochs": run.settings.epochs,
        "best_epoch": best and best.epoch,
        "val_accuracy": best and best.val_accuracy,
        "test_accuracy": best and best.test_accuracy,
        "params": run.spec.params,
        "images_per_second": run.images_per_second,
    }


def _cells(path: Path, run: RunRecord | TrainingError) -> tuple[str, ...]:
    if isinstance(run, TrainingError):
        return (path.name, *[""] * 7, "damaged")
    made = (path.name, run.spec.full_name, run.settings.data)
    return (*made, *_results(run).values(), _state(run))


def _state(run: RunRecord) -> str:
    return "done" if run.is_done else "unfinished"


def _results(run: RunRecord) -> dict[str, str]:
    """The results of a run as cells of a table."""
    best, speed = run.best, run.images_per_second
    return {
        "epochs": f"{len(run.history)}/{run.settings.epochs}",
        "best validation accuracy": fraction(best.val_accuracy if best else None),
        "test accuracy of that epoch": fraction(best.test_accuracy if best else None),
        "parameters": f"{run.spec.params:,}",
        "images/s": "" if speed is None else f"{speed:,.0f}",
    }


@runs.command()
def show(
    path: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run directory: `runs/lenet-1`.")
    ],
) -> None:
    """Show a run: its settings, its epochs and its files."""
    from archspec.runs.listing import read_run

    run = read_run(path)
    print(f"{path}, {_state(run)}")
    values = _settings(run) | _results(run)
    print("\n".join(definitions((n, value) for n, value in values.items() if value)))
    if run.history:
        print("\n".join(epoch_table(run.history)))
    names = sorted(each.name for each in path.iterdir() if each.name[0] != ".")
    print(wrapped(f"files: {', '.join(names)}", output_width()))


@runs.command()
def compare(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...", help="Run directories, such as `runs/lenet-1`."
        ),
    ],
    output: PictureOption = None,
    force: ForceOption = False,
) -> None:
    """Compare the settings and results of runs, and plot their curves to `compare.svg`."""
    picture = output or paths[0].parent / "compare.svg"
    check_picture(picture, force=force)
    from archspec.runs.curves import compare_curves
    from archspec.runs.listing import read_run

    found = {str(path): read_run(path) for path in paths}
    for name, run in found.items():
        if not run.history:
            stop(f"`{name}` has no curves: it stopped before an epoch had ended")
    print("\n".join(_comparison(found)))
    compare_curves({name: run.history for name, run in found.items()}, picture)
    print(f"wrote {picture}")


def _comparison(found: dict[str, RunRecord]) -> list[str]:
    """A table with a column for each run: the settings that differ, and the results.

    More runs than the terminal has room for are in several tables.
    """
    runs = [*found.values()]
    differing = {
        name: values
        for name, values in _columns([_settings(run) for run in runs]).items()
        if len(set(values)) > 1
    }
    rows = differing | _columns([_results(run) for run in runs])
    margin = max(map(len, rows))
    count = max(1, (output_width() - margin) // COMPARED_WIDTH)
    return [
        line
        for first in range(0, len(runs), count)
        for line in text_table(
            ("", *[*found][first : first + count]),
            [(name, *row[first : first + count]) for name, row in rows.items()],
            range(count + 1),
        )
    ]


def _columns(runs: Sequence[dict[str, str]]) -> dict[str, list[str]]:
    """Turn rows into columns; a run without a name has an empty cell.

    `[{"lr": "1"}, {"ema": "2"}]` becomes `{"lr": ["1", ""], "ema": ["", "2"]}`.
    """
    names = dict.fromkeys(name for run in runs for name in run)
    return {name: [run.get(name, "") for run in runs] for name in names}


def _settings(run: RunRecord) -> dict[str, str]:
    """The spec, the params and the settings of a run, except for its location."""
    from archspec.runs.config import describe_network

    network = describe_network(run.spec)
    values = {"spec": run.spec.full_name, "input": network["input"]}
    values |= {f"param {name}": value for name, value in network["params"].items()}
    for each in fields(run.settings):
        values |= _parts(each.name, getattr(run.settings, each.name))
    del values["out"]
    return {name: _format_value(value) for name, value in values.items()}


def _parts(name: str, value: object) -> Iterator[tuple[str, object]]:
    """A setting, with the arguments of a call as separate entries.

    `optimizer: sgd(lr=0.1)` becomes `optimizer: sgd` and `optimizer.lr: 0.1`.
    """
    if isinstance(value, Recipe):
        yield name, value.name
        for argument, given in value.arguments.items():
            yield f"{name}.{argument}", given
    else:
        yield name, value


def _format_value(value: Any) -> str:  # any value of a setting
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case Recipe():
            words = {
                name: _format_value(given) for name, given in value.arguments.items()
            }
            given = ", ".join(f"{name}={word}" for name, word in words.items() if word)
            return f"{value.name}({given})" if given else value.name
        case tuple():
            return " | ".join(map(_format_value, value))
    return str(value)
