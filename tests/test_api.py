"""The Python contract: section 4 of the design."""

from __future__ import annotations

import doctest
import inspect
import re
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ET

import pytest
import torch
from typer.testing import CliRunner

import archspec
import archspec.layers
from archspec.cli.main import app
from archspec.passes.features import extract_features

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


@pytest.fixture
def archspec_command():
    """What a command prints."""

    def run(*arguments):
        return CliRunner().invoke(app, arguments).stdout

    return run


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
    assert result.spec is None
    assert [d.code for d in result.diagnostics] == ["unknown-op"]


def test_a_network_with_an_error_is_known_in_part(path):
    """Shapes up to the error, and again behind what makes them whatever comes in."""
    path.write_text(
        "archspec: 1\ninput: 3x8x8\n"
        'net: ["conv(4, k=3)", linaer, relu, "flatten -> [144]", linear(5)]\n'
    )
    graph = archspec.check(path).graph
    assert graph
    shapes = [tuple(n.output.shape) if n.output.shape else None for n in graph.nodes]
    assert shapes == [(4, 6, 6), None, None, (5,)]


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
        ({"clases": 3}, "unknown-parameter", "unknown param `clases`"),
        ({"classes": "many"}, "undefined-name", "undefined name `many`"),
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
        error[unknown-op]: unknown op or block `linaer`
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


def test_a_result_is_true_where_the_spec_is_sound(tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("archspec: 1\ninput: 3x8x8\nnet: [x]\n")
    assert archspec.check("lenet")
    assert not archspec.check(bad)


# --- texts, params, reprs ------------------------------------------------------------


def test_loads_takes_a_text():
    spec = archspec.loads(SPEC, classes=3, variant="wide", input=(1, 10, 10))
    assert (spec.name, spec.output_shape) == ("wide", (3,))
    with pytest.raises(archspec.SpecError, match="spec:10:15"):
        archspec.loads(SPEC.replace("linear", "linaer"))


def test_check_takes_params_by_keyword(path):
    assert archspec.check(path, classes=3).spec.output_shape == (3,)
    assert [d.code for d in archspec.check(path, clases=3).diagnostics] == [
        "unknown-parameter"
    ]


def test_the_version():
    assert re.fullmatch(r"\d+\.\d+\.\d+", archspec.__version__)
    with pytest.raises(AttributeError, match="no attribute `vresion`"):
        archspec.vresion  # noqa: B018


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (lambda: archspec.load("lenet"), "<Spec lenet: 61,706 parameters>"),
        (lambda: archspec.load("vgg16"), "<Spec vgg16: 134,300,362 parameters>"),
        (lambda: archspec.load("lenet").graph, "<Graph lenet: 12 layers>"),
        (lambda: archspec.load("lenet").layers, "<12 layers of lenet>"),
        (
            lambda: archspec.load("lenet").layers["11"],
            "<linear 11: [84] -> [10], 850 parameters>",
        ),
        (lambda: archspec.check("lenet"), "<CheckResult lenet: ok>"),
        (lambda: archspec.draw("lenet"), "<Drawing of lenet: 12 layers>"),
        (
            lambda: archspec.diff("lenet", "lenet"),
            "<Comparison lenet -> lenet: 0 changes>",
        ),
    ],
)
def test_public_objects_have_a_repr_of_one_line(make, shown):
    assert repr(make()) == shown


def test_findings_have_a_short_repr_and_a_long_str(path):
    path.write_text(SPEC.replace("linear", "linaer"))
    result = archspec.check(path)
    assert repr(result) == f"<CheckResult {path}: 1 error>"
    (found,) = result.diagnostics
    assert repr(found).startswith(f"<error unknown-op at {path}:10:15: ")
    assert str(found) == str(result)
    assert "10 |   - flatten | linaer(classes)" in str(found)


