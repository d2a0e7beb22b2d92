"""Summaries: a row for each layer, whose columns add up."""

import csv
import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import archspec
import specs
from archspec.cli.main import app
from archspec.passes.summarize import summarize
from corpus import BUNDLED

NESTED = """
archspec: 1
name: nested
input: 3x32x32
blocks:
  pair(c):
    - inner(c)
    - inner(c)
  inner(c):
    - conv(c, k=3, p=1) | relu
net:
  - stem: conv(8, k=3, p=1) | bn
  - pair(16)
  - add: [identity, "pair(16)"]
  - repeat: inner(8)
    times: 2
  - if: ch == 8
    then: pair(8)
  - flatten | linear(10)
"""


@pytest.fixture
def nested(tmp_path):
    path = tmp_path / "nested.yaml"
    path.write_text(NESTED)
    return path


def rows(spec, depth=None):
    return list(summarize(spec.graph, spec.document.source, depth))


def command(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("depth", [1, 2, 3, None])
def test_totals_do_not_depend_on_the_depth(nested, depth):
    """Folding moves costs into fewer rows and loses none."""
    spec = archspec.load(nested)
    found = rows(spec, depth)
    assert sum(row.params for row in found) == spec.params
    assert sum(row.macs for row in found) == spec.macs


def test_depth_folds_what_lies_deeper(nested):
    """Depth 1 shows the network's own steps, each deeper level one more."""
    spec = archspec.load(nested)
    first = [(row.path, row.op) for row in rows(spec, 1)]
    assert first == [
        ("stem", "group"), ("pair1", "pair"), ("identity1", "identity"),
        ("pair2", "pair"), ("inner1", "inner"), ("inner2", "inner"), ("pair3", "pair"),
        ("flatten1", "flatten"), ("linear1", "linear"),
    ]  # fmt: skip
    second = {row.path for row in rows(spec, 2)}
    assert {"stem.0", "pair1.0", "pair1.1", "inner1.0"} <= second
    assert [row.path for row in rows(spec)] == [layer.path for layer in spec.layers]


def test_a_row_names_the_line_of_the_spec(nested):
    """A layer of a spec's own block stands where the block says it."""
    lines = NESTED.split("\n")
    for row in rows(archspec.load(nested)):
        assert row.op in lines[row.line - 1] or row.op == "identity"


def test_a_layer_of_a_library_block_names_its_call():
    """The library is not the reader's file."""
    network = specs.spec("net:\n  - relu\n  - dense_layer(4)\n")
    assert {row.line for row in rows(network)} == {5, 6}


@pytest.mark.parametrize("name", BUNDLED)
def test_json_holds_the_contract(name):
    """`summary --format json` has the documented keys, and its sums are its totals."""
    data = json.loads(command("summary", name, "--format", "json"))
    contract = ["name", "input", "output", "params", "macs", "heads"]
    memory = ["batch", "weight_bytes", "kept_bytes", "peak_bytes"]
    assert list(data) == [*contract, *memory, "layers"]
    keys = ["path", "op", "block", "line", "input", "output", "params", "macs"]
    keys += ["kept_bytes", "live_bytes", "receptive_field", "stride"]
    assert all(list(layer) == keys for layer in data["layers"])
    for key in ("params", "macs", "kept_bytes"):
        assert sum(layer[key] for layer in data["layers"]) == data[key]
    assert max(layer["live_bytes"] for layer in data["layers"]) == data["peak_bytes"]
    assert data["weight_bytes"] == 4 * data["params"]
    assert data["layers"][-1]["output"] == data["output"]


@pytest.mark.parametrize("name", BUNDLED)
def test_table_columns_add_up(name):
    """The numbers of the table, read back by column, add up to its last line."""
    lines = command("summary", name).splitlines()
    header, (*body, _, total) = lines[2], lines[4 : lines.index("")]
    before_parameters = "field/s" if "field/s" in header else "output"
    for before, title in ((before_parameters, "parameters"), ("parameters", "MACs")):
        start, end = (header.index(word) + len(word) for word in (before, title))
        column = [line[start:end].strip().replace(",", "") for line in (*body, total)]
        *numbers, sum_ = (int(text or 0) for text in column)
        assert sum(numbers) == sum_ > 0


def test_markdown_is_a_table(nested):
    """Every line has the same columns."""
    lines = command("summary", nested, "--format", "markdown").splitlines()[2:]
    assert {line.count("|") for line in lines[: lines.index("")]} == {11}


def test_csv_holds_what_json_holds(nested):
    """Read back, the rows are those of the JSON; a shape is `8x32x32`."""
    options = ("--depth", "1", "--batch", "3")
    data = json.loads(command("summary", nested, *options, "--format", "json"))
    text = command("summary", nested, *options, "--format", "csv")
    found = list(csv.DictReader(text.splitlines()))
    for row, layer in zip(found, data["layers"], strict=True):
        for key, value in layer.items():
            shown = "x".join(map(str, value)) if isinstance(value, list) else value
            assert row[key] == ("" if shown is None else str(shown))


def test_shares_say_where_the_cost_sits(nested, monkeypatch):
    """The largest has a full bar, and the lines below name it."""
    monkeypatch.setenv("COLUMNS", "200")
    lines = command("summary", nested, "--depth", "1").splitlines()
    full = [line.split()[0] for line in lines if "\u2588" * 4 in line]
    assert full == [
        "pair1",
        "pair2",
        "linear1",
    ]  # of the memory, the MACs and the parameters
    spec = archspec.load(nested)
    found = {row.path: row for row in rows(spec, 1)}
    kept = sum(row.kept_bytes for row in found.values())
    assert lines[-2] == (
        f"largest: {found['linear1'].params / spec.params:.0%} of the parameters in linear1, "
        f"{found['pair2'].macs / spec.macs:.0%} of the MACs in pair2, "
        f"{found['pair1'].kept_bytes / kept:.0%} of the saved memory in pair1"
    )


def test_bars_without_such_characters(nested, monkeypatch):
    """A pipe in another encoding gets signs that it has."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    monkeypatch.setenv("COLUMNS", "200")
    done = subprocess.run(
        [sys.executable, "-m", "archspec.cli", "summary", str(nested)],
        capture_output=True, check=True,
    )  # fmt: skip
    assert b"####" in done.stdout


def test_a_network_without_weights(tmp_path):
    """Nothing to share out is no reason to fail."""
    path = tmp_path / "plain.yaml"
    path.write_text("archspec: 1\ninput: 1x8x8\nnet: [relu]\n")
    assert command("summary", path).splitlines()[-2].startswith("largest")


def test_heads_are_counted_and_said_apart(tmp_path):
    """Totals are those of training; a note and the JSON say what is in heads."""
    path = tmp_path / "heads.yaml"
    net = "  - aux: {aux1: flatten | linear(3)}\n  - conv(4, k=3)\n"
    end = "  - flatten | linear(3)\n"
    path.write_text(f"archspec: 1\ninput: 1x8x8\nnet:\n{net}{end}")
    lines = command("summary", path).splitlines()
    heads, macs = 64 * 3 + 3, 64 * 3
    assert lines[-1] == (
        f"in training only: aux1, with {heads} of the parameters and {macs} of the MACs"
    )
    data = json.loads(command("summary", path, "--format", "json"))
    assert data["heads"] == [{"name": "aux1", "params": heads, "macs": macs}]
    for key in ("params", "macs"):
        assert sum(layer[key] for layer in data["layers"]) == data[key]
    assert "- in training only: " in command("summary", path, "--format", "markdown")
