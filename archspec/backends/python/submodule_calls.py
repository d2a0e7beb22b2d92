"""Build single submodules from the layers and blocks of all instances of a class.

In a body with the parameters `cout` and `s`:

    conv(cout, k=1, s=s)   ->   nn.Conv2d(in_channels, cout, kernel_size=1, stride=s)
    residual(cout, s=2)    ->   Residual(cout, cout, s=2)
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from itertools import compress
from typing import Any

from archspec.backends.python.aligned_bodies import (
    InstancesDifferError,
    is_numbered,
)
from archspec.backends.python.block_params import (
    BOUND,
    Binding,
    split_arguments,
)
from archspec.backends.python.callable_arguments import (
    CallableWriter,
    is_identity,
    needs_forward,
    split_call,
    uses,
)
from archspec.backends.python.class_parameters import BlockClass, ClassParameter
from archspec.backends.python.constructor_calls import is_default, torch_call
from archspec.backends.python.expressions import value_expr
from archspec.backends.python.identifiers import NameAllocator
from archspec.backends.python.names_in_scope import ClassScope
from archspec.backends.python.submodules import (
    Member,
    Submodule,
)
from archspec.backends.python.syntax import (
    AtomExpr,
    CallExpr,
    ClassName,
    ConditionalExpr,
    Element,
    Expr,
    NameExpr,
    OpExpr,
    dotted,
)
from archspec.backends.python.unify_values import ValueUnifier
from archspec.frontend.comments import comment_of_step
from archspec.ir.graph import Layer, Module, is_param
from archspec.ir.symbolic import (
    Symbolic,
    as_symbolic,
    constant,
    same,
    substitute,
    variable,
)
from archspec.ops.registry import OPS

POSITIONAL_LITERALS = 2  # more of them need their names


class SubmoduleCalls:
    """Builds what constructs each submodule of one class."""

    def __init__(
        self,
        unifier: ValueUnifier,
        class_of: Callable[[Module], BlockClass],
        callables: CallableWriter,
        build_group: Callable[[list[Module], ClassScope], Expr | list[Member]],
    ) -> None:
        self.unifier = unifier
        self.class_of = class_of
        self.callables = callables
        self.build_group = build_group
        self.params_of: Callable[[Module], Mapping[str, Any]] = lambda _: {}
        self.shown: Container[int] = ()
        self.may_bind = False  # whether the params of the spec are the class's own
        self.bindings: dict[str, Binding] = {}  # by the variable that has one

    def called(
        self, column: Sequence[Layer | Module], scope: ClassScope
    ) -> ast.expr | None:
        """The parameter of the class that is the op or block of all instances."""
        names = [substitute(i.called, scope.values) for i in column if i.called]
        if len(names) < len(column) or not isinstance(names[0], ast.Name):
            return None
        is_known = names[0].id in scope.names
        return names[0] if is_known and all(same(n, names[0]) for n in names) else None

    def submodule(
        self, column: Sequence[Layer | Module], scope: ClassScope
    ) -> Submodule:
        """What constructs a layer or block in all instances, under its name."""
        if callee := self.called(column, scope):
            function = self.unifier.shared([callee], scope)
            return self._submodule(column, self._call(function, column, scope), scope)
        layers = [item for item in column if isinstance(item, Layer)]
        modules = [item for item in column if isinstance(item, Module)]
        if layers and modules:
            raise InstancesDifferError
        return self._layer(layers, scope) if layers else self._module(modules, scope)

    def _call(
        self, function: Expr, column: Sequence[Layer | Module], scope: ClassScope
    ) -> CallExpr:
        """The call of an argument, which may be an op here and a block there."""
        are_layers = [isinstance(item, Layer) for item in column]
        layers = [item for item in column if isinstance(item, Layer)]
        modules = [item for item in column if isinstance(item, Module)]
        elements = self._op_arguments(layers, scope.of(are_layers))
        if not modules:
            return CallExpr(function, elements)
        inside = scope.of([not each for each in are_layers])
        call = self._call_of_blocks(function, modules, inside)
        if layers and call.function != function:
            raise InstancesDifferError
        if any(not is_identity(each) for each in layers) and elements != call.elements:
            raise InstancesDifferError
        return call

    def _op_arguments(
        self, column: Sequence[Layer], scope: ClassScope
    ) -> tuple[Element, ...]:
        """`()` of `act`, and `(out_channels)` of `norm`; an identity takes any."""
        if any(map(needs_forward, column)):
            raise InstancesDifferError
        layers = [each for each in column if not is_identity(each)]
        calls = [split_call(layer)[1] for layer in layers]
        if len({(len(call.args), tuple(call.kwargs)) for call in calls}) > 1:
            raise InstancesDifferError
        if not calls:
            return ()
        scope = scope.of([not is_identity(each) for each in column])
        rows = zip(*(call.args for call in calls), strict=True)
        elements = [Element(self.unifier.unify(r, "channels", scope)) for r in rows]
        for name in calls[0].kwargs:
            values = [call.kwargs[name] for call in calls]
            value = self.unifier.unify(values, name, scope)
            elements.append(Element(value, f"{name}="))
        return tuple(elements)

    def _layer(self, column: Sequence[Layer], scope: ClassScope) -> Submodule:
        """`conv(64, k=3)` as `nn.Conv2d(in_channels, 64, kernel_size=3)`."""
        calls = [torch_call(layer) for layer in column]
        if len({(call.name, len(call.args)) for call in calls}) > 1:
            raise InstancesDifferError
        shape = column[0].node.inputs[0].shape
        assert shape is not None
        is_first = shape.axes[0] == "C" != shape.axes
        has_features = OPS[column[0].node.op].weights
        hint = "channels" if is_first else "in_features" if has_features else "size"
        elements = [
            Element(self.unifier.unify(values, hint, scope))
            for values in zip(*(call.args for call in calls), strict=True)
        ]
        for name in calls[0].kwargs:
            if not all(is_default(call, name) for call in calls):
                values = [call.kwargs[name] for call in calls]
                value = self.unifier.unify(values, name, scope)
                elements.append(Element(value, f"{name}="))
        value = CallExpr(dotted(calls[0].name), tuple(elements))
        if OPS[column[0].node.op].bare:
            factor = calls[0].factor
            scaled = OpExpr("*", (value_expr(factor), value)) if factor != 1 else value
            parameter = CallExpr(NameExpr("nn", "Parameter"), (Element(scaled),))
            submodule = self._submodule(column, parameter, scope)
            return replace(submodule, is_parameter=True)
        return self._submodule(column, value, scope)

    def _module(self, column: Sequence[Module], scope: ClassScope) -> Submodule:
        """`residual(64, s=2)` as `Residual(64, s=2)`; or a labeled group."""
        if not column[0].block:
            group = self.build_group(list(column), scope)
            if isinstance(group, list):
                chain = self._submodule(column, NameExpr("nn", "Sequential"), scope)
                return replace(chain, members=group)
            return self._submodule(column, group, scope)
        classes = {id(c): c for c in map(self.class_of, column)}
        if len(classes) > 1:
            raise InstancesDifferError
        block = next(iter(classes.values()))
        arguments = self._arguments(block, column, scope, by_name=False)
        return self._submodule(column, CallExpr(block.name, tuple(arguments)), scope)

    def _call_of_blocks(
        self, function: Expr, column: Sequence[Module], scope: ClassScope
    ) -> CallExpr:
        """The one call of what is a block here and another there."""
        classes = {id(c): c for c in map(self.class_of, column)}
        calls: dict[ClassName, CallExpr] = {}
        for block in classes.values():
            chosen = [self.class_of(module) is block for module in column]
            modules, inside = [*compress(column, chosen)], scope.of(chosen)
            arguments = self._arguments(block, modules, inside, by_name=True)
            calls[block.name] = CallExpr(block.name, tuple(arguments))
        shared, own = split_arguments(calls, [*classes.values()])
        if any(own.values()):
            if not self.may_bind:
                raise InstancesDifferError
            binding = Binding(function, own)
            variable = NameAllocator(self.unifier.taken).unique(BOUND)
            if self.bindings.setdefault(variable, binding) != binding:
                raise InstancesDifferError
            function = NameExpr(variable)
        return CallExpr(function, shared)

    def _arguments(
        self,
        block: BlockClass,
        column: Sequence[Module],
        scope: ClassScope,
        *,
        by_name: bool,
    ) -> list[Element]:
        """The arguments for a class; `by_name` without those that its value has."""
        elements: list[Element] = []
        for parameter in block.parameters:
            preset = [parameter.key in module.preset for module in column]
            if by_name and any(preset):
                if not all(preset) and any(_is_given(parameter.key, m) for m in column):
                    raise InstancesDifferError
                continue
            given = self._argument(parameter, block, column, scope)
            if _needs_keyword([*elements, *given]):
                given = [replace(each, label=f"{parameter.name}=") for each in given]
            elements += given
        return elements

    def _argument(
        self,
        parameter: ClassParameter,
        block: BlockClass,
        column: Sequence[Module],
        scope: ClassScope,
    ) -> list[Element]:
        """One argument of a block's class; none if it is an implicit default."""
        if parameter.values:
            values = [parameter.values[block.index(module)] for module in column]
            items = [Symbolic(value, constant(value)) for value in values]
        elif is_param(parameter.key):
            name = parameter.key.removeprefix("$")
            items = [
                Symbolic(self.params_of(module)[name], variable(parameter.key))
                for module in column
            ]
        elif parameter.key == "cin":
            items = [
                as_symbolic(module.input.shape.channels)
                for module in column
                if module.input.shape
            ]
        else:
            items = [module.arguments[parameter.key] for module in column]
        if parameter.is_callable:
            value = self._callable(parameter.key, items, column, scope)
        else:
            value = self.unifier.unify(items, parameter.name, scope)
        if value == parameter.default:
            return []
        label = f"{parameter.name}=" if parameter.keyword_only else ""
        return [Element(value, label)]

    def _callable(
        self,
        key: str,
        items: Sequence[Symbolic],
        column: Sequence[Module],
        scope: ClassScope,
    ) -> Expr:
        """An op or block as an argument: a parameter of this class, or `nn.ReLU`."""
        codes = [item.code for item in items]
        is_name = isinstance(codes[0], ast.Name)
        if is_name and self.unifier.is_shared(codes, scope):
            return self.unifier.shared(codes, scope)
        if choice := self._chosen_callable(key, items, column, scope):
            return choice
        scope.must_not_depend(
            code.test for code in codes if isinstance(code, ast.IfExp)
        )
        if is_param(key) or any(item.value != items[0].value for item in items):
            raise InstancesDifferError
        calls = [use for module in column for use in uses(module, key)]
        return self.callables.value(items[0].value, calls, column[0].input.shape)

    def _chosen_callable(
        self,
        key: str,
        items: Sequence[Symbolic],
        column: Sequence[Module],
        scope: ClassScope,
    ) -> Expr | None:
        """`nn.Identity if i == 0 else before`, where some instances take each arm."""
        codes = [item.code for item in items if isinstance(item.code, ast.IfExp)]
        holds = [scope.decision(code.test, n) for n, code in enumerate(codes)]
        if len(codes) < len(items) or {*holds} != {True, False}:
            return None
        test = self.unifier.shared([code.test for code in codes], scope)
        arms: list[Expr] = []
        for arm in (True, False):
            mask = [each == arm for each in holds]
            own = [
                Symbolic(item.value, code.body if arm else code.orelse)
                for item, code in compress(zip(items, codes, strict=True), mask)
            ]
            modules = [*compress(column, mask)]
            arms.append(self._callable(key, own, modules, scope.of(mask)))
        return (
            arms[0] if arms[0] == arms[1] else ConditionalExpr(arms[0], test, arms[1])
        )

    def _submodule(
        self, column: Sequence[Layer | Module], value: Expr, scope: ClassScope
    ) -> Submodule:
        """A submodule under its label or number."""
        key = str(column[0].name.value)
        computed_key = self._computed_key(column, scope)
        parts = [item.node if isinstance(item, Layer) else item for item in column]
        shapes = {
            str([*map(int, part.output.shape or ())])
            for part in parts
            if id(part) in self.shown
        }
        shape = shapes.pop() if len(shapes) == 1 else ""
        comment = comment_of_step(parts[0].span)
        layers = tuple(item for item in column if isinstance(item, Layer))
        is_at_number = is_numbered(column[0])
        found = Submodule(key, is_at_number, computed_key, value, shape, comment)
        return replace(found, layers=layers)

    def _computed_key(
        self, column: Sequence[Layer | Module], scope: ClassScope
    ) -> Expr | None:
        """The label where it depends on a variable; a `forward` needs it as it is."""
        key = str(column[0].name.value)
        labels = [item.name for item in column]
        if is_numbered(column[0]):
            return None
        if not scope.may_compute_labels:
            if any(label.value != key for label in labels):
                raise InstancesDifferError
            return None
        label = self.unifier.unify(labels, "", replace(scope, may_add=False))
        return label if label != value_expr(key) else None


def _is_given(key: str, module: Module) -> bool:
    """Whether the call itself gives an argument, not its value or its default."""
    is_default = key in module.defaults and key not in module.given
    return key not in module.preset and not is_default


def _needs_keyword(elements: Sequence[Element]) -> bool:
    """Whether the last argument says nothing by position: a bool or a third literal.

    No argument by position follows one by keyword.
    """
    values = [element.value for element in elements]
    literals = [v for v in values if isinstance(v, AtomExpr) and not v.reads]
    is_bool = bool(literals) and literals[-1].text in {"True", "False"}
    return (
        len(literals) > POSITIONAL_LITERALS
        or is_bool
        or any(element.label for element in elements)
    )
