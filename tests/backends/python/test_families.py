"""The class of a family, built with other params, is the spec with the same `--set`."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

import pytest
import torch
from torch import nn

import archspec
from archspec.backends.python.module_source import network_class
from archspec.catalog import bundled, variants
from archspec.spec import Spec
from corpus import BUNDLED, SMALL, corpus_source, corpus_spec
from random_specs import random_spec
from reference.judge import fill
from second_cases import rest_slow
from specs import spec

TORCHVISION = [
    f"torchvision/{name}" for name in ("resnet", "mobilenet_v2", "squeezenet")
]
LARGE = [
    f"torchvision/{name}"
    for name in (
        "convnext",
        "densenet201",
        "efficientnet",
        "efficientnet_v2_s",
        "maxvit",
        "mnasnet",
        "swin_transformer",
    )
]
VALUES: dict[str, list[Any]] = {  # of params that take few values
    "convs": [(2, 1, 1, 3, 1)],
    "groups": [2, 32],
    "base": [32, 128],
    "depth": [2, 5],
    "heads": [6],
}


def module_of(text: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "emitted"}
    exec(text, namespace)
    return namespace


@cache
def emitted(name: str) -> dict[str, Any]:
    """The module of a bundled spec, as it is read."""
    return module_of(corpus_source(name))


def shapes(model: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in model.state_dict().items()}


def others(name: str, value: Any) -> list[Any]:
    """Other values of a param."""
    match value:
        case _ if name in VALUES:
            return VALUES[name]
        case bool():
            return [not value]
        case int():
            return [value + 3, 3 * value]
        case float():
            return [0.75 * value, 1.25 * value]
        case tuple() if name == "layers":
            return [tuple(1 + n % 2 for n in range(len(value)))]
    return []


def assert_equal_outputs(spec: Spec, source: str) -> None:
    """The class as it is read computes what that does which `compile` runs."""
    found = module_of(source)[network_class(spec.graph)]().eval()
    expected = archspec.compile(spec).eval()
    fill(expected.state_dict().values())
    found.load_state_dict(expected.state_dict())
    inputs = [torch.randn(2, *shape) for shape in spec.inputs.values()]
    with torch.no_grad():
        torch.testing.assert_close(found(*inputs), expected(*inputs))


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("name", SMALL)
def test_defaults(name: str) -> None:
    assert_equal_outputs(corpus_spec(name), corpus_source(name))


# Two are large.
@pytest.mark.parametrize("seed", rest_slow({*range(20)} - {10, 12}, (0, 1, 2, 4, 5, 6)))
def test_defaults_of_random_specs(seed: int) -> None:
    network = spec(random_spec(seed))
    assert_equal_outputs(network, archspec.to_source(network))


@pytest.mark.parametrize(
    "name",
    rest_slow([*BUNDLED, *TORCHVISION, *LARGE], {*BUNDLED} - {"resunits"}),
)
def test_params(name: str) -> None:
    """Each by itself: the keys and the shapes of the state dict."""
    own = archspec.load(name)
    network = emitted(name)[network_class(own.graph)]
    parameters = inspect.signature(network).parameters
    assert parameters.keys() <= {n.id for n, _ in own.document.params}
    with torch.device("meta"):
        assert shapes(network()) == shapes(archspec.compile(own))
    for key, parameter in parameters.items():
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        for value in others(key, parameter.default):
            with torch.device("meta"):
                found = network(**{key: value})
                expected = archspec.compile(archspec.load(name, **{key: value}))
            assert shapes(found) == shapes(expected), (key, value)


@pytest.mark.parametrize("name", rest_slow(["vgg", "resunits", *TORCHVISION], ["vgg"]))
def test_variants(name: str) -> None:
    """The functions of the variants."""
    names = emitted(name)
    folder = name.rpartition("/")[0]
    network = names[network_class(archspec.load(name).graph)]
    made = [v for v in variants(bundled()[name]) if v in names]
    for variant in made:
        with torch.device("meta"):
            found = names[variant]()
            expected = archspec.compile(f"{folder}/{variant}".lstrip("/"))
        assert shapes(found) == shapes(expected)
        assert type(found) is network
    assert made


FAMILY = """\
params: {width: 4, depths: [1, 2], act: relu, scale: 1.5, wide: false, tail: 0}
variants: {deep: {depths: [2, 3]}, wider: {width: 8, act: tanh}}
blocks:
  unit(c, *, s=1):
    - add:
        - conv(c, k=3, s=s, p=1) | act
        - if: s != 1 or cin != c
          then: conv(c, k=1, s=s)
          else: identity
