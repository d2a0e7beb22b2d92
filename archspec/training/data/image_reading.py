"""How a run reads its image files, and what it could not read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from PIL import Image

from archspec.runs.errors import TrainingError
from archspec.training.data.pixel_format import ORDINARY, PixelFormat
from archspec.training.distributed.world import World

Fit = Callable[[Image.Image], Image.Image]  # gives an image the size of an input


@dataclass(slots=True)
class ImageReading:
    """What the loaders of a run have in common. Worker processes have copies."""

    max_unreadable: int = 0
    """The number of files that may be unreadable, over all splits."""

    pixels: PixelFormat | None = ORDINARY
    """None in a run of a version that did not record them."""

    fit: Fit | None = None
    """How images get the size of the input; by default they are resized."""

    unreadable: dict[str, str] = field(default_factory=dict)
    """The files that could not be decoded, by path, each with a description."""

    skipped: Counter[str] = field(default_factory=Counter)
    """The number of files that are not images, by type."""

    hints: list[str] = field(default_factory=list)
    """What may be wrong with the names of the folders."""

    def add_unreadable(self, found: Mapping[str, str]) -> None:
        """Record files that cannot be decoded.

        Raises:
            TrainingError: if they are too many.
        """
        for path, error in found.items():
            self.unreadable[path] = error
            count = len(self.unreadable)
            if not self.max_unreadable:
                raise TrainingError(
                    f"{error}: `archspec train --skip-unreadable N` skips up to N such files"
                )
            if count > self.max_unreadable:
                raise TrainingError(
                    f"{error}: {count:,} files are unreadable, more than "
                    f"`--skip-unreadable {self.max_unreadable}` allows"
                )

    def share_unreadable(self, world: World) -> None:
        """Record what any process has found. All processes call this.

        Raises:
            TrainingError: if the files are too many.
        """
        if self.max_unreadable:
            with world.raise_together():
                for found in world.all_gather({**self.unreadable}):
                    self.add_unreadable(found)

    def describe(self) -> list[str]:
        """The lines that a run prints when it starts."""
        pixels = self.pixels.describe() if self.pixels else ""
        return [line for line in (pixels, self._skipped_files(), *self.hints) if line]

    def _skipped_files(self) -> str:
        if not self.skipped:
            return ""
        total = self.skipped.total()
        kinds = (f"{count:,} {kind}" for kind, count in self.skipped.most_common())
        return f"skipped {total:,} file{'s'[: total > 1]}: {', '.join(kinds)}"

    def warning(self) -> str:
        """A list of the files that were skipped as unreadable, or ""."""
        if not self.unreadable:
            return ""
        count = len(self.unreadable)
        errors = "".join(
            f"\n  {self.unreadable[path]}" for path in sorted(self.unreadable)
        )
        return f"skipped {count:,} unreadable file{'s'[: count > 1]}:{errors}"
