"""Build the `forward` of a class in which branches part and join.

    - add:                        ->   x = self.relu1(self.conv1(x)) + self.tanh1(x)
        - conv(8, k=1) | relu          return x
        - tanh

Every method takes the expression of an item's input, appends the statements that the
item needs, and returns the expression of its output.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from archspec.backends.python.aligned_bodies import (
    Bodies,
    InstancesDifferError,
    Source,
    columns,
)
from archspec.backends.python.forward_choices import ForwardChoices
from archspec.backends.python.forward_joins import ForwardJoins
from archspec.backends.python.forward_layers import ForwardLayers
from archspec.backends.python.forward_state import (
    X,
    submodule_at,
)
from archspec.backends.python.group_ports import ports_of
from archspec.backends.python.identifiers import is_attribute
from archspec.backends.python.names_in_scope import ClassScope
from archspec.backends.python.submodules import (
    Submodule,
    SubmoduleLoop,
)
from archspec.backends.python.syntax import (
    AssignStmt,
    AtomExpr,
    Expr,
    MethodDef,
    NameExpr,
    ParameterDef,
    Stmt,
)
from archspec.backends.python.unroll_repeats import unroll
from archspec.ir.graph import (
    Choice,
    Collect,
    Head,
    Item,
    Layer,
    Let,
    Merge,
    Module,
    Reference,
    Repeat,
    Tied,
)

FEW = 2  # equal steps that are read as fast as a loop
MOST_STAGES = 8  # that a `forward` calls one by one
TENSOR, MODULE = NameExpr("Tensor"), NameExpr("nn", "Module")
TUPLE = AtomExpr("tuple[Tensor, ...]", frozenset({"Tensor"}))
TENSORS = AtomExpr("Tensor | tuple[Tensor, ...]", frozenset({"Tensor"}))


class ForwardBuilder(ForwardLayers, ForwardJoins, ForwardChoices):
    """Builds one `forward`."""

    def method(self, scope: ClassScope) -> MethodDef:
        """The method.

        Raises:
            InstancesDifferError: if the instances differ in structure.
        """
        self.may_loop = scope.may_loop
        scope = replace(scope, may_loop=False, may_compute_labels=False)
        parameters = (
            *(ParameterDef(each.root, TENSOR) for each in self.inputs),
            *(
                ParameterDef(each.root, TENSOR if place.is_parameter else MODULE)
                for place, each in self.tied.items()
            ),
        )
        result = self._body(self.bodies, self.inputs[0], "x", scope)
        outputs = [self.labels[Source(0, label)] for label in self.returned]
        if self.ports.exports:
            exports = [self.labels[Source(0, path)] for path in self.ports.exports]
            outputs = [self.statements.as_name(result, "x"), *exports]
        if outputs:
            body = self.statements.returning_tuple(outputs, self.heads)
            return MethodDef("forward", parameters, TUPLE, body)
        body = self.statements.returning(result, self.heads)
        if X not in self.inputs:
            body = _with_declared_x(body)
        returns = TENSORS if self.heads else TENSOR
        return MethodDef("forward", parameters, returns, body)

    def _body(
        self, bodies: Bodies, value: Expr, target: str, scope: ClassScope
    ) -> Expr:
        """The output of a body. `target` is the variable for long expressions."""
        for column in columns(bodies):
            value, scope = self._item(column, value, target, scope)
            self._note_shape(column[0], value)
        return value

    def _item(
        self, column: list[Any], value: Expr, target: str, scope: ClassScope
    ) -> tuple[Expr, ClassScope]:
        """The output of one item of all bodies, and the scope after it."""
        match column[0]:
            case Layer() as layer if self._is_left_out(column, scope):
                value = self._labeled(layer.name.value, value)
            case Layer() | Module():
                value, scope = self._module(column, value, target, scope)
            case Choice():
                value = self._choice(column, value, target, scope)
                scope = scope.after(tuple(column))
            case Merge():
                value = self._merge(column, value, target, scope)
                scope = scope.after(tuple(column))
            case Repeat():
                value, scope = self._repeat(column, value, target, scope)
            case Collect():
                value, scope = self._collect(column, value, target, scope)
            case Head():
                value = self._head(column, value, target, scope)
            case Reference():
                value = self._read(column[0])
            case Tied():
                value = self._tied(column, value, target)
            case _:
                found, scope = self.submodule_builder.column(column, scope)
                self.submodules += found
        return value, scope

    def _note_shape(self, item: Item, value: Expr) -> None:
        """Note the shape of an output for a comment, in the network's own class."""
        match item:
            case Layer(node=node) | Merge(node=node) | Collect(node=node):
                output = node.output
            case Module():
                output = item.output
            case _:
                return
        is_shown = id(item.node if isinstance(item, Layer) else item) in self.shown
        if is_shown and not isinstance(value, NameExpr):
            self.statements.shapes[value] = str([*map(int, output.shape or ())])

    def _repeat(
        self, column: Sequence[Repeat], value: Expr, target: str, scope: ClassScope
    ) -> tuple[Expr, ClassScope]:
        """Stages that a loop makes, or the steps of each iteration."""
        if stages := self._stages(column, scope):
            loop, after, rows = stages
            self.submodules.append(loop)
            for row in rows:
                key = str(row[0].name.value)
                result = self._called(submodule_at(key), value, target, is_main=True)
                value = self._labeled(key, result)
                self._note_shape(row[0], value)
            return value, after
        iterations, after = unroll(column, scope)
        if not self.may_unroll and len(iterations) > FEW:
            raise InstancesDifferError  # a sequence has a loop for them
        for iteration, inside in iterations:
            value = self._body(iteration, value, target, inside)
        return value, after

    def _stages(
        self, column: Sequence[Repeat], scope: ClassScope
    ) -> tuple[SubmoduleLoop, ClassScope, list[list[Module]]] | None:
        """The loop of a repeat whose iterations are one labeled group or block each."""
        rows = _rows_of_stages(column)
        if not rows or not self.may_loop:
            return None
        before = self.submodule_builder.unifier.state
        inside = replace(scope, may_loop=True, may_compute_labels=True)
        try:
            members, after = self.submodule_builder.column([*column], inside)
        except InstancesDifferError:
            members, after = [], inside
        match members:
            case [SubmoduleLoop(members=[*_, Submodule()]) as loop]:
                after = replace(after, may_loop=False, may_compute_labels=False)
                names = tuple(str(row[0].name.value) for row in rows)
                return replace(loop, names=names), after, rows
        self.submodule_builder.unifier.state = before
        return None


def _rows_of_stages(column: Sequence[Repeat]) -> list[list[Module]]:
    """The one labeled module in each iteration; none if there are other steps."""
    found: list[list[Module]] = []
    for bodies in zip(*(repeat.iterations for repeat in column), strict=False):
        items = [[i for i in body if not isinstance(i, Let)] for body in bodies]
        row = [body[0] for body in items if len(body) == 1 and _is_stage(body[0])]
        if len(row) < len(column) or len({item.name.value for item in row}) > 1:
            return []
        found.append([item for item in row if isinstance(item, Module)])
    if any(len(repeat.iterations) != len(found) for repeat in column):
        return []
    return found if FEW <= len(found) <= MOST_STAGES else []


def _is_stage(item: Item) -> bool:
    return (
        isinstance(item, Module)
        and item.is_labeled
        and is_attribute(str(item.name.value))
        and ports_of([item]).is_plain
    )


def _with_declared_x(body: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
    """The statements, with the type of `x` declared where it is first assigned."""
    for number, each in enumerate(body):
        if isinstance(each, AssignStmt) and each.target == X:
            return (
                *body[:number],
                replace(each, declared="Tensor"),
                *body[number + 1 :],
            )
    return body
