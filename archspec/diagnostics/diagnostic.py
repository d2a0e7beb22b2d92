"""Findings about a spec, as data. `render` and `machine_formats` write them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple, Self

from archspec.diagnostics.source import Span


class Severity(StrEnum):
    """An error stops the compiler; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Label(NamedTuple):
    """A span, and the text to show next to it."""

    span: Span
    message: str = ""


class Edit(NamedTuple):
    """Text to write in place of a span."""

    span: Span
    text: str


class Fix(NamedTuple):
    """Edits which, applied together, remove a finding."""

    title: str
    edits: tuple[Edit, ...]
    is_strong: bool = True  # whether it is surely meant, if it is the only one
    effect: str = ""  # the network that it makes, where others are as likely


class Replacement(str):  # noqa: SLOT000 - mypy knows no slots of a str
    """A help line, and the text that it writes in place of the finding's span.

    >>> found = Replacement("did you mean `conv`?", "conv")
    >>> found, found.text
    ('did you mean `conv`?', 'conv')
    """

    text: str
    is_strong: bool  # whether it is surely meant, if it is the only fix

    def __new__(cls, help: str, text: str, *, is_strong: bool = True) -> Self:
        """Attach the text to a help line."""
        line = super().__new__(cls, help)
        line.text = text
        line.is_strong = is_strong
        return line


class Offer(str):  # noqa: SLOT000 - mypy knows no slots of a str
    """A help line, and the code in it, which belongs at the finding or around it.

    >>> found = Offer("write `true`, or `"on"` for the word", "true", '"on"')
    >>> found.codes
    ('true', '"on"')
    """

    codes: tuple[str, ...]

    def __new__(cls, help: str, *codes: str) -> Self:
        """Attach the code to a help line."""
        line = super().__new__(cls, help)
        line.codes = codes
        return line


def write(code: str, rest: str = "") -> Offer:
    """Offer one piece of code: "write `3` without quotes"."""
    return Offer(f"write `{code.strip()}`{rest}", code)


@dataclass(frozen=True, slots=True, repr=False)
class Diagnostic:
    """An error or a warning in a spec. `str()` is the report.

    >>> import archspec
    >>> spec = "{archspec: 1, input: 1x8x8, net: [flaten]}"
    >>> try:
    ...     archspec.loads(spec)
    ... except archspec.SpecError as error:
    ...     (found,) = error.diagnostics
    >>> found.code, found.message, found.help
    ('unknown-op', 'unknown op or block `flaten`', ('did you mean `flatten`?',))
    >>> found.primary.span.line, found.primary.span.column, found.is_error
    (1, 35, True)

    Attributes:
        code: the kind of finding; `archspec explain CODE` shows its page.
        message: the headline, without a full stop.
        primary: the place of the mistake. Lines and columns count from 1.
        related: other places that explain it, such as the layer that produced a shape.
        notes: facts without a place, such as a signature.
        help: suggestions.
        severity: error or warning.
        numbers: the counts and sizes that do not match.
        missing: the parameters without an argument.
        offers: the code in each help line that has some, which was not tried.
        proposals: fixes that were not tried.
        fixes: fixes that were checked on the whole spec, the most likely first.
    """

    code: str
    message: str
    primary: Label
    related: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: tuple[str, ...] = ()
    severity: Severity = Severity.ERROR
    numbers: tuple[int, ...] = field(default=(), compare=False, repr=False)
    missing: tuple[str, ...] = field(default=(), compare=False, repr=False)
    offers: tuple[tuple[str, ...], ...] = field(default=(), compare=False, repr=False)
    proposals: tuple[Fix, ...] = field(default=(), compare=False, repr=False)
    fixes: tuple[Fix, ...] = field(default=(), compare=False, repr=False)

    @property
    def is_error(self) -> bool:
        """Whether it is an error, not a warning."""
        return self.severity is Severity.ERROR

    def __repr__(self) -> str:
        """One line: the code, the place and the message."""
        span = self.primary.span
        place = f"{span.source.name}:{span.line}:{span.column}"
        return f"<{self.severity} {self.code} at {place}: {self.message}>"

    def __str__(self) -> str:
        """The rendered finding, with its lines of the spec."""
        from archspec.diagnostics.render import render_full

        return render_full([self])

    def _repr_html_(self) -> str:
        """The same in color, for a notebook."""
        from archspec.diagnostics.html_report import render_html

        return render_html([self])

    def with_help(self, help: Sequence[str]) -> Diagnostic:
        """Return the finding with other help lines, without empty ones."""
        return replace(self, help=tuple(_cut(text) for text in help if text))

    def with_fixes(self, fixes: tuple[Fix, ...]) -> Diagnostic:
        """Return the finding with its fixes, without the data they were made from."""
        return replace(
            self, fixes=fixes, numbers=(), missing=(), offers=(), proposals=()
        )


