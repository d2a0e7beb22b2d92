"""`archspec explain`: explain a diagnostic, an op or a block."""

from __future__ import annotations

from textwrap import indent
from typing import Annotated

import typer

from archspec.diagnostics.codes import CODES
from archspec.diagnostics.suggest import did_you_mean
from archspec.diagnostics.terminal import output_width, wrapped
from archspec.ops.registry import OPS
from archspec.resolve.library import library
from archspec.resolve.scope import Block

from .exit_codes import USAGE, stop


def explain(
    name: Annotated[
        str,
        typer.Argument(metavar="CODE", help="A diagnostic's code, an op or a block."),
    ],
) -> None:
    """Explain a diagnostic, an op or a block of the library."""
    blocks = library()
    if name in CODES:
        print(_code(name))
    elif name in OPS:
        print(f"{OPS[name].signature}\n\n{OPS[name].about}")
    elif isinstance(block := blocks.get(name), Block):
        print(_block(block))
    else:
        help_ = did_you_mean(name, [*CODES, *OPS, *blocks])
        stop(
            f"there is no diagnostic, op or block `{name}`{help_ and '; ' + help_}",
            USAGE,
        )


def _code(code: str) -> str:
    page = CODES[code]
    return (
        f"{code}\n\n{wrapped(page.meaning, output_width(), '')}\n\n"
        f"For example:\n\n{indent(page.bad, '    ')}\n\n"
        f"Write instead:\n\n{indent(page.good, '    ')}"
    )


def _block(block: Block) -> str:
    definition = block.definition
    source, start = definition.signature.source, definition.signature.line
    lines = [source.line(start)]
    margin = len(lines[0]) - len(lines[0].lstrip())
    for line in source.text.split("\n")[start:]:
        if line.strip() and len(line) - len(line.lstrip()) <= margin:
            break  # the next block, or the comment above it
        lines.append(line)
    text = "\n".join(line[margin:] for line in lines).rstrip()
    return f"{definition.about}\n\n{text}"
