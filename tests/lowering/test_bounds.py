"""Specs whose size grows exponentially end soon."""

from __future__ import annotations

import time

import pytest

from specs import check, spec

DOUBLED = "    - let: {a: [a, a]}\n" * 60
SUMMED = "    - let: {a: a + a - a}\n" * 100
BOUNDS = {
    "tuples that double": (
        f"  unit:\n    - let: {{a: 1}}\n{DOUBLED}",
        "number-too-large",
    ),
    "tuples within tuples": (
        "  unit:\n    - let: {a: 1}\n" + "    - let: {a: [a]}\n" * 3000,
        "number-too-large",
    ),
    "sums of sums": (
        f"  unit:\n    - let: {{a: cin}}\n{SUMMED}    - conv(a, k=1)\n",
        None,
    ),
    "channels that double": (
        "  unit:\n" + "    - concat: [identity, identity]\n" * 25,
        None,
    ),
    "blocks in a long line": (
        "".join(f"  b{n}: b{n + 1}\n" for n in range(500))
        + "  b500: relu\n  unit: b0\n",
        "nesting-too-deep",
    ),
    "blocks that call the next twice": (
        "".join(f"  b{n}: b{n + 1} | b{n + 1}\n" for n in range(25))
        + "  b25:\n    - let: {a: 1}\n  unit: b0\n",
        "too-many-layers",
    ),
    "the same where no value is known": (
        "".join(
            f"  b{n}(x):\n    - if: x\n      then: b{n + 1}(x)\n      else: b{n + 1}(x)\n"
            for n in range(25)
        )
        + "  b25(x): relu\n  unit: relu\n",
        None,
    ),
    "a large power": ("  unit: conv(2 ** (2 ** (2 ** 9)), k=1)\n", "number-too-large"),
    "a large range": ("  unit: conv(len(range(10 ** 9)), k=1)\n", "number-too-large"),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_bounds(name):
    """What grows without end is a finding, and found soon."""
    blocks, code = BOUNDS[name]
    started = time.process_time()
    found = check(f"blocks:\n{blocks}net: [unit]\n").diagnostics
    assert [d.code for d in found if d.is_error] == ([code] if code else [])
    assert time.process_time() - started < 5


def test_ten_thousand_layers_are_a_network():
    started = time.process_time()
    network = spec(
        "net:\n  - repeat: conv(8, k=1) | bn | relu | identity\n    times: 2500\n"
    )
    assert len(network.layers) == 10_000
    assert time.process_time() - started < 5
