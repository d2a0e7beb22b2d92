"""Every op of the language, built of torch alone: archspec is not asked.

An op takes a value and arguments, and gives a layer: a module or a function, and the
axes of what it makes. A shape rule of archspec that is wrong finds no ally here.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.maxvit import RelativePositionalMultiHeadAttention
from torchvision.models.swin_transformer import (
    ShiftedWindowAttention,
    ShiftedWindowAttentionV2,
)
from torchvision.ops import StochasticDepth


class Value(NamedTuple):
    """A tensor with a batch in front, and what its other axes are."""

    tensor: Tensor
    axes: str

    @property
    def axis(self) -> int:
        """The axis of the channels."""
        return 1 + self.axes.index("C")

    @property
    def channels(self) -> int:
        return self.tensor.shape[self.axis]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Those behind the channels."""
        return tuple(self.tensor.shape[2:])

    @property
    def spatial(self) -> int:
        return len(self.axes) - 1


Function = Callable[..., Tensor]
Layer = tuple[Function, str]
OPS: dict[str, Callable[..., Layer]] = {}
LONG = {"k": "kernel_size", "s": "stride", "p": "padding", "d": "dilation", "g": "groups",
        "ceil": "ceil_mode"}  # fmt: skip


def op(build: Callable[..., Layer]) -> Callable[..., Layer]:
    OPS[build.__name__.rstrip("_")] = build
    return build


def of(kind: str, x: Value) -> Any:
    """The class of torch for as many axes: `nn.Conv2d`."""
    return getattr(nn, f"{kind}{max(x.spatial, 1)}d")


def positionals(name: str) -> int | None:
    """How many positional arguments an op takes; None if any number."""
    found = [*signature(OPS[name]).parameters.values()][1:]
    if any(each.kind is Parameter.VAR_POSITIONAL for each in found):
        return None
    return sum(each.kind is Parameter.POSITIONAL_OR_KEYWORD for each in found)


def long(arguments: dict[str, Any]) -> dict[str, Any]:
    return {LONG.get(name, name): value for name, value in arguments.items()}


# --- with weights --------------------------------------------------------------------


@op
def conv(x: Value, out: int, **arguments: Any) -> Layer:
    return of("Conv", x)(x.channels, out, **long(arguments)), x.axes


@op
def conv_transpose(x: Value, out: int, **arguments: Any) -> Layer:
    return of("ConvTranspose", x)(x.channels, out, **long(arguments)), x.axes


@op
def linear(x: Value, out: int, *, bias: bool = True) -> Layer:
    return nn.Linear(x.channels, out, bias), x.axes


class SelfAttention(nn.MultiheadAttention):
    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(x, x, x)[0]


@op
def attention(x: Value, heads: int, *, dropout: float = 0.0) -> Layer:
    return SelfAttention(x.channels, heads, dropout, batch_first=True), x.axes


@op
def dot_product_attention(
    x: Value, heads: int, *, keys: int, dropout: float = 0.0
) -> Layer:
    del dropout  # in training only

    def attend(x: Tensor) -> Tensor:
        outputs = []
        queries, values = keys // heads, (x.shape[2] - 2 * keys) // heads
        for head in range(heads):
            q = x.narrow(2, head * queries, queries)
            k = x.narrow(2, keys + head * queries, queries)
            v = x.narrow(2, 2 * keys + head * values, values)
            scores = torch.einsum("nqc,nkc->nqk", q, k) / queries**0.5
            outputs.append(scores.softmax(2) @ v)
        return torch.cat(outputs, 2)

    return attend, x.axes


def in_windows(kind: Any, x: Value, heads: int, window: int, shift: int) -> Layer:
    return kind(x.channels, [window] * 2, [shift] * 2, heads), x.axes


@op
def window_attention(x: Value, heads: int, *, window: int, shift: int = 0) -> Layer:
    return in_windows(ShiftedWindowAttention, x, heads, window, shift)


