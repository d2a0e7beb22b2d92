"""The commands in the docs are valid, and a guide gives what it promises."""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from pathlib import Path

import click
import pytest
from typer.main import get_command

from archspec.cli.main import app, main
from shell_words import shell_words

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]
COMMAND = re.compile(r"^\$ (?:srun )?(archspec (?:[^\n\\]|\\\n)*)", re.MULTILINE)
HEADING = re.compile(r"^#+ (.*)", re.MULTILINE)
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_docs_install_the_current_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert set(re.findall(r"\bv\d+\.\d+\.\d+", text)) == {f"v{version}"}


def commands(text: str) -> list[str]:
    """The commands of the console blocks, without comments and lines of output."""
    blocks = [body for kind, body in FENCE.findall(text) if kind == "console"]
    found = [line for body in blocks for line in COMMAND.findall(body)]
    return [line.replace("\\\n", " ").partition(" #")[0] for line in found]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_the_docs_are_valid(page):
    """Their arguments and flags are those of the program."""
    group = get_command(app)
    for line in commands(page.read_text(encoding="utf-8")):
        _, name, *arguments = shell_words(line)
        command = group.get_command(click.Context(group), name)
        assert command, line
        if name == "runs" and arguments and not arguments[0].startswith("-"):
            command = command.commands[arguments.pop(0)]
        command.make_context(name, arguments)


def anchors(page: Path) -> set[str]:
    """The anchors of the headings of a page."""
    headings = HEADING.findall(page.read_text(encoding="utf-8"))
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.strip().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_a_heading_lead_to_one(page):
    for target, anchor in re.findall(
        r"\]\(([\w./]*)#([^)]*)\)", page.read_text(encoding="utf-8")
    ):
        there = page.parent / target if target else page
        assert anchor in anchors(there), f"{target}#{anchor}"


@pytest.mark.slow
@pytest.mark.parametrize("title", ["Add a block", "Compare two variants"])
def test_a_guide_works(title, tmp_path, monkeypatch, capsys):
    """Its commands succeed, and each picture is written."""
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "guides.md").read_text(encoding="utf-8")
    guide = text.partition(f"## {title}\n")[2].partition("\n## ")[0]
    yamls = [body for kind, body in FENCE.findall(guide) if kind == "yaml"]
    for yaml in yamls:
        if yaml.startswith("archspec:"):
            (name,) = set(re.findall(r"`(\w+\.yaml)`", guide))
            Path(name).write_text(yaml)
    for line in commands(guide):
        monkeypatch.setattr(sys, "argv", shlex.split(line))
        with pytest.raises(SystemExit) as end:
            main()
        printed = capsys.readouterr()
        assert not end.value.code, printed
        assert not re.search("warning|no difference", printed.out), printed
        if " -o " in line:
            assert Path(line.partition(" -o ")[2].split()[0]).stat().st_size
        if line.startswith("archspec new "):
            replace_first_steps(Path(line.split()[2]), yamls[0])


def replace_first_steps(spec: Path, edited: str) -> None:
    """Write blocks and the first steps of `net` over those of a spec."""
    head, _, net = spec.read_text().partition("net:\n")
    steps = edited.partition("net:\n")[2].count("\n")
    spec.write_text(head + edited + "".join(net.splitlines(keepends=True)[steps:]))
