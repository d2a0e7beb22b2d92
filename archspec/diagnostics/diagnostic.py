"""A finding about a spec, as data; how it looks is for `render`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from archspec.diagnostics.codes import CODES
from archspec.diagnostics.source import Span


class Severity(StrEnum):
    """How much a finding matters: an error stops the compiler."""

    ERROR = "error"
    WARNING = "warning"


class Label(NamedTuple):
    """A place, and what to say beside it."""

    span: Span
    message: str = ""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: a headline, the place it is about, and what helps.

    `related` are other places that explain it: the producer of a shape, the
    call that expanded a block. `help` is what to write instead. `fault` is what failed,
    as data from which a fix can be found.
    """

    code: str
    message: str
    primary: Label
    related: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: tuple[str, ...] = ()
    severity: Severity = Severity.ERROR
    fault: object | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse a code that has no page."""
        assert self.code in CODES, self.code

    @property
    def is_error(self) -> bool:
        """Whether it stops the compiler."""
        return self.severity is Severity.ERROR

    def with_help(self, help: Sequence[str]) -> Diagnostic:
        """The same finding with other help lines; empty ones are dropped."""
        return replace(self, help=tuple(_cut(text) for text in help if text))


ONE_FOR_ALL = ("undefined-name",)  # one mistake, in however many places of a file
MAX_FINDINGS = 100
MAX_RELATED = 20  # places that explain one finding
MAX_TEXT = 1_000  # characters of a message


class TooMany(Exception):  # noqa: N818  # control flow: the finding is recorded
    """There is more of something than a bound allows: go no further."""


class Findings:
    """The diagnostics of one run, each mistake once, up to a bound.

    A block that is used five times is expanded five times; a mistake inside it
    is still one mistake.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._found: dict[tuple[object, ...], dict[int, Diagnostic]] = {}  # by place
        self._errors = 0

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic, unless the same one was found at the same place.

        Raises:
            TooMany: at the bound on errors; warnings beyond it are dropped.
        """
        span = diagnostic.primary.span
        key: tuple[object, ...] = diagnostic.code, id(span.source), span.start, span.end
        if diagnostic.code in ONE_FOR_ALL:
            key = diagnostic.code, id(span.source), diagnostic.message
        is_error = diagnostic.is_error
        if key in self._found:
            if len(self._found[key]) < MAX_FINDINGS:
                self._found[key].setdefault(span.start, diagnostic)
            return
        if len(self._found) >= MAX_FINDINGS and not is_error:
            return
        self._found[key] = {span.start: diagnostic}
        self._errors += is_error
        if is_error and self._errors == MAX_FINDINGS:
            self.error(
                "too-many-findings",
                f"the check ends here: {MAX_FINDINGS} errors are enough",
                span,
            )
            raise TooMany

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Keep several."""
        for diagnostic in diagnostics:
            self.add(diagnostic)

    def each(self) -> Iterator[Diagnostic]:
        """As they came, those in several places for each of them."""
        for places in self._found.values():
            yield from places.values()

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        label: str = "",
        *,
        related: Sequence[Label] = (),
        notes: Sequence[str] = (),
        help: Sequence[str] | str = (),
        severity: Severity = Severity.ERROR,
        fault: object | None = None,
    ) -> None:
        """Keep a finding given by its parts."""
        helps = (help,) if isinstance(help, str) else help
        self.add(
            Diagnostic(
                code,
                _cut(message),
                Label(span, label),
                tuple(related[:MAX_RELATED]),
                tuple(map(_cut, notes)),
                tuple(_cut(text) for text in helps if text),
                severity,
                fault,
            )
        )

    def __iter__(self) -> Iterator[Diagnostic]:
        """In the order of the text, file by file."""
        found = [_with_places(places) for places in self._found.values()]
        order: dict[int, int] = {}
        for diagnostic in found:
            order.setdefault(id(diagnostic.primary.span.source), len(order))
        return iter(
            sorted(
                found,
                key=lambda d: (order[id(d.primary.span.source)], d.primary.span.start),
            )
        )

    def __len__(self) -> int:
        """How many there are."""
        return len(self._found)

    @property
    def errors(self) -> int:
        """How many of them stop the compiler."""
        return self._errors

    @property
    def has_errors(self) -> bool:
        """Whether any of them stops the compiler."""
        return self._errors > 0

    def has(self, code: str) -> bool:
        """Whether one has this code."""
        return any(key[0] == code for key in self._found)


def _with_places(places: Mapping[int, Diagnostic]) -> Diagnostic:
    """The first in the text, and where the same is found again."""
    first, *others = (places[start] for start in sorted(places))
    if not others:
        return first
    lines = [str(line) for line in dict.fromkeys(d.primary.span.line for d in others)]
    shown = ", ".join([*lines[:MAX_RELATED], *["..."] * (len(lines) > MAX_RELATED)])
    note = f"it also stands in line{'s' * (len(lines) > 1)} {shown}"
    return replace(first, notes=(*first.notes, note))


def _cut(text: str) -> str:
    """A message may quote all of a line, which may be all of a file."""
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}..."


class SpecError(ValueError):
    """A spec that cannot be used; `str()` is the rendered report."""

    def __init__(self, diagnostics: Sequence[Diagnostic], report: str) -> None:
        """Carry the diagnostics beside their report."""
        super().__init__(report)
        self.diagnostics = tuple(diagnostics)
