"""Write values and expressions of the language as Python.

    not s == 1 or cin != cout   ->   s != 1 or in_channels != cout

`literal` and `expression` return text. `value_expr` and `code_expr` return nodes of the
tree, which also know the names that they read.
"""

from __future__ import annotations

import ast
from typing import Any

from archspec.backends.python.identifiers import python_name
from archspec.backends.python.syntax import AtomExpr, Element, Expr, TupleExpr
from archspec.ir.symbolic import functions, rows_of, variables

# Functions of the language that Python does not have built in.
MATH = {"ceil", "floor", "sqrt"}
MAKE_DIVISIBLE = """
def make_divisible(value: float, divisor: int) -> int:
    \"\"\"Round to a multiple of `divisor`, but not below 90 % of `value`.\"\"\"
    nearest = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return nearest if nearest >= 0.9 * value else nearest + divisor
"""
FUNCTIONS = {"make_divisible": MAKE_DIVISIBLE}  # the text of each, which modules have

BINARY = {
    ast.Add: ("+", 5),
    ast.Sub: ("-", 5),
    ast.Mult: ("*", 6),
    ast.Div: ("/", 6),
    ast.FloorDiv: ("//", 6),
    ast.Mod: ("%", 6),
    ast.Pow: ("**", 8),
}
COMPARISONS = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}

INVERSE = {
    ast.Lt: ast.GtE(),
    ast.LtE: ast.Gt(),
    ast.Gt: ast.LtE(),
    ast.GtE: ast.Lt(),
    ast.Eq: ast.NotEq(),
    ast.NotEq: ast.Eq(),
}


def value_expr(value: Any) -> Expr:
    """A value as a node; a tuple can break between its elements."""
    if isinstance(value, tuple):
        return TupleExpr(tuple(Element(value_expr(item)) for item in value))
    return AtomExpr(literal(value))


def code_expr(code: ast.expr) -> Expr:
    """An expression as a node; a tuple can break between its elements."""
    if isinstance(code, ast.Tuple):
        return TupleExpr(tuple(Element(code_expr(item)) for item in code.elts))
    names = {python_name(name) for name in variables(code)}
    called = functions(code)
    modules = {"math"} if called & MATH else set()
    return AtomExpr(
        expression(code), frozenset(names | modules | called & {*FUNCTIONS})
    )