@op
def window_attention_v2(x: Value, heads: int, *, window: int, shift: int = 0) -> Layer:
    return in_windows(ShiftedWindowAttentionV2, x, heads, window, shift)


@op
def relative_attention(x: Value, head_dim: int) -> Layer:
    positions = x.tensor.shape[2]
    module = RelativePositionalMultiHeadAttention(x.channels, head_dim, positions)
    return module, x.axes


class Bare(nn.Module):
    """A layer that is one parameter."""

    def __init__(self, own: nn.ParameterList, meet: Function) -> None:
        super().__init__()
        self.own, self.meet = own, meet

    def forward(self, x: Tensor) -> Tensor:
        return self.meet(x)


@op
def class_token(x: Value) -> Layer:
    module = nn.ParameterList([torch.zeros(1, 1, x.channels)])
    return Bare(
        module, lambda y: torch.cat([module[0].expand(len(y), -1, -1), y], 1)
    ), x.axes


@op
def position_embedding(x: Value) -> Layer:
    module = nn.ParameterList([torch.zeros(1, *x.tensor.shape[1:])])
    return Bare(module, lambda y: y + module[0]), x.axes


@op
def layer_scale(x: Value, init: float) -> Layer:
    size = [x.channels] + [1] * (x.tensor.ndim - 1 - x.axis)
    module = nn.ParameterList([torch.full(size, float(init))])
    return Bare(module, lambda y: y * module[0]), x.axes


# --- norms ---------------------------------------------------------------------------


@op
def bn(x: Value, **arguments: Any) -> Layer:
    return of("BatchNorm", x)(x.channels, **arguments), x.axes


class ChannelNorm(nn.LayerNorm):
    """A layer norm over the channels, wherever they are."""

    axis: int

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.movedim(self.axis, -1)).movedim(-1, self.axis)


@op
def ln(x: Value, *, eps: float = 1e-5) -> Layer:
    module = ChannelNorm(x.channels, eps=eps)
    module.axis = x.axis
    return module, x.axes


@op
def group_norm(x: Value, groups: int, **arguments: Any) -> Layer:
    return nn.GroupNorm(groups, x.channels, **arguments), x.axes


@op
def instance_norm(x: Value, **arguments: Any) -> Layer:
    return of("InstanceNorm", x)(x.channels, **arguments), x.axes


@op
def rms_norm(x: Value, *, eps: float = 1e-6) -> Layer:
    return nn.RMSNorm(x.channels, eps), x.axes


@op
def lrn(x: Value, size: int, **arguments: Any) -> Layer:
    return nn.LocalResponseNorm(size, **arguments), x.axes


# --- activations ---------------------------------------------------------------------


def activation(name: str, kind: Any) -> None:
    OPS[name] = lambda x, **arguments: (kind(**arguments), x.axes)


for name, kind in {
    "relu": nn.ReLU, "relu6": nn.ReLU6, "leaky_relu": nn.LeakyReLU, "elu": nn.ELU,
    "selu": nn.SELU, "gelu": nn.GELU, "silu": nn.SiLU, "mish": nn.Mish,
    "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "softplus": nn.Softplus, "celu": nn.CELU,
    "hardswish": nn.Hardswish, "softsign": nn.Softsign, "hardtanh": nn.Hardtanh,
    "logsigmoid": nn.LogSigmoid, "hardsigmoid": nn.Hardsigmoid, "identity": nn.Identity,
}.items():  # fmt: skip
    activation(name, kind)


@op
def prelu(x: Value, *, init: float = 0.25) -> Layer:
    return nn.PReLU(init=init), x.axes


@op
def softmax(x: Value) -> Layer:
    return nn.Softmax(x.axis), x.axes


@op
def log_softmax(x: Value) -> Layer:
    return nn.LogSoftmax(x.axis), x.axes


