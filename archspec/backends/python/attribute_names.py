"""The names of layers without a label in a class that has a `forward`.

A layer with a state keeps the name that the state dict has for it. No other layer is in
the state dict, so it has the name of its op, with a count if the class has several. One
stateless activation serves the whole class:

    net:                                   self.conv1 = nn.Conv2d(3, 8, kernel_size=3)
      - conv1: conv(8, k=3)          ->    self.relu = nn.ReLU()
      - relu | maxpool(2)                  self.maxpool1 = nn.MaxPool2d(2)
      - conv2: conv(8, k=3)                self.conv2 = nn.Conv2d(8, 8, kernel_size=3)
      - relu | maxpool(2)                  self.maxpool2 = nn.MaxPool2d(2)
"""

from __future__ import annotations

from collections.abc import Sequence

from archspec.backends.python.aligned_bodies import Bodies, submodules
from archspec.backends.python.identifiers import NameAllocator
from archspec.backends.python.syntax import Expr
from archspec.ir.graph import Layer, Module
from archspec.lowering.reserved_labels import RESERVED_LABELS
from archspec.ops.op import Family
from archspec.ops.registry import OPS


class AttributeNames:
    """Names the attributes of one class."""

    def __init__(self, bodies: Bodies) -> None:
        items = [item for body in bodies for item in submodules(body)]
        kept = {str(i.name.value) for i in items if not is_renamed(i)}
        self.names = NameAllocator(kept | RESERVED_LABELS)
        self.shared: dict[Expr, str] = {}  # the activations, by their constructors
        own = (item for item in submodules(bodies[0]) if isinstance(item, Layer))
        stems: dict[str, set[object]] = {}
        for layer in own:
            if is_renamed(layer):
                stems.setdefault(_stem(layer), set()).add(_settings(layer))
        self.several = {stem for stem, found in stems.items() if len(found) > 1}

    def of(self, column: Sequence[Layer | Module], value: Expr) -> tuple[str, bool]:
        """The name of a submodule with a constructor, and whether the class has it."""
        layer = column[0]
        if not all(map(is_renamed, column)) or not isinstance(layer, Layer):
            return str(layer.name.value), False
        if value in self.shared:
            return self.shared[value], True
        name = self._new(layer)
        if _is_activation(layer):
            self.shared[value] = name
        return name, False

    def in_sequence(self, column: Sequence[Layer | Module]) -> str:
        """The name of a layer in a sequence, where each has one of its own.

        It is empty for one that its position names.
        """
        layer = column[0] if column else None
        if not isinstance(layer, Layer) or not all(map(is_renamed, column)):
            return ""
        return self._new(layer)

    def _new(self, layer: Layer) -> str:
        stem = _stem(layer)
        is_one_of_several = stem in self.several
        return (
            self.names.numbered(stem) if is_one_of_several else self.names.unique(stem)
        )

    def unique(self, name: str) -> str:
        """A free name for an attribute other than a layer."""
        return self.names.unique(name)


def is_renamed(item: Layer | Module) -> bool:
    """Whether a layer has no name of its own: no label, and no state.

    Another op that the caller chooses may have a state.
    """
    return (
        isinstance(item, Layer)
        and not (item.is_labeled or item.called)
        and not OPS[item.node.op].weights
    )


def _stem(layer: Layer) -> str:
    return layer.node.op.removeprefix("global_").removeprefix("adaptive_")


def _is_activation(layer: Layer) -> bool:
    return OPS[layer.node.op].family == Family.ACTIVATION


def _settings(layer: Layer) -> object:
    """What is equal in layers that are one; nothing is that of two other layers."""
    return repr(layer.node.values) if _is_activation(layer) else id(layer)
