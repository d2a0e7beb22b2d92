"""Activations: functions of each value."""

from __future__ import annotations

from archspec.ops.op import Family, Op, OpWeight, SavedTensors, WeightInit
from archspec.ops.torch_call import written_as
from archspec.signatures.argument_types import NUMBER, POSITIVE, one_of
from archspec.signatures.signature import Parameter

INPUT = SavedTensors(input=True)
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
    _activation("selu", "SELU", "elu, scaled so that it normalises itself"),
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
    _activation("hardsigmoid", "Hardsigmoid", "relu6(x + 3) / 6"),
)
