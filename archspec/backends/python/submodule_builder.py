"""Build the submodules of a class from the bodies of all its instances.

In a body with the parameters `cout` and `s`:

    conv(cout, k=1, s=s)   ->   nn.Conv2d(in_channels, cout, kernel_size=1, stride=s)
    residual(cout, s=2)    ->   Residual(cout, cout, s=2)
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from itertools import compress, groupby
from typing import Any

from archspec.backends.python.aligned_bodies import (
    Bodies,
    InstancesDifferError,
    columns,
    is_numbered,
)
from archspec.backends.python.block_params import (
    BOUND,
    WIDTH,
    Binding,
    split_arguments,
    told_by,
)
from archspec.backends.python.callable_arguments import (
    CallableWriter,
    is_identity,
    needs_forward,
    param_uses,
    split_call,
    uses,
)
from archspec.backends.python.class_parameters import BlockClass, ClassParameter
from archspec.backends.python.constructor_calls import is_default, torch_call
from archspec.backends.python.expressions import value_expr
from archspec.backends.python.identifiers import NameAllocator, is_attribute
from archspec.backends.python.loop_headers import loop_header
from archspec.backends.python.names_in_scope import ClassScope
from archspec.backends.python.submodules import (
    IDENTITY,
    EqualSubmodules,
    LocalVariable,
    Member,
    Submodule,
    SubmoduleChoice,
    SubmoduleLoop,
    is_plain,
)
from archspec.backends.python.syntax import (
    AtomExpr,
    CallExpr,
    ConditionalExpr,
    Element,
    Expr,
    NameExpr,
    OpExpr,
    dotted,
)
from archspec.backends.python.unify_values import ValueUnifier
from archspec.backends.python.unroll_repeats import unroll
from archspec.frontend.comments import comment_of_step
from archspec.ir.graph import Choice, Layer, Let, Module, Repeat, is_param
from archspec.ir.symbolic import (
    Symbolic,
    as_symbolic,
    constant,
    same,
    substitute,
    variable,
)
from archspec.ops.registry import OPS
from archspec.resolve.partial_call import has_callee

MADE = "layer"  # the variable of a block that tells its width
FEW = 2  # equal iterations that are read as fast as a loop
POSITIONAL_LITERALS = 2  # more of them need their names


class SubmoduleBuilder:
    """Builds the submodules of one class."""

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

    def members(self, bodies: Bodies, scope: ClassScope) -> list[Member]:
        """The members that aligned bodies have in common.

        Raises:
            InstancesDifferError: if they differ in structure.
        """
        found: list[Member] = []
        for column in columns(bodies):
            members, scope = self.column(column, scope)
            found += members
        return found

    def column(
        self, column: list[Any], scope: ClassScope
    ) -> tuple[list[Member], ClassScope]:
        """The members for one item of all bodies, and the scope after it."""
        match column[0]:
            case Layer():
                return [self._layer(column, scope)], scope
            case Module():
                submodule = self._module(column, scope)
                self._note_width(column, submodule)
                return [submodule], scope.naming(left_by(submodule.members or []))
            case Let():
                return self._locals(column, scope)
            case Choice():
                return self.choice(column, scope), scope.after(tuple(column))
            case Repeat():
                return self._repeat(column, scope)
        raise InstancesDifferError  # branches, which only a `forward` can join

    def _note_width(self, column: Sequence[Module], submodule: Submodule) -> None:
        """Note the attribute of a group that tells the channels that leave it."""
        if name := told_by(column):
            if submodule.computed_key or not is_attribute(submodule.key):
                return
            if isinstance(submodule.value, CallExpr) and submodule.members is None:
                told = variable(f"self.{submodule.key}.{WIDTH}")
                self.unifier.told[name] = told

    # --- layers and blocks ---

    def called(
        self, column: Sequence[Layer | Module], scope: ClassScope
    ) -> ast.expr | None:
        """The parameter of the class that is the op or block of all instances."""
        names = [substitute(i.called, scope.values) for i in column if i.called]
        if len(names) < len(column) or not isinstance(names[0], ast.Name):
            return None
        is_known = names[0].id in scope.names
        return names[0] if is_known and all(same(n, names[0]) for n in names) else None

    def _called_layer(
        self, callee: ast.expr, column: Sequence[Layer], scope: ClassScope
    ) -> Submodule:
        """`act` as `act()`, and `norm` as `norm(out_channels)`."""
        if any(map(needs_forward, column)):
            raise InstancesDifferError
        layers = [each for each in column if not is_identity(each)]
        calls = [split_call(layer)[1] for layer in layers]
        if len({(len(call.args), tuple(call.kwargs)) for call in calls}) > 1:
            raise InstancesDifferError
        scope = scope.of([not is_identity(each) for each in column])
        elements: list[Element] = []
        if calls:
            rows = zip(*(call.args for call in calls), strict=True)
            elements += [
                Element(self.unifier.unify(r, "channels", scope)) for r in rows
            ]
            for name in calls[0].kwargs:
                values = [call.kwargs[name] for call in calls]
                value = self.unifier.unify(values, name, scope)
                elements.append(Element(value, f"{name}="))
        function = self.unifier.shared([callee], scope)
        return self._submodule(column, CallExpr(function, tuple(elements)), scope)

    def _layer(self, column: Sequence[Layer], scope: ClassScope) -> Submodule:
        """`conv(64, k=3)` as `nn.Conv2d(in_channels, 64, kernel_size=3)`."""
        if callee := self.called(column, scope):
            return self._called_layer(callee, column, scope)
        calls = [torch_call(layer) for layer in column]
        if len({(call.name, len(call.args)) for call in calls}) > 1:
            raise InstancesDifferError
        shape = column[0].node.inputs[0].shape
        assert shape is not None
        is_first = shape.axes[0] == "C" != shape.axes
        hint = "channels" if is_first else "in_features"
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
        callee = self.called(column, scope)
        classes = {id(c): c for c in map(self.class_of, column)}
        if len(classes) > 1 and not callee:
            raise InstancesDifferError
        calls: list[CallExpr] = []
        for block in classes.values():
            chosen = [self.class_of(module) is block for module in column]
            modules = [*compress(column, chosen)]
            inside = scope.of(chosen)
            arguments = self._arguments(block, modules, inside, by_name=bool(callee))
            calls.append(CallExpr(block.name, tuple(arguments)))
        if callee:
            function = self.unifier.shared([callee], scope)
            calls[0] = self._call_of_param(function, calls, [*classes.values()])
        return self._submodule(column, calls[0], scope)

    def _call_of_param(
        self, function: Expr, calls: Sequence[CallExpr], classes: Sequence[BlockClass]
    ) -> CallExpr:
        """The one call of what is a block here and another there."""
        names = [block.name for block in classes]
        shared, own = split_arguments(dict(zip(names, calls, strict=True)), classes)
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
        if is_param(key) or any(item.value != items[0].value for item in items):
            raise InstancesDifferError
        calls = [use for module in column for use in uses(module, key)]
        return self.callables.value(items[0].value, calls, column[0].input.shape)

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

    # --- lets, choices and repeats ---

    def _locals(
        self, column: Sequence[Let], scope: ClassScope
    ) -> tuple[list[Member], ClassScope]:
        """The variables of a `let` that one expression gives for all instances."""
        found: list[Member] = []
        for name in column[0].values:
            codes = [let.values[name].code for let in column]
            if self.unifier.is_shared(codes, scope):
                found.append(LocalVariable(name, codes[0], scope))
                values = [{name: let.values[name].value} for let in column]
                scope = scope.naming([name]).knowing(values)
        return found, scope

    def choice(self, column: Sequence[Choice], scope: ClassScope) -> list[Member]:
        """The arm that all instances take, or both under the condition."""
        taken = [choice.body for choice in column if choice.condition.value]
        left = [choice.body for choice in column if not choice.condition.value]
        if not taken or not left:
            scope.must_not_depend(choice.condition.code for choice in column)
            return self.members(taken or left, scope)
        inside = replace(scope, may_add=False, may_list=False)
        conditions = [choice.condition for choice in column]
        chosen = [bool(condition.value) for condition in conditions]
        then = self.members(taken, inside.of(chosen))
        otherwise = self.members(left, inside.of([not each for each in chosen]))
        has_place = not otherwise and all(map(is_plain, then))  # others come after it
        if all(map(_is_identity, then)) and not has_place:
            conditions = [*map(negated, conditions)]
            then, otherwise = otherwise, then
        if not then:
            return []
        match then, otherwise:
            case [Submodule() as one], [Submodule() as other] if one.key == other.key:
                if one.value == other.value:
                    return [one]
                test = self.unifier.unify(conditions, "", inside)
                value = ConditionalExpr(one.value, test, other.value)
                return [replace(one, value=value)]
        test = self.unifier.unify(conditions, "", inside)
        return [SubmoduleChoice(test, then, otherwise)]

    def _repeat(
        self, column: Sequence[Repeat], scope: ClassScope
    ) -> tuple[list[Member], ClassScope]:
        """A loop, if one can represent all instances; else each iteration by itself."""
        if scope.may_loop and any(len(repeat.iterations) > 1 for repeat in column):
            before = self.unifier.state
            try:
                return self._loop(list(column), scope)
            except InstancesDifferError:
                self.unifier.state = before
        return self._unrolled(column, scope)

    def _loop(
        self, column: list[Repeat], scope: ClassScope
    ) -> tuple[list[Member], ClassScope]:
        """A `for` whose body represents every iteration of every instance."""
        first = column[0]
        updates = [repeat.update for repeat in column if repeat.update is not None]
        if len(updates) < len(column):
            raise InstancesDifferError
        moving = first.channels
        is_made = False
        values = {n: code for n, code in scope.values.items() if n != moving}
        names = {*first.variables[0]}
        outside = replace(scope, values=values, names=scope.names - {moving})
        inside = outside.naming(names)
        entry = substitute(first.entry, scope.values)
        if self.unifier.is_shared([repeat.entry for repeat in column], scope):
            stays = all(
                same(update, variable(moving)) or same(update, entry)
                for update in (substitute(update, values) for update in updates)
            )
            if stays:
                values[moving] = entry
            elif self._are_shared(updates, inside.naming([moving])) or (
                is_made := self._tells_width(column)
            ):
                names.add(moving)
        inside = inside.naming(names)
        inside = replace(inside, values=values, may_add=False, choices=())
        bodies = [body for repeat in column for body in repeat.iterations]
        if len(scope.known) == len(column):
            pairs = zip(scope.known, column, strict=True)
            known = [{**k, **row} for k, repeat in pairs for row in repeat.variables]
            inside = replace(inside, known=tuple(known))
        loop = SubmoduleLoop(column, inside, self.members(bodies, inside))
        loop = self._following(loop) if is_made else loop
        loop.callables = self._callables_of(loop)
        loop_header(loop, self.unifier)  # or the instances differ
        after = replace(outside, values=values).naming(names & {moving})
        return [loop] if loop.members else [], after

    def _callables_of(self, loop: SubmoduleLoop) -> dict[str, list[Expr]]:
        """The values of those loop variables that are ops or blocks.

        Raises:
            InstancesDifferError: if an instance has others, or no expression gives them.
        """
        found: dict[str, list[Expr]] = {}
        for name in loop.repeats[0].variables[0]:
            values = [row[name] for repeat in loop.repeats for row in repeat.variables]
            if name in self.unifier.used and any(map(has_callee, values)):
                columns = [self._callable_column(name, each) for each in loop.repeats]
                if any(column != columns[0] for column in columns):
                    raise InstancesDifferError
                found[name] = columns[0]
        return found

    def _callable_column(self, name: str, repeat: Repeat) -> list[Expr]:
        pairs = zip(repeat.variables, repeat.iterations, strict=True)
        rows = [(row[name], body) for row, body in pairs]
        return [
            self.callables.value(value, [*param_uses(body, name, value)])
            for value, body in rows
        ]

    def _tells_width(self, column: Sequence[Repeat]) -> bool:
        """Whether what ends each iteration can tell the channels that leave."""
        last = [body[-1] for each in column for body in each.iterations if body]
        groups = [m.body[-1] for m in last if isinstance(m, Module) and not m.block]
        inner = [item for item in groups if isinstance(item, Repeat)]
        if len(inner) == len(last):
            return self._tells_width(inner)
        return all(
            isinstance(item, Module)
            and item.called is not None
            and self.class_of(item).has_width
            for item in last
        )

    def _following(self, loop: SubmoduleLoop) -> SubmoduleLoop:
        """A loop whose next channels its last member tells.

        Raises:
            InstancesDifferError: if that is in a class of its own.
        """
        *before, last = loop.members
        match last:
            case Submodule(members=[*_, SubmoduleLoop(made=ast.expr()) as inner]):
                return replace(loop, made=variable(inner.repeats[0].channels))
            case Submodule(members=None):
                name = NameAllocator(self.unifier.taken).unique(MADE)
                told = replace(last, variable=name)
                made = variable(f"{name}.{WIDTH}")
                return replace(loop, members=[*before, told], made=made)
        raise InstancesDifferError

    def _are_shared(self, updates: Sequence[ast.expr], scope: ClassScope) -> bool:
        """Whether the instances share an update, each arm of which is short."""
        arms = [
            [code.test, code.body, code.orelse]
            if isinstance(code, ast.IfExp)
            else [code]
            for code in updates
        ]
        return len({*map(len, arms)}) == 1 and all(
            self.unifier.is_shared(codes, scope) for codes in zip(*arms, strict=True)
        )

    def _unrolled(
        self, column: Sequence[Repeat], scope: ClassScope
    ) -> tuple[list[Member], ClassScope]:
        """Each iteration by itself, with its loop variables as literals."""
        found: list[Member] = []
        bodies, after = unroll(column, scope)
        iterations = [self.members(iteration, inside) for iteration, inside in bodies]
        for _, equal in groupby(iterations, _numbered_values):
            found += _folded(list(equal))
        return found, after


def _is_given(key: str, module: Module) -> bool:
    """Whether the call itself gives an argument, not its value or its default."""
    is_default = key in module.defaults and key not in module.given
    return key not in module.preset and not is_default


def left_by(members: Sequence[Member]) -> set[str]:
    """The channels that the loops of a group in place leave as variables."""
    return {
        loop.repeats[0].channels
        for loop in members
        if isinstance(loop, SubmoduleLoop)
        and loop.repeats[0].channels in loop.scope.names
    }


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


def negated(condition: Symbolic) -> Symbolic:
    """`not condition`, without a second `not`."""
    match condition.code:
        case ast.UnaryOp(ast.Not(), code):
            return Symbolic(not condition.value, code)
    return Symbolic(not condition.value, ast.UnaryOp(ast.Not(), condition.code))


def _numbered_values(members: Sequence[Member]) -> object:
    """What is equal in iterations that differ only in the numbers of submodules."""
    found = [m for m in members if isinstance(m, Submodule) and m.is_numbered]
    if len(found) < len(members):
        return id(members)
    return [(submodule.value, submodule.shape) for submodule in found]


def _folded(iterations: list[list[Member]]) -> list[Member]:
    """Equal iterations as one that happens again, if they are more than a few."""
    submodules = [m for m in iterations[0] if isinstance(m, Submodule)]
    if len(iterations) > FEW:
        return [EqualSubmodules(len(iterations), submodules)]
    return [member for members in iterations for member in members]


def only_child(members: Sequence[Member]) -> Submodule | None:
    """The one submodule of an arm, or of both under the condition; identities are none.

    Raises:
        InstancesDifferError: if there are several.
    """
    match [member for member in members if not _is_identity(member)]:
        case []:
            return None
        case [Submodule() as one]:
            return one
        case [SubmoduleChoice(test, then, otherwise)]:
            arms = only_child(then), only_child(otherwise)
            children = [child for child in arms if child]
            if not children:
                return None
            if len({child.key for child in children}) == 1:
                values = [child.value if child else IDENTITY for child in arms]
                if values[0] == values[1]:
                    return children[0]
                value = ConditionalExpr(values[0], test, values[1])
                return replace(children[0], value=value)
    raise InstancesDifferError


def _is_identity(member: Member) -> bool:
    return isinstance(member, Submodule) and member.value == IDENTITY
