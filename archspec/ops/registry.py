"""All ops, by name."""

from __future__ import annotations

from archspec.ops import (
    activation,
    attention,
    channels,
    convolution,
    normalization,
    pooling,
    reshaping,
    resizing,
    tokens,
)
from archspec.ops.op import Op

OPS: dict[str, Op] = {
    op.name: op
    for module in (
        convolution,
        attention,
        normalization,
        activation,
        pooling,
        resizing,
        reshaping,
        channels,
        tokens,
    )
    for op in module.OPS
}
