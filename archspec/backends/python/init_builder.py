"""Build the statements of an `__init__` from the submodules that it creates.

The layers of a plain chain go into a list where some are repeated or optional. The
channels that enter each iteration are a variable:

    - conv(8, k=1) | bn           ->   super().__init__(
    - act: relu                            nn.Conv2d(3, 8, kernel_size=1),
                                           nn.BatchNorm2d(8),
                                       )
                                       self.act = nn.ReLU()

    - repeat: dense_layer(g)      ->   layers: list[nn.Module] = []
      times: n                         channels = in_channels
                                       for _ in range(n):
                                           layers.append(DenseLayer(channels, g))
                                           channels += g
                                       super().__init__(*layers)
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from archspec.backends.python.aligned_bodies import InstancesDifferError
from archspec.backends.python.block_params import BOUND
from archspec.backends.python.channel_updates import with_update
from archspec.backends.python.expressions import code_expr, value_expr
from archspec.backends.python.identifiers import (
    NameAllocator,
    is_attribute,
    python_name,
)
from archspec.backends.python.loop_headers import loop_header
from archspec.backends.python.names_read import names_read
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
    AddAssignStmt,
    AssignStmt,
    AtomExpr,
    CallExpr,
    ClassName,
    ConditionalExpr,
    Element,
    Expr,
    ExprStmt,
    ForStmt,
    IfStmt,
    ListExpr,
    NameExpr,
    Stmt,
    UnpackStmt,
    call,
)
from archspec.backends.python.unify_values import ValueUnifier
from archspec.ir.symbolic import substitute, variables

SUPER_INIT = AtomExpr("super().__init__")
ADD_PARAMETER = NameExpr("self", "register_parameter")
SELF = "self"
LISTS = BLOCKS, LAYERS, STAGES = "blocks", "layers", "stages"
ADD_MODULE = NameExpr("self", "add_module")


class InitBuilder:
    """Builds the body of one `__init__`."""

    def __init__(self, unifier: ValueUnifier, *, shows_shapes: bool) -> None:
        self.unifier = unifier
        self.shows_shapes = shows_shapes
        self.shown: set[str] = set()  # comments, each of which is written once
        self.layers = SELF  # what numbered layers are appended to
        self.is_list_declared = False
        # The lists that are unpacked, by the class of their modules.
        self.stages: dict[Expr | None, str] = {}
        self.optional: set[str] = set()  # children that are `nn.Identity` by default
        self.has_forward = False  # which has the comments on shapes

    def chain(self, members: Sequence[Member]) -> tuple[Stmt, ...]:
        """The body for an `nn.Sequential`."""
        self._note_reads(members)
        variables = [m for m in members if isinstance(m, LocalVariable)]
        statements = [s for variable in variables for s in self._variable(variable)]
        members = [m for m in members if not isinstance(m, LocalVariable)]
        arguments = _leading_numbered(members)
        if len(arguments) < len(members) and all(map(is_plain, members)):
            listed = self._listed(members)
            return (*statements, *listed, self._super_init([self._all_layers]))
        statements.append(self._super_init(map(self._element, arguments)))
        for member in members[len(arguments) :]:
            statements += self._addition(member)
        return tuple(statements)

    def _listed(self, members: Sequence[Member], above: str = "") -> list[Stmt]:
        """The layers of a plain chain in a list, of which the first are literals."""
        name = BLOCKS if _are_blocks(members) else LAYERS
        self.layers = self._list_name(name, *self.stages.values())
        leading = _leading_numbered(members)
        first = ListExpr(tuple(map(self._element, leading)))
        declared = "" if self.is_list_declared else "list[nn.Module]"
        self.is_list_declared = True
        start = AssignStmt(NameExpr(self.layers), first, above, declared=declared)
        return [start, *self._additions(members[len(leading) :])]

    @property
    def _all_layers(self) -> Element:
        """`*layers`."""
        return Element(NameExpr(self.layers), "*")

    def branching(
        self, members: Sequence[Member], flags: Mapping[str, Expr]
    ) -> tuple[Stmt, ...]:
        """The body for a class with a `forward` of its own, which asks the flags."""
        self._note_reads(members)
        self.has_forward = True
        found: list[Stmt] = [self._super_init([])]
        variables, others = _split_variables(members)
        for variable in variables:
            found += self._variable(variable)
        for name, test in flags.items():
            found.append(AssignStmt(NameExpr("self", name), test))
        for member in others:
            found += self._addition(member)
        return tuple(found)

    def _super_init(self, elements: Iterable[Element]) -> Stmt:
        return ExprStmt(CallExpr(SUPER_INIT, tuple(elements)))

    # --- submodules ---

    def _element(self, submodule: Submodule) -> Element:
        """A submodule as an argument."""
        return Element(
            submodule.value,
            above=self._comment(submodule),
            after=self._shape(submodule),
        )

    def _statements(self, submodule: Submodule) -> list[Stmt]:
        """The statements that add a submodule under its name, or as the next one."""
        above, after = self._comment(submodule), self._shape(submodule)
        if submodule.variable:
            variable = NameExpr(submodule.variable)
            made = AssignStmt(variable, submodule.value, above, after)
            rest = replace(submodule, value=variable, variable="", comment="")
            return [made, *self._statements(replace(rest, shape=""))]
        if submodule.members is not None:
            before = self.layers
            filled = self._listed(submodule.members, above)
            chain = CallExpr(submodule.value, (self._all_layers,))
            self.layers = before
            whole = replace(submodule, members=None, value=chain, comment="")
            return [*filled, *self._statements(whole)]
        if submodule.is_numbered:
            append = NameExpr(self.layers, "append")
            return [ExprStmt(call(append, submodule.value), above, after)]
        key, value = submodule.computed_key, submodule.value
        add = ADD_PARAMETER if submodule.is_parameter else ADD_MODULE
        if key is not None or not is_attribute(submodule.key):
            added = call(add, key or value_expr(submodule.key), value)
            return [ExprStmt(added, above, after)]
        target = NameExpr("self", submodule.key)
        match value:
            case ConditionalExpr(then, test, other) if other == IDENTITY != then:
                if submodule.key in self.optional:  # two arms with the same label
                    raise InstancesDifferError
                self.optional.add(submodule.key)
                default = AssignStmt(target, IDENTITY, above, declared="nn.Module")
                chosen = AssignStmt(target, then, after=after)
                return [default, IfStmt(test, (chosen,))]
        return [AssignStmt(target, value, above, after)]

    def _shape(self, submodule: Submodule) -> str:
        """The shape of an output, as a comment in the network's own class."""
        is_in_forward = self.has_forward and not submodule.is_numbered
        return submodule.shape if self.shows_shapes and not is_in_forward else ""

    def _comment(self, member: Member) -> str:
        """The comment above a submodule, or the first of several, if it is new."""
        match member:
            case Submodule(comment=comment) if comment not in self.shown:
                self.shown.add(comment)
                return comment
            case SubmoduleLoop(members=[first, *_]):
                return self._comment(first)
            case EqualSubmodules(members=[first, *_]):
                return self._comment(first)
        return ""

    # --- loops and choices ---

    def _addition(self, member: Member) -> Sequence[Stmt]:
        """The statements that add a submodule, or several, to a sequence."""
        match member:
            case Submodule():
                return self._statements(member)
            case SubmoduleChoice():
                then = self._additions(member.then)
                otherwise = self._additions(member.otherwise)
                then = _declaring(then, otherwise)
                return [IfStmt(member.test, then, otherwise or None)]
            case SubmoduleLoop(names=()):
                return self._loop(member)
            case SubmoduleLoop():
                return self._stages(member)
            case LocalVariable():
                return self._variable(member)
            case EqualSubmodules():
                above = self._comment(member)
                times = AtomExpr(str(member.times))
                body = self._additions(member.members)
                return [ForStmt("_", call(NameExpr("range"), times), body, above)]
        return []

    def _additions(self, members: Iterable[Member]) -> tuple[Stmt, ...]:
        found: list[Stmt] = []
        for is_element, group in groupby(members, self._is_element):
            each = [*group]
            if is_element and len(each) > 1:
                layers = (m for m in each if isinstance(m, Submodule))
                elements = ListExpr(tuple(map(self._element, layers)))
                found.append(AddAssignStmt(NameExpr(self.layers), elements))
            else:
                found += [stmt for member in each for stmt in self._addition(member)]
        return tuple(found)

    def _is_element(self, member: Member) -> bool:
        """Whether a member is one layer of a list."""
        is_numbered = (
            isinstance(member, Submodule) and member.is_numbered and not member.variable
        )
        return is_numbered and self.layers != SELF

    def _loop(self, loop: SubmoduleLoop) -> Sequence[Stmt]:
        """A loop, and around it the channels that enter each iteration."""
        repeat = loop.repeats[0]
        above = self._comment(loop)
        body = self._additions(loop.members)
        update = self._channel_update(loop, body)
        if update is not None:
            body = with_update(body, repeat.channels, update)
        header = loop_header(loop, self.unifier, names_read(body))
        if update is None:
            return [ForStmt(*header, body, above)]
        entry = code_expr(substitute(repeat.entry, loop.scope.values))
        channels = NameExpr(python_name(repeat.channels))
        return [AssignStmt(channels, entry, above), ForStmt(*header, body)]

    def _channel_update(
        self, loop: SubmoduleLoop, body: Sequence[Stmt]
    ) -> ast.expr | None:
        """The next iteration's channels, if a body reads them."""
        repeat = loop.repeats[0]
        if repeat.channels not in self.unifier.used:
            return None
        update = loop.update
        assert update is not None
        is_read = python_name(repeat.channels) in names_read(body)
        if not is_read and repeat.channels not in variables(update):
            return None
        return update

    def _stages(self, loop: SubmoduleLoop) -> Sequence[Stmt]:
        """A loop that fills a list of stages, and their names."""
        *variables, stage = loop.members
        assert isinstance(stage, Submodule)
        before, self.layers = self.layers, self._stages_name(stage)
        stages = NameExpr(self.layers)
        listed = replace(stage, is_numbered=True, computed_key=None)
        filled = self._loop(replace(loop, members=[*variables, listed]))
        self.layers = before
        names = tuple(f"self.{name}" for name in loop.names)
        start = AssignStmt(stages, ListExpr(()))
        return [start, *filled, UnpackStmt(names, stages)]

    def _stages_name(self, stage: Submodule) -> str:
        """A variable for a list of one class: another one has another type."""
        kind = stage.value.function if isinstance(stage.value, CallExpr) else None
        if kind not in self.stages:
            others = (BLOCKS, LAYERS) if self.is_list_declared else ()
            self.stages[kind] = self._list_name(STAGES, *self.stages.values(), *others)
        return self.stages[kind]

    def _list_name(self, name: str, *used: str) -> str:
        """A variable for a list of modules."""
        taken = {*self.unifier.taken, *used}
        free = (each for each in (name, *LISTS) if each not in taken)
        return next(free, None) or NameAllocator(taken).unique(name)

    def _variable(self, variable: LocalVariable) -> list[Stmt]:
        """The assignment of a `let` that something reads."""
        if variable.name not in self.unifier.used:
            return []
        value = self.unifier.shared([variable.code], variable.scope)
        return [AssignStmt(NameExpr(python_name(variable.name)), value)]

    def _note_reads(self, members: Sequence[Member]) -> None:
        """Note the names in the channels of loops and in lets that are read."""
        before = -1
        while before != len(self.unifier.used):
            before = len(self.unifier.used)
            for member in _all_members(members):
                if isinstance(member, SubmoduleLoop):
                    self._read_channels(member)
                elif isinstance(member, LocalVariable):
                    self._variable(member)

    def _read_channels(self, loop: SubmoduleLoop) -> None:
        """Note the names in a loop's first and next channels, if they are read."""
        repeat = loop.repeats[0]
        if repeat.channels in self.unifier.used and loop.update is not None:
            self.unifier.read(substitute(repeat.entry, loop.scope.values))
            self.unifier.read(loop.update)


