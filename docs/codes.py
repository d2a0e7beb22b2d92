"""Print the page of every diagnostic code, as Markdown for docs/diagnostics.md."""

from __future__ import annotations

from archspec.diagnostics.codes import CODES


def fenced(example: str) -> str:
    """An example of a page; see `Page` for its kinds."""
    language = "console" if example.startswith("$ ") else "yaml"
    return f"```{language}\n{example}\n```"


for code, page in CODES.items():
    print(f"### {code}\n\n{page.meaning}\n")
    print(f"{fenced(page.bad)}\n\nWrite instead:\n\n{fenced(page.good)}\n")
