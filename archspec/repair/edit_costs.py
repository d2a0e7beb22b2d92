"""The ranking of edits: each has a cost, and the least is the likeliest.

What an edit changes decides: a padding that keeps the size is a likelier mistake than a
kernel. An edit costs less if the call becomes like another call of the spec, and more if
it ceases to be like one, leaves errors, or edits several places; distance breaks ties.

The costs were set on pairs of a fault and an expert's fix, and on faults that
`tests/mutations.py` makes.
"""

from __future__ import annotations

from typing import NamedTuple

from archspec.diagnostics.diagnostic import Edit, Fix

INPUT_ORDER = 0.5  # `64x64x3` to `3x64x64`
SYNTAX = 0.5  # a sign or a space
FLATTENED_POOL = 0.5  # `flatten` right after a global pool
COUNTED = 0.55  # `flatten` where the stated count is that of all values
LOST_SIGNATURE = 0.6  # `unit:` to `unit(c):`, where each call has an argument
COPY = 0.6  # a call that stands twice in a row
NATURAL_PADDING = 0.7  # d (k - 1) // 2
LEFT_OUT = 0.75  # `flatten`, or groups that are not the channels
OTHER_LABEL = 0.75  # in a `ref`, whose shape fits
SWAPPED_COUNTS = 0.9
SMALLEST_INPUT = 0.85  # where a window does not fit
ADDED = 0.9  # `flatten`, a switch of a block, a scale on a `ref`, a global pool
TYPO_IN_ASSERTION = 0.65  # one size of several, or one digit
ASSERTION = 1.15  # where a later one holds
PROJECTION = 1.0  # on a shortcut, with its condition
VALUE = 1.0  # a value that the argument takes
OWN = 1.0  # a proposal that the compiler makes itself
NUMBER = 1.05  # a width that the finding names
PRODUCER = 1.35  # a width, where the stated input channels are at fault
CONDITION = 1.1
INPUT_SIZE = STRIDE = 1.1
WIDTH = SCALE = 1.15
SWAPPED = 1.2  # two neighboring calls
GROUPS = 1.35
POINTWISE = 1.25  # `k=3` without padding to `k=1`
WITHOUT_ARGUMENT = 1.3
BY_KEYWORD = 0.45  # `unit(8, 3)` to `unit(8, k=3)`, where 8 is read as the count
WITHOUT_COUNT = 1.4  # `conv(3, 64, k=3)` to `conv(64, k=3)`
IN_ALL_CALLS = -0.5  # where a count cannot be right for all calls or repetitions
JOIN = 1.5  # `concat` to `add`
ALL_ASSERTIONS = 1.6  # where the input has become another one
INSERTED = 1.55  # a call that stands elsewhere in the spec
REMOVED = 1.6
CEIL = 1.65  # a partial window of a pool at the edge
KERNEL = 1.7
UNCOVERED = 2.0  # two mistakes: one has hidden the other
LAST_RESORT = 3.5  # a whole step left out
LAST_ASSERTION = 1.75  # nothing tells whether it is right
PADDING = 1.9
PAD_NOTHING = 3.0  # more, for padding a map that is too small
PER_CALL = 0.01  # more, for each call that is nearer to the finding
PER_PLACE = 0.25  # more, for each further place that one fix edits
PER_ERROR = 0.6  # more, for each error that it leaves
MAX_LEAD = 0.6  # an alternative that costs more than the likeliest fix by this is none
EXAMPLE = 0.6  # more, for a value that the help only gives as an example
LOST_NAME = 0.7  # more, for a parameter of a block that becomes unused
LIKE_ANOTHER = -0.3  # the call becomes like another one of the spec
UNLIKE_ANOTHER = 0.3
WEAK = JOIN  # from here on, nobody writes it without being asked


class Candidate(NamedTuple):
    """A fix that nobody has tried, and its cost."""

    cost: float
    fix: Fix

    @classmethod
    def of(cls, cost: float, title: str, *edits: Edit) -> Candidate:
        """A fix that is strong unless its cost is high."""
        return cls(cost, Fix(title, edits, cost < WEAK))

    @classmethod
    def weak(cls, cost: float, title: str, *edits: Edit) -> Candidate:
        """A fix that guesses, whatever it costs: nobody writes it without being asked."""
        return cls(cost, Fix(title, edits, is_strong=False))

    def weakened(self, more: float) -> Candidate:
        """The same at a higher cost, as a guess."""
        return Candidate(self.cost + more, self.fix._replace(is_strong=False))