def test_a_notebook_shows_findings_in_color(path):
    path.write_text(SPEC.replace("linear(classes)", "linaer('<b>')"))
    html = archspec.check(path)._repr_html_()
    assert ET.fromstring(html).tag == "pre"
    assert "color: #c62828" in html
    assert "&lt;b&gt;" in html
    assert "ok" in archspec.check("lenet")._repr_html_()
    with pytest.raises(archspec.SpecError) as raised:
        archspec.load(path)
    assert "\033[1;31m" in "\n".join(raised.value._render_traceback_())


# --- layers --------------------------------------------------------------------------


def test_layers_by_path():
    layers = archspec.load("torchvision/resnet50").layers
    assert layers["fc"].parameters == 2048 * 1000 + 1000
    assert layers["fc"] is [*layers][-1] is layers[-1]
    assert len(layers[:3]) == 3
    with pytest.raises(KeyError, match=r"no layer `layer1[.]0[.]conv`; did you mean"):
        layers["layer1.0.conv"]
    with pytest.raises(KeyError, match=r"first layer in it is `layer1[.]0[.]conv1`"):
        layers["layer1.0"]


def test_layers_for_a_data_frame():
    spec = archspec.load("nin")
    rows = spec.layers.to_dicts()
    assert [row["path"] for row in rows] == [layer.path for layer in spec.layers]
    assert sum(row["params"] for row in rows) == spec.params
    assert len(spec.layers.to_dicts(depth=1)) < len(rows)


def test_the_summary_is_that_of_the_command(archspec_command):
    shown = archspec_command("summary", "nin", "--depth", "1", "--batch", "4")
    assert archspec.load("nin").summary(depth=1, batch=4) == shown.rstrip("\n")


def test_diff_is_that_of_the_command(archspec_command):
    found = archspec.diff("vgg11", archspec.load("vgg13"))
    assert found
    assert str(found) == archspec_command("diff", "vgg11", "vgg13").rstrip("\n")
    assert [change.after.path for change in found.changes] == [
        "0.2",
        "0.3",
        "1.2",
        "1.3",
    ]
    assert not archspec.diff("vgg11", "vgg11")


# --- modules -------------------------------------------------------------------------


def test_compile_takes_params():
    assert archspec.compile("lenet", classes=3)(torch.zeros(2, 1, 28, 28)).shape == (
        2,
        3,
    )
    with pytest.raises(TypeError, match="has its variant, input and params"):
        archspec.compile(archspec.load("lenet"), classes=3)


@pytest.mark.parametrize(
    ("model", "names"),
    [
        ("resnet18", ["layer4", "layer2"]),
        ("resnet18", ["layer1"]),
        ("resnet18", ["bn1", "fc"]),
        ("squeezenet1_1", ["features.5", "features.1"]),  # a pool and a relu
    ],
)
def test_features_are_those_of_the_whole_network(model, names, tmp_path):
    """Compared with hooks on the whole network."""
    torch.manual_seed(0)
    whole = archspec.compile(f"torchvision/{model}").eval()
    path = tmp_path / "weights.pt"
    torch.save(whole.state_dict(), path)
    seen = {}
    for name in names:
        module = whole.get_submodule(name)
        module.register_forward_hook(
            lambda _, __, y, name=name: seen.update({name: y.clone()})
        )
    x = torch.rand(1, 3, 64, 64)
    whole(x)
    part = archspec.compile(f"torchvision/{model}", weights=path, features=names).eval()
    features = part(x)
    assert isinstance(features, tuple)
    assert len(features) == len(names)
    for name, feature in zip(names, features, strict=True):
        torch.testing.assert_close(feature, seen[name])
    assert part.state_dict().keys() <= whole.state_dict().keys()
    assert ("fc.weight" in part.state_dict()) == ("fc" in names)
    assert not any(key.startswith("classifier") for key in part.state_dict())


