"""Help that offers code is right: put in its place, the code takes the finding away."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

import harness
from harness import CASES, checked, compiled_case

# Code to write. What has `...` in it is a form, and what has "your own values" an example.
OFFERED = re.compile(r"(?:write|or|mean|put|start) `([^`]*[^`:])`")
PARTS = [
    re.compile(r"[a-z_]\w*(?:\((?:[^()]|\([^()]*\))*\))?"),  # calls
    re.compile(r"\w+=[^,()]*"),  # arguments
    re.compile(r"-> \[[^\]]*\]"),
    re.compile(r"(?<=- )[^#]*[^# ]"),  # steps
    re.compile(r"^[^#]*[^# ]"),  # lines
]

# A mistake behind the first shows only when that one is mended.
UNCOVERS = {
    "ambiguous-scalar/where_a_step_is",
    "channel-mismatch/consequences_are_silent",
    "several/two_behind_assertions",
    "several/unknown_shapes_are_silent",
    "split-call/branches",
    "split-call/colon_for_keyword",
    "split-call/over_lines",
}
# The fix works, and lets an error show that was behind the first or over the bound.
UNFIXED = UNCOVERS | {
    "several/behind_a_join",
    "several/behind_an_assertion",
    "several/in_every_part",
    "several/too_many_steps",
}


def offering(case):
    """The findings whose help offers code, and the code; each help once."""
    helps = {d.help: d for d in reversed(checked(case).diagnostics)}
    found = [
        (d, [code for text in d.help for code in offers(text)]) for d in helps.values()
    ]
    return [(diagnostic, codes) for diagnostic, codes in found if codes]


def offers(text):
    is_form = "..." in text or "your own values" in text
    return [] if is_form else OFFERED.findall(text)


def places(diagnostic):
    """Where the code may belong: the places shown, and the parts of their lines."""
    spans = [diagnostic.primary.span, *(label.span for label in diagnostic.related)]
    found = {(span.source, span.start, span.end): None for span in spans}
    for span in spans:
        start = span.source.line_starts[span.line - 1]
        line = span.source.line(span.line)
        for match in (match for part in PARTS for match in part.finditer(line)):
            found[span.source, start + match.start(), start + match.end()] = None
    return [place for place in found if Path(place[0].name).is_file()]


def count(result, severity):
    return sum(d.severity is severity for d in result.diagnostics)


def count_with(severity, code, place, case, copy):
    """How many a case has with the code in some place of a copy of its folder."""
    source, start, end = place
    target = copy / Path(source.name).relative_to(case.parent)
    original = target.read_bytes()
    target.write_text(source.text[:start] + code + source.text[end:])
    found = count(compiled_case(copy / case.name), severity)
    target.write_bytes(original)
    return found


def name(path):
    return str(path.relative_to(CASES / "invalid").with_suffix(""))


@pytest.mark.parametrize("case", harness.invalid_cases(), ids=name)
def test_code_that_is_offered_works(case, tmp_path):
    findings = offering(case)
    copy = shutil.copytree(case.parent, tmp_path / "copy") if findings else tmp_path
    for diagnostic, codes in findings:
        elsewhere = Path(diagnostic.primary.span.source.name) != case
        assert diagnostic.fixes or elsewhere or name(case) in UNFIXED, diagnostic
        tries = places(diagnostic)
        severity = diagnostic.severity
        before = count(checked(case), severity)
        for code in codes:
            left = (count_with(severity, code, place, case, copy) for place in tries)
            worked = any(number < before for number in left)
            assert worked or not tries or name(case) in UNCOVERS, (
                code,
                diagnostic.help,
            )


def test_much_is_offered():
    """So that a change of words does not leave the test above without a subject."""
    found = [codes for case in harness.invalid_cases() for _, codes in offering(case)]
    assert sum(map(len, found)) > 120


def test_every_error_has_help_or_a_fix():
    """Without either, a report only says what is wrong."""
    found = [d for case in harness.invalid_cases() for d in checked(case).diagnostics]
    errors = [d for d in found if d.is_error]
    assert not [d for d in errors if not (d.help or d.fixes)]
