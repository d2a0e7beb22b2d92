"""Emit a network as a Python module: a class for each block, as an expert would write.

How the calls of a block become a class:

1. Lowering expands a block once for each call. Each number remembers the expression
   over the block's parameters that gives it (`archspec.ir.symbolic`).
2. `block_classes` groups the calls that one class can represent, and `class_builder`
   builds the class from their bodies, which `aligned_bodies` aligns item by item.
3. `submodule_builder` finds the submodules. `unify_values` decides how a value is
   written: as the expression that all instances share, as a literal, or as one more
   parameter of the class.
4. `init_builder` and `forward_builder` build the methods, as a tree (`syntax`).
5. `class_names` leaves out the classes that nothing calls, and names the others, of
   which `alike_classes` has made those one that differ only in numbers.
6. `names_read` finds what to import, and `layout` turns the tree into lines.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from archspec.backends.mark import MARK
from archspec.backends.python.block_classes import BlockClasses, network_classes
from archspec.backends.python.class_names import named_classes, needed_classes
from archspec.backends.python.class_shapes import network_shapes
from archspec.backends.python.comments_and_docstrings import docstring_lines
from archspec.backends.python.constructor_calls import torch_call
from archspec.backends.python.default_constants import with_constants
from archspec.backends.python.expressions import FUNCTIONS
from archspec.backends.python.family_members import family_members, family_of_one
from archspec.backends.python.identifiers import NameAllocator, class_name
from archspec.backends.python.layout import (
    class_lines,
    constant_lines,
    flat,
    function_lines,
)
from archspec.backends.python.names_read import names_read
from archspec.backends.python.syntax import AssignStmt, FunctionDef, dotted
from archspec.backends.python.variant_functions import variant_functions
from archspec.ir.garbage_collection import collector_paused
from archspec.ir.graph import Graph, Layer, Module, Port, walk
from archspec.ops.registry import OPS

MOST_WORDS = 4  # of a network's name
IMPORTED = {"Any", "Callable", "Tensor", "nn", "partial", "torch"}


@dataclass(frozen=True)
class ModuleSource:
    """The text of a Python module, and the module that each layer is."""

    text: str
    paths: Mapping[str, str | None]
    """The path of a layer's module, by the layer's own; None if it has no module.

    They differ for layers without a state: one `relu` may be several layers, and
    `flatten` is a method of a tensor.
    """


def to_source(graph: Graph, spec: str = "", *, with_params: bool = True) -> str:
    """The network as the text of a Python module that needs only torch.

    Args:
        graph: the network.
        spec: the name under which the command line finds it.
        with_params: whether its class has the params of the spec. Finding those takes
            most of the time, so a module that nobody reads goes without.
    """
    return module_source(graph, spec, with_params=with_params).text


@collector_paused()
def module_source(
    graph: Graph, spec: str = "", *, with_params: bool = True
) -> ModuleSource:
    """The same, with the modules of the layers."""
    find = family_members if with_params else family_of_one
    members, built = find(graph, _Builder(graph))
    functions = variant_functions(members, built)
    helpers = {k: t for each in members.graphs for k, t in _helpers(each).items()}
    taken = {*IMPORTED, *helpers}
    *blocks, network = built.known
    network, constants = with_constants(network, taken)
    taken |= {constant.target.root for constant in constants}
    users: list[FunctionDef | AssignStmt] = [*functions, *constants]
    classes = named_classes([*blocks, network], taken, users)
    functions = [each for each in functions if flat(each.result.function)]
    read = names_read([*classes, *functions, *constants])
    helpers = _read_helpers(helpers, read)
    read = read.union(*map(_names_in, helpers.values()))
    written = [text for name, text in FUNCTIONS.items() if name in read]
    sections = [text.strip() for text in (*written, *helpers.values())]
    sections += ["\n".join(class_lines(each)) for each in classes]
    is_block_above = len(sections) > 1
    if constants:
        lines = [line for each in constants for line in constant_lines(each)]
        sections.insert(-1, "\n".join(lines))
    sections += ["\n".join(function_lines(each)) for each in functions]
    read |= {"Any"} if functions else set()
    gap = "\n\n" if constants and not is_block_above else "\n\n\n"
    body = "\n\n\n".join(sections)
    text = f"{_head(graph, spec)}\n\n{_imports(read)}{gap}{body}\n"
    return ModuleSource(text, {n.path: built.module_path(n) for n in graph.layers})


@dataclass
class _Builder:
    """Builds the classes of some networks of one spec.

    Several networks must not need more classes of one block than the one alone.
    """

    graph: Graph
    alone: BlockClasses | None = None
    most: int | None = None

    def __call__(
        self, graphs: Sequence[Graph], params: Sequence[str]
    ) -> BlockClasses | None:
        name = network_class(self.graph)
        summary = _summary(self.graph, params)
        built = network_classes(graphs, params, name, lambda _: summary, self.alone)
        if built is None:
            return None
        self.alone = self.alone or built
        stems = Counter(each.name.stem for each in needed_classes([*built.known]))
        copies = stems.total() - len(stems)
        self.most = copies if self.most is None else self.most
        return built if copies <= self.most else None


def _read_helpers(helpers: Mapping[str, str], read: set[str]) -> dict[str, str]:
    """Those helpers that the classes read, and those that these read."""
    needed = {name for name in helpers if name in read}
    for name in [*needed]:
        needed |= _names_in(helpers[name]) & helpers.keys()
    return {name: text for name, text in helpers.items() if name in needed}


def network_class(graph: Graph) -> str:
    """The name of the network's class in the emitted source."""
    modules = (item for item in walk(graph.body) if isinstance(item, Module))
    taken = {class_name(module.block) for module in modules if module.block}
    taken |= {*IMPORTED, *_helpers(graph)}
    spec = graph.family.name or graph.name
    name = _own_name(graph.about, spec) or class_name(spec)
    return NameAllocator(taken).unique(f"{name}Net") if name in taken else name


