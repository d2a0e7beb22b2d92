"""Attention that a module spells out: products of queries, keys and values.

Either by torch's function, or as `(q @ k.transpose(-2, -1) * scale).softmax(-1) @ v`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isclose

import torch
from torch import Tensor, nn

from archspec.importing.reading.tracing import Operation, Value

PRODUCTS = ("matmul", "bmm", "rmatmul")
SCALES = ("mul", "div", "truediv")


@dataclass(frozen=True)
class Attention:
    """Queries, keys and values of (N, heads, L, features), and what is between them."""

    query: Value
    key: Value  # not transposed
    value: Value
    inner: frozenset[Operation]  # those that only the product of the values reads
    dropout: float  # of the weights, in training


def find_attention(
    operation: Operation, readers: Mapping[Value, Sequence[Operation]]
) -> Attention | None:
    """The attention whose result an operation makes, if it is one."""
    if operation.function == "scaled_dot_product_attention":
        return _of_function(operation)
    if operation.function not in PRODUCTS or len(operation.values) != 2:
        return None
    weights, value = operation.values
    inner: set[Operation] = set()

    def before(result: Value) -> Operation | None:
        """What makes a value that nothing else reads."""
        made = result.operation
        if made and len(readers.get(result, ())) == 1:
            inner.add(made)
            return made
        return None

    step = before(weights)
    dropout = 0.0
    while step and not dropout and (dropped := _dropout(step)) is not None:
        dropout = dropped
        step = before(step.values[0])
    if not step or not _is_softmax(step):
        return None
    step = before(step.values[0])
    scale = 1.0
    while step and step.function in SCALES and len(step.values) == 1:
        scale *= _factor(step)
        step = before(step.values[0])
    if not step or step.function not in PRODUCTS:
        return None
    query, transposed = step.values
    query, factor = _unscaled(query, readers, inner)
    key = transposed.operation
    if not key or key.function != "transpose" or len(query.sizes) < 3:
        return None
    if not isclose(scale * factor, query.sizes[-1] ** -0.5, rel_tol=1e-4):
        return None
    return Attention(query, key.values[0], value, frozenset(inner), dropout)


def _of_function(operation: Operation) -> Attention | None:
    query, key, value = operation.values[:3]
    options = operation.kwargs
    plain = len(operation.args) == 3 and len(operation.values) == 3
    is_causal, scale = options.get("is_causal", False), options.get("scale")
    usual = query.sizes[-1] ** -0.5
    if not plain or is_causal or (scale and not isclose(scale, usual)):
        return None
    return Attention(query, key, value, frozenset(), options.get("dropout_p", 0.0))


def _dropout(operation: Operation) -> float | None:
    """The probability of a dropout; None of any other operation."""
    if isinstance(operation.layer, nn.Dropout):
        return operation.layer.p
    if operation.function != "dropout":
        return None
    p = operation.kwargs.get("p", (*operation.args, 0.5)[1])
    return float(p)


def _is_softmax(operation: Operation) -> bool:
    layer, rank = operation.layer, len(operation.results[0].sizes)
    if isinstance(layer, nn.Softmax):
        return layer.dim in (-1, rank - 1)
    dim = operation.kwargs.get("dim", (*operation.args, None)[1])
    return operation.function == "softmax" and dim in (-1, rank - 1)


def _factor(operation: Operation) -> float:
    number = next(each for each in operation.args if not isinstance(each, Value))
    return float(number if operation.function == "mul" else 1 / number)


def _unscaled(
    query: Value,
    readers: Mapping[Value, Sequence[Operation]],
    inner: set[Operation],
) -> tuple[Value, float]:
    """Queries before they are scaled."""
    made = query.operation
    is_scaled = made and made.function in SCALES and len(made.values) == 1
    if made and is_scaled and len(readers.get(query, ())) == 1:
        inner.add(made)
        return made.values[0], _factor(made)
    return query, 1.0


def in_heads(tokens: Tensor, heads: int) -> Tensor:
    """(N, L, heads * d) -> (N, heads, L, d)."""
    return torch.unflatten(tokens, 2, (heads, -1)).transpose(1, 2)
