"""The syntax tree of a spec: every part knows where it was written."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as MappingType
from dataclasses import dataclass

from archspec.diagnostics.source import Source, Span

# --- expressions ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Literal:
    """`96`, `0.5`, `true`, `"nearest"`."""

    span: Span
    value: int | float | bool | str


@dataclass(frozen=True, slots=True)
class Name:
    """A parameter, `cin`, `ch`, or the name of an op or block."""

    span: Span
    id: str


@dataclass(frozen=True, slots=True)
class Tuple:
    """`(96, 128)`."""

    span: Span
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """`-a`, `+a`, `not a`."""

    span: Span
    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic, a comparison, `and` or `or`; `operator_span` is the sign's place."""

    span: Span
    operator: str
    operator_span: Span
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class IfElse:
    """`a if test else b`."""

    span: Span
    test: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class Index:
    """`c[0]`."""

    span: Span
    value: Expression
    index: Expression


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """`max(8, ch // 4)`: one of the language's few functions."""

    span: Span
    name: Name
    arguments: tuple[Expression, ...]


Expression = Literal | Name | Tuple | Unary | Binary | IfElse | Index | FunctionCall


def walk(expression: Expression) -> Iterator[Expression]:
    """An expression and all that it is made of."""
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
        case Index():
            parts = (expression.value, expression.index)
        case FunctionCall():
            parts = expression.arguments
        case _:
            parts = ()
    for part in parts:
        yield from walk(part)


# --- calls ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Argument:
    """A value given to a call, by position or by keyword."""

    span: Span
    keyword: Name | None
    value: Expression


@dataclass(frozen=True, slots=True)
class ShapeAssertion:
    """`-> [96, _, 54]`: None stands for `_`, any size."""

    span: Span
    dims: tuple[Expression | None, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """`conv(96, k=11)`: an op, a block or `ref`, and the shape asserted after it."""

    span: Span
    name: Name
    arguments: tuple[Argument, ...]
    assertion: ShapeAssertion | None = None


# --- steps ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chain:
    """`conv(64, k=3) | relu`."""

    span: Span
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class StepLabel:
    """A label, which may hold expressions: `layer{i + 1}`."""

    span: Span
    parts: tuple[str | Expression, ...]


@dataclass(frozen=True, slots=True)
class Labelled:
    """`stem: conv(64, k=7)`."""

    span: Span
    label: StepLabel
    step: Step


@dataclass(frozen=True, slots=True)
class Group:
    """A list of steps."""

    span: Span
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Merge:
    """`concat`, `add` or `mul` of parallel branches, or a `split` into them."""

    span: Span  # the keyword
    kind: str
    branches: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class RepeatTimes:
    """`repeat` with `times`."""

    span: Span  # the keyword
    body: Step
    times: Expression


@dataclass(frozen=True, slots=True)
class Column:
    """One name of `for` and its values."""

    name: Name
    values: Expression


@dataclass(frozen=True, slots=True)
class RepeatFor:
    """`repeat` with `for`: once per row of columns of equal length."""

    span: Span  # the keyword
    body: Step
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class If:
    """`if`, decided when the block is expanded; a missing arm is `identity`."""

    span: Span  # the keyword
    condition: Expression
    then: Step
    otherwise: Step


@dataclass(frozen=True, slots=True)
class Aux:
    """Heads: side branches to extra outputs, which training has and inference not."""

    span: Span  # the keyword
    heads: tuple[Labelled, ...]


Binding = tuple[Name, Expression | None]  # None: the value has a fault


@dataclass(frozen=True, slots=True)
class Let:
    """Names for values, for the rest of the body."""

    span: Span  # the keyword
    bindings: tuple[Binding, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """A step that could not be read; the finding is recorded."""

    span: Span


Step = (
    Chain | Labelled | Group | Merge | RepeatTimes | RepeatFor | If | Aux | Let | Broken
)

# --- documents -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a block; several names are a tuple pattern `(r3, c3)`."""

    span: Span
    names: tuple[Name, ...]
    is_pattern: bool
    keyword_only: bool
    default: Expression | None


@dataclass(frozen=True, slots=True)
class BlockDefinition:
    """A block: its signature and its body."""

    name: Name
    parameters: tuple[Parameter, ...]
    signature: Span
    body: Step
    about: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A spec as written."""

    source: Source
    name: str
    about: str
    input: tuple[int, ...] | None
    input_span: Span
    params: tuple[Binding, ...]
    variants: MappingType[str, tuple[Binding, ...]]
    imports: tuple[tuple[str, Span], ...]
    blocks: tuple[BlockDefinition, ...]
    net: Group | None
    train: MappingType[str, tuple[Name, Chain | Expression]]
    complete: bool  # false where names may be missing: a part had faults
