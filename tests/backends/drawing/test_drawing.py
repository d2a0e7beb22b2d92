"""Drawings: what they show, any label, and any machine."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pygraphviz
import pytest

import archspec
from archspec.backends.drawing.captions import describe
from archspec.backends.drawing.changes import draw_changes
from archspec.backends.drawing.dot import Direction, to_dot
from archspec.backends.drawing.drawing import FORMATS, picture
from archspec.backends.drawing.look import Look
from archspec.backends.drawing.op_family_styles import style_of
from archspec.diagnostics.terminal import printable
from archspec.ir.graph import Layer, Module, reads_input, walk
from archspec.ir.symbolic import Symbolic, constant
from archspec.ops.op import Family
from archspec.passes.compare import compare
from archspec.spec import Spec
from corpus import NAMES, corpus_spec
from random_specs import random_spec
from specs import spec

network_of = partial(spec, input="4x8x8")
STARTS = {
    "svg": b"<?xml",
    "png": b"\x89PNG",
    "pdf": b"%PDF",
    "dot": b"digraph",
    "html": b"<!DOCTYPE",
}


def drawn(
    network: Spec, depth: int | None = None, direction: Direction = "TB"
) -> pygraphviz.AGraph:
    """The drawing, read back and laid out by Graphviz."""
    graph = pygraphviz.AGraph(string=to_dot(network.graph, depth, direction))
    graph.layout("dot")
    return graph


def texts(label: str | None) -> list[str]:
    """What a label says, cell by cell and line by line."""
    if label is None or "<" not in label:
        return [(label or "").strip()]
    tree = ET.fromstring(f"<all>{label}</all>")
    return [text.strip() for text in tree.itertext() if text.strip()]


def names(graph: pygraphviz.AGraph) -> dict[str, str]:
    """The first words of each node."""
    return {
        str(node): texts(node.attr["label"])[0].replace("\\N", "")
        for node in graph.nodes()
    }


def edges(graph: pygraphviz.AGraph) -> list[tuple[str, str, str]]:
    """Edges by the first words of their ends."""
    first = names(graph)
    return [
        (first[a], first[b], " ".join(texts(graph.get_edge(a, b, key).attr["label"])))
        for a, b, key in graph.edges(keys=True)
    ]


def columns(graph: pygraphviz.AGraph, *wanted: str) -> list[float]:
    """How far right the nodes with some first words stand."""
    first = {words: node for node, words in names(graph).items()}
    nodes = [graph.get_node(first[words]) for words in wanted]
    return [float(node.attr["pos"].split(",")[0]) for node in nodes]


def svg_texts(dot: str) -> list[str]:
    svg = ET.fromstring(picture(dot, "svg"))
    found = [element for element in svg.iter() if element.tag.endswith("}text")]
    texts = ("".join(element.itertext()) for element in found)
    return [text.replace("\xa0", " ").strip() for text in texts]


def check_connected(network: Spec, depth: int | None) -> None:
    graph = pygraphviz.AGraph(string=to_dot(network.graph, depth))
    titles = {node for node in graph.nodes() if graph.degree(node) == 0}
    frames = [item for item in walk(network.graph.body) if isinstance(item, Module)]
    assert len(titles) <= sum(not reads_input(item.body) for item in frames)
    drawn = {*graph.nodes()} - titles
    for node in drawn:
        assert (graph.in_degree(node) == 0) == node.startswith("input")
    first = names(graph)
    ends = [first[node] for node in drawn if graph.out_degree(node) == 0]
    outputs = (port.name for port in network.graph.outputs)
    assert sorted(ends) == sorted([*outputs, *(h.name for h in network.graph.heads)])


@pytest.mark.parametrize("depth", [None, 1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_everything_is_connected(name: str, depth: int | None) -> None:
    """Every node but the input has something before it, and leads to an output."""
    check_connected(corpus_spec(name), depth)


@pytest.mark.parametrize("depth", [None, 1, 2])
@pytest.mark.parametrize("seed", range(20))
def test_random_networks_are_connected(seed: int, depth: int | None) -> None:
    check_connected(spec(random_spec(seed)), depth)


@pytest.mark.parametrize("name", NAMES)
def test_each_layer_is_drawn(name: str) -> None:
    network = corpus_spec(name)
    graph = pygraphviz.AGraph(string=to_dot(network.graph))
    said = {text for node in graph.nodes() for text in texts(node.attr["label"])}
    layers = [node for node in network.graph.layers if node.op != "identity"]
    assert {describe(node) for node in layers} <= said


def test_depth_1_shows_the_networks_own_steps() -> None:
    graph = drawn(corpus_spec("nin"), 1)
    assert list(names(graph).values()) == [
        "input", "nin_block(96, k=11, s=4)", "maxpool 3×3, s=2",
        "nin_block(256, k=5, p=2)", "maxpool 3×3, s=2", "nin_block(384, k=3, p=1)",
        "maxpool 3×3, s=2", "nin_block(10, k=3, p=1)", "global_avgpool", "output",
    ]  # fmt: skip
    start, end = "nin_block(96, k=11, s=4)", "maxpool 3×3, s=2"
    assert edges(graph)[1] == (start, end, "96×54×54")


def test_a_layer_shares_a_box_with_what_adjusts_it() -> None:
    network = network_of(
        "net:\n  - bn | relu | conv(4, k=3, p=1) | bn | relu | conv(4, k=1)\n"
    )
    said = svg_texts(to_dot(network.graph))
    start = said.index("bn")
    assert said[start : start + 7] == [
        "bn", "164 parameters", "90% of MACs", "relu", "conv 3×3, 4, p=1", "bn", "relu",
    ]  # fmt: skip


def test_what_is_read_again_ends_its_box() -> None:
    """An arrow that leaves a box leaves its last layer."""
    body = "  - a: conv(4, k=1)\n  - relu\n  - add: [identity, ref(a)]\n"
    graph = drawn(network_of(f"net:\n{body}"))
    assert ("conv 1×1, 4", "relu", "4×8×8") in edges(graph)


def test_a_shortcut_goes_around_and_both_ends_are_drawn() -> None:
    network = network_of("net:\n  - add: [identity, relu, identity]\n")
    assert sorted(edges(drawn(network))) == [
        ("", "+", ""), ("", "+", ""), ("", "relu", ""), ("+", "output", "4×8×8"),
        ("input", "", "4×8×8"), ("relu", "+", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("depth", [None, 1])
def test_a_block_that_does_nothing_is_passed_through(depth: int | None) -> None:
    blocks = "blocks:\n  nothing: [identity]\n"
    network = network_of(f"{blocks}net:\n  - nothing | relu | nothing\n")
    assert edges(drawn(network, depth)) == [
        ("input", "relu", "4×8×8"), ("relu", "output", "4×8×8"),
    ]  # fmt: skip


def test_a_split_says_what_its_branches_read() -> None:
    network = network_of("net:\n  - split: [identity, dropout(0.5)]\n")
    assert ("split into 2×8×8", "dropout 0.5", "") in edges(drawn(network))


def test_one_branch_that_reads_the_input_needs_no_fork() -> None:
    steps = "  - a: relu\n  - maxpool(3, s=1, p=1)\n  - add: [ref(a), {up: tanh}]\n"
    assert ("maxpool 3×3, s=1, p=1", "tanh", "4×8×8") in edges(
        drawn(network_of(f"net:\n{steps}"))
    )


def test_long_numbers_are_rounded() -> None:
    network = network_of(
        "net:\n  - dropout(2 / 11) | elu(alpha=1 / 3) | dropout(1e-6)\n"
    )
    found = svg_texts(to_dot(network.graph))
    assert {"dropout 0.182", "elu alpha=0.333", "dropout 1e-06"} <= {*found}
    assert "(p=0.18181818181818182)" in to_dot(network.graph)  # the tooltip has all


# --- what repeats --------------------------------------------------------------------


def test_what_repeats_is_drawn_once() -> None:
    body = "  - repeat: conv(4, k=1) | maxpool(3, s=1, p=1)\n    times: 3\n"
    graph = drawn(network_of(f"net:\n{body}"))
    assert list(names(graph).values()) == [
        "input", "× 3", "conv 1×1, 4", "maxpool 3×3, s=1, p=1", "output",
    ]  # fmt: skip


def test_a_first_iteration_that_differs_stands_by_itself() -> None:
    body = "  - repeat: residual(8, s=2 if i == 0 else 1)\n    times: 4\n"
    said = svg_texts(to_dot(network_of(f"net:\n{body}").graph))
    assert [text for text in said if "residual" in text] == [
        "residual(8, s=2)", "residual(8) × 3",
    ]  # fmt: skip


def test_labels_of_what_repeats_are_a_range() -> None:
    blocks = "blocks:\n  unit: [relu]\n"
    body = '  - repeat: {"unit{i + 1}": unit}\n    times: 3\n'
    network = network_of(f"{blocks}net:\n{body}")
    assert "unit1 … unit3: unit × 3" in svg_texts(to_dot(network.graph, 1))


def test_rows_of_a_table_have_their_labels() -> None:
    blocks = "blocks:\n  unit(cout):\n    - conv(cout, k=1)\n"
    network = network_of(f"{blocks}net:\n  - one: unit(8)\n  - unit(9)\n")
    said = svg_texts(to_dot(network.graph, 1))
    assert {"unit", "one: 8", "9"} <= set(said)


def test_calls_of_one_block_in_a_row_are_a_table() -> None:
    """Until the size of the image changes."""
    graph = drawn(corpus_spec("resnet18"), 1)
    assert list(names(graph).values())[3:7] == [
        "residual(64) × 2", "residual", "residual", "residual",
    ]  # fmt: skip
    label = graph.get_node("n4").attr["label"]
    assert texts(label)[1:4] == ["128, s=2", "128×12×12", "230,272 parameters"]


@pytest.mark.parametrize("depth", [None, 1])
@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_a_head_ends_in_an_output_of_its_own(
    depth: int | None, direction: Direction
) -> None:
    """Beside the network, which goes on straight down from what the head reads."""
    network = network_of(
        "blocks:\n  head: flatten | linear(5)\nnet:\n  - maxpool(2)\n"
        "  - aux: {one: head, two: flatten | linear(5)}\n  - avgpool(2)\n"
        "  - flatten | linear(5)\n"
    )
    graph = drawn(network, depth, direction)
    extra = [n for n in graph.nodes() if n.attr["style"] == "rounded,dashed"]
    assert [node.attr["label"] for node in extra] == ["one", "two"]
    assert ("maxpool 2×2", "avgpool 2×2", "4×4×4") in edges(graph)
    last = "one: head" if depth else "linear 5"
    assert (last, "one", "5") in edges(graph)
    if direction == "TB":
        assert len(set(columns(graph, "maxpool 2×2", "avgpool 2×2"))) == 1


# --- comparisons ---------------------------------------------------------------------


def test_removed_parts_are_drawn_next_to_what_they_followed() -> None:
    kept = "net:\n  - {}a: conv(4, k=1)\n  - {}maxpool(2){}\n"
    removed = ("dropout(0.1)\n  - ", "bn | relu\n  - residual(4)\n  - ", " | tanh")
    before, after = (
        network_of(kept.format(*parts)).graph for parts in (removed, ("", "", ""))
    )
    changes = compare(before, after)
    graph = pygraphviz.AGraph(string=draw_changes(changes, before, after).dot)
    dashed = [
        (a, texts(graph.get_node(b).attr["label"]))
        for a, b in graph.edges()
        if graph.get_edge(a, b).attr["style"] == "dashed"
    ]
    first = names(graph)
    assert [(first[a], captions) for a, captions in dashed] == [
        ("input", ["dropout 0.1"]),
        ("conv 1×1, 4", ["bn", "relu", "residual 4×8×8"]),
        ("maxpool 2×2", ["tanh"]),
    ]


# --- numbers and colors -------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_parameters_add_up(name: str) -> None:
    network = corpus_spec(name)
    graph = pygraphviz.AGraph(string=to_dot(network.graph, 1))
    said = [text for node in graph.nodes() for text in texts(node.attr["label"])]
    counts = [re.match(r"([\d,]+) parameters", text) for text in said]
    shown = [int(count[1].replace(",", "")) for count in counts if count]
    assert sum(shown) == network.params


def test_the_legend_has_the_kinds_that_are_there() -> None:
    assert svg_texts(to_dot(corpus_spec("lenet").graph))[:6] == [
        "convolution", "linear", "pooling", "activation", "shape",
        "61,706 parameters, 416,520 MACs",
    ]  # fmt: skip


def test_colors_differ_in_grey_and_black_is_read_on_all() -> None:
    colors = [style_of(family).color for family in Family]
    parts = [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in colors]
    greys = sorted(0.299 * r + 0.587 * g + 0.114 * b for r, g, b in parts)
    assert all(after - before > 10 for before, after in pairwise(greys))
    assert greys[0] > 140


# --- how it lies ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["googlenet", "densenet", "resnet18", "vgg"])
def test_depth_1_can_be_read_on_a_page(name: str) -> None:
    """On A4 with margins of an inch no text is smaller than 6 points."""
    graph = drawn(corpus_spec(name), 1)
    width, height = map(float, graph.graph_attr["bb"].split(",")[2:])
    assert 8.5 * min(451 / width, 698 / height, 1) >= 6


def test_branches_stand_in_the_order_written() -> None:
    network = archspec.load("docs/examples/inception.yaml")
    across = columns(
        drawn(network), "conv 1×1, 64", "conv 1×1, 96", "conv 1×1, 16",
        "maxpool 3×3, s=1, p=1",
    )  # fmt: skip
    assert across == sorted(across)


@pytest.mark.parametrize(
    ("branches", "sides"),
    [("identity, relu", ["way", "relu"]), ("relu, identity", ["relu", "way"])],
)
def test_a_way_around_stands_in_its_order(branches: str, sides: list[str]) -> None:
    graph = drawn(network_of(f"net:\n  - add: [{branches}]\n"))
    (relu,) = columns(graph, "relu")
    fork, end = (next(n for n, w in names(graph).items() if w == x) for x in ("", "+"))
    points = graph.get_edge(fork, end).attr["pos"].removeprefix("e,").split()
    way = float(points[len(points) // 2].split(",")[0])
    assert sorted(["relu", "way"], key={"relu": relu, "way": way}.get) == sides


@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_direction(direction: Direction) -> None:
    graph = drawn(corpus_spec("lenet"), direction=direction)
    (x, y), (x_end, y_end) = (
        map(float, graph.get_node(name).attr["pos"].split(","))
        for name in ("input", "output")
    )
    assert (x == x_end, y > y_end) == (True, True) if direction == "TB" else x < x_end


def test_costs_make_no_box_of_a_row_wider() -> None:
    """From left to right they are below the layers."""
    graph = corpus_spec("lenet").graph
    widths = []
    for costs in (True, False):
        dot = to_dot(graph, direction="LR", look=Look(costs=costs, legend=False))
        laid_out = pygraphviz.AGraph(string=dot)
        laid_out.layout("dot")
        widths.append([node.attr["width"] for node in laid_out.nodes()])
    assert widths[0][1] == widths[1][1]  # of the first convolution


# --- any text, any machine -----------------------------------------------------------


NASTY = [
    '"',
    "\\",
    "\\N \\l \\",
    "<b>bold</b>",
    "<",
    "a\nb",
    "é 中 ☃",
    "a -> b; }",
    "&amp;",
]


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("depth", [None, 1])
@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_any_label_is_drawn_as_it_is(
    text: str, depth: int | None, direction: Direction
) -> None:
    network = network_of(
        "net:\n  - stem: conv(4, k=1) | relu\n"
        "  - add: [identity, way: relu | maxpool(1)]\n"
    )
    for item in walk(network.graph.body):
        if isinstance(item, Module):
            item.name = Symbolic(text, constant(text))
            item.path = text
        elif isinstance(item, Layer):
            item.node.path = text
    graph = replace(network.graph, name=text)
    said = svg_texts(to_dot(graph, depth, direction))
    assert said.count(printable(text)) == 2


def test_tooltips_say_all_about_a_layer() -> None:
    svg = ET.fromstring(archspec.draw("lenet").render("svg"))
    tips = [e.get("{http://www.w3.org/1999/xlink}title") for e in svg.iter()]
    assert (
        "0: conv(out_channels=6, k=5, s=1, p=2, d=1, g=1, bias=true, "
        "padding_mode=zeros)\n"
        "1×28×28 → 6×28×28\n156 parameters, 117,600 MACs\n"
        "lenet:13: conv(6, k=5, p=2)"
    ) in tips


@pytest.mark.parametrize("format", FORMATS)
def test_renders_with_the_bundled_graphviz(
    format: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A `dot` program on the machine, perhaps an old one, makes no difference."""
    program = tmp_path / "dot"
    program.write_text("#!/bin/sh\necho an older Graphviz\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert archspec.draw("lenet").render(format).startswith(STARTS[format])


def test_dot_text_needs_no_graphviz() -> None:
    """Neither a program nor the package that carries one."""
    code = (
        "import sys; sys.modules['pygraphviz'] = None\n"
        "import archspec; print(archspec.draw('nin').render('dot').decode())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PATH": ""}, capture_output=True, check=True
    )
    assert done.stdout.decode().strip() == to_dot(corpus_spec("nin").graph).strip()


def test_a_notebook_shows_a_drawing_and_a_spec() -> None:
    network = archspec.load("nin")
    assert "<svg" in archspec.draw(network)._repr_mimebundle_()["image/svg+xml"]
    bundle = network._repr_mimebundle_()
    assert "nin_block(96, k=11, s=4)" in bundle["image/svg+xml"]
    assert bundle["text/plain"] == (
        "nin: 1×224×224 → 10, 1,992,166 parameters, 762,297,352 MACs"
    )
