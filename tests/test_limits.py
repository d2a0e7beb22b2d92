"""A spec is untrusted input: whatever it asks for, the check ends soon, and says why.

A bound that is no more shows as a missing code, or as `TooSlow`. Bounds on files are
tested in `frontend/test_source_files.py`, and one case of each code stands in `cases`.
"""

from __future__ import annotations

import pytest

from archspec.backends.python.module_source import to_source
from archspec.diagnostics.diagnostic import MAX_FINDINGS, Diagnostic
from archspec.diagnostics.machine_formats import render_concise, render_github
from archspec.diagnostics.render import render_full
from archspec.passes.memory import activation_memory
from deadline import deadline
from second_cases import rest_slow
from specs import check

SECONDS = 10  # of the processor, where the slowest takes 2 on a machine of its own


def net(*steps: str) -> str:
    return "net:\n" + "".join(f"  - {step}\n" for step in steps)


def repeated(step: str, times: int, *, deep: int = 1) -> str:
    """A step in a net, so many times in so many repeats within each other."""
    flow = step
    for _ in range(deep):
        flow = f"{{repeat: [{flow}], times: {times}}}"
    return net(flow)


def doubling(first: str, step: str, call: str) -> str:
    """Blocks that each call the one before twice: 2**60 times the first."""
    blocks = [
        f"  b0{first}\n",
        *(f"  b{i}{step.replace('@', f'b{i - 1}')}\n" for i in range(1, 61)),
    ]
    return f"blocks:\n{''.join(blocks)}net: ['{call}']\n"  # fmt: skip


def found(text: str) -> tuple[Diagnostic, ...]:
    with deadline(SECONDS):
        diagnostics = check(text).diagnostics
        for render in (render_full, render_concise):
            render(diagnostics).encode()
        render_github(diagnostics, "spec.yaml")
    return diagnostics


LEVELS = [f"&b{i} " + "[" * 50 + (f"*b{i - 1}" if i else "relu") + "]" * 50 for i in range(25)]  # fmt: skip
BOMB = ["&b0 [relu, relu]", *(f"&b{i} [{', '.join([f'*b{i - 1}'] * 9)}]" for i in range(1, 9))]  # fmt: skip
TEXT = "x" * 200_000

