"""The directory of a run: what it was made with, how it went, and its checkpoints."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from errno import EEXIST, ENOTEMPTY
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from archspec.checker import check_source
from archspec.compiler import Options
from archspec.diagnostics.diagnostic import SpecError
from archspec.diagnostics.source import Source
from archspec.spec import Spec
from archspec.training.errors import TrainingError
from archspec.training.files import TEMPORARY, occupy, reason, write_atomically
from archspec.training.history import EpochMetrics
from archspec.training.settings import FREE, Settings

SPEC, MODEL, CONFIG, METRICS = "spec.yaml", "model.py", "config.json", "metrics.jsonl"


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """`<out>/<name>-<n>` and the names of the files in it."""

    path: Path

    @property
    def best(self) -> Path:
        """The checkpoint of the highest validation accuracy."""
        return self.path / "best.pt"

    @property
    def last(self) -> Path:
        """The last checkpoint."""
        return self.path / "last.pt"

    @property
    def previous(self) -> Path:
        """The one before the last."""
        return self.path / "previous.pt"

    @classmethod
    def create(cls, spec: Spec, settings: Settings) -> RunDirectory:
        """Make a directory that was not there, with all that makes the run.

        It has its name once it is whole.

        Raises:
            TrainingError: if it cannot be made.
        """
        from archspec.backends.python.module_source import to_source  # 40 ms

        out = settings.out
        if taken := spec.imports.keys() & {SPEC, MODEL, CONFIG, METRICS}:
            raise TrainingError(
                f"the spec imports `{min(taken)}`, and the directory of a run has another "
                "file of that name: rename it"
            )
        try:
            out.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(dir=out, prefix=".", suffix=TEMPORARY) as folder:
                run = cls(Path(folder) / "run")
                run.path.mkdir()
                run._write(SPEC, spec.text)
                run._write(MODEL, to_source(spec.graph))
                run.write_config(spec, settings)
                _write_texts(run.path, spec.imports)
                return cls(_rename_numbered(run.path, out, spec.name))
        except OSError as error:
            raise TrainingError(
                f"cannot make a run directory in `{out}` ({reason(error)}): "
                "use `--out DIR` to make it elsewhere"
            ) from error

    @classmethod
    def open(cls, path: Path) -> RunDirectory:
        """A run that is there.

        Raises:
            TrainingError: if there is none.
        """
        if not (path / CONFIG).is_file():
            raise TrainingError(
                f"`{path}` is no run, it has no `{CONFIG}`: name a directory that "
                "`archspec train` has made, such as `runs/lenet-1`"
            )
        return cls(path)

    def read(self) -> tuple[Spec, Settings]:
        """The network and the settings that the run began with.

        Raises:
            TrainingError: if its files are not those that `create` has written.
        """
        text = self._read(SPEC)
        return self._rebuild(text, self.path, self.read_config())

    def read_config(self) -> dict[str, Any]:
        """What `describe_run` has described.

        Raises:
            TrainingError: if it cannot be read.
        """
        text = self._read(CONFIG)
        try:
            return dict(json.loads(text))
        except (ValueError, TypeError) as error:
            raise self._damaged(CONFIG) from error

    def _read(self, name: str) -> str:
        path = self.path / name
        try:
            return path.read_bytes().decode()
        except OSError as error:
            raise TrainingError(
                f"cannot read `{path}` ({reason(error)}): `--weights {self.path}` starts a "
                "new run from its weights"
            ) from error
        except ValueError as error:
            raise self._damaged(name) from error

    def _damaged(self, name: str) -> TrainingError:
        return TrainingError(
            f"`{self.path / name}` is not as `archspec train` writes it: "
            f"`--weights {self.path}` starts a new run from its weights"
        )

    def read_metrics(self) -> list[EpochMetrics]:
        """A row for each epoch that is done; none before the first has ended.

        Raises:
            TrainingError: if they are damaged.
        """
        path = self.path / METRICS
        try:
            lines = path.read_text("utf-8").splitlines() if path.exists() else []
            return [EpochMetrics(**json.loads(line)) for line in lines]
        except OSError as error:
            raise TrainingError(f"cannot read `{path}`: {reason(error)}") from error
        except (ValueError, TypeError) as error:
            raise TrainingError(
                f"`{path}` is damaged: `archspec train --resume {self.path}` writes it anew"
            ) from error

    def rebuild(
        self, text: str, imports: Mapping[str, str], config: dict[str, Any]
    ) -> tuple[Spec, Settings]:
        """The network and the settings of a checkpoint, whatever else lies here.

        Raises:
            TrainingError: if they are none, or if the spec has come to have errors.
        """
        with TemporaryDirectory() as folder:
            _write_texts(Path(folder), imports)
            return self._rebuild(text, Path(folder), config)

    def _rebuild(
        self, text: str, folder: Path, config: dict[str, Any]
    ) -> tuple[Spec, Settings]:
        """The network and the settings that `describe_run` has described."""
        try:
            spec = check_source(
                Source(str(self.path / SPEC), text),
                folder=folder,
                options=Options(
                    input=config["input"],
                    overrides=[
                        f"{n}={_as_setting(v)}" for n, v in config["params"].items()
                    ],
                ),
            ).require()
            return _named(spec, config["name"]), Settings.from_json(config)
        except SpecError as error:
            raise TrainingError(
                f"the spec of `{self.path}` has errors now:\n{error}"
            ) from error
        except (KeyError, TypeError, AttributeError) as error:
            raise self._damaged(CONFIG) from error

    def occupy(self) -> IO[bytes]:
        """Keep other processes from going on with the run until what is returned is closed.

        Raises:
            TrainingError: if one is at it.
        """
        try:
            file = occupy(self.path / SPEC)
        except OSError as error:
            raise TrainingError(
                f"cannot write `{self.path}`: {reason(error)}"
            ) from error
        if file is None:
            raise TrainingError(
                f"another process is training `{self.path}`: wait for it, or stop it first"
            )
        return file

    def write_config(self, spec: Spec, settings: Settings) -> None:
        """All settings, and what makes the network of the text in `spec.yaml`."""
        self._write(CONFIG, json.dumps(describe_run(spec, settings), indent=2) + "\n")

    def write_metrics(self, rows: Sequence[EpochMetrics]) -> None:
        """The whole of `metrics.jsonl`: a line for each epoch."""
        lines = (json.dumps(asdict(row)) + "\n" for row in rows)
        self._write(METRICS, "".join(lines))

    def _write(self, name: str, text: str) -> None:
        _write_text(self.path / name, text)


def describe_run(spec: Spec, settings: Settings) -> dict[str, object]:
    """What `config.json` holds: with the text of the spec, all that made the run."""
    import torch  # whoever only reads a run does not wait for it

    return {
        "name": spec.name,
        **describe_network(spec),
        **settings.to_json(),
        "torch": str(torch.__version__),
    }


def describe_network(spec: Spec) -> dict[str, Any]:
    """What makes the network of the text of a spec: its input and its params."""
    return {
        "input": "x".join(str(size) for size in spec.input_shape),
        "params": {name: _written(value) for name, value in spec.param_values.items()},
    }


def what_stays(config: Mapping[str, object]) -> dict[str, Any]:
    """What a run cannot change while it goes on, as it is read from JSON."""
    free = (*FREE, "out", "torch")
    stays = {name: value for name, value in config.items() if name not in free}
    read: dict[str, Any] = json.loads(json.dumps(stays))
    return read


def is_same_network(spec: Spec, other: Spec) -> bool:
    """Whether two specs are one text with the same imports, input and params."""
    ours, theirs = (
        (each.text, each.imports, describe_network(each)) for each in (spec, other)
    )
    return ours == theirs


def _named(spec: Spec, name: str) -> Spec:
    """A spec under the name that it had where it was: its file's, if it says none."""
    document, graph = replace(spec.document, name=name), replace(spec.graph, name=name)
    return replace(spec, document=document, graph=graph)


