"""A variant keeps its name: in what commands print, and in the files they write."""

from __future__ import annotations

import json

import pytest

from archspec import load
from archspec.runs.directory import default_name

NAMES = [
    ("vgg16", "vgg16"),
    ("vgg:vgg16", "vgg16"),
    ("torchvision/resnet18", "torchvision/resnet18"),
    ("torchvision/resnet:resnet18", "torchvision/resnet18"),
    ("good.yaml:wide", "good.yaml:wide"),
    ("./good.yaml:wide", "./good.yaml:wide"),
]
ONE = pytest.mark.parametrize(("spec", "title"), NAMES)


@pytest.fixture(autouse=True)
def here(monkeypatch, good):
    monkeypatch.chdir(good.parent)
    return good.parent


@ONE
def test_checks(archspec, spec, title):
    outcome = archspec("check", spec)
    assert outcome.code == 0
    assert outcome.out.startswith(f"{title}: ok, ")


FAMILY = """\
archspec: 1
input: 3x8x8
params: {width: 4, groups: 1, shortcut: 8}
variants:
  wide: {width: 16}
  grouped: {groups: 3}
  wide_grouped: {width: 16, groups: 3}
  narrow: {shortcut: 6}
net:
  - conv(width, k=3) -> [4, 6, 6]
  - conv(8, k=1, g=groups)
  - add: ['conv(8, k=1)', 'conv(shortcut, k=1)']
"""


@pytest.fixture
def family(here):
    (here / "family.yaml").write_text(FAMILY)
    return "family.yaml"


def test_a_spec_is_checked_with_its_variants(archspec, family):
    outcome = archspec("check", family, "--format", "concise")
    assert outcome.code == 1
    shape, groups, channels = outcome.out.splitlines()
    assert shape.startswith("family.yaml:10:25: error[shape-assertion]: ")
    assert shape.endswith("found [16, 6, 6] (variants `wide`, `wide_grouped`)")
    assert groups.endswith("found 3 (variants `grouped`, `wide_grouped`)")
    assert channels.endswith("found [8, 6, 6] and [6, 6, 6] (variant `narrow`)")
    assert archspec("check", f"{family}:narrow", "-q").out.count("error[") == 1


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (("", ""), "296 parameters, output [8, 6, 6], 3 errors; 0 of 4 variants ok"),
        ((" -> [4, 6, 6]", ""), "2 errors; 1 of 4 variants ok"),
        ((", k=1, g=groups", ""), "2 errors; 0 of 4 variants ok"),
    ],
)
def test_a_finding_of_the_spec_itself_is_not_repeated(archspec, here, change, verdict):
    (here / "family.yaml").write_text(FAMILY.replace(*change))
    outcome = archspec("check", "family.yaml")
    assert verdict in outcome.out.splitlines()[-1]


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (
            ("  wide: {width: 16}", "  wide: {width: bad}"),
            "1 error; 3 of 4 variants ok",
        ),
        (("  wide: {width: 16}", "  wide: {wdith: 16}"), "1 error; 3 of 4 variants ok"),
        (("  wide: {width: 16}", "  wide: 16"), "1 error; 3 of 4 variants ok"),
        (("k=3)", "k=(3)"), "1 error; 0 of 4 variants ok"),
    ],
)
def test_an_error_counts_for_the_variants_that_have_it(archspec, here, change, verdict):
    plain = FAMILY.replace(" -> [4, 6, 6]", "").replace(", g=groups", "")
    (here / "family.yaml").write_text(
        plain.replace("shortcut: 6", "width: 6").replace(*change)
    )
    outcome = archspec("check", "family.yaml")
    assert outcome.out.splitlines()[-1].endswith(verdict), outcome.out


def test_json_files_the_findings_of_variants_under_the_spec(archspec, family):
    outcome = archspec("check", family, "--format", "json")
    (file,) = json.loads(outcome.out)["files"]
    assert (file["file"], file["ok"]) == (family, False)
    assert len(file["diagnostics"]) == 3


