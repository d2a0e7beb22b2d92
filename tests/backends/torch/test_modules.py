"""What the emitted module is: its names, shapes, parameters, and what it computes."""

from __future__ import annotations

import os
import random

import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st

import archspec
from corpus import NAMES, SMALL, corpus_spec
from random_specs import random_spec
from reference.judge import assert_is_torchs, checked
from specs import spec

from .agreement import assert_agrees
from .random_weights import randomise

FUZZ_EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "20"))
FIRST_SEED = 0 if "FUZZ_EXAMPLES" not in os.environ else random.randrange(10**9)


@pytest.mark.parametrize("name", NAMES)
def test_names_shapes_and_parameters(name: str) -> None:
    assert_agrees(corpus_spec(name))


@pytest.mark.parametrize("name", SMALL)
def test_computes_the_text(name: str) -> None:
    network = corpus_spec(name)
    variant = name.partition("-")[2]
    assert_is_torchs(network.document.source.text, network, variant)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("add: [relu, tanh]", "add: [relu, relu]"),
        ("conv(4, k=1) | bn", "bn | conv(4, k=1)"),
        ("a: conv(4, k=1)", "b: conv(4, k=1)"),
        ("conv(4, k=3, p=1)", "conv(4, k=3, p=1, d=1, s=1, bias=false)"),
    ],
)
def test_another_network_is_noticed(text: str, other: str) -> None:
    """The test of what is computed can fail."""
    head = "archspec: 1\ninput: 3x8x8\nnet:\n  - "
    assert_is_torchs(head + text, checked(head + text))
    with pytest.raises((AssertionError, KeyError, RuntimeError)):
        assert_is_torchs(head + other, checked(head + text))


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + FUZZ_EXAMPLES))
def test_random_specs(seed: int) -> None:
    """Every random spec is valid, and its module is what torch makes of the text."""
    text = random_spec(seed)
    spec = checked(text)
    assert_agrees(spec)
    assert_is_torchs(text, spec)


# --- names in the state dict ---------------------------------------------------------

STEPS = ["conv(4, k=1)", "bn", "residual(4)", "prelu", "dense_layer(2)", "linear_free"]


@given(st.lists(st.sampled_from(STEPS[:5]), min_size=1, max_size=6), st.data())
@settings(deadline=None, max_examples=40)
def test_a_label_renames_one_layer(steps: list[str], data: st.DataObject) -> None:
    """Adding a label to one layer renames only that layer."""
    chosen = data.draw(st.integers(0, len(steps) - 1))
    labeled = [f"lab: {s}" if n == chosen else s for n, s in enumerate(steps)]
    with torch.device("meta"):
        before, after = (
            list(
                archspec.compile(
                    spec(f"net:\n{_items(chain)}", input="3x8x8")
                ).state_dict()
            )
            for chain in (steps, labeled)
        )
    renamed = [f"lab{k[1:]}" if k.split(".")[0] == str(chosen) else k for k in before]
    assert after == renamed


def _items(steps: list[str]) -> str:
    return "".join(f"  - {step}\n" for step in steps)


def test_names_of_levels() -> None:
    """Blocks and labeled groups are levels; chains, groups and repeats are not."""
    net = spec(
        "net:\n"
        "  - conv(4, k=1) | bn\n"
        "  - [relu, bn]\n"
        "  - stem: conv(4, k=1) | bn\n"
        "  - repeat:\n      - c{i + 1}: conv(4, k=1)\n    times: 2\n"
        "  - repeat: bn | relu\n    times: 2\n"
        "  - nin_block(2, k=1)\n"
    )
    paths = ["0", "1", "2", "3", "stem.0", "stem.1", "c1", "c2", "7", "8", "9", "10"]
    inner = [f"11.{n}" for n in range(6)]
    assert [layer.path for layer in net.layers] == [*paths, *inner]


def test_torchvisions_googlenet_trains_alike() -> None:
    """Its heads have their names here, and their outputs; they come in its order."""
    theirs = torchvision.models.googlenet(weights=None, init_weights=False)
    theirs, ours = (
        randomise(theirs),
        archspec.compile(corpus_spec("googlenet_torchvision")),
    )
    ours.load_state_dict(theirs.state_dict(), strict=True)
    x = torch.randn(2, 3, 96, 96)
    with torch.no_grad():
        torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))
        for model in (ours, theirs):
            model.training = True  # of the network alone: nothing is dropped
        expected = theirs(x)
        heads = (expected.aux_logits1, expected.aux_logits2)
        torch.testing.assert_close(ours(x), (expected.logits, *heads))


@pytest.mark.parametrize("name", ["resnet18", "densenet121"])
def test_torchvisions_weights_load(name: str) -> None:
    """Labels spell torchvision's names, so its state dict fits, and outputs agree."""
    theirs = randomise(torchvision.models.get_model(name, weights=None)).eval()
    ours = archspec.compile(corpus_spec(f"{name}_torchvision")).eval()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    x = torch.randn(2, 3, 64, 96)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x))
