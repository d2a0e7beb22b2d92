"""The confusion matrix of a network, in numbers and as a figure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from archspec.runs.figures import save_figure

MAX_ANNOTATED = 20  # classes: with more, the cells are too small for numbers


class Misclassification(NamedTuple):
    """The images of one class that were predicted as another."""

    label: int
    predicted: int
    images: int


@dataclass(frozen=True, slots=True)
class ConfusionMatrix:
    """Counts of images, with a row for each class and a column for each prediction."""

    classes: tuple[str, ...]
    counts: list[list[int]]

    @property
    def images(self) -> int:
        """The number of images."""
        return sum(map(sum, self.counts))

    @property
    def correct(self) -> int:
        """The number of images whose class was predicted."""
        return sum(row[label] for label, row in enumerate(self.counts))

    @property
    def accuracy(self) -> float:
        """The fraction of images whose class was predicted."""
        return self.correct / self.images

    def class_accuracy(self, label: int) -> float | None:
        """The accuracy on the images of one class, or None if there are none."""
        images = sum(self.counts[label])
        return self.counts[label][label] / images if images else None

    def misclassifications(self) -> list[Misclassification]:
        """The pairs of classes that were confused, the most frequent first."""
        found = [
            Misclassification(label, predicted, images)
            for label, row in enumerate(self.counts)
            for predicted, images in enumerate(row)
            if images and predicted != label
        ]
        return sorted(found, key=lambda pair: -pair.images)


def draw_confusion_matrix(matrix: ConfusionMatrix, title: str, path: Path) -> None:
    """Draw the fractions of each row, with the counts; the suffix is the format.

    Raises:
        TrainingError: if the file cannot be written.
    """
    from matplotlib.colors import PowerNorm
    from matplotlib.figure import Figure

    count = len(matrix.classes)
    is_annotated = count <= MAX_ANNOTATED
    size = 2.5 + 0.5 * count if is_annotated else 10
    figure = Figure(figsize=(size + 0.5, size), dpi=150, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title)
    fractions = [[n / max(1, sum(row)) for n in row] for row in matrix.counts]
    # The square root makes a few errors visible next to many correct predictions.
    norm = PowerNorm(0.5, vmin=0, vmax=1)
    image = axes.imshow(fractions, cmap="Blues", norm=norm)
    figure.colorbar(image, label="share of the class", shrink=0.8)
    axes.set_xlabel("taken for")
    axes.set_ylabel("class")
    if is_annotated:
        axes.set_xticks(range(count), matrix.classes, rotation=90)
        axes.set_yticks(range(count), matrix.classes)
        for label, row in enumerate(matrix.counts):
            for predicted, images in enumerate(row):
                color = "white" if fractions[label][predicted] > 0.4 else "black"
                text = str(images) if images else ""
                axes.text(predicted, label, text, color=color, ha="center", va="center")
    save_figure(figure, path)
