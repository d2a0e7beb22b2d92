"""Networks of public code: short specs that equal what a person wrote."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

import archspec
from archspec.catalog import LIBRARY, bundled
from archspec.spec import Spec
from second_cases import rest_slow

from .comparison import assert_equal, parameters_of, settings_of, with_equal_weights
from .public.cifar import (
    DLA,
    DPN26,
    EfficientNetB0,
    GoogLeNet,
    MobileNet,
    PreActResNet18,
    SENet18,
    ShuffleNetV2,
    SimpleTree,
    WideResNet28,
)
from .public.examples import (
    C3D,
    ESPCN,
    M5,
    VAE,
    Cifar10Full,
    Generator,
    LinearAutoencoder,
    MNISTNet,
    ShowCase,
    Siamese,
    TransformerNet,
)
from .public.yolo import YOLOv3Tiny, YOLOv8nTrunk, yolo11n_cls, yolov8n_cls
from .unet import UNet
from .unet_bilinear import BilinearUNet

SPECS = Path(__file__).with_name("public")
DOCS = Path(__file__).parents[2] / "docs"


class Case(NamedTuple):
    """A spec, its variant behind a colon, and the same network by hand.

    `parameters` is what the original code has. Outputs are compared for `shapes`, which
    are small where the network is large.
    """

    spec: str
    by_hand: Callable[[], nn.Module]
    parameters: int
    shapes: tuple[str, ...] = ()  # the input of the spec where there are none


CASES = [
    Case("shufflenet_v2", ShuffleNetV2, 1_263_854),
    Case("dpn26", DPN26, 11_574_842),
    Case("dla:dla34", DLA, 16_291_386),
    Case("dla:simple_dla34", partial(DLA, SimpleTree), 15_142_970),
    Case("efficientnet_b0", EfficientNetB0, 3_598_598),
    Case("preact_resnet:preact_resnet18", PreActResNet18, 11_171_146),
    Case("preact_resnet:senet18", SENet18, 11_260_354),
    Case("preact_resnet:wide_resnet28_10", WideResNet28, 36_479_194),
    Case("mobilenet", MobileNet, 3_217_226),
    Case("googlenet", GoogLeNet, 6_166_250),
    Case("unet_loop", UNet, 31_037_698, ("3x32x48", "3x50x37")),
    Case("unet_bilinear", BilinearUNet, 17_263_042, ("3x32x48", "3x50x37")),
    Case("espcn", ESPCN, 59_657),
    Case("transformer_net", TransformerNet, 1_679_235),
    Case("vae", VAE, 652_824),
    Case("dcgan", Generator, 3_576_704),
    Case("mnist:pytorch", MNISTNet, 1_199_882),
    Case("mnist:keras", partial(MNISTNet, nn.Softmax), 1_199_882),
    Case("m5", M5, 26_915),
    Case("c3d", C3D, 13_554_405, ("3x8x32x32",)),
    Case("cifar10_full", Cifar10Full, 89_578),
    Case("yolov3_tiny", YOLOv3Tiny, 8_852_366, ("3x64x96",)),
    Case("yolov8n_cls", yolov8n_cls, 2_719_288, ("3x64x96",)),
    Case("yolo11n_cls", yolo11n_cls, 2_812_104),
    Case("yolov8n", YOLOv8nTrunk, 2_259_536, ("3x64x96",)),
    Case("show_case", ShowCase, 218_546),
    Case("siamese", Siamese, 11_432_897),
    Case("linear_autoencoder", LinearAutoencoder, 219_891),
]  # fmt: skip


def load(case: Case, shape: str | None = None) -> Spec:
    name, _, variant = case.spec.partition(":")
    path = SPECS / f"{name}.yaml"
    return archspec.load(path, variant=variant or None, input=shape)


def inputs(spec: Spec) -> list[Tensor]:
    """Two random ones for each input of a spec."""
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(2, *s, generator=generator) for s in spec.inputs.values()]


def each(output: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return output if isinstance(output, tuple) else (output,)


def test_every_spec_is_compared() -> None:
    compared = {case.spec.partition(":")[0] for case in CASES}
    assert compared == {path.stem for path in SPECS.glob("*.yaml")}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.spec)
def test_parameters(case: Case) -> None:
    spec = load(case)
    with torch.device("meta"):
        counts = [parameters_of(archspec.compile(spec)), parameters_of(case.by_hand())]
    assert [spec.params, *counts] == [case.parameters] * 3


LONG = ("yolov8n", "preact_resnet:wide_resnet28_10", "unet_loop")
QUICK = [case for case in CASES if case.spec not in LONG]


@pytest.mark.parametrize("case", rest_slow(CASES, QUICK), ids=lambda case: case.spec)
def test_outputs_and_settings(case: Case) -> None:
    for shape in case.shapes or [None]:
        spec = load(case, shape)
        ours, theirs = with_equal_weights(partial(archspec.compile, spec), case.by_hand)
        x = inputs(spec)
        if case.spec == "siamese":  # where random weights make it 0
            ours.sigmoid, theirs.sigmoid = nn.Identity(), nn.Identity()
        with torch.no_grad():
            found, expected = each(ours.eval()(*x)), each(theirs.eval()(*x))
        for our_output, their_output in zip(found, expected, strict=True):
            assert_equal(our_output, their_output)
            one, other = their_output  # deep networks must not see all inputs as one
            assert (one - other).abs().max() > 1e-3 * their_output.abs().max()
        assert settings_of(ours, *x) == settings_of(theirs, *x)


@pytest.mark.parametrize("size", [64, 92, 128])
def test_a_unet_takes_any_size(size: int) -> None:
    spec = archspec.load("unet", depth=3, width=4, input=f"3x{size}x{size + 5}")
    by_hand = partial(UNet, depth=3, width=4)
    ours, theirs = with_equal_weights(partial(archspec.compile, spec), by_hand)
    with torch.no_grad():
        assert_equal(ours.eval()(*inputs(spec)), theirs.eval()(*inputs(spec)))


def test_drop_connect_grows_with_depth() -> None:
    (case,) = (case for case in CASES if case.spec == "efficientnet_b0")
    rates = [
        [m.p for m in model.modules() if type(m).__name__ == "StochasticDepth"]
        for model in (archspec.compile(load(case)), case.by_hand())
    ]
    assert rates[0] == pytest.approx(rates[1])
    assert rates[0] == sorted(set(rates[0]))


def lines_of(path: Path, *keys: str) -> int:
    """How many lines keys of a file take, comments and blank lines aside."""
    count, margin = 0, None
    for line in path.read_text().splitlines():
        indent = len(line) - len(line.lstrip())
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if margin is not None and indent <= margin:
            margin = None
        if margin is None and line.lstrip().startswith(keys):
            margin = indent
        count += margin is not None
    return count


@pytest.mark.parametrize(
    ("path", "keys", "most"),
    [
        (LIBRARY / "blocks.yaml", ("c2f(",), 10),
        (LIBRARY / "blocks.yaml", ("sppf(",), 4),
        (bundled()["unet"], ("blocks:", "net:"), 15),
        (SPECS / "unet_loop.yaml", ("blocks:", "net:"), 15),
        (SPECS / "unet_bilinear.yaml", ("blocks:", "net:"), 15),
        (SPECS / "dla.yaml", ("deep_tree(",), 15),
        (SPECS / "dla.yaml", ("simple_tree(", "leaf("), 15),
        (LIBRARY / "blocks.yaml", ("inverted_residual(",), 12),
        (DOCS / "language.md", ("residual(",), 8),
        (DOCS / "language.md", ("inverted_residual(",), 12),
    ],
    ids=lambda value: value.stem if isinstance(value, Path) else None,
)
def test_lines(path: Path, keys: tuple[str, ...], most: int) -> None:
    assert 2 <= lines_of(path, *keys) <= most
