"""Write a network as a Python module: a class for each block, as an expert would.

How a class comes out of the calls of a block:

1. A block is expanded once for each call, with numbers that remember the expression
   over the block's parameters that made them (`archspec.ir.symbolic`).
2. `python_blocks` brings the instances of a block together.
3. `python_class` walks their bodies side by side and writes one class; `python_members`
   makes its submodules, and `python_forward` its `forward` where branches join.
4. `python_numbers` says how a number is written: as the expression that all instances
   share, as a literal, or as one more parameter of the class.
5. `python_layout` breaks lines as `ruff format` does.
"""

from __future__ import annotations

import ast

from archspec.backends.python.block_classes import BlockClasses
from archspec.backends.python.block_instances import torch_call
from archspec.backends.python.formatting import docstring
from archspec.backends.python.identifiers import class_name, unique
from archspec.ir.graph import Graph, Layer, Module, plain, walk
from archspec.ops.registry import OPS

MARK = "Written by archspec."


def to_source(graph: Graph) -> str:
    """The network as the text of a Python module that needs only torch."""
    name, helpers = network_class(graph), _helpers(graph)
    classes = BlockClasses(graph, {name, "Tensor", *helpers})
    classes.network(name, _summary(graph))
    sections = [text.strip() for text in helpers.values()]
    sections += ["\n".join(lines) for lines in classes.sections]
    body = "".join(f"\n\n\n{section}" for section in sections)
    return f"{_head(graph)}\n\n{_imports(body)}{body}\n"


def network_class(graph: Graph) -> str:
    """The name of the network's class in the emitted source."""
    modules = (item for item in walk(graph.body) if isinstance(item, Module))
    taken = {class_name(module.block) for module in modules if module.block}
    taken |= {"Tensor", *_helpers(graph)}
    name = class_name(graph.name)
    return unique(f"{name}Net", taken) if name in taken else name


def _head(graph: Graph) -> str:
    about = graph.about.strip()
    title = f"{graph.name}: {about}" if about else graph.name
    return "\n".join(docstring(f"{title}\n\n{MARK}", 0))


def _summary(graph: Graph) -> str:
    """What the network's class says of itself."""
    takes = f"Takes images of {'x'.join(map(str, plain(graph.input.shape)))}."
    heads = ", ".join(f"`{head.name}`" for head in graph.heads)
    gives = f"In training mode the output is a tuple: the network's own, then {heads}."
    return f"{takes}\n\n{gives}" if heads else takes


def _imports(body: str) -> str:
    """What the classes name of torch."""
    names = {
        node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)
    }
    lines = ["import torch"] if "torch" in names else []
    lines.append(f"from torch import {'Tensor, ' if 'Tensor' in names else ''}nn")
    return "\n".join(lines)


def _helpers(graph: Graph) -> dict[str, str]:
    """The classes that the network needs and torch has not, by name."""
    found: dict[str, str] = {}
    for item in walk(graph.body):
        if isinstance(item, Layer) and OPS[item.node.op].helper:
            name = torch_call(item).name
            if "." not in name:
                found[name] = OPS[item.node.op].helper
    return found
