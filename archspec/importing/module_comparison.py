"""Compare the module that a spec describes with the module that it was made from."""

from __future__ import annotations

import copy
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_flatten

from archspec.backends.torch.module_from_source import build
from archspec.compiler import Options, compile_source
from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.source import Source
from archspec.importing.first_difference import are_equal, first_difference
from archspec.importing.reading.read_module import first_difference_in_training
from archspec.importing.reading.tracing import BATCH, Inputs
from archspec.importing.unsupported import UnsupportedModuleError
from archspec.spec import Spec

RELU_GAIN = 2**0.5  # keeps the variance of values that a relu follows
SMALL_GAIN = 0.25


@dataclass(frozen=True)
class Verification:
    """What was found equal, and what the network costs."""

    keys_in_order: bool
    training: bool  # compared too: there is no dropout
    squeezes: bool  # the module removes axes of size 1 of its outputs
    params: int
    macs: int


def verify(text: str, module: nn.Module, inputs: Inputs) -> Verification:
    """Check and compile a spec, and compare it with a module.

    Both have the same random weights and statistics. The module is as before afterwards.

    Raises:
        UnsupportedModuleError: with what differs.
    """
    spec = checked(text)
    with torch.device("meta"):
        ours = build(spec.graph)
    in_order = _compare_keys(ours, module)
    if {name for name, _ in ours.named_buffers()} - {*ours.state_dict()}:
        ours = build(spec.graph)  # with constants
    generator = torch.Generator().manual_seed(1)
    x = [torch.randn(BATCH, *s, generator=generator) for s in inputs.values()]
    one = [each[:1] for each in x]
    try:
        theirs, expected = _with_finite_outputs(module, one)
    except ValueError:  # a group norm needs two values for each group
        one = x
        theirs, expected = _with_finite_outputs(module, one)
    state = theirs.state_dict()
    own = {*dict(theirs.named_buffers())} & {*state}  # statistics, which runs change
    ours.load_state_dict(state | {key: state[key].clone() for key in own}, assign=True)
    with torch.no_grad():
        squeezes = _compare(ours.eval(), theirs, one, expected, "in eval mode")
        trains = not any(map(is_random, [*theirs.modules(), *ours.modules()]))
        if trains:
            try:
                expected = theirs.train()(*x)
                _compare(ours.train(), theirs, x, expected, "in training mode")
            except UnsupportedModuleError:
                if frame := first_difference_in_training(module, inputs):
                    raise UnsupportedModuleError(
                        f"{frame} computes something else in training mode, and a spec "
                        "computes the same in both: import it without that, or "
                        "put a function that drops values into a module, as `DropPath`"
                    ) from None
                raise
    return Verification(in_order, trains, squeezes, spec.params, spec.macs)


def checked(text: str) -> Spec:
    """Check the text of a spec.

    Raises:
        UnsupportedModuleError: with the first error.
    """
    source = Source("imported.yaml", text)
    result = compile_source(source, None, Options(), Findings())
    if result.spec is None:
        first = next(each for each in result.diagnostics if each.is_error)
        raise UnsupportedModuleError(f"its spec would have an error: {first.message}")
    return result.spec


def _compare_keys(ours: nn.Module, theirs: nn.Module) -> bool:
    """Whether the state dicts have the same order.

    Raises:
        UnsupportedModuleError: if their keys or shapes differ.
    """
    our_shapes = {key: tensor.shape for key, tensor in ours.state_dict().items()}
    their_shapes = {key: tensor.shape for key, tensor in theirs.state_dict().items()}
    for key in [*their_shapes, *our_shapes]:
        if our_shapes.get(key) != their_shapes.get(key):
            raise UnsupportedModuleError(_difference(key, our_shapes, theirs))
    return [*our_shapes] == [*their_shapes]


def _difference(key: str, ours: Collection[str], theirs: nn.Module) -> str:
    """Why a key of the state dict has no equal."""
    if key not in theirs.state_dict():
        return f"`{key}` is not in the module"
    if key in ours:
        return f"`{key}` has another shape"
    path = key.rpartition(".")[0]
    owner = theirs.get_submodule(path)
    if not path or any(owner.children()):
        return f"the weight `{key}` is never used: remove it from the module"
    return f"`{path}` ({type(owner).__name__}) is never used: remove it from the module"


def _compare(
    ours: nn.Module, theirs: nn.Module, inputs: list[Tensor], expected: Any, how: str
) -> bool:
    """Whether ours have axes of size 1 that theirs lack.

    Raises:
        UnsupportedModuleError: if the outputs differ otherwise.
    """
    our_leaves = _tensors(ours(*inputs))
    their_leaves = _tensors(expected)
    if len(our_leaves) != len(their_leaves):
        raise UnsupportedModuleError(
            f"the module has {len(their_leaves)} outputs {how}, "
            f"its spec {len(our_leaves)}"
        )
    for our, their in zip(our_leaves, their_leaves, strict=True):
        if their.dtype != our.dtype:
            raise UnsupportedModuleError(
                f"the module computes in `{their.dtype}` {how}: "
                "remove `autocast`, which `archspec train` sets itself"
            )
        if not are_equal(our, their):
            where = first_difference(ours, theirs, inputs)
            raise UnsupportedModuleError(
                f"{where} computes something else than its spec {how}"
            )
    pairs = zip(our_leaves, their_leaves, strict=True)
    return any(our.ndim > their.ndim for our, their in pairs)


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_flatten(tree)[0] if isinstance(leaf, Tensor)]


def is_random(module: nn.Module) -> bool:
    """Whether it drops values in training mode."""
    rate = getattr(module, "dropout", getattr(module, "p", 0))
    return isinstance(rate, float) and rate > 0


def _with_finite_outputs(
    module: nn.Module, inputs: list[Tensor]
) -> tuple[nn.Module, Any]:
    """A copy with random weights, small ones where large ones overflow, and its outputs."""
    for gain in (RELU_GAIN, SMALL_GAIN):
        copied = with_random_weights(module, gain).eval()
        with torch.no_grad():
            outputs = copied(*inputs)
        if all(leaf.isfinite().all() for leaf in _tensors(outputs)):
            break
    return copied, outputs


def with_random_weights(module: nn.Module, gain: float) -> nn.Module:
    """A copy with values of its own for every weight and statistic: fresh ones hide errors."""
    generator = torch.Generator().manual_seed(0)
    copies: dict[int, Any] = {}
    for name, tensor in module.state_dict(keep_vars=True).items():
        if not tensor.is_floating_point() or id(tensor) in copies:
            continue
        values = torch.empty_like(tensor, requires_grad=False)
        if tensor.ndim > 1:
            deviation = gain / tensor[0].numel() ** 0.5
            values.normal_(0, deviation, generator=generator)
        elif name.endswith(("weight", "running_var")):  # of a norm
            values.uniform_(0.5, 2, generator=generator)
        else:
            values.normal_(0, 0.3, generator=generator)
        is_trained = isinstance(tensor, nn.Parameter)
        copies[id(tensor)] = nn.Parameter(values) if is_trained else values
    return copy.deepcopy(module, copies)
