"""`archspec check`, and what every command does with findings."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
import yaml

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
def test_findings_go_to_stderr_elsewhere(archspec, bad, command, monkeypatch):
    """Standard output may be piped into a file."""
    monkeypatch.chdir(bad.parent)
    outcome = archspec(command, bad)
    assert outcome.code == 1
    assert "error" not in outcome.out  # `summary` and `draw` show what is known
    assert outcome.err.count("error[unknown-op]") == 2


def test_a_warning_is_no_error(archspec, tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("archspec: 1\ninput: 3x8x8\nblocks: {unit: tanh}\nnet:\n  - relu\n")
    outcome = archspec("check", path)
    assert outcome.code == 0
    assert "warning[unused-block]" in outcome.out
    assert outcome.out.endswith(
        "a.yaml: ok, 0 parameters, output [3, 8, 8], 1 warning\n"
    )
    (file,) = json.loads(archspec("check", path, "--format", "json").out)["files"]
    assert file["ok"]
    assert file["diagnostics"][0]["severity"] == "warning"
    assert archspec("check", path, "--format", "github").out.startswith("::warning ")


def test_several_specs(archspec, good, bad):
    outcome = archspec("check", good, bad, "nin")
    assert outcome.code == 1
    assert outcome.out.count("ok") >= 2
    assert archspec("check", good, "nin").code == 0


def _replacement(line: int, start: int, end: int, text: str) -> dict[str, object]:
    """A fix that writes another name."""
    edit = {
        "line": line,
        "column": start,
        "end_line": line,
        "end_column": end,
        "text": text,
    }
    return {"title": f"did you mean `{text}`?", "edits": [edit]}


def test_json(archspec, good, bad):
    outcome = archspec("check", good, bad, "--format", "json")
    assert outcome.code == 1
    assert json.loads(outcome.out) == {
        "files": [
            {
                "file": str(good),
                "ok": True,
                "params": 112,
                "macs": 3888,
                "variants": {"wide": {"params": 448, "macs": 15552}},
                "diagnostics": [],
            },
            {
                "file": str(bad),
                "ok": False,
                "diagnostics": [
                    {
                        "code": "unknown-op",
                        "severity": "error",
                        "message": "unknown op or block `cnov`",
                        "line": 4,
                        "column": 5,
                        "end_line": 4,
                        "end_column": 9,
                        "help": ["did you mean `conv`?"],
                        "notes": [],
                        "related": [],
                        "fixes": [_replacement(4, 5, 9, "conv")],
                    },
                    {
                        "code": "unknown-op",
                        "severity": "error",
                        "message": "unknown op or block `rleu`",
                        "line": 5,
                        "column": 5,
                        "end_line": 5,
                        "end_column": 9,
                        "help": ["did you mean `relu`?"],
                        "notes": [],
                        "related": [],
                        "fixes": [_replacement(5, 5, 9, "relu")],
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
    assert found["related"] == [{"message": "input [3, 8, 8]", "line": 2, "column": 8}]


def test_concise(archspec, bad):
    outcome = archspec("check", bad, "--format", "concise")
    assert outcome.out.splitlines() == [
        f"{bad}:4:5: error[unknown-op]: unknown op or block `cnov`",
        f"{bad}:5:5: error[unknown-op]: unknown op or block `rleu`",
    ]


@pytest.fixture
def importing(tmp_path):
    """Two specs that import one file: a block of it fails, and so does another's."""
    (tmp_path / "parts.yaml").write_text(
        "archspec: 1\nblocks:\n  unit(n):\n    - cnov(n, k=3)\n"
        "  wide(n):\n    - conv(n, k=9)\n"
    )
    specs = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    for spec in specs:
        spec.write_text(
            "archspec: 1\ninput: 3x8x8\nimport: parts.yaml\nnet:\n"
            "  - wide(4) | unit(8)\n"
        )
    return specs


def test_json_files_a_finding_under_the_file_it_lies_in(archspec, importing, good):
    outcome = archspec("check", *importing, good, "--format", "json")
    files = json.loads(outcome.out)["files"]
    names = [Path(file["file"]).name for file in files]
    assert names == ["a.yaml", "b.yaml", "good.yaml", "parts.yaml"]
    assert [file["ok"] for file in files] == [False, False, True, False]
    found = [(d["code"], d["line"], d["column"]) for d in files[3]["diagnostics"]]
    assert found.count(("unknown-op", 4, 7)) == 1
    assert found.count(("empty-output", 6, 17)) == 2  # each has its own call
    assert [file["diagnostics"] for file in files[:3]] == [[], [], []]
    calls = {
        Path(place["file"]).name
        for found in files[3]["diagnostics"]
        for place in found["related"]
    }
    assert calls == {"a.yaml", "b.yaml"}


def test_json_files_a_finding_about_an_option_under_the_spec(archspec, good):
    outcome = archspec("check", good, "--set", "widht=3", "--format", "json")
    (file,) = json.loads(outcome.out)["files"]
    assert (file["file"], file["ok"]) == (str(good), False)
    assert [found["code"] for found in file["diagnostics"]] == ["unknown-parameter"]


def test_a_mistake_in_a_file_that_two_specs_import_is_one_mistake(archspec, importing):
    for format_ in ("full", "concise", "github"):
        out = archspec("check", *importing, "--format", format_).out
        assert out.count("unknown op or block `cnov`") == 1


