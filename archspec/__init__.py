"""archspec: a declarative language for neural-network architectures, and its compiler.

>>> import archspec
>>> archspec.check("nin").ok
True
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from archspec.checker import check, load
from archspec.diagnostics.diagnostic import Diagnostic, SpecError
from archspec.spec import CheckResult, Spec

if TYPE_CHECKING:
    from torch import nn

    from archspec.backends.drawing.dot import Direction
    from archspec.backends.drawing.drawing import Drawing

__all__ = [
    "CheckResult",
    "Diagnostic",
    "Spec",
    "SpecError",
    "check",
    "compile",
    "draw",
    "load",
    "to_source",
]


def to_source(spec: Spec | str | Path) -> str:
    """Return the source of a Python module with the network, which needs only torch."""
    from archspec.backends.python.module_source import to_source as write

    return write(_loaded(spec).graph)


def compile(spec: Spec | str | Path) -> nn.Module:  # a compiler's word
    """Build the network as an untrained `nn.Module`, from the source of `to_source`."""
    from archspec.backends.torch.module_from_source import build

    return build(_loaded(spec).graph)


def draw(
    spec: Spec | str | Path, depth: int | None = None, direction: Direction = "TB"
) -> Drawing:
    """Draw a network; a notebook shows the drawing. "LR" draws from left to right."""
    from archspec.backends.drawing.drawing import draw as picture

    loaded = _loaded(spec)
    return picture(loaded.graph, loaded.document.source, depth, direction)


def _loaded(spec: Spec | str | Path) -> Spec:
    return spec if isinstance(spec, Spec) else load(spec)