def _own_name(about: str, spec: str) -> str:
    """`ResNet`, as the first words of `about` write `resnet`; empty if they do not."""
    name = ""
    for word in re.findall("[A-Za-z0-9]+", about)[:MOST_WORDS]:
        name += word[:1].upper() + word[1:]
        if name.lower() == re.sub("[_-]", "", spec).lower():
            return name if name.isidentifier() else ""
    return ""


def _head(graph: Graph, spec: str) -> str:
    title = graph.about.strip() or graph.name
    made = f"{MARK} {_version()}"
    made += f" with `archspec compile {spec}`" if spec else ""
    return "\n".join(docstring_lines(f"{title}\n\n{made}.", 0))


@cache
def _version() -> str:
    from importlib.metadata import version  # 15 ms

    return version("archspec-nn")


def _summary(graph: Graph, params: Sequence[str]) -> str:
    """The docstring of the network's class."""
    about = graph.about.strip().rstrip(".") or f"The network `{graph.name}`"
    parts = [f"{about[:1].upper()}{about[1:]}."]
    if graph.has_named_inputs:
        parts.append(f"Takes {_listed(graph.inputs)}.")
    if graph.returns_tuple:
        parts.append(f"Returns a tuple: {_listed(graph.outputs)}.")
    if graph.heads:
        heads = ", ".join(f"`{head.name}`" for head in graph.heads)
        gives = (
            f"In training mode the output is a tuple: the network's own, then {heads}."
        )
        if graph.returns_tuple:
            gives = f"In training mode {heads} follow."
        parts.append(gives)
    fixed = [f"`{name}`" for name in graph.family.values if name not in params]
    if fixed:
        parts.append(f"Fixed params of the spec: {', '.join(fixed)}.")
    return "\n\n".join([*parts, network_shapes(graph)])


def _listed(ports: Iterable[Port]) -> str:
    """The names of inputs or outputs."""
    return ", ".join(f"`{port.name}`" for port in ports)


def _imports(read: set[str]) -> str:
    """The imports of the names that the classes read; all of them read `nn`."""
    lines = ["import math"] if "math" in read else []
    if "Callable" in read:
        lines.append("from collections.abc import Callable")
    if "partial" in read:
        lines.append("from functools import partial")
    if "Any" in read:
        lines.append("from typing import Any")
    lines += [""] if lines else []
    lines += ["import torch"] if "torch" in read else []
    lines.append(f"from torch import {'Tensor, ' if 'Tensor' in read else ''}nn")
    return "\n".join(lines)


def _helpers(graph: Graph) -> dict[str, str]:
    """The text of each class that the network needs and torch lacks, by name."""
    found: dict[str, str] = {}
    for item in walk(graph.body):
        if isinstance(item, Layer) and OPS[item.node.op].helper:
            callee = dotted(torch_call(item).name)
            if not callee.attribute:  # no `nn.LayerNorm`, which an op may be as well
                found |= _with_bases(callee.root, OPS[item.node.op].helper)
    return found


@lru_cache
def _with_bases(name: str, helper: str) -> dict[str, str]:
    """The text of a class of a helper, and of those in it that it reads, by name."""
    classes = [
        node for node in ast.parse(helper).body if isinstance(node, ast.ClassDef)
    ]
    texts = {each.name: ast.get_source_segment(helper, each) or "" for each in classes}
    names = _names_in(texts[name]) & texts.keys()
    return {each: texts[each] for each in texts if each in names or each == name}


def _names_in(helper: str) -> set[str]:
    """The names in the text of a helper, which its op gives in full."""
    nodes = ast.walk(ast.parse(helper))
    return {node.id for node in nodes if isinstance(node, ast.Name)}
