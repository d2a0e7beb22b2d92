"""The source that the compiler emits is imported as the spec that it was made from."""

from __future__ import annotations

import pytest

import archspec
from archspec.backends.torch.module_from_source import build
from archspec.catalog import list_models
from archspec.importing.folding.fold_network import folded
from archspec.importing.reading.read_module import read
from archspec.importing.writing.write_network import write
from archspec.spec import Spec
from random_specs import random_spec
from specs import compiled

from .networks import facts

SMALL = ("alexnet_dropout2d", "googlenet", "lenet", "nin", "s32", "unet")
LARGEST = 100_000_000  # parameters, of which a test has time to make values


@pytest.mark.parametrize("name", SMALL)
def test_bundled(name: str) -> None:
    check(archspec.load(name))


@pytest.mark.importing
@pytest.mark.parametrize("name", list_models())
def test_all_bundled(name: str) -> None:
    spec = archspec.load(name)
    if spec.params > LARGEST:
        pytest.skip("large")
    check(spec)


HEAD_WITH_TWO_INPUTS = """\
archspec: 1
name: a
input: 3x16x16
net:
  - conv1: conv(8, k=3, s=2, p=1)
  - aux:
      head: conv(4, k=1) | bn | relu | conv(3, k=1) | resize_like(input)
  - conv2: conv(3, k=1)
  - resize_like(input)
"""


def test_head_with_two_inputs() -> None:
    check(compiled(HEAD_WITH_TWO_INPUTS).require())


@pytest.mark.parametrize("seed", range(12))
def test_random(seed: int) -> None:
    check(compiled(random_spec(seed)).require())


@pytest.mark.importing
@pytest.mark.parametrize("start", range(0, 1000, 100))
def test_thousand_random(start: int) -> None:
    failed = {seed: why for seed in range(start, start + 100) if (why := fault(seed))}
    assert not failed


def fault(seed: int) -> str:
    """Why a random spec does not come back, or ""."""
    try:
        check(compiled(random_spec(seed)).require())
    except Exception as error:
        return f"{type(error).__name__}: {error}".partition("\n")[0]
    return ""


def check(spec: Spec) -> None:
    """The same layers, shapes and keys, in whatever order the layers run."""
    module = build(spec.graph)
    text = write(folded(read(module, spec.inputs, spec.name)))
    again = compiled(text).require()
    assert by_text(facts(again)) == by_text(facts(spec))
    assert sorted(build(again.graph).state_dict()) == sorted(module.state_dict())


def by_text(found: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return sorted(found, key=lambda fact: str(fact[:2]))