def test_fixes_of_a_variant_are_picked(archspec, here, family):
    """Most would undo it, so none is written by itself."""
    (here / family).write_text(FAMILY.replace(" -> [4, 6, 6]", ""))
    outcome = archspec("check", family, "--fix")
    assert "because the fix" in " ".join(outcome.err.split())
    picked = archspec("check", family, "--fix", "--pick", "1")
    assert f"{family}:11: fixed [indivisible-groups]" in picked.out
    one = archspec("check", f"{family}:narrow", "--fix", "--pick", "1")
    assert f"{family}:12: fixed [channel-mismatch]" in one.out


def test_a_limit_holds_for_each_variant(archspec):
    outcome = archspec("check", "vgg", "--max-params", "130M")
    assert outcome.out.count("error[over-budget]") == 2
    assert "`vgg16` has 134,300,362 parameters" in outcome.out
    assert outcome.out.endswith("2 errors; 2 of 4 variants ok\n")
    outcome = archspec("check", "vgg", "--max-params", "1M", "--format", "concise")
    assert outcome.out.count("over-budget") == 4  # `vgg11` has the default params


def test_many_variants_with_errors_end_the_check(archspec, here):
    names = ", ".join(f"v{n}: {{g: {n}}}" for n in range(10, 115))
    (here / "many.yaml").write_text(
        f"archspec: 1\ninput: 3x8x8\nparams: {{g: 1}}\nvariants: {{{names}}}\n"
        "net: ['conv(2, k=1, g=g)']\n"
    )
    outcome = archspec("check", "many.yaml", "-q")
    assert "the check ends before the variant `v111`" in outcome.out
    assert "(variants `v10`, `v11`, `v12` and 98 more)" in outcome.out


@ONE
def test_is_summarized(archspec, spec, title):
    network = title.replace(":", "/").split("/")[-1]
    outcome = archspec("summary", spec, "--depth", "1", "--format", "json")
    assert json.loads(outcome.out)["name"] == network
    source = archspec("compile", spec).out
    assert f"\ndef {network}(" in source  # its class is that of the family
    assert f"archspec compile {title.removeprefix('./')}`" in source


def test_is_drawn_and_compiled_to_a_file_of_its_name(archspec, here):
    assert archspec("draw", "good.yaml:wide").out == "wrote wide.svg\n"
    assert "wide" in (here / "wide.svg").read_text()


@pytest.mark.parametrize(
    "options", [["good.yaml:wide"], ["good.yaml", "--variant", "wide"]]
)
def test_its_option_means_the_same(archspec, options):
    assert archspec("check", *options).out.startswith("good.yaml:wide: ok")


def test_a_copy_says_which_variant_it_is_from(archspec):
    outcome = archspec("new", "mine.yaml", "--from", "torchvision/resnet18")
    assert "`archspec check mine.yaml:resnet18`" in outcome.out
    assert "11,689,512 parameters" in archspec("check", "mine.yaml:resnet18").out


def test_a_file_with_a_colon_in_its_name(archspec, here):
    (here / "good.yaml").rename(here / "a:b.yaml")
    assert archspec("check", "a:b.yaml").code == 0
    assert archspec("check", "./a:b.yaml:wide").code == 0


@pytest.mark.parametrize(
    ("spec", "part"),
    [
        ("vgg:nope", "`vgg` has no variant `nope`"),
        ("lenet:small", "`lenet` has no variant `small`"),
        ("good.yaml:wdie", "did you mean `wide`?"),
        ("nope:wide", "`nope` is neither a file nor a bundled spec"),
        ("nope.yaml:wide", "`nope.yaml` does not exist"),
        ("vgg16:vgg19", "`vgg16` is a variant already, found `vgg19`"),
    ],
)
@pytest.mark.parametrize("command", ["check", "summary", "draw", "compile"])
def test_an_unknown_one_is_wrong_usage(archspec, command, spec, part):
    outcome = archspec(command, spec)
    assert outcome.code == 2
    assert part in outcome.out + outcome.err


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("vgg16", "vgg16"),
        ("torchvision/resnext50_32x4d", "resnext50_32x4d"),
        ("good.yaml", "good"),
        ("good.yaml:wide", "good-wide"),
        ("own.yaml:own_wide", "own_wide"),
    ],
)
def test_the_name_of_its_run(here, good, spec, name):
    text = good.read_text().replace("{wide:", "{own_wide:")
    (here / "own.yaml").write_text(text)
    assert default_name(load(spec)) == name