def _written(value: Any) -> Any:  # any value of the language
    """A param as JSON; its strings hold what a spec would: a name, or quoted text."""
    match value:
        case bool() | int() | float():
            return value
        case str():
            return json.dumps(value)
        case tuple():
            return [_written(item) for item in value]
    return value.name  # of an op or block


def _as_setting(value: Any) -> str:
    """A param from JSON as `--set` takes it."""
    if isinstance(value, list):
        return f"[{', '.join(_as_setting(item) for item in value)}]"
    return value if isinstance(value, str) else json.dumps(value)


def _write_texts(folder: Path, texts: Mapping[str, str]) -> None:
    """Write files in and below a folder, by their paths from it."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_text(path, text)


def _write_text(path: Path, text: str) -> None:
    write_atomically(path, lambda file: file.write(text.encode()))


def _rename_numbered(made: Path, out: Path, name: str) -> Path:
    """Name a directory `<out>/<name>-<n>`, with the first number above those in use."""
    prefix = f"{name}-"
    names = [each.name for each in out.iterdir() if each.name.startswith(prefix)]
    used = [name.removeprefix(prefix) for name in names]
    number = 1 + max((int(n) for n in used if n.isdecimal()), default=0)
    while True:
        try:
            return made.rename(out / f"{prefix}{number}")
        except OSError as error:
            if error.errno not in (EEXIST, ENOTEMPTY):
                raise
            number += 1  # another run has just taken it
