"""Attention, as vision transformers have it: over tokens, in windows, in partitions."""

from __future__ import annotations

from math import gcd, isqrt
from typing import Any

from archspec.ir.shape import Shape
from archspec.ir.symbolic import as_symbolic
from archspec.ops.axes import TOKENS
from archspec.ops.op import (
    CountRule,
    Family,
    Op,
    OpWeight,
    SavedTensors,
    ShapeRule,
    WeightInit,
)
from archspec.ops.shapes import ShapeError, bytes_of, divisors, near
from archspec.ops.torch_call import Attributes, TorchCall, plain_call, written_as
from archspec.signatures.argument_types import COUNT, NATURAL, PROBABILITY
from archspec.signatures.signature import Parameter, Signature

HIDDEN = 512  # features of the network that makes Swin v2's position bias


def _check_divides(heads: int, x: Shape, parameter: str) -> None:
    if x.channels % heads:
        raise ShapeError(
            "invalid-argument",
            f"`{parameter}` must divide the {x.channels} channels, found {heads}",
            parameter,
            near(heads, divisors(int(x.channels))),
        )


def attention_shape(x: Shape, *, heads: int, **_: Any) -> Shape:
    """(L, C) -> (L, C)."""
    _check_divides(heads, x, "heads")
    return x


def dot_product_shape(x: Shape, *, heads: int, keys: int, **_: Any) -> Shape:
    """(L, keys + keys + C) -> (L, C)."""
    values = x.channels - 2 * keys
    if values < 1:
        raise ShapeError(
            "invalid-argument",
            f"`keys` must leave some of the {x.channels} channels to the values, "
            f"found 2 * {keys}",
            "keys",
        )
    for what, count in (("keys", keys), ("values", values)):
        if count % heads:
            raise ShapeError(
                "invalid-argument",
                f"`heads` must divide the {count} channels of the {what}, found {heads}",
                "heads",
                near(heads, divisors(gcd(keys, values))),
            )
    return x.with_channels(values)


def window_shape(x: Shape, *, heads: int, window: int, shift: int) -> Shape:
    """(H, W, C) -> (H, W, C): it is padded to whole windows, and cut again."""
    _check_divides(heads, x, "heads")
    if shift >= window:
        raise ShapeError(
            "invalid-argument",
            f"`shift` must be less than the window, {window}, found {shift}",
            "shift",
        )
    return x


def window_v2_shape(x: Shape, *, heads: int, window: int, shift: int) -> Shape:
    """(H, W, C) -> (H, W, C); positions are relative to the window's size."""
    if window == 1:
        raise ShapeError(
            "invalid-argument", "a window of one position has no others", "window"
        )
    return window_shape(x, heads=heads, window=window, shift=shift)


def relative_shape(x: Shape, *, head_dim: int) -> Shape:
    """(P, L, C) -> (P, L, C), where L is a square."""
    _check_divides(head_dim, x, "head_dim")
    if isqrt(x[1]) ** 2 != x[1]:
        raise ShapeError(
            "invalid-argument", f"expected square windows, found {x[1]} positions"
        )
    return x


def _attention_macs(tokens: int, channels: int) -> int:
    """Count the projections of some tokens and the two matrix products among them."""
    return 4 * tokens * channels**2 + 2 * tokens**2 * channels


def attention_macs(x: Shape, _y: Shape, **_: Any) -> int:
    """Count the projections and matrix products of all tokens."""
    return _attention_macs(x[0], x.channels)


def dot_product_macs(x: Shape, y: Shape, *, keys: int, **_: Any) -> int:
    """Count the two matrix products; the projections are layers of their own."""
    return x[0] ** 2 * (keys + y.channels)


