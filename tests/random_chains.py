"""Random chains, by the axes of what goes by: every op, and then the same sizes again.

A chain is a template: `[n]` is a number of channels, `[even]` twice one, `[size]` the
sizes behind the channels, `[area]` their product, `[wide n]` a layer with n channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod


@dataclass(frozen=True)
class Kind:
    """What goes by in a program: its axes, and the sizes that every step keeps."""

    axes: str
    sizes: tuple[int, ...]

    @property
    def is_spatial(self) -> bool:
        return self.axes[0] == "C" and bool(self.sizes)

    @property
    def size(self) -> str:
        """The sizes as an argument."""
        text = ", ".join(map(str, self.sizes))
        return f"({text})" if len(self.sizes) > 1 else text

    @property
    def area(self) -> int:
        return prod(self.sizes)

    def input(self, channels: int) -> str:
        """The shape of an input; tokens come from a signal."""
        return "x".join(map(str, (channels, *self.sizes)))


KINDS = {
    "CHW": Kind("CHW", (6, 5)),
    "CL": Kind("CL", (6,)),
    "CDHW": Kind("CDHW", (3, 4, 3)),
    "LC": Kind("LC", (6,)),
    "C": Kind("C", ()),
}

ACTIVATIONS = [
    "relu", "relu6", "leaky_relu", "leaky_relu(negative_slope=0.1)", "prelu", "elu",
    "elu(alpha=0.5)", "selu", "gelu", "gelu(approximate=tanh)", "silu", "mish", "sigmoid",
    "tanh", "softplus", "hardswish", "celu", "softsign", "hardtanh(min_val=-0.5)",
    "logsigmoid", "softmax", "log_softmax", "hardsigmoid",
]  # fmt: skip
ANYWHERE = [
    "identity", "dropout(0.1)", "stochastic_depth(0.1)", "affine(2.0, -0.5)",
    "layer_scale(0.5)", "layer_scale(1)", "[wide even] | glu",
    "[wide even] | channel_shuffle(2)", "[wide even] | chunk(2, 1)",
    "[wide n + 1] | slice(1, ch)", "[wide 3] | affine((1, 2.5, 3), (0, 1, 0.5))",
    "[wide n] | layer_scale(0.5) | relu",
]  # fmt: skip
SPATIAL = [
    "bn", "bn(eps=1e-3, momentum=0.2)", "bn(affine=false)", "ln", "ln(eps=1e-3)",
    "[wide even] | group_norm(2)", "instance_norm", "instance_norm(affine=true)",
    "lrn(3)", "lrn(2, alpha=0.1)", "maxpool(3, s=1, p=1)", "avgpool(3, s=1, p=1)",
    "maxpool(2, ceil=true) | resize([size], mode=nearest)", "adaptive_avgpool([size])",
    "avgpool(3, s=1, p=1, count_include_pad=false)", "adaptive_maxpool([size])",
    "global_avgpool | [wide n] | resize([size])", "global_maxpool | upsample([size])",
    "pad(1) | conv([n], k=3)", "pad(1, mode=reflect) | conv([n], k=3, bias=false)",
    "pad(1, value=0.5) | maxpool(3, s=1)", "pad(1, mode=replicate) | avgpool(3, s=1)",
    "conv([n], k=3, s=2, p=1) | resize([size], align_corners=true)",
    "conv_transpose([n], k=3, p=1)", "[wide even] | conv_transpose([even], k=3, p=1, g=2)",
    "conv(ch, k=3, p=1, g=ch)", "conv([n], k=3, p=2, d=2)", "dropout2d(0.1)",
    "conv([n], k=3, p=1, padding_mode=circular)", "conv(ch, [n], k=1)",
    "conv(ch + 1, k=1) | relu", "global_avgpool | conv([n], k=1) | upsample([size])",
]  # fmt: skip
OF_AXES = {
    "CHW": [
        "pad_channels(ch + 1)", "pad(1) | crop(6, 5)", "pad((0, 1, 2, 0)) | crop(6, 5)",
        "conv(4 * ([n]), k=1) | pixel_shuffle(2) | [wide n] | pixel_unshuffle(2)",
        "space_to_depth(2) | conv([n], k=1) | upsample(2) | crop(6, 5)",
        "upsample((2, 1.5), mode=bilinear) | crop(6, 5)",
        "tokens | linear([even]) | attention(2) | image(6, 5)",
        "tokens | linear(8) | dot_product_attention(2, keys=2) | image(6, 5)",
        "tokens | position_embedding | ln | image(6, 5)",
        "tokens | transpose | linear(30) | transpose | image(6, 5)",
        "tokens | class_token | select(0) | linear(30) | unflatten(1, 6, 5)",
        "permute(0, 2, 3, 1) | linear([even]) | window_attention(2, window=3, shift=1) | permute(0, 3, 1, 2)",
        "permute(0, 2, 3, 1) | linear([even]) | window_attention(1, window=7, shift=2) | permute(0, 3, 1, 2)",
        "permute(0, 2, 3, 1) | linear([even]) | window_attention_v2(2, window=2) | permute(0, 3, 1, 2)",
        "permute(0, 2, 3, 1) | rms_norm | space_to_depth(1) | permute(0, 3, 1, 2)",
        "pad((0, 1, 0, 0)) | conv([even], k=1) | partition(3) | relative_attention(2) | unpartition | crop(6, 5)",
        "pad((0, 1, 0, 0)) | partition(2, grid=true) | linear([n]) | relative_attention(1) | unpartition | crop(6, 5)",
        "mean(2) | flatten | linear(30) | unflatten(1, 6, 5)",
        "flatten | linear(30, bias=false) | unflatten(1, 6, 5)",
        "conv([n], k=(3, 1), p=(1, 0))", "conv([n], k=3, p=1) -> [_, 6, 5]",
    ],
    "CL": [
        "tokens | linear([even]) | attention(2) | permute(0, 2, 1)",
        "tokens | position_embedding | transpose | linear(6) | transpose | permute(0, 2, 1)",
        "mean(2) | linear(6) | unflatten(1, 1, 6) | tokens | permute(0, 2, 1)", "conv([n], k=3, p=1) -> [_, 6]",
    ],
    "CDHW": ["upsample(2) | maxpool(2)", "conv([n], k=(1, 3, 1), p=(0, 1, 0))"],
    "LC": [
        "ln", "rms_norm", "rms_norm(eps=1e-3)", "[wide even] | attention(2)",
        "[wide 8] | dot_product_attention(2, keys=2)", "position_embedding", "linear(ch, [n])",
        "class_token | transpose | linear(6) | transpose", "linear([n], bias=false)",
        "permute(0, 2, 1) | conv([n], k=3, p=1) | permute(0, 2, 1)", "linear([n]) -> [6, _]",
    ],
    "C": [
        "bn", "ln", "rms_norm", "[wide even] | group_norm(2, affine=false)", "linear(ch, [n])",
        "linear(12) | unflatten(3, 2, 2) | conv([n], k=1) | flatten", "dropout2d(0.1)",
        "linear([n]) -> [_]",
    ],
}  # fmt: skip


def templates(kind: Kind) -> list[list[str]]:
    """The chains for an axes, in groups of which each is as likely as the others."""
    groups = [ACTIVATIONS, ANYWHERE, OF_AXES[kind.axes]]
    return [*groups, SPATIAL] if kind.is_spatial else groups
