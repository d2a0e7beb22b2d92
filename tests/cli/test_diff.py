"""What `archspec diff` says of two networks."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archspec.catalog import variants
from corpus import COURSE, FIRST
from second_cases import rest_slow

NAMES = [n for name, path in COURSE.items() for n in variants(path) or [name]]

STEPS = ["conv(4, k=1)", "conv(4, k=3, p=1)", "bn", "relu", "dense_layer(2)", "tanh"]


@pytest.fixture
def compare(archspec, tmp_path):
    """The changes between two nets, each given by its steps."""

    def run(before, after):
        paths = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
        for path, steps in zip(paths, (before, after), strict=True):
            net = "".join(f"  - {step}\n" for step in steps)
            path.write_text(f"archspec: 1\ninput: 4x8x8\nnet:\n{net}")
        done = archspec("diff", *paths, "--format", "json")
        assert (done.code, "error" in done.err) == (0, False)  # it may warn
        return json.loads(done.out)["changes"]

    return run


def briefly(changes):
    """Each change with its place and the arguments that differ."""
    return [
        (
            change["change"],
            (change["after"] or change["before"])["path"],
            {d["what"]: (d["before"], d["after"]) for d in change["details"]},
        )
        for change in changes
    ]


# --- which layer is which ------------------------------------------------------------


@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=8), st.data())
@settings(suppress_health_check=[*HealthCheck], max_examples=50, deadline=None)
def test_one_layer_more_or_less_is_one_change(compare, steps, data):
    """And not a shift of all that come behind it."""
    place = data.draw(st.integers(0, len(steps)))
    more = [*steps[:place], "gelu", *steps[place:]]
    assert briefly(compare(steps, more)) == [("added", str(place), {})]
    assert briefly(compare(more, steps)) == [("removed", str(place), {})]


@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=8), st.data())
@settings(suppress_health_check=[*HealthCheck], max_examples=50, deadline=None)
def test_another_argument_is_one_change(compare, steps, data):
    place = data.draw(st.integers(0, len(steps)))
    before, after = (
        [*steps[:place], f"dropout({p})", *steps[place:]] for p in (0.25, 0.5)
    )
    expected = [("changed", str(place), {"p": ("0.25", "0.5")})]
    assert briefly(compare(before, after)) == expected


def test_params_and_inputs_are_changed_in_both(archspec):
    flags = ("--set", "classes=3", "--input", "3x64x64", "--format", "json")
    done = archspec("diff", "torchvision/resnet18", "torchvision/resnet34", *flags)
    found = json.loads(done.out)
    for side in (found["before"], found["after"]):
        assert (side["input"], side["output"]) == ([3, 64, 64], [3])


def test_another_op_of_the_kind_is_a_change(compare):
    found = briefly(compare(["relu", "maxpool(2)"], ["gelu", "avgpool(2)"]))
    assert found == [
        ("changed", "0", {"op": ("relu", "gelu")}),
        ("changed", "1", {"op": ("maxpool", "avgpool")}),
    ]
    found = briefly(compare(["relu"], ["bn"]))
    assert found == [("removed", "0", {}), ("added", "0", {})]


def test_a_label_names_a_layer_wherever_it_stands(compare):
    found = compare(["a: relu", "b: conv(4, k=1)"], ["b: conv(8, k=1)", "a: relu"])
    assert briefly(found) == [
        ("changed", "b", {"out_channels": ("4", "8"), "reads": ("a", "input")}),
        ("changed", "a", {"reads": ("input", "b")}),
    ]


def test_a_label_more_is_another_name(compare):
    found = compare(["relu", "conv(4, k=1)"], ["relu", "last: conv(4, k=1)"])
    assert briefly(found) == [("changed", "last", {"name": ("1", "last")})]


def test_what_reads_another_shape_is_resized(compare):
    found = compare(["conv(4, k=1)", "bn", "tanh"], ["conv(8, k=1)", "bn", "tanh"])
    assert briefly(found) == [
        ("changed", "0", {"out_channels": ("4", "8")}),
        ("resized", "1", {}),
        ("resized", "2", {}),
    ]
    other = {"params": 16, "input": [8, 8, 8], "output": [8, 8, 8]}
    assert found[1]["before"] | other == found[1]["after"]


def test_a_block_that_is_only_resized_is_one_change(compare):
    found = compare(
        ["conv(4, k=1)", "residual(8)"], ["conv(4, k=1, s=2)", "residual(8)"]
    )
    assert briefly(found)[1:] == [("resized", "1", {})]
    assert found[1]["after"]["layers"] == 7


def test_within_a_block(compare):
    before, after = ["residual(4)", "relu"], ["residual(4, s=2)", "relu"]
    found = briefly(compare(before, after))
    assert ("changed", "0.path.0", {"s": ("1", "2")}) in found
    assert ("added", "0.shortcut", {}) in found


@pytest.mark.parametrize("idle", ["identity", "identity | identity"])
def test_an_identity_is_no_difference(compare, idle):
    assert compare(["relu", "tanh"], ["relu", idle, "tanh"]) == []
    assert compare([idle, "relu", "tanh"], ["relu", "tanh"]) == []


# --- how layers are joined -----------------------------------------------------------


def test_another_join(compare):
    found = briefly(compare(["add: [relu, tanh]"], ["concat: [relu, tanh]"]))
    assert found == [("changed", "", {"op": ("add", "concat")})]


def test_a_join_of_more_branches(compare):
    found = briefly(compare(["add: [relu, relu]"], ["add: [relu, relu, tanh]"]))
    assert found == [("added", "tanh1", {}), ("changed", "", {"branches": ("2", "3")})]


def test_a_layer_that_reads_another_one(compare):
    """The same layers, wired in another way, are a difference."""
    steps = ["a: relu", "b: tanh", "add: [identity, ref({}) | bn]"]
    before, after = ([s.format(name) for s in steps] for name in "ab")
    assert briefly(compare(before, after)) == [
        ("changed", "bn1", {"reads": ("a", "b")})
    ]


# --- bundled networks ----------------------------------------------------------------


@pytest.mark.parametrize("name", rest_slow(NAMES, FIRST))
def test_a_network_is_like_itself(archspec, name):
    done = archspec("diff", name, name)
    assert (done.code, done.err) == (0, "")
    assert done.out == f"no difference between the networks of {name} and {name}\n"


@pytest.mark.parametrize(
    "names", rest_slow(pairwise(NAMES), [*pairwise(NAMES)][::3]), ids="-".join
)
def test_the_changes_make_up_the_whole(archspec, names):
    """Parameters, MACs and layers of all changes are what the totals differ by.

    Identities, and blocks of nothing else, are in no row: only joins have no layer.
    """
    data = json.loads(archspec("diff", *names, "--format", "json").out)
    sides = [c[side] for c in data["changes"] for side in ("before", "after")]
    empty = {side["op"] for side in sides if side and not side["layers"]}
    assert empty <= {"add", "concat", "mul", "split"}
    for key in ("params", "macs", "layers"):
        grown = [
            (change["after"] or {key: 0})[key] - (change["before"] or {key: 0})[key]
            for change in data["changes"]
            if not _is_another_name(change)
        ]
        assert sum(grown) == data["after"][key] - data["before"][key]


def _is_another_name(change):
    """Of a block: its layers have changes of their own."""
    return change["change"] == "changed" and change["after"]["layers"] > 1


def test_more_layers_in_each_block(archspec):
    """VGG-16 is VGG-11 with a convolution more in each block."""
    data = json.loads(archspec("diff", "vgg11", "vgg16", "--format", "json").out)
    added = [
        (c["change"], c["after"]["path"], c["after"]["op"]) for c in data["changes"]
    ]
    paths = ["0.2", "0.3", "1.2", "1.3", "2.4", "2.5", "3.4", "3.5", "4.4", "4.5"]
    ops = ["conv", "relu"] * 5
    assert added == [("added", *pair) for pair in zip(paths, ops, strict=True)]


def test_identities_are_not_counted(archspec):
    """The same layers in another order."""
    data = json.loads(
        archspec("diff", "original", "full_preactivation", "--format", "json").out
    )
    assert data["before"]["layers"] == data["after"]["layers"] == 334
    sides = [c[side] for c in data["changes"] for side in ("before", "after")]
    assert "identity" not in {side["op"] for side in sides if side}


def test_heads(compare):
    """One is added whole, and is another thing than a step of its label."""
    head, step = "aux: {aux1: flatten | linear(5)}", "aux1: flatten | linear(5)"
    net, end = ["conv(4, k=1)", "relu"], ["flatten | linear(5)"]
    with_head = [*net, head, *end]
    assert briefly(compare([*net, *end], with_head)) == [("added", "aux1", {})]
    assert briefly(compare(with_head, with_head)) == []
    (change, *_) = briefly(compare(with_head, [*net, step, "linear(5)"]))
    assert change == ("changed", "aux1", {"aux": ("true", "false")})


# --- the table -----------------------------------------------------------------------


def test_table(archspec):
    done = archspec("diff", "alexnet", "alexnet_dropout2d")
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert done.code == 0
    assert lines[2] == "changed 19 dropout2d op dropout -> dropout2d"
    assert lines[-2] == "parameters 46,764,746 46,764,746"


def test_what_a_layer_reads_where_its_output_stays(archspec):
    rows = archspec("diff", "lenet", "alexnet").out.splitlines()
    (row,) = [row for row in rows if row.startswith("resized  20 ")]
    assert row.endswith("  reads 84 -> 4096")


def test_what_changed_alike_is_one_row(archspec):
    """Its figures are those of all the steps together."""
    lines = archspec("diff", "original", "full_preactivation").out.splitlines()
    rows = lines[2 : lines.index("") - 1]
    assert ["added", "4..20.path1.0", "bn_relu", "+544"] in [
        row.split()[:4] for row in rows
    ]
    start, end = lines[0].index("  parameters"), lines[0].index("  MACs")
    figures = [row[start:end].replace(",", "").strip() for row in rows]
    assert sum(int(text or 0) for text in figures) == 0  # 17 times 32, and so on


def test_totals_of_another_input(archspec, good):
    other = good.with_name("other.yaml")
    other.write_text(good.read_text().replace("3x8x8", "3x10x10"))
    out = archspec("diff", good, other).out
    shapes = next(line for line in out.splitlines() if line.startswith("input"))
    assert "".join(shapes.split()) == "input3x8x83x10x10"


def test_the_variants_of_a_file(archspec, good):
    out = archspec("diff", good, f"{good}:wide").out
    assert "out_channels 4 -> 16" in out
    assert archspec("diff", "mlp_mixer:s16", "s16").out.startswith("no difference")
    done = archspec("diff", good, f"{good}:wdie")
    assert done.code == 2
    assert "did you mean `wide`?" in done.err


def test_findings_go_to_stderr(archspec, good, bad):
    for one, other, code in (
        (good, bad, 1),
        (bad, good, 1),
        (good, "nope", 2),
        ("nope.yaml", good, 2),
    ):
        done = archspec("diff", one, other)
        assert (done.code, done.out) == (code, "")
        assert "error[" in done.err


def test_two_networks_are_needed(archspec, good):
    assert archspec("diff", good).code == 2