net:
  - if: wide
    then: conv(2 * width, k=3, p=1)
    else: conv(width, k=1)
  - repeat:
      repeat: unit(width * 2 ** i, s=2 if j == 0 else 1)
      times: n
      as: j
    for: {n: depths}
  - conv(int(width * scale), k=1) | act
  - {if: tail > 0, then: "conv(tail, k=1)"}
"""


def test_outputs() -> None:
    """Of a family with an op, a list, a condition and arithmetic as params."""
    names = module_of(archspec.to_source(spec(FAMILY)))
    changes: list[dict[str, Any]] = [
        {},
        {"width": 6},
        {"depths": (3, 1)},
        {"scale": 2.0, "width": 5},
        {"wide": True},
    ]
    torch.manual_seed(0)
    x = torch.randn(2, 3, 8, 8)
    parameters = inspect.signature(names["A"]).parameters
    assert {"width", "depths", "scale"} <= parameters.keys()
    for params in changes:
        if params.keys() <= parameters.keys():
            found = names["A"](**params)
            expected = archspec.compile(spec(FAMILY, params=params))
            expected.load_state_dict(found.state_dict())
            torch.testing.assert_close(found(x), expected(x))
    assert shapes(names["deep"]()) == shapes(names["A"](depths=(2, 3)))


def doubled(value: Any) -> Any:
    return tuple(map(doubled, value)) if isinstance(value, tuple) else 2 * value


CHANNELS = {  # of which no two iterations, or no two networks, have as many
    "dense": """\
params: {stem: 4, growth: 2, layers: [2, 3, 1]}
blocks:
  layer: {concat: [identity, "conv(growth, k=3, p=1)"]}
  dense(n): {repeat: layer, times: n}
net:
  - conv(stem, k=1)
  - repeat:
      - dense(n)
      - {if: i < 2, then: "conv(ch // 2, k=1)"}
    for: {n: layers}
  - bn
""",
    "dense_groups": """\
params: {growth: 2, layers: [2, 3, 1], classes: 5}
blocks:
  layer: {concat: [identity, "conv(growth, k=3, p=1)"]}
net:
  - features:
      - repeat:
          - block{i + 1}: {repeat: {"layer{j + 1}": layer}, times: n, as: j}
          - {if: i < 2, then: {"down{i + 1}": "conv(ch // 2, k=1)"}}
        for: {n: layers}
      - norm: bn
  - global_avgpool | flatten
  - classifier: linear(classes)
""",
    "rows": """\
params: {rows: [[4, 1, 2], [8, 2, 4]], classes: 5}
blocks:
  unit(c, g): conv(c, k=1) | conv(c, k=3, g=g)
net:
  - trunk:
      repeat: {"stage{i}": {repeat: "unit(c, g)", times: n}}
      for: {"(c, n, g)": rows}
  - global_avgpool | flatten | linear(classes)
""",
    "rows_and_column": """\
params: {rows: [[4, 1, 2], [8, 1, 4], [8, 1, 4]]}
blocks:
  unit(c, k, g): conv(c, k=1) | conv(c, k=k, g=g)
net:
  - repeat: unit(c, k, g)
    for: {"(c, n, g)": rows, k: [1, 3, 5]}
""",
    "doubled": """\
params: {width: 4, layers: [2, 1]}
blocks:
  unit: {add: [identity, "conv(cin, k=1)"]}
  stage(n): {repeat: unit, times: n}
net:
  - features:
      - conv(width, k=1)
      - repeat:
          - {if: i > 0, then: "conv(2 * ch, k=1, s=2)"}
          - stage(n)
        for: {n: layers}
  - bn
""",
    "halves": """\
params: {widths: [8, 6, 4]}
blocks:
  two(c): {concat: ["conv(c, k=1)", "conv(c, k=1)"]}
  unit(c): {split: [identity, "conv(c, k=1)"]}
