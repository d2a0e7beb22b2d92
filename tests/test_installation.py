"""The wheel built here runs the README's three commands in an environment of its own."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ (archspec [^#\n]*)", README, re.MULTILINE)


def run(*command: object, folder: Path) -> str:
    """What a command prints. It sees neither this checkout nor this environment."""
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON")
    }
    done = subprocess.run(
        [*map(str, command)],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build_wheel(folder: Path) -> Path:
    """The wheel of this checkout, built from a copy of what git knows."""
    tracked = run("git", "ls-files", "-z", folder=ROOT).split("\0")
    for name in filter(None, tracked):
        copy = folder / "copy" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((ROOT / name).read_bytes())
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel")
    options = ["--no-deps", "--quiet", "--wheel-dir", folder]
    if int(importlib.metadata.version("setuptools").partition(".")[0]) >= 77:
        options.append("--no-build-isolation")
    run(*pip, *options, folder / "copy", folder=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> Path:
    """The scripts of a new environment with the wheel; dependencies are those of here."""
    home = folder / "environment"
    venv.create(home, with_pip=False)
    (packages,) = home.glob("lib/*/site-packages")
    others = [each for each in sys.path if each.endswith("site-packages")]
    (packages / "dependencies.pth").write_text("\n".join(others))
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python")
    options = ("--no-deps", "--no-index", "--quiet", "--ignore-installed")
    run(*pip, home / "bin" / "python", "install", *options, wheel, folder=folder)
    return home / "bin"


@pytest.mark.slow
def test_the_wheel_runs_the_commands_of_the_readme(tmp_path):
    programs = install(build_wheel(tmp_path), tmp_path)
    work = tmp_path / "work"
    work.mkdir()
    where = "import archspec; print(archspec.__file__)"
    found = Path(run(programs / "python", "-c", where, folder=work).strip())
    assert programs.parent in found.parents
    assert [command.split()[1] for command in COMMANDS] == ["new", "check", "train"]
    for command in COMMANDS:
        program, *arguments = command.split()
        printed = run(programs / program, *arguments, folder=work)
    assert "in runs/mynet-1" in printed
    for arguments in (["draw", "nin", "-o", "nin.html"], ["list"], ["schema"]):
        assert run(programs / "archspec", *arguments, folder=work)
