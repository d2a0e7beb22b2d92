"""The emitted text: formatted, typed, safe, the same every time, and without archspec."""

from __future__ import annotations

import ast
import json
import os
import pickle
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import archspec
from archspec.backends.mark import MARK
from archspec.backends.python.module_source import network_class, to_source
from archspec.backends.torch.module_from_source import build
from archspec.ir.graph import Graph
from corpus import FOLDER, NAMES, VARIANTS, corpus_source, corpus_spec
from random_specs import random_spec
from second_cases import rest_slow
from specs import spec

RANDOM = min(int(os.environ.get("FUZZ_EXAMPLES", "24")), 2_000)
FIRST_SEED = 0 if "FUZZ_EXAMPLES" not in os.environ else random.randrange(10**9)
# Finding the params of a class takes most of the time: one random spec of so many has
# them. A variant goes without, as the class of its spec has them.
FAMILIES = 1 if "FUZZ_EXAMPLES" in os.environ else 4
CORPUS = [*NAMES, *VARIANTS]
MERGED_TWICE = 366  # one of its merged classes is like a class with parameters
SEEDS = [*range(FIRST_SEED, FIRST_SEED + RANDOM), MERGED_TWICE]
PARTS = 8
RUFF = [sys.executable, "-m", "ruff"]


def graph_of(text: str, **options: Any) -> Graph:
    """The graph of a text, whose input is 3x8x8."""
    return spec(text, input="3x8x8", **options).graph


def emit(path: Path, names: Sequence[str], seeds: Sequence[int]) -> Path:
    """Write the sources of some specs of the corpus, and of some random ones."""
    for name in names:
        if name in VARIANTS:
            source = to_source(corpus_spec(name).graph, with_params=False)
        else:
            source = corpus_source(name)
        (path / f"{name.replace('-', '_')}.py").write_text(source, encoding="utf-8")
    for seed in seeds:
        family = (seed + 1) % FAMILIES == 0
        source = to_source(spec(random_spec(seed)).graph, with_params=family)
        (path / f"random_{seed}.py").write_text(source, encoding="utf-8")
    return path


@pytest.fixture(scope="module", params=rest_slow(range(PARTS), range(0, PARTS, 2)))
def emitted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A part of the sources: each is written once, whichever process tests it."""
    part = slice(request.param, None, PARTS)
    return emit(tmp_path_factory.mktemp("emitted"), CORPUS[part], SEEDS[part])


@pytest.fixture(scope="module")
def all_emitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of the sources."""
    return emit(tmp_path_factory.mktemp("all_emitted"), CORPUS, SEEDS)


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with an error, and commented sources with an argument that is none."""
    path = tmp_path_factory.mktemp("wrong")
    (path / "bad.py").write_text("import os\nx : int = 'a'\n", encoding="utf-8")
    for number, text in enumerate(COMMENTS):
        source = to_source(graph_of(commented(text)))
        source = source.replace("nn.ReLU()", 'nn.ReLU(inplace="no")')
        (path / f"commented_{number}.py").write_text(source, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def mypy_errors(all_emitted: Path, wrong: Path) -> dict[str, str]:
    """What mypy says of each file. It runs once, since reading torch takes long."""
    files = map(str, [*all_emitted.glob("*.py"), *wrong.glob("*.py")])
    options = ["--strict", "--config-file=", "--cache-dir=.mypy_cache/emitted"]
    report = run(sys.executable, "-m", "mypy", *options, *files)
    errors: dict[str, str] = {}
    for line in report.splitlines():
        name = Path(line.partition(":")[0]).name
        errors[name] = errors.get(name, "") + line
    return errors


def test_is_as_ruff_formats_it(emitted: Path) -> None:
    assert run(*RUFF, "format", "--isolated", "--diff", str(emitted)) == ""


def test_is_clean_under_ruff_check(emitted: Path) -> None:
    assert run(*RUFF, "check", "--isolated", "--no-cache", str(emitted)) == ""


@pytest.mark.slow
def test_is_clean_under_mypy(all_emitted: Path, mypy_errors: dict[str, str]) -> None:
    names = {path.name for path in all_emitted.glob("*.py")}
    assert len(names) > RANDOM
    assert {name: mypy_errors[name] for name in names & {*mypy_errors}} == {}


def test_ruff_sees_what_is_wrong(wrong: Path) -> None:
    """The tests with ruff can fail."""
    bad = str(wrong / "bad.py")
    assert run(*RUFF, "format", "--isolated", "--diff", bad)
    assert "F401" in run(*RUFF, "check", "--isolated", "--no-cache", bad)


@pytest.mark.slow
def test_mypy_sees_what_is_wrong(wrong: Path, mypy_errors: dict[str, str]) -> None:
    """The test with mypy can fail."""
    assert wrong.joinpath("bad.py").exists()
    assert "Incompatible types" in mypy_errors["bad.py"]


def test_is_clean_of_unused_classes(emitted: Path) -> None:
    """Of those too that share a name, and so are one."""
    for path in emitted.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
        read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert {*names} - read <= {names[-1]}, path.name
        assert len({*names}) == len(names), path.name


class WithoutNumbers(ast.NodeTransformer):
    """A class as all have it that differ only in numbers and in name."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant(0) if type(node.value) in (int, float) else node

    def __init__(self, names: set[str]) -> None:
        self.names = names  # of all classes

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        if any(node.name.startswith(name) for name in self.names - {node.name}):
            del node.body[0]  # the docstring, as this may be a part
        node.name = ""
        self.generic_visit(node)
        return node