def same_value(left: Any, right: Any) -> bool:
    """Whether two values have one literal: 1, 1.0 and True do not."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(same_value, left, right))
    return type(left) is type(right) and bool(left == right)


def literal(value: Any) -> str:
    """A value as Python text."""
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, tuple):
        inner = ", ".join(literal(item) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)


def _quoted(text: str) -> str:
    """A string in ASCII, in the quotes that need fewer escapes."""
    plain = text.encode("unicode_escape").decode("ascii")
    quote = "'" if plain.count('"') > plain.count("'") else '"'
    return f"{quote}{plain.replace(quote, chr(92) + quote)}{quote}"


def expression(code: ast.expr) -> str:
    """An expression as Python text, with no more brackets than it needs."""
    return _written(code)[0]


def _written(code: ast.expr) -> tuple[str, int]:
    """The text, and the precedence of its outermost operator."""
    match code:
        case ast.Constant():
            return literal(code.value), 10
        case ast.Name():
            return python_name(code.id), 10
        case ast.Tuple():
            inner = ", ".join(expression(item) for item in code.elts)
            return (f"({inner},)" if len(code.elts) == 1 else f"({inner})"), 10
        case ast.BinOp():
            return _binary(code)
        case ast.UnaryOp(op=ast.Not(), operand=ast.Compare() as compare):
            inverse = INVERSE[type(compare.ops[0])]
            return _written(ast.Compare(compare.left, [inverse], compare.comparators))
        case ast.UnaryOp(op=ast.Not()):
            return f"not {_operand(code.operand, 3)}", 3
        case ast.UnaryOp():
            return f"-{_operand(code.operand, 7)}", 7
        case ast.Compare():
            sign = COMPARISONS[type(code.ops[0])]
            left, right = _operand(code.left, 5), _operand(code.comparators[0], 5)
            return f"{left} {sign} {right}", 4
        case ast.BoolOp():
            sign, level = ("or", 1) if isinstance(code.op, ast.Or) else ("and", 2)
            parts = [_operand(value, level + 1) for value in code.values]
            return f" {sign} ".join(parts), level
        case ast.IfExp():
            body, test = _operand(code.body, 1), _operand(code.test, 1)
            return f"{body} if {test} else {_operand(code.orelse, 0)}", 0
        case ast.Subscript():
            return f"{_operand(code.value, 9)}[{expression(code.slice)}]", 9
        case ast.Call(args=[rows, number]) if rows_of(code):
            return f"[row[{expression(number)}] for row in {expression(rows)}]", 10
        case ast.Call(func=ast.Name(id=function)):
            inner = ", ".join(expression(argument) for argument in code.args)
            module = "math." if function in MATH else ""
            return f"{module}{function}({inner})", 9
        case ast.Slice():
            start, stop = (
                part and expression(part) for part in (code.lower, code.upper)
            )
            return f"{start or ''}:{stop or ''}", 0
        case ast.JoinedStr():
            return _computed_text(code)
    raise AssertionError(ast.dump(code))


def _binary(code: ast.BinOp) -> tuple[str, int]:
    if _is_neutral(code.op, code.right):
        return _written(code.left)  # an unrolled loop leaves `before + 0`
    sign, level = BINARY[type(code.op)]
    if sign == "**":  # binds to the right; simple operands stand close
        left, right = _operand(code.left, 9), _operand(code.right, 7)
        simple = all(
            isinstance(side, ast.Name | ast.Constant)
            or (
                isinstance(side, ast.UnaryOp) and isinstance(side.operand, ast.Constant)
            )
            for side in (code.left, code.right)
        )
        return (f"{left}**{right}" if simple else f"{left} ** {right}"), level
    least = level if _is_product_by_two(code) else level + 1
    left, right = _operand(code.left, level), _operand(code.right, least)
    return f"{left} {sign} {right}", level


def _is_neutral(operator: ast.operator, right: ast.expr) -> bool:
    """Whether an operation leaves its left side as it is."""
    if not isinstance(right, ast.Constant) or type(right.value) is not int:
        return False
    is_sum = isinstance(operator, ast.Add | ast.Sub)
    is_product = isinstance(operator, ast.Mult)
    return (is_sum and right.value == 0) or (is_product and right.value == 1)


def _is_product_by_two(code: ast.BinOp) -> bool:
    """`4 * (64 * n)`, which is `4 * 64 * n` to the last bit, also if n is a float."""
    match code.left, code.op:
        case ast.Constant(int(factor)), ast.Mult():
            return factor > 0 and factor & (factor - 1) == 0 and _is_product(code.right)
    return False


def _is_product(code: ast.expr) -> bool:
    """Whether an expression is products from the left on, without a division."""
    match code:
        case ast.BinOp(left, ast.Mult()):
            return not isinstance(left, ast.BinOp) or _is_product(left) or _binds(left)
    return False


def _binds(code: ast.BinOp) -> bool:
    """Whether an operand of a product needs no brackets or has them anyway."""
    return BINARY[type(code.op)][1] != BINARY[ast.Mult][1]


def _operand(code: ast.expr, least: int) -> str:
    text, level = _written(code)
    return text if level >= least else f"({text})"


def _computed_text(code: ast.JoinedStr) -> tuple[str, int]:
    """`f"stage{i}"`, or `"{}{}".format("a", i)` around a string.

    Python 3.11 takes neither its own quote nor an escape in an f-string.
    """
    constant = [*map(_constant_text, code.values)]
    pairs = zip(code.values, constant, strict=True)
    computed = [expression(part.value) for part, text in pairs
                if text is None and isinstance(part, ast.FormattedValue)]  # fmt: skip
    texts = iter(computed)
    if any('"' in text or "'" in text for text in computed):
        template = "".join("{}" if text is None else text for text in constant)
        return f'"{template}".format({", ".join(computed)})', 9
    parts = (f"{{{next(texts)}}}" if text is None else text for text in constant)
    return f'f"{"".join(parts)}"', 10


def _constant_text(part: ast.expr) -> str | None:
    """The text of a part that computes nothing."""
    value = part.value if isinstance(part, ast.FormattedValue) else part
    return str(value.value) if isinstance(value, ast.Constant) else None
