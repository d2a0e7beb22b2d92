"""What the language means, beyond what the corpus of cases shows."""

from __future__ import annotations

import time

import pytest

from archspec.checker import check_source
from archspec.compiler import Options
from archspec.diagnostics.diagnostic import Severity
from archspec.diagnostics.render import render_full
from archspec.diagnostics.source import Source

HEAD = "archspec: 1\ninput: 3x32x32\n"


def check(text, **options):
    source = Source("spec.yaml", HEAD + text)
    return check_source(source, options=Options(**options))


def codes(text):
    found = check(text).diagnostics
    return [d.code for d in found if d.severity is Severity.ERROR]


def spec(text, **options):
    result = check(text, **options)
    assert result.ok, render_full(result.diagnostics)
    return result.spec


def paths(text):
    return [layer.path for layer in spec(text).layers]


# --- names in the state dict ---------------------------------------------------------


def test_every_step_of_a_chain_is_counted():
    assert paths("net:\n  - relu | tanh\n  - [relu, tanh]\n  - relu\n") == list("01234")


def test_a_label_renames_one_layer_and_none_after_it():
    assert paths("net:\n  - relu\n  - act: relu\n  - relu\n") == ["0", "act", "2"]


def test_a_labelled_group_and_a_block_are_levels():
    text = """\
blocks:
  unit: [relu, tanh]
net:
  - stem: [relu, tanh]
  - unit
  - last: unit
"""
    assert paths(text) == ["stem.0", "stem.1", "1.0", "1.1", "last.0", "last.1"]


def test_repeats_and_branches_are_no_levels():
    text = """\
net:
  - repeat: relu
    times: 2
  - add:
      - identity
      - {side: relu}
  - repeat: {"x{i + 1}": relu}
    times: 2
"""
    assert paths(text) == ["0", "1", "2", "side", "x1", "x2"]


# --- scopes --------------------------------------------------------------------------


def test_library_blocks_do_not_see_a_specs_own():
    """`vgg_block` calls `conv` and `relu`, whatever a spec calls so."""
    text = "blocks:\n  conv(cout): relu\n  relu: tanh\nnet:\n  - vgg_block(8, 1)\n"
    assert [layer.op for layer in spec(text).layers] == ["conv", "relu", "maxpool"]


def test_a_block_sees_the_params_of_its_document_and_no_others():
    text = """\
params: {width: 4}
blocks:
  unit: conv(width, k=1)
net:
  - let: {width: 9}
  - unit
"""
    assert spec(text).output_shape == (4, 32, 32)


def test_cin_stays_and_ch_moves():
    text = """\
blocks:
  unit:
    - conv(8, k=1)
    - conv(cin * 2, k=1)
    - conv(ch + 1, k=1)
    - conv(cin + ch, k=1)
net:
  - unit
"""
    shapes = [layer.output.shape[0] for layer in spec(text).layers]
    assert shapes == [8, 6, 7, 10]


def test_a_let_holds_for_the_rest_of_its_list():
    text = """\
blocks:
  unit:
    - let: {w: 5}
    - conv(w, k=1)
    - let: {w: w + 1}
    - add:
        - conv(w, k=1)
        - [{let: {w: 6}}, "conv(w, k=1)"]
    - conv(w, k=1)
net: [unit]
"""
    assert [layer.output.shape[0] for layer in spec(text).layers] == [5, 6, 6, 6]


def test_a_default_sees_the_parameters_before_it_and_the_channels():
    text = """\
blocks:
  unit(a, *, b=a * 2, c=b + cin, d=ch): conv(c + d, k=1)
net:
  - unit(2)
"""
    assert spec(text).output_shape == (2 * 2 + 3 + 3, 32, 32)


def test_the_index_counts_from_zero_and_inner_repeats_have_their_own():
    text = """\
net:
  - repeat:
      - repeat: conv(i + 1, k=1)
        times: i + 1
      - conv(10 * (i + 1), k=1)
    times: 2
"""
    assert [layer.output.shape[0] for layer in spec(text).layers] == [1, 10, 1, 2, 20]


def test_ref_reads_what_the_label_made():
    text = """\
net:
  - a: conv(4, k=1)
  - b: [relu, "conv(6, k=1)"]
  - concat: [ref(a), ref(b), identity]
  - ref(a)
"""
    assert spec(text).output_shape == (4, 32, 32)


def test_an_if_without_else_keeps_the_label():
    """So that `ref` finds it whichever arm is taken."""
    text = """\
params: {wide: true}
net:
  - if: wide
    then: {side: "conv(8, k=1)"}
  - ref(side) | relu
"""
    assert spec(text).output_shape == (8, 32, 32)
    assert spec(text, params={"wide": False}).output_shape == (3, 32, 32)


