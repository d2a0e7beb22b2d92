"""The syntax tree of a spec: every node knows where it was written.

A frozen data class for each node would take four times as long to import, which is
noticed in `archspec check`.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as MappingType
from dataclasses import dataclass
from typing import NamedTuple

from archspec.diagnostics.source import Source, Span

# --- expressions ---------------------------------------------------------------------


class Literal(NamedTuple):
    """`96`, `0.5`, `true`, `"nearest"`."""

    span: Span
    value: int | float | bool | str


class Name(NamedTuple):
    """A parameter, `cin`, `ch`, or the name of an op or block."""

    span: Span
    id: str


class Tuple(NamedTuple):
    """`(96, 128)`."""

    span: Span
    items: tuple[Expression, ...]


class Unary(NamedTuple):
    """`-a`, `+a`, `not a`."""

    span: Span
    operator: str
    operand: Expression


class Binary(NamedTuple):
    """`a + b`, `a < b`, `a and b`."""

    span: Span
    operator: str
    operator_span: Span
    left: Expression
    right: Expression


class IfElse(NamedTuple):
    """`a if test else b`."""

    span: Span
    test: Expression
    then: Expression
    otherwise: Expression


class Subscript(NamedTuple):
    """`c[0]`."""

    span: Span
    value: Expression
    subscript: Expression


class Slice(NamedTuple):
    """`c[1:3]`; a missing bound is None."""

    span: Span
    value: Expression
    start: Expression | None
    stop: Expression | None


class FunctionCall(NamedTuple):
    """`max(8, ch // 4)`, or an op or block with keyword arguments: `bn(eps=1e-3)`."""

    span: Span
    name: Name
    arguments: tuple[Argument, ...]


class LabelPath(NamedTuple):
    """`down{i - 1}` in `ref(down{i - 1})`; a plain label is a `Name` or a `Literal`."""

    span: Span
    parts: tuple[str | Expression, ...]


Expression = (
    Literal
    | Name
    | Tuple
    | Unary
    | Binary
    | IfElse
    | Subscript
    | Slice
    | FunctionCall
    | LabelPath
)


def walk(expression: Expression) -> Iterator[Expression]:
    """Yield an expression and every expression within it."""
    yield expression
    match expression:
        case Tuple():
            parts = expression.items
        case Unary():
            parts = (expression.operand,)
        case Binary():
            parts = (expression.left, expression.right)
        case IfElse():
            parts = (expression.then, expression.test, expression.otherwise)
        case Subscript():
            parts = (expression.value, expression.subscript)
        case Slice():
            bounds = (expression.start, expression.stop)
            parts = (expression.value, *(b for b in bounds if b is not None))
        case FunctionCall():
            parts = tuple(argument.value for argument in expression.arguments)
        case LabelPath():
            parts = tuple(
                part for part in expression.parts if not isinstance(part, str)
            )
        case _:
            parts = ()
    for part in parts:
        yield from walk(part)


# --- calls ---------------------------------------------------------------------------


class Argument(NamedTuple):
    """A value given to a call, by position or by keyword; `*row` gives several."""

    span: Span
    keyword: Name | None
    value: Expression
    is_spread: bool = False


class ShapeAssertion(NamedTuple):
    """`-> [96, _, 54]`."""

    span: Span
    dims: tuple[Expression | None, ...]  # None for `_`, any size


class Call(NamedTuple):
    """`conv(96, k=11)`: an op, a block or `ref`, and the shape asserted after it."""

    span: Span
    name: Name
    arguments: tuple[Argument, ...]
    assertion: ShapeAssertion | None = None


# --- steps ---------------------------------------------------------------------------


class Chain(NamedTuple):
    """`conv(64, k=3) | relu`."""

    span: Span
    calls: tuple[Call, ...]


class StepLabel(NamedTuple):
    """A label, which may contain expressions: `layer{i + 1}`."""

    span: Span
    parts: tuple[str | Expression, ...]


class Labeled(NamedTuple):
    """`stem: conv(64, k=7)`."""

    span: Span
    label: StepLabel
    step: Step


class Group(NamedTuple):
    """A list of steps."""

    span: Span
    steps: tuple[Step, ...]


class Merge(NamedTuple):
    """`concat`, `add` or `mul` of parallel branches, or a `split` into them."""

    span: Span  # the keyword
    kind: str
    branches: tuple[Step, ...]
    sizes: Expression | None = None  # of the chunks of a `split`


class RepeatTimes(NamedTuple):
    """`repeat` with `times`."""

    span: Span  # the keyword
    body: Step
    times: Expression
    counter: Name | None = None  # of `as`; without one, `i`
    collects: bool = False


class Column(NamedTuple):
    """A name of `for` and its values, or a pattern for the parts of each: `(n, c)`."""

    name: Name
    values: Expression
    pattern: tuple[Name, ...] = ()

    @property
    def names(self) -> tuple[Name, ...]:
        """The names that a row gives values to."""
        return self.pattern or (self.name,)


class RepeatFor(NamedTuple):
    """`repeat` with `for`: once per row of columns of equal length."""

    span: Span  # the keyword
    body: Step
    columns: tuple[Column, ...]
    counter: Name | None = None  # of `as`; without one, `i`
    collects: bool = False  # `collect`: joins what came in and each output


class Each(NamedTuple):
    """Branches of a join: one per row."""

    span: Span  # the keyword
    repeat: RepeatTimes | RepeatFor


class If(NamedTuple):
    """`if`, decided when the block is expanded. A missing `else` is an empty group."""

    span: Span  # the keyword
    condition: Expression
    then: Step
    otherwise: Step


class Aux(NamedTuple):
    """Heads: branches to extra outputs, which exist in training only."""

    span: Span  # the keyword
    heads: tuple[Labeled, ...]


Binding = tuple[Name, Expression | None]  # None: the value has an error


class Let(NamedTuple):
    """Local variables, for the rest of the body."""

    span: Span  # the keyword
    bindings: tuple[Binding, ...]


class Broken(NamedTuple):
    """A step with an error, about which a finding is recorded."""

    span: Span


Step = (
    Chain
    | Labeled
    | Group
    | Merge
    | RepeatTimes
    | RepeatFor
    | Each
    | If
    | Aux
    | Let
    | Broken
)

# --- documents -----------------------------------------------------------------------


class Parameter(NamedTuple):
    """A parameter of a block. Several names are a tuple pattern: `(r3, c3)`."""

    span: Span
    names: tuple[Name, ...]
    is_pattern: bool
    keyword_only: bool
    default: Expression | None


class BlockDefinition(NamedTuple):
    """A block: its signature and its body."""

    name: Name
    parameters: tuple[Parameter, ...]
    signature: Span
    body: Step
    about: str = ""


class InputDefinition(NamedTuple):
    """An input of the network; `input: 3x32x32` is called `input`."""

    name: Name
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A spec as written."""

    source: Source
    name: str
    about: str
    inputs: tuple[InputDefinition, ...]
    has_named_inputs: bool
    params: tuple[Binding, ...]
    variants: MappingType[str, tuple[Binding, ...]]
    variant_spans: MappingType[str, Span]
    variant_inputs: MappingType[str, tuple[InputDefinition, ...]]
    imports: tuple[tuple[str, Span], ...]
    blocks: tuple[BlockDefinition, ...]
    net: Group | None
    outputs: tuple[Name | LabelPath, ...]  # labels of `net`; none: its last step
    train: MappingType[str, tuple[Name, Chain | Expression]]
    complete: bool  # false if names may be missing, as a section had an error
