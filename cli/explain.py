"""`archspec explain`: explain a word of the language, of a report or of `list`."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path
from textwrap import indent
from typing import Annotated

import typer

from archspec.catalog import Entry, bundled, find_bundled, list_models, of_torchvision
from archspec.diagnostics.codes import CODES
from archspec.diagnostics.terminal import output_width, wrapped
from archspec.ops.op import Op
from archspec.ops.registry import OPS
from archspec.resolve.library import library
from archspec.resolve.scope import Block
from archspec.resolve.synonyms import suggest_callee

from .completion import complete_word
from .exit_codes import USAGE, stop
from .language_pages import argument_lines, language_page, language_words, overview


def explain(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[WORD]",
            autocompletion=complete_word,
            help="A diagnostic, an op, a block, a step, a setting, a term or a bundled "
            "spec (default: list the words).",
        ),
    ] = None,
) -> None:
    """Explain a diagnostic, an op, a block, a step, a setting or a bundled spec."""
    if name is None:
        print("\n".join(["`archspec explain WORD` explains", "", *overview()]))
        return
    blocks = library()
    if name in CODES:
        print(_code(name))
    elif name in OPS:
        print(_op(OPS[name]))
    elif isinstance(block := blocks.get(name), Block):
        print(_block(block))
    elif page := language_page(name) or language_page(name.lower()):
        print(wrapped(page, output_width(), ""))
    elif entry := find_bundled(name):
        print(_spec(entry))
    else:
        known = [*CODES, *OPS, *blocks, *language_words(), *bundled()]
        help_ = suggest_callee(of_torchvision(name) or name, [*known, *list_models()])
        stop(f"unknown word `{name}`{help_ and '; ' + help_}", USAGE)


def _op(op: Op) -> str:
    about = wrapped(op.about, output_width(), "")
    arguments = argument_lines(op)
    return "\n".join(
        [str(op.signature), "", about, *[""] * bool(arguments), *arguments]
    )


def _code(code: str) -> str:
    page = CODES[code]
    return (
        f"{code}\n\n{wrapped(page.meaning, output_width(), '')}\n\n"
        f"For example:\n\n{indent(page.bad, '    ')}\n\n"
        f"Write instead:\n\n{indent(page.good, '    ')}"
    )


def _spec(entry: Entry) -> str:
    """The comment at the head of a spec, and torchvision's network of that name."""
    text = f"{entry.title}\n\n{_header(entry.path)}"
    other = of_torchvision(entry.title)
    if other is None:
        return text
    return f"""{text}

torchvision's network of this name is `{other}`. To compare the two:

    archspec explain {other}
    archspec diff {entry.title} {other}"""


def _header(path: Path) -> str:
    """The entries of the comment at the head of a spec, as wide as the output."""
    lines = path.read_text(encoding="utf-8").splitlines()
    entries: list[str] = []
    for line in takewhile(lambda line: line.startswith("#"), lines):
        text = line.removeprefix("# ")
        if line.startswith("#  ") and entries[-1].startswith(("Paper", "Here")):
            entries[-1] += f" {text.strip()}"
        else:
            entries.append(text)
    return wrapped("\n".join(entries), output_width(), 7 * " ")


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
    return f"{wrapped(definition.about, output_width(), '')}\n\n{text}"
