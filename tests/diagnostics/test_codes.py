"""The pages of `archspec explain`: their bad examples are bad, their good ones good."""

from __future__ import annotations

import re
import textwrap

import pytest

from archspec.compiler import check_source
from archspec.diagnostics.codes import CODES
from archspec.diagnostics.source import Source
from archspec.frontend.schema import SCHEMA

# What an example leaves out: the lines before it.
TOP = ("archspec", "input", "net", "name", "params")
INPUTS = {"channel-mismatch": "1x28x28", "indivisible-groups": "64x8x8"}
BEFORE = {
    "dangling-ref": "stem: conv(8, k=3)",
    "misplaced-ref": "stem: conv(8, k=3)",
    "unequal-columns": "repeat: vgg_block(c, n)",
    "empty-repeat": "repeat: relu",
}
AFTER_A_STEP = {"unequal-columns", "empty-repeat"}  # the example goes on with it
EXAMPLES = [code for code, page in CODES.items() if page.bad]


def found(code: str, example: str) -> list[str]:
    """The codes found in an example, with the rest of a spec around it."""
    lines = example.split("\n")
    known = {"inptu", *SCHEMA["properties"]}
    if re.split(r"\W", lines[0])[0] in known:
        own = "\n".join(lines)
        net = "net: [relu]"
    else:
        before = BEFORE.get(code)
        if before and code in AFTER_A_STEP:
            lines = [before, *lines]
            before = None
        if not lines[0].startswith("- "):
            lines = [f"- {lines[0]}", *(f"  {line}" for line in lines[1:])]
        steps = [f"- {before}", *lines] if before else lines
        own, net = "", "net:\n" + textwrap.indent("\n".join(steps), "  ")
    rest = {
        "archspec": "archspec: 1",
        "input": f"input: {INPUTS.get(code, '3x28x28')}",
        "net": net,
    }
    mine = {re.split(r":", line)[0] for line in own.split("\n")} | (
        {"input"} if own.startswith("inptu") else set()
    )
    text = "\n".join(line for key, line in rest.items() if key not in mine)
    text += f"\n{own}\n"
    return [d.code for d in check_source(Source("page", text)).diagnostics]


@pytest.mark.parametrize("code", EXAMPLES)
def test_a_bad_example_is_bad(code):
    assert set(found(code, CODES[code].bad)) == {code}


@pytest.mark.parametrize("code", EXAMPLES)
def test_a_good_example_is_good(code):
    assert CODES[code].good
    assert found(code, CODES[code].good) == []


def test_pages_are_sentences():
    for code, page in CODES.items():
        assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", code)
        assert page.meaning[0].isupper() or page.meaning[0] == "`"
        assert page.meaning.endswith(".")
