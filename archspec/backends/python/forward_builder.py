"""Build the `forward` of a class in which branches part and join.

    - add:                        ->   x = self.relu1(self.conv1(x)) + self.tanh1(x)
        - conv(8, k=1) | relu          return x
        - tanh

Every method takes the expression of an item's input, appends the statements that the
item needs, and returns the expression of its output.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from itertools import compress
from typing import Any, NamedTuple

from archspec.backends.python.aligned_bodies import (
    Bodies,
    Body,
    InstancesDifferError,
    Source,
    channel_axis,
    columns,
    is_bare,
    level,
    submodules,
)
from archspec.backends.python.attribute_names import AttributeNames, is_renamed
from archspec.backends.python.expressions import expression, value_expr
from archspec.backends.python.forward_statement_list import ForwardStatements
from archspec.backends.python.group_ports import Ports, has_layers, ports_of
from archspec.backends.python.identifiers import is_attribute, python_name
from archspec.backends.python.layout import flat
from archspec.backends.python.merge_expressions import concat, merge_expression
from archspec.backends.python.names_in_scope import ClassScope
from archspec.backends.python.submodule_builder import (
    SubmoduleBuilder,
    negated,
    only_child,
)
from archspec.backends.python.submodules import (
    Member,
    Submodule,
    SubmoduleChoice,
    SubmoduleLoop,
)
from archspec.backends.python.syntax import (
    AssignStmt,
    AtomExpr,
    CallExpr,
    ConditionalExpr,
    Element,
    Expr,
    IfStmt,
    ListExpr,
    MethodDef,
    NameExpr,
    OpExpr,
    ParameterDef,
    Stmt,
    SuffixExpr,
    call,
)
from archspec.backends.python.unroll_repeats import unroll
from archspec.ir.graph import (
    Choice,
    Collect,
    Graph,
    Head,
    Item,
    Layer,
    Let,
    Merge,
    Module,
    Port,
    Reference,
    Repeat,
    Tied,
)
from archspec.ir.symbolic import substitute, variables
from archspec.ops.op import Family
from archspec.ops.registry import OPS
from archspec.ops.torch_call import TensorMethod

X = NameExpr("x")
LONGEST = 60  # characters of nested calls before they become two statements
DEEPEST = 3  # nested calls that a reader takes in; `relu(bn(conv(x)))`
FEW = 2  # equal steps that are read as fast as a loop
MOST_STAGES = 8  # that a `forward` calls one by one
BESIDE = {Family.ACTIVATION, Family.NORMALIZATION, Family.REGULARIZATION}
TENSOR, MODULE = NameExpr("Tensor"), NameExpr("nn", "Module")
TUPLE = AtomExpr("tuple[Tensor, ...]", frozenset({"Tensor"}))
TENSORS = AtomExpr("Tensor | tuple[Tensor, ...]", frozenset({"Tensor"}))


class ForwardBuilder:
    """Builds one `forward`; collects the submodules that it calls, in their order."""

    def __init__(
        self,
        submodule_builder: SubmoduleBuilder,
        bodies: Bodies,
        wanted: set[str],
        ports: Ports,
        network: Graph | None,
        *,
        may_branch: bool,
        may_unroll: bool,
    ) -> None:
        """`wanted` are the labels whose outputs something reads again.

        With `may_branch`, an `if` of the spec may be one of `forward`; with
        `may_unroll`, its loops are written out, however long they are.
        """
        self.submodule_builder = submodule_builder
        self.bodies = bodies
        self.wanted = wanted
        self.ports = ports
        self.may_branch = may_branch
        self.may_unroll = may_unroll
        self.may_loop = False
        self.shown = submodule_builder.shown if network else ()
        self.mains: set[Expr] = set()  # submodules of which a line has one
        self.submodules: list[Member] = []  # and local variables between them
        self.flags: dict[str, Expr] = {}  # attributes that `forward` asks
        self.statements = ForwardStatements()
        self.labels: dict[Source, NameExpr] = {}  # the variables of labels read again
        self.levels_inlined = 0  # of groups without layers around the current item
        self.heads: list[NameExpr] = []  # the variables of extra outputs
        self.attributes = AttributeNames(bodies)
        self.places: dict[int, str | None] = {}  # by the `id` of a node; see `placed`
        self.returned = network.labels_returned if network else ()
        self.inputs = [X] if ports.takes_input else []
        if network:
            self._add_inputs(network.inputs)
        for source in ports.reads:
            variable = NameExpr(self._output_variable(source.label))
            self.labels[source.inside] = variable
            self.inputs.append(variable)
        self.tied = {  # the layers of steps around, which are given to `forward`
            place.inside: NameExpr(self._output_variable(place.label))
            for place in ports.tied
        }

    def _add_inputs(self, ports: Sequence[Port]) -> None:
        """The network's inputs, by name where they have one or a step reads it."""
        if ports[0].value.producer or ports[0].name in self.wanted:
            names = [self.statements.names.fresh(port.name) for port in ports]
            self.inputs = [NameExpr(name) for name in names]
        for port, name in zip(ports, self.inputs, strict=False):
            self.labels[Source(0, port.name)] = name

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

    # --- items ---

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
                result = self._called(_child(key), value, target, is_main=True)
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

    def _is_left_out(self, column: Sequence[Layer], scope: ClassScope) -> bool:
        """Whether a layer is the identity in all instances, and no parameter makes it."""
        identities = [*map(_is_identity, column)]
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
        if modules and not any(map(has_layers, modules)):
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

    def _with_suffix(self, value: Expr, suffix: str, target: str) -> Expr:
        is_long = len(flat(value)) + len(suffix) > LONGEST
        if is_long or not isinstance(value, NameExpr | CallExpr | SuffixExpr):
            value = self.statements.assign(target, value)
        return SuffixExpr(value, suffix)

    def _place(self, column: Sequence[Layer | Module], key: str | None) -> None:
        """Note the attribute that is a layer, or that none is."""
        nodes = (item.node for item in column if isinstance(item, Layer))
        self.places.update((id(node), key) for node in nodes)

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
            return self._called(child, value, target, is_main=_is_main(item)), {}
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
        """A labeled group without layers, which needs no module: joins of labels."""
        self.levels_inlined += 1
        result = self._body([group.body for group in column], value, target, scope)
        self.levels_inlined -= 1
        return self._labeled(str(column[0].name.value), result)

    def _read(self, reference: Reference) -> NameExpr:
        """The variable that a `ref` or an op reads."""
        levels = reference.levels - self.levels_inlined
        return self.labels[Source(levels, reference.label)]

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

    def _called(self, child: Expr, value: Expr, target: str, *, is_main: bool) -> Expr:
        """A submodule, called with a value: one convolution with norm and activation."""
        is_second = is_main and self._has_main(value)
        is_suffixed = isinstance(value, SuffixExpr) and _nesting(value) > 0
        if is_second or is_suffixed or _nesting(value) >= DEEPEST:
            value = self.statements.assign(target, value)
        if is_main:
            self.mains.add(child)
        result: Expr = call(child, value)
        if len(flat(result)) > LONGEST and _nesting(value) > 0:
            result = call(child, self.statements.assign(target, value))
        return result

    def _has_main(self, value: Expr) -> bool:
        """Whether an expression calls a submodule that has a line of its own."""
        match value:
            case CallExpr(function, elements):
                inner = (element.value for element in elements)
                return function in self.mains or any(map(self._has_main, inner))
            case ListExpr(elements):
                return any(self._has_main(element.value) for element in elements)
            case OpExpr(operands=operands):
                return any(map(self._has_main, operands))
            case SuffixExpr(inner):
                return self._has_main(inner)
        return False

    def _labeled(self, label: str, result: Expr) -> Expr:
        """The output of a step, in a variable if a `ref` reads it."""
        if label in self.wanted:
            variable = self._output_variable(label)
            result = self.statements.assign(variable, result)
            self.labels[Source(0, label)] = result
        return result

    def _choice(
        self, column: Sequence[Choice], value: Expr, target: str, scope: ClassScope
    ) -> Expr:
        """The arm that all instances take, or a submodule that is the right one."""
        if len({choice.condition.value for choice in column}) == 1:
            scope.must_not_depend(choice.condition.code for choice in column)
            bodies = [choice.body for choice in column]
            return self._body(bodies, value, target, scope)
        if self.may_branch:
            return self._if(column, value, target, scope)
        optional = _optional_join(column)
        if optional:
            return self._joined_if(column, optional, value, target, scope)
        arms = [module for choice in column for module in submodules(choice.body)]
        if any(_is_identity(arm) and arm.name.value in self.wanted for arm in arms):
            raise InstancesDifferError
        if any(map(_needs_more_than_input, arms)):
            raise InstancesDifferError  # not a call with one argument
        child = only_child(self.submodule_builder.choice(column, scope))
        if child is None:
            return value
        others = [arm for arm in arms if not _is_identity(arm)]
        key, is_known = self.attributes.of(others, child.value)
        self._place(others, key)
        if not is_known:
            self.submodules.append(replace(child, key=key, is_numbered=False))
        is_main = any(map(_is_main, others))
        result = self._called(_child(key), value, target, is_main=is_main)
        return self._labeled(child.key, result)

    def _joined_if(
        self,
        column: Sequence[Choice],
        optional: OptionalJoin,
        value: Expr,
        target: str,
        scope: ClassScope,
    ) -> Expr:
        """`x + out if self.use_shortcut else out`: the input is joined, or not."""
        entry = self.statements.as_name(value, target)
        name = self.statements.names.fresh("out")
        output = self._body(optional.bodies, entry, name, scope)
        out = self.statements.as_name(output, name)
        outputs = [entry, out] if optional.is_input_first else [out, entry]
        names = [each.root for each in outputs]
        joined = merge_expression(optional.merge, outputs, names, self.statements)
        inside = replace(scope, may_add=False)
        conditions = [choice.condition for choice in column]
        test = self.submodule_builder.unifier.unify(conditions, "", inside)
        return ConditionalExpr(joined, self._flag("use_shortcut", test), out)

    def _flag(self, name: str, value: Expr) -> NameExpr:
        """The attribute that has a value that `forward` asks for."""
        found = next((n for n, each in self.flags.items() if each == value), None)
        if found is None:
            found = self.attributes.unique(name)
            self.flags[found] = value
        return NameExpr("self", found)

    def _if(
        self, column: Sequence[Choice], value: Expr, target: str, scope: ClassScope
    ) -> Expr:
        """`if self.depth > 0:` and what only some instances do."""
        x = NameExpr(target)
        if value != x:
            self.statements.assign(target, value)
        inside = replace(scope, may_add=False)
        conditions = [choice.condition for choice in column]
        chosen = [bool(condition.value) for condition in conditions]
        arms = [self._arm(column, chosen, x, inside)]
        arms.append(self._arm(column, [not each for each in chosen], x, inside))
        if not arms[0].statements:
            conditions = [*map(negated, conditions)]
            arms.reverse()
        then, otherwise = arms
        test = self.submodule_builder.unifier.shared(
            [c.code for c in conditions], inside
        )
        if then.members or otherwise.members:
            self.submodules.append(
                SubmoduleChoice(test, then.members, otherwise.members)
            )
        if then.statements:
            asked = self._asked(substitute(conditions[0].code, scope.values))
            orelse = otherwise.statements or None
            self.statements.add(IfStmt(asked, then.statements, orelse))
        return x

    def _arm(
        self,
        column: Sequence[Choice],
        chosen: Sequence[bool],
        x: NameExpr,
        scope: ClassScope,
    ) -> Arm:
        """What the chosen instances do between two values of a variable."""
        bodies = [choice.body for choice in compress(column, chosen)]
        if any(isinstance(item, Let) for body in bodies for item in level(body)):
            raise InstancesDifferError  # its value may exist in these instances only
        around, self.submodules = self.submodules, []
        shared = {**self.attributes.shared}
        with self.statements.apart() as statements:
            result = self._body(bodies, x, x.root, scope.of(chosen))
            if result != x:
                self.statements.assign(x.root, result)
        members, self.submodules = self.submodules, around
        self.attributes.shared = shared  # the other arm has none of these
        return Arm(tuple(statements), members)

    def _asked(self, code: ast.expr) -> Expr:
        """A condition of `__init__` as `forward` asks it: `self.depth > 0`."""
        attributes: dict[str, ast.expr] = {}
        for name in sorted(variables(code)):
            python = python_name(name)
            flag = self._flag(python, NameExpr(python))
            attributes[name] = ast.Name(f"self.{flag.attribute}", ast.Load())
        text = expression(substitute(code, attributes))
        if len(text) > LONGEST:
            raise InstancesDifferError  # the line might need to break
        return AtomExpr(text, frozenset({"self"}))

    def _merge(
        self, column: Sequence[Merge], value: Expr, target: str, scope: ClassScope
    ) -> Expr:
        """The branches in the order written, then their join."""
        merge = column[0]
        entry = self.statements.as_name(value, target)
        stem = f"{target}_" if target != "x" else ""
        inputs = [entry] * len(merge.branches)
        if merge.split:
            inputs = self._chunks(column, entry, f"{stem}chunk", scope)
        names = [self.statements.names.numbered(f"{stem}branch") for _ in inputs]
        outputs: list[Expr] = []
        settled = 0  # outputs that no later statement can change
        for number, start in enumerate(inputs):
            before = len(self.statements)
            bodies = [merge.branches[number] for merge in column]
            output = self._body(bodies, start, names[number], scope)
            if len(self.statements) > before:  # run the earlier branches first
                self._settle(outputs, names, settled, before)
                settled = len(outputs)
            outputs.append(output)
        return merge_expression(merge, outputs, names, self.statements)

    def _collect(
        self, column: Sequence[Collect], value: Expr, target: str, scope: ClassScope
    ) -> tuple[Expr, ClassScope]:
        """What comes in and the output of each iteration, in one list."""
        outputs = [self.statements.as_name(value, target)]
        iterations, scope = unroll([each.repeat for each in column], scope)
        for bodies, inside in iterations:
            name = self.statements.names.numbered("y")
            output = self._body(bodies, outputs[-1], name, inside)
            outputs.append(self.statements.as_name(output, name))
        return concat(column[0], ListExpr(tuple(map(Element, outputs)))), scope

    def _chunks(
        self, column: Sequence[Merge], value: NameExpr, stem: str, scope: ClassScope
    ) -> list[NameExpr]:
        """The chunk of each branch: `chunk1, chunk2 = x.chunk(2, dim=1)`."""
        merge = column[0]
        names = [self.statements.names.numbered(stem) for _ in merge.branches]
        axis = Element(AtomExpr(str(channel_axis(merge))), "dim=")
        sizes = [each.sizes for each in column if each.sizes]
        how = "split_with_sizes" if sizes else "chunk"
        parts: Expr = AtomExpr(str(len(names)))
        if sizes:
            value_of_all = self.submodule_builder.unifier.unify(sizes, "sizes", scope)
            parts = self._attribute(f"{stem}_sizes", value_of_all)
        chunk = CallExpr(NameExpr(value.root, how), (Element(parts), axis))
        self.statements.unpack(names, chunk)
        return [NameExpr(name) for name in names]

    def _attribute(self, name: str, value: Expr) -> NameExpr:
        """An attribute that is not a module: `self.chunk_sizes = (16, 48)`."""
        key = self.attributes.unique(name)
        self.submodules.append(Submodule(key, False, None, value, shape="", comment=""))
        return NameExpr("self", key)

    def _settle(
        self, outputs: list[Expr], names: Sequence[str], first: int, position: int
    ) -> None:
        """Assign outputs, from the first on, before the statement at a position."""
        for number in range(first, len(outputs)):
            if not isinstance(outputs[number], NameExpr):
                outputs[number] = self.statements.insert(
                    position, names[number], outputs[number]
                )
                position += 1

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

    # --- names ---

    def _output_variable(self, label: str) -> str:
        """A variable for the output of a labeled item."""
        name = label.rpartition(".")[2].replace("-", "_")
        name = name if name.isidentifier() else f"output{name}"
        return self.statements.names.fresh(name)


