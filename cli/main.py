"""The `archspec` program: its commands, and what happens when one fails."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from io import TextIOWrapper
from typing import Annotated

import typer

from archspec.runs.errors import PeerError, TrainingError

from .check import check
from .compile import compile_
from .diff import diff
from .draw import draw
from .evaluate import evaluate
from .explain import explain
from .list import list_
from .new import new
from .options import BUG, FINDINGS
from .predict import predict
from .profile import profile
from .runs import runs
from .schema import schema
from .summary import summary
from .train import train

app = typer.Typer(
    help="Neural-network architectures as short YAML specs: check, draw, compile, train.",
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)

COMMANDS: dict[str, Callable[..., None]] = {
    "check": check,
    "summary": summary,
    "diff": diff,
    "profile": profile,
    "draw": draw,
    "compile": compile_,
    "train": train,
    "evaluate": evaluate,
    "predict": predict,
    "explain": explain,
    "list": list_,
    "schema": schema,
    "new": new,
}
for name, command in COMMANDS.items():
    app.command(name)(command)
app.add_typer(runs, name="runs")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"archspec {version('archspec-nn')}")
        raise typer.Exit


@app.callback()
def _program(
    _: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Show the version.",
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; a mistake of ours ends with 101 and a plain sentence."""
    if isinstance(sys.stdout, TextIOWrapper):  # names may have what it cannot encode
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app()
    except PeerError:  # said by the process that has failed
        sys.exit(FINDINGS)
    except TrainingError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(FINDINGS)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:
        where = f"`{error.filename}`: " if error.filename else ""
        print(f"error: {where}{error.strerror or error}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FINDINGS)
    except Exception as error:  # the last door: no traceback for a user
        _report_bug(error)
        sys.exit(BUG)


def _report_bug(error: Exception) -> None:
    if os.environ.get("ARCHSPEC_TRACEBACK"):
        raise error
    print(
        f"archspec has a bug: {type(error).__name__}: {error}\n"
        "Please report it with your spec; `ARCHSPEC_TRACEBACK=1` shows where it is.",
        file=sys.stderr,
    )
