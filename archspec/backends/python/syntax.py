"""The tree of an emitted module: the part of Python's syntax that the printer needs.

The builders create these nodes, `names_read` finds the names in them, and `layout`
turns them into lines, once, at the end. A comment travels on the node that it describes
and is not part of its meaning: nodes that differ only in comments are equal.
"""

from __future__ import annotations

from dataclasses import dataclass, field

# --- expressions ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AtomExpr:
    """Text that never breaks, and the names it reads: `2 * growth` reads `growth`."""

    text: str
    reads: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NameExpr:
    """A variable, `x`, or an attribute of one: `self.stem`, `nn.Conv2d`."""

    root: str
    attribute: str = ""


@dataclass(eq=False, slots=True)
class ClassName:
    """An emitted class. It has its name when all classes are known (`class_names`)."""

    stem: str  # `Residual`; of a part, what its name adds to that of the class around
    is_part: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Element:
    """An item between brackets, with its comments.

    `label` is `kernel_size=` for a keyword argument.
    """

    value: Expr
    label: str = ""
    above: str = field(default="", compare=False)  # a comment on lines of its own
    after: str = field(default="", compare=False)  # a comment where the line has room


@dataclass(frozen=True, slots=True)
class CallExpr:
    """`nn.Conv2d(3, 64, kernel_size=7)`."""

    function: Expr
    elements: tuple[Element, ...] = ()


@dataclass(frozen=True, slots=True)
class ListExpr:
    """`[branch1, branch2]`."""

    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class TupleExpr:
    """`(3, 5)`."""

    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class ConditionalExpr:
    """`then if test else otherwise`."""

    then: Expr
    test: Expr
    otherwise: Expr


@dataclass(frozen=True, slots=True)
class OpExpr:
    """`a + b`: one operator between all operands."""

    operator: str
    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class GenericExpr:
    """`type[BasicBlock | Bottleneck]`, an annotation."""

    name: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class SuffixExpr:
    """A value and what it is asked for: `self.avgpool(x).flatten(1)`, `tokens[:, 0]`."""

    value: Expr
    suffix: str


Brackets = CallExpr | ListExpr | TupleExpr
Expr = (
    AtomExpr
    | NameExpr
    | ClassName
    | Brackets
    | ConditionalExpr
    | OpExpr
    | SuffixExpr
    | GenericExpr
)

# --- statements ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AssignStmt:
    """`x = self.stem(x)`, or `x: Tensor = ...` where its type is declared."""

    target: NameExpr
    value: Expr
    above: str = field(default="", compare=False)
    after: str = field(default="", compare=False)
    declared: str | GenericExpr = ""


@dataclass(frozen=True, slots=True)
class UnpackStmt:
    """`chunk1, chunk2 = x.chunk(2, dim=1)`."""

    names: tuple[str, ...]
    value: Expr


@dataclass(frozen=True, slots=True)
class AddAssignStmt:
    """`channels += growth`."""

    target: NameExpr
    value: Expr


@dataclass(frozen=True, slots=True)
class ExprStmt:
    """`self.append(nn.ReLU())`."""

    value: Expr
    above: str = field(default="", compare=False)
    after: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class ForStmt:
    """`for i, n in enumerate(depths):` and its body."""

    target: str
    iterable: Expr
    body: tuple[Stmt, ...]
    above: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class IfStmt:
    """`if self.training:` and its body; `orelse` is None without an `else`."""

    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...] | None = None


@dataclass(frozen=True, slots=True)
class ReturnStmt:
    """`return x`, or `return x, aux1` where the value is a tuple."""

    value: Expr
    after: str = field(default="", compare=False)


Stmt = (
    AssignStmt | UnpackStmt | AddAssignStmt | ExprStmt | ForStmt | IfStmt | ReturnStmt
)

# --- definitions ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ParameterDef:
    """`s: int = 1`."""

    name: str
    annotation: Expr
    default: Expr | None = None
    keyword_only: bool = False


@dataclass(frozen=True, slots=True)
class MethodDef:
    """`def forward(self, x: Tensor) -> Tensor:`; `self` is implied."""

    name: str
    parameters: tuple[ParameterDef, ...]
    returns: Expr
    body: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class ClassDef:
    """`class Residual(nn.Module):`. Classes that differ only in name are equal."""

    name: ClassName = field(compare=False)
    base: Expr
    docstring: str
    methods: tuple[MethodDef, ...]


@dataclass(frozen=True, slots=True)
class FunctionDef:
    """`def vgg16(**params: Any) -> VGG:`, which returns a call with `**params`."""

    name: str
    docstring: str
    result: CallExpr


Node = FunctionDef | Expr | Element | Stmt | ParameterDef | MethodDef | ClassDef


def call(function: Expr, *arguments: Expr) -> CallExpr:
    """`function(a, b)`, without keywords or comments."""
    return CallExpr(function, tuple(map(Element, arguments)))


def dotted(name: str) -> NameExpr:
    """`nn.Conv2d`, or a name without a dot."""
    root, _, attribute = name.partition(".")
    return NameExpr(root, attribute)
