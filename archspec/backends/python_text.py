"""Write Python as `ruff format` leaves it: expressions, calls that wrap, docstrings."""

from __future__ import annotations

import ast
import builtins
import json
import keyword
import textwrap
from dataclasses import dataclass
from typing import Any

WIDTH = 88
INDENT = "    "

# What emitted code uses itself; a parameter of such a name gets a `_`.
TAKEN = {
    *keyword.kwlist,
    *keyword.softkwlist,
    *(name for name in dir(builtins) if name.islower()),
    "nn",
    "torch",
    "functional",
    "self",
    "x",
    "in_channels",
}

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


def python_name(name: str) -> str:
    """A parameter's name in emitted code."""
    if name == "cin":
        return "in_channels"
    return f"{name}_" if name in TAKEN else name


def class_name(name: str) -> str:
    """`nin_block` as `NinBlock`."""
    words = name.replace("-", "_").split("_")
    return "".join(word[:1].upper() + word[1:] for word in words if word)


def literal(value: Any) -> str:
    """A value as Python writes it."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=True)
    if isinstance(value, tuple):
        inner = ", ".join(literal(item) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)


def expression(code: ast.expr) -> str:
    """An expression in the language's subset of Python."""
    return _written(code)[0]


def _written(code: ast.expr) -> tuple[str, int]:
    """The text, and how tightly its outermost sign binds."""
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
        case ast.Call(func=ast.Name(id=function)):
            inner = ", ".join(expression(argument) for argument in code.args)
            return f"{function}({inner})", 9
        case ast.JoinedStr():
            return _f_string(code), 10
    raise AssertionError(ast.dump(code))


def _binary(code: ast.BinOp) -> tuple[str, int]:
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
    left, right = _operand(code.left, level), _operand(code.right, level + 1)
    return f"{left} {sign} {right}", level


def _operand(code: ast.expr, least: int) -> str:
    text, level = _written(code)
    return text if level >= least else f"({text})"


def _f_string(code: ast.JoinedStr) -> str:
    parts = [
        f"{{{expression(part.value)}}}"
        if isinstance(part, ast.FormattedValue)
        else str(part.value)
        for part in code.values
        if isinstance(part, ast.FormattedValue | ast.Constant)
    ]
    return f'f"{"".join(parts)}"'


# --- layout --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    """A call or list that goes on several lines where it does not fit on one."""

    opening: str  # `nn.Conv2d(`
    items: tuple[Doc, ...]
    closing: str = ")"


@dataclass(frozen=True, slots=True)
class Conditional:
    """`then if test else otherwise`."""

    then: Doc
    test: str
    otherwise: Doc


@dataclass(frozen=True, slots=True)
class Labelled:
    """`key=value`, or `"key": value`."""

    label: str
    value: Doc


@dataclass(frozen=True, slots=True)
class Commented:
    """An item with a comment behind it, where the line has room."""

    value: Doc
    comment: str


Doc = str | Call | Conditional | Labelled | Commented


def flat(doc: Doc) -> str:
    """The text on one line."""
    match doc:
        case str():
            return doc
        case Call():
            return (
                doc.opening + ", ".join(flat(item) for item in doc.items) + doc.closing
            )
        case Conditional():
            return f"{flat(doc.then)} if {doc.test} else {flat(doc.otherwise)}"
        case Labelled():
            return doc.label + flat(doc.value)
        case Commented():
            return flat(doc.value)


def layout(doc: Doc, indent: int, before: str = "", after: str = "") -> list[str]:
    """The lines of `before doc after`, indented by so many spaces."""
    comment = ""
    if isinstance(doc, Commented):
        comment = f"  # {doc.comment}"
        doc = doc.value
    if isinstance(doc, Labelled):
        before, doc = before + doc.label, doc.value
    pad = " " * indent
    line = f"{pad}{before}{flat(doc)}{after}"
    if len(line) + len(comment) <= WIDTH and not _has_comments(doc):
        return [line + comment]
    if len(line) <= WIDTH and not _has_comments(doc):
        return [line]
    match doc:
        case Call() if doc.items:
            lines = [f"{pad}{before}{doc.opening}"]
            for item in doc.items:
                lines += layout(item, indent + 4, after=",")
            return [*lines, f"{pad}{doc.closing}{after}"]
        case Conditional():
            return _broken_conditional(doc, indent, before, after)
    return [line]


def _broken_conditional(
    doc: Conditional, indent: int, before: str, after: str
) -> list[str]:
    pad, inner = " " * indent, indent + 4
    lines = [f"{pad}{before}("]
    lines += layout(doc.then, inner)
    lines += layout(doc.test, inner, before="if ")
    lines += layout(doc.otherwise, inner, before="else ")
    return [*lines, f"{pad}){after}"]


def _has_comments(doc: Doc) -> bool:
    match doc:
        case Commented():
            return True
        case Call():
            return any(_has_comments(item) for item in doc.items)
        case Labelled():
            return _has_comments(doc.value)
    return False


def docstring(text: str, indent: int) -> list[str]:
    """A text as a docstring; nothing in it can end it."""
    clean = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    clean = clean.replace("\\", "\\\\").replace('"""', "'''").strip()
    if clean.endswith('"'):
        clean += " "
    pad = " " * indent
    width = WIDTH - indent - 6
    lines: list[str] = []
    for paragraph in clean.split("\n"):
        lines += textwrap.wrap(
            paragraph, width, break_long_words=False, break_on_hyphens=False
        ) or [""]
    if len(lines) == 1:
        return [f'{pad}"""{lines[0]}"""']
    body = [f"{pad}{line}".rstrip() for line in lines[1:]]
    return [f'{pad}"""{lines[0]}', *body, f'{pad}"""']