TEXTS = {
    # --- YAML ---
    "aliases that multiply": (net(*BOMB), "document-too-large"),
    "aliases that stack up": (net(*LEVELS), "nesting-too-deep"),
    "lists in lists": (net("[" * 10_000 + "]" * 10_000), "nesting-too-deep"),
    "an alias of itself": ("net: &a [*a]\n", "invalid-yaml"),
    "one label for all steps": (net(*["a: relu"] * 6_000), "too-many-findings"),
    "a colon in a long line": (net("a(" + ": " * 100_000), "invalid-yaml"),
    "a quote that is open": (net(f'"{TEXT}'), "invalid-yaml"),
    "zeros": (f"params: {{a: {'0' * 200_000}x}}\nnet: [relu]\n", "ambiguous-scalar"),
    # --- calls and expressions ---
    "brackets": (net("conv(" + "(" * 9_000 + ")" * 9_000 + ", k=1)"), "nesting-too-deep"),
    "signs": (net("conv(" + "-" * 9_000 + "1, k=1)"), "nesting-too-deep"),
    "a long sum": (net("conv(" + "+".join("1" * 9_000) + ", k=1)"), "nesting-too-deep"),
    "digits": (net("conv(" + "9" * 200_000 + ", k=1)"), "number-too-large"),
    "powers": (net("conv(9**9**9**9, k=1)"), "number-too-large"),
    "a float": (net("dropout(1e300 ** 9)"), "number-too-large"),
    "infinity": (net("conv(int(1e999), k=1)"), "number-too-large"),
    "a range": (net("let: {a: range(10**9)}", "relu"), "number-too-large"),
    "tuples in tuples": (
        net("let: {a: 1}", *["let:\n      a: (a, a)"] * 20, "relu"), "number-too-large"
    ),
    "tuples that are multiplied": (net("conv((1,) * 10**9, k=1)"), "invalid-argument-type"),
    "text that is multiplied": (net("conv('a' * 10**9, k=1)"), "invalid-argument-type"),
    "digits to round to": (net("conv(round(1, 0 - 10**17), k=1)"), "invalid-argument"),
    "values in a repeat": (
        repeated("{let: {a: max(range(1000))}}, relu", 7_000), "too-much-work"
    ),
    "a default in a repeat": (
        (f"blocks:\n  ? unit(*, a=min({', '.join('1' * 30_000)}))\n"
         "  : conv(a, k=1)\nnet:\n  - repeat: unit\n    times: 7000\n"),
        "too-much-work",
    ),
    "columns": (
        net(f"{{repeat: relu, for: {{{', '.join(f'a{i}: range(1000)' for i in range(400))}}}}}"),
        "too-much-work",
    ),
    "variants of many params": (
        "params:\n" + "".join(f"  p{i}: {i}\n" for i in range(1_500))
        + "variants:\n" + "".join(f"  v{i}: {{p0: 2}}\n" for i in range(3_000))
        + "net: [relu]\n",
        "too-much-work",
    ),
    # --- blocks and repeats ---
    "layers": (repeated("relu", 10_000, deep=3), "too-many-layers"),
    "layers in a chain": (net(" | ".join(["relu"] * 30_000)), "too-many-layers"),
    "repeats of nothing": (repeated("{let: {a: 1}}", 10_000, deep=3), "too-many-layers"),
    "blocks of layers": (doubling(": relu", ": '@ | @'", "b60"), "too-many-layers"),
    "blocks of nothing": (
        doubling("(n): {let: {a: n}}", "(n): '@(n) | @(n)'", "b60(1)"), "too-many-layers"
    ),
    "blocks that nobody calls": (
        doubling("(f): f", "(f): '@(f) | @(f)'", "relu | relu(1, 2, 3)"), "too-many-arguments"
    ),
    "blocks after an error": (
        doubling("(n): conv(n, k=1)", "(n): '@(n) | @(n)'", "rleu | b60(1)"), "unknown-op"
    ),
    "blocks in an arm not taken": (
        doubling(": relu", ": [{if: ch > 99, then: '@ | @', else: '@ | @'}]", "rleu | b60"),
        "unknown-op",
    ),
    "nesting of blocks": (
        "blocks:\n  b0: relu\n"
        + "".join(f"  b{i + 1}: [[b{i}]]\n" for i in range(60)) + "net: [b60]\n",
        "nesting-too-deep",
    ),
    "repeats one after the other": (
        repeated("{repeat: relu, times: 1}, rleu", 14_000), "unknown-op"
    ),
    # --- findings ---
    "findings": (net(*(f"op{i}" for i in range(15_000))), "too-many-findings"),
    "findings in one line": (net(" | ".join(f"op{i}" for i in range(30_000))), "too-many-findings"),
    "findings among many names": (
        net(*(f"a{i}: relu" for i in range(4_000)), *(f"ref(b{i})" for i in range(4_000))),
        "too-many-findings",
    ),
    "findings that quote much": (
        f"params: {{a: '{TEXT}'}}\n{net(*['conv(a, k=1)'] * 200)}",
        "too-many-findings",
    ),
    "places that explain one": (
        net("add: [" + ", ".join(["relu", "maxpool(2)"] * 5_000) + "]"), "size-mismatch"
    ),
    # --- labels ---
    "a label": (net(f"? {TEXT}\n    : relu"), "invalid-label"),
    "a label in a repeat": (
        (f"params: {{a: '{TEXT}'}}\n"
         "net:\n  - repeat:\n      l{a}{i}: relu\n    times: 7000\n"),
        "invalid-label",
    ),
}  # fmt: skip


LONG = {
    "blocks after an error",
    "blocks of layers",
    "findings among many names",
    "findings in one line",
    "one label for all steps",
    "places that explain one",
    "repeats one after the other",
}
assert TEXTS.keys() >= LONG


@pytest.mark.parametrize("name", rest_slow(TEXTS, TEXTS.keys() - LONG))
def test_it_ends_and_says_why(name):
    text, code = TEXTS[name]
    diagnostics = found(text)
    assert code in [d.code for d in diagnostics]
    assert sum(len(d.message) for d in diagnostics) < 200_000
    assert max(len(d.related) for d in diagnostics) <= 20


VALID = {
    "branches": net("concat: [" + ", ".join(["relu"] * 14_000) + "]"),
    "one chain": net(" | ".join(["relu"] * 14_000)),
    "iterations": net('{repeat: "conv(ch + 1, k=1) | relu", times: 2000}'),
    "labels": net(*(f"a{i}: relu" for i in range(4_000))),
    "blocks": "blocks:\n"
    + "".join(f"  b{i}: relu\n" for i in range(2_000))
    + net(*(f"b{i}" for i in range(2_000))),
    "joins": net(*["add: [relu, tanh]"] * 2_000),
}


@pytest.mark.parametrize("name", rest_slow(VALID, ["labels", "joins"]))
def test_source_and_memory_take_linear_time(name):
    """The slowest takes 2 s where others run too; a quadratic one took over 5 s."""
    graph = check(VALID[name]).require().graph
    with deadline(SECONDS / 2):
        assert to_source(graph)
        assert activation_memory(graph, 1)


def test_warnings_are_no_errors_however_many():
    params = "".join(f"  p{i}: 1\n" for i in range(9_000))
    diagnostics = found(f"params:\n{params}net: [relu]\n")
    assert {d.severity for d in diagnostics} == {"warning"}
    assert len(diagnostics) == MAX_FINDINGS
