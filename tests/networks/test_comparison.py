"""The comparison sees a difference."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from .comparison import assert_equal, copy_in_order, images, randomize, settings_of


@pytest.mark.parametrize(
    ("make", "setting"),
    [
        (lambda **more: nn.BatchNorm2d(3, **more), {"eps": 1e-3}),
        (lambda **more: nn.BatchNorm2d(3, **more), {"momentum": 0.01}),
        (lambda **more: nn.LayerNorm(8, **more), {"eps": 1e-6}),
        (nn.Dropout, {"p": 0.1}),
        (nn.Dropout2d, {"p": 0.1}),
        (lambda **more: nn.MaxPool2d(2, **more), {"ceil_mode": True}),
        (lambda **more: nn.AvgPool2d(2, **more), {"ceil_mode": True}),
        (lambda **more: nn.AvgPool2d(2, **more), {"count_include_pad": False}),
    ],
)
def test_settings_differ(make: Any, setting: dict[str, Any]) -> None:
    x = images((3, 8, 8))
    assert settings_of(make(), x) == settings_of(make(), x)
    assert settings_of(make(), x) != settings_of(make(**setting), x)


def test_kinds_of_dropout_differ() -> None:
    x = images((3, 8, 8))
    assert settings_of(nn.Dropout(), x) != settings_of(nn.Dropout2d(), x)


def test_random_values_leave_no_default() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    randomize(model)
    for tensor in model.state_dict().values():
        if tensor.is_floating_point():
            assert not {0.0, 1.0} & set(tensor.flatten().tolist())


def test_weights_of_another_shape_are_not_copied() -> None:
    with pytest.raises(AssertionError):
        copy_in_order(nn.Linear(3, 4), nn.Linear(4, 3))


@pytest.mark.parametrize("value", [1.001, float("nan"), float("inf")])
def test_values_differ(value: float) -> None:
    with pytest.raises(AssertionError):
        assert_equal(torch.tensor([value, 5.0]), torch.tensor([1.0, 5.0]))
    with pytest.raises(AssertionError):
        assert_equal(torch.tensor([1.0, 5.0]), torch.tensor([value, 5.0]))


def test_zeros_prove_nothing() -> None:
    with pytest.raises(AssertionError):
        assert_equal(torch.zeros(2), torch.zeros(2))
