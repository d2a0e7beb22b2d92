"""Build one class from the bodies of all its instances.

A chain becomes an `nn.Sequential`, and its repeats become loops. A body with branches
becomes a class with a `forward` of its own. A labeled group becomes an `nn.Sequential`
in place, or a class of its own that is given what it reads.

    unit(c):              ->   class Unit(nn.Sequential):
      - conv(c, k=1)               def __init__(self, in_channels: int, c: int) -> None:
      - relu                           super().__init__(
                                           nn.Conv2d(in_channels, c, kernel_size=1),
                                           nn.ReLU(),
                                       )
"""

from __future__ import annotations

import ast
import string
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, Protocol

from archspec.backends.python.aligned_bodies import (
    Bodies,
    Body,
    InstancesDifferError,
    is_chain,
    is_numbered,
    is_sequence,
    sources,
    submodules,
    values_by_name,
)
from archspec.backends.python.attribute_names import AttributeNames
from archspec.backends.python.block_params import WIDTH, told_by
from archspec.backends.python.callable_arguments import CallableWriter
from archspec.backends.python.class_docstrings import block_docstring
from archspec.backends.python.class_parameters import (
    BlockClass,
    ClassParameter,
    annotation,
    in_channels,
    of_length,
)
from archspec.backends.python.collecting_sequence import (
    collecting_forward,
    collects_of,
)
from archspec.backends.python.forward_builder import ForwardBuilder
from archspec.backends.python.group_ports import (
    ONLY_INPUT,
    Ports,
    ports_of,
)
from archspec.backends.python.identifiers import class_name, python_name
from archspec.backends.python.init_builder import SUPER_INIT, InitBuilder
from archspec.backends.python.names_in_scope import ClassScope, Known
from archspec.backends.python.running_variables import with_shared_variables
from archspec.backends.python.submodule_builder import SubmoduleBuilder, left_by
from archspec.backends.python.submodules import (
    LocalVariable,
    Member,
    Submodule,
    SubmoduleLoop,
    is_plain,
)
from archspec.backends.python.syntax import (
    AssignStmt,
    AtomExpr,
    CallExpr,
    ClassDef,
    ClassName,
    Element,
    Expr,
    ExprStmt,
    MethodDef,
    NameExpr,
    Stmt,
)
from archspec.backends.python.unify_values import ValueUnifier
from archspec.backends.python.unroll_repeats import length_of
from archspec.ir.graph import Collect, Graph, Layer, Module, is_param
from archspec.ir.symbolic import (
    Symbolic,
    as_symbolic,
    code_of,
    constant,
    same,
    substitute,
)

MODULE = NameExpr("nn", "Module")
SEQUENTIAL = NameExpr("nn", "Sequential")
NONE = AtomExpr("None")
BARE_INIT = ExprStmt(CallExpr(SUPER_INIT))
Docstring = Callable[[Callable[[str], bool]], str]


class FinishedClasses(Protocol):
    """The classes built so far."""

    def class_of(self, module: Module) -> BlockClass:
        """The class of a block's instance."""

    callables: CallableWriter

    def params_of(self, module: Module) -> Mapping[str, Any]:
        """The params of the network that a block's instance is in."""

    def place(self, names: Mapping[int, str | None]) -> None:
        """Note the attribute that each layer is in its class, by the `id` of its node.

        It is None for a layer that is a method of a tensor, not a module.
        """

    def keep(self, definition: ClassDef) -> ClassName:
        """Add a labeled group's class, and give its name; or that of an equal one."""


