"""A run directory is whole, and all that a run needs."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree

import pytest

from archspec import load
from archspec.runs.config import different_part
from archspec.runs.errors import TrainingError
from archspec.runs.listing import find_runs, read_run
from archspec.runs.resolve_settings import resolve_settings
from processes import Processes
from tiny_runs import TINY, create_run

Command = Callable[..., tuple[int, str, str]]
UNIT = "  unit(cout): conv(cout, k=3, p=1) | activate\n"
FILES = {
    "net.yaml": """\
archspec: 1
input: 1x8x8
import: [parts/units.yaml, more.yaml]
net:
  - unit(4) | half | flatten | linear(10)
train: {data: digits, epochs: 1, optimizer: sgd(lr=0.05), schedule: constant}
""",
    "more.yaml": "archspec: 1\nblocks:\n  half: maxpool(2)\n",
    "parts/units.yaml": f"archspec: 1\nimport: deep/act.yaml\nblocks:\n{UNIT}",
    "parts/deep/act.yaml": "archspec: 1\nblocks:\n  activate: relu\n",
}


@pytest.fixture
def importing(tmp_path: Path) -> Path:
    """The path of a spec without a name, with three files below it."""
    for name, text in FILES.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "source/net.yaml"


def test_a_run_needs_no_file_that_its_spec_imports(
    importing: Path, tmp_path: Path, command: Command
) -> None:
    assert command("train", importing)[0] == 0
    rmtree(importing.parent)
    run = tmp_path / "runs/net-1"
    for name in ("more.yaml", "parts/units.yaml", "parts/deep/act.yaml"):
        assert (run / name).read_text() == FILES[name]
    code, out, err = command("train", "--resume", run, "--epochs", 2)
    assert (code, err) == (0, "")
    assert out.startswith("net: ")
    code, out, _ = command("runs", "--format", "json")
    (listed,) = json.loads(out)
    assert (listed["spec"], listed["epochs"]) == ("net", 2)


def test_the_best_checkpoint_needs_no_file_beside_it(
    importing: Path, tmp_path: Path, command: Command
) -> None:
    assert command("train", importing)[0] == 0
    run = tmp_path / "runs/net-1"
    for folder in (importing.parent, run / "parts"):
        rmtree(folder)
    for name in ("spec.yaml", "more.yaml", "last.pt"):
        (run / name).unlink()
    code, out, err = command("evaluate", run)
    assert (code, err) == (0, "")
    assert out.startswith("test accuracy ")


def test_a_run_cannot_be_made_shorter_than_it_is(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    assert command("train", tiny)[0] == 0
    config = (tmp_path / "runs/tiny-1/config.json").read_text()
    code, _, err = command("train", "--resume", "runs/tiny-1", "--epochs", 1)
    assert code == 2
    assert err.startswith("error: the run has 2 finished epochs and cannot end after")
    assert (tmp_path / "runs/tiny-1/config.json").read_text() == config


def test_a_checkpoint_is_rebuilt_from_its_texts(
    importing: Path, tmp_path: Path
) -> None:
    spec = load(importing)
    rmtree(importing.parent)
    settings = resolve_settings(spec.train, {"out": tmp_path / "runs"})
    run = create_run(spec, settings)
    assert spec.imports == {name: FILES[name] for name in FILES if name != "net.yaml"}
    config = json.loads((run.path / "config.json").read_text())
    rmtree(run.path)
    again, same = run.rebuild(spec.text, spec.imports, config)
    assert (again.name, again.params, same) == (spec.name, spec.params, settings)


def test_another_text_of_an_imported_file_is_another_network(importing: Path) -> None:
    spec = load(importing)
    folder = importing.parent.rename(importing.parent.with_name("copy"))
    copy = load(folder / "net.yaml")
    importing.parent.mkdir()
    for name, text in FILES.items():
        path = importing.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert different_part(spec, copy) == ""
    (folder / "parts/deep/act.yaml").write_text(
        FILES["parts/deep/act.yaml"].replace("relu", "tanh")
    )
    assert different_part(spec, load(folder / "net.yaml"))


def test_an_imported_file_that_a_run_has_another_of_is_named(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(FILES["more.yaml"])
    net = tmp_path / "net.yaml"
    net.write_text(
        "archspec: 1\ninput: 1x8x8\nimport: spec.yaml\n"
        "net:\n  - half | flatten | linear(10)\n"
    )
    settings = resolve_settings({}, {"out": tmp_path / "runs"})
    with pytest.raises(TrainingError, match=r"the spec imports `spec\.yaml`, and"):
        create_run(load(net), settings)
    assert not (tmp_path / "runs").exists()


@pytest.mark.usefixtures("curves")
def test_a_spec_without_a_name_keeps_that_of_its_file(
    tmp_path: Path, command: Command
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(TINY.replace("name: tiny\n", "").replace("epochs: 2", "epochs: 1"))
    assert command("train", path)[0] == 0
    run = tmp_path / "runs/mine-1"
    code, out, _ = command("train", "--resume", run, "--epochs", 2)
    assert code == 0
    assert out.startswith("mine: ")
    assert json.loads((run / "config.json").read_text())["name"] == "mine"
    assert "class Mine(" in (run / "model.py").read_text()
    assert "mine on digits" in (run / "curves.svg").read_text()
    assert read_run(run).spec.name == "mine"


def test_line_breaks_of_another_system_survive(tmp_path: Path) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_bytes(TINY.replace("\n", "\r\n").encode())
    spec = load(path)
    run = create_run(spec, resolve_settings({}, {"out": tmp_path / "runs"}))
    assert run.read()[0].text == spec.text


# Code: a process kills itself where it would write one file more than so many.
KILLED = """
import os, signal
from pathlib import Path
import archspec.runs.directory as directory
from archspec import load
from archspec.runs.config import describe_run
from archspec.runs.resolve_settings import resolve_settings

