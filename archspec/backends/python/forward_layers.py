"""Calls of layers, blocks and groups in a `forward`, also of those that run twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from archspec.backends.python.aligned_bodies import (
    InstancesDifferError,
    Source,
    is_bare,
)
from archspec.backends.python.attribute_names import is_renamed
from archspec.backends.python.expressions import value_expr
from archspec.backends.python.forward_state import (
    ForwardState,
    has_own_line,
    is_identity,
)
from archspec.backends.python.group_ports import has_layers, ports_of
from archspec.backends.python.identifiers import is_attribute
from archspec.backends.python.layout import flat
from archspec.backends.python.names_in_scope import ClassScope
from archspec.backends.python.submodules import (
    Submodule,
)
from archspec.backends.python.syntax import (
    AtomExpr,
    CallExpr,
    Element,
    Expr,
    ListExpr,
    NameExpr,
    OpExpr,
    call,
)
from archspec.ir.graph import (
    Head,
    Layer,
    Module,
    Tied,
)
from archspec.ops.registry import OPS
from archspec.ops.torch_call import TensorMethod


class ForwardLayers(ForwardState):
    """Writes the steps that are modules, parameters or methods of a tensor."""

    def _is_left_out(self, column: Sequence[Layer], scope: ClassScope) -> bool:
        """Whether a layer is the identity in all instances, and no parameter makes it."""
        identities = [*map(is_identity, column)]
        if not any(identities) or self.submodule_builder.called(column, scope):
            return False
        if not all(identities):
            raise InstancesDifferError
        return True

    def _module(
        self,
        column: Sequence[Layer | Module],
        value: Expr,
        target: str,
        scope: ClassScope,
    ) -> tuple[Expr, ClassScope]:
        if len({item.name.value for item in column}) > 1:
            raise InstancesDifferError  # `forward` would need the names
        modules = [item for item in column if isinstance(item, Module)]
        if len(modules) == len(column) and not any(map(has_layers, modules)):
            return self._inlined(column, value, target, scope), scope
        label = str(column[0].name.value)
        if suffix := self._as_suffix(column):
            value = self._with_suffix(value, suffix, target)
            return self._labeled(label, value), scope
        (submodule,), scope = self.submodule_builder.column([*column], scope)
        assert isinstance(submodule, Submodule)
        key, is_known = self.attributes.of(column, submodule.value)
        if not is_known:
            named = replace(submodule, key=key, is_numbered=False)
            self.submodules.append(named)
        self._place(column, key)
        place = Source(0, key, is_bare(column[0]))
        result, exported = self._run(place, column, value, target, label)
        for path, variable in exported.items():
            self.labels[Source(0, f"{label}.{path}")] = variable
        return result if exported else self._labeled(label, result), scope

    def _as_suffix(self, column: Sequence[Layer | Module]) -> str:
        """An op without a module as what follows its input: `.flatten(1)`."""
        suffixes = {_suffix(item) for item in column if is_renamed(item)}
        if len(suffixes) != 1 or not all(map(is_renamed, column)):
            return ""
        (suffix,) = suffixes
        if suffix:
            self._place(column, None)
        return suffix

    def _tied(self, column: Sequence[Tied], value: Expr, target: str) -> Expr:
        """The layers of an earlier step once more."""
        tied = column[0]
        source = Source.of(tied)
        place = source._replace(levels=source.levels - self.levels_inlined)
        items = [each.item for each in column]
        result, exported = self._run(place, items, value, target, tied.name)
        return result if exported else self._labeled(tied.name, result)

    def _run(
        self,
        place: Source,
        column: Sequence[Layer | Module],
        value: Expr,
        target: str,
        label: str,
    ) -> tuple[Expr, dict[str, NameExpr]]:
        """The output of the layer, block or group at a place, and what it exports.

        With exports, the output has a variable of its own, which the label names.
        """
        item, ports = column[0], ports_of(column)
        if isinstance(item, Layer) and is_bare(item):
            return self._with_parameter(place, item, value, target), {}
        child = self._layers(place)
        if ports.is_plain:
            return self._called(child, value, target, is_main=has_own_line(item)), {}
        values = [self.labels[each.seen_from(place)] for each in ports.reads]
        layers = [self._layers(each.seen_from(place)) for each in ports.tied]
        if ports.takes_input:
            values = [self.statements.as_name(value, target), *values]
        result: Expr = call(child, *values, *layers)
        if not ports.exports:
            return result, {}
        paths = (label or place.label, *ports.exports)
        names = [self._output_variable(path) for path in paths]
        self.statements.unpack(names, result)
        output, *exported = [NameExpr(name) for name in names]
        self.labels[Source(0, label)] = output
        return output, dict(zip(ports.exports, exported, strict=True))

    def _layers(self, place: Source) -> Expr:
        """How `forward` reads the layer, parameter, block or group at a place."""
        if place.levels:
            return self.tied[place]
        if is_attribute(place.label):
            return NameExpr("self", place.label)
        getter = "get_parameter" if place.is_parameter else "get_submodule"
        return call(NameExpr("self", getter), value_expr(place.label))

    def _inlined(
        self, column: Sequence[Any], value: Expr, target: str, scope: ClassScope
    ) -> Expr:
        """A group or block without layers, which needs no module: joins of labels."""
        if any(group.block for group in column):  # its names are not those around it
            scope = replace(scope, names=frozenset(), values={}, known=())
        self.levels_inlined += 1
        result = self._body([group.body for group in column], value, target, scope)
        self.levels_inlined -= 1
        return self._labeled(str(column[0].name.value), result)

    def _with_parameter(
        self, place: Source, item: Layer, value: Expr, target: str
    ) -> Expr:
        """A bare parameter and the value it meets: `x * self.scale`."""
        child = self._layers(place)
        x = self.statements.as_name(value, target)
        how = OPS[item.node.op].bare
        result: Expr
        if how == "prepend":
            expand = f"{flat(child)}.expand({x.root}.shape[0], -1, -1)"
            first = AtomExpr(expand, frozenset({x.root}))
            pair = ListExpr((Element(first), Element(x)))
            axis = Element(AtomExpr("1"), "dim=")
            result = CallExpr(NameExpr("torch", "cat"), (Element(pair), axis))
        else:
            result = OpExpr(how, (x, child))
        return self.statements.assign(target, result)

    def _head(
        self, column: Sequence[Head], value: Expr, target: str, scope: ClassScope
    ) -> Expr:
        """An extra output; the next item reads the same value as the head."""
        value = self.statements.as_name(value, target)
        items = [head.item for head in column]
        reads = column[0].reads
        entry = self._read(reads) if reads else value
        result, _ = self._module(items, entry, target, scope)
        variable = self._output_variable(str(items[0].name.value))
        self.heads.append(self.statements.assign_in_training(variable, result))
        return value


def _suffix(item: Layer | Module) -> str:
    """What an op that is methods of a tensor adds to its input; nothing for others."""
    methods = OPS[item.node.op].methods if isinstance(item, Layer) else None
    if not methods or not isinstance(item, Layer):
        return ""
    return "".join(map(_method, methods(**item.node.values)))


def _method(method: TensorMethod) -> str:
    """`.flatten(1)`; the first axis is the batch, so `select(1, 0)` is `[:, 0]`."""
    match method:
        case TensorMethod("select", (1, index)):
            return f"[:, {index}]"
    return f".{method.name}({', '.join(str(int(n)) for n in method.arguments)})"
