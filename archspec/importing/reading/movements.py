"""What only moves values: `view`, `permute`, slices, zeros around, however spelled.

The functions are run on the numbers of the positions, so that any spelling of the same
movement is the same: `x.view(n, -1)` and `torch.flatten(x, 1)` are `flatten`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from archspec.importing.reading.movement_candidates import (
    Movement,
    Partition,
    candidates,
    positions,
)
from archspec.importing.reading.tracing import BATCH, Operation, Value
from archspec.ir.shape import Shape
from archspec.ops.op import Op
from archspec.ops.registry import OPS
from archspec.ops.shapes import ShapeError

FUNCTIONS = {
    "T", "adjoint", "channel_shuffle", "chunk", "clone", "contiguous", "detach",
    "flatten", "flip", "getitem", "hsplit", "mT", "moveaxis", "movedim", "narrow",
    "permute", "pixel_shuffle", "pixel_unshuffle", "reshape", "reshape_as", "roll",
    "select", "split", "split_with_sizes", "squeeze", "stack", "swapaxes", "swapdims",
    "tensor_split", "transpose", "unbind", "unflatten", "unsqueeze", "view", "view_as",
}  # fmt: skip
MOVED_ON = ("permute", "tokens", "flatten", "unflatten", "transpose", "image")
CONCATENATIONS = {"cat", "concat", "concatenate"}


def may_move(operation: Operation) -> bool:
    """Whether it makes no values of its own, except for zeros around them."""
    name, args, kwargs = operation.function, operation.args, operation.kwargs
    if name == "pad":
        mode = kwargs.get("mode", args[2] if args[2:] else "constant")
        value = kwargs.get("value", args[3] if args[3:] else None)
        return mode == "constant" and not value
    return name in FUNCTIONS or name in CONCATENATIONS


def find_movements(
    x: Shape,
    moved: Tensor,
    partition: Partition | None = None,
    *,
    reads_features: bool = False,
) -> list[Movement] | None:
    """The ops that move the positions of `x` so: none, one, or two in a row.

    None if there are none such.
    """
    start = positions(x, BATCH)
    if _same(start, moved):
        return []

    def tried(x: Shape, start: Tensor) -> Iterator[tuple[Movement, Shape, Tensor]]:
        for each in candidates(x, moved, partition, reads_features=reads_features):
            try:
                yield each, shape_after(x, each), each.move(start)
            except (ShapeError, RuntimeError):
                continue

    for movement, _, y in tried(x, start):
        if _same(y, moved):
            return [movement]
    for movement, shape, y in tried(x, start):
        if movement.op in MOVED_ON:
            for second, _, z in tried(shape, y):
                if _same(z, moved):
                    return [movement, second]
    return None


def _same(x: Tensor, y: Tensor) -> bool:
    return x.shape == y.shape and torch.equal(x, y)


def shape_after(x: Shape, movement: Movement) -> Shape:
    """The shape that an op makes.

    Raises:
        ShapeError: if it does not take such an input.
    """
    op: Op = OPS[movement.op]
    return op.shape(x, **movement.attributes, **op.defaults(movement.attributes))


def replayed(value: Value, source: Value, layout: Tensor | None = None) -> Tensor:
    """Where the positions of `source` are in a value that was moved from there.

    `layout` says where they are in `source` itself, if not in their order.
    """
    start = positions(source.sizes[1:], BATCH) if layout is None else layout
    numbers = {source: start}
    stack = [value]
    while stack:
        operation = stack[-1].operation
        if stack[-1] in numbers:
            stack.pop()
            continue
        assert operation
        missing = [read for read in operation.values if read not in numbers]
        stack += missing
        if not missing:
            results = _run(operation, numbers)
            numbers.update(zip(operation.results, results, strict=True))
    return numbers[value]


def _run(operation: Operation, numbers: dict[Value, Tensor]) -> list[Tensor]:
    def of_leaf(leaf: Any) -> Any:
        return numbers[leaf] if isinstance(leaf, Value) else leaf

    args, kwargs = tree_map(of_leaf, (operation.args, operation.kwargs))
    results = tree_leaves(operation.run(*args, **kwargs))
    return [leaf for leaf in results if isinstance(leaf, Tensor)]
