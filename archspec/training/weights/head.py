"""The head of a network: the weights that follow the number of classes."""

from __future__ import annotations

from collections.abc import Mapping

from archspec.spec import Spec

Size = tuple[int, ...]
Sizes = Mapping[str, Size]  # of weights, by their names


def find_new_head(network: Sizes, file: Sizes, spec: Spec) -> list[str]:
    """The weights that start afresh where a file has another number of classes.

    These are the ones whose shapes differ in that number alone: of the last layer, and
    of what shares its width, as the three convolutions that end a Network in Network.
    If a file has all of a network but its last layer, it is that layer.
    """
    absent = [name for name in network if name not in file]
    if (
        absent
        and absent == _last_layer(network, spec)
        and file.keys() <= network.keys()
    ):
        return absent
    change = (spec.output_shape[0], classes_in(network, file, spec))
    return [
        name
        for name, size in network.items()
        if name in file and _differs_by(change, size, file[name])
    ]


def classes_in(network: Sizes, file: Sizes, spec: Spec) -> int | None:
    """How many classes a file has: the outputs of what is the last layer here."""
    for name in _last_layer(network, spec):
        if network[name][:1] == spec.output_shape[:1] and file.get(name):
            return file[name][0]
    return None


def _last_layer(network: Sizes, spec: Spec) -> list[str]:
    """The weights of the last layer that has some."""
    paths = [node.path for node in spec.layers if node.parameters]
    return [name for name in network if paths and name.startswith(f"{paths[-1]}.")]


def _differs_by(change: tuple[int, int | None], here: Size, there: Size) -> bool:
    """Whether two shapes differ, and only in one number for the other."""
    return (
        here != there
        and len(here) == len(there)
        and all(a == b or (a, b) == change for a, b in zip(here, there, strict=True))
    )
