"""Write the fixes of a spec into its text: `archspec check --fix`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from archspec.compiler import Options
from archspec.diagnostics.diagnostic import Diagnostic, Fix
from archspec.diagnostics.source import Source
from archspec.family_check import FamilyResult, check_family_source
from archspec.repair.trial import apply_edits

MAX_FIXES = 100  # of one text


class AppliedFix(NamedTuple):
    """A fix that was written, and its finding."""

    finding: Diagnostic
    fix: Fix


class FixedSpec(NamedTuple):
    """A text with its fixes written, and what checking it finds."""

    source: Source
    applied: tuple[AppliedFix, ...]
    result: FamilyResult


def fix_source(
    source: Source,
    *,
    folder: Path | None = None,
    options: Options | None = None,
    pick: int | None = None,
) -> FixedSpec:
    """Write the fixes that are strong, and have no close alternative.

    One is written at a time, and the text checked again, until none is left. With
    `pick`, write that fix of the first finding alone, counted from 1.

    Raises:
        ValueError: if the first finding has fewer fixes than `pick`.
    """
    applied: list[AppliedFix] = []
    options = options or Options()
    result = check_family_source(source, folder, options)
    while len(applied) < MAX_FIXES:
        chosen = _picked(result, pick) if pick else _sure(result)
        if chosen is None:
            break
        applied.append(chosen)
        source = apply_edits(source, chosen.fix.edits)
        result = check_family_source(source, folder, options)
        if pick:
            break
    return FixedSpec(source, (*applied,), result)


def _sure(result: FamilyResult) -> AppliedFix | None:
    """The first fix that is surely meant."""
    for finding in result.diagnostics:
        if finding.fixes and finding.fixes[0].is_strong:
            return AppliedFix(finding, finding.fixes[0])
    return None


def _picked(result: FamilyResult, number: int) -> AppliedFix:
    finding = next((d for d in result.diagnostics if d.is_error), None)
    count = len(finding.fixes) if finding else 0
    if finding is None or number > count:
        raise ValueError(
            f"the first finding has no fix {number}: it has {count or 'none'}"
            if finding
            else "found no error to fix"
        )
    return AppliedFix(finding, finding.fixes[number - 1])
