"""Activations: functions of each value."""

from __future__ import annotations

from math import prod

from archspec.ir.shape import Shape
from archspec.ir.symbolic import as_symbolic
from archspec.ops.op import Family, Op, OpWeight, SavedTensors, WeightInit
from archspec.ops.shapes import ShapeError, bytes_of
from archspec.ops.torch_call import Attributes, TorchCall, TorchRule, written_as
from archspec.signatures.argument_types import NUMBER, POSITIVE, one_of
from archspec.signatures.signature import Parameter, Signature

INPUT = SavedTensors(input=True)
INPUT_AND_AS_MUCH = SavedTensors(
    input=True, extra_bytes=lambda batch, x, _y, **_: bytes_of(batch * prod(x))
)
OUTPUT = SavedTensors(output=True)


def _activation(
    name: str,
    torch: str,
    about: str,
    *parameters: Parameter,
    weights: tuple[OpWeight, ...] = (),
    saves: SavedTensors = INPUT,
) -> Op:
    return Op(
        name=name,
        about=about,
        family=Family.ACTIVATION,
        parameters=parameters,
        weights=weights,
        saved_for_backward=saves,
        torch=written_as(f"nn.{torch}"),
    )


def glu_shape(x: Shape) -> Shape:
    """(2 C, H, W) -> (C, H, W)."""
    if x.channels % 2:
        raise ShapeError(
            "invalid-argument",
            f"expected an even number of channels, found {x.channels}",
        )
    return x.with_channels(x.channels // 2)


def _along_channels(name: str) -> TorchRule:
    def call(_op: Signature, x: Shape, _attributes: Attributes) -> TorchCall:
        return TorchCall(name, (), {"dim": as_symbolic(x.channel_axis + 1)})

    return call


def _over_channels(name: str, torch: str, about: str) -> Op:
    return Op(
        name=name,
        about=about,
        family=Family.ACTIVATION,
        saved_for_backward=OUTPUT,
        torch=_along_channels(f"nn.{torch}"),
    )


OPS = (
    _activation("relu", "ReLU", "max(0, x)", saves=OUTPUT),
    _activation("relu6", "ReLU6", "min(max(0, x), 6)"),
    _activation(
        "leaky_relu",
        "LeakyReLU",
        "x where positive, else `negative_slope` times x",
        Parameter("negative_slope", NUMBER, 0.01),
    ),
    _activation(
        "prelu",
        "PReLU",
        "leaky relu whose slope is learned, one for all channels",
        Parameter("init", NUMBER, 0.25),
        weights=(OpWeight("weight", lambda *_, **__: 1, WeightInit.UNCHANGED),),
    ),
    _activation(
        "elu",
        "ELU",
        "x where positive, else `alpha` (exp(x) - 1)",
        Parameter("alpha", POSITIVE, 1.0),
    ),
    _activation("selu", "SELU", "elu, scaled so that it is self-normalizing"),
    _activation(
        "gelu",
        "GELU",
        "x times the normal distribution function of x; `approximate=tanh` is faster",
        Parameter("approximate", one_of("none", "tanh"), "none"),
    ),
    _activation("silu", "SiLU", "x sigmoid(x), also called swish"),
    _activation("mish", "Mish", "x tanh(softplus(x))"),
    _activation("sigmoid", "Sigmoid", "1 / (1 + exp(-x))", saves=OUTPUT),
    _activation("tanh", "Tanh", "hyperbolic tangent", saves=OUTPUT),
    _activation("softplus", "Softplus", "log(1 + exp(x)), a smooth relu"),
    _activation("hardswish", "Hardswish", "x relu6(x + 3) / 6"),
    _activation(
        "celu",
        "CELU",
        "x where positive, else `alpha` (exp(x / alpha) - 1)",
        Parameter("alpha", POSITIVE, 1.0),
    ),
    _activation("softsign", "Softsign", "x / (1 + |x|)", saves=INPUT_AND_AS_MUCH),
    _activation(
        "hardtanh",
        "Hardtanh",
        "x, from `min_val` to `max_val`",
        Parameter("min_val", NUMBER, -1.0),
        Parameter("max_val", NUMBER, 1.0),
    ),
    _activation(
        "logsigmoid",
        "LogSigmoid",
        "log(1 / (1 + exp(-x)))",
        saves=INPUT_AND_AS_MUCH,
    ),
    _over_channels(
        "softmax", "Softmax", "exp(x), scaled to a sum of 1 over the channels"
    ),
    _over_channels("log_softmax", "LogSoftmax", "the logarithm of `softmax`"),
    Op(
        name="glu",
        about="the first half of the channels times the sigmoid of the second",
        family=Family.ACTIVATION,
        shape=glu_shape,
        saved_for_backward=INPUT,
        torch=_along_channels("nn.GLU"),
    ),
    _activation("hardsigmoid", "Hardsigmoid", "relu6(x + 3) / 6"),
)
