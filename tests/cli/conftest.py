from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest

from archspec.cli.main import main


@dataclass(frozen=True)
class Outcome:
    """What a command has left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def archspec(monkeypatch, capsys):
    """The `archspec` program, in this process: its last door included."""

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["archspec", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_:
            main()
        out, err = capsys.readouterr()
        return Outcome(exit_.value.code or 0, out, err)

    return run


@pytest.fixture
def good(tmp_path):
    path = tmp_path / "good.yaml"
    path.write_text(
        "archspec: 1\ninput: 3x8x8\nparams: {width: 4}\nvariants: {wide: {width: 16}}\n"
        "net:\n  - conv(width, k=3)\n  - relu\n"
    )
    return path


@pytest.fixture
def bad(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("archspec: 1\ninput: 3x8x8\nnet:\n  - cnov(4, k=3)\n  - rleu\n")
    return path
