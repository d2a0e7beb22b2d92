"""The specs whose source is looked at: bundled ones, and those in `specs/`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import archspec
from archspec.catalog import bundled
from archspec.compiler import check_source
from archspec.diagnostics.source import Source
from archspec.spec import Spec

FOLDER = Path(__file__).parent / "specs"
BUNDLED = list(bundled())
VARIANTS = ["small", "large", "odd"]  # of family.yaml
NAMES = [
    *BUNDLED,
    *sorted(path.stem for path in FOLDER.glob("*.yaml")),
    *(f"family-{variant}" for variant in VARIANTS),
]
SMALL = [name for name in NAMES if name not in (*BUNDLED, "resnet18_torchvision")]


@cache
def spec(name: str) -> Spec:
    """A spec of the corpus; `family-small` is a variant."""
    if name in BUNDLED:
        return archspec.load(name)
    stem, _, variant = name.partition("-")
    return archspec.load(FOLDER / f"{stem}.yaml", variant=variant or None)


def spec_of(text: str) -> Spec:
    """A spec from its text."""
    return check_source(Source("spec.yaml", text)).require()
