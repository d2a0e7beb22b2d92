"""Compare a compiled network with the one that a person wrote."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

Size = tuple[int, int, int]

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
    by_hand: Callable[..., nn.Module]
    parameters: int
    input: Size
    also: tuple[Size, ...] = ()  # other inputs the weights fit
    # Both sides' arguments for a smaller network, when the outputs of the whole one
    # would take too long; parameters and MACs are always those of the whole.
    smaller: Mapping[str, Any] = field(default_factory=dict)


def randomize(model: nn.Module, seed: int = 0) -> None:
    """Give every parameter and buffer a value of its own: fresh ones hide errors."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
            if not tensor.is_floating_point():  # the batches that a norm has seen
                tensor.zero_()
            elif tensor.ndim > 1:  # a gain that outlives the relu behind
                deviation = (2 / tensor[0].numel()) ** 0.5
                tensor.normal_(0, deviation, generator=generator)
            elif name.endswith(("weight", "running_var")):  # of a norm
                tensor.uniform_(0.5, 2, generator=generator)
            else:
                tensor.normal_(0, 0.3, generator=generator)


def copy_in_order(source: nn.Module, target: nn.Module) -> None:
    """Copy parameters and buffers by their order; the names may differ."""
    ours, theirs = target.state_dict(), source.state_dict()
    shapes = [tuple(t.shape) for t in theirs.values()]
    assert [tuple(t.shape) for t in ours.values()] == shapes
    copies = [tensor.clone() for tensor in theirs.values()]
    target.load_state_dict(dict(zip(ours, copies, strict=True)), assign=True)


def with_equal_weights(
    ours: Callable[[], nn.Module], theirs: Callable[[], nn.Module]
) -> tuple[nn.Module, nn.Module]:
    """Build two networks with the same random weights, and without torch's own."""
    with torch.device("meta"):  # which would take half of the time
        our_model, their_model = ours(), theirs()
    their_model.to_empty(device="cpu")
    randomize(their_model)
    copy_in_order(their_model, our_model)
    return our_model, their_model


def images(size: Size) -> Tensor:
    """Two random ones."""
    return torch.randn(2, *size, generator=torch.Generator().manual_seed(1))


def parameters_of(model: nn.Module) -> int:
    """How many are trained."""
    return sum(p.numel() for p in model.parameters())


def macs_of(model: nn.Module, size: Size) -> int:
    """Multiply-accumulates for one image."""
    device = next(model.parameters()).device
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.eval()(torch.zeros(1, *size, device=device))
    return int(counter.get_total_flops()) // 2


def settings_of(model: nn.Module, *x: Tensor) -> list[tuple[str, dict[str, Any]]]:
    """The telling attributes of the layers, in the order in which they run."""
    found: list[tuple[str, dict[str, Any]]] = []

    def note(module: nn.Module, *_: Any) -> None:
        for kind, names in TELLING.items():
            if isinstance(module, kind) and not picks_pixels(module):
                values = {name: getattr(module, name) for name in names}
                found.append((torch_name(module), values))

    handles = [module.register_forward_hook(note) for module in model.modules()]
    with torch.no_grad():
        model.eval()(*x)
    for handle in handles:
        handle.remove()
    return found


def torch_name(module: nn.Module) -> str:
    """The name of the class of torch's that a module is made from."""
    classes = type(module).__mro__
    return next(c.__name__ for c in classes if c.__module__.startswith("torch.nn"))


def picks_pixels(module: nn.Module) -> bool:
    """A pool over single pixels, which a person writes as `x[:, :, ::2, ::2]`."""
    return isinstance(module, nn.AvgPool2d) and module.kernel_size == 1


def without_dropout(model: nn.Module) -> nn.Module:
    """In training mode, but nothing is dropped."""
    model.train()
    for module in model.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.eval()
    return model


def gradients(model: nn.Module, x: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
    """The gradients of one training step; an image of scores counts by its mean."""
    scores = model(x)
    if scores.ndim > 2:
        scores = scores.flatten(2).mean(2)
    loss = nn.functional.cross_entropy(scores, labels)
    return torch.autograd.grad(loss, list(model.parameters()))


def assert_equal(ours: Tensor, theirs: Tensor, least_scale: float = 0) -> None:
    """Equal to 1e-5 of the largest value; of `least_scale`, where all are noise."""
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    error, scale = (ours - theirs).abs().max().item(), theirs.abs().max().item()
    assert 0 < scale < math.inf
    assert error <= 1e-5 * max(scale, least_scale)
