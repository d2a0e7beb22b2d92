"""The weights that stay new when a network has another head than the one in a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import NamedTuple

from archspec.spec import Spec
from archspec.training.weights.weight_names import layer_of, levels

WeightShape = tuple[int, ...]
WeightShapes = Mapping[str, WeightShape]  # by the names of the weights


class NewHead(NamedTuple):
    """The names of the weights of a new head, and of those of the file in its place."""

    names: list[str]
    replaced: list[str]


def find_new_head(network: WeightShapes, file: WeightShapes, spec: Spec) -> NewHead:
    """The weights that differ because the network has other classes, or another head.

    The shapes of some differ in the number of classes alone: those of the last layer, of
    an auxiliary head, and of layers with the same width, such as the three convolutions at
    the end of a Network in Network. For 10 classes in the network and 1000 in the file,
    (10, 64) and (1000, 64) differ in the number of classes alone.

    The others are the layers after the last one that fits, if all else in the network
    fits, and if what is left in the file is a head too, or nothing.
    """
    classes = (spec.output_shape[0], num_classes(network, file, spec))
    by_classes = {
        name: shape
        for name, shape in network.items()
        if name in file and _differs_in(classes, shape, file[name])
    }
    tail = _after_last_fit(network, file, spec)
    body = network.keys() - tail.keys() - by_classes.keys()
    left = {
        name: shape
        for name, shape in file.items()
        if network.get(name) != shape and name not in by_classes
    }
    if (
        tail.keys() <= by_classes.keys()
        or any(network[name] != file.get(name) for name in body)
        or not (_is_head(tail) and _is_head(left))
        or not (_is_one_layer(left) or _is_last(left.keys() | by_classes.keys(), file))
        or _is_mistake(tail, left, classes)
    ):
        return NewHead([*by_classes], [])
    names = [name for name in network if name in tail or name in by_classes]
    return NewHead(names, [*left])


def num_classes(network: WeightShapes, file: WeightShapes, spec: Spec) -> int | None:
    """The number of classes of a file: the outputs of its last layer.

    That is the layer with the name of the network's last one, or else the last of those
    that the network lacks.
    """
    for name in _last_layer(network, spec):
        if network[name][:1] == spec.output_shape[:1] and file.get(name):
            return file[name][0]
    absent = [shape[0] for name, shape in file.items() if name not in network and shape]
    return absent[-1] if absent else None


def _last_layer(network: WeightShapes, spec: Spec) -> list[str]:
    """The names of the weights of the last layer that has weights."""
    paths = [node.path for node in spec.layers if node.parameters]
    return [name for name in network if paths and name.startswith(f"{paths[-1]}.")]


def _differs_in(
    classes: tuple[int, int | None], ours: WeightShape, theirs: WeightShape
) -> bool:
    """Whether two shapes differ, and only by the two numbers of classes."""
    return (
        ours != theirs
        and len(ours) == len(theirs)
        and all(a == b or (a, b) == classes for a, b in zip(ours, theirs, strict=True))
    )


def _after_last_fit(
    network: WeightShapes, file: WeightShapes, spec: Spec
) -> dict[str, WeightShape]:
    """The weights of the layers that run after the last one whose weights all fit."""
    order = {node.path: position for position, node in enumerate(spec.layers)}
    positions = {
        name: next((order[level] for level in levels(name) if level in order), 0)
        for name in network
    }
    differ = {positions[n] for n, shape in network.items() if file.get(n) != shape}
    last = max(set(positions.values()) - differ, default=None)
    if last is None:
        return {}
    return {name: network[name] for name in network if positions[name] > last}


def _is_head(weights: WeightShapes) -> bool:
    """Whether weights may be those of a head: one layer, or several dense ones."""
    return _is_one_layer(weights) or all(len(shape) <= 2 for shape in weights.values())


def _is_one_layer(weights: Iterable[str]) -> bool:
    return len({layer_of(name) for name in weights}) == 1


def _is_last(names: Iterable[str], file: WeightShapes) -> bool:
    """Whether a file has weights after all others."""
    names = {*names}
    return len([*takewhile(names.__contains__, reversed([*file]))]) == len(names)


def _is_mistake(
    tail: WeightShapes, left: WeightShapes, classes: tuple[int, int | None]
) -> bool:
    """Whether the file has the head of the network, under other names or in other sizes."""
    is_renamed = sorted(tail.values()) == sorted(left.values())
    is_resized = tail.keys() == left.keys() and classes[0] == classes[1]
    return is_renamed or is_resized
