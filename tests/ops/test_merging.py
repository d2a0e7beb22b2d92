"""The shapes and saved tensors of merges, against `torch.cat`, `+` and `*`."""

from __future__ import annotations

import operator
from functools import reduce
from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from archspec.ir.shape import Shape
from archspec.ops.merging import MERGES, chunk_shape
from archspec.ops.shapes import ShapeError

SIZES = st.integers(1, 3)
AXES = ("C", "CL", "LC", "CHW", "HWC", "CDHW", "PLC")


def _shapes(axes: str) -> st.SearchStrategy[Shape]:
    return st.tuples(*[SIZES] * len(axes)).map(lambda sizes: Shape(sizes, axes))


SHAPES = st.sampled_from(AXES).flatmap(_shapes)
LISTS = st.lists(SHAPES, min_size=2, max_size=3) | st.sampled_from(AXES).flatmap(
    lambda axes: st.lists(_shapes(axes), min_size=2, max_size=3)
)


def axis(shape: Shape) -> int:
    """The axis of the channels, the batch included."""
    return shape.axes.index("C") + 1


def verdict(kind: str, shapes: list[Shape]) -> Shape | None:
    try:
        return MERGES[kind].shape(shapes)
    except ShapeError:
        return None


@given(LISTS)
@settings(deadline=None, max_examples=150)
def test_concat(shapes: list[Shape]) -> None:
    tensors = [torch.empty(2, *shape, device="meta") for shape in shapes]
    try:
        expected = tuple(torch.cat(tensors, axis(shapes[0])).shape[1:])
    except RuntimeError:
        expected = None
    if len({shape.axes for shape in shapes}) > 1:
        expected = None
    assert verdict("concat", shapes) == expected


@given(st.sampled_from(["add", "mul"]), LISTS)
@settings(deadline=None, max_examples=150)
def test_sums_and_products(kind: str, shapes: list[Shape]) -> None:
    """A sum is of equal shapes; a product may stretch axes of 1, none may be added."""
    tensors = [torch.empty(2, *shape, device="meta") for shape in shapes]
    try:
        joined = reduce(operator.add, tensors)
        expected = tuple(joined.shape[1:])
    except RuntimeError:
        expected = None
    if len({shape.axes for shape in shapes}) > 1:
        expected = None
    if kind == "add" and len(set(shapes)) > 1:
        expected = None
    assert verdict(kind, shapes) == expected


@given(SHAPES, st.integers(1, 4))
@settings(deadline=None, max_examples=80)
def test_split(shape: Shape, chunks: int) -> None:
    found = None
    try:
        found = chunk_shape(shape, chunks)
    except ShapeError:
        assert shape[axis(shape) - 1] % chunks
        return
    pieces = torch.empty(2, *shape, device="meta").chunk(chunks, axis(shape))
    assert [tuple(piece.shape[1:]) for piece in pieces] == [found] * chunks


@pytest.mark.parametrize("kind", sorted(MERGES))
@pytest.mark.parametrize("needs_gradient", [*product([True, False], repeat=2)])
def test_saved_inputs(kind: str, needs_gradient: tuple[bool, bool]) -> None:
    inputs = [torch.rand(2, 3, requires_grad=needs) for needs in needs_gradient]
    merge, saved = MERGES[kind], []
    with torch.autograd.graph.saved_tensors_hooks(saved.append, lambda t: t):
        if merge.operator:
            eval(f"a {merge.operator} b", dict(zip("ab", inputs, strict=True)))
        elif merge.function:
            eval(merge.function)(*inputs)
        else:
            torch.cat(inputs)
    places = {tensor.data_ptr() for tensor in saved}
    found = [tensor.data_ptr() in places for tensor in inputs]
    assert found == merge.saved_inputs(needs_gradient)


@pytest.mark.parametrize("kind", sorted(MERGES))
def test_one_branch_is_itself(kind: str) -> None:
    assert verdict(kind, [Shape((3, 2, 2), "CHW")]) == (3, 2, 2)
