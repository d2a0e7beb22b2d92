"""The Python contract: section 4 of the design."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

import archspec

SPEC = """\
archspec: 1
name: small
input: 1x8x8
params: {classes: 10, widths: [4, 8], act: relu, rate: 0.5, bias: true, mode: "nearest"}
variants:
  wide: {widths: [8, 16]}
net:
  - conv(widths[0], k=3, bias=bias) | act
  - upsample(1, mode=mode) | dropout(rate)
  - flatten | linear(classes)
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(SPEC)
    return path


# --- check ---------------------------------------------------------------------------


def test_check_a_good_spec(path):
    result = archspec.check(str(path))
    assert result.ok
    assert result.diagnostics == ()
    assert result.graph is result.spec.graph
    assert result.graph.name == "small"


def test_check_takes_paths_and_bundled_names(path):
    assert archspec.check(path).ok
    assert archspec.check("nin").ok


def test_check_never_raises_on_a_bad_spec(path):
    path.write_text(SPEC.replace("linear", "linaer"))
    result = archspec.check(path)
    assert not result.ok
    assert result.graph is None
    assert result.spec is None
    assert [d.code for d in result.diagnostics] == ["unknown-op"]


def test_a_file_of_blocks_is_ok_and_no_network(tmp_path):
    path = tmp_path / "blocks.yaml"
    path.write_text("archspec: 1\nblocks: {a: relu}\n")
    result = archspec.check(path)
    assert result.ok
    assert result.graph is None
    with pytest.raises(archspec.SpecError, match="has no `net`"):
        archspec.load(path)


# --- load ----------------------------------------------------------------------------


def test_load_gives_plain_numbers(path):
    spec = archspec.load(path)
    assert spec.name == "small"
    assert spec.input_shape == (1, 8, 8)
    assert spec.output_shape == (10,)
    assert all(type(size) is int for size in spec.output_shape)
    assert spec.params == (9 * 4 + 4) + (4 * 36 * 10 + 10)
    assert spec.macs == 36 * 4 * 9 + 144 * 10
    assert [layer.op for layer in spec.layers] == [
        "conv", "relu", "upsample", "dropout", "flatten", "linear",
    ]  # fmt: skip
    assert [layer.path for layer in spec.layers] == ["0", "1", "2", "3", "4", "5"]
    assert sum(layer.parameters for layer in spec.layers) == spec.params
    assert spec.text == SPEC


def test_load_takes_params_by_keyword(path):
    assert archspec.load(path, classes=100).output_shape == (100,)
    spec = archspec.load(path, widths=(2, 3), act="gelu", rate=0, bias=False)
    assert [layer.op for layer in spec.layers][1] == "gelu"
    assert spec.params == 9 * 2 + (2 * 36 * 10 + 10)
    assert archspec.load(path, widths=[6, 1]).param_values["widths"] == (6, 1)
    assert archspec.load(path, mode="bilinear").param_values["mode"] == "bilinear"
    assert archspec.load(path, mode="nearest").param_values["mode"] == "nearest"


def test_load_takes_a_variant_and_an_input(path):
    spec = archspec.load(path, variant="wide", input="1x10x10")
    assert archspec.load(path, variant="wide", input=(1, 10, 10)).graph.inputs[
        0
    ].shape == (
        1,
        10,
        10,
    )
    assert spec.param_values["widths"] == (8, 16)
    assert spec.input_shape == (1, 10, 10)
    assert spec.layers[0].output.shape == (8, 8, 8)


def test_assertions_are_about_the_specs_own_input(tmp_path):
    path = tmp_path / "asserts.yaml"
    head = "archspec: 1\ninput: 1x8x8\nnet:\n  - conv(2, k=3)"
    path.write_text(f"{head} -> [2, 6, 6]\n")
    assert archspec.load(path, input="1x10x10").output_shape == (2, 8, 8)
    path.write_text(f"{head} -> [2, 7, 7]\n")
    assert archspec.check(path, input="1x10x10").ok
    for result in (archspec.check(path), archspec.check(path, input="1x8x8")):
        assert [d.code for d in result.diagnostics] == ["shape-assertion"]


@pytest.mark.parametrize(
    ("params", "code", "part"),
    [
        ({"clases": 3}, "unknown-parameter", "there is no parameter `clases`"),
        ({"classes": "many"}, "undefined-name", "there is no `many` here"),
        (
            {"classes": 2.5},
            "invalid-parameter-type",
            "`classes` is an integer, found 2.5",
        ),
        (
            {"classes": None},
            "invalid-parameter-type",
            "no values of the type `NoneType`",
        ),
        (
            {"classes": {"a": 1}},
            "invalid-parameter-type",
            "no values of the type `dict`",
        ),
        ({"classes": 10**30}, "number-too-large", "64 bits"),
        ({"rate": float("nan")}, "number-too-large", "64 bits"),
        ({"classes": 0}, "invalid-argument", "expects a positive integer, found 0"),
        ({"variant": "wdie"}, "unknown-variant", "`small` has no variant `wdie`"),
        (
            {"input": "3x0"},
            "invalid-type",
            "expected one to four sizes, the channels first, as `3x224x224`, found `3x0`",
        ),
        ({"input": ""}, "invalid-type", "as `3x224x224`, found ``"),
    ],
)
def test_load_says_what_is_wrong_with_a_param(path, params, code, part):
    with pytest.raises(archspec.SpecError) as raised:
        archspec.load(path, **params)
    (found,) = raised.value.diagnostics
    assert found.code == code
    assert part in found.message
    assert part in str(raised.value)


