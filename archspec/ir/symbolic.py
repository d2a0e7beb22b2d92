"""Values that carry the expression they came from.

A block is expanded with numbers, once per call. To emit one class with the block's own
parameters, each number also carries its expression over those parameters, as Python
syntax. Shape rules need not know: the channel counts that they add and multiply are
integers that record the operations.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, Self

FOLDED: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def make_divisible(value: float, divisor: int) -> int:
    """The nearest multiple of `divisor`, but not below 90 % of `value`.

    >>> make_divisible(30, 8), make_divisible(11, 8)
    (32, 16)
    """
    if not isinstance(divisor, int) or divisor < 1 or isinstance(value, bool | str):
        raise TypeError
    nearest = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return nearest if nearest >= 0.9 * value else nearest + divisor


CALLED: dict[str, Callable[..., Any]] = {
    "min": min,
    "max": max,
    "sum": sum,
    "abs": abs,
    "round": round,
    "ceil": math.ceil,
    "floor": math.floor,
    "sqrt": math.sqrt,
    "make_divisible": make_divisible,
    "len": len,
    "int": int,
}

COLUMN = "column"  # the function of `column_of`, which no spec can call
LARGEST = 80  # nodes of an expression
ATOMS = (ast.Constant, ast.Name)
NUMBERS = (int, float)  # a tuple: `int | float` makes an object each time


class Symbolic:
    """A value, and the expression over the surrounding block's parameters."""

    __slots__ = ("code", "value")

    def __init__(self, value: Any, code: ast.expr) -> None:
        """An expression that is too long to read is replaced by its number."""
        if isinstance(value, NUMBERS) and not is_short(code):
            code = forgotten(value, code)
        self.value = value
        self.code = code


