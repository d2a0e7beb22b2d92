"""`archspec check`, and what every command does with findings."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

COMMANDS = ["check", "summary", "draw", "compile", "train"]


def test_a_clean_spec(archspec, good):
    outcome = archspec("check", good)
    assert outcome.code == 0
    assert outcome.err == ""
    assert "ok" in outcome.out
    assert "[4, 6, 6]" in outcome.out


def test_findings_are_the_product_of_check(archspec, bad):
    outcome = archspec("check", bad)
    assert outcome.code == 1
    assert outcome.err == ""
    assert outcome.out.count("error[unknown-op]") == 2
    assert "bad.yaml:4:5" in outcome.out
    assert "2 errors" in outcome.out


@pytest.mark.parametrize("command", [c for c in COMMANDS if c != "check"])
def test_findings_go_to_stderr_elsewhere(archspec, bad, command):
    """Standard output may be piped into a file."""
    outcome = archspec(command, bad)
    assert outcome.code == 1
    assert outcome.out == ""
    assert outcome.err.count("error[unknown-op]") == 2


def test_several_specs(archspec, good, bad):
    outcome = archspec("check", good, bad, "nin")
    assert outcome.code == 1
    assert outcome.out.count("ok") >= 2
    assert archspec("check", good, "nin").code == 0


def test_json(archspec, good, bad):
    outcome = archspec("check", good, bad, "--format", "json")
    assert outcome.code == 1
    assert json.loads(outcome.out) == {
        "files": [
            {"file": str(good), "ok": True, "diagnostics": []},
            {
                "file": str(bad),
                "ok": False,
                "diagnostics": [
                    {
                        "code": "unknown-op",
                        "severity": "error",
                        "message": "there is no op or block `cnov`",
                        "line": 4,
                        "column": 5,
                        "end_line": 4,
                        "end_column": 9,
                        "help": ["did you mean `conv`?"],
                        "notes": [],
                        "related": [],
                    },
                    {
                        "code": "unknown-op",
                        "severity": "error",
                        "message": "there is no op or block `rleu`",
                        "line": 5,
                        "column": 5,
                        "end_line": 5,
                        "end_column": 9,
                        "help": ["did you mean `relu`?"],
                        "notes": [],
                        "related": [],
                    },
                ],
            },
        ]
    }


def test_json_of_related_places(archspec, tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("archspec: 1\ninput: 3x8x8\nnet:\n  - conv(1, 8, k=3)\n")
    outcome = archspec("check", path, "--format", "json")
    (found,) = json.loads(outcome.out)["files"][0]["diagnostics"]
    assert found["related"] == [{"message": "makes [3, 8, 8]", "line": 2, "column": 8}]


def test_concise(archspec, bad):
    outcome = archspec("check", bad, "--format", "concise")
    assert outcome.out.splitlines() == [
        f"{bad}:4:5: error[unknown-op]: there is no op or block `cnov`",
        f"{bad}:5:5: error[unknown-op]: there is no op or block `rleu`",
    ]


def test_github(archspec, bad):
    outcome = archspec("check", bad, "--format", "github")
    first = outcome.out.splitlines()[0]
    assert first.startswith(f"::error file={bad},line=4,col=5,")
    assert first.endswith("::there is no op or block `cnov`%0Adid you mean `conv`?")


def test_set_input_and_variant(archspec, good):
    assert "[8, 6, 6]" in archspec("check", good, "--set", "width=8").out
    assert "[4, 14, 14]" in archspec("check", good, "--input", "3x16x16").out
    assert "[16, 6, 6]" in archspec("check", good, "--variant", "wide").out
    options = ("--variant", "wide", "--set", "width=2", "--input", "1x9x9")
    assert "[2, 7, 7]" in archspec("check", good, *options).out


# --- mistakes of a user --------------------------------------------------------------

MISTAKES = [
    (["check", "{tmp}/gone.yaml"], 1, "there is no file"),
    (["check", "{tmp}"], 1, "is a directory"),
    (["check", "ninn"], 1, "did you mean `nin`?"),
    (["check", "{good}", "--set", "widht=3"], 1, "did you mean `width`?"),
    (["check", "{good}", "--set", "width"], 1, "expected `name=value`"),
    (["check", "{good}", "--set", "width=wide"], 1, "there is no `wide` here"),
    (["check", "{good}", "--set", "width=9**9**9"], 1, "does not fit into 64 bits"),
    (["check", "{good}", "--input", "3x8"], 1, "channels x height x width"),
    (["check", "{good}", "--input", "3x1x1"], 1, "does not fit into 1x1"),
    (["check", "{good}", "--variant", "wdie"], 1, "has no variant `wdie`"),
    (["check", "{good}", "--format", "xml"], 2, "xml"),
    (["check"], 2, "SPEC"),
    (["chekc", "{good}"], 2, "chekc"),
    (["check", "{good}", "--sett", "a=1"], 2, "--sett"),
    (["summary", "{good}", "--depth", "0"], 2, "0"),
    (["summary", "{good}", "--depth", "two"], 2, "two"),
    (["summary", "{binary}"], 1, "is not a text file"),
    (["draw", "{good}", "-o", "{tmp}/a.gif"], 2, ".svg"),
    (["draw", "{good}", "-o", "{tmp}/no/such/folder/a.dot"], 1, "cannot write"),
    (["compile", "{good}", "-o", "{tmp}/a.txt"], 2, ".py"),
    (["compile", "{good}", "-o", "{tmp}/no/such/folder/a.py"], 1, "cannot write"),
    (["explain", "unknown-opp"], None, "unknown-op"),
    (["new", "1st"], 2, "is no name"),
    (["new", "{tmp}/no/such/folder/a.yaml"], 1, "cannot write"),
    (["new", "{good}"], 1, "exists already"),
]


@pytest.mark.parametrize(("arguments", "code", "part"), MISTAKES)
def test_a_mistake_ends_with_a_sentence(
    archspec, good, tmp_path, arguments, code, part
):
    """No traceback, the exit code of the design, and words that help."""
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\x89PNG\0\xff")
    places = {"tmp": tmp_path, "good": good, "binary": binary}
    outcome = archspec(*(argument.format(**places) for argument in arguments))
    text = outcome.out + outcome.err
    assert part in " ".join(text.split())
    assert "Traceback" not in text
    assert "bug" not in text
    assert outcome.code in ((1, 2) if code is None else (code,))


def test_a_mistake_of_ours_ends_with_101(archspec, good, monkeypatch):
    monkeypatch.delenv("ARCHSPEC_TRACEBACK", raising=False)
    monkeypatch.setattr("archspec.cli.check.check_spec", lambda *_, **__: 1 / 0)
    outcome = archspec("check", good)
    assert outcome.code == 101
    assert "archspec has a bug: ZeroDivisionError" in outcome.err
    assert "Traceback" not in outcome.err


def test_no_command_shows_the_help(archspec):
    outcome = archspec()
    assert outcome.code in (0, 2)
    assert all(command in outcome.out + outcome.err for command in COMMANDS)


def test_help_and_version(archspec):
    assert archspec("--version").out.startswith("archspec ")
    for command in COMMANDS:
        outcome = archspec(command, "--help")
        assert outcome.code == 0
        assert "Usage" in outcome.out


def test_schema_is_json(archspec):
    assert json.loads(archspec("schema").out)["title"] == "archspec"


def test_list_names_everything(archspec):
    out = archspec("list").out
    for name in (
        "nin",
        "lenet",
        "nin_block(cout, *, k, s=1, p=0)",
        "conv(",
        "maxpool(",
    ):
        assert name in out


def test_explain_shows_a_page(archspec):
    outcome = archspec("explain", "unknown-op")
    assert outcome.code == 0
    assert "cnov(64, k=3)" in outcome.out


def test_new_writes_a_spec_that_checks(archspec, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert archspec("new", "mynet").code == 0
    assert archspec("check", "mynet.yaml").code == 0
    assert archspec("new", "mynet").code == 1


# --- as a program --------------------------------------------------------------------


def program(*arguments: object, **options) -> subprocess.CompletedProcess[bytes]:
    code = "from archspec.cli.main import main; main()"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, **options)


def test_the_program_checks(good, bad):
    assert program("check", good).returncode == 0
    done = program("check", bad)
    assert done.returncode == 1
    assert done.stderr == b""
    assert b"\x1b[" not in done.stdout  # no colour into a pipe


def test_a_reader_that_leaves_is_no_error(good):
    """`archspec compile net.yaml | head -1`."""
    code = "from archspec.cli.main import main; main()"
    command = f'"{sys.executable}" -c "{code}" compile {good} | head -1'
    done = subprocess.run(command, shell=True, capture_output=True, check=False)
    assert done.returncode == 0
    assert done.stderr == b""


def test_names_that_no_terminal_can_show():
    """A path in bytes that are no text comes back replaced, not as a traceback."""
    done = program("check", b"caf\xe9.yaml".decode("utf-8", "surrogateescape"))
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"bug" not in done.stderr
