"""Ops and blocks that are arguments of a class, and what their parameters are called with.

    unit(cout, *, act=relu, norm=bn): conv(cout, k=1) | norm | act

        self.norm1 = norm(out_channels)
        self.act1 = act()

    unit(8, norm=bn(eps=1e-3))   ->   Unit(3, 8, norm=partial(nn.BatchNorm2d, eps=0.001))

An op has some of its arguments from its value, and others where it is called. Which
class of torch it is may depend on the axes there, so the calls show it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from archspec.backends.python.aligned_bodies import (
    Body,
    InstancesDifferError,
    own_items,
)
from archspec.backends.python.class_parameters import BlockClass
from archspec.backends.python.constructor_calls import is_default, torch_call
from archspec.backends.python.expressions import value_expr
from archspec.backends.python.syntax import (
    CallExpr,
    Element,
    Expr,
    NameExpr,
    dotted,
)
from archspec.ir.graph import Layer, Module, walk
from archspec.ir.shape import Shape
from archspec.ir.symbolic import Symbolic, literal, variables
from archspec.ops.axes import accepts
from archspec.ops.op import Op
from archspec.ops.registry import OPS
from archspec.ops.torch_call import TorchCall
from archspec.resolve.partial_call import PartialCall, is_callee
from archspec.resolve.scope import Block
from archspec.signatures.signature import Required

PARTIAL = NameExpr("partial")


def split_call(layer: Layer) -> tuple[TorchCall, TorchCall]:
    """What the value of an op has already, and what its call gives it.

    Raises:
        InstancesDifferError: if the call would give an argument before one of the value.
    """
    return _split(torch_call(layer), layer.node.attributes, layer.preset)


def _split(
    call: TorchCall, attributes: Mapping[str, Symbolic], preset: Iterable[str]
) -> tuple[TorchCall, TorchCall]:
    known = {id(item) for name, item in attributes.items() if name in preset}
    others = {id(item) for name, item in attributes.items() if name not in preset}
    first = 0
    while first < len(call.args) and id(call.args[first]) in known - others:
        first += 1
    if call.factor != 1 or any(id(item) in known for item in call.args[first:]):
        raise InstancesDifferError
    kwargs = {k: v for k, v in call.kwargs.items() if not is_default(call, k)}
    stated = {k: v for k, v in kwargs.items() if k in attributes and k not in preset}
    own = {name: item for name, item in kwargs.items() if name not in stated}
    return (
        TorchCall(call.name, call.args[:first], own),
        TorchCall(call.name, call.args[first:], stated),
    )


def uses(module: Module, key: str) -> Iterator[Layer | Module]:
    """The calls of an argument that is an op or block, in the block and below it."""
    for item in own_items(module.body):
        if isinstance(item, Layer | Module) and _reads(item.called, key):
            yield item
        if isinstance(item, Module) and item.block:
            for name, argument in item.arguments.items():
                passed_on = argument.value == module.arguments[key].value
                if passed_on and _reads(argument.code, key):
                    yield from uses(item, name)


def param_uses(body: Body, key: str, value: object) -> Iterator[Layer | Module]:
    """The calls of a param of the spec that is an op or block."""
    for item in walk(body):
        if isinstance(item, Layer | Module) and _reads(item.called, key):
            yield item
        if isinstance(item, Module):
            for name, argument in item.arguments.items():
                if argument.value == value and _reads(argument.code, key):
                    yield from uses(item, name)


def _reads(code: ast.expr | None, key: str) -> bool:
    return code is not None and key in variables(code)


class CallableWriter:
    """Writes ops and blocks as arguments."""

    def __init__(self, class_of: Callable[[object], BlockClass]) -> None:
        """`class_of` gives the one class of a block's definition."""
        self.class_of = class_of

    def value(
        self, value: Any, calls: Sequence[Layer | Module], x: Shape | None = None
    ) -> Expr:
        """An op or block as an argument, which `calls` call in a class that reads `x`.

        Raises:
            InstancesDifferError: if no one expression is right for all of them.
        """
        keywords: Mapping[str, Symbolic] = {}
        if isinstance(value, PartialCall):
            value, keywords = value.callee, value.keywords
        if isinstance(value, Block):
            return self._block(value, keywords, calls)
        if not isinstance(value, Op) or value.needs_forward:
            raise InstancesDifferError
        layers = [
            c for c in calls if isinstance(c, Layer) and _is_of(c, value, keywords)
        ]
        own = [split_call(layer)[0] for layer in layers]
        own = own or [*_guesses(value, keywords, calls, x)]
        written = [_partial(dotted(each.name), *_elements(each)) for each in own]
        if not written or any(each != written[0] for each in written):
            raise InstancesDifferError
        return written[0]

    def _block(
        self,
        block: Block,
        keywords: Mapping[str, Symbolic],
        calls: Sequence[Layer | Module],
    ) -> Expr:
        finished = self.class_of(block)
        modules = [
            call
            for call in calls
            if isinstance(call, Module) and call.definition is block
        ]
        elements: list[Element] = []
        for parameter in finished.parameters:
            if parameter.key not in keywords:
                continue
            value = keywords[parameter.key].value
            if is_callee(value):
                inner = [u for m in modules for u in uses(m, parameter.key)]
                written = self.value(value, inner)
            else:
                written = value_expr(value)
            if written != parameter.default:
                elements.append(Element(written, f"{parameter.name}="))
        return _partial(finished.name, *elements)


def _is_of(layer: Layer, op: Op, keywords: Mapping[str, Symbolic]) -> bool:
    """Whether a layer is one of this op with these arguments."""
    values = layer.node.attributes
    is_known = all(
        name in keywords and values[name].value == keywords[name].value
        for name in layer.preset
    )
    return layer.node.op == op.name and is_known


def _partial(callee: Expr, *elements: Element) -> Expr:
    return CallExpr(PARTIAL, (Element(callee), *elements)) if elements else callee


def _elements(call: TorchCall) -> list[Element]:
    return [
        *(Element(value_expr(item.value)) for item in call.args),
        *(Element(value_expr(v.value), f"{name}=") for name, v in call.kwargs.items()),
    ]


def _guesses(
    op: Op,
    keywords: Mapping[str, Symbolic],
    calls: Sequence[Layer | Module],
    x: Shape | None,
) -> Iterator[TorchCall]:
    """What an op would be that is not called: in place of another, or not at all.

    Where nothing is called, the class never runs it, and any arguments do.
    """
    shapes = [call.node.inputs[0].shape for call in calls if isinstance(call, Layer)]
    known = [shape for shape in shapes if shape is not None]
    known = known or [Shape((64,) * len(axes), axes) for axes in op.takes]
    if not calls:
        known = [x.plain() if x and accepts(op.takes, x.axes) else known[0]]
    values = {name: item.value for name, item in keywords.items()}
    defaults = {name: literal(v) for name, v in op.defaults(values).items()}
    for name, item in defaults.items():
        if isinstance(item.value, Required):
            if calls:
                raise InstancesDifferError
            defaults[name] = literal(_examples(op)[name])  # its call would give it
    attributes = {**keywords, **defaults}
    for shape in known:
        yield _split(op.torch(op, shape, attributes), attributes, keywords)[0]


def _examples(op: Op) -> dict[str, Any]:
    return {p.name: ast.literal_eval(p.type.example) for p in op.parameters}


def is_identity(layer: Layer) -> bool:
    """Whether a layer passes its input on; its class takes any arguments."""
    return layer.node.op == "identity"


def needs_forward(layer: Layer) -> bool:
    """Whether an op is more than a call with one argument."""
    return OPS[layer.node.op].needs_forward
