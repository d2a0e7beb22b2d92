"""The specs whose source is looked at: bundled ones, and those in `specs/`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import archspec
from archspec.catalog import bundled, variants
from archspec.checker import check_source
from archspec.diagnostics.source import Source
from archspec.spec import Spec

FOLDER = Path(__file__).parent / "specs"
BUNDLED = list(bundled())
VARIANTS = [name for path in bundled().values() for name in variants(path)]
OWN = [
    *sorted(path.stem for path in FOLDER.glob("*.yaml")),
    *(f"family-{variant}" for variant in ("small", "large", "odd")),
]
NAMES = [*BUNDLED, *OWN]
SMALL = [name for name in OWN if not name.endswith("_torchvision")]


@cache
def spec(name: str) -> Spec:
    """A spec of the corpus; `family-small` is a variant."""
    if name not in OWN:
        return archspec.load(name)
    stem, _, variant = name.partition("-")
    return archspec.load(FOLDER / f"{stem}.yaml", variant=variant or None)


def spec_of(text: str) -> Spec:
    """A spec from its text."""
    return check_source(Source("spec.yaml", text)).require()
