"""What an edit costs: the least is the likeliest.

The costs were set on pairs of a fault and an expert's fix. What an edit changes matters
more than where it is.
"""

from __future__ import annotations

from typing import NamedTuple

from archspec.diagnostics.diagnostic import Edit, Fix

INPUT_ORDER = 0.5  # `64x64x3` to `3x64x64`
COUNTED = 0.55  # `flatten` where the stated count is that of all values
NATURAL_PADDING = 0.7  # d (k - 1) // 2
LEFT_OUT = 0.75  # `flatten`, or groups that are not the channels
ADDED = 0.9  # `flatten`, a switch of a block, a scale on a `ref`, a global pool
PROJECTION = 1.0  # on a shortcut, with its condition
INPUT_SIZE = STRIDE = 1.1
SMALLEST_INPUT = 0.85  # where a window does not fit
WIDTH = SCALE = 1.15
GROUPS = 1.35
WITHOUT_COUNT = 1.4  # `conv(3, 64, k=3)` to `conv(64, k=3)`
KERNEL = 1.7
PADDING = 1.9
PAD_NOTHING = 3.0  # more, for padding a map that is too small
PER_CALL = 0.02  # more, for each call that is nearer to the finding
PER_PLACE = 0.25  # more, for each further place that one fix edits
WEAK = KERNEL  # from here on, nobody writes it without being asked


class Candidate(NamedTuple):
    """A fix that nobody has tried, and its cost."""

    cost: float
    fix: Fix


class CallChange(NamedTuple):
    """An edit of one call, or of its place in a chain."""

    cost: float
    text: str  # of the call with the edit, as a title shows it
    edit: Edit
