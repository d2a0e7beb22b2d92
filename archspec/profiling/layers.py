"""How long each layer takes, forwards and backwards.

A layer is timed by itself, on the input that it had in the network. Hooks within a
backward pass would not do: autograd runs the gradients of weights when it likes, and a
hook sees only when the gradient of the input is ready.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, reduce
from math import prod

import torch
from torch import Tensor, nn

from archspec.backends.torch.module_builder import build
from archspec.ir.graph import Node, Shape, plain
from archspec.ops.registry import OPS
from archspec.ops.shapes import bytes_of
from archspec.profiling.clock import LONG, SHORT, seconds
from archspec.profiling.machine import Machine, measure_machine
from archspec.spec import Spec
from archspec.training.errors import TrainingError

FULL = ("can't allocate memory", "Storage size calculation overflowed")  # on the CPU


@dataclass(frozen=True, slots=True)
class LayerTime:
    """A layer, or a join of branches; its work is that of the forward pass."""

    path: str  # empty for a join
    op: str
    output: Shape
    forward_seconds: float
    backward_seconds: float
    flops: int  # of convolutions and linear layers
    bytes: int  # inputs, weights and output, each once

    @property
    def intensity(self) -> float:
        """FLOPs for each byte."""
        return self.flops / self.bytes if self.bytes else 0.0


@dataclass(frozen=True, slots=True)
class Profile:
    """What was measured."""

    machine: Machine
    forward_seconds: float  # of the whole network
    backward_seconds: float
    layers: tuple[LayerTime, ...]


def profile(spec: Spec, batch: int, device: torch.device) -> Profile:
    """Time a network in training mode, on random images.

    Raises:
        TrainingError: if the network cannot run on such a batch, or does not fit.
    """
    if device.type == "cuda":  # products in TF32, as torch has convolutions
        torch.set_float32_matmul_precision("high")
    with _fitting(f"the {spec.params:,} parameters of `{spec.name}` do not fit"):
        model = build(spec.graph).to(device).train()
    what = f"`{spec.name}` and a batch of {batch} images do not fit"
    with _fitting(what, ": use a smaller `--batch`"):
        return _profile(spec, model, batch, device)


@contextmanager
def _fitting(what: str, way_out: str = "") -> Iterator[None]:
    """Tell from other faults what does not fit into memory."""
    try:
        yield
    except RuntimeError as error:
        is_full = isinstance(error, torch.OutOfMemoryError)
        if not is_full and not any(words in str(error) for words in FULL):
            raise
        raise TrainingError(f"{what} into the memory of the device{way_out}") from error


def _profile(spec: Spec, model: nn.Module, batch: int, device: torch.device) -> Profile:
    images = torch.rand(batch, *spec.input_shape, device=device)
    try:
        inputs = _recorded(model, images)
    except ValueError as error:  # of a batch norm
        raise TrainingError(
            f"`{spec.name}` does not train on a batch of {batch}, since a batch norm finds one "
            f"value in a channel: use `--batch {batch + 1}` or more"
        ) from error
    machine = measure_machine(device)
    forward, backward = _timed(model, (images,), LONG)
    modules = dict(model.named_modules())
    layers = tuple(_layer(node, modules, inputs, images) for node in spec.graph.nodes)
    return Profile(machine, forward, backward, layers)


def _recorded(model: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """What each module reads, by its path; it asks for a gradient where it had to."""
    found: dict[str, Tensor] = {}

    def note(path: str, _: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        x = inputs[0]
        found[path] = x.detach().requires_grad_(x.requires_grad)

    handles = [
        module.register_forward_pre_hook(partial(note, path))
        for path, module in model.named_modules()
        if not list(module.children())
    ]
    model(images)
    for handle in handles:
        handle.remove()
    return found


def _layer(
    node: Node, modules: dict[str, nn.Module], inputs: dict[str, Tensor], images: Tensor
) -> LayerTime:
    run: Callable[..., Tensor]
    read: tuple[Tensor, ...]
    if node.path in inputs:
        run, read = modules[node.path], (inputs[node.path],)
    else:  # a join, or an identity, which the network leaves out
        run = JOINS.get(node.op, nn.Identity())
        sizes = ((len(images), *(x.shape or ())) for x in node.inputs)
        read = tuple(images.new_ones(size, requires_grad=True) for size in sizes)
    forward, backward = _timed(run, read, SHORT)
    return LayerTime(
        path=node.path,
        op=node.op,
        output=plain(node.output.shape),
        forward_seconds=forward,
        backward_seconds=backward,
        flops=2 * int(node.macs) * len(images),
        bytes=_traffic(node, len(images)),
    )


def _timed(
    run: Callable[..., Tensor], inputs: tuple[Tensor, ...], at_least: float
) -> tuple[float, float]:
    """Seconds forwards and backwards; nothing may need a gradient."""
    device = inputs[0].device
    forward = seconds(lambda: run(*inputs), device, at_least)
    weights = list(run.parameters()) if isinstance(run, nn.Module) else []
    wanted = [x for x in (*inputs, *weights) if x.requires_grad]
    if not wanted:
        return forward, 0.0
    y = run(*inputs)
    outputs = [o for o in (y if isinstance(y, tuple) else (y,)) if o.requires_grad]
    ones = [torch.ones_like(output) for output in outputs]
    backward = partial(torch.autograd.grad, outputs, wanted, ones, retain_graph=True)
    return forward, seconds(backward, device, at_least)


def _traffic(node: Node, batch: int) -> int:
    """Bytes that a layer reads and writes at least; a view touches none."""
    if node.op in OPS and OPS[node.op].view == "always":
        return 0
    tensors = (*node.inputs, node.output)
    values = sum(prod(value.shape or ()) for value in tensors)
    return int(bytes_of(batch * values + node.parameters))


def _concat(*xs: Tensor) -> Tensor:
    return torch.cat(xs, 2 if xs[0].ndim == 3 else 1)  # tokens keep features last


JOINS: dict[str, Callable[..., Tensor]] = {
    "concat": _concat,
    "add": lambda *xs: reduce(operator.add, xs),
    "mul": lambda *xs: reduce(operator.mul, xs),
}
