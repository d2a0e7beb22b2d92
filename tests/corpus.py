"""The specs whose source is checked: bundled ones, and those in `backends/specs/`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import archspec
from archspec.catalog import bundled, variants
from archspec.spec import Spec

FOLDER = Path(__file__).parent / "backends" / "specs"
# The course's networks; `tests/zoo` is about those of torchvision.
COURSE = {name: path for name, path in bundled().items() if "/" not in name}
BUNDLED = list(COURSE)
# One network of each spec: the first of its variants.
FIRST = [next(iter(variants(path)), name) for name, path in COURSE.items()]
VARIANTS = [name for path in COURSE.values() for name in variants(path)]
OWN = [
    *sorted(path.stem for path in FOLDER.glob("*.yaml")),
    *(f"family-{variant}" for variant in ("small", "large", "odd")),
]
NAMES = [*BUNDLED, *OWN]
SMALL = [name for name in OWN if not name.endswith("_torchvision")]


@cache
def corpus_spec(name: str) -> Spec:
    """A spec of the corpus; `family-small` is a variant."""
    if name not in OWN:
        return archspec.load(name)
    stem, _, variant = name.partition("-")
    return archspec.load(FOLDER / f"{stem}.yaml", variant=variant or None)


@cache
def corpus_source(name: str) -> str:
    """The emitted source of a spec of the corpus, with its params."""
    return archspec.to_source(corpus_spec(name))
