"""The Python that computes a value: an expression of names, or a literal."""

import ast
from typing import Any

from archspec.ir.symbolic import Symbolic, constant, forgotten, forgotten_names
from archspec.resolve.partial_call import PartialCall, has_callee, is_callee, text_of


def constant_or_name(value: Any) -> ast.expr:
    """A literal, in which an op or block is its name."""
    if isinstance(value, tuple):
        return ast.Tuple([constant_or_name(item) for item in value], ast.Load())
    return constant(text_of(value) if is_callee(value) else value)


def without_names(item: Symbolic) -> Symbolic:
    """The value as a literal if it is an op or block, or has one in it.

    Its expression means nothing where other names are in scope, and a module that is
    emitted cannot read it.
    """
    value = item.value
    if not has_callee(value):
        return item
    return Symbolic(_without_names(value), constant_or_name(value))


def _without_names(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_without_names, value))
    if not isinstance(value, PartialCall):
        return value
    parts = ((key, _without_names(i.value)) for key, i in value.keywords.items())
    keywords = {key: Symbolic(part, constant_or_name(part)) for key, part in parts}
    return PartialCall(value.callee, keywords)


def folded(value: Any, code: ast.expr, *parts: Symbolic) -> Symbolic:
    """The value with its expression, or as a literal if all parts are literals."""
    if all(is_constant(part) for part in parts):
        names = any(forgotten_names(part.code) for part in parts)
        return Symbolic(
            value, forgotten(value, code) if names else constant_or_name(value)
        )
    return Symbolic(value, code)


def is_constant(item: Symbolic) -> bool:
    return (
        isinstance(item.code, ast.Constant)
        or (
            isinstance(item.code, ast.UnaryOp)
            and isinstance(item.code.operand, ast.Constant)
        )
        or (
            isinstance(item.code, ast.Tuple)
            and all(is_constant(Symbolic(None, code)) for code in item.code.elts)
        )
    )
