"""How a drawing shows each family of ops."""

from __future__ import annotations

from typing import NamedTuple, assert_never

from archspec.ops.op import Family


class FamilyStyle(NamedTuple):
    """A background color, and whether a layer shares the box of another one.

    A layer of a minor family, such as a ReLU, shares the box of the main layer before or
    after it.
    """

    color: str
    is_minor: bool = False


def style_of(family: Family) -> FamilyStyle:
    """Return the style of a family.

    Each color has its own lightness, from attention (darkest) to normalization, so that
    families can be told apart in gray and black text is readable on all of them.
    """
    match family:
        case Family.CONVOLUTION:
            return FamilyStyle("#8db8de")
        case Family.LINEAR:
            return FamilyStyle("#a58fd1")
        case Family.ATTENTION:
            return FamilyStyle("#c47299")
        case Family.POOLING:
            return FamilyStyle("#f2ae7e")
        case Family.NORMALIZATION:
            return FamilyStyle("#fff8c4", is_minor=True)
        case Family.ACTIVATION:
            return FamilyStyle("#c5eab9", is_minor=True)
        case Family.REGULARIZATION:
            return FamilyStyle("#f7e1ea", is_minor=True)
        case Family.SHAPE:
            return FamilyStyle("#c9cfd3")
    assert_never(family)
