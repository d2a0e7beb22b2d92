"""The expression that merges the outputs of branches: `a + b`, `torch.cat([a, b])`.

    add: [self.path(x), self.shortcut(x)]   ->   self.path(x) + self.shortcut(x)
    concat: [branch1, branch2]              ->   torch.cat([branch1, branch2], dim=1)

An output that is too long for that is first assigned to the branch's variable.
"""

from __future__ import annotations

from collections.abc import Sequence

from archspec.backends.python.aligned_bodies import channel_axis
from archspec.backends.python.comments_and_docstrings import WIDTH
from archspec.backends.python.forward_statement_list import ForwardStatements
from archspec.backends.python.layout import flat
from archspec.backends.python.syntax import (
    AtomExpr,
    CallExpr,
    Element,
    Expr,
    ListExpr,
    NameExpr,
    OpExpr,
    call,
    dotted,
)
from archspec.ir.graph import Joined, Merge
from archspec.ops.merging import MERGES

LONGEST = 60  # characters of one expression
CAT = NameExpr("torch", "cat")
JOINS = (CAT, *(dotted(m.function) for m in MERGES.values() if m.function))


def concat(item: Joined, outputs: Expr) -> CallExpr:
    """`torch.cat(outputs, dim=1)`."""
    axis = Element(AtomExpr(str(channel_axis(item))), "dim=")
    return CallExpr(CAT, (Element(outputs), axis))


def merge_expression(
    merge: Merge,
    outputs: Sequence[Expr],
    names: Sequence[str],
    statements: ForwardStatements,
) -> Expr:
    """The join of some outputs. `names` are the variables of the branches."""
    operator, function = MERGES[merge.node.op].operator, MERGES[merge.node.op].function
    if function:
        outputs = _simplified(outputs, names, statements, too_long=False)
        result, *others = outputs
        for other in others:
            result = call(dotted(function), result, other)
        return result
    if not operator:
        outputs = _simplified(outputs, names, statements, too_long=False)
        return concat(merge, ListExpr(tuple(map(Element, outputs))))
    # A sum does not break, and its own variable is no longer than those of its branches.
    longest = min(LONGEST, WIDTH - len(f"        {names[0]} = "))
    too_long = len(flat(OpExpr(operator, tuple(outputs)))) > longest
    outputs = _simplified(outputs, names, statements, too_long=too_long)
    if len(outputs) == 1 and isinstance(outputs[0], NameExpr):
        return outputs[0]
    operands = _shortened(operator, outputs, names[0], longest, statements)
    return OpExpr(operator, operands)


def _simplified(
    outputs: Sequence[Expr],
    names: Sequence[str],
    statements: ForwardStatements,
    *,
    too_long: bool,
) -> list[Expr]:
    """Assign every output up to the last that is a join; all, if they are too long."""
    joins = [n for n, output in enumerate(outputs) if _is_join(output)]
    count = len(outputs) if too_long else 1 + max(joins, default=-1)
    simple: list[Expr] = [*outputs]
    for number in range(count):
        simple[number] = statements.as_name(outputs[number], names[number])
    return simple


def _shortened(
    operator: str,
    outputs: Sequence[Expr],
    name: str,
    longest: int,
    statements: ForwardStatements,
) -> tuple[Expr, ...]:
    """The operands of a short enough expression; a part of a long one is assigned."""
    gap = len(f" {operator} ")
    widths = [len(flat(output)) for output in outputs]
    width = sum(widths) + gap * (len(outputs) - 1)
    first, merged = outputs[0], 1
    while len(outputs) - merged > 1 and width > longest:
        width -= len(flat(first)) + gap + widths[merged] - len(name)
        first = statements.assign(name, OpExpr(operator, (first, outputs[merged])))
        merged += 1
    return (first, *outputs[merged:])


def _is_join(value: Expr) -> bool:
    """Whether an output is itself the join of branches."""
    match value:
        case CallExpr():
            return value.function in JOINS
    return isinstance(value, OpExpr)
