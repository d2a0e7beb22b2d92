"""`archspec list`: list the bundled specs, the library's blocks, and the ops."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from archspec.backends.tables.text_table import definitions, text_table
from archspec.catalog import bundled, explained_word, list_models, variant_name
from archspec.checker import check
from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.source import Source
from archspec.diagnostics.suggest import did_you_mean
from archspec.diagnostics.terminal import output_width, wrapped
from archspec.frontend.document_parser import parse_document
from archspec.ops.registry import OPS
from archspec.resolve.library import library
from archspec.resolve.scope import Block

from .exit_codes import USAGE, stop
from .options import format_option

Definition = tuple[str, str]  # a name or a signature, and what it means


def list_(
    pattern: Annotated[
        str | None,
        typer.Argument(
            metavar="[KIND|PATTERN]",
            help="`specs`, `blocks` or `ops`, or names of networks, whose costs are "
            "listed: `torchvision`, `torchvision/*net*`.",
        ),
    ] = None,
    format_: Annotated[Literal["table", "json"], format_option()] = "table",
) -> None:
    """List the bundled specs, the blocks of the library, and the ops."""
    if pattern in KINDS or (pattern is None and format_ == "table"):
        _print_kinds([pattern] if pattern else [*KINDS], format_)
        return
    names = list_models(pattern or "*")
    if not names:
        folders = {name.partition("/")[0] for name in bundled() if "/" in name}
        hint = explained_word(pattern or "") or did_you_mean(
            pattern or "", [*KINDS, *folders, *bundled()]
        )
        stop(f"no bundled network is called `{pattern}`{hint and '; ' + hint}", USAGE)
    networks = [_network(name) for name in names]
    if format_ == "json":
        print(json.dumps(networks, indent=2))
        return
    print("\n".join(_table(networks)))


def _network(name: str) -> dict[str, Any]:
    """What a network is and costs."""
    spec = check(name).require()
    shapes = ("x".join(map(str, shape)) for shape in spec.inputs.values())
    return {
        "name": name,
        "about": spec.document.about,
        "input": ", ".join(shapes),
        "params": spec.params,
        "macs": spec.macs,
    }


def _table(networks: list[dict[str, Any]]) -> list[str]:
    """A row for each network, under a line about its family."""
    header = ("name", "input", "parameters", "MACs")
    rows = [
        (f"  {n['name']}", n["input"], f"{n['params']:,}", f"{n['macs']:,}")
        for n in networks
    ]
    rule, head, _, *lines, _ = text_table(header, rows, (0,), optional=(1,))
    body = []
    for network, line in zip(networks, lines, strict=True):
        family = wrapped(network["about"], output_width(), "")
        if family not in body:
            body.append(family)
        body.append(line)
    return [rule, head, rule, *body, rule]


def _specs() -> list[Definition]:
    known = {*bundled(), *list_models("torchvision")}
    return [(name, _about_spec(name, path, known)) for name, path in bundled().items()]


def _about_spec(name: str, path: Path, known: set[str]) -> str:
    """What a spec is, and lines with torchvision's of that name, and its variants."""
    source = Source(path.name, path.read_text(encoding="utf-8"))
    document = parse_document(source, Findings())
    assert document, path
    lines = [document.about]
    if (other := f"torchvision/{name}") in known:
        lines.append(f"not {other}: see `archspec explain {name}`")
    found = [variant_name(name, each) for each in document.variants]
    if found not in ([], [name]):
        lines.append(", ".join(found))
    return "\n".join(lines)


def _blocks() -> list[Definition]:
    return [
        (
            " ".join(block.definition.signature.text.split()),
            block.definition.about.partition(". ")[0].rstrip("."),
        )
        for block in library().values()
        if isinstance(block, Block)
    ]


def _ops() -> list[Definition]:
    return [(op.signature, op.about) for op in OPS.values()]


KINDS: dict[str, Callable[[], list[Definition]]] = {
    "specs": _specs,
    "blocks": _blocks,
    "ops": _ops,
}


def _print_kinds(kinds: list[str], format_: str) -> None:
    found = {kind: KINDS[kind]() for kind in kinds}
    if format_ == "json":
        items = [item for kind in kinds for item in found[kind]]
        print(json.dumps([{"name": n, "about": a} for n, a in items], indent=2))
        return
    sections = ["\n".join([kind, *definitions(found[kind])]) for kind in kinds]
    print("\n\n".join(sections))
