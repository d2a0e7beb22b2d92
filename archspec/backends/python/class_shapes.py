"""`Shape:` in the docstrings of emitted classes: the shapes of inputs and outputs.

Those of a block are in the names of its parameters, those of a network in numbers:

    unit(cout, *, s=1):           ->   Shape:
      conv(cout, k=3, s=s, p=1)            [N, in_channels, H, W]
                                           -> [N, out_channels, ceil(H / stride), ...]
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence

from archspec.backends.python.aligned_bodies import values_read_by
from archspec.backends.python.expressions import expression
from archspec.backends.python.group_ports import Ports, labeled, ports_of
from archspec.ir.graph import Graph, Module, Port, Value
from archspec.ir.shape import Shape
from archspec.ir.symbolic import code_of, same, substitute, variables

LONGEST = 80  # characters of a line

Shapes = Sequence[Shape]  # of a value in each instance


def block_shapes(
    modules: Sequence[Module], names: Mapping[str, str], read: Callable[[str], bool]
) -> str:
    """The inputs and outputs of a block or group; nothing if no instance has them all.

    `names` and `read` are those of `block_docstring`.
    """
    ports = ports_of(modules)
    known = [(m, found) for m in modules if (found := _shapes(m, ports)) is not None]
    if not known:
        return ""
    modules = [module for module, _ in known]
    inputs, outputs = ([*zip(*ends, strict=True)]
                       for ends in zip(*(s for _, s in known), strict=True))  # fmt: skip
    strides = [m.arguments[k].value for m in modules for k, v in names.items()
               if v == "stride"]  # fmt: skip
    factors = strides if len(strides) == len(modules) and read("stride") else []
    entry = inputs[0]

    def written(shapes: Shapes) -> str:
        pairs = [*zip(entry, shapes, strict=True)]
        return _listed(
            _channels(shapes, names, read)
            if axis == "C"
            else _size(axis, pairs, factors)
            for axis in shapes[0].axes
        )

    first = "in_channels" if read("cin") else _number(entry) or "C"
    own = _listed(first if axis == "C" else axis for axis in entry[0].axes)
    return _section(
        ", ".join([own, *map(written, inputs[1:])]), ", ".join(map(written, outputs))
    )


def _listed(sizes: Iterable[str]) -> str:
    return f"[{', '.join(['N', *sizes])}]"


def _shapes(module: Module, ports: Ports) -> tuple[list[Shape], list[Shape]] | None:
    """Those of the inputs and of the outputs; None if an arm with one is not taken."""
    read, made = dict(values_read_by(module)), dict(labeled(module.body))
    if not (read.keys() >= {*ports.reads} and made.keys() >= {*ports.exports}):
        return None
    inputs = [module.input] if ports.takes_input else []
    inputs += [read[source] for source in ports.reads]
    outputs = [module.output, *(made[path] for path in ports.exports)]
    return [_known(v) for v in inputs], [_known(v) for v in outputs]


def _known(value: Value) -> Shape:
    assert value.shape is not None
    return value.shape


def _channels(
    shapes: Shapes, names: Mapping[str, str], read: Callable[[str], bool]
) -> str:
    """The channels of a value in the names of the parameters, or as a number."""
    values: dict[str, ast.expr] = {k: ast.Name(v, ast.Load()) for k, v in names.items()}
    codes = [substitute(code_of(shape.channels), values) for shape in shapes]
    is_shared = all(same(code, codes[0]) for code in codes)
    if is_shared and all(map(read, variables(codes[0]))):
        return expression(codes[0])
    return _number(shapes) or "C'"


def _number(shapes: Shapes) -> str:
    """The channels that all instances have; nothing if they differ."""
    found = {int(shape.channels) for shape in shapes}
    return str(*found) if len(found) == 1 else ""


def _size(
    axis: str, known: Sequence[tuple[Shape, Shape]], factors: Sequence[object]
) -> str:
    """One axis of a value, as what becomes of that axis of the first input."""
    if any(axis not in shape.axes for sizes in known for shape in sizes):
        return axis
    pairs = [tuple(int(s[s.axes.index(axis)]) for s in sizes) for sizes in known]
    if all(after == before for before, after in pairs):
        return axis
    if all(after == 1 for _, after in pairs):
        return "1"
    if factors and all(
        isinstance(factor, int) and after == -(-before // factor)
        for (before, after), factor in zip(pairs, factors, strict=True)
    ):
        return f"ceil({axis} / stride)"
    before, after = pairs[0]
    for factor in (before // after, after // before):
        if factor > 1 and all(b == factor * a for b, a in pairs):
            return f"{axis} / {factor}"
        if factor > 1 and all(a == factor * b for b, a in pairs):
            return f"{factor} * {axis}"
    return f"{axis}'"


def network_shapes(graph: Graph) -> str:
    """`Shape:` of a network, in numbers."""
    single = len(graph.inputs) == len(graph.outputs) == 1
    if single and not graph.returns_tuple and not graph.has_named_inputs:
        return _section(_sizes(graph.inputs[0]), _sizes(graph.outputs[0]))
    inputs = ", ".join(f"{port.name} {_sizes(port)}" for port in graph.inputs)
    outputs = ", ".join(f"{port.name} {_sizes(port)}" for port in graph.outputs)
    return _section(
        inputs, outputs if graph.returns_tuple else _sizes(graph.outputs[0])
    )


def _sizes(port: Port) -> str:
    return _listed(map(str, port.shape))


def _section(*ends: str) -> str:
    line = f"    {' -> '.join(ends)}"
    if len(line) > LONGEST:
        line = f"    {ends[0]}\n    -> {ends[1]}"
    return f"Shape:\n{line}"