def _windows(x: Shape, window: int) -> int:
    """Count the windows of a padded image."""
    return -(-x[0] // window) * -(-x[1] // window)


def window_macs(x: Shape, _y: Shape, *, window: int, **_: Any) -> int:
    """Count each window's attention, the padding included."""
    return _windows(x, window) * _attention_macs(window**2, x.channels)


def window_v2_macs(x: Shape, y: Shape, *, heads: int, window: int, **_: Any) -> int:
    """Count the network that makes the position bias too."""
    bias = (2 * window - 1) ** 2 * HIDDEN * (2 + heads)
    return window_macs(x, y, window=window) + bias


def relative_macs(x: Shape, _y: Shape, **_: Any) -> int:
    """Count the attention of each partition."""
    return x[0] * _attention_macs(x[1], x.channels)


def _weights(*weights: tuple[str, CountRule, WeightInit]) -> tuple[OpWeight, ...]:
    return tuple(OpWeight(*weight) for weight in weights)


def _linear(
    name: str, inputs: int, outputs: int
) -> tuple[tuple[str, CountRule, WeightInit], ...]:
    """The weight and bias of a projection between multiples of the channels."""

    def weight(x: Shape, _y: Shape, **_: Any) -> int:
        return inputs * outputs * x.channels**2

    def bias(x: Shape, _y: Shape, **_: Any) -> int:
        return outputs * x.channels

    return (
        (f"{name}weight", weight, WeightInit.DRAWN),
        (f"{name}bias", bias, WeightInit.ZEROED),
    )


def _table(_x: Shape, _y: Shape, *, heads: int, window: int, **_: Any) -> int:
    return (2 * window - 1) ** 2 * heads


def _relative_table(x: Shape, _y: Shape, *, head_dim: int) -> int:
    return (2 * isqrt(x[1]) - 1) ** 2 * (x.channels // head_dim)


def _saved(batch: int, x: Shape, heads: int, windows: int, tokens: int) -> int:
    """Count queries, keys, values, what they give, and the weights of each pair."""
    return bytes_of(
        batch * windows * (4 * tokens * x.channels + heads * tokens * tokens)
    )


def _attention_saved(batch: int, x: Shape, _y: Shape, *, heads: int, **_: Any) -> int:
    return _saved(batch, x, heads, 1, x[0])


def _dot_product_saved(batch: int, x: Shape, y: Shape, *, heads: int, **_: Any) -> int:
    """Count what `_saved` counts; queries, keys and values are the input."""
    return bytes_of(batch * x[0] * (y.channels + heads * x[0]))


def _window_saved(
    batch: int, x: Shape, _y: Shape, *, heads: int, window: int, **_: Any
) -> int:
    return _saved(batch, x, heads, _windows(x, window), window**2)


def _relative_saved(batch: int, x: Shape, _y: Shape, *, head_dim: int) -> int:
    return _saved(batch, x, x.channels // head_dim, x[0], x[1])


SELF_ATTENTION = '''
class SelfAttention(nn.MultiheadAttention):
    """Each token attends to all of them.

    Shape:
        [N, L, embed_dim] -> [N, L, embed_dim]
    """

    def __init__(self, embed_dim: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__(embed_dim, heads, dropout, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        result, _ = super().forward(x, x, x, need_weights=False)
        return result
'''

DOT_PRODUCT_ATTENTION = '''
class DotProductAttention(nn.Module):
    """Attention among tokens whose channels are their queries, keys and values.

    Shape:
        [N, L, 2 * keys + C] -> [N, L, C]
    """

    def __init__(self, heads: int, *, keys: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads, self.keys, self.dropout = heads, keys, dropout

    def forward(self, x: Tensor) -> Tensor:
        sizes = [self.keys, self.keys, x.shape[2] - 2 * self.keys]
        parts = x.split_with_sizes(sizes, dim=2)
        query, key, value = [
            torch.unflatten(part, 2, (self.heads, -1)).transpose(1, 2) for part in parts
        ]
        dropout = self.dropout if self.training else 0.0
        x = nn.functional.scaled_dot_product_attention(
            query, key, value, dropout_p=dropout
        )
        return x.transpose(1, 2).flatten(2)
'''

WINDOW_ATTENTION = '''
class WindowAttention(nn.Module):
    """Attention within the windows of an image, cyclically shifted (Liu, 2021).

    Shape:
        [N, H, W, embed_dim] -> [N, H, W, embed_dim]
    """

    relative_position_index: Tensor

    def __init__(
        self, embed_dim: int, heads: int, *, window: int, shift: int = 0
    ) -> None:
        super().__init__()
        self.heads, self.window, self.shift = heads, window, shift
        self.qkv = nn.Linear(embed_dim, 3 * embed_dim)
        self.proj = nn.Linear(embed_dim, embed_dim)
        self.add_position_bias()
        rows, columns = torch.meshgrid(*[torch.arange(window)] * 2, indexing="ij")
        rows, columns = rows.flatten(), columns.flatten()
        down = rows[:, None] - rows + window - 1
        right = columns[:, None] - columns + window - 1
        index = down * (2 * window - 1) + right
        self.register_buffer("relative_position_index", index.flatten())

    def add_position_bias(self) -> None:
        table = torch.zeros((2 * self.window - 1) ** 2, self.heads)
        self.relative_position_bias_table = nn.Parameter(table)
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def position_bias(self) -> Tensor:
        bias = self.relative_position_bias_table[self.relative_position_index]
        return bias.view(self.window**2, self.window**2, -1).permute(2, 0, 1)

    def project(self, x: Tensor) -> Tensor:
        qkv: Tensor = self.qkv(x)
        return qkv

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        scores: Tensor = query * query.shape[-1] ** -0.5 @ key.transpose(-2, -1)
        return scores

    def forward(self, x: Tensor) -> Tensor:
        height, width, channels = x.shape[1:]
        size, area = self.window, self.window**2
        x = nn.functional.pad(x, (0, 0, 0, -width % size, 0, -height % size))
        padded = [*x.shape[1:3]]
        # A window that covers an axis is not shifted along it.
        shift = [self.shift if length > size else 0 for length in padded]
        x = x.roll([-shift[0], -shift[1]], (1, 2))
        x = torch.unflatten(torch.unflatten(x, 2, (-1, size)), 1, (-1, size))
        x = x.transpose(2, 3)
        grid = x.shape[1:3]
        x = x.reshape(-1, area, channels)
        qkv = torch.unflatten(self.project(x), 2, (3, self.heads, -1))
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        scores = self.scores(query, key) + self.position_bias()
        if any(shift):
            mask = self.mask(padded, shift, x)
            scores = torch.unflatten(scores, 0, (-1, len(mask))) + mask[:, None]
            scores = scores.flatten(0, 1)
        x = (scores.softmax(-1) @ value).transpose(1, 2).flatten(2)
        x = self.proj(x).view(-1, *grid, size, size, channels)
        x = x.transpose(2, 3).flatten(3, 4).flatten(1, 2)
        x = x.roll(shift, (1, 2))
        return x[:, :height, :width].contiguous()

    def mask(self, padded: list[int], shift: list[int], x: Tensor) -> Tensor:
        """-100 between positions that are no neighbors in the image."""
        size, regions = self.window, []
        for length, moved in zip(padded, shift):
            position = torch.arange(length, device=x.device)
            last = (position >= length - size).long()
            regions.append(last + (position >= length - moved))
        region = 3 * regions[0][:, None] + regions[1]
        region = torch.unflatten(region, 1, (-1, size))
        region = torch.unflatten(region, 0, (-1, size))
        region = region.transpose(1, 2).reshape(-1, size * size)
        differs = region[:, None] != region[:, :, None]
        return differs.to(x.dtype) * -100.0
'''

WINDOW_ATTENTION_V2 = '''
class WindowAttentionV2(WindowAttention):
    """Attention by cosine, with a position bias from a small network (Liu, 2022).

    Shape:
        [N, H, W, embed_dim] -> [N, H, W, embed_dim]
    """

    def __init__(
        self, embed_dim: int, heads: int, *, window: int, shift: int = 0
    ) -> None:
        super().__init__(embed_dim, heads, window=window, shift=shift)
        nn.init.zeros_(self.qkv.bias[embed_dim : 2 * embed_dim])
        self.logit_scale = nn.Parameter(torch.full((heads, 1, 1), 10.0).log())

    def add_position_bias(self) -> None:
        offsets = torch.arange(1.0 - self.window, self.window) / (self.window - 1)
        offsets = offsets.sign() * (8 * offsets.abs() + 1).log2() / 3
        table = torch.stack(torch.meshgrid(offsets, offsets, indexing="ij"), dim=-1)
        self.register_buffer("relative_coords_table", table[None])
        self.cpb_mlp = nn.Sequential(
            nn.Linear(2, 512), nn.ReLU(), nn.Linear(512, self.heads, bias=False)
        )

    def position_bias(self) -> Tensor:
        bias: Tensor = self.cpb_mlp(self.relative_coords_table).view(-1, self.heads)
        bias = bias[self.relative_position_index]
        bias = bias.view(self.window**2, self.window**2, -1).permute(2, 0, 1)
        return 16 * bias.sigmoid()

    def project(self, x: Tensor) -> Tensor:
        """The keys have no bias."""
        query, key, value = self.qkv.bias.chunk(3)
        bias = torch.cat([query, torch.zeros_like(key), value])
        return nn.functional.linear(x, self.qkv.weight, bias)

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        query = nn.functional.normalize(query, dim=-1)
        key = nn.functional.normalize(key, dim=-1)
        scale = self.logit_scale.clamp(max=4.605170185988092).exp()  # at most 100
        return query @ key.transpose(-2, -1) * scale
'''

RELATIVE_ATTENTION = '''
class RelativeAttention(nn.Module):
    """Attention within square windows of L positions, with a position bias.

    Shape:
        [N, P, L, embed_dim] -> [N, P, L, embed_dim]
    """

    relative_position_index: Tensor

    def __init__(self, embed_dim: int, head_dim: int, size: int) -> None:
        super().__init__()
        self.heads = embed_dim // head_dim
        self.to_qkv = nn.Linear(embed_dim, 3 * embed_dim)
        self.merge = nn.Linear(embed_dim, embed_dim)
        table = torch.zeros((2 * size - 1) ** 2, self.heads)
        self.relative_position_bias_table = nn.Parameter(table)
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)
        rows, columns = torch.meshgrid(*[torch.arange(size)] * 2, indexing="ij")
        rows, columns = rows.flatten(), columns.flatten()
        down = rows[:, None] - rows + size - 1
        right = columns[:, None] - columns + size - 1
        index = down * (2 * size - 1) + right
        self.register_buffer("relative_position_index", index)

    def forward(self, x: Tensor) -> Tensor:
        qkv = torch.unflatten(self.to_qkv(x), 3, (3, self.heads, -1))
        query, key, value = qkv.permute(3, 0, 1, 4, 2, 5)
        scores = query @ (key * x.shape[-1] ** -0.5).transpose(-2, -1)
        bias = self.relative_position_bias_table[self.relative_position_index]
        weights = (scores + bias.permute(2, 0, 1)).softmax(-1)
        x = self.merge((weights @ value).transpose(2, 3).flatten(3))
        return x
'''


def _relative(op: Signature, x: Shape, attributes: Attributes) -> TorchCall:
    call = plain_call(op, "RelativeAttention", attributes, (as_symbolic(x.channels),))
    return call._replace(args=(*call.args, as_symbolic(isqrt(x[1]))))


HEADS = Parameter("heads", COUNT, positional=True)
QKV = _linear("qkv.", 1, 3)
PROJECTION = _linear("proj.", 1, 1)


def _window_attention(
    name: str,
    torch: str,
    about: str,
    helper: str,
    shape: ShapeRule,
    macs: CountRule,
    *weights: tuple[str, CountRule, WeightInit],
) -> Op:
    return Op(
        name=name,
        about=about,
        family=Family.ATTENTION,
        parameters=(HEADS, Parameter("window", COUNT), Parameter("shift", NATURAL, 0)),
        takes=("HWC",),
        shape=shape,
        weights=_weights(*QKV, *PROJECTION, *weights),
        macs=macs,
        saved_for_backward=SavedTensors(input=True, extra_bytes=_window_saved),
        torch=written_as(torch, channels_first=True),
        helper=helper,
    )


OPS = (
    Op(
        name="attention",
        about="multi-head self-attention: each token attends to all of them",
        family=Family.ATTENTION,
        parameters=(HEADS, Parameter("dropout", PROBABILITY, 0.0)),
        takes=TOKENS,
        shape=attention_shape,
        weights=_weights(*_linear("in_proj_", 1, 3), *_linear("out_proj.", 1, 1)),
        macs=attention_macs,
        saved_for_backward=SavedTensors(input=True, extra_bytes=_attention_saved),
        torch=written_as("SelfAttention", channels_first=True),
        helper=SELF_ATTENTION,
    ),
    Op(
        name="dot_product_attention",
        about="attention among tokens whose channels are queries, keys and values",
        family=Family.ATTENTION,
        parameters=(
            HEADS,
            Parameter("keys", COUNT),
            Parameter("dropout", PROBABILITY, 0.0),
        ),
        takes=TOKENS,
        shape=dot_product_shape,
        macs=dot_product_macs,
        saved_for_backward=SavedTensors(input=True, extra_bytes=_dot_product_saved),
        torch=written_as("DotProductAttention"),
        helper=DOT_PRODUCT_ATTENTION,
    ),
    _window_attention(
        "window_attention",
        "WindowAttention",
        "attention within windows of an image, channels last, as in Swin",
        WINDOW_ATTENTION,
        window_shape,
        window_macs,
        ("relative_position_bias_table", _table, WeightInit.UNCHANGED),
    ),
    _window_attention(
        "window_attention_v2",
        "WindowAttentionV2",
        "attention within windows by cosine, as in Swin v2",
        f"{WINDOW_ATTENTION}\n{WINDOW_ATTENTION_V2}",
        window_v2_shape,
        window_v2_macs,
        (
            "logit_scale",
            lambda _x, _y, *, heads, **_: heads,
            WeightInit.UNCHANGED,
        ),
        ("cpb_mlp.0.weight", lambda *_, **__: 2 * HIDDEN, WeightInit.DRAWN),
        ("cpb_mlp.0.bias", lambda *_, **__: HIDDEN, WeightInit.ZEROED),
        (
            "cpb_mlp.2.weight",
            lambda _x, _y, *, heads, **_: heads * HIDDEN,
            WeightInit.DRAWN,
        ),
    ),
    Op(
        name="relative_attention",
        about="attention within each window of a `partition`, as in MaxViT",
        family=Family.ATTENTION,
        parameters=(Parameter("head_dim", COUNT, positional=True),),
        takes=("PLC",),
        shape=relative_shape,
        weights=_weights(
            *_linear("to_qkv.", 1, 3),
            *_linear("merge.", 1, 1),
            ("relative_position_bias_table", _relative_table, WeightInit.UNCHANGED),
        ),
        macs=relative_macs,
        saved_for_backward=SavedTensors(input=True, extra_bytes=_relative_saved),
        torch=_relative,
        helper=RELATIVE_ATTENTION,
    ),
)
