"""Write Python as `ruff format` leaves it: calls that wrap, and docstrings."""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass

WIDTH = 88


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


@dataclass(frozen=True, slots=True)
class Noted:
    """An item with a comment on the lines above it."""

    value: Doc
    note: str


Doc = str | Call | Conditional | Labelled | Commented | Noted
TOOLS = re.compile(
    r"type *:|(flake8|fmt|isort|mypy|noqa|pylint|pyright|ruff|yapf)\b", re.IGNORECASE
)


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
        case Commented() | Noted():
            return flat(doc.value)


def breakable(text: str) -> Doc:
    """The text of an expression; a long tuple may go on several lines."""
    code = ast.parse(text, mode="eval").body
    if not isinstance(code, ast.Tuple) or len(code.elts) < 2:
        return text
    items = (ast.get_source_segment(text, item) or "" for item in code.elts)
    return Call("(", tuple(breakable(item) for item in items))


def layout(doc: Doc, indent: int, before: str = "", after: str = "") -> list[str]:
    """The lines of `before doc after`, indented by so many spaces."""
    if isinstance(doc, Labelled):
        return layout(doc.value, indent, before + doc.label, after)
    if isinstance(doc, Noted):
        lines = layout(doc.value, indent, before, after)
        return [*remark(doc.note, indent), *lines]
    comment = ""
    if isinstance(doc, Commented):
        comment = f"  # {doc.comment}"
        doc = doc.value
    pad = " " * indent
    line = f"{pad}{before}{flat(doc)}{after}"
    if len(line) <= WIDTH and not _has_comments(doc):
        return [line + comment if len(line + comment) <= WIDTH else line]
    match doc:
        case Call() if doc.items:
            opening = f"{pad}{before}{doc.opening}"
            fits = len(opening + comment) <= WIDTH
            lines = [opening + comment if fits else opening]
            for item in doc.items:
                lines += layout(item, indent + 4, after="" if _is_sole(doc) else ",")
            return [*lines, f"{pad}{doc.closing}{after}"]
        case Conditional():
            return _broken_conditional(doc, indent, before, after)
    return [line]


def _is_sole(call: Call) -> bool:
    """Whether a call has one argument that is a list or dictionary."""
    first = call.items[0]
    return len(call.items) == 1 and isinstance(first, Call) and len(first.opening) == 1


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
        case Commented() | Noted():
            return True
        case Call():
            return any(_has_comments(item) for item in doc.items)
        case Labelled():
            return _has_comments(doc.value)
    return False


def remark(text: str, indent: int) -> list[str]:
    """A text as a comment; none where a tool would take it for its own."""
    clean = "".join(c if c.isprintable() else " " for c in text)
    lines = textwrap.wrap(clean, WIDTH - indent - 2, break_on_hyphens=False)
    if "#" in clean or any(map(TOOLS.match, lines)):
        return []
    return [f"{' ' * indent}# {line}" for line in lines]


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
