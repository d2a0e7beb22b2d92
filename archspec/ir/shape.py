"""The shape of a value: the size of each axis, and which axis it is.

The letter of an axis tells what it is, wherever it stands:

    C  channels, or features       H, W  height and width of an image
    L  the length of a sequence    D     depth of a volume
    P  the windows of `partition`
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

CHANNELS = "C"
OF_INPUT = {1: "C", 2: "CL", 3: "CHW", 4: "CDHW"}  # by the number of sizes


class Shape(tuple[int, ...]):  # noqa: SLOT001 - Python allows no slots here
    """Sizes, the batch implied, and the letters of their axes.

    It equals any tuple of the same sizes; `agrees` compares the axes too.

    >>> image = Shape((64, 32, 16), "CHW")
    >>> image.channels, image.with_channels(8)
    (64, (8, 32, 16))
    """

    axes: str

    def __new__(cls, sizes: Iterable[int], axes: str) -> Self:
        """Name the axes of some sizes."""
        shape = tuple.__new__(cls, sizes)
        assert len(shape) == len(axes), (*shape, axes)
        shape.axes = axes
        return shape

    def __getnewargs__(self) -> tuple[tuple[int, ...], str]:
        """Copy and unpickle with the axes."""
        return tuple(self), self.axes

    @classmethod
    def of_input(cls, sizes: Iterable[int]) -> Self:
        """The shape of an input: [C], [C, L], [C, H, W] or [C, D, H, W]."""
        known = tuple(sizes)
        return cls(known, OF_INPUT[len(known)])

    @property
    def channel_axis(self) -> int:
        """The position of the channels, the batch not counted."""
        return self.axes.index(CHANNELS)

    @property
    def channels(self) -> int:
        """The number of channels, or of features."""
        return self[self.axes.index(CHANNELS)]

    @property
    def spatial(self) -> tuple[int, ...]:
        """The sizes of all axes but the channels."""
        axis = self.channel_axis
        return (*self[:axis], *self[axis + 1 :])

    def plain(self) -> Self:
        """The same shape, its sizes plain integers."""
        for size in self:
            if type(size) is not int:
                return type(self)(map(int, self), self.axes)
        return self

    def with_channels(self, channels: int) -> Self:
        """The same axes with another number of channels."""
        axis = self.channel_axis
        sizes = (*self[:axis], channels, *self[axis + 1 :])
        return type(self)(sizes, self.axes)

    def with_spatial(self, sizes: Iterable[int]) -> Self:
        """The same axes with other sizes of all but the channels."""
        found = [*sizes]
        found.insert(self.channel_axis, self.channels)
        return type(self)(found, self.axes)

    def reordered(self, order: Iterable[int]) -> Self:
        """The axes in another order."""
        places = [*order]
        axes = "".join(self.axes[place] for place in places)
        return type(self)((self[place] for place in places), axes)

    def without(self, place: int) -> Self:
        """All axes but one."""
        return self.reordered(p for p in range(len(self)) if p != place)

    def agrees(self, other: Shape) -> bool:
        """Whether sizes and axes are the same."""
        return self.axes == other.axes and self == other
