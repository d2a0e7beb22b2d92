"""The docs and the help use the words of `docs/style.md`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archspec.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))]
GUIDES = ("README.md", "tutorial.md", "guides.md")

BANNED = re.compile(
    r"\b(?:(?<!there )is no|(?<!there )are no|goes on|go on|going on|behind|beside|anew|left aside|set aside"
    r"|one's|mends?|truth value|whole number|colours?|grey|labelled|neighbours?|\w*(?:normal|initial|recogn|optim|parametr|summar)is(?:e|ed|es|ing|ation))\b(?! longer| more)",
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


@pytest.mark.parametrize("name", GUIDES)
def test_guides_have_short_sentences(name):
    page = ROOT / name if name == "README.md" else ROOT / "docs" / name
    lines = [line for line in prose(page).splitlines() if not re.match(r"[|#<!]", line)]
    for line in lines:
        assert ";" not in re.sub(r"\(.*?\)", "", line) or name == "README.md", line
        for sentence in re.split(r"[.:!?] ", line):
            assert len(sentence.split()) <= LONGEST, sentence
