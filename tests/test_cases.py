from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

import harness
from archspec.diagnostics.codes import CODES
from archspec.diagnostics.diagnostic import Severity
from archspec.diagnostics.render import render_full
from archspec.diagnostics.terminal import cells
from harness import CASES, check_case, checked, describe, expected_errors, unmatched

INVALID = harness.invalid_cases()
VALID = harness.valid_cases()
FIXES = [(case, e) for case in INVALID for e in expected_errors(case) if e.fix]


def name(path: Path) -> str:
    return str(path.relative_to(CASES).with_suffix(""))


@pytest.mark.parametrize("path", INVALID, ids=name)
def test_invalid(path):
    """Every comment has its diagnostic, and every diagnostic its comment."""
    expected = expected_errors(path)
    assert expected, "an invalid case says what is wrong with it"
    result = checked(path)
    problems = unmatched(expected, result.diagnostics)
    assert not problems, "\n".join([*problems, render_full(result.diagnostics)])
    assert (result.spec is None) == any(not e.is_warning for e in expected)


@pytest.mark.parametrize("path", VALID, ids=name)
def test_valid(path):
    """A valid case has no diagnostic; its steps have the shapes and names it gives."""
    result = checked(path)
    assert not result.diagnostics, render_full(result.diagnostics)
    expected = harness.expected_shapes(path)
    assert expected, "a valid case says what shapes it makes"
    shapes = harness.shapes_by_line(result.spec)
    assert {line: shapes.get(line) for line in expected} == expected
    expected_names = harness.expected_names(path)
    names = harness.names_by_line(result.spec)
    assert {line: names.get(line) for line in expected_names} == expected_names


@pytest.mark.parametrize(
    ("case", "error"), FIXES, ids=[f"{name(c)}-{e.line}-{e.column}" for c, e in FIXES]
)
def test_help_works(case, error, tmp_path):
    """Help that proposes code is right: with it, the diagnostic is gone."""
    before = checked(case).diagnostics
    found = next(d for d in before if error.matches(d))
    offered = [*found.help, *(fix.title for fix in found.fixes)]
    assert error.fix[1] in "\n".join(offered), offered
    after = harness.without_fault(error, case, tmp_path).diagnostics
    if found.severity is Severity.ERROR:  # what has no use shows behind the last one
        after = [d for d in after if d.severity is Severity.ERROR]
    assert len(after) < len(before), "\n".join(map(describe, after))


def unwrapped(text: str) -> str:
    """A text without what a frame puts into it."""
    return re.sub(r"[\s|]", "", text)


@pytest.mark.parametrize("path", INVALID, ids=name)
def test_nothing_is_wider_than_the_terminal(path):
    """Every finding fits, names of files aside, and says all it said."""
    for found, columns in product(checked(path).diagnostics, (40, 60, 80)):
        report = render_full([found], width=columns)
        shown = unwrapped(report)
        for line in report.split("\n"):
            width = sum(map(cells, line))
            assert width <= columns or re.match(r" *(-->|:::) ", line)
        labels = [label.message for label in (found.primary, *found.related)]
        for text in (found.message, *labels, *found.notes, *found.help):
            assert unwrapped(text) in shown


def test_there_are_cases():
    """A corpus that is not found would pass every test above."""
    assert len(INVALID) > 150
    assert len(VALID) > 10
    assert len(FIXES) > 50


def test_cases_lie_under_their_code():
    """A case in the folder of a code is about that code."""
    for path in INVALID:
        if path.parent.name == "several":
            continue
        codes = {error.code for error in expected_errors(path)}
        assert codes == {path.parent.name}, path


class TestTheHarnessCanFail:
    TEXT = "archspec: 1\ninput: 3x8x8\nnet:\n  - {step}\n"

    def problems(self, tmp_path, step):
        path = tmp_path / "case.yaml"
        path.write_text(self.TEXT.format(step=step))
        return unmatched(expected_errors(path), check_case(path).diagnostics)

    def test_a_matching_comment_passes(self, tmp_path):
        step = 'cnov(8, k=1) # error: 5 [unknown-op] "unknown op or block"'
        assert self.problems(tmp_path, step) == []

    def test_an_unexpected_diagnostic_fails(self, tmp_path):
        assert self.problems(tmp_path, "cnov(8, k=1)") == [
            'unexpected: case.yaml:4:5 [unknown-op] "unknown op or block `cnov`"'
        ]

    @pytest.mark.parametrize(
        "comment",
        [
            '5 [unknown-op] "other words"',
            '6 [unknown-op] "unknown op or block"',
            '5 [undefined-name] "unknown op or block"',
        ],
    )
    def test_a_wrong_comment_fails_on_both_sides(self, tmp_path, comment):
        problems = self.problems(tmp_path, f"cnov(8, k=1) # error: {comment}")
        assert [p.partition(":")[0] for p in problems] == ["missing", "unexpected"]

    def test_a_comment_without_diagnostic_fails(self, tmp_path):
        problems = self.problems(tmp_path, 'relu # error: [unknown-op] "no op"')
        assert problems == ['missing: case.yaml:4:None [unknown-op] "no op"']

    def test_a_wrong_shape_is_seen(self, tmp_path):
        path = tmp_path / "case.yaml"
        path.write_text(self.TEXT.format(step="conv(4, k=1) # shape: [4, 8, 9]"))
        shapes = harness.shapes_by_line(check_case(path).spec)
        assert harness.expected_shapes(path) == {4: (4, 8, 9)}
        assert shapes == {4: (4, 8, 8)}


# --- the table of codes ---------------------------------------------------------------

# What a file with comments in it cannot show: see tests/frontend/test_source_files.py.
WITHOUT_CASE = {
    "unreadable-file", "not-text", "file-too-large", "empty-document",
    "over-budget",  # `check --max-params`
}  # fmt: skip


def test_every_code_has_a_case():
    covered = {error.code for path in INVALID for error in expected_errors(path)}
    assert covered | WITHOUT_CASE == set(CODES)
    assert not covered & WITHOUT_CASE