write, count = directory.write_atomically, {files}
def killed(*arguments, **others):
    global count
    if not count:
        os.kill(os.getpid(), signal.SIGKILL)
    count -= 1
    write(*arguments, **others)
directory.write_atomically = killed
settings = resolve_settings({{}}, {{"out": Path("runs")}})
spec = load("source/net.yaml")
directory.RunDirectory.create(spec, settings.out, describe_run(spec, settings))
"""


def test_a_run_killed_while_it_is_made_leaves_no_run_or_a_whole_one(
    importing: Path, tmp_path: Path
) -> None:
    assert importing.exists()
    for files in range(7):
        before = KILLED.format(files=files)
        (ended,) = Processes(1, folder=tmp_path, before=before).end()
        if ended.code == 0:
            break
        assert ended.code == -signal.SIGKILL
        with pytest.raises(TrainingError, match="has no runs"):
            find_runs(tmp_path / "runs")
    assert files == 6
    (run,) = find_runs(tmp_path / "runs")
    assert run.name == "net-1"
    assert read_run(run).spec.name == "net"


def test_two_runs_never_take_one_directory(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one takes the number just before this one does."""
    spec = load(tiny)
    settings = resolve_settings(spec.train, {"out": tmp_path / "runs"})
    rename = Path.rename

    def late(path: Path, target: Path) -> Path:
        if target.name == "tiny-1" and not target.exists():
            target.mkdir()
            (target / "config.json").write_text("of the other")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", late)
    run = create_run(spec, settings)
    assert run.path.name == "tiny-2"
    assert (tmp_path / "runs/tiny-1/config.json").read_text() == "of the other"
    names = sorted(path.name for path in (tmp_path / "runs").iterdir())
    assert names == ["tiny-1", "tiny-2"]


def test_a_run_is_readable_by_whom_the_umask_says(tiny: Path, tmp_path: Path) -> None:
    spec, before = load(tiny), os.umask(0o022)
    try:
        settings = resolve_settings(spec.train, {"out": tmp_path / "runs"})
        run = create_run(spec, settings).path
    finally:
        os.umask(before)
    assert run.stat().st_mode & 0o777 == 0o755
    assert (run / "config.json").stat().st_mode & 0o777 == 0o644
