"""What expressions and YAML values evaluate to."""

from __future__ import annotations

import pytest

from archspec.runs.config import describe_network, set_arguments
from specs import spec


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
  every(*, norm=identity, act=kinds[1]): norm | act
net:
  - let: {first: '"x"'}
  - repeat: kind
    for: {kind: kinds}
  - every | every(norm=norm, act=gelu)
  - if: norm == bn
    then: sigmoid
"""
    ops = [layer.op for layer in spec(text).layers]
    assert ops == ["relu", "tanh", "identity", "tanh", "bn", "gelu", "sigmoid"]


UNITS = """\
params: {unit: relu, units: [relu, 3]}
net:
  - unit
  - let: {second: "units[0]"}
  - second
"""


@pytest.mark.parametrize(
    "overrides",
    [
        ["unit=leaky_relu(negative_slope=0.5)", "units=(elu(alpha=2.0), 3)"],
        ["unit='leaky_relu(negative_slope=0.5)'", "units=(elu(alpha=2.0), 3)"],
    ],
)
def test_a_call_as_a_value_is_set_and_kept_in_a_run(overrides):
    """A run writes the params of its network, and reads them as `--set`."""
    chosen = spec(UNITS, overrides=overrides)
    again = spec(UNITS, overrides=set_arguments(describe_network(chosen)["params"]))
    for network in (chosen, again):
        found = [(node.op, node.values) for node in network.graph.nodes]
        assert found == [
            ("leaky_relu", {"negative_slope": 0.5}),
            ("elu", {"alpha": 2.0}),
        ]


def test_calls_as_values_are_equal_by_their_arguments():
    text = """\
net:
  - let: {f: "bn(eps=0.1)", g: "bn(eps=0.1)", h: "bn(eps=0.2)"}
  - if: f == g and f != h and f != bn and bn(momentum=0.1) != f
    then: tanh
"""
    assert [layer.op for layer in spec(text).layers] == ["tanh"]
