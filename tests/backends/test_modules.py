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

from .agreement import assert_agrees, assert_computes_the_graph
from .corpus import NAMES, SMALL, spec, spec_of
from .random_specs import random_spec
from .random_weights import randomise

FUZZ_EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "60"))
FIRST_SEED = 0 if "FUZZ_EXAMPLES" not in os.environ else random.randrange(10**9)


@pytest.mark.parametrize("name", NAMES)
def test_names_shapes_and_parameters(name: str) -> None:
    assert_agrees(spec(name))


@pytest.mark.parametrize("name", SMALL)
def test_computes_the_graph(name: str) -> None:
    assert_computes_the_graph(spec(name))


def test_a_wrong_graph_is_noticed() -> None:
    """The test of what is computed can fail."""
    two = spec_of("archspec: 1\nname: a\ninput: 2x4x4\nnet:\n  - add: [relu, tanh]\n")
    merge = two.graph.body[0]
    merge.branches = (merge.branches[0], merge.branches[0])  # type: ignore[union-attr]
    module = archspec.compile(
        spec_of("archspec: 1\nname: a\ninput: 2x4x4\nnet:\n  - add: [relu, tanh]\n")
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archspec, "compile", lambda _: module)
        with pytest.raises(AssertionError):
            assert_computes_the_graph(two)


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + FUZZ_EXAMPLES))
def test_random_specs(seed: int) -> None:
    """Every random spec is valid, and its module is what archspec inferred."""
    random = spec_of(random_spec(seed))
    assert_agrees(random)
    assert_computes_the_graph(random)


# --- names in the state dict ---------------------------------------------------------

STEPS = ["conv(4, k=1)", "bn", "residual(4)", "prelu", "dense_layer(2)", "linear_free"]


@given(st.lists(st.sampled_from(STEPS[:5]), min_size=1, max_size=6), st.data())
@settings(deadline=None, max_examples=40)
def test_a_label_renames_one_layer(steps: list[str], data: st.DataObject) -> None:
    """Adding a label to one layer renames only that layer."""
    head = "archspec: 1\nname: a\ninput: 3x8x8\nnet:\n"
    chosen = data.draw(st.integers(0, len(steps) - 1))
    labelled = [f"lab: {s}" if n == chosen else s for n, s in enumerate(steps)]
    with torch.device("meta"):
        before, after = (
            list(archspec.compile(spec_of(head + _items(chain))).state_dict())
            for chain in (steps, labelled)
        )
    renamed = [f"lab{k[1:]}" if k.split(".")[0] == str(chosen) else k for k in before]
    assert after == renamed


def _items(steps: list[str]) -> str:
    return "".join(f"  - {step}\n" for step in steps)


def test_names_of_levels() -> None:
    """Blocks and labelled groups are levels; chains, groups and repeats are not."""
    net = spec_of(
        "archspec: 1\nname: a\ninput: 3x8x8\nnet:\n"
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
    theirs, ours = randomise(theirs), archspec.compile(spec("googlenet_torchvision"))
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
    ours = archspec.compile(spec(f"{name}_torchvision")).eval()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    x = torch.randn(2, 3, 64, 96)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x))
