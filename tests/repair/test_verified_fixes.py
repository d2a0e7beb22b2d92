"""Every fix that a report offers works, and experts' fixes are among the first."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import archspec
import harness
from archspec.checker import check_source
from archspec.compiler import Options, compile_source
from archspec.diagnostics.diagnostic import Diagnostic, Findings
from archspec.diagnostics.source import Source
from archspec.fixing import FixedSpec, fix_source
from archspec.repair.trial import apply_edits
from archspec.spec import Spec
from specs import check

REPAIRS = harness.CASES / "repairs"
FAULTS = sorted(p for p in REPAIRS.glob("*.yaml") if ".wanted" not in p.name)
# What an expert may want otherwise too, and so nobody writes without being asked.
ASKED = {
    "crop_for_an_unpadded_unet",
    "flatten_forgotten_after_pools",
    "groups_or_channels",
    "input_too_small",
    "pool_instead_of_global",
    "unet_size",
    "upsample_behind_identity",
}


def source(path: Path) -> Source:
    return Source(str(path), path.read_text())


def layers(spec: Spec | None) -> list[tuple[str, tuple[int, ...], int]]:
    """What a network is, whatever its text."""
    nodes = spec.graph.nodes if spec else ()
    return [(n.op, tuple(n.output.shape), n.parameters) for n in nodes]


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path.stem)
def test_an_experts_fix_is_offered(path):
    text = source(path)
    first, *others = check_source(text).diagnostics
    assert len(others) < 3
    assert 0 < len(first.fixes) <= 3
    fixed = [check_source(apply_edits(text, fix.edits)) for fix in first.fixes]
    assert all(fixed)
    wanted = path.with_suffix(".wanted.yaml")
    if wanted.exists():
        assert layers(archspec.load(wanted)) in [layers(each.spec) for each in fixed]


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path.stem)
def test_what_is_sure_is_written(path):
    if path.stem in ASKED:
        return
    fixed = fix_source(source(path))
    wanted = path.with_suffix(".wanted.yaml")
    assert layers(fixed.result.own.spec) == layers(archspec.load(wanted))
    assert fixed.result.diagnostics == ()


def corpus() -> list[Path]:
    return [p for p in harness.invalid_cases() if p.stat().st_size < 20_000]


@pytest.mark.parametrize("path", corpus(), ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_fix_works(path):
    """Its finding is gone, and no new one has come."""
    before = harness.checked(path)
    for finding in before.diagnostics:
        for fix in finding.fixes:
            edits = fix.edits
            text = edits[0].span.source
            assert {id(edit.span.source) for edit in edits} == {id(text)}
            fixed = apply_edits(text, edits)
            options = harness.options(path)
            after = compile_source(fixed, path.parent, options, Findings())
            errors = [
                Counter(
                    key(d)
                    for d in result.diagnostics
                    if d.is_error or key(d) == key(finding)
                )
                for result in (before, after)
            ]
            assert errors[1] <= errors[0]
            assert errors[1][key(finding)] < errors[0][key(finding)]


def key(finding: Diagnostic) -> tuple[str, str]:
    return finding.code, finding.message


def test_fixes_are_data():
    result = archspec.check(REPAIRS / "flatten_forgotten.yaml")
    first = result.diagnostics[0].fixes[0]
    assert first.title == "write `flatten | linear(784, 256)`"
    (edit,) = first.edits
    assert (edit.span.line, edit.span.column) == (5, 5)
    assert edit.text == "flatten | linear(784, 256)"
    assert edit.span.text == "linear(784, 256)"


INPUTS = "input: {left: 3x8x8, right: 3x8x8}"
RECURSION = """blocks:
  level(c, depth):
    - conv(c, k=1)
    - if: depth > 0
"""
UNET = """blocks:
  unet(c, n):
    - double_conv(c)
    - if: n > 0
      then: {{concat: [identity, "{branch}"]}}
net:
  - unet(4, 2)
