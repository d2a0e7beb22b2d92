"""Expressions and names in emitted code say what the language says."""

from __future__ import annotations

import ast
import keyword
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from archspec.backends.python.expressions import expression, literal
from archspec.backends.python.identifiers import class_name, python_name
from archspec.ir.symbolic import (
    Symbolic,
    SymbolicInt,
    code_of,
    same,
    substitute,
    variable,
)

VALUES = {"a": 2, "b": 3, "c": 7}
BINARY = [ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod]
COMPARE = [ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq]


def _name(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def _grown(inner: st.SearchStrategy[ast.expr]) -> st.SearchStrategy[ast.expr]:
    signs = st.sampled_from(BINARY).map(lambda sign: sign())
    compares = st.sampled_from(COMPARE).map(lambda sign: [sign()])
    both = st.sampled_from([ast.And, ast.Or]).map(lambda sign: sign())
    two = st.lists(inner, min_size=2, max_size=2)
    return st.one_of(
        st.builds(ast.BinOp, inner, signs, inner),
        st.builds(ast.BinOp, inner, st.just(ast.Pow()), st.just(ast.Constant(2))),
        st.builds(ast.UnaryOp, st.just(ast.USub()), inner),
        st.builds(ast.UnaryOp, st.just(ast.Not()), inner),
        st.builds(ast.Compare, inner, compares, inner.map(lambda code: [code])),
        st.builds(ast.BoolOp, both, two),
        st.builds(ast.IfExp, inner, inner, inner),
        st.builds(lambda items: ast.Call(_name("max"), items, []), two),
        st.builds(lambda items: ast.Subscript(ast.Tuple(items), ast.Constant(1)), two),
        st.builds(lambda items: ast.Call(_name("sum"), [_first(items)], []), two),
    )


def _first(items: list[ast.expr]) -> ast.expr:
    return ast.Subscript(ast.Tuple(items), ast.Slice(None, ast.Constant(1)))


EXPRESSIONS = st.recursive(
    st.sampled_from(sorted(VALUES)).map(_name) | st.integers(0, 9).map(ast.Constant),
    _grown,
    max_leaves=8,
)


def value_of(text: str, names: dict[str, int]) -> Any:
    try:
        return eval(text, {"max": max, "sum": sum, **names})
    except (ArithmeticError, TypeError):
        return None


@given(EXPRESSIONS)
@settings(deadline=None, max_examples=400)
def test_brackets_stand_where_they_must(code: ast.expr) -> None:
    """The text means what the tree means, and has no spare brackets."""
    expected = value_of(ast.unparse(ast.fix_missing_locations(code)), VALUES)
    assert value_of(expression(code), VALUES) == expected


@given(EXPRESSIONS, st.sets(st.sampled_from(sorted(VALUES))))
@settings(deadline=None, max_examples=400)
def test_folding_changes_no_value(code: ast.expr, known: set[str]) -> None:
    expected = value_of(expression(code), VALUES)
    assume(expected is not None)
    before = ast.dump(code)
    folded = substitute(code, {name: ast.Constant(VALUES[name]) for name in known})
    assert ast.dump(code) == before
    assert value_of(expression(folded), VALUES) == expected


def test_spare_brackets() -> None:
    for text in ("a + b * c", "(a + b) * c", "a - (b - c)", "-a**2", "a if b else c"):
        assert expression(ast.parse(text, mode="eval").body) == text


def test_a_variable_may_be_a_keyword() -> None:
    """Names are replaced in the tree, not in its text."""
    code = ast.BinOp(_name("lambda"), ast.Add(), ast.Constant(1))
    assert expression(substitute(code, {"a": _name("b")})) == "lambda_ + 1"
    assert expression(substitute(code, {"lambda": _name("cin")})) == "in_channels + 1"


def test_expressions_do_not_grow_without_end() -> None:
    """What no one would read is a number; doubling it 60 times takes no time."""
    width: int = SymbolicInt(1, variable("cin"))
    for _ in range(60):
        width = width + width
    assert int(width) == 2**60
    code: ast.expr = _name("cin")
    for _ in range(60):
        code = Symbolic(7, ast.BinOp(code, ast.Add(), code)).code
    assert len(ast.dump(code_of(width))) < 10_000
    assert same(code, code)


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}", fullmatch=True)
TRICKY = st.sampled_from(
    [*keyword.kwlist, "x", "nn", "self", "torch", "len", "in_channels", "_", "__", "C"]
).flatmap(lambda name: st.sampled_from([name, f"{name}_", f"{name}__", f"__{name}"]))


@pytest.mark.slow
@given(st.sets(NAMES | TRICKY, min_size=2, max_size=30))
@settings(deadline=None)
def test_different_names_stay_different(names: set[str]) -> None:
    written = [python_name(name) for name in {*names, "cin"}]
    assert len(set(written)) == len(written)
    for name in written:
        assert name.isidentifier()
        assert not keyword.iskeyword(name)
        assert name not in {"self", "nn", "torch", "x"}
        assert not name.startswith("__") or name == "__"


@given(NAMES | st.sampled_from(["none", "true", "False", "_1", "a-b", "2x"]))
def test_a_class_can_have_the_name(name: str) -> None:
    assert class_name(name).isidentifier()
    assert not keyword.iskeyword(class_name(name))


@given(
    st.text()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
)
def test_literals_are_read_back(value: object) -> None:
    assert ast.literal_eval(literal(value)) == value
    assert literal(value).isascii()


@pytest.mark.parametrize("value", [(), (1,), (1, (2, 3)), ("a", True)])
def test_tuples_are_read_back(value: tuple[object, ...]) -> None:
    assert ast.literal_eval(literal(value)) == value
