"""`archspec check --fix` and `--diff`: write the fixes of specs, or show them."""

from __future__ import annotations

import difflib
from pathlib import Path

from archspec.catalog import find_spec
from archspec.compiler import Options
from archspec.diagnostics.diagnostic import Findings
from archspec.fixing import FixedSpec, fix_source
from archspec.frontend.source_files import read_source

from .exit_codes import USAGE, report_once, stop
from .output_files import write_file


def fix_spec(name: str, options: Options, *, pick: int | None, writes: bool) -> str:
    """Fix a file, or show the change as a diff; return what was done, in words."""
    entry = find_spec(name, Findings(), options.variant)
    if entry is None or not Path(entry.name).is_file():
        stop(
            f"`{name}` is not a file: `archspec new FILE --from NAME` copies a spec",
            USAGE,
        )
    path, name, variant = entry
    options = options._replace(variant=variant)
    source = read_source(path, name, Findings())
    if source is None:
        return ""  # the check that follows reports it
    try:
        fixed = fix_source(source, folder=path.parent, options=options, pick=pick)
    except ValueError as error:
        stop(f"`{name}`: {error}", USAGE)
    if not writes:
        return diff(source.text, fixed)
    if fixed.applied:
        write_file(path, fixed.source.text)
    elif why := why_nothing(fixed):
        report_once(f"{name}: nothing written, {why}")
    return "\n".join(
        f"{name}:{each.finding.primary.span.line}: fixed [{each.finding.code}]: "
        f"{each.fix.title}"
        for each in fixed.applied
    )


def why_nothing(fixed: FixedSpec) -> str:
    """Why no fix of an invalid spec was written; "" for a valid one."""
    first = next((d for d in fixed.result.diagnostics if d.is_error), None)
    if first is None:
        return ""
    if not first.fixes:
        return "because no fix is known for the first finding"
    if len(first.fixes) == 1:
        return "because the fix is uncertain: apply it with `--fix --pick 1`"
    return "because the fixes are ambiguous: choose one with `--fix --pick 1`"


def diff(before: str, fixed: FixedSpec) -> str:
    """The change of a text as a unified diff."""
    name = fixed.source.name
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        fixed.source.text.splitlines(keepends=True),
        name,
        name,
    )
    return "".join(lines).rstrip("\n")