class SymbolicInt(int):
    """An integer with the expression that makes it.

    >>> channels = SymbolicInt(64, variable("in_channels"))
    >>> ast.unparse(code_of(channels * 2 + 32))
    'in_channels * 2 + 32'
    """

    code: ast.expr

    def __new__(cls, value: int, code: ast.expr) -> Self:
        """Attach an expression to a number."""
        number = super().__new__(cls, value)
        number.code = code if is_short(code) else forgotten(int(value), code)
        return number

    def __add__(self, other: int) -> int:
        """Add, and record it."""
        return _combine(self, ast.Add(), other, int(self) + int(other))

    def __radd__(self, other: int) -> int:
        """Add to a plain number: `sum` starts from 0."""
        return _combine(other, ast.Add(), self, int(other) + int(self))

    def __sub__(self, other: int) -> int:
        """Subtract, and record it."""
        return _combine(self, ast.Sub(), other, int(self) - int(other))

    def __rsub__(self, other: int) -> int:
        """Subtract from a plain number."""
        return _combine(other, ast.Sub(), self, int(other) - int(self))

    def __mul__(self, other: int) -> int:
        """Multiply, and record it."""
        return _combine(self, ast.Mult(), other, int(self) * int(other))

    def __rmul__(self, other: int) -> int:
        """Multiply a plain number."""
        return _combine(other, ast.Mult(), self, int(other) * int(self))

    def __floordiv__(self, other: int) -> int:
        """Divide, rounding down, and record it."""
        return _combine(self, ast.FloorDiv(), other, int(self) // int(other))


def _combine(left: int, sign: ast.operator, right: int, value: int) -> int:
    codes = code_of(left), code_of(right)
    if all(isinstance(code, ast.Constant) for code in codes):
        return without_code(value, *codes)
    neutral = 0 if isinstance(sign, ast.Add | ast.Sub) else 1
    if not isinstance(right, SymbolicInt) and right == neutral:
        return left
    if not isinstance(left, SymbolicInt) and left == neutral and _commutes(sign):
        return right
    if isinstance(sign, ast.Add) and same(code_of(left), code_of(right)):
        return SymbolicInt(value, ast.BinOp(constant(2), ast.Mult(), code_of(left)))
    return SymbolicInt(value, ast.BinOp(code_of(left), sign, code_of(right)))


def without_code(value: int, *codes: ast.expr) -> int:
    """A number as it is, which depends on what some expressions read."""
    code = forgotten(value, *codes)
    return SymbolicInt(value, code) if forgotten_names(code) else value


def _commutes(sign: ast.operator) -> bool:
    return isinstance(sign, ast.Add | ast.Mult)


def variable(name: str) -> ast.expr:
    """A parameter or loop variable of the surrounding block."""
    return ast.Name(name, ast.Load())


def constant(value: Any) -> ast.expr:
    """A literal: a number, a boolean, a string, or a tuple of them."""
    if isinstance(value, tuple):
        return ast.Tuple([constant(item) for item in value], ast.Load())
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(int(value) if type(value) is SymbolicInt else value)


def forgotten(value: Any, *codes: ast.expr) -> ast.expr:
    """A literal instead of expressions: of names that end, or too long to read.

    It keeps their names, since the number is not the same for other values of these.
    """
    literal = constant(value)
    names = frozenset().union(*map(dependencies, codes))
    if names:
        literal.forgotten = names  # type: ignore[attr-defined]
    return literal


def forgotten_names(code: ast.AST) -> frozenset[str]:
    """The names that decide literals in an expression, without being in it."""
    if isinstance(code, ast.Name):
        return frozenset()
    found: frozenset[str] | None = getattr(code, "forgotten", None)
    if found is None and isinstance(code, ast.Constant):
        return frozenset()
    if found is None:
        found = frozenset().union(*map(forgotten_names, _read_parts(code)))
        code.forgotten = found  # type: ignore[attr-defined]
    return found


def dependencies(code: ast.AST) -> frozenset[str]:
    """All names that decide the value of an expression."""
    return variables(code) | forgotten_names(code)


@lru_cache(typed=True)  # the literals of a network are few
def literal(value: Any) -> Symbolic:
    """A literal as a symbolic value."""
    return Symbolic(value, constant(value))


def column_of(rows: ast.expr, number: int) -> ast.expr:
    """The values at one place of all rows."""
    return _folded(ast.Call(variable(COLUMN), [rows, constant(number)], []))


def rows_of(code: ast.expr) -> ast.expr | None:
    """The rows of `column_of`; None of other expressions."""
    match code:
        case ast.Call(ast.Name(name), [rows, _]) if name == COLUMN:
            return rows
    return None


def code_of(value: Any) -> ast.expr:
    """The expression of a number, or a literal."""
    return value.code if isinstance(value, SymbolicInt) else constant(value)


def as_symbolic(value: Any) -> Symbolic:
    """A number with its own expression, as a `TorchCall` takes it."""
    code = code_of(value)
    return Symbolic(int(value) if isinstance(value, SymbolicInt) else value, code)


def shape_argument(item: Symbolic) -> Any:
    """An attribute as a shape rule takes it: integers keep their expression."""
    is_literal = isinstance(item.code, ast.Constant) and not forgotten_names(item.code)
    if type(item.value) is int and not is_literal:
        return SymbolicInt(item.value, item.code)
    return item.value


def is_short(code: ast.expr) -> bool:
    """Whether an expression is short enough to keep: they grow with every layer."""
    return isinstance(code, ATOMS) or _size(code) <= LARGEST


def _size(code: ast.AST) -> int:
    """The number of nodes, cached in each since expressions share their parts."""
    size: int | None = getattr(code, "size", None)
    if size is None and isinstance(code, ast.BinOp):
        size = 2 + _size(code.left) + _size(code.right)
        code.size = size  # type: ignore[attr-defined]
    elif size is None:
        size = 1 + sum(_size(part) for part in ast.iter_child_nodes(code))
        code.size = size  # type: ignore[attr-defined]
    return size


def same(left: Any, right: Any) -> bool:
    """Whether two expressions, or parts of them, are equal as syntax."""
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, ast.Name):
        return bool(left.id == right.id)
    if isinstance(left, ast.AST):
        return all(same(getattr(left, f), getattr(right, f)) for f in left._fields)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return repr(left) == repr(right)


