"""Reports show where mismatched shapes come from, and tell equal fixes apart."""

from __future__ import annotations

import pytest

from specs import check, compiled

ORIGINS = {  # a mismatch, and where its shapes come from
    "behind a ref": (
        (
            "net:\n  - a: conv(8, k=3, p=1)\n  - maxpool(2)\n  - relu\n"
            "  - concat: [identity, ref(a) | relu]\n"
        ),
        {("maxpool(2)", "output [8, 16, 16]"), ("3x32x32", "input [3, 32, 32]")},
    ),
    "behind an identity": (
        "net:\n  - conv(8, k=3)\n  - relu\n  - add: [identity, transition(4)]\n",
        {("conv(8, k=3)", "output [8, 30, 30]")},
    ),
    "in a path": (
        (
            "net:\n  - enc: [{a: maxpool(2)}, {b: maxpool(2)}]\n  - upsample(2)\n"
            "  - concat: [identity, ref(enc.b)]\n"
        ),
        {("maxpool(2)", "output [3, 8, 8]"), ("upsample(2)", "output [3, 16, 16]")},
    ),
    "behind a pool that rounds": (
        (
            "net:\n  - a: conv(8, k=2)\n  - maxpool(2)\n  - conv(8, k=1)\n  - upsample(2)\n"
            "  - concat: [identity, ref(a)]\n"
        ),
        {
            ("conv(8, k=2)", "output [8, 31, 31]"),
            ("maxpool(2)", "turns 31x31 into 15x15"),
            ("upsample(2)", "output [8, 30, 30]"),
        },
    ),
    "in a block in a repeat": (
        (
            'blocks:\n  unit(c):\n    - add: ["conv(c, k=1)", identity]\n'
            "net:\n  - repeat: unit(c)\n    for: {c: [3, 3, 8]}\n"
        ),
        {("3x32x32", "input [3, 32, 32]"), ("repeat", "in repetition 3")},
    ),
    "in a repeat in a repeat": (
        (
            "net:\n  - repeat:\n      - repeat: maxpool(2)\n        times: 3\n      - relu\n"
            "    times: 3\n"
        ),
        {("repeat", "in repetition 2"), ("repeat", "in repetition 3")},
    ),
}


@pytest.mark.parametrize(("text", "wanted"), ORIGINS.values(), ids=ORIGINS)
def test_the_steps_that_made_the_shapes_are_shown(text, wanted):
    (found,) = compiled(text).diagnostics
    assert wanted <= {(label.span.text, label.message) for label in found.related}


def test_a_branch_that_makes_its_shape_itself_has_no_other_origin():
    (found,) = compiled("net:\n  - relu\n  - add: [maxpool(2), tanh]\n").diagnostics
    places = [label.span.text for label in found.related]
    assert places == ["maxpool(2)", "tanh", "3x32x32"]


def test_equally_good_fixes_come_with_their_networks():
    """`flatten` makes a vector, and `tokens` classifies each position."""
    (found,) = check('net: ["conv(8, k=3)", "linear(10, 10)"]').diagnostics
    assert [fix.effect for fix in found.fixes] == [
        "output [10], 72,234 parameters",
        "output [900, 10], 314 parameters",
    ]
    assert f"{found.fixes[1].title} ({found.fixes[1].effect})" in str(found)


def test_the_one_fix_needs_no_effect():
    (found,) = check('net: ["conv(8, k=3) | cnov(8, k=3)"]').diagnostics
    assert [fix.effect for fix in found.fixes] == [""]