"""
GRAPHS = {  # what is written, and the whole spec with the first fix
    "rows of a branch": (
        "net:\n  - concat:\n      - identity\n      - each: relu # here\n",
        (
            "net:\n  - concat:\n      - identity\n      - each: relu\n"
            "        times: 4 # here\n"
        ),
    ),
    "rows in braces": (
        "net:\n  - {collect: relu}\n",
        "net:\n  - {collect: relu, times: 4}\n",
    ),
    "a join without branches": (
        "net:\n  - add:\n      - {if: ch > 3, then: relu, else: none}\n      - none\n",
        (
            "net:\n  - add:\n      - {if: ch > 3, then: relu, else: identity}\n"
            "      - none\n"
        ),
    ),
    "an input that nothing reads": (
        f"{INPUTS}\nnet:\n  - ref(left) | relu\n",
        "input: {left: 3x8x8}\nnet:\n  - ref(left) | relu\n",
    ),
    "the first of the inputs": (
        f"{INPUTS}\nnet:\n  - ref(right) | relu\n",
        "input: {right: 3x8x8}\nnet:\n  - ref(right) | relu\n",
    ),
    "an input on a line of its own": (
        "input:\n  a: 3x8x8\n  b: 3x8x8\nnet:\n  - ref(b) | relu\n",
        "input:\n  b: 3x8x8\nnet:\n  - ref(b) | relu\n",
    ),
    "a step that starts from nothing": (
        f"{INPUTS}\nnet:\n  - relu\n  - add: [identity, ref(right)]\n",
        f"{INPUTS}\nnet:\n  - ref(left) | relu\n  - add: [identity, ref(right)]\n",
    ),
    "a param without a value": (
        "net:\n  - repeat: conv(8, k=1)\n    times: n\n",
        "params: {n: 2}\nnet:\n  - repeat: conv(8, k=1)\n    times: n\n",
    ),
    "a recursion without its end": (
        f"{RECURSION}      then: level(c)\nnet:\n  - level(8, 2)\n",
        f"{RECURSION}      then: level(c, depth - 1)\nnet:\n  - level(8, 2)\n",
    ),
    "a recursion without a condition": (
        (
            "blocks:\n  level(c, n):\n    - conv(c, k=1)\n    - level(c, n)\n"
            "net:\n  - level(8, 2)\n"
        ),
        (
            "blocks:\n  level(c, n):\n    - conv(c, k=1)\n    - if: n > 0\n"
            "      then: level(c, n - 1)\nnet:\n  - level(8, 2)\n"
        ),
    ),
    "a recursion in a branch": (
        (
            "blocks:\n  unet(c, n):\n    - conv(c, k=1)\n"
            '    - add: [identity, "maxpool(2) | unet(c, n) | upsample(2)"]\n'
            "net:\n  - unet(8, 2)\n"
        ),
        (
            "blocks:\n  unet(c, n):\n    - conv(c, k=1)\n"
            "    - add: [identity, {if: n > 0, then: "
            '"maxpool(2) | unet(c, n - 1) | upsample(2)", else: identity}]\n'
            "net:\n  - unet(8, 2)\n"
        ),
    ),
    "columns without a row": (
        "net:\n  - repeat: conv(c, k=n)\n    for: {c: [], n: []}\n",
        "net:\n  - repeat: conv(c, k=n)\n    for: {c: [1], n: [1]}\n",
    ),
    "rows of a param": (
        (
            "params: {rows: []}\nnet:\n  - repeat: conv(c, k=n)\n"
            '    for: {"(c, n)": rows}\n'
        ),
        (
            "params: {rows: [[1, 1]]}\nnet:\n  - repeat: conv(c, k=n)\n"
            '    for: {"(c, n)": rows}\n'
        ),
    ),
    "rows of an argument": (
        (
            "blocks:\n  unit(rows):\n    - repeat: conv(c, k=1)\n"
            "      for: {c: rows}\nnet:\n  - unit(())\n"
        ),
        (
            "blocks:\n  unit(rows):\n    - repeat: conv(c, k=1)\n"
            "      for: {c: rows}\nnet:\n  - unit((1,))\n"
        ),
    ),
    "no repetitions of a param": (
        "params: {n: 0}\nnet:\n  - vgg_block(8, n)\n",
        "params: {n: 2}\nnet:\n  - vgg_block(8, n)\n",
    ),
    "channels that a split does not divide": (
        "net:\n  - split:\n      - relu\n      - tanh # here\n",
        "net:\n  - split:\n      - relu\n      - tanh # here\n    sizes: [2, 1]\n",
    ),
    "a split in braces": (
        "net: [{split: [relu, tanh]}]\n",
        "net: [{split: [relu, tanh], sizes: [2, 1]}]\n",
    ),
    "a difference without branches": (
        "net:\n  - sub: []\n",
        "net:\n  - sub: [identity, identity]\n",
    ),
    "rows in a difference": (
        "net:\n  - sub:\n      - tanh\n      - each: relu\n        times: 2\n",
        (
            "net:\n  - sub:\n      - tanh\n      - add:\n          - each: relu\n"
            "            times: 2\n"
        ),
    ),
    "rows in a difference, in braces": (
        "net:\n  - sub: [tanh, {each: relu, times: 2}]\n",
        "net:\n  - sub: [tanh, {add: [{each: relu, times: 2}]}]\n",
    ),
    "an input as an output": (
        f"{INPUTS}\nnet:\n  - sum: {{add: [ref(left), ref(right)]}}\noutputs: [sum, left]\n",
        (
            f"{INPUTS}\nnet:\n  - sum: {{add: [ref(left), ref(right)]}}\n"
            "  - left_out: ref(left)\noutputs: [sum, left_out]\n"
        ),
    ),
    "the input of a block as `x`": (
        "blocks:\n  unit: [tanh, {mul: [relu, ref(x)]}]\nnet: [unit]\n",
        "blocks:\n  unit: [{x: identity}, tanh, {mul: [relu, ref(x)]}]\nnet: [unit]\n",
    ),
    "an output without a label": (
        "net:\n  - low: relu\n  - tanh\noutputs: [low, logits]\n",
        "net:\n  - low: relu\n  - logits: tanh\noutputs: [low, logits]\n",
    ),
    "a recursion that counts up": (
        f"{RECURSION}      then: level(c, depth + 1)\nnet:\n  - level(8, 2)\n",
        f"{RECURSION}      then: level(c, depth - 1)\nnet:\n  - level(8, 2)\n",
    ),
    "a recursion that skips its end": (
        (
            "blocks:\n  level(c, n):\n    - conv(c, k=1)\n    - if: n != 0\n"
            "      then: level(c, n - 2)\nnet:\n  - level(8, 3)\n"
        ),
        (
            "blocks:\n  level(c, n):\n    - conv(c, k=1)\n    - if: n != 0\n"
            "      then: level(c, n - 1)\nnet:\n  - level(8, 3)\n"
        ),
    ),
    "two blocks that call each other": (
        "blocks:\n  a(c): conv(c, k=1) | b(c)\n  b(c): relu | a(c)\nnet: [a(8)]\n",
        "blocks:\n  a(c): conv(c, k=1) | b(c)\n  b(c): relu\nnet: [a(8)]\n",
    ),
    "a recursion without its first argument": (
        f"{RECURSION}      then: level(depth - 1)\nnet:\n  - level(8, 2)\n",
        f"{RECURSION}      then: level(c, depth - 1)\nnet:\n  - level(8, 2)\n",
    ),
    "a recursion that stays small": (
        UNET.format(branch="maxpool(2) | unet(2 * c, n - 1)"),
        UNET.format(branch="maxpool(2) | unet(2 * c, n - 1) | upsample(2)"),
    ),
    "sizes of a `collect`": (
        "net:\n  - collect: relu\n    times: 2\n    sizes: [1, 2]\n",
        "net:\n  - collect: relu\n    times: 2\n",
    ),
    "sizes in place of times": (
        "net:\n  - {collect: relu, sizes: [1, 2]}\n",
        "net:\n  - {collect: relu, times: 4}\n",
    ),
    "a size that is no list": (
        "net:\n  - conv(8, k=1)\n  - split: [relu, tanh]\n    sizes: 4\n",
        "net:\n  - conv(8, k=1)\n  - split: [relu, tanh]\n    sizes: [4, 4]\n",
    ),
    "the first of the sizes": (
        "net:\n  - split: [relu, tanh]\n    sizes: 2\n",
        "net:\n  - split: [relu, tanh]\n    sizes: [2, 1]\n",
    ),
    "sizes that are no integers": (
        "net:\n  - conv(8, k=1)\n  - split: [relu, tanh]\n    sizes: [ch / 2, ch / 2]\n",
        "net:\n  - conv(8, k=1)\n  - split: [relu, tanh]\n    sizes: [ch // 2, ch // 2]\n",
    ),
    "an output in a layer": (
        "net:\n  - a: relu\noutputs: [a.z, a]\n",
        "net:\n  - a: relu\noutputs: [a]\n",
    ),
    "the nearest of several labels": (
        "net:\n  - stem: relu\n  - d1: tanh\n  - add: [identity, ref(d2)]\n",
        "net:\n  - stem: relu\n  - d1: tanh\n  - add: [identity, ref(d1)]\n",
    ),
    "an output of another name": (
        "net:\n  - low: relu\n  - high: tanh\noutputs: [low, logits]\n",
        "net:\n  - low: relu\n  - high: tanh\noutputs: [low, high]\n",
    ),
}


@pytest.mark.parametrize(("text", "wanted"), GRAPHS.values(), ids=GRAPHS)
def test_a_graph_that_lacks_a_part_is_completed(text, wanted):
    head = "archspec: 1\n" if "input" in text else "archspec: 1\ninput: 3x8x8\n"
    spec = Source("spec", head + text)
    (found,) = check_source(spec).diagnostics
    assert apply_edits(spec, found.fixes[0].edits).text == head + wanted
    assert not found.fixes[0].is_strong


def test_a_larger_image_comes_with_the_sizes_that_fit():
    first = archspec.check(REPAIRS / "unet_size.yaml").diagnostics[0].fixes[0]
    assert first.title == (
        "write `input: 3x544x768`, as heights and widths divisible by 16 fit"
    )


def test_the_sizes_that_fit_are_multiples_of_the_stride():
    text = "  - conv(8, k=7, s=7) | upsample(7)\n  - concat: [identity, ref(input)]\n"
    (found,) = check(f"net:\n{text}", input="3x60x60").diagnostics
    assert found.fixes[0].title == (
        "write `input: 3x63x63`, as heights and widths divisible by 7 fit"
    )


def test_a_fix_is_not_that_of_an_equal_mistake_elsewhere():
    steps = ["conv(8, k=3)", "conv(4, 8, k=3)"] * 2
    text = "".join(f"  - {step}\n" for step in steps)
    found = check(f"net:\n{text}", input="3x32x32").diagnostics
    assert len({each.message for each in found}) == 1
    places = [
        (d.primary.span.line, e.span.line)
        for d in found
        for f in d.fixes
        for e in f.edits
    ]
    assert places
    assert all(own == edited for own, edited in places)


def test_the_repetitions_of_an_unread_step_are_named():
    text = '{if: i == 1, then: [{x: "conv(3, k=1)"}, ref(input) | relu], else: relu}'
    (found,) = check(
        f"net:\n  - repeat: {text}\n    times: 3\n", input="3x8x8"
    ).diagnostics
    assert found.notes == ("in repetition 2 of 3",)


def test_the_repetition_that_fails_is_named():
    (found,) = archspec.check(
        harness.CASES / "invalid/empty-output/in_a_later_repetition.yaml"
    ).diagnostics
    assert "in repetition 4" in [label.message for label in found.related]


TWO_WIDTHS = """blocks:
  unit(c, (r, w)):
    - concat:
        - conv(c, k=1)
        - conv(r, k=1) | relu | conv({stated}, w, k=3, p=1)
