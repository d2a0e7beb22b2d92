"""`archspec list`: list the bundled specs, the library's blocks, and the ops."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import typer

from archspec.catalog import bundled, list_models, variant_name, variants
from archspec.checker import check
from archspec.ops.registry import OPS
from archspec.resolve.library import library
from archspec.resolve.scope import Block

from .exit_codes import USAGE, stop
from .options import format_option
from .table import text_table


def list_(
    pattern: Annotated[
        str | None,
        typer.Argument(
            metavar="[PATTERN]",
            help="Bundled networks alone, with their costs: `torchvision`, "
            "`torchvision/*net*`.",
        ),
    ] = None,
    format_: Annotated[
        Literal["table", "json"], format_option("Networks are")
    ] = "table",
) -> None:
    """List the bundled specs, the blocks of the library, and the ops."""
    if pattern is None and format_ == "table":
        _print_all()
        return
    names = list_models(pattern or "*")
    if not names:
        stop(f"no bundled network is called `{pattern}`", USAGE)
    networks = [_network(name) for name in names]
    if format_ == "json":
        print(json.dumps(networks, indent=2))
        return
    header = ("name", "input", "parameters", "MACs")
    rows = [
        (n["name"], n["input"], f"{n['params']:,}", f"{n['macs']:,}") for n in networks
    ]
    print("\n".join(text_table(header, rows, (0,))))


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


def _print_all() -> None:
    specs = []
    for name, path in bundled().items():
        spec = check(name).spec
        about = spec.document.about if spec else ""
        specs.append((name, about))
        specs += [(f"  {variant_name(name, each)}", "") for each in variants(path)]
    blocks = [
        (
            " ".join(block.definition.signature.text.split()),
            block.definition.about.partition(". ")[0].rstrip("."),
        )
        for block in library().values()
        if isinstance(block, Block)
    ]
    ops = [(op.signature, op.about) for op in OPS.values()]
    print(
        _section("specs", specs),
        _section("blocks", blocks),
        _section("ops", ops),
        sep="\n\n",
    )


def _section(title: str, rows: list[tuple[str, str]]) -> str:
    width = min(44, max(len(name) for name, _ in rows))
    return "\n".join(
        [title, *(f"  {name:<{width}}  {about}".rstrip() for name, about in rows)]
    )