ONE_PER_TEXT = ("undefined-name",)  # equal texts in a file, as a name, are one finding
MAX_FINDINGS = 100
MAX_RELATED = 20  # labels, or lines in a note, of one finding
MAX_TEXT = 1_000  # characters of a message


class TooMany(Exception):  # noqa: N818  # control flow: the finding is recorded
    """A bound is exceeded: of findings, nodes or values. The check stops."""


class Findings:
    """The diagnostics of one run, without duplicates and up to a bound.

    A block that is used five times is expanded five times, but a mistake in it is one
    finding.
    """

    def __init__(self) -> None:
        # By code and place; then by offset, for a finding in several places.
        self._found: dict[tuple[object, ...], dict[int, Diagnostic]] = {}
        self._errors = 0
        self.lowered = 0  # steps, the work of the run

    def fresh(self) -> Findings:
        """Findings of the same kind, for a part of the run."""
        return Findings()

    def add(self, diagnostic: Diagnostic) -> None:
        """Add a diagnostic, unless its code was found at the same place before.

        Raises:
            TooMany: At the bound on errors. Warnings over the bound are dropped.
        """
        span = diagnostic.primary.span
        kind = diagnostic.code, diagnostic.severity
        key: tuple[object, ...] = (*kind, id(span.source), span.start, span.end)
        if diagnostic.code in ONE_PER_TEXT:
            key = (*kind, id(span.source), span.text)
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
                help="fix the first ones, and check again",
            )
            raise TooMany

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Add several diagnostics."""
        for diagnostic in diagnostics:
            self.add(diagnostic)

    def each(self) -> Iterator[Diagnostic]:
        """Yield all in the order in which they were added, once per place."""
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
        proposals: Sequence[Fix] = (),
        numbers: Iterable[int] = (),
        missing: Iterable[str] = (),
    ) -> None:
        """Add a finding given by its parts, with the code that its help has as data."""
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
                tuple(numbers),
                tuple(missing),
                tuple(text.codes for text in helps if isinstance(text, Offer)),
                tuple(
                    Fix(text, (Edit(span, text.text),), text.is_strong)
                    for text in helps
                    if isinstance(text, Replacement)
                )
                + tuple(proposals),
            )
        )

    def replace(self, code: str, span: Span, new: Diagnostic) -> None:
        """Replace the error with a code at a place, if it was found."""
        key = code, Severity.ERROR, id(span.source), span.start, span.end
        if self._found.pop(key, None):
            self._errors -= 1
            Findings.add(self, new)  # the same error, at another place

    def keep(self, count: int) -> None:
        """Drop all findings but the first ones: the others are their consequences."""
        for key in [*self._found][count:]:
            self._errors -= key[1] is Severity.ERROR
            del self._found[key]

    def __iter__(self) -> Iterator[Diagnostic]:
        """Iterate in the order of the text, file by file."""
        found = [_with_lines(places) for places in self._found.values()]
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
        """Return the number of findings."""
        return len(self._found)

    @property
    def errors(self) -> int:
        """The number of errors."""
        return self._errors

    @property
    def has_errors(self) -> bool:
        """Whether any finding is an error."""
        return self._errors > 0

    def has(self, code: str) -> bool:
        """Whether a finding has this code."""
        return any(key[0] == code for key in self._found)


def _with_lines(places: Mapping[int, Diagnostic]) -> Diagnostic:
    """Return the first finding in the text, with a note that lists the other lines."""
    first, *others = (places[start] for start in sorted(places))
    if not others:
        return first
    lines = [str(line) for line in dict.fromkeys(d.primary.span.line for d in others)]
    shown = ", ".join([*lines[:MAX_RELATED], *["..."] * (len(lines) > MAX_RELATED)])
    note = f"also used in line{'s' * (len(lines) > 1)} {shown}"
    return replace(first, notes=(*first.notes, note))


def _cut(text: str) -> str:
    """Truncate a message: it may quote a line, which may be the whole file."""
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}..."


class SpecError(ValueError):
    """A spec has errors. `str()` is the report, and `diagnostics` are the findings.

    >>> import archspec
    >>> try:
    ...     archspec.loads("{archspec: 1, input: 1x8x8, net: [flaten]}")
    ... except archspec.SpecError as error:
    ...     print(str(error).splitlines()[0])
    error[unknown-op]: unknown op or block `flaten`

    IPython and Jupyter show the report in color, without a traceback.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic], report: str) -> None:
        super().__init__(report)
        self.diagnostics = tuple(diagnostics)

    def _render_traceback_(self) -> list[str]:
        """The report in color, which IPython shows in place of a traceback."""
        from archspec.diagnostics.render import render_full

        return render_full(self.diagnostics, color=True).split("\n")
