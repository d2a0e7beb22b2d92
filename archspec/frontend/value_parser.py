"""Parse the values of a spec: those of `params`, `let` and `for`, and of `--set`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from archspec.diagnostics.diagnostic import Findings, write
from archspec.frontend.ast import Binding, Expression, Literal, Name, Tuple
from archspec.frontend.call_parser import parse_expression
from archspec.frontend.tokenizer import ParseError
from archspec.frontend.yaml.scalars import FLOAT
from archspec.frontend.yaml.tree import Scalar, Sequence, Tree, pairs_of

T = TypeVar("T")


class ValueParser:
    """Parses values, and reports each one that has an error."""

    def __init__(self, findings: Findings, broken: set[int]) -> None:
        """Start with the `id` of every part that must not be read."""
        self.findings = findings
        self.broken = broken

    def is_broken(self, tree: Tree | None) -> bool:
        """Whether a finding about a part is already recorded."""
        return id(tree) in self.broken

    def bindings(self, tree: Tree | None) -> Iterator[Binding]:
        """Parse `{width: 64, act: relu}`; a value with an error is None."""
        for key, value in pairs_of(tree):
            if not self.is_broken(key):
                yield Name(key.span, key.text), self.value(value)

    def expressions(self, tree: Tree | None) -> Iterator[Binding]:
        """Parse `{c: "max(8, ch)"}`, of which no value is text; one with an error is None."""
        for key, value in pairs_of(tree):
            if not self.is_broken(key):
                yield Name(key.span, key.text), self.expression(value)

    def value(self, tree: Tree, *, quoted_is_text: bool = True) -> Expression | None:
        """Parse a value: `64` or `2 * width` as an expression, `"same"` as a string.

        A list is a tuple: `[64, 128]` is `(64, 128)`.
        """
        if self.is_broken(tree) or (isinstance(tree, Scalar) and tree.has_error):
            return None
        if isinstance(tree, Sequence):
            items = [
                self.value(item, quoted_is_text=quoted_is_text) for item in tree.items
            ]
            valid = tuple(item for item in items if item is not None)
            return Tuple(tree.span, valid) if len(valid) == len(items) else None
        if not isinstance(tree, Scalar) or tree.value is None:
            help = "give it a number, a word, a list, `true` or `false`"
            self.findings.error(
                "invalid-type", "expected a value", tree.span, help=help
            )
            return None
        if not isinstance(tree.value, str):
            return Literal(tree.span, tree.value)
        if not (tree.style and quoted_is_text):
            return self.try_parse(parse_expression, tree)
        return self._string(tree)

    def _string(self, tree: Scalar) -> Literal | None:
        """Read a quoted value, which must not be a number."""
        if not FLOAT.fullmatch(tree.text):
            return Literal(tree.span, tree.text)
        self.findings.error(
            "ambiguous-scalar",
            f"`{tree.span.text}` is text, not a number",
            tree.span,
            help=write(tree.text, " without quotes"),
        )
        return None

    def expression(self, tree: Tree) -> Expression | None:
        """Parse a value that cannot be a string: `times: "2 * n"` is `2 * n`."""
        return self.value(tree, quoted_is_text=False)

    def try_parse(self, parse: Callable[[Scalar], T], scalar: Scalar) -> T | None:
        """Return what a parser makes of a text, or report its error."""
        if scalar.has_error:
            return None
        if not scalar.text.strip():
            self.findings.error(
                "invalid-syntax", "expected a value, found nothing", scalar.span
            )
            return None
        try:
            return parse(scalar)
        except ParseError as error:
            self.findings.error(error.code, error.message, error.span, help=error.help)
            return None
