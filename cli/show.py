"""`archspec show`: print the text of a bundled spec."""

from __future__ import annotations

from typing import Annotated

import typer

from archspec.catalog import Entry, find_spec
from archspec.diagnostics.diagnostic import Findings
from archspec.frontend.source_files import read_source

from .completion import complete_bundled
from .exit_codes import USAGE, stop


def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            autocompletion=complete_bundled,
            help="A bundled spec, or one of its variants.",
        ),
    ],
) -> None:
    """Print the text of a bundled spec."""
    _, text = find_text(name)
    print(text, end="")


def find_text(name: str) -> tuple[Entry, str]:
    """A spec's file and its text; one that cannot be read ends the command."""
    findings = Findings()
    entry = find_spec(name, findings)
    source = read_source(entry.path, entry.name, findings) if entry else None
    if entry is None or source is None:
        found = next(iter(findings))
        stop(": ".join([found.message, *found.help]), USAGE)
    return entry, source.text