# --- values --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("-2 ** 2", -4),
        ("2 ** 3 ** 2", 512),
        ("2 ** -1", 0.5),
        ("7 // 2 * 2 + 7 % 2", 7),
        ("-7 // 2", -4),
        ("1 - 2 - 3", -4),
        ("not 1 == 2 and 3 < 4 or false", True),
        ("1 if 2 > 3 else 4 if false else 5", 5),
        ("(1, 2)[1]", 2),
        ("((1, 2), (3,))[1][0]", 3),
        ("()", ()),
        ("(1,)", (1,)),
        ("(1)", 1),
        ("1e-3", 0.001),
        (".5 + 1.", 1.5),
        ("round(2.5) + int(-1.9)", 1),
        ("max((1, 5, 3))", 5),
        ("range(1, 7, 2)", (1, 3, 5)),
        ("len('four')", 4),
        ("true", True),
        ("1 == 1.0", True),
        ("1 // 0 if false else 2", 2),
        ("true or 1 // 0", True),
        ("false and 1 // 0", False),
    ],
)
def test_expressions(expression, value):
    """Python's own rules, for what the language has of Python."""
    found = spec(f"params:\n  x: {expression}\nnet: [relu]\n").param_values["x"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("True", True),
        ("1e-3", 0.001),
        ("-1", -1),
        ("+1", 1),
        ('"3 + 4"', "3 + 4"),
        ("'a ''b'''", "a 'b'"),
        ("[1, [2, 3]]", (1, (2, 3))),
        ("\n    1 +\n    2", 3),
        ("n", 5),
        ("[n, n * 2]", (5, 10)),
    ],
)
def test_values_in_yaml(text, value):
    assert (
        spec(f"params:\n  n: 5\n  x: {text}\nnet: [relu]\n").param_values["x"] == value
    )


def test_ops_and_blocks_are_values():
    text = """\
params: {kinds: [relu, unit], norm: bn}
blocks:
  unit: tanh
  each(*, norm=identity, act=kinds[1]): norm | act
net:
  - let: {first: "x"}
  - repeat: kind
    for: {kind: kinds}
  - each | each(norm=norm, act=gelu)
  - if: norm == bn
    then: sigmoid
"""
    ops = [layer.op for layer in spec(text).layers]
    assert ops == ["relu", "tanh", "identity", "tanh", "bn", "gelu", "sigmoid"]


# --- findings ------------------------------------------------------------------------


def test_a_finding_in_a_block_names_the_call():
    text = """\
blocks:
  inner(cout): conv(cout, k=50)
  outer: inner(8)
net:
  - outer
"""
    (found,) = check(text).diagnostics
    assert found.primary.span.text == "50"
    labels = [(label.span.text, label.message) for label in found.related]
    assert labels == [
        ("3x32x32", "says [3, 32, 32]"),
        ("inner(8)", "in `inner`, called here"),
        ("outer", "which this step expands to"),
    ]


def test_branches_that_do_not_fit_are_all_named():
    (found,) = check("net:\n  - add: [identity, maxpool(2), relu]\n").diagnostics
    labels = [(label.span.text, label.message) for label in found.related]
    assert labels == [
        ("identity", "makes [3, 32, 32]"),
        ("maxpool(2)", "makes [3, 16, 16]"),
        ("relu", "makes [3, 32, 32]"),
    ]


def test_the_producer_of_channels_is_the_step_that_made_them():
    """Not the activation or the pooling in between."""
    text = "net:\n  - conv(8, k=3)\n  - relu | bn | maxpool(2)\n  - conv(3, 8, k=3)\n"
    (found,) = check(text).diagnostics
    assert [label.span.text for label in found.related] == ["conv(8, k=3)"]


def test_what_fails_in_two_calls_is_said_once():
    text = "blocks:\n  unit(k): conv(8, k=k) | cnov(1)\nnet: [unit(3), unit(5)]\n"
    assert codes(text) == ["unknown-op"]


def test_all_mistakes_of_an_expression_are_named():
    """In a block whose values nobody knows, as in one that is called."""
    text = "blocks:\n  unit(n): conv(n * nn + mm, k=1)\nnet: [relu]\n"
    found = check(text).diagnostics
    assert [d.primary.span.text for d in found] == ["nn", "mm"]


def test_an_arm_that_guards_is_no_mistake():
    text = """\
params: {n: 0, act: 3}
net:
  - if: n > 0
    then: conv(8 // n, k=1) | act
  - relu
"""
    assert codes(text) == []


# --- bounds --------------------------------------------------------------------------

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
    assert codes(f"blocks:\n{blocks}net: [unit]\n") == ([code] if code else [])
    assert time.process_time() - started < 5


def test_ten_thousand_layers_are_a_network():
    started = time.process_time()
    network = spec(
        "net:\n  - repeat: conv(8, k=1) | bn | relu | identity\n    times: 2500\n"
    )
    assert len(network.layers) == 10_000
    assert time.process_time() - started < 5