@op
def glu(x: Value) -> Layer:
    return nn.GLU(x.axis), x.axes


@op
def affine(x: Value, scale: Any, shift: Any) -> Layer:
    size = [1] * x.tensor.ndim
    size[x.axis] = -1
    a, b = torch.tensor(scale).view(size), torch.tensor(shift).view(size)
    return lambda y: a * y + b, x.axes


@op
def dropout(x: Value, p: float) -> Layer:
    return nn.Dropout(p), x.axes


@op
def dropout2d(x: Value, p: float) -> Layer:
    return nn.Dropout2d(p), x.axes


@op
def stochastic_depth(x: Value, p: float) -> Layer:
    return StochasticDepth(p, "row"), x.axes


# --- size ----------------------------------------------------------------------------

SMOOTH = {1: "linear", 2: "bilinear", 3: "trilinear"}


@op
def maxpool(x: Value, k: Any, **arguments: Any) -> Layer:
    return of("MaxPool", x)(k, **long(arguments)), x.axes


@op
def avgpool(x: Value, k: Any, **arguments: Any) -> Layer:
    return of("AvgPool", x)(k, **long(arguments)), x.axes


@op
def adaptive_avgpool(x: Value, size: Any) -> Layer:
    return of("AdaptiveAvgPool", x)(size), x.axes


@op
def adaptive_maxpool(x: Value, size: Any) -> Layer:
    return of("AdaptiveMaxPool", x)(size), x.axes


@op
def global_avgpool(x: Value) -> Layer:
    axes = [*range(2, x.tensor.ndim)]
    return lambda y: y.mean(axes, keepdim=True), x.axes


@op
def global_maxpool(x: Value) -> Layer:
    axes = [*range(2, x.tensor.ndim)]
    return lambda y: y.amax(axes, keepdim=True), x.axes


def interpolated(x: Value, mode: str, *, align_corners: bool, **target: Any) -> Layer:
    if mode == "bilinear":
        mode = SMOOTH[x.spatial]
    corners = None if mode == "nearest" else align_corners
    return lambda y: functional.interpolate(
        y, mode=mode, align_corners=corners, **target
    ), x.axes


@op
def upsample(
    x: Value, factor: Any, *, mode: str = "nearest", align_corners: bool = False
) -> Layer:
    return interpolated(x, mode, align_corners=align_corners, scale_factor=factor)


@op
def resize(
    x: Value, size: Any, *, mode: str = "bilinear", align_corners: bool = False
) -> Layer:
    return interpolated(x, mode, align_corners=align_corners, size=size)


@op
def resize_like(
    x: Value, label: Value, *, mode: str = "bilinear", align_corners: bool = False
) -> Layer:
    return interpolated(x, mode, align_corners=align_corners, size=label.sizes)


@op
def pad(x: Value, p: Any, *, mode: str = "zeros", value: float = 0) -> Layer:
    sides = [p] * (2 * x.spatial) if isinstance(p, int) else [*p]
    mode = {"zeros": "constant"}.get(mode, mode)
    return lambda y: functional.pad(y, sides, mode, value or None), x.axes


@op
def crop(x: Value, h: int, w: int) -> Layer:
    def cut(y: Tensor) -> Tensor:
        top, left = (y.shape[2] - h) // 2, (y.shape[3] - w) // 2
        return y[:, :, top : top + h, left : left + w]

    return cut, x.axes


@op
def crop_like(x: Value, label: Value) -> Layer:
    def cut(y: Tensor) -> Tensor:
        for axis, size in enumerate(label.sizes, 2):
            first = (y.shape[axis] - size) // 2
            y = y.index_select(axis, torch.arange(first, first + size))
        return y

    return cut, x.axes


@op
def pad_like(x: Value, label: Value) -> Layer:
    def padded(y: Tensor) -> Tensor:
        for axis, size in enumerate(label.sizes, 2):
            before = (size - y.shape[axis]) // 2
            after = size - y.shape[axis] - before
            zeros = torch.zeros_like(y.narrow(axis, 0, 1))
            y = torch.cat([zeros] * before + [y] + [zeros] * after, axis)
        return y

    return padded, x.axes


