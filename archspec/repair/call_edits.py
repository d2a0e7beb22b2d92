"""Changes of a call's text: another value, one more argument, one less."""

from __future__ import annotations

from archspec.diagnostics.diagnostic import Edit
from archspec.diagnostics.source import Span
from archspec.frontend.ast import Argument, Call, Expression, Literal

SHORT = {
    "kernel_size": "k",
    "stride": "s",
    "padding": "p",
    "dilation": "d",
    "groups": "g",
}


def positional(call: Call) -> list[Argument]:
    """The arguments without a keyword."""
    return [a for a in call.arguments if a.keyword is None and not a.is_spread]


def argument(call: Call, name: str) -> Argument | None:
    """The argument with a keyword, short or long."""
    return next((a for a in call.arguments if keyword(a) == name), None)


def keyword(given: Argument) -> str:
    """The short keyword of an argument; "" for none."""
    name = given.keyword.id if given.keyword else ""
    return SHORT.get(name, name)


def integer(value: Expression | None) -> int | None:
    """The value of an integer literal."""
    found = value.value if isinstance(value, Literal) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def number(call: Call, name: str) -> int | None:
    """The value of a keyword, if it is an integer literal."""
    given = argument(call, name)
    return integer(given.value) if given else None


def with_value(given: Argument, text: object) -> Edit:
    """Another value for an argument."""
    return Edit(given.value.span, str(text))


def with_argument(call: Call, text: str) -> Edit:
    """One more argument, behind the others."""
    source, _, end = call.span
    if source.text[end - 1] != ")":
        return Edit(source.span(end, end), f"({text})")
    comma = ", " if call.arguments else ""
    return Edit(source.span(end - 1, end - 1), f"{comma}{text}")


def without_argument(call: Call, given: Argument) -> Edit:
    """The call without an argument and its comma."""
    source, start, end = given.span
    arguments = call.arguments
    place = next(n for n, each in enumerate(arguments) if each is given)
    if place:
        start = arguments[place - 1].span.end
    elif len(arguments) > 1:
        end = arguments[1].span.start
    else:
        start, end = call.name.span.end, call.span.end
    return Edit(source.span(start, end), "")


def edited(call: Call, edit: Edit) -> str:
    """The text of a call with an edit in it, on one line."""
    source, start, end = call.span
    text = source.text[start : edit.span.start] + edit.text
    return " ".join(f"{text}{source.text[edit.span.end : end]}".split())


def quoted(span: Span) -> tuple[int, int]:
    """A place with the quotes around it."""
    text, start, end = span.source.text, span.start, span.end
    has_quotes = (
        text[start - 1 : start] in ('"', "'") and text[end : end + 1] == text[start - 1]
    )
    return (start - 1, end + 1) if has_quotes else (start, end)
