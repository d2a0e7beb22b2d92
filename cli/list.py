"""`archspec list`: list the bundled specs, the library's blocks, and the ops."""

from __future__ import annotations

from archspec.catalog import bundled, variant_name, variants
from archspec.checker import check
from archspec.ops.registry import OPS
from archspec.resolve.library import library
from archspec.resolve.scope import Block


def list_() -> None:
    """List the bundled specs, the blocks of the library, and the ops."""
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
