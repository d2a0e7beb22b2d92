"""Refresh what the docs show: outputs of commands, files, and pictures.

A comment above a fenced block says where its text comes from:

    <!-- $ archspec check docs/examples/wrong.yaml -->   the output of a command
    <!-- file: specs/lenet.yaml -->                       the text of a file

One with a script stands, down to `<!-- end -->`, above what the script prints,

    <!-- from: docs/codes.py -->

and a comment with a command that writes a picture stands for the picture. `make docs`
rewrites the blocks; with `--check` nothing is written, and what is stale is an error.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

from typer.testing import CliRunner

from archspec.cli.main import app

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(
    r"^<!-- (?:\$ (?P<command>archspec [^\n]*)|file: (?P<file>[^\n]*)) -->\n"
    r"(?P<fence>```\w*\n)(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
PART = re.compile(
    r"^(<!-- from: (\S+\.py) -->\n).*?^(<!-- end -->)$", re.MULTILINE | re.DOTALL
)
PICTURE = re.compile(
    r"^<!-- \$ (archspec draw [^\n]* -o (\S+\.svg)) -->$", re.MULTILINE
)


def refreshed(page: str) -> str:
    """The page with every generated block and part made anew."""
    return PART.sub(_part, BLOCK.sub(_block, page))


def _part(match: re.Match[str]) -> str:
    start, script, end = match.groups()
    return f"{start}\n{_printed(script).rstrip()}\n\n{end}"


def _block(match: re.Match[str]) -> str:
    if match["command"]:
        text = run(match["command"])
    else:
        text = (ROOT / match["file"]).read_text(encoding="utf-8")
    head = match.group()[: match.start("text") - match.start()]
    return f"{head}{text.rstrip()}\n```"


def run(command: str) -> str:
    """Run an `archspec` command; give what it prints, findings included."""
    with chdir(ROOT):
        arguments = shlex.split(command)[1:]
        return CliRunner(env={"COLUMNS": "80"}).invoke(app, arguments).output


def draw(command: str) -> None:
    """Draw in a process of its own: Graphviz numbers the graphs of a process in SVG ids."""
    run_main = "from archspec.cli.main import main; main()"
    _printed("-c", run_main, *shlex.split(command)[1:], "--force")


def _printed(*arguments: str) -> str:
    done = subprocess.run(  # noqa: S603  # programs of our own
        [sys.executable, *arguments],
        cwd=ROOT,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        sys.exit(f"`python {shlex.join(arguments)}` failed:\n{done.stdout}")
    return done.stdout


def pictures() -> dict[str, str]:
    """The command for each picture in the docs, by its path."""
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    return {path: command for text in texts for command, path in PICTURE.findall(text)}


def main() -> None:
    """Rewrite the pages, or say which are stale."""
    stale = []
    for page in PAGES:
        before = page.read_text(encoding="utf-8")
        after = refreshed(before)
        if before == after:
            continue
        stale.append(page.name)
        if "--check" not in sys.argv:
            page.write_text(after, encoding="utf-8")
    if "--check" in sys.argv:
        sys.exit(f"stale: {', '.join(stale)}; run `make docs`" if stale else 0)
    for command in pictures().values():
        draw(command)


if __name__ == "__main__":
    main()