def variables(code: ast.AST) -> frozenset[str]:
    """The names an expression reads, without the language's functions.

    They are cached in each node since expressions share their parts.
    """
    if isinstance(code, ast.Name):
        return frozenset((code.id,))
    if isinstance(code, ast.Constant):
        return frozenset()
    found: frozenset[str] | None = getattr(code, "variables", None)
    if found is None:
        found = frozenset().union(*map(variables, _read_parts(code)))
        code.variables = found  # type: ignore[attr-defined]
    return found


def _read_parts(code: ast.AST) -> Iterable[ast.AST]:
    """The parts of an expression except the name of a function that it calls."""
    if isinstance(code, ast.Call) and isinstance(code.func, ast.Name):
        return (*code.args, *code.keywords)
    return ast.iter_child_nodes(code)


def functions(code: ast.expr) -> set[str]:
    """The functions that an expression calls."""
    calls = (node.func for node in ast.walk(code) if isinstance(node, ast.Call))
    return {function.id for function in calls if isinstance(function, ast.Name)}


def substitute(code: ast.expr, values: Mapping[str, ast.expr]) -> ast.expr:
    """The expression with variables replaced and constants folded.

    `cin * s` with s = 2 and cin = 8 is `16`.
    """
    match code:
        case ast.Constant():
            names = forgotten_names(code)
            return forgotten(code.value, *_given(names, values)) if names else code
        case ast.Name():
            return values.get(code.id, code)
        case ast.Call():  # a function's name is no variable
            arguments = [substitute(argument, values) for argument in code.args]
            return _folded(ast.Call(code.func, arguments, []))
    fields = {name: _replaced(part, values) for name, part in ast.iter_fields(code)}
    return _folded(type(code)(**fields))


def _given(names: Iterable[str], values: Mapping[str, ast.expr]) -> Iterable[ast.expr]:
    return (values.get(name) or variable(name) for name in names)


def decided(code: ast.expr, test: ast.expr, value: bool) -> ast.expr:
    """The expression where a test is known to hold, or not to.

    `2 * c if s > 1 else c` is `c` where `s > 1` does not hold.
    """
    match code:
        case ast.Constant() | ast.Name():
            return code
        case ast.IfExp() if same(code.test, test):
            return decided(code.body if value else code.orelse, test, value)
    fields: dict[str, Any] = {}
    for name, part in ast.iter_fields(code):
        if isinstance(part, list):
            fields[name] = [
                decided(p, test, value) if isinstance(p, ast.expr) else p for p in part
            ]
        else:
            is_code = isinstance(part, ast.expr)
            fields[name] = decided(part, test, value) if is_code else part
    return type(code)(**fields)


def summand(name: str, code: ast.expr) -> ast.expr | None:
    """What is added to a name: `a - b` in `name + a - b`; None in other expressions."""
    match code:
        case ast.BinOp(ast.Name(id), ast.Add(), right) if id == name:
            return right
        case ast.BinOp(left, ast.Add() | ast.Sub() as operator, right):
            found = summand(name, left)
            return found and ast.BinOp(found, operator, right)
    return None


def _replaced(part: Any, values: Mapping[str, ast.expr]) -> Any:
    if isinstance(part, list):
        return [_replaced(item, values) for item in part]
    return substitute(part, values) if isinstance(part, ast.expr) else part


def _folded(code: ast.expr) -> ast.expr:
    """An expression of literals as one literal, which keeps what decides these."""
    found = _simplified(code)
    if found is code or not isinstance(found, ast.Constant):
        return found
    return forgotten(found.value, code) if forgotten_names(code) else found


