"""What a network takes each class for, in numbers and as a picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from archspec.training.results.picture import save_picture

MOST_WRITTEN = 20  # classes: the cells of more are too small for a number


class Mistake(NamedTuple):
    """Images of one class that were taken for another."""

    label: int
    taken_for: int
    images: int


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of images: a row for each class, a column for what they were taken for."""

    classes: tuple[str, ...]
    counts: list[list[int]]

    @property
    def images(self) -> int:
        """All of them."""
        return sum(map(sum, self.counts))

    @property
    def correct(self) -> int:
        """Those that were taken for what they are."""
        return sum(row[label] for label, row in enumerate(self.counts))

    @property
    def accuracy(self) -> float:
        """Their share."""
        return self.correct / self.images

    def class_accuracy(self, label: int) -> float | None:
        """Of the images of one class; None if there are none."""
        images = sum(self.counts[label])
        return self.counts[label][label] / images if images else None

    def mistakes(self) -> list[Mistake]:
        """The pairs of classes that were confused, the most frequent first."""
        found = [
            Mistake(label, other, images)
            for label, row in enumerate(self.counts)
            for other, images in enumerate(row)
            if images and other != label
        ]
        return sorted(found, key=lambda mistake: -mistake.images)


def draw_confusion(confusion: Confusion, title: str, path: Path) -> None:
    """Draw the shares of each class, with the counts; the suffix is the format.

    Raises:
        TrainingError: if the disk does not take the picture.
    """
    from matplotlib.colors import PowerNorm
    from matplotlib.figure import Figure

    count = len(confusion.classes)
    is_written = count <= MOST_WRITTEN
    size = 2.5 + 0.5 * count if is_written else 10
    figure = Figure(figsize=(size + 0.5, size), dpi=150, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title)
    shares = [[n / max(1, sum(row)) for n in row] for row in confusion.counts]
    # The root of a share: a few mistakes among many hits can be seen.
    norm = PowerNorm(0.5, vmin=0, vmax=1)
    image = axes.imshow(shares, cmap="Blues", norm=norm)
    figure.colorbar(image, label="share of the class", shrink=0.8)
    axes.set_xlabel("taken for")
    axes.set_ylabel("class")
    if is_written:
        axes.set_xticks(range(count), confusion.classes, rotation=90)
        axes.set_yticks(range(count), confusion.classes)
        for label, row in enumerate(confusion.counts):
            for other, images in enumerate(row):
                color = "white" if shares[label][other] > 0.4 else "black"
                text = str(images) if images else ""
                axes.text(other, label, text, color=color, ha="center", va="center")
    save_picture(figure, path)