net:
  - unit(8, (16, 32))
  - unit(16, (32, 64))
"""
BLOCKS = """blocks:
  unit(c):
    - conv(c, k=1)
"""
PAIRS = """blocks:
  unit(c, (a, b)): conv(c, k=1) | conv(a, k=1) | conv(b, k=1)
  three(c, (a, b), d): unit(c, (a, b)) | conv(d, k=1)
"""
GUESSES = {  # specs whose fixes are offered, and never written unasked
    "a probability over 1": "net: [dropout(1.5)]\n",
    "a probability of 2": "net: [dropout(2)]\n",
    "no argument": f"{BLOCKS}net: [unit(c=8), unit()]\n",
    "an argument too many": f"{BLOCKS}net: [unit(8), 'unit(8, 9, 10)']\n",
    "no repetition": "params: {n: 2}\nnet: [{repeat: relu, times: n - 2}]\n",
    "a function": "net:\n  - tanh\n  - lambda x: x*2\n",
    "the channels in a body, which one call shows": (
        TWO_WIDTHS.format(stated="c").replace("(16, (32", "(16, (16")
    ),
    "a tuple of a row": (
        f"{PAIRS}net:\n  - repeat: unit[(4, (3,)), (4, (3, 5)), (4, (3, 5))]\n"
    ),
    "a row without its tuple": (
        f"{PAIRS}net:\n  - repeat: three[(4, (3, 5), 4), (4, 5), (4, (3, 7), 5)]\n"
    ),
    "a number too many": (
        'blocks: {"unit((a, b))": ["conv(a, k=1)", "conv(b, k=1)"]}\n'
        'net: ["unit((1, 2, 3))"]\n'
    ),
}


@pytest.mark.parametrize("text", GUESSES.values(), ids=GUESSES)
def test_a_guess_is_not_written(text):
    fixed = fix_source(Source("spec", f"archspec: 1\ninput: 3x8x8\n{text}"))
    assert fixed.result.diagnostics
    assert all(found.fixes for found in fixed.result.diagnostics)
    assert not fixed.applied


PASSED_ON = """blocks:
  inner(c, *, s):
    - conv(c, k=1, s=s)
  outer(c, *, s):
    - inner(c, s=s) | relu
    - {call}
