"""The imported specs of torchvision's networks: `make import` for all of them."""

from __future__ import annotations

import time

import pytest
from tests.zoo.torchvision_models import NAMES, build

import archspec
from archspec.importing.module_comparison import checked
from archspec.importing.spec_text import to_text

pytestmark = pytest.mark.importing

# Layers that these define in another order than they run.
OTHER_ORDER = ("googlenet", "swin")
SLOW = ("regnet_y_128gf", "vit_h_14")
SECONDS, SECONDS_OF_THE_LARGEST = 20, 60


@pytest.mark.parametrize("name", NAMES)
def test_is_imported(name: str) -> None:
    """Outputs are compared by the import itself, which says so in the header."""
    bundled = archspec.load(f"torchvision/{name}")
    module = build(name)
    start = time.process_time()
    text = to_text(module, bundled.inputs)
    seconds = time.process_time() - start
    _, equal, *_ = text.splitlines()
    assert "outputs in eval" in equal
    assert ("in another order" in equal) == name.startswith(OTHER_ORDER)
    assert checked(text).params == sum(p.numel() for p in module.parameters())
    assert seconds < (SECONDS_OF_THE_LARGEST if name in SLOW else SECONDS)
