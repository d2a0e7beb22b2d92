"""The wordings of libyaml, by which its errors are recognized, are still so."""

from __future__ import annotations

import pytest

from archspec.frontend.yaml.yaml_errors import PROBLEMS
from specs import check

TEXTS = {
    "mapping values are not allowed": "a: b: c",
    "did not find expected '-' indicator": "net:\n  - a\n  b: c",
    "did not find expected key": "a:\n  - b\n c: d",
    "did not find expected ','": "a: [b: c: d]",
    "did not find expected node content": "a: [",
    "could not find expected ':'": "a: 1\nb\n",
    "cannot start any token": "a: @b",
    "did not find expected comment or line break": "a: |b\n",
    "unexpected end of stream": 'a: "b',
    "block sequence entries are not allowed": "a: - b",
    "unknown escape character": 'a: "\\q"',
}


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.wording)
def test_each_problem_is_recognized(problem):
    diagnostic, *_ = check(TEXTS[problem.wording]).diagnostics
    assert diagnostic.code == "invalid-yaml"
    assert diagnostic.message.startswith(problem.message.partition("{}")[0])
    assert diagnostic.help == (problem.help,)
