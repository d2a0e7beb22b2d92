"""The tutorial gives what it says, from its first command to its last."""

from __future__ import annotations

import doctest
import re
import shlex
import shutil
import sys
from pathlib import Path

from archspec.cli.main import main

PAGE = Path(__file__).resolve().parent.parent / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ ([^\n]*)\n((?:(?!\$ )[^\n]*\n)*)", re.MULTILINE)
MAY_FAIL = "error["  # in the expected output


def run(line, monkeypatch, capsys):
    """The exit code and the output of a command."""
    program, *arguments = shlex.split(line)
    if program == "cp":
        shutil.copy(*arguments)
        return 0, ""
    assert program == "archspec"
    monkeypatch.setattr(sys, "argv", [program, *arguments])
    code = 0
    try:
        main()
    except SystemExit as end:
        code = int(end.code or 0)
    out, err = capsys.readouterr()
    assert not code or not err, err
    return code, out


def test_the_tutorial(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    page = PAGE.read_text()
    blocks = [(m[1], m[2], page[: m.start()]) for m in BLOCK.finditer(page)]
    assert {kind for kind, *_ in blocks} == {"console", "yaml", "diff", "python"}
    checker = doctest.OutputChecker()
    for kind, text, before in blocks:
        named = re.findall(r"`(\w+\.yaml)`", before)
        file = Path(named[-1] if named else "")
        if kind == "console":
            for line, expected in COMMAND.findall(text):
                code, out = run(line, monkeypatch, capsys)
                assert code == (MAY_FAIL in expected), (line, out)
                matches = checker.check_output(expected, out, doctest.ELLIPSIS)
                assert not expected or matches, f"{line}\n{out}"
        elif kind == "yaml":
            assert file.read_text() == text
        elif kind == "diff":
            old, new = (line[1:] for line in text.splitlines())
            spec = file.read_text()
            (found,) = [each for each in spec.splitlines() if each.startswith(old)]
            file.write_text(spec.replace(found, new))
        else:
            exec(text, {})  # the page's own example
            printed = capsys.readouterr().out.splitlines()
            assert printed == re.findall(r"print\(.*\)  # (.*)", text)