def _are_blocks(members: Sequence[Member]) -> bool:
    """Whether a list has blocks alone."""
    submodules = [m for m in _all_members(members) if isinstance(m, Submodule)]
    functions = [m.value.function for m in submodules if isinstance(m.value, CallExpr)]
    return len(functions) == len(submodules) and all(
        isinstance(function, ClassName) or function == NameExpr(BOUND)
        for function in functions
    )


def _leading_numbered(members: Sequence[Member]) -> list[Submodule]:
    """The submodules at the start that only their position names."""
    found: list[Submodule] = []
    for member in members:
        if not isinstance(member, Submodule) or not member.is_numbered:
            break
        found.append(member)
    return found


def _split_variables(
    members: Sequence[Member],
) -> tuple[list[LocalVariable], list[Member]]:
    """The variables that read no channels of a loop before them, and all else."""
    loops = [n for n, each in enumerate(members) if isinstance(each, SubmoduleLoop)]
    first = loops[0] if loops else len(members)
    early = [each for each in members[:first] if isinstance(each, LocalVariable)]
    late = [*members[first:]]
    others = [m for m in members[:first] if not isinstance(m, LocalVariable)]
    return early, [*others, *late]


def _all_members(members: Iterable[Member]) -> Iterator[Member]:
    """Members, and those in loops, groups and arms."""
    for member in members:
        yield member
        match member:
            case SubmoduleLoop() | Submodule(members=list()):
                yield from _all_members(member.members or ())
            case SubmoduleChoice():
                yield from _all_members([*member.then, *member.otherwise])


def _declaring(then: Sequence[Stmt], otherwise: Sequence[Stmt]) -> tuple[Stmt, ...]:
    """The first arm, which declares what has another class in the second.

    self.stem: nn.Module = Stem(in_channels)     # else: self.stem = Stem2(in_channels)
    """
    others = {each.target: each for each in otherwise if isinstance(each, AssignStmt)}

    def declared(stmt: Stmt) -> Stmt:
        other = others.get(stmt.target) if isinstance(stmt, AssignStmt) else None
        if not isinstance(stmt, AssignStmt) or other is None:
            return stmt
        is_same = _maker(stmt.value) == _maker(other.value)
        return stmt if is_same else replace(stmt, declared="nn.Module")

    return tuple(map(declared, then))


def _maker(value: Expr) -> Expr:
    """What is called for a submodule: its class."""
    return value.function if isinstance(value, CallExpr) else value
