"""Networks in every construct of the language, whose labels give published names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torchvision import models

import archspec
from archspec.catalog import variants

SPECS = Path(__file__).with_name("grown")
CLASSIFIERS = ["efficientnet", "shufflenet_v2", "swin", "vit"]
PARAMETERS = {
    "siamese": 2_528_705,
    "unet_loop": 31_037_698,
    "unet_recursive": 31_037_698,
    "yolo_trunk": 2_259_536,
    "segmentation": 35_322_218,
}


def shapes(network: Any) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def test_every_spec_is_tested() -> None:
    assert {*CLASSIFIERS, *PARAMETERS} == {path.stem for path in SPECS.glob("*.yaml")}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters(name: str) -> None:
    assert archspec.load(SPECS / f"{name}.yaml").params == PARAMETERS[name]


VARIANTS = [
    pytest.param(name, variant, marks=[pytest.mark.slow] * bool(number))
    for name in CLASSIFIERS
    for number, variant in enumerate(variants(SPECS / f"{name}.yaml"))
]


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_torchvision_has_the_same_keys(name: str, variant: str) -> None:
    spec = archspec.load(SPECS / f"{name}.yaml", variant=variant)
    with torch.device("meta"):
        ours, theirs = archspec.compile(spec), models.get_model(variant)
    assert shapes(ours) == shapes(theirs)
