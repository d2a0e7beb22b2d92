"""What ops compute, against torchvision, torch, or a few lines of indexing."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.maxvit import PartitionAttentionLayer, WindowPartition
from torchvision.models.swin_transformer import (
    ShiftedWindowAttention,
    ShiftedWindowAttentionV2,
    _patch_merging_pad,
)

from archspec.ir.shape import Shape
from archspec.ops.registry import OPS

from .torch_side import build, module_of


def normal(*sizes: int) -> Tensor:
    return torch.randn(*sizes, generator=torch.Generator().manual_seed(0))


def same_weights(one: nn.Module, other: nn.Module) -> None:
    """Give both the same random weights; their keys must be the same."""
    state = {
        key: normal(*value.shape) if value.is_floating_point() else value
        for key, value in other.state_dict().items()
        if key != "relative_coords_table"
    }
    kept = {
        key: other.state_dict()[key] for key in other.state_dict() if key not in state
    }
    one.load_state_dict(state | kept)
    other.load_state_dict(state | kept)


@pytest.mark.parametrize("shift", [0, 1, 2])
@pytest.mark.parametrize("size", [(9, 6), (7, 5), (3, 8), (2, 2), (3, 3)])
@pytest.mark.parametrize("version", [1, 2])
def test_window_attention(version: int, size: tuple[int, int], shift: int) -> None:
    name, kind = {
        1: ("window_attention", ShiftedWindowAttention),
        2: ("window_attention_v2", ShiftedWindowAttentionV2),
    }[version]
    theirs = kind(8, [3, 3], [shift, shift], 2)
    ours = module_of(name, Shape((*size, 8), "HWC"), heads=2, window=3, shift=shift)
    buffers = dict(theirs.named_buffers())
    for key, value in ours.named_buffers():
        torch.testing.assert_close(value, buffers[key])
    same_weights(ours, theirs)
    x = normal(2, *size, 8)
    torch.testing.assert_close(ours(x), theirs(x))


@pytest.mark.parametrize("grid", [False, True])
@pytest.mark.parametrize("size", [(8, 8), (12, 12)])
def test_partition_and_relative_attention(size: tuple[int, int], grid: bool) -> None:
    theirs = PartitionAttentionLayer(
        8, 4, 4, "grid" if grid else "window", size, 1, nn.GELU, nn.LayerNorm, 0, 0, 0
    ).eval()
    norm, attention, _ = theirs.attn_layer
    image = Shape((8, *size), "CHW")
    parts = OPS["partition"].shape(image, size=4, grid=grid)
    ours = module_of("relative_attention", parts, head_dim=4)
    same_weights(ours, attention)
    x = normal(2, *image)
    windows = module_of("partition", image, size=4, grid=grid)(x)
    assert windows.shape[1:] == parts
    if not grid:
        torch.testing.assert_close(windows, WindowPartition()(x, 4))
    y = windows + ours(norm(windows))
    y = y + theirs.mlp_layer(y)
    values = {"size": 4, "grid": grid, "height": size[0], "width": size[1]}
    back = build(OPS["unpartition"], parts, values)
    torch.testing.assert_close(back(windows), x)
    torch.testing.assert_close(back(y), theirs(x))


@pytest.mark.parametrize("grid", [False, True])
def test_partitions_of_an_oblong_image_come_back(grid: bool) -> None:
    x = normal(2, 3, 4, 6)
    values = {"size": 2, "grid": grid}
    windows = module_of("partition", Shape((3, 4, 6), "CHW"), **values)(x)
    shape = Shape(windows.shape[1:], "PLC")
    back = build(OPS["unpartition"], shape, {**values, "height": 4, "width": 6})
    assert torch.equal(back(windows), x)


@pytest.mark.parametrize("size", [(6, 4), (5, 7)])
def test_space_to_depth_is_swins(size: tuple[int, int]) -> None:
    x = normal(2, *size, 3)
    expected = _patch_merging_pad(x)
    last = module_of("space_to_depth", Shape((*size, 3), "HWC"), factor=2)
    assert torch.equal(last(x), expected)
    first = module_of("space_to_depth", Shape((3, *size), "CHW"), factor=2)
    assert torch.equal(first(x.permute(0, 3, 1, 2)), expected.permute(0, 3, 1, 2))


def test_attention() -> None:
    ours = module_of("attention", Shape((5, 8), "LC"), heads=2)
    theirs = nn.MultiheadAttention(8, 2, batch_first=True)
    same_weights(ours, theirs)
    x = normal(3, 5, 8)
    torch.testing.assert_close(ours(x), theirs(x, x, x)[0])


def test_dot_product_attention() -> None:
    """`nn.MultiheadAttention`, whose projections are layers of their own."""
    whole = nn.MultiheadAttention(8, 2, batch_first=True)
    ours = module_of("dot_product_attention", Shape((5, 24), "LC"), heads=2, keys=8)
    x = normal(3, 5, 8)
    inner = functional.linear(x, whole.in_proj_weight, whole.in_proj_bias)
    torch.testing.assert_close(whole.out_proj(ours(inner)), whole(x, x, x)[0])


def test_dot_product_attention_drops_weights_in_training_only() -> None:
    shape, x = Shape((5, 24), "LC"), normal(3, 5, 24)
    plain = module_of("dot_product_attention", shape, heads=2, keys=8)
    ours = module_of("dot_product_attention", shape, heads=2, keys=8, dropout=0.5)
    assert not torch.equal(ours.train()(x), plain(x))
    torch.testing.assert_close(ours.eval()(x), plain(x))


def test_dot_product_attention_with_narrow_keys() -> None:
    ours = module_of("dot_product_attention", Shape((5, 10), "LC"), heads=1, keys=2)
    x = normal(3, 5, 10)
    weights = (x[..., :2] @ x[..., 2:4].mT / 2**0.5).softmax(-1)
    torch.testing.assert_close(ours(x), weights @ x[..., 4:])


IMAGE = Shape((6, 7, 5), "CHW")
TOKENS = Shape((6, 4), "LC")
CASES: list[tuple[str, Shape, dict[str, Any], Any]] = [
    ("image", TOKENS, {"height": 2, "width": 3}, lambda x: x.mT.reshape(3, 4, 2, 3)),
    ("select", TOKENS, {"index": 2}, lambda x: x[:, 2]),
    ("select", TOKENS, {"index": -1}, lambda x: x[:, 5]),
    ("transpose", TOKENS, {}, lambda x: x.mT),
    ("class_token", TOKENS, {}, lambda x: functional.pad(x, (0, 0, 1, 0))),
    ("layer_scale", TOKENS, {"init": 0.5}, lambda x: x / 2),
    ("layer_scale", IMAGE, {"init": 2}, lambda x: x * 2),
    ("chunk", IMAGE, {"chunks": 3, "index": 1}, lambda x: x[:, 2:4]),
    ("slice", IMAGE, {"start": 1, "stop": 4}, lambda x: x[:, 1:4]),
    ("slice", TOKENS, {"start": 1, "stop": 4}, lambda x: x[..., 1:4]),
    ("channel_shuffle", IMAGE, {"groups": 2}, lambda x: x[:, [0, 3, 1, 4, 2, 5]]),
    ("channel_shuffle", TOKENS, {"groups": 2}, lambda x: x[..., [0, 2, 1, 3]]),
    ("crop", IMAGE, {"height": 4, "width": 3}, lambda x: x[:, :, 1:5, 1:4]),
    ("pad", IMAGE, {"padding": 1, "value": 2}, lambda x: functional.pad(x, [1] * 4, value=2)),
    ("pad", IMAGE, {"padding": (0, 1, 2, 3)}, lambda x: functional.pad(x, (0, 1, 2, 3))),
    ("pad", IMAGE, {"padding": 2, "mode": "reflect"},
     lambda x: functional.pad(x, [2] * 4, mode="reflect")),
    ("pad", IMAGE, {"padding": 2, "mode": "replicate"},
     lambda x: functional.pad(x, [2] * 4, mode="replicate")),
    ("resize", IMAGE, {"size": (3, 4)},
     lambda x: functional.interpolate(x, (3, 4), mode="bilinear")),
    ("resize", IMAGE, {"size": 4, "mode": "bicubic", "align_corners": True},
     lambda x: functional.interpolate(x, 4, mode="bicubic", align_corners=True)),
    ("resize", Shape((6, 5), "CL"), {"size": 3},
     lambda x: functional.interpolate(x, 3, mode="linear")),
    ("upsample", IMAGE, {"scale_factor": 1.5, "mode": "bilinear"},
     lambda x: functional.interpolate(x, scale_factor=1.5, mode="bilinear")),
    ("pixel_shuffle", Shape((8, 3, 2), "CHW"), {"factor": 2},
     lambda x: functional.pixel_shuffle(x, 2)),
    ("unflatten", Shape((24,), "C"), {"channels": 2, "height": 3, "width": 4},
     lambda x: x.view(3, 2, 3, 4)),
    ("affine", IMAGE, {"scale": tuple(range(6)), "shift": 1},
     lambda x: x * torch.arange(6.0)[:, None, None] + 1),
    ("affine", TOKENS, {"scale": 2, "shift": (1, 2, 3, 4)},
     lambda x: 2 * x + torch.arange(1.0, 5)),
    ("group_norm", IMAGE, {"num_groups": 3, "eps": 1e-3},
     lambda x: functional.group_norm(x, 3, eps=1e-3)),
    ("instance_norm", IMAGE, {}, functional.instance_norm),
    ("rms_norm", TOKENS, {}, lambda x: x / (x.square().mean(-1, True) + 1e-6).sqrt()),
    ("lrn", IMAGE, {"size": 3, "k": 2.0},
     lambda x: functional.local_response_norm(x, 3, k=2.0)),
    ("ln", Shape((4, 5, 3, 2), "CDHW"), {}, lambda x: functional.layer_norm(
        x.movedim(1, -1), (4,)).movedim(-1, 1)),
    ("ln", Shape((5, 4, 2), "HCW"), {}, lambda x: functional.layer_norm(
        x.movedim(2, -1), (4,)).movedim(-1, 2)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "shape", "values", "expected"),
    CASES,
    ids=[f"{name}-{shape.axes}" for name, shape, _, _ in CASES],
)
def test_value(name: str, shape: Shape, values: dict[str, Any], expected: Any) -> None:
    x = normal(3, *shape)
    torch.testing.assert_close(module_of(name, shape, **values)(x), expected(x))


@pytest.mark.parametrize(
    ("name", "size", "like", "expected"),
    [
        ("pad_like", (4, 3), (7, 5), lambda x: functional.pad(x, (1, 1, 1, 2))),
        ("crop_like", (7, 5), (4, 3), lambda x: x[:, :, 1:5, 1:4]),
        (
            "resize_like",
            (4, 3),
            (7, 5),
            lambda x: functional.interpolate(x, (7, 5), mode="bilinear"),
        ),
    ],
)
def test_like(
    name: str, size: tuple[int, int], like: tuple[int, int], expected: Any
) -> None:
    x, op = Shape((2, *size), "CHW"), OPS[name]
    values = op.defaults({"label": "x"})
    other = Shape((5, *like), "CHW")
    assert op.shape(x, other, **values) == (2, *like)
    images = normal(3, *x)
    y = build(op, x, values)(images, normal(3, *other))
    torch.testing.assert_close(y, expected(images))


def test_position_embedding() -> None:
    module = module_of("position_embedding", Shape((300, 40), "LC"))
    (own,) = module.parameters()
    assert own.shape == (1, 300, 40)
    assert own.std().item() == pytest.approx(0.02, rel=0.05)
    x = normal(2, 300, 40)
    torch.testing.assert_close(module(x), x + own)
