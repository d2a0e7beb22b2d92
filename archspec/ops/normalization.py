"""Norms and regularizers: ops that keep the shape and change the statistics."""

from __future__ import annotations

from math import prod
from typing import Any

from archspec.ir.shape import Shape
from archspec.ir.symbolic import as_symbolic
from archspec.ops.axes import FEATURES, SPATIAL, VECTOR
from archspec.ops.op import Family, Op, OpWeight, SavedTensors, WeightInit
from archspec.ops.shapes import ShapeError, bytes_of, divisors, near
from archspec.ops.torch_call import (
    Attributes,
    TorchCall,
    of_axes,
    plain_call,
    written_as,
)
from archspec.signatures.argument_types import BOOLEAN, COUNT, POSITIVE, PROBABILITY
from archspec.signatures.signature import Parameter, Signature


def _per_channel(x: Shape, _y: Shape, *, affine: bool = True, **_: Any) -> int:
    return x.channels if affine else 0


SCALE_AND_SHIFT = (
    OpWeight("weight", _per_channel, WeightInit.UNCHANGED),  # ones
    OpWeight("bias", _per_channel, WeightInit.UNCHANGED),  # zeros
)


def _channel_statistics(_batch: int, x: Shape, _y: Shape, **_: Any) -> int:
    """Count the mean and inverse deviation of each channel over the batch."""
    return bytes_of(2 * x.channels)