net:
  - repeat:
      - two(c // 2)
      - {repeat: unit(c // 2), times: 2}
    for: {c: widths}
""",
}


@pytest.mark.parametrize("name", CHANNELS)
def test_channels(name: str) -> None:
    """Params that decide how many channels pass from one iteration to the next."""
    text = CHANNELS[name]
    emitted = module_of(archspec.to_source(spec(text)))
    own = inspect.signature(emitted["A"]).parameters
    assert [*own] == [key.id for key, _ in spec(text).document.params]
    for key, parameter in own.items():
        other = doubled(parameter.default)
        found = emitted["A"](**{key: other})
        expected = archspec.compile(spec(text, params={key: other}))
        assert shapes(found) == shapes(expected), key


CALLED = """\
params: {cba: unit(act=relu), norm: bn(eps=1e-3), classes: 5}
variants: {precise: {cba: "unit(act=tanh, bias=false)", norm: bn(eps=1e-5)}}
blocks:
  unit(c, *, k=1, act=gelu, bias=true): conv(c, k=k, bias=bias) | act
  pair(c):
    - add:
        - cba(c, k=3) | pad(1)
        - conv(c, k=1) | norm
net:
  - pair(4) | pair(6)
  - cba(8) | norm
  - global_avgpool | flatten | linear(classes)
"""


def test_calls_that_have_some_arguments() -> None:
    """Of blocks and ops as params: those that a variant adds are not in the calls."""
    emitted = module_of(archspec.to_source(spec(CALLED)))
    assert [*inspect.signature(emitted["A"]).parameters] == ["cba", "norm", "classes"]
    expected = archspec.compile(spec(CALLED, variant="precise"))
    found = emitted["precise"]()
    expected.load_state_dict(found.state_dict())
    x = torch.randn(2, 3, 8, 8)
    torch.testing.assert_close(found(x), expected(x))


ROWS = """\
params: {width: 2, layers: [1, 2], rows: [[one, 4, relu], [two, 6, tanh]]}
variants: {wide: {width: 3}}
blocks:
  one(c, act): conv(c, k=1) | act
  two(c, act): conv(c, k=3, p=1) | bn | act
  stage(kind, c, act, n):
    - {repeat: "kind(c, act)", times: n}
net:
  - stem: conv(3 * width, k=1)
  - repeat: stage(kind, width * c, act, n)
    for: {"(kind, c, act)": rows, n: layers}
  - head: global_avgpool | flatten | linear(5)
"""


def test_rows_with_ops_and_blocks() -> None:
    """They are fixed, in a loop, whatever the other params are."""
    text = archspec.to_source(spec(ROWS))
    assert "for (kind, c, act), n in zip(" in text
    emitted = module_of(text)
    assert [*inspect.signature(emitted["A"]).parameters] == ["width", "layers"]
    changes: list[dict[str, Any]] = [{}, {"width": 3}, {"layers": (2, 1)}]
    for params in changes:
        found = emitted["A"](**params)
        expected = archspec.compile(spec(ROWS, params=params))
        expected.load_state_dict(found.state_dict())
        x = torch.randn(2, 3, 8, 8)
        torch.testing.assert_close(found.eval()(x), expected.eval()(x))


HIDDEN = """\
params: {width: 4, times: 2}
blocks:
  unit(c):
    - conv(c, k=1)
    - {if: c > 100, then: bn}
net:
  - unit(width)
  - {if: times > 50, then: relu}
  - repeat: tanh
    times: times
"""


def test_a_param_is_fixed_where_it_may_choose_what_nothing_shows() -> None:
    """No value near its own takes the other arm."""
    network = module_of(archspec.to_source(spec(HIDDEN)))["A"]
    assert not inspect.signature(network).parameters
    assert "`width`, `times`" in network.__doc__


COLUMNS = """\
params: {layers: [1, 2]}
blocks:
  unit(t):
    - conv(4, k=1)
    - {if: t > 1, then: relu}
net:
  - repeat: {repeat: unit(t), times: n}
    for: {t: [2, 3], n: layers}
"""


def test_a_column_of_a_loop_depends_on_no_other() -> None:
    """So the `if` is decided by `t`, whatever `layers` is."""
    network = module_of(archspec.to_source(spec(COLUMNS)))["A"]
    assert [*inspect.signature(network).parameters] == ["layers"]
    assert len(network(layers=(3, 1))) == 4


UNITS = """\
params: {end: bn, n: 2}
variants: {late: {end: norm_act}}
blocks:
  norm_act: bn | relu
  path(c, before): before | conv(c, k=1) | end
  unit(c, *, before):
    - add:
        - path(c, before)
        - identity
net:
  - repeat: "unit(3, before=identity if i == 0 else norm_act)"
    times: n
"""


def test_an_argument_is_an_op_here_and_a_block_there() -> None:
    text = archspec.to_source(spec(UNITS))
    assert "before=nn.Identity if i == 0 else NormAct" in text
    names = module_of(text)
    assert [*inspect.signature(names["A"]).parameters] == ["end", "n"]
    cases: list[tuple[nn.Module, dict[str, Any]]] = [
        (names["A"](), {}),
        (names["A"](n=3), {"params": {"n": 3}}),
        (names["late"](n=1), {"variant": "late", "params": {"n": 1}}),
    ]
    for found, options in cases:
        expected = archspec.compile(spec(UNITS, **options))
        expected.load_state_dict(found.state_dict())
        x = torch.randn(2, 3, 4, 4)
        torch.testing.assert_close(found(x), expected(x))


STAGES = """\
blocks:
  windowed(c): conv(c, k=1) | partition(2) | ln | unpartition
  stage(c, n): {repeat: windowed(c), times: n}
net:
  - stage(4, 2) | maxpool(2) | stage(6, 3)
"""


def test_a_size_that_no_expression_gives_is_a_parameter_in_a_loop_too() -> None:
    """Where all iterations of a call have the same."""
    text = archspec.to_source(spec(STAGES))
    assert text.count("class Stage") == text.count("class Windowed") == 1
    assert "Stage(4, 6, n=3, size=16)" in text
    assert_equal_outputs(spec(STAGES), text)


STEPPED = """\
params: {rows: [[4, 1], [8, 2]], widths: [2, 1, 3], classes: 5}
blocks:
  stage(c, n): {repeat: "conv(c, k=3, p=1)", times: n}
net:
"""
OTHER_VALUES = {  # steps, and the params that their class has
    "rows_in_a_chain": ("""\
  - repeat: {"s{i + 1}": "stage(c, n)"}
    for: {"(c, n)": rows}
""", ["rows"]),
    "stages_by_name": ("""\
  - repeat: {"s{i + 1}": "stage(c, n)"}
    for: {"(c, n)": rows}
  - add: [identity, relu]
""", []),
    "stages_of_a_slice": ("""\
  - repeat: {"s{i + 1}": "stage(c, c)"}
    for: {c: "widths[1:]"}
  - add: [identity, relu]
""", []),
    "as_many_stages_as_rows": ("""\
  - repeat: {"s{i + 1}": "stage(widths[i], 1)"}
    times: len(widths)
  - add: [identity, relu]
""", []),
    "times": ("""\
  - repeat: {add: [identity, relu]}
    times: classes // 9 + 1
  - conv(4, k=1)
""", []),
    "long_channels": ("""\
  - conv(max(classes // 9 + 1, classes // 8 + 1, classes // 7 + 1), k=1)
  - conv(3, k=1)
""", []),
    "sizes": ("""\
  - conv(len(widths) + 1, k=1)
  - split: [identity, "conv(1, k=1) | conv(len(widths), k=1)"]
    sizes: [1, len(widths)]
  - bn
""", ["widths"]),
    "tied": ("""\
  - conv(len(widths), k=1)
  - one: conv(ch, k=1) | relu
  - tied(one)
  - bn
""", ["widths"]),
    "a_label_in_a_loop": ("""\
  - conv(classes, k=1)
  - repeat: {"m{i}": "conv(c, k=1)"}
    for: {c: [classes // 9 + 1, 3]}
  - last:
      - sub: [relu, "conv(3, k=1)"]
      - add: [relu, "ref(m0) | conv(3, k=1)"]
  - bn
""", []),
    "channels_that_are_subtracted": ("""\
  - conv(classes // 9 + 3, k=1)
  - slice(1, ch)
  - conv(3, k=1)
""", ["classes"]),
    "channels_that_are_collected": ("""\
  - conv(classes // 9 + 2, k=1)
  - repeat:
      - "g{i}":
          collect: ["conv(3, k=1)", "conv(k + 1, k=1)"]
          times: 1
          as: k
      - conv(4, k=1)
    times: 2
""", []),
    "a_branch_or_none": ("""\
  - conv(classes, k=1)
  - add:
      - identity
      - {if: classes < 9, then: none, else: relu}
      - conv(ch, k=1)
      - {if: classes < 9, then: none, else: "conv(ch, k=1)"}
""", []),
    "as_many_branches": ("""\
  - conv(classes, k=1)
  - add:
      - identity
      - {each: "conv(ch, k=1)", times: classes // 9 + 1}
""", []),
    "rows_of_branches": ("""\
  - conv(classes, k=1)
  - concat:
      - identity
      - each: conv(c, k=1)
        for: {c: [classes // 9 + 1, 3]}
  - relu
""", []),
    "rows_that_are_written_out": ("""\
  - conv(classes, k=1)
  - collect:
      - conv(4, k=1)
      - repeat: conv(c, k=1)
        for: {c: [classes // 9 + 1, 3]}
    times: 2
""", []),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER_VALUES)
def test_other_values_build_what_the_spec_builds(name: str) -> None:
    """Also longer and shorter lists, and numbers that no network near it shows."""
    steps, expected = OTHER_VALUES[name]
    text = STEPPED + steps
    network = module_of(archspec.to_source(spec(text)))["A"]
    parameters = inspect.signature(network).parameters
    assert [*parameters] == expected
    for key, parameter in parameters.items():
        own = parameter.default
        is_list = isinstance(own, tuple)
        for value in (own[:-1], (*own, own[0])) if is_list else (own + 1, 3 * own):
            found = archspec.compile(spec(text, params={key: value}))
            assert shapes(network(**{key: value})) == shapes(found), (key, value)