def test_github_annotates_the_spec_for_a_block_that_it_expands(archspec, importing):
    a, b = importing
    out = archspec("check", a, b, "--format", "github").out
    assert f"::error file={a},line=5,col=5,endLine=5,endColumn=12," in out
    assert f"::error file={b},line=5,col=5,endLine=5,endColumn=12," in out
    parts = a.parent / "parts.yaml"
    assert f"%0Ain {parts}:6:17%0A" in out
    assert f"::error file={parts},line=4,col=7,endLine=4,endColumn=11," in out


def test_github(archspec, bad):
    outcome = archspec("check", bad, "--format", "github")
    first = outcome.out.splitlines()[0]
    assert first.startswith(f"::error file={bad},line=4,col=5,")
    assert first.endswith("::unknown op or block `cnov`%0Adid you mean `conv`?")


def test_the_hook_of_pre_commit_checks_the_files_it_is_given(archspec, good, bad):
    manifest = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
    (hook,) = yaml.safe_load(manifest.read_text())
    assert hook["id"] == "archspec-check"
    program, *arguments = hook["entry"].split()
    assert program == "archspec"
    assert archspec(*arguments, good).code == 0
    outcome = archspec(*arguments, good, bad)
    assert outcome.code == 1
    assert "bad.yaml: 2 errors" in outcome.out
    files = [
        "specs/a.yaml",
        "specs/b/c.yml",
        "specs/d.md",
        "nets/specs/e.yaml",
        "f.yaml",
    ]
    assert [f for f in files if re.search(hook["files"], f)] == files[:2]


def test_a_variants_name_leaves_no_other_to_choose(archspec):
    for options in ([], ["--sizes", "224"]):
        outcome = archspec("check", "vgg11", "--variant", "vgg13", *options)
        assert outcome.code == 2
        assert "[unknown-variant]" in outcome.out
        assert "write `vgg:vgg13`" in outcome.out
        assert archspec("check", "vgg11", "--variant", "vgg11", *options).code == 0


def test_set_input_and_variant(archspec, good):
    assert "[8, 6, 6]" in archspec("check", good, "--set", "width=8").out
    assert "[4, 14, 14]" in archspec("check", good, "--input", "3x16x16").out
    assert "[16, 6, 6]" in archspec("check", good, "--variant", "wide").out
    options = ("--variant", "wide", "--set", "width=2", "--input", "1x9x9")
    assert "[2, 7, 7]" in archspec("check", good, *options).out


# --- help and lists ------------------------------------------------------------------


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


def test_check_needs_few_packages(bad):
    """Those that the workflow in docs/diagnostics.md installs."""
    others = (
        "graphviz", "jsonschema", "matplotlib", "numpy", "pygraphviz", "sklearn", "torch",
    )  # fmt: skip
    code = (
        f"import sys; sys.modules |= dict.fromkeys({others})\n"
        "from archspec.cli.main import main; main()"
    )
    command = [sys.executable, "-c", code, "check", str(bad)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert b"2 errors" in done.stdout
    assert done.stderr == b""


def test_check_imports_nothing_that_a_sound_spec_does_not_need(good):
    """Which would be half of the time of the program."""
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "from archspec.cli.main import main; main()"
    )
    command = [sys.executable, "-c", code, "check", str(good)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    imported = set(done.stderr.split())
    assert {"archspec.checker", "archspec.cli.check", "typer"} <= imported
    assert not imported & {
        "archspec.cli.summary", "archspec.cli.train", "archspec.diagnostics.render",
        "archspec.repair", "archspec.runs.directory", "importlib.metadata",
        "importlib.resources", "jsonschema", "rich",
    }  # fmt: skip


def on_a_terminal(columns: int, *arguments: object, **environment: str) -> str:
    """What the program writes to a terminal so many columns wide."""
    reader, writer = pty.openpty()
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    known = {name: text for name, text in os.environ.items() if name != "NO_COLOR"}
    code = "from archspec.cli.main import main; main()"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    subprocess.run(
        command,
        stdout=writer,
        stderr=writer,
        env={**known, **environment},
        check=False,
        timeout=60,
    )
    os.close(writer)
    with os.fdopen(reader, "rb", buffering=0) as stream:
        return stream.read(4000).decode().replace("\r\n", "\n")


@pytest.mark.parametrize("command", ["check", "summary"])  # stdout, and stderr
def test_a_terminal_has_colors_and_a_width(bad, command):
    colored = on_a_terminal(30, command, bad)
    assert "\x1b[1;31merror[unknown-op]\x1b[0m\x1b[1m: unknown op" in colored
    plain = on_a_terminal(30, command, bad, NO_COLOR="1")
    assert "error[unknown-op]: unknown op\nor block `cnov`\n" in plain
    assert "layer" not in plain[plain.index("error[") :]  # the report is last
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


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
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"bug" not in done.stderr


def test_what_the_encoding_of_the_output_lacks_is_escaped(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text("archspec: 1\nabout: Café\ninput: 1x8x8\nnet: [flatten]\n", "utf-8")
    done = program("compile", path, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Caf\\xe9" in done.stdout


def test_a_folder_is_all_its_specs(archspec, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "bad.yml").write_text("archspec: 1\ninput: 3x8x8\nnet: [x]\n")
    (tmp_path / "other.yaml").write_text("on: push\n")
    outcome = archspec("check", tmp_path, "--format", "concise")
    assert outcome.code == 1
    assert "bad.yml:3:7: error[unknown-op]" in outcome.out
    assert "other" not in outcome.out
    (tmp_path / "empty").mkdir()
    assert archspec("check", tmp_path / "empty").code == 2


def test_a_dash_is_the_standard_input(archspec, good, monkeypatch):
    for text, code in ((good.read_bytes(), 0), (b"archspec: 1\n", 1)):
        monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(text)))
        assert archspec("check", "-").code == code