def test_features_of_a_network_with_heads_and_joins():
    shapes = [tuple(y.shape[1:]) for y in archspec.compile(
        "torchvision/googlenet", features=["inception3a", "inception4e"]
    ).train()(torch.zeros(2, 3, 224, 224))]  # fmt: skip
    assert shapes == [(256, 28, 28), (832, 14, 14)]
    with pytest.raises(ValueError, match="did you mean `inception4e`"):
        archspec.compile("torchvision/googlenet", features=["inception4f"])
    for wrong in ([], ["conv1", "conv1"]):
        with pytest.raises(ValueError, match="different steps"):
            extract_features(archspec.load("lenet").graph, wrong)
    with pytest.raises(TypeError, match="a list of steps"):
        extract_features(archspec.load("lenet").graph, "1")
    with pytest.raises(ValueError, match="is in a block"):
        extract_features(archspec.load("resnet18").graph, ["4.path.0"])


def test_train_and_use_a_run(tmp_path, capsys):
    run = archspec.train(
        "lenet", data="digits", epochs=1, optimizer="sgd(lr=0.1)", device="cpu",
        out=tmp_path, name="first", quiet=True,
    )  # fmt: skip
    assert run.path == tmp_path / "first-1"
    assert repr(run).startswith(
        f"<TrainedRun {run.path}: 1 epochs, validation accuracy "
    )
    assert 0 <= run.best.val_accuracy <= 1
    assert capsys.readouterr().out == ""
    assert archspec.compile("lenet", weights=run.path)
    again = archspec.train("lenet", resume=run.path, epochs=2, quiet=True)
    assert [metrics.epoch for metrics in again.history] == [1, 2]


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"epoch": 1}, TypeError, "unknown setting `epoch`; did you mean `epochs`"),
        ({"optimizer": "sgdd(lr=1)"}, archspec.SpecError, "did you mean `sgd`"),
        ({"epochs": 0}, archspec.TrainingError, "epochs"),
        ({"name": "a/b"}, archspec.TrainingError, "`a/b` cannot be the name of a run"),
    ],
)
def test_wrong_settings(settings, error, words, tmp_path):
    with pytest.raises(error, match=re.escape(words)):
        archspec.train("lenet", out=tmp_path, **settings)
    assert not [*tmp_path.iterdir()]


# --- docstrings ----------------------------------------------------------------------


@pytest.mark.parametrize("name", archspec.__all__)
def test_examples_in_docstrings(name, tmp_path, monkeypatch):
    """Every public name has a docstring, and its examples give what they say."""
    thing = getattr(archspec, name)
    assert len(inspect.getdoc(thing) or "") > 60
    monkeypatch.chdir(tmp_path)
    names = {"archspec": archspec, "torch": torch}
    own, *others = doctest.DocTestFinder().find(thing, name, globs=names)
    assert own.examples, "no example"
    for found in (own, *others):
        report = []
        doctest.DocTestRunner().run(found, out=report.append)
        assert not report, "".join(report)


FUNCTIONS = [n for n in archspec.__all__ if inspect.isfunction(getattr(archspec, n))]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_describe_their_parameters_and_errors(name):
    function = getattr(archspec, name)
    text = inspect.getdoc(function) or ""
    assert all(
        f"    {each}: " in text for each in inspect.signature(function).parameters
    )
    assert "Raises:" in text or "does not raise" in text or name == "list_models"


def test_examples_of_the_module():
    page = doctest.DocTestParser().get_doctest(
        archspec.__doc__, {}, "archspec", None, 0
    )
    report = []
    doctest.DocTestRunner().run(page, out=report.append)
    assert not report, "".join(report)
    assert doctest.testmod(archspec.layers).failed == 0


def test_help_names_everything():
    """`help(archspec)` begins with a table of what there is."""
    for name in {*archspec.__all__} - {"Diagnostic", "TrainingError"}:
        assert f"`{name}`" in archspec.__doc__ or f"`{name}." in archspec.__doc__