def test_the_text_of_a_spec_error_is_the_report(path):
    path.write_text(SPEC.replace("linear", "linaer"))
    with pytest.raises(archspec.SpecError) as raised:
        archspec.load(path)
    assert str(raised.value) == textwrap.dedent(f"""\
        error[unknown-op]: there is no op or block `linaer`
          --> {path}:10:15
           |
        10 |   - flatten | linaer(classes)
           |               ^^^^^^
           |
           = help: did you mean `linear`?""")
    assert isinstance(raised.value, ValueError)


def test_params_see_those_before_them_as_they_are_set(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(
        "archspec: 1\ninput: 3x8x8\nparams: {width: 4, double: width * 2}\n"
        'net: ["conv(double, k=1)"]\n'
    )
    assert archspec.load(path).output_shape == (8, 8, 8)
    assert archspec.load(path, width=6).output_shape == (12, 8, 8)
    assert archspec.load(path, double=5).output_shape == (5, 8, 8)


# --- set, as on the command line -----------------------------------------------------


@pytest.mark.parametrize(
    ("override", "name", "value"),
    [
        ("classes=100", "classes", 100),
        ("classes = 100", "classes", None),
        ("classes=2 * 5", "classes", 10),
        ("widths=[1, 2]", "widths", (1, 2)),
        ("widths=(1, 2)", "widths", (1, 2)),
        ("rate=1e-3", "rate", 0.001),
        ("rate=0", "rate", 0),
        ("bias=false", "bias", False),
        ("mode=bilinear", "mode", "bilinear"),
        ('mode="bicubic"', "mode", "bicubic"),
    ],
)
def test_overrides(path, override, name, value):
    result = archspec.check(path, overrides=[override])
    if value is None:
        assert [d.code for d in result.diagnostics] == ["invalid-syntax"]
    else:
        assert result.spec.param_values[name] == value


@pytest.mark.parametrize(
    ("override", "code", "column"),
    [
        ("classes", "invalid-syntax", 1),
        ("=3", "invalid-syntax", 1),
        ("classes=", "invalid-syntax", 1),
        ("classes=1 +", "invalid-syntax", 12),
        ("classes=ten", "undefined-name", 9),
        ("classes=010", "ambiguous-scalar", 9),
        ("bias=yes", "ambiguous-scalar", 6),
        ("classes={a: 1}", "invalid-type", 9),
        ("classes=[1", "invalid-yaml", 11),
        ("classes=[1, 2]", "invalid-parameter-type", 9),
        ("clases=1", "unknown-parameter", 1),
        ("act=3", "invalid-parameter-type", 5),
        ("classes=\udcff", "not-text", 9),
    ],
)
def test_wrong_overrides_are_found_in_their_own_text(path, override, code, column):
    (found,) = archspec.check(path, overrides=[override]).diagnostics
    span = found.primary.span
    assert (found.code, span.source.name, span.column) == (code, "--set", column)


# --- without torch -------------------------------------------------------------------

WITHOUT_TORCH = """
import sys
sys.modules["torch"] = sys.modules["torchvision"] = None
import archspec, archspec.passes.summarize, archspec.frontend.schema.json_schema
assert archspec.check("nin").ok
spec = archspec.load("nin", classes=100)
rows = list(archspec.passes.summarize.summarize(spec.graph, spec.document.source))
assert len(rows) == len(spec.layers)
assert "digraph" in archspec.draw(spec).dot
assert "class Nin" in archspec.to_source(spec)
assert archspec.frontend.schema.json_schema.SCHEMA["title"]
"""


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_front_half_runs_without_torch():
    done = run_python(WITHOUT_TORCH)
    assert done.returncode == 0, done.stderr


def test_the_test_can_fail():
    """With torch blocked, what needs torch does not run."""
    done = run_python(WITHOUT_TORCH + "archspec.compile(spec)")
    assert done.returncode == 1
    assert "torch" in done.stderr.strip().splitlines()[-1]


COMMANDS = [
    ["check", "nin"],
    ["summary", "nin", "--depth", "1"],
    ["diff", "vgg11", "vgg16"],
    ["draw", "nin", "-o-"],
    ["compile", "nin"],
    ["explain", "conv"],
    ["list"],
    ["schema"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_commands_of_the_front_half_run_without_torch(command):
    done = run_python(
        "import sys; sys.modules['torch'] = sys.modules['torchvision'] = None\n"
        f"sys.argv = {['archspec', *command]}\n"
        "from archspec.cli.main import main; main()"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_checking_imports_no_torch_where_there_is_one():
    done = run_python(
        "import sys, archspec; archspec.check('nin'); sys.exit('torch' in sys.modules)"
    )
    assert done.returncode == 0, done.stderr


def test_a_spec_says_what_it_is_in_a_line():
    assert repr(archspec.load("lenet")) == "<Spec lenet: 61,706 parameters>"
    assert len(repr(archspec.check("googlenet"))) < 200


def test_a_result_is_true_where_the_spec_is_sound(tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("archspec: 1\ninput: 3x8x8\nnet: [x]\n")
    assert archspec.check("lenet")
    assert not archspec.check(bad)
