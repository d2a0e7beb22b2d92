"""Compare a compiled network with the one that a person wrote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

# What neither parameters nor outputs in eval mode show, by kind of layer.
TELLING = {
    nn.modules.batchnorm._BatchNorm: ("eps", "momentum"),
    nn.LayerNorm: ("eps",),
    nn.modules.dropout._DropoutNd: ("p",),
    nn.modules.pooling._MaxPoolNd: ("ceil_mode",),
    nn.AvgPool2d: ("ceil_mode", "count_include_pad"),
}


@dataclass(frozen=True)
class Network:
    """A bundled spec and its hand-written equal."""

    spec: str
    by_hand: Callable[[], nn.Module]
    parameters: int
    input: tuple[int, int, int]
    also: tuple[tuple[int, int, int], ...] = ()  # other inputs the weights fit


def randomize(model: nn.Module, seed: int = 0) -> None:
    """Give every parameter and buffer a value of its own: fresh ones hide errors."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
            if not tensor.is_floating_point():
                continue
            if tensor.ndim > 1:  # weights keep the scale of what they read
                fan_in = tensor[0].numel()
                tensor.normal_(0, fan_in**-0.5, generator=generator)
            elif name.endswith("running_var"):
                tensor.uniform_(0.5, 2, generator=generator)
            else:
                tensor.normal_(0.2, 0.5, generator=generator)


def copy_in_order(source: nn.Module, target: nn.Module) -> None:
    """Copy parameters and buffers by their order; the names may differ."""
    ours, theirs = target.state_dict(), source.state_dict()
    shapes = [tuple(t.shape) for t in theirs.values()]
    assert [tuple(t.shape) for t in ours.values()] == shapes
    target.load_state_dict(dict(zip(ours, theirs.values(), strict=True)))


def settings_of(model: nn.Module, x: Tensor) -> list[tuple[str, dict[str, Any]]]:
    """The telling attributes of the layers, in the order in which they run."""
    found: list[tuple[str, dict[str, Any]]] = []

    def note(module: nn.Module, *_: Any) -> None:
        for kind, names in TELLING.items():
            if isinstance(module, kind):
                values = {name: getattr(module, name) for name in names}
                found.append((type(module).__name__, values))

    handles = [module.register_forward_hook(note) for module in model.modules()]
    with torch.no_grad():
        model.eval()(x)
    for handle in handles:
        handle.remove()
    return found


def without_dropout(model: nn.Module) -> nn.Module:
    """In training mode, but nothing is dropped."""
    model.train()
    for module in model.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.p = 0.0
    return model


def gradients(model: nn.Module, x: Tensor, labels: Tensor) -> list[Tensor]:
    """The gradients of one training step."""
    model.zero_grad()
    nn.functional.cross_entropy(model(x), labels).backward()
    return [p.grad for p in model.parameters() if p.grad is not None]


def assert_equal(ours: Tensor, theirs: Tensor) -> None:
    """Equal to 1e-5 of the largest value."""
    scale = theirs.abs().max().item()
    assert scale > 0
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5 * scale)
