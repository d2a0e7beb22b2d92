"""The axes that an op takes, as examples: `CHW` is any image, channels first.

Two orders are alike where C and P are in the same places: what the other axes mean, a
convolution does not ask.
"""

from __future__ import annotations

from functools import cache

from archspec.ir.shape import Shape

VECTOR = ("C",)
TOKENS = ("LC",)
IMAGE = ("CHW",)
SPATIAL = ("CL", "CHW", "CDHW")  # channels first
FEATURES = ("C", "LC", "HWC", "DHWC", "PLC")  # channels last
ANY = ("C", "CL", "LC", "CHW", "HWC", "CDHW", "PLC")  # and any other order

KINDS = {
    "C": "features",
    "CL": "a signal",
    "LC": "tokens",
    "CHW": "an image",
    "HWC": "an image",
    "CDHW": "a volume",
    "DHWC": "a volume",
    "PLC": "windows",
}


@cache
def accepts(takes: tuple[str, ...], axes: str) -> bool:
    """Whether an op that takes these axes takes others."""
    return takes is ANY or _places(axes) in map(_places, takes)


def _places(axes: str) -> str:
    return "".join(axis if axis in "CP" else "_" for axis in axes)


def described(axes: str) -> str:
    """What a value with these axes is: `an image [C, H, W]`."""
    letters = f"[{', '.join(axes)}]"
    return f"{KINDS[axes]} {letters}" if axes in KINDS else letters


def expected(takes: tuple[str, ...]) -> str:
    """The axes that an op takes, for "expected ..., found ..."."""
    shown = [f"[{', '.join(axes)}]" for axes in takes[:3]]
    listed = f"{', '.join(shown[:-1])} or {shown[-1]}" if shown[1:] else shown[0]
    if len(takes) == 1:
        return described(takes[0])
    if all(axes[0] == "C" for axes in takes):
        return f"C first, as {listed}"
    if all(axes[-1] == "C" for axes in takes):
        return "the channels last"
    return listed


def order_to(x: Shape, takes: tuple[str, ...]) -> tuple[int, ...] | None:
    """The `permute` after which an op takes a value, the batch included."""
    places = range(len(x))
    others = [place for place in places if place != x.channel_axis]
    for order in ([x.channel_axis, *others], [*others, x.channel_axis]):
        if accepts(takes, x.reordered(order).axes):
            return (0, *(place + 1 for place in order))
    return None
