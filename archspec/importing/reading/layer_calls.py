"""From a layer of torch to the op that is emitted as one: `nn.Conv2d` to `conv`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

from torch import nn

from archspec.importing.reading.random_layers import random_op
from archspec.ir.shape import Shape
from archspec.ir.symbolic import as_symbolic
from archspec.ops.axes import accepts
from archspec.ops.op import Family, Op
from archspec.ops.registry import OPS
from archspec.signatures.argument_types import LABEL
from archspec.signatures.signature import REQUIRED

Attributes = dict[str, Any]

SAMPLES = [
    Shape((4, 6), "LC"),
    Shape((4,), "C"),
    Shape((4, 6), "CL"),
    Shape((4, 6, 6), "CHW"),
    Shape((4, 6, 6, 6), "CDHW"),
    Shape((6, 6, 4), "HWC"),
    Shape((6, 4, 4), "PLC"),
]

OVER_CHANNELS = {"softmax", "log_softmax", "glu"}  # which torch tells the axis

# Options of layers that ops have not, with the values that they stand for.
USUAL: Mapping[str, Attributes] = {
    "attention": {"batch_first": True, "add_zero_attn": False, "bias_k": None},
    "avgpool": {"divisor_override": None},
    "bn": {"track_running_stats": True},
    "instance_norm": {"track_running_stats": False},
    "ln": {"elementwise_affine": True},
    "rms_norm": {"elementwise_affine": True},
    "softplus": {"beta": 1.0, "threshold": 20.0},
}
NORMS = ("bn", "ln", "group_norm", "instance_norm")  # whose bias comes with a weight

COMPUTE = (Family.ATTENTION, Family.REGULARIZATION)

# Layers outside of torch, by the full names of their classes.
OTHERS = {
    "torchvision.ops.stochastic_depth.StochasticDepth": "stochastic_depth",
    "torchvision.models.convnext.LayerNorm2d": "ln",
    "torchvision.models.swin_transformer.ShiftedWindowAttention": "window_attention",
    "torchvision.models.swin_transformer.ShiftedWindowAttentionV2": "window_attention_v2",
    "torchvision.models.maxvit.RelativePositionalMultiHeadAttention": "relative_attention",
}


@cache
def op_of_class() -> dict[type[nn.Module], Op]:
    """The ops by the classes of torch that they are emitted as."""
    found: dict[type[nn.Module], Op] = {nn.MultiheadAttention: OPS["attention"]}
    for op in OPS.values():
        # What moves values, and `F.interpolate`, are functions to the tracer.
        if op.bare or op.family is Family.SHAPE or op.name == "upsample":
            continue
        for shape in SAMPLES:
            kind, _, name = class_name(op, shape).partition(".")
            if kind == "nn" and hasattr(nn, name):
                found.setdefault(getattr(nn, name), op)
    return found


def class_name(op: Op, shape: Shape) -> str:
    """What an op is emitted as for an input of these axes; "" if it takes none such."""
    if not accepts(op.takes, shape.axes):
        return ""
    values: Attributes = {}
    for p in op.parameters:
        values[p.name] = 1 if p.default is REQUIRED else p.default_given(values)
    attributes = {name: as_symbolic(value) for name, value in values.items()}
    return op.torch(op, shape, attributes).name


@cache
def emitted_op(cls: type) -> Op | None:
    """The op for which the compiler emits a class of this very source."""
    for op in OPS.values():
        computes = op.weights or op.family in COMPUTE or op.reads_label
        if computes and f"class {cls.__name__}(" in op.helper:
            with suppress(OSError):  # a class without a file
                text = inspect.getsource(cls).strip()
                names = {class_name(op, shape) for shape in SAMPLES}
                if text in op.helper and cls.__name__ in names:
                    return op
    return None


def find_op(layer: nn.Module) -> Op | None:
    """The op that is a layer's class, or a class it inherits its `forward` from."""
    kind: type = type(layer)
    if op := emitted_op(kind):
        return op
    if found := random_op(layer):
        return OPS[found[0]]
    for cls in type(layer).__mro__:
        if not issubclass(cls, nn.Module):
            break
        known = OTHERS.get(f"{cls.__module__}.{cls.__qualname__}")
        op = OPS[known] if known else op_of_class().get(cls)
        if op and type(layer).forward is cls.forward:
            return op
    return None


def unusual_option(op: Op, layer: nn.Module) -> str:
    """An option of a layer that its op has not, as `beta=2.0`; "" if it has none."""
    for option, usual in USUAL.get(op.name, {}).items():
        if (found := getattr(layer, option, usual)) != usual:
            return f"{option}={found}"
    has_weight = getattr(layer, "weight", None) is not None
    lacks_bias = has_weight and getattr(layer, "bias", None) is None
    return "bias=False" if op.name in NORMS and lacks_bias else ""


def attributes(op: Op, layer: nn.Module) -> Attributes:
    """The arguments of an op, by torch's names, as a layer has them."""
    special = SPECIAL.get(op.name)
    found = special(layer) if special else {}
    if dropping := random_op(layer):
        found["p"] = dropping[1]
    return {
        p.name: plain(found[p.name] if p.name in found else getattr(layer, p.name))
        for p in op.parameters
        if p.type is not LABEL
    }


def plain(value: Any) -> Any:
    """A tuple of equal numbers as one of them."""
    if isinstance(value, list):
        value = tuple(value)
    if isinstance(value, tuple) and value and len(set(value)) == 1:
        return value[0]
    return value


def _with_bias(layer: Any) -> Attributes:
    return {"bias": layer.bias is not None}


def _attention(layer: Any) -> Attributes:
    return {"heads": layer.num_heads}


def _window(layer: Any) -> Attributes:
    if hasattr(layer, "window"):  # a class of ours
        return {}
    shift = max(layer.shift_size)
    return {"heads": layer.num_heads, "window": layer.window_size[0], "shift": shift}


def _relative(layer: Any) -> Attributes:
    if hasattr(layer, "merge") and not hasattr(layer, "head_dim"):  # a class of ours
        return {"head_dim": layer.merge.in_features // layer.heads}
    return {"head_dim": layer.head_dim}


SPECIAL: Mapping[str, Callable[[Any], Attributes]] = {
    "conv": _with_bias,
    "conv_transpose": _with_bias,
    "linear": _with_bias,
    "attention": _attention,
    "window_attention": _window,
    "window_attention_v2": _window,
    "relative_attention": _relative,
    "resize_like": lambda layer: {"align_corners": bool(layer.align_corners)},
    "prelu": lambda _: {"init": 0.25},
}
