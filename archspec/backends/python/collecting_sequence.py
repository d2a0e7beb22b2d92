"""A `collect` that is a whole body, one layer or block in each iteration: a sequence.

m: {collect: step(c), times: n}   ->   class M(nn.Sequential):
                                           ...
                                           def forward(self, x: Tensor) -> Tensor:
                                               outputs = [x]
                                               for layer in self:
                                                   outputs.append(layer(outputs[-1]))
                                               return torch.cat(outputs, dim=1)
"""

from __future__ import annotations

from archspec.backends.python.aligned_bodies import Bodies, Body, is_numbered
from archspec.backends.python.merge_expressions import concat
from archspec.backends.python.syntax import (
    AssignStmt,
    AtomExpr,
    Element,
    ExprStmt,
    ForStmt,
    ListExpr,
    MethodDef,
    NameExpr,
    ParameterDef,
    ReturnStmt,
    call,
)
from archspec.ir.graph import Collect, Layer, Let, Module
from archspec.ops.registry import OPS

TENSOR = NameExpr("Tensor")
OUTPUTS = NameExpr("outputs")
LAST = AtomExpr("outputs[-1]", frozenset({"outputs"}))


def collects_of(bodies: Bodies) -> list[Collect]:
    """The `collect` that is all of a body, for each instance; none if there is more."""
    found = [_only_collect(body) for body in bodies]
    known = [collect for collect in found if collect]
    return known if len(known) == len(found) else []


def _only_collect(body: Body) -> Collect | None:
    match [item for item in body if not isinstance(item, Let)]:
        case [Collect() as collect] if all(map(_is_layer, collect.repeat.iterations)):
            return collect
    return None


def _is_layer(body: Body) -> bool:
    """Whether an iteration is one layer or block, named by its position."""
    match body:
        case (Layer(node=node) as item,):
            return is_numbered(item) and not OPS[node.op].needs_forward
        case (Module() as item,):
            return is_numbered(item)
    return False


def collecting_forward(collect: Collect) -> MethodDef:
    """The `forward` of the sequence."""
    x, layer = NameExpr("x"), NameExpr("layer")
    appended = call(NameExpr("outputs", "append"), call(layer, LAST))
    body = (
        AssignStmt(OUTPUTS, ListExpr((Element(x),))),
        ForStmt("layer", NameExpr("self"), (ExprStmt(appended),)),
        ReturnStmt(concat(collect, OUTPUTS)),
    )
    return MethodDef("forward", (ParameterDef("x", TENSOR),), TENSOR, body)
