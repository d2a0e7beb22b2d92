"""What every command has: examples, completion, quiet, and words on what it did."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import click
import pytest
from PIL import Image
from typer.main import get_command

from archspec.checker import load
from archspec.cli.examples import EXAMPLES
from archspec.cli.main import COMMANDS, app
from archspec.settings.settings import Settings
from shell_words import shell_words
from tiny_runs import TINY, create_run, epochs, write_epochs

EXAMPLE_LINES = [line for lines in EXAMPLES.values() for line in lines]


def test_each_command_has_examples():
    assert set(EXAMPLES) == set(COMMANDS)


@pytest.mark.parametrize("line", EXAMPLE_LINES)
def test_examples_are_valid_commands(line):
    """Their arguments and flags are those of the command."""
    program, name, *arguments = shell_words(line)
    assert program == "archspec"
    group = get_command(app)
    command = group.get_command(click.Context(group), name)
    if name == "runs" and arguments:
        command = command.commands[arguments.pop(0)]
    command.make_context(name, arguments)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_flag_states_its_values(archspec, name):
    """The help has no types of Python, such as `<int range>`."""
    outcome = archspec(name, "--help")
    assert outcome.code == 0
    assert EXAMPLES[name][0] in " ".join(outcome.out.split())
    for type_ in ("<int", "<float", "<str", "<path", "INTEGER", "TEXT "):
        lines = [line for line in outcome.out.splitlines() if type_ in line]
        flags = [line for line in lines if "--" in line]
        assert not [line for line in flags if "--title" not in line]


# --- limits --------------------------------------------------------------------------


def test_limits(archspec):
    outcome = archspec("check", "vgg16", "--max-params", "5M", "--max-macs", "100G")
    assert outcome.code == 1
    assert "over-budget" in outcome.out
    assert "134,300,362 parameters, more than the limit of 5,000,000" in outcome.out
    assert "102,764,544 parameters, 77%" in outcome.out
    assert "MACs, and the limit" not in outcome.out
    assert archspec("check", "lenet", "--max-params", "61,706").code == 0
    assert archspec("check", "lenet", "--max-params", "61705").code == 1


def test_limits_in_json(archspec):
    outcome = archspec("check", "lenet", "--max-macs", "0.4M", "--format", "json")
    (file,) = json.loads(outcome.out)["files"]
    (found,) = file["diagnostics"]
    assert (file["ok"], found["code"]) == (False, "over-budget")
    costs = [layer.macs for layer in load("lenet").layers]
    assert len(found["related"]) == 2
    assert f"{max(costs):,} MACs" in archspec("check", "lenet", "--max-macs", "1").out


@pytest.mark.parametrize(
    ("text", "code"), [("1e5", 0), ("6.2E4", 0), ("6e4", 1), ("0.07M", 0), ("70k", 0)]
)
def test_how_a_limit_is_written(archspec, text, code):
    assert archspec("check", "lenet", "--max-params", text).code == code


@pytest.mark.parametrize("text", ["", "5 M", "-1", "x", "1e6M", "1e999"])
def test_a_wrong_limit_is_wrong_usage(archspec, text):
    outcome = archspec("check", "lenet", f"--max-params={text}")
    assert (outcome.code, outcome.out) == (2, "")
    assert "expected a count such as `5M`" in outcome.err


# --- quiet, and what was written -----------------------------------------------------


def test_a_dash_is_stdout(archspec, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = "torch.nn:ReLU"
    for command in (["compile", "lenet"], ["import", module, "--input", "8"]):
        outcome = archspec(*command, "-o", "-")
        assert (outcome.code, outcome.out) == (0, archspec(*command).out)
    assert not Path("-").exists()


@pytest.mark.parametrize(
    ("command", "file"),
    [
        (["draw", "lenet", "-o", "a.svg"], "a.svg"),
        (["draw", "lenet"], "lenet.svg"),
        (["compile", "lenet", "-o", "a.py"], "a.py"),
        (["diff", "vgg11", "vgg13", "-o", "a.svg"], "a.svg"),
        (["new", "mine"], "mine.yaml"),
    ],
)
def test_a_line_states_what_was_written(archspec, tmp_path, monkeypatch, command, file):
    monkeypatch.chdir(tmp_path)
    outcome = archspec(*command)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines()[-1].startswith(f"wrote {file}")
    assert (tmp_path / file).stat().st_size
    if command[0] in ("draw", "compile"):
        assert archspec(*command, "--quiet").out == ""


def test_a_quiet_check_prints_findings_alone(archspec, good, bad):
    assert archspec("check", good, "-q").out == ""
    report = archspec("check", bad, "-q").out
    assert "cnov" in report
    assert "2 errors" not in report


def test_a_drawing_of_changes_frames_them(archspec, tmp_path):
    path = tmp_path / "a.svg"
    archspec("diff", "vgg11", "vgg13", "-o", path)
    assert path.read_text().count("#2e7d32") == 2  # of two blocks, conv and relu
    archspec("diff", "vgg11", "vgg11", "-o", path)
    assert "#2e7d32" not in path.read_text()
    assert archspec("diff", "vgg11", "vgg13", "-o", tmp_path / "a.txt").code == 2


def test_options_of_a_drawing(archspec):
    def dot(*options):
        return archspec("draw", "lenet", "-o", "-", *options).out

    assert "My net" in dot("--title", "My net")
    assert "61,706" in dot()
    assert "61,706 parameters" not in dot("--no-costs")
    assert "% of MACs" in dot()
    assert "% of MACs" not in dot("--no-costs")
    assert "activation" in dot()
    assert "activation" not in dot("--no-legend")


def test_the_scale_of_a_picture(archspec, tmp_path):
    sizes = []
    for scale in (1, 2):
        path = tmp_path / f"{scale}.png"
        assert archspec("draw", "lenet", "-o", path, "--scale", scale).code == 0
        with Image.open(path) as image:
            sizes.append(image.size)
    assert sizes[1][0] == pytest.approx(2 * sizes[0][0], rel=0.02)


@pytest.mark.parametrize(
    ("old", "new", "frames"),
    [
        ("add:", "mul:", {"ellipse": 1}),  # the circle of the join alone
        ("bn", "bn | relu", {"polygon": 1}),
        ("unit(4)", "unit(4, act=tanh)", {"polygon": 1}),  # where the block has it
    ],
)
def test_what_changed_is_framed(old, new, frames, archspec, tmp_path):
    text = (
        "archspec: 1\ninput: 4x8x8\nblocks:\n  unit(c, *, act=relu):\n"
        "    - add: [identity, 'conv(c, k=1) | bn']\n    - act\n"
        "net:\n  - conv(4, k=3)\n  - unit(4)\n  - flatten | linear(3)\n"
    )
    for name, each in (("a", text), ("b", text.replace(old, new))):
        (tmp_path / f"{name}.yaml").write_text(each)
    path = tmp_path / "d.svg"
    archspec("diff", tmp_path / "a.yaml", tmp_path / "b.yaml", "-o", path)
    found = re.findall(r'<(\w+)[^>]*"#(?:e65100|2e7d32)"', path.read_text())
    assert Counter(found) == frames


def test_a_picture_that_is_too_large_for_png_is_noted(archspec, tmp_path):
    spec = tmp_path / "tall.yaml"
    spec.write_text(f"archspec: 1\ninput: 8\nnet: [{'relu, tanh, ' * 200}]\n")
    for scale, note in ((1, ""), (4, "32,767 pixels")):
        path = tmp_path / f"{scale}.png"
        run = archspec("draw", spec, "-o", path, "--scale", scale)
        assert note in run.err if note else not run.err


def test_a_namesake_of_a_bundled_spec_is_noted(archspec, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert archspec("check", "lenet").err == ""
    Path("lenet.yaml").write_text("archspec: 1\ninput: 1x8x8\nnet: [flatten]\n")
    for command in ("check", "summary"):
        assert "`lenet` is the bundled spec" in archspec(command, "lenet").err
        assert archspec(command, "lenet.yaml").err == ""


# --- runs ----------------------------------------------------------------------------


def test_a_run_is_shown(archspec, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    run = create_run(load(path), Settings(out=tmp_path / "runs", epochs=2))
    write_epochs(run.path, epochs([0.5, 0.75]))
    outcome = archspec("runs", "show", "runs/tiny-1")
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert lines[0] == "runs/tiny-1, done"
    assert any(line.split() == ["epochs", "2/2"] for line in lines)
    assert any(line.split() == ["param", "classes", "10"] for line in lines)
    assert "best" in outcome.out
    assert lines[-1] == "files: config.json, metrics.jsonl, model.py, spec.yaml"
    assert archspec("runs", "show", "nothing").code == 2


def test_a_named_and_quiet_run(archspec, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(TINY)
    options = ("--epochs", "1", "--device", "cpu", "--name", "first", "--quiet")
    outcome = archspec("train", "tiny.yaml", *options)
    assert outcome.code == 0, outcome.err
    (line,) = outcome.out.splitlines()
    assert line.startswith("best accuracy ")
    assert line.endswith(" in runs/first-1")
    outcome = archspec("train", "tiny.yaml", "--name", "../x")
    assert (outcome.code, outcome.out) == (2, "")
    assert "`../x` cannot be the name of a run" in outcome.err
