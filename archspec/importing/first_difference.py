"""Find the first module whose output differs from that of the module of its spec."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

TOLERANCE = 1e-4  # of the largest value; strides pick kernels, which round otherwise


def are_equal(our: Tensor, their: Tensor) -> bool:
    """Whether they agree, but for axes of size 1 that only ours have."""
    if our.ndim > their.ndim and our.squeeze().shape == their.squeeze().shape:
        our = our.reshape(their.shape)
    if our.shape != their.shape:
        return False
    scale = their.abs().max().item()
    return (our - their).abs().max().item() <= TOLERANCE * scale


def first_difference(ours: nn.Module, theirs: nn.Module, inputs: list[Tensor]) -> str:
    """Where the outputs start to differ: the path and class of a module of theirs."""
    with torch.no_grad(), _recorded(ours) as found, _recorded(theirs) as expected:
        ours(*inputs)
        theirs(*inputs)
    for path, output in expected.items():
        same_shape = path in found and found[path].shape == output.shape
        if same_shape and not are_equal(found[path], output):
            return f"`{path}` ({type(theirs.get_submodule(path)).__name__})"
    return f"`{type(theirs).__name__}`"


@contextmanager
def _recorded(module: nn.Module) -> Iterator[dict[str, Tensor]]:
    """The first output of each module with weights, those inside of it before its own."""
    found: dict[str, Tensor] = {}

    def noted(path: str) -> Any:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            tensors = [leaf for leaf in tree_leaves(output) if isinstance(leaf, Tensor)]
            if tensors:
                found.setdefault(path, tensors[0].clone())

        return hook

    handles = [
        each.register_forward_hook(noted(path))
        for path, each in module.named_modules()
        if path and each.state_dict()
    ]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()
