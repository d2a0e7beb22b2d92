from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archspec.diagnostics.diagnostic import Findings, Severity
from archspec.diagnostics.source import Source
from archspec.diagnostics.suggest import closest, did_you_mean


@given(st.text("ab\n\r", max_size=30), st.data())
def test_positions_count_lines_and_columns_from_one(text, data):
    """The place of a character is what counting by hand gives."""
    source = Source("a", text)
    offset = data.draw(st.integers(0, len(text)))
    before = text[:offset]
    line, column = source.position(offset)
    assert line == before.count("\n") + 1
    assert column == offset - (before.rfind("\n") + 1) + 1
    assert source.line(line) == text.split("\n")[line - 1].rstrip("\r")


def test_findings_keep_one_of_each_kind_at_a_place():
    """A mistake in a block that is called twice is one mistake."""
    source, other = Source("a", "text"), Source("a", "text")
    findings = Findings()
    for _ in range(2):
        findings.error("unknown-op", "first", source.span(1, 2))
    findings.error("unknown-op", "elsewhere", source.span(2, 3))
    findings.error("undefined-name", "another kind", source.span(1, 2))
    findings.error("unknown-op", "another file", other.span(1, 2))
    assert len(findings) == 4


def test_findings_come_in_the_order_of_the_text_file_by_file():
    one, two = Source("a", "text"), Source("b", "text")
    findings = Findings()
    findings.error("unknown-op", "3", one.span(3, 4))
    findings.error("unknown-op", "2", two.span(0, 1))
    findings.error("unknown-op", "1", one.span(0, 1))
    assert [d.message for d in findings] == ["1", "3", "2"]


def test_warnings_are_no_errors():
    findings = Findings()
    span = Source("a", "").span(0, 0)
    findings.error("unknown-op", "", span, severity=Severity.WARNING)
    assert not findings.has_errors
    findings.error("undefined-name", "", span)
    assert findings.has_errors


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("cnov", ["conv", "maxpool"], "conv"),
        ("Conv", ["conv"], "conv"),
        ("kernal", ["kernel_size", "k"], "kernel_size"),
        ("size", ["kernel_size", "k"], None),
        ("zzz", ["conv"], None),
        ("", ["conv"], None),
        ("conv", [], None),
    ],
)
def test_closest(name, known, expected):
    assert closest(name, known) == expected
    assert did_you_mean(name, known) == (
        f"did you mean `{expected}`?" if expected else ""
    )
