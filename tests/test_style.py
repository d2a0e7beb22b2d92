"""The docs and the help use the words of `docs/style.md`."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from archspec.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))]
MODULES = [*ROOT.glob("archspec/**/*.py"), *ROOT.glob("cli/*.py")]
GUIDES = ("README.md", "tutorial.md", "guides.md")

BANNED = re.compile(
    r"\b(?:(?<!there )is no|(?<!there )are no|goes on|go on|going on|behind|beside|anew|left aside|set aside"
    r"|one's|mends?|truth values?|whole number|what comes in|comes? in|left out|leaves? (?:it|them|one) out"
    r"|nobody|whoever|kept for backward|is damaged|for want of|comes? to nothing|stands?|lies"
    r"|colours?|grey|labelled|neighbours?|misspelt"
    r"|\w*(?:normal|initial|recogn|optim|parametr|summar)is(?:e|ed|es|ing|ation)"
    r")\b(?! longer| more)",
    re.IGNORECASE,
)
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`|<!--.*?-->", re.MULTILINE | re.DOTALL)
LONGEST = 25  # words in a sentence of a guide


def prose(page: Path) -> str:
    """The text of a page, without code and comments."""
    return CODE.sub("`code`", page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_words_of_a_page(page):
    if page.name == "style.md":
        assert len(BANNED.findall(prose(page))) > 10
        return
    assert BANNED.findall(prose(page)) == []


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_words_of_the_help(command, capsys, monkeypatch):
    from archspec.cli.main import main

    arguments = [command] if command else []
    monkeypatch.setattr("sys.argv", ["archspec", *arguments, "--help"])
    with pytest.raises(SystemExit):
        main()
    words = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "Usage" in words
    assert BANNED.findall(words) == []


def messages(path: Path) -> list[str]:
    """The texts of a module that are not docstrings or emitted code."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return [
        node.value
        for node in constants
        if isinstance(node.value, str) and node not in docstrings
        if " " in node.value and not node.value.startswith("\n")
    ]


@pytest.mark.parametrize("package", sorted({p.parent for p in MODULES}), ids=str)
def test_words_of_messages(package):
    for path in (path for path in MODULES if path.parent == package):
        for text in messages(path):
            assert BANNED.findall(text) == [], f"{path.name}: {text}"


@pytest.mark.parametrize("name", GUIDES)
def test_guides_have_short_sentences(name):
    page = ROOT / name if name == "README.md" else ROOT / "docs" / name
    lines = [line for line in prose(page).splitlines() if not re.match(r"[|#<!]", line)]
    for line in lines:
        assert ";" not in re.sub(r"\(.*?\)", "", line) or name == "README.md", line
        for sentence in re.split(r"[.:!?] ", line):
            assert len(sentence.split()) <= LONGEST, sentence
