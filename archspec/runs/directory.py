"""The directory of a run: its spec, its configuration, its metrics, its checkpoints."""

from __future__ import annotations

import json
import re
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
from archspec.diagnostics.suggest import closest
from archspec.runs.atomic_files import TEMPORARY, write_atomically
from archspec.runs.config import read_settings, set_arguments
from archspec.runs.errors import TrainingError, UsageError, short_message
from archspec.runs.file_lock import lock_file
from archspec.runs.history import EpochMetrics
from archspec.settings.settings import Settings
from archspec.spec import Spec

RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
SPEC, MODEL, CONFIG, METRICS = "spec.yaml", "model.py", "config.json", "metrics.jsonl"


def _run_to_name(path: Path) -> str:
    """What to write where a path is not a run: that around it, one in it, or one like it.

    `lenet-1` is in `runs` by default.
    """
    if (path.parent / CONFIG).is_file():
        return f"did you mean `{path.parent}`?"
    if inside := _runs_in(path):
        return f"name a run in it, such as `{min(inside)}`"
    folders = (path.parent, Path("runs"))
    known = {run.name: run for folder in folders for run in _runs_in(folder)}
    meant = closest(path.name, known)
    if meant:
        return f"did you mean `{known[meant]}`?"
    return f"name a run, such as `{min(known.values(), default='runs/lenet-1')}`"


def _runs_in(folder: Path) -> list[Path]:
    try:
        return [each.parent for each in folder.glob(f"*/{CONFIG}")]
    except OSError:
        return []


