"""Split the text of calls into tokens, each with its place in the file.

The tokens of `conv(64, k=3)` are the names `conv` and `k`, the numbers `64` and `3`, the
signs `(`, `,`, `=` and `)`, and the end.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from archspec.diagnostics.diagnostic import Offer, write
from archspec.diagnostics.source import Span

TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<path>(?<=\()(?:(?<=\bref\()|(?<=\btied\()|(?<=_like\())(?=[A-Za-z0-9_]*[{.-])(?:\{[^{}]*\}|[A-Za-z0-9_.-])+)
      | (?P<number>(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][-+]?[0-9]+)?)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<string>"[^"\n]*"|'[^'\n]*')
      | (?P<foreign>&&|\|\||=!)
      | (?P<sign>->|//|\*\*|<=|>=|==|!=|[-+*/%<>=|,:()\[\]])
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)

FOREIGN = {  # signs of other languages, with the help
    "&&": write("and"),
    "||": Offer("write `or` between conditions, and `|` between steps", "or", "|"),
    "=!": write("!="),
    "!": write("not "),
    "^": write("**", " for a power"),
    "?": "write `a if condition else b`",
    ".": "names have no prefix: `conv`, not `nn.Conv2d`; `width`, not `params.width`",
    "$": "write a name without a prefix: `width`",
    "{": "write a name without a prefix: `width`",
    ";": "write each step on a line of its own, after `- `",
}
WORDS = {"and", "or", "not", "if", "else", "true", "false"}


class Token(NamedTuple):
    """A number, name, string, sign or reserved word, or the end of the text."""

    kind: str
    text: str
    span: Span

    def __str__(self) -> str:
        """Return the words for it in a message."""
        return "the end" if self.kind == "end" else f"`{self.text}`"


class ParseError(Exception):
    """Text that is not in the language. The parser's caller reports it."""

    def __init__(
        self, message: str, span: Span, help: str = "", code: str = "invalid-syntax"
    ) -> None:
        """Store the parts of a finding."""
        super().__init__(message)
        self.message, self.span, self.help, self.code = message, span, help, code


def tokenize(text: str, at: Span, *, exact: bool) -> list[Token]:
    """Split the text at a span of a file into tokens.

    If the text had escapes, it is not a copy of the span, and `exact` is false. Every
    token then has the whole span.

    Raises:
        ParseError: at a character that starts no token, or `010`.
    """
    tokens = []
    for match in TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind == "space":
            continue
        word, (first, last) = match.group(), match.span()
        span = Span(at.source, at.start + first, at.start + last) if exact else at
        if kind in ("foreign", "other"):
            raise ParseError(
                f"{_shown(word)} is not part of the language",
                span,
                _in_parentheses(text, first) or FOREIGN.get(word, ""),
            )
        if kind == "number" and re.match(r"0[0-9]", word):
            plain = word.lstrip("0") or "0"
            raise ParseError(
                f"`{word}` starts with a zero",
                span,
                write(plain),
                "ambiguous-scalar",
            )
        if word in WORDS:
            kind = "word"
        tokens.append(Token(kind, word, span))
    end = Span(at.source, at.end, at.end) if exact else at
    return [*tokens, Token("end", "", end)]


def _in_parentheses(text: str, at: int) -> str:
    """Help with `conv{64, k=7}`, a call with braces."""
    call = re.search(r"(\w+) *$", text[:at])
    arguments = re.match(r"\{([^{}]*)\}?", text[at:])
    return write(f"{call[1]}({arguments[1]})") if call and arguments else ""


def _shown(character: str) -> str:
    """Return a character, or the name of one that may look like another."""
    if character.isascii() and character.isprintable():
        return f"`{character}`"
    name = unicodedata.name(character, "a control character")
    return f"U+{ord(character):04X} ({name.lower()})"