class ClassBuilder:
    """Builds one class, and the classes of its labeled groups before it."""

    def __init__(
        self,
        name: ClassName,
        bodies: Bodies,
        outer: Mapping[str, ClassParameter],
        classes: FinishedClasses,
        *,
        may_loop: bool = True,
        values: Mapping[str, ast.expr] | None = None,
        known: tuple[Known, ...] = (),
        dependent: frozenset[str] = frozenset(),
        shown: Container[int] = (),
        network: Graph | None = None,
        may_branch: bool = False,
        widths: Sequence[Symbolic] = (),
        ports: Ports = ONLY_INPUT,
    ) -> None:
        """`outer` are the names from outside that the bodies may read.

        `values` replace names in an unrolled loop; `known` are the values of names in
        each instance, and `dependent` those that depend on params of the spec. The
        shapes of the items in `shown`, by `id`, are comments. `network` is given for its
        own class, `ports` for that of a labeled group, and `widths` are the channels
        that leave each instance, where others ask for them. With `may_branch`, `forward`
        may have an `if` between instances.
        """
        self.name = name
        self.network = network
        self.may_branch = may_branch
        self.bodies = bodies
        self.ports = ports
        self.widths = widths
        self.outer = outer
        self.classes = classes
        self.scope = ClassScope(
            frozenset(outer),
            dict(values or {}),
            may_add=network is None or len(bodies) == 1,
            may_loop=may_loop,
            known=known,
            dependent=dependent,
        )
        self.inner = values_by_name(bodies)
        self.unifier = ValueUnifier(len(bodies), {*outer, *self.inner})
        self.submodule_builder = SubmoduleBuilder(
            self.unifier, classes.class_of, classes.callables, self._group
        )
        self.submodule_builder.params_of = classes.params_of
        self.submodule_builder.shown = shown
        self.submodule_builder.may_bind = network is not None
        self.init_builder = InitBuilder(self.unifier, shows_shapes=bool(network))

    def definition(self, docstring: Docstring) -> ClassDef:
        """The class.

        `docstring` makes it from a function that tells which names its signature has.

        Raises:
            InstancesDifferError: if no one class can represent all instances.
        """
        returns_tuple = self.network.returns_tuple if self.network else False
        if returns_tuple or self.ports.exports or not is_chain(self.bodies):
            return self._collecting(docstring) or self._module(docstring)
        if is_sequence(self.bodies):
            return self._sequence(docstring)
        before, told = self.unifier.state, {**self.unifier.told}
        try:
            return self._module(docstring, may_unroll=False)
        except InstancesDifferError:
            self.unifier.state, self.unifier.told = before, told
            return self._sequence(docstring)

    def _sequence(self, docstring: Docstring) -> ClassDef:
        """An `nn.Sequential`."""
        members = self.submodule_builder.members(self.bodies, self.scope)
        self.scope = self.scope.naming(left_by(members))
        places = _own_names(self.bodies)
        if not is_sequence(self.bodies):
            members = _with_names(members, AttributeNames(self.bodies), places)
        methods = (self._init(self.init_builder.chain(members)),)
        self.classes.place(places)
        return ClassDef(self.name, SEQUENTIAL, docstring(self._has), methods)

    def _collecting(self, docstring: Docstring) -> ClassDef | None:
        """An `nn.Sequential` of the steps of a `collect` that is the whole body."""
        is_plain = not self.network and self.ports.is_plain
        collects = collects_of(self.bodies) if is_plain else []
        if not collects:
            return None
        repeats = [_with_repeat(body) for body in self.bodies]
        members = self.submodule_builder.members(repeats, self.scope)
        init = self._init(self.init_builder.chain(members))
        method = collecting_forward(collects[0])
        self.classes.place(_own_names(self.bodies))
        return ClassDef(self.name, SEQUENTIAL, docstring(self._has), (init, method))

    def _module(self, docstring: Docstring, *, may_unroll: bool = True) -> ClassDef:
        """An `nn.Module` with a `forward`."""
        forward = ForwardBuilder(
            self.submodule_builder,
            self.bodies,
            self.wanted,
            self.ports,
            self.network,
            may_branch=self.may_branch,
            may_unroll=may_unroll,
        )
        method = forward.method(self.scope)
        self._fix_lengths(forward.submodules)
        body = self.init_builder.branching(forward.submodules, forward.flags)
        init = self._init(body)
        self.classes.place(forward.places)
        return ClassDef(self.name, MODULE, docstring(self._has), (init, method))

    def _fix_lengths(self, members: Sequence[Member]) -> None:
        """Annotate each param that has one element for each stage that has a name.

        Raises:
            InstancesDifferError: if params decide in another way how many stages are.
        """
        for loop in members:
            if isinstance(loop, SubmoduleLoop) and loop.names:
                length = length_of(loop.repeats[0])
                if not (self.network and _is_param(length)):
                    self.scope.must_not_depend([length])
                rows = loop.repeats[0].rows.code
                columns = rows.elts if isinstance(rows, ast.Tuple) else []
                names = {c.id for c in columns if isinstance(c, ast.Name)}
                self.outer = {
                    key: of_length(each, len(loop.names)) if key in names else each
                    for key, each in self.outer.items()
                }

    def _has(self, name: str) -> bool:
        """Whether the signature has a name from outside."""
        return name in self.outer and name in self.unifier.used

    @cached_property
    def wanted(self) -> set[str]:
        """The labels that something reads: a `ref`, an op, or who calls `forward`."""
        returned = self.network.labels_returned if self.network else ()
        read = (source for body in self.bodies for source in sources(body))
        own = {source.label for source in read if not source.levels}
        return own.union(returned, self.ports.exports)

    def _init(self, body: tuple[Stmt, ...]) -> MethodDef:
        bindings = self.submodule_builder.bindings
        bound = [s for name, b in bindings.items() for s in b.statements(name)]
        width = self._width()
        start = 1 if body[0] == BARE_INIT else 0
        end = start if start and not self.name.is_part else len(body)
        body = (*body[:start], *bound, *body[start:end], *width, *body[end:])
        parameters = tuple(parameter.definition for parameter in self.parameters())
        return MethodDef("__init__", parameters, NONE, with_shared_variables(body))

    def _width(self) -> list[Stmt]:
        """`self.out_channels = 4 * planes`, where others ask for it."""
        if not self.widths:
            return []
        value = self.unifier.unify(self.widths, "channels", self.scope)
        return [AssignStmt(NameExpr("self", WIDTH), value)]

    def parameters(self) -> list[ClassParameter]:
        """What the code reads from outside, then what unifying values has added."""
        found = [self.outer[name] for name in self.outer if name in self.unifier.used]
        found += [
            ClassParameter(name, annotation(values), keyword_only=True, values=values)
            for name, values in self.unifier.added.items()
        ]
        return sorted(found, key=lambda parameter: parameter.keyword_only)

    # --- groups ---

    def _group(self, column: list[Module], scope: ClassScope) -> Expr | list[Member]:
        """A labeled group: `nn.Sequential` in place, or the call of its class.

        The members of a plain chain with loops are given as they are.
        """
        bodies = [module.body for module in column]
        scope = replace(scope, may_loop=self.scope.may_loop)
        before = self.unifier.state
        ports = ports_of(column)
        if _is_unlabeled(bodies) and not ports.exports:
            members = self.submodule_builder.members(bodies, scope)
            found = [m for m in members if isinstance(m, Submodule) and m.is_numbered]
            self.classes.place(_own_names(bodies))  # over those of another attempt
            if len(found) == len(members):
                elements = (Element(m.value, above=m.comment) for m in found)
                return CallExpr(SEQUENTIAL, tuple(elements))
            has_locals = any(isinstance(m, LocalVariable) for m in members)
            if scope.may_list and not has_locals and all(map(is_plain, members)):
                return members
        self.unifier.state = before
        return self._group_call(column, ports, scope)

    def _group_call(
        self, column: list[Module], ports: Ports, scope: ClassScope
    ) -> Expr:
        """`NetHead(in_channels, features=512)`: a group's class gets what it reads."""
        outputs = (module.output.shape for module in column)
        widths = [as_symbolic(shape.channels) for shape in outputs if shape]
        entering = _entering(column, scope)
        own = {entering: ast.Name("cin", ast.Load())} if entering else {}
        group = ClassBuilder(
            ClassName(_stem(column), is_part=True),
            [module.body for module in column],
            self._visible(scope, entering),
            self.classes,
            may_loop=scope.may_loop,
            may_branch=self.may_branch,
            values={**scope.values, **own},
            ports=ports,
            known=_knowing(scope.known, entering),
            widths=widths if told_by(column) else (),
            dependent=scope.dependent,
        )
        names = {entering: "cin"} if entering else {}
        definition = group.definition(partial(block_docstring, column, names))
        self.unifier.used |= group.unifier.used & scope.names
        elements: list[Element] = []
        for parameter in group.parameters():
            if entering and parameter.key == "cin":
                self.unifier.used.add(entering)
                elements.append(Element(NameExpr(python_name(entering))))
                continue
            if not parameter.values:
                elements.append(Element(NameExpr(parameter.name)))
                continue
            values = [Symbolic(value, constant(value)) for value in parameter.values]
            value = self.unifier.unify(values, parameter.name, scope)
            elements.append(Element(value, f"{parameter.name}="))
        return CallExpr(self.classes.keep(definition), tuple(elements))

    def _visible(self, scope: ClassScope, entering: str) -> dict[str, ClassParameter]:
        """What a group may read from around it, the input channels first.

        Those that are a variable around it, `entering`, are its own `in_channels`.
        """
        names = sorted(scope.names - {entering}, key=lambda name: (name != "cin", name))
        first = {"cin": in_channels()} if entering else {}
        return first | {
            name: replace(self.outer[name], default=None, keyword_only=False)
            if name in self.outer
            else ClassParameter(
                python_name(name), annotation(self.inner[name]), key=name
            )
            for name in names
        }