@op
def pixel_shuffle(x: Value, r: int) -> Layer:
    return nn.PixelShuffle(r), x.axes


@op
def pixel_unshuffle(x: Value, r: int) -> Layer:
    return nn.PixelUnshuffle(r), x.axes


@op
def space_to_depth(x: Value, r: int) -> Layer:
    def gathered(y: Tensor) -> Tensor:
        y = y.movedim(x.axis, 1)
        y = functional.pad(y, (0, -y.shape[3] % r, 0, -y.shape[2] % r))
        parts = [y[:, :, i::r, j::r] for j in range(r) for i in range(r)]
        return torch.cat(parts, 1).movedim(1, x.axis)

    return gathered, x.axes


# --- axes and channels ---------------------------------------------------------------


@op
def flatten(_x: Value) -> Layer:
    return nn.Flatten(), "C"


@op
def tokens(_x: Value) -> Layer:
    return lambda y: y.reshape(*y.shape[:2], -1).mT, "LC"


@op
def permute(x: Value, *dims: int) -> Layer:
    return lambda y: y.permute(dims), "".join(x.axes[dim - 1] for dim in dims[1:])


@op
def transpose(x: Value) -> Layer:
    return lambda y: y.mT, x.axes


@op
def mean(x: Value, dim: int) -> Layer:
    return lambda y: y.mean(dim), x.axes[: dim - 1] + x.axes[dim:]


@op
def pad_channels(x: Value, out: int) -> Layer:
    missing = out - x.channels
    return lambda y: torch.cat([y, torch.zeros_like(y[:, :1])] + [torch.zeros_like(y[:, :1])] * (missing - 1), 1) if missing else y, x.axes  # fmt: skip


@op
def channel_shuffle(x: Value, groups: int) -> Layer:
    order = torch.arange(x.channels).view(groups, -1).T.flatten()
    return lambda y: y.index_select(x.axis, order), x.axes


@op
def chunk(x: Value, n: int, i: int) -> Layer:
    return lambda y: y.chunk(n, x.axis)[i], x.axes


@op
def slice_(x: Value, start: int, stop: int) -> Layer:
    return lambda y: y.index_select(x.axis, torch.arange(start, stop)), x.axes


@op
def unflatten(_x: Value, c: int, h: int, w: int) -> Layer:
    return lambda y: y.view(-1, c, h, w), "CHW"


@op
def image(_x: Value, h: int, w: int) -> Layer:
    return lambda y: y.mT.reshape(len(y), -1, h, w), "CHW"


@op
def select(_x: Value, i: int) -> Layer:
    return lambda y: y[:, i], "C"


@op
def partition(_x: Value, size: int, *, grid: bool = False) -> Layer:
    def parts(y: Tensor) -> Tensor:
        height, width = y.shape[2] // size, y.shape[3] // size
        if grid:
            windows = [y[:, :, i::height, j::width]
                       for i in range(height) for j in range(width)]  # fmt: skip
        else:
            windows = [y[:, :, i * size : (i + 1) * size, j * size : (j + 1) * size]
                       for i in range(height) for j in range(width)]  # fmt: skip
        return torch.stack([window.flatten(2).mT for window in windows], 1)

    return parts, "PLC"


def unpartitioned(
    y: Tensor, height: int, width: int, size: int, *, grid: bool
) -> Tensor:
    """The image whose parts these are, found by doing the same with its positions."""
    positions = torch.arange(height * width).view(1, 1, height, width)
    function, _ = partition(Value(positions, "CHW"), size, grid=grid)
    order = function(positions).flatten().argsort()
    return y.flatten(1, 2)[:, order].mT.reshape(len(y), -1, height, width)