def _token_statistics(batch: int, x: Shape, _y: Shape, **_: Any) -> int:
    """Count the mean and inverse deviation of each token or position."""
    return bytes_of(2 * batch * prod(x) // x.channels)


def _group_statistics(
    batch: int, _x: Shape, _y: Shape, *, num_groups: int, **_: Any
) -> int:
    """Count the mean and inverse deviation of each group of each image."""
    return bytes_of(2 * batch * num_groups)


def _instance_statistics(
    batch: int, x: Shape, _y: Shape, *, affine: bool, **_: Any
) -> int:
    """Count the statistics of each channel of each image, and copies of the weights."""
    return bytes_of((2 + affine) * batch * x.channels)


def _root_mean_squares(batch: int, x: Shape, _y: Shape, **_: Any) -> int:
    """Count the inverse root mean square of each token, and the tokens times that."""
    return bytes_of(batch * (prod(x.spatial) + prod(x)))


def _response_sums(batch: int, x: Shape, _y: Shape, **_: Any) -> int:
    """Count what the sums over neighboring channels need, and the divisors."""
    return bytes_of(3 * batch * prod(x))


def group_norm_shape(x: Shape, *, num_groups: int, **_: Any) -> Shape:
    """(C, H, W) -> (C, H, W)."""
    if x.channels % num_groups:
        raise ShapeError(
            "indivisible-groups",
            f"`g` must divide the {x.channels} channels, found {num_groups}",
            "num_groups",
            near(num_groups, divisors(int(x.channels))),
        )
    return x


def instance_norm_shape(x: Shape, **_: Any) -> Shape:
    """(C, H, W) -> (C, H, W)."""
    if prod(x.spatial) == 1:
        raise ShapeError(
            "invalid-argument", "one pixel has no variance to normalize by"
        )
    return x


def _mask(batch: int, x: Shape, _y: Shape, **_: Any) -> int:
    """Count a factor for each value: a float on the CPU, though one byte on CUDA."""
    return bytes_of(batch * prod(x))


def _channel_mask(batch: int, x: Shape, _y: Shape, **_: Any) -> int:
    """Count a factor for each channel of each image."""
    return bytes_of(batch * x.channels)


def _image_mask(batch: int, _x: Shape, _y: Shape, **_: Any) -> int:
    """Count a factor for each image."""
    return bytes_of(batch)


def _group_norm(op: Signature, x: Shape, attributes: Attributes) -> TorchCall:
    call = plain_call(op, "nn.GroupNorm", attributes)
    return call._replace(args=(*call.args, as_symbolic(x.channels)))


def _rms_norm(op: Signature, x: Shape, attributes: Attributes) -> TorchCall:
    call = plain_call(op, "nn.RMSNorm", attributes, (as_symbolic(x.channels),))
    return call._replace(defaults={})  # torch's `eps` depends on the precision


def _layer_norm(op: Signature, x: Shape, attributes: Attributes) -> TorchCall:
    channels = (as_symbolic(x.channels),)
    if x.axes[-1] == "C":
        return plain_call(op, "nn.LayerNorm", attributes, channels)
    call = plain_call(op, "ChannelNorm", attributes, channels)
    dim = as_symbolic(x.channel_axis + 1)
    return call._replace(
        kwargs={**call.kwargs, "dim": dim}, defaults={**call.defaults, "dim": 1}
    )


def _dropout2d(op: Signature, x: Shape, attributes: Attributes) -> TorchCall:
    name = "FeatureDropout" if len(x) == 1 else of_axes("nn.Dropout{n}d", x)
    return plain_call(op, name, attributes)


CHANNEL_NORM = '''
class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels, axis `dim`, at each position by itself.

    Shape:
        [N, num_channels, H, W] -> [N, num_channels, H, W], or with them at `dim`
    """

    def __init__(self, num_channels: int, eps: float = 1e-5, dim: int = 1) -> None:
        super().__init__(num_channels, eps)
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.movedim(self.dim, -1)).movedim(-1, self.dim)
'''

FEATURE_DROPOUT = '''
class FeatureDropout(nn.Dropout2d):
    """Channel dropout of vectors: each feature is a channel of one value.

    Shape:
        [N, C] -> [N, C]
    """

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x[:, :, None, None]).flatten(1)
'''

STOCHASTIC_DEPTH = '''
class StochasticDepth(nn.Module):
    """In training, zero each sample of a branch with probability p (Huang, 2016).

    Shape:
        [N, ...] -> [N, ...]
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        ones = x.new_ones(x.shape[0], *[1] * (x.ndim - 1))
        return x * nn.functional.dropout(ones, self.p)
'''

EPS = Parameter("eps", POSITIVE, 1e-5)
MOMENTUM = Parameter("momentum", PROBABILITY, 0.1)
AFFINE = Parameter("affine", BOOLEAN, default=True)
PROBABILITY_PARAMETER = Parameter("p", PROBABILITY, positional=True)

OPS = (
    Op(
        name="bn",
        about="batch norm: each channel to mean 0 and variance 1 over the batch",
        family=Family.NORMALIZATION,
        parameters=(
            EPS,
            MOMENTUM,
            AFFINE,
        ),
        takes=VECTOR + SPATIAL,
        weights=SCALE_AND_SHIFT,
        saved_for_backward=SavedTensors(input=True, extra_bytes=_channel_statistics),
        torch=written_as("nn.BatchNorm{n}d", channels_first=True),
    ),
    Op(
        name="ln",
        about="layer norm: the features of each token or position to mean 0, variance 1",
        family=Family.NORMALIZATION,
        parameters=(EPS,),
        weights=SCALE_AND_SHIFT,
        saved_for_backward=SavedTensors(input=True, extra_bytes=_token_statistics),
        torch=_layer_norm,
        helper=CHANNEL_NORM,
    ),
    Op(
        name="group_norm",
        about="norm of each of `g` groups of channels to mean 0 and variance 1",
        family=Family.NORMALIZATION,
        parameters=(
            Parameter("num_groups", COUNT, short="g", positional=True),
            EPS,
            AFFINE,
        ),
        takes=VECTOR + SPATIAL,
        shape=group_norm_shape,
        weights=SCALE_AND_SHIFT,
        saved_for_backward=SavedTensors(input=True, extra_bytes=_group_statistics),
        torch=_group_norm,
    ),
    Op(
        name="instance_norm",
        about="norm of each channel of each image to mean 0 and variance 1",
        family=Family.NORMALIZATION,
        parameters=(EPS, MOMENTUM, Parameter("affine", BOOLEAN, default=False)),
        takes=SPATIAL,
        shape=instance_norm_shape,
        weights=SCALE_AND_SHIFT,
        saved_for_backward=SavedTensors(input=True, extra_bytes=_instance_statistics),
        torch=written_as("nn.InstanceNorm{n}d", channels_first=True),
    ),
    Op(
        name="rms_norm",
        about="the features of each token to a mean square of 1",
        family=Family.NORMALIZATION,
        parameters=(Parameter("eps", POSITIVE, 1e-6),),
        takes=FEATURES,
        weights=SCALE_AND_SHIFT[:1],
        saved_for_backward=SavedTensors(input=True, extra_bytes=_root_mean_squares),
        torch=_rms_norm,
    ),
    Op(
        name="lrn",
        about="local response norm: each channel by the `size` channels around it",
        family=Family.NORMALIZATION,
        parameters=(
            Parameter("size", COUNT, positional=True),
            Parameter("alpha", POSITIVE, 1e-4),
            Parameter("beta", POSITIVE, 0.75),
            Parameter("k", POSITIVE, 1.0),
        ),
        takes=SPATIAL,
        saved_for_backward=SavedTensors(input=True, extra_bytes=_response_sums),
        torch=written_as("nn.LocalResponseNorm"),
    ),
    Op(
        name="dropout",
        about="in training, zero each value with probability p",
        family=Family.REGULARIZATION,
        parameters=(PROBABILITY_PARAMETER,),
        saved_for_backward=SavedTensors(extra_bytes=_mask),
        view="inference",
        torch=written_as("nn.Dropout"),
    ),
    Op(
        name="dropout2d",
        about="in training, zero each channel with probability p",
        family=Family.REGULARIZATION,
        parameters=(PROBABILITY_PARAMETER,),
        takes=VECTOR + SPATIAL,
        saved_for_backward=SavedTensors(extra_bytes=_channel_mask),
        view="inference",
        torch=_dropout2d,
        helper=FEATURE_DROPOUT,
    ),
    Op(
        name="stochastic_depth",
        about="in training, zero each image of a branch with probability p",
        family=Family.REGULARIZATION,
        parameters=(PROBABILITY_PARAMETER,),
        saved_for_backward=SavedTensors(extra_bytes=_image_mask),
        view="inference",
        torch=written_as("StochasticDepth"),
        helper=STOCHASTIC_DEPTH,
    ),
)