def _entering(groups: Sequence[Module], scope: ClassScope) -> str:
    """The variable that is the input channels of all groups; empty if none is."""
    if "cin" in scope.names:
        return ""
    shapes = [group.input.shape for group in groups]
    codes = [substitute(code_of(s.channels), scope.values) for s in shapes if s]
    if len(codes) < len(groups) or not all(same(code, codes[0]) for code in codes):
        return ""
    first = codes[0]
    is_known = isinstance(first, ast.Name) and first.id in scope.names
    return first.id if isinstance(first, ast.Name) and is_known else ""


def _knowing(known: tuple[Known, ...], entering: str) -> tuple[Known, ...]:
    """The known values with those of the input channels."""
    if not entering or any(entering not in each for each in known):
        return known
    return tuple({**each, "cin": each[entering]} for each in known)


def _stem(groups: Sequence[Module]) -> str:
    """The name of the groups' class: `Denseblock` of `denseblock1`, `denseblock2`."""
    labels = {group.name.value for group in groups}
    stem = class_name(groups[0].name.value)
    return (stem.rstrip(string.digits) or stem) if len(labels) > 1 else stem


def _own_names(bodies: Bodies) -> dict[int, str | None]:
    """The layers of a sequence under their own names."""
    items = (item for body in bodies for item in submodules(body))
    layers = (item for item in items if isinstance(item, Layer))
    return {id(layer.node): str(layer.name.value) for layer in layers}


def _with_names(
    members: Sequence[Member], names: AttributeNames, places: dict[int, str | None]
) -> list[Member]:
    """The members of a sequence with labels, with names for layers without a state."""
    found: list[Member] = []
    for member in members:
        layers = member.layers if isinstance(member, Submodule) else ()
        key = names.in_sequence(layers)
        if isinstance(member, Submodule) and key:
            places.update((id(layer.node), key) for layer in layers)
            found.append(replace(member, key=key, is_numbered=False))
        else:
            found.append(member)
    return found


def _with_repeat(body: Body) -> Body:
    """A body with the repeat of its `collect`."""
    return tuple(i.repeat if isinstance(i, Collect) else i for i in body)


def _is_param(code: ast.expr) -> bool:
    return isinstance(code, ast.Name) and is_param(code.id)


def _is_unlabeled(bodies: Bodies) -> bool:
    """Whether a group is a chain without labels."""
    return is_chain(bodies) and all(
        is_numbered(item) for body in bodies for item in submodules(body)
    )
