"""The exit code and the message of mistakes, for each command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from archspec.cli.exit_codes import BUG, EXIT_CODES, FAILURE, OK, PIPE, USAGE
from archspec.cli.main import COMMANDS

NET = """\
archspec: 1
name: net
input: 1x8x8
params: {classes: 10}
variants: {wide: {classes: 20}}
net: [flatten, linear(classes)]
"""
MIX = """\
archspec: 1
name: mix
input: 3x8x8
params: {unit: dw_block}
variants: {dw: {unit: dw_block}, plain: {unit: linear}}
blocks: {"dw_block(cout)": "conv(cin, k=3, g=cin) | conv(cout, k=1)"}
net: [unit(16)]
"""
CLASSES = """\
from torch import nn
class Config: pass
class Tiny(nn.Module): pass
class Own(Tiny): pass
"""
MODEL = "from torch import nn\nnet = nn.Sequential(nn.Linear(8, 3))\nnumber = 3\n"

OUTCOMES = [
    ("check net.yaml", OK, "net.yaml: ok"),
    ("check bad.yaml", FAILURE, "did you mean `conv`?"),
    ("check net.yaml --max-params 5", FAILURE, "more than the limit of 5"),
    ("check", USAGE, "Missing argument 'SPEC...'"),
    ("check ninn", USAGE, "did you mean `nin`?"),
    ("check resnet50", USAGE, "did you mean `torchvision/resnet50`?"),
    ("check gone.yaml", USAGE, "the file `gone.yaml` does not exist"),
    ("check folder", USAGE, "`folder` contains no spec"),
    ("check net.yaml --set clases=3", USAGE, "did you mean `classes`?"),
    ("check net.yaml --set classes", USAGE, "expected `name=value`"),
    ("check net.yaml --set classes=ten", USAGE, "undefined name `ten`"),
    ("check net.yaml --set classes=9**9**9", USAGE, "does not fit into 64 bits"),
    ("check mix.yaml --set unit=foo", USAGE, "such as `unit=dw_block`"),
    ("check mix.yaml --set unit=dw_blok", USAGE, "did you mean `dw_block`?"),
    ("check misspelt.yaml", FAILURE, "did you mean `linear`?"),
    ("check net.yaml --input 3x", USAGE, "one to four sizes"),
    ("check net.yaml --variant wdie", USAGE, "did you mean `wide`?"),
    ("check net.yaml:wdie", USAGE, "did you mean `wide`?"),
    ("check net.yaml --format xml", USAGE, "xml"),
    ("check net.yaml --sett a=1", USAGE, "--sett"),
    ("check net.yaml --max-params many", USAGE, "expected a count"),
    ("check net.yaml --sizes 9-1", USAGE, "expected sizes"),
    ("check net.yaml --pick 1", USAGE, "add `--fix` or `--diff`"),
    ("check lenet --fix", USAGE, "`lenet` is not a file"),
    ("chekc net.yaml", USAGE, "Did you mean 'check'"),
    ("check net.yml", USAGE, "did you mean `net.yaml`?"),
    ("check net", USAGE, "write `net.yaml` for the file here"),
    ("check net:wide", USAGE, "write `net.yaml:wide` for the file here"),
    ("check model.py", USAGE, "`archspec import model.py:Net --input 3x224x224`"),
    ("check net.yaml --set input=1x9x9", USAGE, "write `--input 1x9x9`"),
    ("check net.yaml --set input=9", USAGE, "unknown param `input`"),
    ("help check", OK, "--max-params"),
    ("explain", OK, "label"),
    ("check lenet --input 28x28", USAGE, "write `--input 1x28x28`"),
    ("summary net.yaml", OK, "650"),
    ("summary bad.yaml", FAILURE, "did you mean `conv`?"),
    ("summary binary.yaml", FAILURE, "is not a text file"),
    ("summary blocks.yaml", FAILURE, "has only blocks: add a `net`"),
    ("summary folder", USAGE, "is a directory"),
    ("summary net.yaml --depth 0", USAGE, "0"),
    ("summary net.yaml:wdie", USAGE, "did you mean `wide`?"),
    ("draw net.yaml -o - --set classes=ten", USAGE, "undefined name `ten`"),
    ("summary net.yaml --depth two", USAGE, "two"),
    ("draw net.yaml", OK, "wrote net.svg"),
    ("draw bad.yaml", FAILURE, "did you mean `conv`?"),
    ("draw net.yaml -o no/such/a.dot", FAILURE, "cannot write"),
    ("draw net.yaml -o theirs.svg", FAILURE, "add `--force`"),
    ("draw net.yaml -o a.gif", USAGE, ".svg"),
    ("draw net.yaml -o a.html --direction LR", USAGE, "--direction"),
    ("draw net.yaml --format png", USAGE, "Did you mean `-o x.png`?"),
    ("draw net.yaml --format=pdf", USAGE, "Did you mean `-o x.pdf`?"),
    ("draw net.yaml --format tex", USAGE, "Did you mean `-o x.png`?"),
    ("draw net.yaml a.png", USAGE, "Did you mean `-o a.png`?"),
    ("draw net.yaml bad.yaml", USAGE, "unexpected extra argument(s) (bad.yaml)"),
    ("visualize net.yaml", USAGE, "Did you mean `archspec draw SPEC`?"),
    ("plot net.yaml", USAGE, "`archspec draw SPEC`, or `archspec runs compare"),
    ("summary net.yaml --json", USAGE, "Did you mean `--format json`?"),
    ("train net.yaml --learning-rate 1", USAGE, "Did you mean `--lr`?"),
    ("train net.yaml --epoch 1", USAGE, "--epochs"),
    ("train bad.yaml", FAILURE, "did you mean `conv`?"),
    ("train net.yaml --set classes=3", FAILURE, "10 classes"),
    ("train net.yaml --data folder --data-root folder", FAILURE, "no folder `train`"),
    ("train", USAGE, "SPEC"),
    ("train net.yaml --epochs 0", USAGE, "--epochs"),
    ("train net.yaml --lr -1", USAGE, "`--lr` expects a number above 0"),
    ("train net.yaml --data minst", USAGE, "Did you mean `mnist`?"),
    ("train net.yaml --data FashionMNIST", USAGE, "Did you mean `fashion_mnist`?"),
    ("train net.yaml --data=cifar_10", USAGE, "Did you mean `cifar10`?"),
    ("train net.yaml --data imagenet", USAGE, "is not one of 'digits',"),
    ("train net.yaml --device gpu", USAGE, "Did you mean `cuda`?"),
    ("train net.yaml --loss cross-entropy", USAGE, "did you mean `cross_entropy`?"),
    ("evaluate net.yaml --device CPU", USAGE, "Did you mean `cpu`?"),
    ("summary net.yaml --format jsn", USAGE, "Did you mean `json`?"),
    ("check net.yaml --format text", USAGE, "is not one of 'full',"),
    (
        "train net.yaml --data folder --data-root gone",
        USAGE,
        "the folder `gone` does not exist",
    ),
    ("train net.yaml --optimizer sgdd", USAGE, "did you mean `sgd`?"),
    ("train net.yaml --name ../x", USAGE, "`../x` cannot be the name of a run"),
    ("train net.yaml --weights gone.pt", USAGE, "`gone.pt` does not exist"),
    ("train net.yaml --pretrained", USAGE, "torchvision has no network `net`"),
    ("train net.yaml --freeze convs", USAGE, "`--freeze convs` matches no weights"),
    ("train net.yaml --strategy fsdp", USAGE, "add `--devices N`"),
    ("train net.yaml --device mps", USAGE, "no `mps` device"),
    ("train --resume gone", USAGE, "`gone` does not exist"),
    ("new mine", OK, "wrote mine.yaml"),
    ("new net", FAILURE, "exists already"),
    ("new no/such/a.yaml", FAILURE, "cannot write"),
    ("new 1st", USAGE, "is not a valid name"),
    ("new lenet", USAGE, "is a bundled spec"),
    ("new mine --from lenett", USAGE, "did you mean `lenet`?"),
    ("show lenet", OK, "name: lenet"),
    ("show lenett", USAGE, "did you mean `lenet`?"),
    ("show inception", USAGE, "`archspec explain inception` shows it"),
    ("check conv", USAGE, "`conv` is an op: `archspec explain conv` shows it"),
    ("new mine --from inception", USAGE, "`inception` is a block of the library"),
    ("list inception", USAGE, "`archspec explain inception` shows it"),
    ("list ops", OK, "conv("),
    ("list torchvison", USAGE, "did you mean `torchvision`?"),
    ("list opss", USAGE, "did you mean `ops`?"),
    ("explain conv", OK, "conv("),
    ("explain repeat", OK, "times: 3"),
    ("explain sgd", OK, "--optimizer"),
    ("explain BatchNorm2d", USAGE, "did you mean `bn`?"),
    ("explain unknown-opp", USAGE, "did you mean `unknown-op`?"),
    ("compile net.yaml", OK, "class Net"),
    ("compile bad.yaml", FAILURE, "did you mean `conv`?"),
    ("compile net.yaml -o theirs.py", FAILURE, "add `--force`"),
    ("compile net.yaml -o no/such/a.py", FAILURE, "cannot write"),
    ("compile net.yaml --format onnx", USAGE, "Did you mean `-o x.onnx`?"),
    ("compile net.yaml --onnx", USAGE, "Did you mean `-o x.onnx`?"),
    ("compile net.yaml -o a.pt", USAGE, "(`.pt2` for the network, `.saf"),
    ("export net.yaml", USAGE, "Did you mean `archspec compile SPEC -o x.onnx`?"),
    ("compile net.yaml -o a.pt2 --weights theirs.py", FAILURE, "theirs.py"),
    ("compile net.yaml -o a.txt", USAGE, ".py"),
    ("compile net.yaml -o a.pt2 --weights gone.pt", USAGE, "`gone.pt` does not exist"),
    ("compile net.yaml -o a.pt2 --rename a=b", USAGE, "--rename"),
    ("compile net.yaml -o a.safetensors", USAGE, "--weights"),
    ("evaluate bad.yaml --pretrained --data folder", FAILURE, "did you mean `conv`?"),
    ("evaluate gone", USAGE, "`gone` does not exist"),
    ("evaluate lenet --pretrained", USAGE, "--data-root"),
    ("evaluate gone --set a=1", USAGE, "--pretrained"),
    ("evaluate torchvision/resnet18", USAGE, "is a spec, which has no weights: add"),
    ("predict bad.yaml binary.yaml --pretrained", FAILURE, "did you mean `conv`?"),
    ("predict gone binary.yaml", USAGE, "`gone` does not exist"),
    ("predict net.yaml a.png --weights gone.pt", USAGE, "--pretrained"),
    ("predict net.yaml a.png", USAGE, "is a spec, which has no weights: add"),
    ("runs --out gone", USAGE, "`gone`"),
    ("runs list", USAGE, "Did you mean `archspec runs`?"),
    ("compare net.yaml lenet", USAGE, "`archspec diff A B`, or `archspec runs compare"),
    ("runs show folder", USAGE, "`folder` is not a run directory"),
    ("runs compare gone", USAGE, "`gone` does not exist"),
    ("diff lenet net.yaml", OK, "650"),
    ("diff lenet bad.yaml", FAILURE, "did you mean `conv`?"),
    ("diff lenet net.yaml -o theirs.svg", FAILURE, "add `--force`"),
    ("diff lenet lenett", USAGE, "did you mean `lenet`?"),
    ("diff lenet net.yaml -o a.txt", USAGE, ".svg"),
    ("profile bad.yaml", FAILURE, "did you mean `conv`?"),
    ("profile net.yaml --device mps", USAGE, "no `mps` device"),
    ("profile net.yaml --batch 0", USAGE, "0"),
    ("import model.py:net --input 8", OK, "linear(3)"),
    ("import model.py:net --input 9", FAILURE, "fails for the input 9: torch reports"),
    ("import model.py:net --input 8 -o net.yaml", FAILURE, "add `--force`"),
    ("import model.py:nett --input 8", USAGE, "has no `nett`"),
    ("import classes.py", USAGE, "`classes.py:Tiny` (found `Tiny`, `Own`)"),
    ("import model.py", USAGE, "write `model.py:Net`"),
    ("import model.py:number --input 8", USAGE, "`int`"),
    ("import gone.py:net --input 8", USAGE, "the file `gone.py` does not exist"),
    ("import model.py:net", USAGE, "--input"),
    ("import torchvision:resnet5", USAGE, "resnet50"),
    ("schema", OK, "archspec"),
    ("schema net.yaml", USAGE, "net.yaml"),
]


@pytest.fixture
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(NET)
    Path("mix.yaml").write_text(MIX)
    Path("misspelt.yaml").write_text(MIX.replace("{unit: linear", "{unit: linaer"))
    Path("bad.yaml").write_text("archspec: 1\ninput: 3x8x8\nnet: [cnov(3)]\n")
    Path("blocks.yaml").write_text("archspec: 1\nblocks: {a: relu}\n")
    Path("binary.yaml").write_bytes(b"\x89PNG\0\xff")
    Path("model.py").write_text(MODEL)
    Path("classes.py").write_text(CLASSES)
    Path("theirs.py").write_text("important = 1\n")
    Path("theirs.svg").write_text("<svg/>\n")
    Path("folder").mkdir()


@pytest.mark.usefixtures("_folder")
@pytest.mark.parametrize(("line", "code", "part"), OUTCOMES)
def test_the_exit_code(archspec, line, code, part):
    """A mistake ends with words that help, and without a traceback."""
    outcome = archspec(*line.split())
    text = " ".join((outcome.out + outcome.err).replace("│", " ").split())
    assert part in text
    assert "Traceback" not in text
    assert "bug" not in outcome.err
    assert outcome.code == code, text
    if code == USAGE and not line.startswith("check"):
        assert not outcome.out


def test_each_command_has_outcomes():
    found = {(line.split()[0], code) for line, code, _ in OUTCOMES}
    assert found >= {(command, USAGE) for command in COMMANDS}
    assert {code for _, code in found} | {BUG, 128} == EXIT_CODES.keys()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_bug_ends_with_101(archspec, monkeypatch, command):
    """And with a sentence that says so."""
    monkeypatch.delenv("ARCHSPEC_TRACEBACK", raising=False)
    group = "archspec.cli.main.CommandGroup.get_command"
    monkeypatch.setattr(group, lambda *_: 1 / 0)
    outcome = archspec(command)
    assert (outcome.code, outcome.out) == (BUG, "")
    assert outcome.err.startswith("archspec has a bug: ZeroDivisionError")
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_who_stops_reading_ends_the_program(unbuffered):
    """`archspec list ops | true`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "archspec", "list", "ops"],
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    _, err = process.communicate()
    assert (process.returncode, err) == (PIPE, b"")


