"""All ops, by name."""

from __future__ import annotations

from archspec.ops import activation, convolution, normalization, pooling, reshaping
from archspec.ops.op import Op

OPS: dict[str, Op] = {
    op.name: op
    for module in (convolution, normalization, activation, pooling, reshaping)
    for op in module.OPS
}
