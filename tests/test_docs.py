"""The docs show what archspec does today."""

import doctest
import importlib.util
import re
import textwrap
import xml.etree.ElementTree as ET
from importlib import metadata
from pathlib import Path

import pytest

import archspec
from archspec.checker import check_source
from archspec.diagnostics.codes import CODES
from archspec.diagnostics.render import render_full
from archspec.diagnostics.source import Source
from archspec.resolve.library import library
from second_cases import rest_slow

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))]

_spec = importlib.util.spec_from_file_location("refresh", ROOT / "docs" / "refresh.py")
assert _spec
assert _spec.loader
refresh = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(refresh)


# These show the most commands.
LONG = ("zoo.md", "diagnostics.md")
CONSTRAINTS = (ROOT / "constraints.txt").read_text().split()
QUICK = [page for page in refresh.PAGES if page.name not in LONG]


@pytest.mark.parametrize(
    "page", rest_slow(refresh.PAGES, QUICK), ids=lambda page: page.name
)
def test_outputs_in_the_docs_are_current(page):
    """`make docs` would change nothing."""
    if page.name == "diagnostics.md" and torch_version() not in CONSTRAINTS:
        pytest.skip("it quotes messages of the pinned version of torch")
    text = page.read_text()
    assert refresh.refreshed(text) == text


def torch_version():
    return f"torch=={metadata.version('torch').partition('+')[0]}"


def test_a_stale_output_is_noticed():
    """The check above can fail."""
    page = "<!-- $ archspec explain relu -->\n```text\nanother text\n```"
    assert "another text" not in refresh.refreshed(page)
    page = "<!-- from: docs/codes.py -->\nanother text\n<!-- end -->"
    assert "another text" not in refresh.refreshed(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_sessions_in_the_docs(page, monkeypatch):
    """Each `pycon` block gives what it says; a page is one session."""
    monkeypatch.chdir(ROOT)
    text = "\n".join(re.findall(r"```pycon\n(.*?)```", page.read_text(), re.DOTALL))
    session = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    report = []
    doctest.DocTestRunner().run(session, out=report.append)
    assert not report, "".join(report)


def words(svg):
    """The text in a picture, which no font changes."""
    return sorted(
        "".join(element.itertext()).strip()
        for element in ET.fromstring(svg).iter()
        if element.tag.endswith(("text", "title"))
    )


@pytest.mark.parametrize("path", refresh.pictures())
def test_pictures_in_the_docs_are_current(path, tmp_path):
    """A picture drawn now says what the one in the docs says."""
    command = refresh.pictures()[path].replace(path, str(tmp_path / "now.svg"))
    refresh.run(command)
    now = (tmp_path / "now.svg").read_text()
    assert words(now) == words((ROOT / path).read_text())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    """Every relative link names a file that is there."""
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_the_page_of_blocks_has_all_of_the_library():
    """Each with its text and a picture."""
    page = (ROOT / "docs" / "blocks.md").read_text()
    assert set(re.findall("^### (.*)", page, re.MULTILINE)) == set(library())
    for name in library():
        assert f"archspec explain {name} -->" in page
        assert f"archspec draw docs/examples/blocks/{name}.yaml " in page


def test_the_figures_in_the_readme():
    """The Python example's comment is what the example gives."""
    spec = archspec.load("nin", classes=100)
    figures = f"(({spec.output_shape[0]},), {spec.params}, {spec.macs})"
    assert figures in (ROOT / "README.md").read_text()


LANGUAGE = (ROOT / "docs" / "language.md").read_text()
EXAMPLES = re.findall("^```yaml\n(.*?)^```", LANGUAGE, re.MULTILINE | re.DOTALL)


def spec_of(example):
    """An example of the language page as a spec: steps, keys of a spec, or all of it."""
    text = textwrap.dedent(example)
    if text.startswith("- "):
        text = f"net:\n{text}"
    if not re.search("^input:", text, re.MULTILINE):
        text = f"input: 3x64x64\n{text}"
    return text if "archspec: 1" in text else f"archspec: 1\n{text}"


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_of_the_language_are_valid(example):
    """Without a warning too."""
    found = check_source(Source("example", spec_of(example))).diagnostics
    assert not found, render_full(found)


def test_a_wrong_example_is_noticed():
    """The check above can fail."""
    assert check_source(Source("example", spec_of("  - conv(8)\n"))).diagnostics


def test_the_language_page_has_every_check():
    """Each diagnostic but those of commands alone."""
    of_commands = {"over-budget", "unreadable-file"}
    assert not {code for code in CODES if f"`{code}`" not in LANGUAGE} - of_commands
    listed = re.findall(r"^\*\*Checks\*\*: (.*)", LANGUAGE, re.MULTILINE)
    assert {*re.findall("`(.*?)`", " ".join(listed))} <= {*CODES}


def test_limits_in_the_language_page_are_those_of_the_code():
    """The table of limits names the constants' values."""
    from archspec.diagnostics.diagnostic import MAX_FINDINGS
    from archspec.frontend.call_parser import MAX_LABEL, MAX_NESTING, MAX_TERMS
    from archspec.frontend.source_files import MAX_BYTES
    from archspec.frontend.yaml.reader import MAX_DEPTH, MAX_NODES
    from archspec.lowering import context
    from archspec.resolve.evaluation_budget import MAX_VALUES
    from archspec.resolve.operators_and_functions import MAX_ITEMS

    page = (ROOT / "docs" / "language.md").read_text()
    for row in (
        f"| the file | {MAX_BYTES:,} bytes |",
        f"| nested lists and mappings | {MAX_DEPTH} |",
        f"| values, including aliases | {MAX_NODES:,} |",
        f"| nested brackets | {MAX_NESTING} |",
        f"| consecutive terms | {MAX_TERMS} |",
        f"| nested steps and blocks | {context.MAX_DEPTH} |",
        f"| layers after expansion | {context.MAX_LAYERS:,} |",
        f"| computed values, including items of tuples | {MAX_VALUES:,} |",
        f"| items of a tuple, including nested items | {MAX_ITEMS:,} |",
        f"| a label | {MAX_LABEL} characters |",
        f"| errors in a report | {MAX_FINDINGS} |",
    ):
        assert row in page
