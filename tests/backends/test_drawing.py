"""Drawings: what they show, any label, and any machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import graphviz
import pygraphviz
import pytest

import archspec
from archspec.backends import dot
from archspec.backends.dot import to_dot
from archspec.backends.drawing import FORMATS, Drawing
from archspec.ir.graph import Module
from archspec.ir.symbolic import Traced, constant
from archspec.ops.registry import OPS
from archspec.spec import Spec

from .corpus import NAMES, spec, spec_of

HEAD = "archspec: 1\nname: a\ninput: 4x8x8\n"
STARTS = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF", "dot": b"digraph"}


def drawn(network: Spec, depth: int | None = None) -> pygraphviz.AGraph:
    """The drawing, read back by Graphviz."""
    return pygraphviz.AGraph(string=to_dot(network.graph, depth))


def labels(graph: pygraphviz.AGraph) -> list[str]:
    return [node.attr["label"] for node in graph.nodes()]


def edges(graph: pygraphviz.AGraph) -> list[tuple[str, str, str]]:
    """Edges by the labels of their ends."""
    names = {n: n.attr["label"].split("\\n")[0] for n in graph.nodes()}
    found = graph.edges()
    return [(names[e[0]], names[e[1]], e.attr["label"].strip()) for e in found]


@pytest.mark.parametrize("depth", [None, 1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_everything_is_connected(name: str, depth: int | None) -> None:
    """Every node but the input has something before it, and leads somewhere."""
    graph = drawn(spec(name), depth)
    for node in graph.nodes():
        assert (graph.in_degree(node) == 0) == (node == "input")
        assert (graph.out_degree(node) == 0) == (node == "output")


@pytest.mark.parametrize("name", NAMES)
def test_each_layer_is_a_node(name: str) -> None:
    network = spec(name)
    shown = [n for n in network.graph.nodes if n.op != "identity"]
    assert len(drawn(network).nodes()) == len(shown) + 2


def test_depth_1_shows_the_networks_own_steps() -> None:
    graph = drawn(spec("nin"), 1)
    assert [label.split("\\n")[0] for label in labels(graph)] == [
        "input", "nin_block", "maxpool 3x3, s=2", "nin_block", "maxpool 3x3, s=2",
        "nin_block", "maxpool 3x3, s=2", "dropout, 0.5", "nin_block", "global_avgpool",
        "flatten", "output",
    ]  # fmt: skip
    assert edges(graph)[1] == ("nin_block", "maxpool 3x3, s=2", "96×54×54")


def test_a_shortcut_goes_around_and_both_ends_are_drawn() -> None:
    network = spec_of(f"{HEAD}net:\n  - add: [identity, relu, identity]\n")
    arrows = sorted(edges(drawn(network)))
    shape = "4×8×8"
    assert arrows == [
        ("+", "output", shape), ("input", "+", shape), ("input", "+", shape),
        ("input", "relu", shape), ("relu", "+", shape),
    ]  # fmt: skip


def test_a_folded_block_that_does_nothing_is_passed_through() -> None:
    blocks = "blocks:\n  nothing: [identity]\n"
    network = spec_of(f"{HEAD}{blocks}net:\n  - nothing | relu\n")
    shape = "4×8×8"
    assert edges(drawn(network, 1)) == [
        ("input", "nothing", shape), ("nothing", "relu", shape),
        ("relu", "output", shape),
    ]  # fmt: skip


def test_parameters_add_up() -> None:
    for depth in (None, 1):
        shown = [label.split("\\n") for label in labels(drawn(spec("nin"), depth))]
        counts = [int(parts[1].replace(",", "")) for parts in shown if len(parts) > 1]
        assert sum(counts) == 1_992_166


def test_every_kind_of_op_has_a_colour() -> None:
    assert {op.family for op in OPS.values()} <= dot.COLORS.keys()


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
def test_any_label_is_drawn_as_it_is(text: str, depth: int | None) -> None:
    network = spec_of(f"{HEAD}net:\n  - stem: conv(4, k=1) | relu\n")
    (module,) = network.graph.body
    assert isinstance(module, Module)
    module.name = Traced(text, constant(text))
    graph = replace(network.graph, name=text)
    svg = ET.fromstring(Drawing(to_dot(graph, depth)).render("svg"))
    found = [element.text for element in svg.iter() if element.tag.endswith("}text")]
    for line in text.split("\n"):
        assert line in found


@pytest.mark.parametrize("format", FORMATS)
def test_renders_without_a_dot_program(
    format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(graphviz.Source, "pipe", None)
    assert archspec.draw("lenet").render(format).startswith(STARTS[format])


@pytest.mark.parametrize("format", FORMATS)
def test_renders_with_a_dot_program(
    format: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "dot"
    program.write_text(
        f"#!{sys.executable}\n"
        "import sys, pygraphviz\n"
        "format = sys.argv[2].removeprefix('-T')\n"
        "graph = pygraphviz.AGraph(string=sys.stdin.read())\n"
        "sys.stdout.buffer.write(graph.draw(format=format, prog='dot'))\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr(pygraphviz, "AGraph", None)
        picture = archspec.draw("lenet").render(format)
    assert picture.startswith(STARTS[format])


def test_dot_text_needs_no_graphviz() -> None:
    """Neither a program nor the package that carries one."""
    code = (
        "import sys; sys.modules['pygraphviz'] = None\n"
        "import archspec; print(archspec.draw('nin').render('dot').decode())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PATH": ""}, capture_output=True, check=True
    )
    assert done.stdout.decode().strip() == to_dot(spec("nin").graph).strip()


def test_a_notebook_shows_it() -> None:
    assert "<svg" in archspec.draw("lenet")._repr_svg_()