net: ['outer(8, s=2)']
"""
SURE = {  # specs whose only value is known, before and after
    "the other axis": (
        "net: [tokens, relu, mean(2)]\n",
        "net: [tokens, relu, mean(1)]\n",
    ),
    "the channels in a body, which each call shows": (
        TWO_WIDTHS.format(stated="c"),
        TWO_WIDTHS.format(stated="r"),
    ),
    "the parameter that a block has lost": (
        "blocks:\n  unit: conv(c, k=1)\nnet:\n  - unit(8)\n  - unit(3)\n",
        "blocks:\n  unit(c): conv(c, k=1)\nnet:\n  - unit(8)\n  - unit(3)\n",
    ),
    "the padding of a pool": (
        "net:\n  - concat:\n      - maxpool(3, s=1)\n      - relu\n",
        "net:\n  - concat:\n      - maxpool(3, s=1, p=1)\n      - relu\n",
    ),
    "the name of a rate": (
        "net: [flatten]\ntrain: {optimizer: sgd(learning_rate=0.1)}\n",
        "net: [flatten]\ntrain: {optimizer: sgd(lr=0.1)}\n",
    ),
    "a data set with a dash": (
        "net:\n  - flatten | linear(10)\ntrain: {data: fashion-mnist}\n",
        "net:\n  - flatten | linear(10)\ntrain: {data: fashion_mnist}\n",
    ),
    "a parameter of the block": (
        PASSED_ON.format(call="inner(c)"),
        PASSED_ON.format(call="inner(c, s=s)"),
    ),
    "the layers of a block": (
        f"{BLOCKS}net: [a: unit(3), tied(a.conv)]\n",
        f"{BLOCKS}net: [a: unit(3), tied(a)]\n",
    ),
    "the layers in a group": (
        "net:\n  - g:\n      - a: conv(3, k=1)\n  - tied(a)\n",
        "net:\n  - g:\n      - a: conv(3, k=1)\n  - tied(g.a)\n",
    ),
    "the output in a group": (
        "net:\n  - g: [a: relu, tanh]\n  - add: [identity, ref(a)]\n",
        "net:\n  - g: [a: relu, tanh]\n  - add: [identity, ref(g.a)]\n",
    ),
    "the layers twice": (
        "net:\n  - a: conv(3, k=1)\n  - tied(a, a)\n",
        "net:\n  - a: conv(3, k=1)\n  - tied(a)\n",
    ),
    "the layers of a later step": (
        "net:\n  - tied(a)\n  - a:\n      - conv(3, k=1)\n  - relu\n",
        "net:\n  - a:\n      - conv(3, k=1)\n  - tied(a)\n  - relu\n",
    ),
    "`collect`": (
        "net:\n  - colect: relu\n    times: 2\n",
        "net:\n  - collect: relu\n    times: 2\n",
    ),
    "`each`": (
        "net:\n  - add:\n      - eahc: relu\n        for: {n: [1, 2]}\n",
        "net:\n  - add:\n      - each: relu\n        for: {n: [1, 2]}\n",
    ),
    "one output": (
        "net:\n  - a: relu\noutputs: a\n",
        "net:\n  - a: relu\noutputs: [a]\n",
    ),
    "the output of a layer": (
        "net:\n  - a: relu\noutputs: [a.z]\n",
        "net:\n  - a: relu\noutputs: [a]\n",
    ),
    "a call in brackets, and its padding": (
        "net:\n  - add: [conv(3, k=3), identity]\n",
        'net:\n  - add: ["conv(3, k=3, p=1)", identity]\n',
    ),
    "a call in brackets without its own": (
        "net:\n  - add: [conv(3, k=3, p=1, identity]\n",
        'net:\n  - add: ["conv(3, k=3, p=1)", identity]\n',
    ),
    "two mistakes, one behind the other": (
        "net:\n  - add: [conv(3, k=3, p=1), relu]\n  - conv(4, 8, k=3)\n",
        'net:\n  - add: ["conv(3, k=3, p=1)", relu]\n  - conv(3, 8, k=3)\n',
    ),
    "the input": (
        "net: [tanh, add: [relu, ref(in)]]\n",
        "net: [tanh, add: [relu, ref(input)]]\n",
    ),
    "the input of a block": (
        "blocks:\n  unit:\n    - tanh\n    - add: [ref(in), relu, ref(in)]\nnet: [unit]\n",
        (
            "blocks:\n  unit:\n    - input: identity\n    - tanh\n"
            "    - add: [ref(input), relu, ref(input)]\nnet: [unit]\n"
        ),
    ),
}


@pytest.mark.parametrize(("text", "wanted"), SURE.values(), ids=SURE)
def test_a_value_that_is_known_is_written(text, wanted):
    head = "archspec: 1\ninput: 3x8x8\n"
    assert fix_source(Source("spec", head + text)).source.text == head + wanted


BRACKETS = {  # a step, and what it should be
    "conv(8, k=3, p=1 | relu": "conv(8, k=3, p=1) | relu",
    "conv 8, k=3, p=1) | relu": "conv(8, k=3, p=1) | relu",
    "conv 8, k=3, p=1 | relu": "conv(8, k=3, p=1) | relu",
    "conv[8, k=3, p=1] | relu": "conv(8, k=3, p=1) | relu",
    "conv{8, k=3, p=1} | relu": "conv(8, k=3, p=1) | relu",
    "conv(max(2, 8), k=3)) | relu": "conv(max(2, 8), k=3) | relu",
    "maxpool(2 -> [3, 4, 4]": "maxpool(2) -> [3, 4, 4]",
    "maxpool(2) -> 3, 4, 4]": "maxpool(2) -> [3, 4, 4]",
    "maxpool(2) -> 3, 4, 4": "maxpool(2) -> [3, 4, 4]",
    "maxpool(2) [3, 4, 4]": "maxpool(2) -> [3, 4, 4]",
    "inception(1, 2, 3, (4, 5), 6)": "inception(1, (2, 3), (4, 5), 6)",
    "inception(1, (2, 3, (4, 5), 6)": "inception(1, (2, 3), (4, 5), 6)",
    "inception(1, 2, 3), (4, 5), 6)": "inception(1, (2, 3), (4, 5), 6)",
    "inception[1, (2, 3), (4, 5), 6": "inception(1, (2, 3), (4, 5), 6)",
    "inception[(1, (2, 3), (4, 5), 6)]": "repeat: inception[(1, (2, 3), (4, 5), 6)]",
    "repeat: vgg_block[\n      (2, 1),\n      (4, 1]": (
        "repeat: vgg_block[\n      (2, 1),\n      (4, 1)]"
    ),
    "repeat: vgg_block[\n      (2, 1)\n      (4, 1)]": (
        "repeat: vgg_block[\n      (2, 1),\n      (4, 1)]"
    ),
    "repeat: vgg_block\n      (2, 1),\n      (4, 1)]": (
        "repeat: vgg_block\n      [(2, 1),\n      (4, 1)]"
    ),
}


@pytest.mark.parametrize(("step", "wanted"), BRACKETS.items(), ids=BRACKETS)
def test_brackets_are_balanced(step, wanted):
    """As the whole spec allows: the parentheses of a row are those of its pattern."""
    assert_becomes(step, wanted)


def assert_becomes(step: str, wanted: str) -> FixedSpec:
    """In a net, what `--fix` writes for a step."""
    head = "archspec: 1\ninput: 3x8x8\nnet:\n  - "
    fixed = fix_source(Source("spec", f"{head}{step}\n  - tanh\n"))
    assert fixed.source.text == f"{head}{wanted}\n  - tanh\n"
    return fixed


BROKEN = {
    "Python": ["lambda x: x*2", "x + 1", "relu;"],
    "modules of PyTorch": ["torch.relu", "nn.Foo(3)", "nn.Bar(2)", "nn.Baz()"],
}


@pytest.mark.parametrize("steps", BROKEN.values(), ids=BROKEN)
def test_lines_with_errors_are_not_merged(steps):
    """An indentation would hide all errors of a scalar but the first."""
    lines = "".join(f"  - {step}\n" for step in ["conv(8, k=3)", *steps])
    fixed = fix_source(Source("spec", f"archspec: 1\ninput: 3x8x8\nnet:\n{lines}"))
    assert fixed.result.diagnostics
    titles = [f.title for d in fixed.result.diagnostics for f in d.fixes]
    assert not [title for title in titles if title.startswith("indent")]
    assert all(line.startswith("  - ") for line in fixed.source.text.split("\n")[3:-1])


MODULES = {
    "Conv2d(3, 8, 3)": "conv(3, 8, k=3)",
    "nn.Conv2d(3, 8, (3, 3), 2, 1, bias=False)": (
        "conv(3, 8, k=(3, 3), s=2, p=1, bias=false)"
    ),
    "torch.nn.MaxPool2d(kernel_size=2, ceil_mode=True)": "maxpool(k=2, ceil=true)",
    "nn.Conv2d(3, 8, 1) | nn.BatchNorm2d(8) | nn.ReLU(inplace=True)": (
        "conv(3, 8, k=1) | bn | relu"
    ),
    "ConvTranspose2d(3, 8, 3, 2, 1, 1)": (
        "conv_transpose(3, 8, k=3, s=2, p=1, output_padding=1)"
    ),
}


@pytest.mark.parametrize(("module", "op"), MODULES.items(), ids=MODULES)
def test_a_module_of_pytorch_becomes_an_op(module, op):
    """The network is that of the op, and the step is not merely removed."""
    assert not assert_becomes(module, op).result.diagnostics


def test_an_unknown_op_with_a_suggestion_is_not_removed():
    text = "archspec: 1\ninput: 3x8x8\nnet:\n  - convv(9, 9, 9, 9)\n  - tanh\n"
    (found,) = check_source(Source("spec", text)).diagnostics
    assert "`conv`" in found.help[0]
    assert not [fix for fix in found.fixes if fix.title.startswith("remove")]


@pytest.mark.parametrize("value", ["ten", "0", "2.5"])
def test_a_value_of_the_caller_is_not_fixed_in_the_text(value):
    text = (
        "archspec: 1\ninput: 3x8x8\nparams: {classes: 10}\n"
        "net: [flatten, tanh, linear(classes)]\n"
    )
    options = Options(overrides=[f"classes={value}"])
    (found,) = check_source(Source("spec", text), options=options).diagnostics
    assert not found.fixes
    assert f"`--set classes={value}`" in found.notes[-1]


def test_an_error_of_the_text_is_fixed_beside_a_value_of_the_caller():
    text = (
        "archspec: 1\ninput: 3x8x8\nparams: {classes: 10}\n"
        "net: [flaten, linear(classes)]\n"
    )
    options = Options(overrides=["classes=3"])
    (found,) = check_source(Source("spec", text), options=options).diagnostics
    assert found.fixes
    assert not found.notes
