"""The place of a step, and the state that all steps of one lowering share."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

from archspec.diagnostics.diagnostic import Diagnostic, Findings, Label, TooMany
from archspec.diagnostics.source import Span
from archspec.frontend.ast import Call, Expression, Labeled, Name, Step
from archspec.ir import graph as ir
from archspec.ir.symbolic import Symbolic
from archspec.lowering.block_outputs import BlockOutputs
from archspec.lowering.labels import Labels
from archspec.lowering.state_dict_names import Level
from archspec.resolve.bind import BoundArguments
from archspec.resolve.evaluation_budget import Budget
from archspec.resolve.scope import Block, Scope

MAX_LAYERS = 15_000  # after expansion; ResNet-1001 has 3,500
MAX_IDLE = 15_000  # steps without a layer
MAX_UNKNOWN = 3_000  # steps, after which no block behind an error is expanded
MAX_DEPTH = 80  # steps within steps, blocks included

Items = list[ir.Item]
# An argument, and its value in the body.
CallerArgument = tuple[Expression, Symbolic | None]
Lower = Callable[[Step, ir.Value, "Context", Items], ir.Value]


class AuxHead(NamedTuple):
    """A head of `aux`, to be checked once the network's output is known."""

    step: Labeled
    name: str
    output: ir.Value


@dataclass(eq=False)
class LoweringRun:
    """State of one lowering: findings, counts, and what was checked before."""

    findings: Findings
    step: Lower  # lowers any step; composite steps call it for their parts
    asserts: bool = True  # whether shape assertions count
    # Whether to continue with the asserted shape where an assertion fails.
    trust_assertions: bool = True
    layers: int = 0
    steps: int = 0
    depth: int = 0
    recursive_calls: list[Call] = field(default_factory=list)  # being expanded
    found_before: int = 0  # findings when the first of them was
    seen: set[int] = field(default_factory=set)  # the `id` of what is checked once
    # By the `id` of the call and of the callee, and the arguments that it has already.
    bound: dict[tuple[int, int, tuple[str, ...]], BoundArguments] = field(
        default_factory=dict
    )
    # The attributes of a call that depend on no name, by the `id` of its arguments.
    constant_attributes: dict[int, dict[str, Symbolic]] = field(default_factory=dict)
    # Calls without `*row`, by the `id` of the call and the lengths of the rows.
    spread: dict[tuple[int, tuple[int, ...]], Call] = field(default_factory=dict)
    faulty: dict[int, object] = field(default_factory=dict)  # by the `id` of a block
    # Where a mistake in a body was found first, and the finding of the body itself.
    in_calls: dict[tuple[str, Span], tuple[Span, Diagnostic]] = field(
        default_factory=dict
    )
    heads: list[AuxHead] = field(default_factory=list)  # so far
    block_outputs: BlockOutputs | None = None  # of earlier lowerings
    budget: Budget = field(init=False)

    def __post_init__(self) -> None:
        """Start with the whole budget."""
        self.budget = Budget(self.findings)

    def is_first_visit(self, thing: object) -> bool:
        """Whether something that is checked once is visited for the first time."""
        new = id(thing) not in self.seen
        self.seen.add(id(thing))
        return new

    def enter(self, span: Span) -> None:
        """Count a step and its nesting depth, within the bounds; `leave` goes with it."""
        self.steps += 1
        self.depth += 1
        if self.steps > MAX_IDLE + 3 * self.layers:
            self.too_many(span)
        if self.depth > MAX_DEPTH and self.recursive_calls:
            name = self.recursive_calls[-1].name
            # Sizes that shrink until none is left are errors too, of the same fault.
            self.findings.keep(self.found_before)
            self.findings.error(
                "recursive-block",
                f"`{name.id}` calls itself more than {MAX_DEPTH} steps deep",
                name.span,
                help=f"let an argument end it, as in `if: depth > 0` before "
                f"`then: {name.id}(depth - 1)`",
            )
            raise TooMany
        if self.depth > MAX_DEPTH:
            self.findings.error(
                "nesting-too-deep",
                f"steps and blocks are nested more than {MAX_DEPTH} deep",
                span,
                help="nest fewer blocks",
            )
            raise TooMany

    def enter_recursion(self, call: Call) -> None:
        """Note a call of a block in its own body."""
        if not self.recursive_calls:
            self.found_before = len(self.findings)
        self.recursive_calls.append(call)

    def leave(self) -> None:
        """Return from a step."""
        self.depth -= 1

    def count_layer(self, span: Span) -> None:
        """Count a layer or a merge, within the bound."""
        self.layers += 1
        if self.layers > MAX_LAYERS:
            self.too_many(span)

    def too_many(self, span: Span) -> NoReturn:
        """Report that the network is too large, and stop."""
        self.findings.error(
            "too-many-layers",
            f"the network has more than {MAX_LAYERS:,} layers",
            span,
            help="check the numbers of `repeat`",
        )
        raise TooMany

    @contextmanager
    def separate_findings(self) -> Iterator[Findings]:
        """Collect findings separately."""
        before, self.findings = self.findings, Findings()
        try:
            yield self.findings
        except TooMany:
            pass
        finally:
            self.findings = before


@dataclass(eq=False, slots=True)
class LoopVariables:
    """The names that the loops of a class have taken so far."""

    channels: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)  # indices and columns
    # The channels after each loop, over the names around it; by its last row apart.
    after: dict[str, ast.expr] = field(default_factory=dict)
    of_last_rows: dict[str, ast.expr] = field(default_factory=dict)


NOTHING_GIVEN: Mapping[str, CallerArgument] = {}


class Context(NamedTuple):
    """The place of a step: its scope, its level of the state dict, the calls around it."""

    run: LoweringRun
    scope: Scope
    level: Level
    labels: Labels  # of this body and around it, for `ref`
    loops: LoopVariables  # of this class
    block: str = ""
    calls: tuple[Span, ...] = ()
    caller: Context | None = None
    given: Mapping[str, CallerArgument] = NOTHING_GIVEN  # by parameter
    stack: tuple[Block, ...] = ()
    active: frozenset[str] = frozenset()  # variables of the loops around
    hoistable: set[str] | None = None  # names a `let` may give a variable of its own
    values_unknown: bool = False  # only names and arguments are checked
    is_taken: bool = True  # false in an arm not taken, where no label is checked
    repetitions: tuple[Label, ...] = ()  # the second or a later one of each repeat

    @property
    def findings(self) -> Findings:
        """The findings of this lowering."""
        return self.run.findings

    def without_values(self) -> Context:
        """The same place with unknown values: only names and arguments can be checked."""
        return self._replace(
            scope=self.scope.without_values(),
            level=Level(has_all_layers=False),
            labels=self.labels.copy(),
            hoistable=None,
            values_unknown=True,
            is_taken=False,
        )

    def is_first_faulty_call(self) -> bool:
        """Whether this is the first call of a block in which an error is found.

        Further calls often show the same mistake in other words.
        """
        if not self.stack:
            return True
        return self.run.faulty.setdefault(id(self.stack[-1]), self.given) is self.given

    def argument(self, expression: Expression) -> Expression | None:
        """The argument in the call of this block, for the name of a parameter."""
        if not isinstance(expression, Name) or expression.id not in self.given:
            return None
        written, value = self.given[expression.id]
        is_shadowed = self.scope.get(expression.id) is not value
        return None if is_shadowed else written

    def nested(self) -> Context:
        """A list within a body: the names of a `let` in it end with it."""
        return self._replace(scope=self.scope.inner(), hoistable=None)
