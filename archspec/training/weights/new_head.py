"""The weights that stay new when a network has another number of classes than a file."""

from __future__ import annotations

from collections.abc import Mapping

from archspec.spec import Spec

WeightShape = tuple[int, ...]
WeightShapes = Mapping[str, WeightShape]  # by the names of the weights


def find_new_head(network: WeightShapes, file: WeightShapes, spec: Spec) -> list[str]:
    """The names of the weights whose shapes differ in the number of classes alone.

    They are those of the last layer, and of layers with the same width, such as the three
    convolutions at the end of a Network in Network. If the file has all weights but those
    of the last layer, they are those.

    For 10 classes in the network and 1000 in the file, the shapes (10, 64) and (1000, 64)
    differ in the number of classes alone.
    """
    absent = [name for name in network if name not in file]
    if (
        absent
        and absent == _last_layer(network, spec)
        and file.keys() <= network.keys()
    ):
        return absent
    classes = (spec.output_shape[0], num_classes(network, file, spec))
    return [
        name
        for name, shape in network.items()
        if name in file and _differs_in(classes, shape, file[name])
    ]


def num_classes(network: WeightShapes, file: WeightShapes, spec: Spec) -> int | None:
    """The number of classes of a file: the outputs of the network's last layer there."""
    for name in _last_layer(network, spec):
        if network[name][:1] == spec.output_shape[:1] and file.get(name):
            return file[name][0]
    return None


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
