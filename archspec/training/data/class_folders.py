"""Images in folders, with the labels of a network that was trained elsewhere."""

from __future__ import annotations

from collections import Counter
from operator import itemgetter
from pathlib import Path

from archspec.diagnostics.suggest import did_you_mean
from archspec.runs.errors import TrainingError
from archspec.training.data.image_folder import ImagePaths


def relabel(found: ImagePaths, classes: tuple[str, ...], root: Path) -> ImagePaths:
    """The images with the labels of `classes`, which may be more than the folders.

    A folder has the name of its class. As many folders as classes stand for them in the
    order of their names, as those of ImageNet, `n01440764` and so on.

    Raises:
        TrainingError: if a folder is of no class.
    """
    count = Counter(classes)
    labels = {name: n for n, name in enumerate(classes) if count[name] == 1}
    unknown = [name for name in found.classes if name not in labels]
    if unknown and len(found.classes) != len(classes):
        hint = did_you_mean(unknown[0], labels)
        raise TrainingError(
            f"`{unknown[0]}` in `{root}` is not one of the {len(classes):,} classes of the "
            f"weights: {hint or 'use `archspec train --weights` to train for other classes'}"
        )
    if unknown:
        return ImagePaths(found.samples, classes)
    samples = [(path, labels[found.classes[label]]) for path, label in found.samples]
    return ImagePaths(sorted(samples, key=itemgetter(1)), classes)