def _simplified(code: ast.expr) -> ast.expr:
    match code:
        case ast.BinOp(left, ast.Mult() | ast.FloorDiv(), ast.Constant(1)) if _is_int(
            code.right
        ):
            return left
        case ast.BinOp(ast.Constant(1), ast.Mult(), right) if _is_int(code.left):
            return right
        case ast.BinOp(
            ast.BinOp(left, ast.Mult(), ast.Constant(a)),
            ast.FloorDiv(),
            ast.Constant(b),
        ) if a == b and a and _is_int(code.right) and type(a) is int:
            return left
        case ast.BinOp(
            ast.BinOp(ast.Constant(a), ast.Mult(), right),
            ast.FloorDiv(),
            ast.Constant(b),
        ) if a == b and a and _is_int(code.right) and type(a) is int:
            return right
        case ast.BinOp(left, ast.Add(), right) if same(left, right):
            return _folded(ast.BinOp(ast.Constant(2), ast.Mult(), left))
        case ast.BinOp(ast.Constant(a), sign, ast.Constant(b)):
            try:
                return constant(FOLDED[type(sign)](a, b))
            except ArithmeticError:  # of a part that does not count: `n and 1 / n`
                return code
        case ast.Compare(ast.Constant(a), [sign], [ast.Constant(b)]):
            return constant(COMPARED[type(sign)](a, b))
        case ast.Compare(left, [ast.Eq() | ast.NotEq() as sign], [right]) if same(
            left, right
        ):
            return constant(isinstance(sign, ast.Eq))
        case ast.UnaryOp(ast.Not(), ast.Constant(a)):
            return constant(not a)
        case ast.IfExp(ast.Constant(test)):
            return code.body if test else code.orelse
        case ast.IfExp(_, body, other) if same(body, other):
            return body
        case ast.BoolOp(sign, [ast.Constant(a), *rest]):
            decided = bool(a) == isinstance(sign, ast.Or)
            return constant(a) if decided else _joined(sign, rest)
        case ast.Call(ast.Name(name), arguments) if name in CALLED:
            if all(map(is_literal, arguments)):
                values = [ast.literal_eval(argument) for argument in arguments]
                with suppress(
                    ArithmeticError, ValueError
                ):  # of a part that does not count
                    return constant(CALLED[name](*values))
        case ast.Call(ast.Name(name), [ast.Tuple(rows), index]) if name == COLUMN:
            number = ast.literal_eval(index)
            parts = [row.elts[number] for row in rows if isinstance(row, ast.Tuple)]
            if len(parts) == len(rows):
                return ast.Tuple(parts, ast.Load())
        case ast.Subscript(ast.Tuple(items), ast.Slice(start, stop)):
            if all(part is None or is_literal(part) for part in (start, stop)):
                first = ast.literal_eval(start) if start else None
                last = ast.literal_eval(stop) if stop else None
                return ast.Tuple(items[first:last], ast.Load())
        case ast.Subscript(ast.Tuple(items), index) if is_literal(index):
            with suppress(IndexError):
                item: ast.expr = items[ast.literal_eval(index)]
                return item
    return code


def _is_int(code: ast.expr) -> bool:
    """Whether a literal is an integer: 1, but neither 1.0 nor True."""
    return isinstance(code, ast.Constant) and type(code.value) is int


def is_literal(code: ast.expr) -> bool:
    """Whether an expression is a literal: a constant, its negation, or a tuple of them."""
    match code:
        case ast.Constant():
            return True
        case ast.UnaryOp(ast.USub(), ast.Constant(value)):
            return not isinstance(value, bool)
        case ast.Tuple(items):
            return all(map(is_literal, items))
    return False


def _joined(sign: ast.boolop, parts: list[ast.expr]) -> ast.expr:
    return parts[0] if len(parts) == 1 else _folded(ast.BoolOp(sign, parts))