class Arm(NamedTuple):
    """What some instances do: the statements of `forward`, and their submodules."""

    statements: tuple[Stmt, ...]
    members: list[Member]


class OptionalJoin(NamedTuple):
    """A join of a body and its own input, in some instances."""

    merge: Merge
    bodies: Bodies  # of all instances
    is_input_first: bool


def _optional_join(column: Sequence[Choice]) -> OptionalJoin | None:
    """The join that some instances have, and others only one branch of."""
    joins: list[Merge] = []
    for choice in column:
        match choice.condition.value, choice.body:
            case True, (Merge(branches=(_, _)) as merge,):
                joins.append(merge)
            case True, _:
                return None
    for first in (False, True):
        if all(_passes_on(merge.branches[0 if first else 1]) for merge in joins):
            own = iter(merge.branches[1 if first else 0] for merge in joins)
            bodies = [next(own) if c.condition.value else c.body for c in column]
            return OptionalJoin(joins[0], bodies, is_input_first=first)
    return None


def _passes_on(branch: Body) -> bool:
    """Whether a branch is its input."""
    return all(
        isinstance(item, Choice) or (isinstance(item, Layer) and _is_identity(item))
        for item in level(branch)
    )


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


def _child(key: str, getter: str = "get_submodule") -> Expr:
    """How `forward` reads a submodule or a parameter: `self.stem`."""
    if is_attribute(key):
        return NameExpr("self", key)
    return call(NameExpr("self", getter), value_expr(key))


def _needs_more_than_input(item: Layer | Module) -> bool:
    return is_bare(item) or not ports_of([item]).is_plain


def _is_identity(item: Layer | Module) -> bool:
    return isinstance(item, Layer) and item.node.op == "identity"


def _is_main(item: Layer | Module) -> bool:
    """Whether an item is more than the norm, activation or dropout of another."""
    return not isinstance(item, Layer) or OPS[item.node.op].family not in BESIDE


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


def _nesting(value: Expr) -> int:
    """How many calls are nested in each other, a list counted as one; 0 in a sum."""
    match value:
        case CallExpr() | ListExpr():
            inner = (_nesting(element.value) for element in value.elements)
            return 1 + max(inner, default=0)
        case SuffixExpr():
            return _nesting(value.value)
    return 0


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
