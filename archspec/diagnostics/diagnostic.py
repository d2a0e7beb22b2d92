"""A finding about a spec, as data; how it looks is for `render`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from archspec.diagnostics.codes import CODES
from archspec.diagnostics.source import Span


class Severity(StrEnum):
    """How much a finding matters: an error stops the compiler."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Label:
    """A place, and what to say beside it."""

    span: Span
    message: str = ""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: a headline, the place it is about, and what helps.

    `related` are other places that explain it: the producer of a shape, the
    call that expanded a block. `help` is what to write instead.
    """

    code: str
    message: str
    primary: Label
    related: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: tuple[str, ...] = ()
    severity: Severity = Severity.ERROR

    def __post_init__(self) -> None:
        """Refuse a code that has no page."""
        assert self.code in CODES, self.code


class Findings:
    """The diagnostics of one run, each mistake once.

    A block that is used five times is expanded five times; a mistake inside it
    is still one mistake.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._found: dict[tuple[str, int, int, int], Diagnostic] = {}

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic, unless the same one was found at the same place."""
        span = diagnostic.primary.span
        key = (diagnostic.code, id(span.source), span.start, span.end)
        self._found.setdefault(key, diagnostic)

    def extend(self, diagnostics: Sequence[Diagnostic]) -> None:
        """Keep several."""
        for diagnostic in diagnostics:
            self.add(diagnostic)

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
    ) -> None:
        """Keep a finding given by its parts."""
        helps = (help,) if isinstance(help, str) else tuple(help)
        self.add(
            Diagnostic(
                code,
                message,
                Label(span, label),
                tuple(related),
                tuple(notes),
                tuple(h for h in helps if h),
                severity,
            )
        )

    def __iter__(self) -> Iterator[Diagnostic]:
        """In the order of the text, file by file."""
        order: dict[int, int] = {}
        for diagnostic in self._found.values():
            order.setdefault(id(diagnostic.primary.span.source), len(order))
        return iter(
            sorted(
                self._found.values(),
                key=lambda d: (order[id(d.primary.span.source)], d.primary.span.start),
            )
        )

    def __len__(self) -> int:
        """How many there are."""
        return len(self._found)

    @property
    def has_errors(self) -> bool:
        """Whether any of them stops the compiler."""
        return any(d.severity is Severity.ERROR for d in self._found.values())


class SpecError(ValueError):
    """A spec that cannot be used; `str()` is the rendered report."""

    def __init__(self, diagnostics: Sequence[Diagnostic], report: str) -> None:
        """Carry the diagnostics beside their report."""
        super().__init__(report)
        self.diagnostics = tuple(diagnostics)
