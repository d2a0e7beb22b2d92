"""A YAML document as a tree in which every part knows its place in the text."""

from __future__ import annotations

from typing import NamedTuple

from archspec.diagnostics.source import Span

Plain = None | bool | int | float | str


class Scalar(NamedTuple):
    """A leaf: its text without quotes and escapes, and the value that YAML reads in it."""

    span: Span
    text: str
    value: Plain
    style: str  # "" plain, "'" or '"' quoted, "|" or ">" block
    has_error: bool = False  # a finding about it is recorded

    @property
    def code(self) -> Span | None:
        """The span of the text without its quotes, so that tokens in it have spans.

        None if escapes or folded lines have moved the characters.
        """
        start, end = self.span.start, self.span.end
        if self.style in ("'", '"'):
            start, end = start + 1, end - 1
        elif self.style in ("|", ">"):
            start = self.span.source.text.find("\n", start, end) + 1
        elif not self.style:
            return self.span
        inner = Span(self.span.source, start, end)
        return inner if inner.text.split() == self.text.split() else None


class Sequence(NamedTuple):
    """A list."""

    span: Span
    items: tuple[Tree, ...]
    flow: bool  # written as `[a, b]`, not with one item per line


class Mapping(NamedTuple):
    """Keys and values in the order written, each key once."""

    span: Span
    pairs: tuple[tuple[Scalar, Tree], ...]

    def get(self, key: str) -> Tree | None:
        """The value of a key, or None."""
        return next((value for k, value in self.pairs if k.text == key), None)

    def key(self, name: str) -> Scalar | None:
        """The key itself, for its place, or None."""
        return next((k for k, _ in self.pairs if k.text == name), None)


Tree = Scalar | Sequence | Mapping


def pairs_of(tree: Tree | None) -> tuple[tuple[Scalar, Tree], ...]:
    """Return the pairs of a mapping, and none of anything else."""
    return tree.pairs if isinstance(tree, Mapping) else ()


def to_data(tree: Tree) -> object:
    """Convert to plain dicts, lists and values, for the validator of the schema."""
    match tree:
        case Scalar():
            return tree.value
        case Sequence():
            return [to_data(item) for item in tree.items]
        case Mapping():
            return {key.text: to_data(value) for key, value in tree.pairs}
