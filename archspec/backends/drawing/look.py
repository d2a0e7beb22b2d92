"""How a drawing looks: its title, its legend, its costs, its size and its marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from archspec.ir.graph import Node


class Look(NamedTuple):
    """What a drawing shows in addition to layers and shapes."""

    title: str = ""
    legend: bool = True
    costs: bool = True
    scale: float = 1.0
    """Of pictures in pixels or points, against their normal size."""

    marks: Mapping[Node, str] = MappingProxyType({})
    """Colors for the frames of layers."""

    removed: Mapping[Node | None, Sequence[str]] = MappingProxyType({})
    """Captions of removed parts, each beside the layer they followed; None: the input."""


PLAIN = Look()
