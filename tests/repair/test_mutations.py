"""Faults that people make, of every kind: each fix that is offered works."""

from __future__ import annotations

import pytest

from mutations import KINDS
from repair_report import faults, outcome


@pytest.mark.slow
def test_every_fix_of_a_mutation_works():
    """One fault of each kind; `make repair` measures thousands."""
    outcomes = [outcome(fault) for fault in faults(len(KINDS))]
    assert {each.fault.kind for each in outcomes} == {*KINDS}
    assert not any(each.broken for each in outcomes)
    assert sum(each.fixes > 0 for each in outcomes) >= 0.9 * len(outcomes)
