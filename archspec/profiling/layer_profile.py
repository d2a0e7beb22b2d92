"""Time each layer of a network, in the forward and in the backward pass.

Each layer is timed on its own, with the input that it has in the network. Hooks in a
backward pass cannot time it: autograd computes the gradients of weights at any moment,
and a hook runs when the gradient of the input is ready.
"""

from __future__ import annotations

import operator
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, reduce
from math import prod

import torch
from torch import Tensor, nn

from archspec.backends.torch.module_from_source import BuiltNetwork, build_with_paths
from archspec.ir.graph import Node, Sizes, plain
from archspec.ops.registry import OPS
from archspec.ops.shapes import bytes_of
from archspec.ops.torch_call import TensorMethod
from archspec.profiling.roofline import Roofline, measure_roofline
from archspec.profiling.timing import LONG, SHORT, best_time
from archspec.runs.errors import TrainingError
from archspec.runs.torch_error_wordings import (
    is_batch_norm_of_one_value,
    is_out_of_memory,
)
from archspec.spec import Spec

LayerInputs = dict[str, deque[Tensor]]  # by path, of each run of the layer


@dataclass(frozen=True, slots=True)
class LayerTime:
    """The times of a layer or of a join, such as `add`, and the work of its forward pass."""

    path: str  # empty for a join
    op: str
    output: Sizes
    forward_seconds: float
    backward_seconds: float
    flops: int  # 0 except for convolutions and linear layers
    bytes: int  # inputs, weights and output, each once

    @property
    def intensity(self) -> float:
        """Arithmetic intensity, in FLOPs per byte."""
        return self.flops / self.bytes if self.bytes else 0.0


@dataclass(frozen=True, slots=True)
class Profile:
    """The times of a network, and the roofline of the machine."""

    roofline: Roofline
    forward_seconds: float  # of the whole network
    backward_seconds: float
    layers: tuple[LayerTime, ...]


def profile(spec: Spec, batch: int, device: torch.device) -> Profile:
    """Time a network in training mode, on random images.

    Raises:
        TrainingError: if the network cannot run on such a batch, or does not fit.
    """
    if device.type == "cuda":  # matrix products in TF32, as convolutions are by default
        torch.set_float32_matmul_precision("high")
    with _out_of_memory_as_error(
        f"the {spec.params:,} parameters of `{spec.name}` do not fit"
    ):
        built = build_with_paths(spec.graph)
        built.module.to(device).train()
    needs = f"`{spec.name}` and a batch of {batch} images do not fit"
    with _out_of_memory_as_error(needs, ": use a smaller `--batch`"):
        return _profile(spec, built, batch, device)


@contextmanager
def _out_of_memory_as_error(needs: str, hint: str = "") -> Iterator[None]:
    """Raise a `TrainingError` if the memory of the device is full."""
    try:
        yield
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise TrainingError(f"{needs} into the memory of the device{hint}") from error


def _profile(
    spec: Spec, built: BuiltNetwork, batch: int, device: torch.device
) -> Profile:
    model = built.module
    images = tuple(
        torch.rand(batch, *shape, device=device) for shape in spec.inputs.values()
    )
    try:
        inputs = _layer_inputs(model, images)
    except ValueError as error:
        if not is_batch_norm_of_one_value(error):
            raise
        raise TrainingError(
            f"`{spec.name}` does not train on a batch of {batch}, since a batch norm finds one "
            f"value in a channel: use `--batch {batch + 1}` or more"
        ) from error
    roofline = measure_roofline(device)
    forward, backward = _time_passes(model, images, LONG)
    modules = dict(model.named_modules())
    layers = tuple(
        _time_layer(node, built.paths.get(node.path), modules, inputs, images[0])
        for node in spec.graph.nodes
    )
    return Profile(roofline, forward, backward, layers)


