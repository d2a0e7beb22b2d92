"""The source that the compiler emits is imported as the spec that it was made from."""

from __future__ import annotations

from collections import Counter

import pytest

import archspec
from archspec.backends.torch.module_from_source import build
from archspec.catalog import list_models
from archspec.importing.spec_text import to_text
from archspec.importing.unsupported import UnsupportedModuleError
from archspec.spec import Spec
from random_specs import random_spec
from second_cases import rest_slow
from specs import compiled

from .networks import facts, lines_of

SMALL = {"googlenet": {}, "lenet": {}, "nin": {}, "s32": {}, "unet": {"width": 4}}
SPECS = 1000  # random ones


@pytest.mark.parametrize(("name", "params"), SMALL.items(), ids=SMALL)
def test_bundled(name: str, params: dict[str, int]) -> None:
    check(archspec.load(name, **params))


@pytest.mark.importing
@pytest.mark.parametrize("name", list_models())
def test_all_bundled(name: str) -> None:
    """All come back, with blocks and repeats: else they would be much longer."""
    spec = archspec.load(name)
    assert lines_of(check(spec)) <= 2 * lines_of(spec.document.source.text)


NETS = {
    "channel dropout of features": (
        "3x16x16",
        """
        - flatten | linear(8) | dropout2d(0.5) | linear(4)
        """,
    ),
    "signals, one of which was tokens": (
        "3x6",
        """
        - conv(4, k=1)
        - concat:
            - tokens | linear(8) | permute(0, 2, 1)
            - identity
        - flatten | linear(3)
        """,
    ),
    "a head of two inputs": (
        "3x16x16",
        """
        - conv1: conv(8, k=3, s=2, p=1)
        - aux:
            head: conv(4, k=1) | bn | relu | conv(3, k=1) | resize_like(input)
        - conv2: conv(3, k=1)
        - resize_like(input)
        """,
    ),
    "a norm of one value in each group": (
        "3x16x16",
        """
        - conv(2, k=16) | group_norm(2) | flatten | linear(4)
        """,
    ),
    "two heads of one value": (
        "3x16x16",
        """
        - conv(8, k=3)
        - aux: {b: flatten | linear(6), a: flatten | linear(6)}
        - flatten | linear(6)
        """,
    ),
    "heads in another order than the values that they read": (
        "3x16x16",
        """
        - concat:
            - - conv(8, k=1)
              - inner: conv(4, k=1)
              - relu
            - identity
        - conv(6, k=3)
        - aux:
            b: ref(inner) | flatten | linear(6)
        - outer: conv(6, k=3)
        - aux: {a: flatten | linear(6)}
        - flatten | linear(6)
        """,
    ),
    "features as an image with one channel, which is moved to the end": (
        "3x4x4",
        """
        - flatten | linear(30) | unflatten(1, 6, 5) | permute(0, 2, 3, 1) | linear(2)
        """,
    ),
    "features as an image with one channel, which stays": (
        "3x4x4",
        """
        - concat:
            - flatten | linear(30) | unflatten(1, 6, 5)
            - adaptive_avgpool((6, 5))
        - permute(0, 2, 3, 1) | linear(2)
        """,
    ),
    "an input with the name of an op": (
        "{image: 3x4x4, x: 3x4x4}",
        """
        - concat: [ref(image), ref(x)]
        - tokens | image(4, 4) | conv(2, k=1)
        """,
    ),
    "a head of a layer within a group": (
        "3x16x16",
        """
        - backbone:
            - low: conv(8, k=3)
            - high: conv(8, k=3)
        - aux:
            head: ref(backbone.low) | conv(6, k=3)
        - conv(6, k=1)
        """,
    ),
}


@pytest.mark.parametrize(("shape", "net"), NETS.values(), ids=NETS)
def test_net(shape: str, net: str) -> None:
    """Equal too are the outputs that only training has, and in the same order."""
    text = f"archspec: 1\nname: a\ninput: {shape}\nnet:{net}"
    check(compiled(text).require())


@pytest.mark.parametrize("rate", ["0.3 * (1 + i) / 7", "0.2 / 7 * (1 + i)"])
def test_probabilities_have_all_digits(rate: str) -> None:
    """So that they are found to grow by the number of the layer."""
    net = f"""
        - repeat:
            add: [identity, "conv(3, k=1) | stochastic_depth({rate})"]
          times: 7
        """
    spec = compiled("net:" + net).require()
    text = to_text(build(spec.graph), spec.inputs)
    assert f"stochastic_depth({rate})" in text


@pytest.mark.parametrize("seed", rest_slow(range(12), [0, 1, 2, 4, 5]))
def test_random(seed: int) -> None:
    check(compiled(random_spec(seed)).require())


@pytest.mark.importing
def test_thousand_random(capsys: pytest.CaptureFixture[str]) -> None:
    """All come back; the counts are printed on the way."""
    counts: Counter[str] = Counter()
    failed: dict[int, str] = {}
    for seed in range(SPECS):
        verdict, why = judged(seed)
        counts[verdict] += 1
        if why:
            failed[seed] = f"{verdict}: {why}"
        if (seed + 1) % 50 == 0:
            with capsys.disabled():
                print(f"\n{seed + 1} of {SPECS} random specs: {dict(counts)}", end="")
    assert not failed


def judged(seed: int) -> tuple[str, str]:
    """Whether a random spec comes back equal, and why not."""
    try:
        check(compiled(random_spec(seed)).require())
    except UnsupportedModuleError as error:
        return "refused", str(error)
    except Exception as error:
        return "unequal", f"{type(error).__name__}: {error}".partition("\n")[0]
    return "equal", ""


def check(spec: Spec) -> str:
    """The same layers, shapes, keys and outputs, in whatever order the layers run."""
    text = to_text(build(spec.graph), spec.inputs, spec.name)
    assert by_text(facts(compiled(text).require())) == by_text(facts(spec))
    return text


def by_text(found: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return sorted(found, key=lambda fact: str(fact[:2]))