def test_is_clean_of_classes_that_differ_only_in_numbers(emitted: Path) -> None:
    for path in emitted.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        visitor = WithoutNumbers({node.name for node in classes})
        shapes = {ast.dump(visitor.visit(node)) for node in classes}
        assert len(shapes) == len(classes), path.name


def test_recursive_block_is_one_class() -> None:
    """Except where the keys or the values differ, or blocks call each other."""
    source = corpus_source("recursion")
    blocks = Counter(re.findall(r"^class ([A-Za-z]+)\d*\(", source, re.MULTILINE))
    several = {"Numbered": 3, "OwnLet": 3}
    assert {name: n for name, n in blocks.items() if n > 1} == several


def test_stands_alone(emitted: Path) -> None:
    """It imports only torch, and the network's class is the last."""
    names = {name.replace("-", "_"): name for name in CORPUS}
    for path in emitted.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {
            alias.name if isinstance(node, ast.Import) else node.module
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        standard = {"collections.abc", "functools", "math", "typing"}
        assert imported - standard == {"torch"}, path.name
        classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
        if path.stem in names:
            graph = corpus_spec(names[path.stem]).graph
            assert classes[-1] == network_class(graph), path.name
        assert MARK in (ast.get_docstring(tree) or ""), path.name


ALONE = """
import importlib, json, sys
for name in ("archspec", "torchvision", "yaml", "jsonschema", "typer"):
    sys.modules[name] = None
import torch
for name, network, size in json.loads(sys.argv[1]):
    model = getattr(importlib.import_module(name), network)()
    model.eval()(torch.zeros(1, *size))
    print(sum(weight.numel() for weight in model.parameters()))
"""


@pytest.mark.slow
def test_runs_where_only_torch_is(tmp_path: Path) -> None:
    networks = {
        n: corpus_spec(n) for n in ("resnet18", "densenet", "full_preactivation")
    }
    for name in networks:
        (tmp_path / f"{name}.py").write_text(corpus_source(name), encoding="utf-8")
    modules = [
        (name, network_class(network.graph), network.input_shape)
        for name, network in networks.items()
    ]
    done = subprocess.run(
        [sys.executable, "-c", ALONE, json.dumps(modules)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    found = [int(line) for line in done.stdout.splitlines()]
    assert found == [network.params for network in networks.values()]


@pytest.mark.slow
def test_is_the_same_every_time() -> None:
    """Whatever the order of Python's sets."""
    code = (
        "import sys, archspec\n"
        "for path in sys.argv[1:]: print(archspec.to_source(path))\n"
    )
    paths = [*sorted(str(path) for path in FOLDER.glob("*.yaml")), *VARIANTS]
    sources = {
        subprocess.run(
            [sys.executable, "-c", code, *paths],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(sources) == 1


# --- nothing breaks out --------------------------------------------------------------

NASTY = [
    '"""\nimport os\n"""',
    '\'"\\"',
    'ends with "',
    "ends with \\",
    "\\N{BULLET} \\x41 {braces} #",
    "line\u2028separator \u202e bidi \x00 \x0c \ufeff",
    "trailing space \n\n\n  indented\n",
    "word " * 60,
]


def structure(source: str) -> str:
    """The module without its docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef):
            assert ast.get_docstring(node)
            del node.body[0]
    return ast.dump(tree)


@given(st.text(max_size=80) | st.sampled_from(NASTY))
@settings(deadline=None, max_examples=100)
def test_about_stays_a_docstring(text: str) -> None:
    """Whatever a spec says of itself, the code is the same."""
    plain = graph_of("net: [relu]\n")
    source = to_source(replace(plain, about=text))
    assert structure(source) == structure(to_source(plain))
    assert all(c.isprintable() or c == "\n" for c in source)


def test_nasty_docstrings_are_formatted(tmp_path: Path) -> None:
    plain = graph_of("net: [relu]\n")
    for number, text in enumerate(NASTY):
        source = to_source(replace(plain, about=text))
        (tmp_path / f"m{number}.py").write_text(source, encoding="utf-8")
    assert run(*RUFF, "format", "--isolated", "--diff", str(tmp_path)) == ""


@pytest.mark.parametrize(
    "text",
    ["nearest'); import os; ('", 'x"', "a\\", "{x}", "bilinear\\n", "__import__", "é𐀀"],
)
def test_strings_do_not_break_out(text: str) -> None:
    """A string that reaches a condition is a literal there."""
    quote = "'" if "'" not in text else '"'
    network = f"""
        blocks:
          b(mode):
            - if: mode == {quote}{text}{quote}
              then: relu
              else: tanh
        net:
          - b({quote}{text}{quote}) | b('other')
    """
    source = to_source(graph_of(network))
    strings = [
        n.value for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant)
    ]
    assert strings.count(text) == 2
    formatted = subprocess.run(
        [*RUFF, "format", "--isolated", "-"],
        input=source.encode(),
        capture_output=True,
        check=True,
    ).stdout
    assert formatted.decode() == source
    calls = {n.func.id for n in ast.walk(ast.parse(source))
             if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}  # fmt: skip
    assert calls == {"super", "B"}


@pytest.mark.parametrize("name", ["None", "tensor", "Tensor", "tokens", "nn", "_1x"])
def test_any_name_makes_a_class(name: str) -> None:
    """Names that Python, torch or a helper has are no obstacle."""
    blocks = f"blocks:\n  {name}(c):\n    - linear(c)\n"
    block = graph_of(
        f"{blocks}net:\n  - permute(0, 2, 3, 1) | {name}(4) | permute(0, 3, 1, 2)\n"
    )
    own = graph_of("net: [tokens]", name=name.strip("_1"))
    same = graph_of("blocks:\n  b(c): [relu]\nnet:\n  - b(4)\n", name="b")
    for graph in (block, own, same):
        namespace: dict[str, Any] = {}
        exec(to_source(graph), namespace)
        module = namespace[network_class(graph)]()
        assert module(torch.zeros(2, 3, 8, 8)).shape[0] == 2


# --- what a spec says beside the code ---


PLAIN = "blocks:\n  b:\n    - relu\nnet:\n  - b | b\n  - conv(3, k=1)\n"
COMMENTS = [
    "type: int",
    "noqa",
    "see # type: ignore",
    "fmt: off",
    "ruff: noqa",
    "mypy: ignore-errors",
    "word " * 17 + "type: int",
    "w" * 200,
    '"""',
    "\\",
    "caf\u00e9 \u202e bidi",
]


def commented(text: str) -> str:
    """A spec with a comment above every line of its blocks and its net."""
    return PLAIN.replace("\n  ", f"\n  # {text}\n  ")


@pytest.mark.slow
@pytest.mark.parametrize("text", COMMENTS)
def test_comments_change_nothing(
    text: str, wrong: Path, mypy_errors: dict[str, str]
) -> None:
    """No tool takes one for its own, and no comment becomes code."""
    source, plain = (to_source(graph_of(each)) for each in (commented(text), PLAIN))
    assert structure(source) == structure(plain)
    name = f"commented_{COMMENTS.index(text)}.py"
    assert run(*RUFF, "format", "--isolated", "--diff", str(wrong / name)) == ""
    assert "arg-type" in mypy_errors[name]


def test_a_comment_reads_no_variable() -> None:
    """The words of a comment are not names that a loop needs."""
    source = to_source(
        spec(
            "net:\n"
            "  - repeat:\n"
            "      - conv(3, k=1)\n"
            "      # the i-th of its kind\n"
            "      - relu\n"
            "    times: 3\n"
        ).graph
    )
    assert "        for _ in range(3):\n" in source
    assert "            # the i-th of its kind\n" in source


def test_two_networks_of_one_name_stay_apart() -> None:
    texts = [f"net:\n  - {op}\n" for op in ("conv(2, k=1)", "bn")]
    one, other = (archspec.compile(spec(text)) for text in texts)
    again = archspec.compile(spec(texts[0]))
    assert type(one) is type(again) is not type(other)
    assert type(pickle.loads(pickle.dumps(one))) is type(one)


# --- how it reads --------------------------------------------------------------------


def test_names_alone_leave_no_code() -> None:
    """An arm or a body that only binds names."""
    source = corpus_source("names_only")
    assert source.count("        if ") == source.count("        if c <= 1:\n") == 1
    assert "for " not in source


def test_an_identity_that_some_instances_have_keeps_its_place() -> None:
    text = """
        blocks:
          unit(c, *, padded=false):
            - conv(c, k=1)
            - {if: padded, then: identity}
            - conv(c, k=1)
        net:
          - unit(4) | unit(4, padded=true)
    """
    graph = graph_of(text)
    paths = {layer.path for layer in graph.layers if layer.op == "conv"}
    keys = build(graph).state_dict()
    assert {key.rpartition(".")[0] for key in keys} == paths


def test_long_rows_are_a_loop() -> None:
    source = corpus_source("long_rows")
    assert source.count("nn.Conv2d(") == 6
    assert source.count("        for ") == 8
    assert re.findall("class (.*)[(]", source) == [
        "Tower",
        "Sizes",
        "LongRows",
    ]


def test_every_class_has_its_own_name() -> None:
    """Those of blocks first, in the order in which they are needed."""
    source = corpus_source("class_names")
    tree = ast.parse(source)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    assert len({node.name for node in classes}) == len(classes)
    assert {"Ab", "Ab2"} < {node.name for node in classes}
    assert classes[-1].name == "NetG0"
    for node in classes:
        assert node.name not in {
            n.id for n in ast.walk(node) if isinstance(n, ast.Name)
        }


def test_labels_with_an_index_in_groups() -> None:
    network = corpus_spec("computed_labels")
    paths = {layer.path for layer in network.layers}
    assert {"g0.a0", "g1.a1", "h1.a1.0", "k1.c1.d1", "lx1", "mx2"} <= paths


def test_a_repeat_is_a_loop() -> None:
    source = to_source(graph_of("net:\n  - dense_block(4, 8) | dense_block(2, 4)\n"))
    loop = """
        channels = in_channels
        for _ in range(n):
            blocks.append(DenseLayer(channels, growth))
            channels += growth
"""
    assert loop in source


def test_one_class_takes_different_features() -> None:
    """What flatten leaves is no expression of the block's, so it is a parameter."""
    text = """
        blocks:
          head(n): [flatten, linear(n)]
        net:
          - add: [head(4), maxpool(2) | head(4)]
    """
    source = to_source(graph_of(text))
    assert "def __init__(self, n: int, *, in_features: int) -> None:" in source
    assert "Head(4, in_features=192)" in source
    assert "Head(4, in_features=48)" in source


def test_instances_of_one_structure_share_a_class() -> None:
    """Numbers never make a second class; structure does."""
    source = corpus_source("structures")
    assert source.count("class Branches") == 1
    assert source.count("class Deep") == 1
    assert source.count("class Tower") == 1


def test_classes_that_differ_in_a_negative_number_are_one_with_its_sign() -> None:
    """And without a comment that names the line of one of the joins."""
    text = """\
net:
  - a: {add: [leaky_relu(negative_slope=-0.1), identity]}
  - b: {add: [leaky_relu(negative_slope=-0.2), identity]}
"""
    source = to_source(graph_of(text))
    assert source.count("class ") == 2
    assert "nn.LeakyReLU(negative_slope=negative_slope)" in source
    assert "(negative_slope=-0.1)" in source
    assert "(negative_slope=-0.2)" in source
    assert "spec.yaml:" not in source


def test_shape_of_classes_that_differ_in_their_channels() -> None:
    """Those that no parameter has are a letter, as in all other classes."""
    text = """\
net:
  - c: {concat: [identity, "conv(6, k=1)"]}
  - d: {concat: [identity, "conv(5, k=1)"]}
"""
    source = to_source(graph_of(text))
    assert source.count("class ") == 2
    assert "[N, channels, H, W] -> [N, C', H, W]" in source


def test_a_bool_or_a_third_number_is_given_by_keyword() -> None:
    text = """\
blocks:
  unit(cout, k, p, bias): conv(cout, k=k, p=p, bias=bias)
net:
  - unit(4, 3, 1, true) | unit(8, 5, 2, false)
"""
    source = to_source(graph_of(text))
    assert "Unit(3, 4, kernel_size=3, padding=1, bias=True)" in source
    assert "Unit(4, 8, kernel_size=5, padding=2, bias=False)" in source


def test_a_value_that_an_argument_has_is_no_second_parameter() -> None:
    """`unpartition` has the `grid` of the `partition` before it."""
    text = """
        blocks:
          attention(grid): partition(2, grid=grid) | gelu | unpartition
        net:
          - attention(false) | attention(true)
    """
    source = to_source(graph_of(text))
    assert "Unpartition(2, 8, 8, grid=grid)" in source
    assert "grid_2" not in source


def test_docstring_of_a_sequence_with_a_long_shape() -> None:
    """A line of a shape ends after a size."""
    text = """
        blocks:
          layer(first, second, *, s): conv(first * first // 2 + second * second // 2, k=3, s=s, p=1) | relu
          stage(first): {repeat: "layer(first, first, s=1)", times: 3}
        net:
          - layer(4, 6, s=2) | layer(6, 4, s=1) | stage(4)
    """
    source = to_source(graph_of(text))
    assert '"""A sequence of `Layer`s.\n' in source
    shape = """
        [N, in_channels, H, W]
        -> [N, first * first // 2 + second * second // 2, ceil(H / stride),
        ceil(W / stride)]
"""
    assert shape in source


def test_a_command_in_a_docstring_stays_on_one_line() -> None:
    command = "archspec compile torchvision/vision_transformer"
    source = to_source(graph_of(PLAIN), command.rpartition(" ")[2])
    assert f"with\n`{command}`.\n" in source


SENTENCES = {  # of a block, by its steps
    "- conv(3, k=1) | act": "Convolution, `act`.",
    '- add: ["conv(3, k=1) | relu", identity]': "A residual branch (convolution, ReLU).",
    "- add: [inner, tanh]": "Branches `Inner` and Tanh, added.",
    '- concat: ["conv(3, k=1) | bn", relu, tanh]': (
        "Three parallel branches, concatenated along the channels."
    ),
    "- act | inner": "A chain of `act`, `Inner`.",
    "- act": "A single `act`.",
    "- {repeat: inner, times: 3}": "A sequence of `Inner`s.",
    "- stages: {repeat: inner, times: 3}": "A sequence of `Inner`s.",
}


@pytest.mark.parametrize(
    ("above", "behind", "sentence"),
    [
        ("# Halves the size.\n  ", "", "Halves the size."),
        ("", "  # halves the size", "halves the size"),
        ("# Halves the size.\n  ", " # of one image", "Halves the size."),
    ],
)
def test_docstring_is_the_comment_of_a_block(
    above: str, behind: str, sentence: str
) -> None:
    steps = "    add: ['conv(c, k=2, s=2)', 'conv(c, k=1, s=2)']\n"
    block = f"{above}half(c):{behind}\n{steps}"
    source = to_source(graph_of(f"blocks:\n  {block}net:\n  - half(4)\n"))
    docstring = re.search(r'class Half\(nn.Module\):\n    """(.*)', source)
    assert docstring
    assert docstring[1].lower().startswith(sentence.lower())


@pytest.mark.parametrize("step", SENTENCES)
def test_docstring_of_a_block_without_a_comment(step: str) -> None:
    text = (
        "blocks:\n"
        "  inner: bn | relu\n"
        f"  outer(act):\n    {step}\n"
        "net:\n  - outer(relu) | outer(tanh)\n"
    )
    source = to_source(graph_of(text))
    assert f'"""{SENTENCES[step]}\n' in source


def test_one_blank_line_between_imports_and_a_constant() -> None:
    """As ruff sorts imports; above a class there are two."""
    text = """
        params: {last: leaky_relu(negative_slope=0.2)}
        net:
          - conv(4, k=1) | last
    """
    source = to_source(graph_of(text))
    assert "\nfrom torch import nn\n\nLAST = partial(" in source