def _layer_inputs(model: nn.Module, images: tuple[Tensor, ...]) -> LayerInputs:
    """The inputs of each leaf module by its path, which require gradients as before."""
    inputs: LayerInputs = defaultdict(deque)

    def record(path: str, _: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        x = arguments[0]
        inputs[path].append(x.detach().requires_grad_(x.requires_grad))

    handles = [
        module.register_forward_pre_hook(partial(record, path))
        for path, module in model.named_modules()
        if not list(module.children())
    ]
    model(*images)
    for handle in handles:
        handle.remove()
    return inputs


def _time_layer(
    node: Node,
    path: str | None,
    modules: dict[str, nn.Module],
    inputs: LayerInputs,
    images: Tensor,
) -> LayerTime:
    """The time of a node; `path` is that of its module, if it has one."""
    function: Callable[..., Tensor]
    arguments: tuple[Tensor, ...]
    if path in inputs:
        function, arguments = modules[path], (inputs[path].popleft(),)
        if node.inputs[1:]:  # of a label
            other = images.new_ones(len(images), *(node.inputs[1].shape or ()))
            arguments = (*arguments, other)
    elif node.op in OPS and (bare := OPS[node.op].bare):  # a parameter, no module
        x = images.new_ones(len(images), *(node.inputs[0].shape or ()))
        function = partial(BARE_FUNCTIONS[bare], modules[""].get_parameter(node.path))
        arguments = (x.requires_grad_(),)
    else:  # a merge, methods of a tensor, or an identity, which has no module
        methods = OPS[node.op].methods if node.op in OPS else None
        calls = methods(**node.values) if methods else ()
        function = MERGE_FUNCTIONS.get(node.op, partial(_call_methods, calls))
        if node.op == "concat" and node.output.shape:
            function = partial(_concat, node.output.shape.channel_axis + 1)
        sizes = ((len(images), *(x.shape or ())) for x in node.inputs)
        arguments = tuple(images.new_ones(size, requires_grad=True) for size in sizes)
    forward, backward = _time_passes(function, arguments, SHORT)
    return LayerTime(
        path=node.path,
        op=node.op,
        output=plain(node.output.shape),
        forward_seconds=forward,
        backward_seconds=backward,
        flops=2 * int(node.macs) * len(images),
        bytes=_traffic(node, len(images)),
    )


def _time_passes(
    function: Callable[..., Tensor], inputs: tuple[Tensor, ...], min_seconds: float
) -> tuple[float, float]:
    """The seconds of the forward and backward pass; 0 if nothing requires gradients."""
    device = inputs[0].device
    forward = best_time(lambda: function(*inputs), device, min_seconds)
    weights = [*function.parameters()] if isinstance(function, nn.Module) else []
    wanted = [x for x in (*inputs, *weights) if x.requires_grad]
    if not wanted:
        return forward, 0.0
    y = function(*inputs)
    outputs = [o for o in (y if isinstance(y, tuple) else (y,)) if o.requires_grad]
    ones = [torch.ones_like(output) for output in outputs]
    backward = partial(torch.autograd.grad, outputs, wanted, ones, retain_graph=True)
    return forward, best_time(backward, device, min_seconds)


def _traffic(node: Node, batch: int) -> int:
    """The bytes that a layer must read and write; a view moves none."""
    if node.op in OPS and OPS[node.op].view == "always":
        return 0
    tensors = (*node.inputs, node.output)
    values = sum(prod(value.shape or ()) for value in tensors)
    return int(bytes_of(batch * values + node.weights))


def _call_methods(calls: Sequence[TensorMethod], x: Tensor) -> Tensor:
    for call in calls:
        x = getattr(x, call.name)(*call.arguments)
    return x


def _concat(dim: int, *xs: Tensor) -> Tensor:
    return torch.cat(xs, dim)


BARE_FUNCTIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "prepend": lambda own, x: torch.cat([own.expand(len(x), -1, -1), x], 1),
    "+": operator.add,
    "*": operator.mul,
}
MERGE_FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    "concat": partial(_concat, 1),
    "add": lambda *xs: reduce(operator.add, xs),
    "sub": operator.sub,
    "maximum": lambda *xs: reduce(torch.maximum, xs),
    "mul": lambda *xs: reduce(operator.mul, xs),
}