@pytest.mark.usefixtures("_folder")
@pytest.mark.parametrize("suffix", ["svg", "png", "pdf", "dot", "html", "py", "pt2"])
def test_a_file_is_overwritten_only_if_archspec_wrote_it(archspec, suffix):
    command = "compile" if suffix in ("py", "pt2") else "draw"
    path = Path(f"a.{suffix}")
    path.write_text("important\n")
    arguments = (command, "net.yaml", "-o", path)
    refused = archspec(*arguments)
    assert (refused.code, refused.out) == (FAILURE, "")
    assert "`--force`" in refused.err
    assert path.read_text() == "important\n"
    for options in (["--force"], []):
        assert archspec(*arguments, *options).out == f"wrote {path}\n"


@pytest.mark.usefixtures("_folder")
def test_a_source_that_was_edited_is_not_overwritten(archspec):
    path = Path("a.py")
    assert archspec("compile", "net.yaml", "-o", path).code == 0
    assert archspec("compile", "lenet", "-o", path).code == 0
    path.write_text(path.read_text().replace("class ", "class My"))
    edited = path.read_text()
    for _ in range(2):
        refused = archspec("compile", "lenet", "-o", path)
        assert "`a.py` differs from what archspec wrote" in refused.err
        assert (refused.code, path.read_text()) == (FAILURE, edited)
    assert archspec("compile", "lenet", "-o", path, "--force").code == 0


@pytest.mark.usefixtures("_folder")
def test_a_file_of_an_earlier_version_is_overwritten(archspec):
    path = Path("a.svg")
    path.write_text("<svg/>\n<!-- Written by archspec -->\n")
    assert archspec("draw", "net.yaml", "-o", path).out == f"wrote {path}\n"
