"""Layers of the user's own that drop values in training, known by what they do.

`DropPath` has many spellings. All of them leave the input as it is in eval mode, and in
training mode make it zero, or `1 / (1 - p)` times as large: a whole sample, a whole
channel, or each value by itself.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

SAMPLES = 512  # enough that some are dropped, and some are kept
ROUNDING = 1e-5  # of a probability that is computed from the values

_known: WeakKeyDictionary[nn.Module, tuple[str, float] | None] = WeakKeyDictionary()


def random_op(layer: nn.Module) -> tuple[str, float] | None:
    """The op that a layer is, and the probability with which it drops."""
    if layer not in _known:
        _known[layer] = _found(layer) if _may_drop(layer) else None
    return _known[layer]


def _may_drop(layer: nn.Module) -> bool:
    """Whether it is a small class of the user's with a probability, and nothing else."""
    has_parts = any(layer.children()) or layer.state_dict()
    is_own = not type(layer).__module__.startswith(("torch.", "torchvision."))
    numbers = [v for v in vars(layer).values() if isinstance(v, float)]
    return is_own and not has_parts and any(0 < number < 1 for number in numbers)


def _found(layer: nn.Module) -> tuple[str, float] | None:
    was_training = layer.training
    try:
        with torch._C.DisableTorchFunction(), torch.random.fork_rng([]):  # noqa: SLF001
            torch.manual_seed(0)
            same = layer.eval().forward(_ones())
            found = _op(same, layer.train().forward(_ones()))
    except Exception:  # a layer that cannot run alone is not one of these
        return None
    finally:
        layer.train(was_training)
    return found and (found[0], _exact(found[1], layer))


def _exact(p: float, layer: nn.Module) -> float:
    """The probability with all its digits, where the layer keeps it."""
    numbers = (v for v in vars(layer).values() if isinstance(v, float))
    return next((v for v in numbers if abs(v - p) < ROUNDING), p)


def _ones() -> Tensor:
    return torch.ones(SAMPLES, 4, 2, 2)


def _op(same: Tensor, dropped: Tensor) -> tuple[str, float] | None:
    """By what it drops as a whole."""
    values = torch.unique(dropped)
    if not torch.equal(same, _ones()) or len(values) != 2 or values[0] != 0:
        return None
    p = round(1 - 1 / values[1].item(), 5)
    if not 0 < p < 1:
        return None
    if torch.equal(dropped, dropped[:, :1, :1, :1].expand_as(_ones())):
        return "stochastic_depth", p
    if torch.equal(dropped, dropped[:, :, :1, :1].expand_as(_ones())):
        return "dropout2d", p
    return "dropout", p
