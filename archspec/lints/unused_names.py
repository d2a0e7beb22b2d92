"""Parameters, `let` names, columns of `for` and labels that nothing reads."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.lints.lint import LintedSpec, LintFinding


def unused_names(spec: LintedSpec) -> Iterator[LintFinding]:
    """Find names that are given and never read; `_name` is meant to stay unread."""
    for given in spec.uses.given:
        if given.is_read or given.name.startswith("_"):
            continue
        if given.block in spec.uses.values:  # its signature follows from its callers
            continue
        message = f"{given.noun} `{given.name}` is unused"
        yield LintFinding(given.code, message, given.span)