def default_name(spec: Spec) -> str:
    """The name of a new run: `lenet`, or `mix-dw` of `mix.yaml:dw`."""
    return spec.full_name.replace(":", "-")


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """A directory `<out>/<name>-<n>` and the files in it."""

    path: Path

    @property
    def best(self) -> Path:
        """The checkpoint of the epoch with the highest validation accuracy."""
        return self.path / "best.pt"

    @property
    def last(self) -> Path:
        """The latest checkpoint."""
        return self.path / "last.pt"

    @property
    def previous(self) -> Path:
        """The checkpoint before the latest."""
        return self.path / "previous.pt"

    @classmethod
    def create(
        cls,
        spec: Spec,
        out: Path,
        config: Mapping[str, Any],
        name: str | None = None,
    ) -> RunDirectory:
        """Create `<out>/<name>-<n>`, with the files that describe the run.

        The default name is `default_name`.
        The directory gets its name only after all files are written.

        Raises:
            TrainingError: if it cannot be created.
        """
        from archspec.backends.python.module_source import to_source  # 40 ms

        if name and not RUN_NAME.fullmatch(name):
            raise UsageError(
                f"`{name}` cannot be the name of a run: use letters, digits, `_`, `-` "
                "and `.`, and begin with a letter or a digit"
            )
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
                run._write(MODEL, to_source(spec.graph, spec.reference))
                run.write_config(config)
                _write_texts(run.path, spec.imports)
                return cls(_rename_numbered(run.path, out, name or default_name(spec)))
        except OSError as error:
            raise TrainingError(
                f"cannot make a run directory in `{out}` ({short_message(error)}): "
                "use `--out DIR` to make it elsewhere"
            ) from error

    @classmethod
    def open(cls, path: Path) -> RunDirectory:
        """The directory of an existing run.

        Raises:
            TrainingError: if the path is not a run directory.
        """
        if not (path / CONFIG).is_file():
            problem = (
                f"is not a run directory (`{CONFIG}` is missing)"
                if path.exists()
                else "does not exist"
            )
            raise UsageError(f"`{path}` {problem}: {_run_to_name(path)}")
        return cls(path)

    def read(self) -> tuple[Spec, Settings]:
        """The network and the settings that the run was started with.

        Raises:
            TrainingError: if the files are not as `create` wrote them.
        """
        text = self._read(SPEC)
        return self._rebuild(text, self.path, self.read_config())

    def read_config(self) -> dict[str, Any]:
        """The contents of `config.json`.

        Raises:
            TrainingError: if the file cannot be read.
        """
        text = self._read(CONFIG)
        try:
            return dict(json.loads(text))
        except (ValueError, TypeError, RecursionError) as error:
            raise self._corrupt(CONFIG) from error

    def _read(self, name: str) -> str:
        path = self.path / name
        try:
            return path.read_bytes().decode()
        except OSError as error:
            raise TrainingError(
                f"cannot read `{path}` ({short_message(error)}): `--weights {self.path}` "
                "starts a new run from its weights"
            ) from error
        except ValueError as error:
            raise self._corrupt(name) from error

    def _corrupt(self, name: str) -> TrainingError:
        return TrainingError(
            f"`{self.path / name}` is not as `archspec train` writes it: "
            f"`--weights {self.path}` starts a new run from its weights"
        )

    def read_metrics(self) -> list[EpochMetrics]:
        """The metrics of each finished epoch; empty before the first has finished.

        Raises:
            TrainingError: if the file is corrupt.
        """
        path = self.path / METRICS
        try:
            lines = path.read_text("utf-8").splitlines() if path.exists() else []
            return [EpochMetrics(**json.loads(line)) for line in lines]
        except OSError as error:
            raise TrainingError(
                f"cannot read `{path}`: {short_message(error)}"
            ) from error
        except (ValueError, TypeError) as error:
            raise TrainingError(
                f"`{path}` is corrupt: `archspec train --resume {self.path}` rewrites it"
            ) from error

    def rebuild(
        self, text: str, imports: Mapping[str, str], config: dict[str, Any]
    ) -> tuple[Spec, Settings]:
        """The network and the settings of a checkpoint, which needs no other file.

        Raises:
            TrainingError: if this version of archspec rejects the spec or the settings.
        """
        with TemporaryDirectory() as folder:
            try:
                _write_texts(Path(folder), imports)
            except (OSError, ValueError) as error:
                raise TrainingError(
                    f"the checkpoint has imports of its spec with names that no files here "
                    f"can have: {', '.join(map(repr, imports))}"
                ) from error
            return self._rebuild(text, Path(folder), config)

    def _rebuild(
        self, text: str, folder: Path, config: dict[str, Any]
    ) -> tuple[Spec, Settings]:
        """Reverse `describe_run`; `folder` holds the files that the spec imports."""
        try:
            spec = check_source(
                Source(str(self.path / SPEC), text),
                folder=folder,
                options=Options(
                    inputs=[config["input"]], overrides=set_arguments(config["params"])
                ),
            ).require()
            return _with_name(spec, _text(config["name"])), read_settings(config)
        except SpecError as error:
            raise TrainingError(
                f"the spec of `{self.path}` has errors now:\n{error}"
            ) from error
        except (KeyError, TypeError, AttributeError) as error:
            raise self._corrupt(CONFIG) from error

    def lock(self) -> IO[bytes]:
        """Lock the run against other processes until the returned file is closed.

        Raises:
            TrainingError: if another process is training the run.
        """
        try:
            file = lock_file(self.path / SPEC)
        except OSError as error:
            raise TrainingError(
                f"cannot write `{self.path}`: {short_message(error)}"
            ) from error
        if file is None:
            raise TrainingError(
                f"another process is training `{self.path}`: wait for it, or stop it first"
            )
        return file

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Write `config.json`."""
        self._write(CONFIG, json.dumps(config, indent=2) + "\n")

    def write_metrics(self, history: Sequence[EpochMetrics]) -> None:
        """Write `metrics.jsonl`, one line for each epoch."""
        lines = (json.dumps(asdict(metrics)) + "\n" for metrics in history)
        self._write(METRICS, "".join(lines))

    def _write(self, name: str, text: str) -> None:
        _write_text(self.path / name, text)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _with_name(spec: Spec, full_name: str) -> Spec:
    """The spec under its original name, which may come from the name of its file."""
    family, _, name = full_name.rpartition(":")
    return replace(
        spec,
        document=replace(spec.document, name=family or name),
        graph=replace(spec.graph, name=name),
        variant=name if family else None,
    )


def _write_texts(folder: Path, texts: Mapping[str, str]) -> None:
    """Write text files in and below a folder, by their relative paths."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_text(path, text)


def _write_text(path: Path, text: str) -> None:
    write_atomically(path, lambda file: file.write(text.encode()))


def _rename_numbered(made: Path, out: Path, name: str) -> Path:
    """Rename a directory to `<out>/<name>-<n>`, where n is one above the highest in use."""
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
            number += 1  # another run has just taken this number
