"""torchvision's published weights by name, and how they want images and the network.

torchvision says all but `PARAMS`: where a file is, its hash, the names of its classes, and
how an image becomes the input.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean

from torchvision.models import (
    WeightsEnum,
    get_model_weights,
    get_weight,
    list_models,
)

from archspec import catalog
from archspec.diagnostics.suggest import did_you_mean
from archspec.runs.errors import UsageError
from archspec.spec import Spec
from archspec.training.data.image_tensors import GRAY
from archspec.training.data.input_normalization import ChannelStatistics
from archspec.training.data.resize_and_crop import ResizeAndCrop
from archspec.training.weights.hub_cache import cached_file
from archspec.training.weights.weight_files import Weights, read_weights

# torchvision's builders set these arguments when they load weights.
PARAMS: Mapping[str, Mapping[str, object]] = {
    "GoogLeNet_Weights": {"transform_input": True},
    "Inception_V3_Weights": {"transform_input": True},
}

# DenseNet's files have the names of an earlier torchvision: `denselayer1.norm.1.weight`.
OLD_DENSE_LAYER = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)")


def find_published(source: Path, spec: Spec) -> WeightsEnum:
    """The weights of a name, such as `IMAGENET1K_V1` or `VGG16_Weights.IMAGENET1K_V1`.

    Raises:
        TrainingError: if there are none.
    """
    enum, _, name = str(source).rpartition(".")
    choices = _weights_of_enum(enum) if enum else get_model_weights(network_name(spec))
    if name not in choices.__members__:
        names = ", ".join(f"`{each}`" for each in choices.__members__)
        raise UsageError(
            f"`{choices.__name__}` has no `{name}`: expected one of {names}"
        )
    return choices[name]


def network_name(spec: Spec) -> str:
    """What torchvision calls a network.

    Raises:
        TrainingError: if torchvision has no network of that name.
    """
    known = list_models()
    for name in (spec.name, spec.document.name):
        if name in known:
            return name
    variants = [f"`{name}`" for name in spec.document.variants if name in known]
    if variants:
        hint = f"choose one of the variants {', '.join(variants)}"
    else:
        hint = "name its weights in full, such as `ResNet18_Weights.IMAGENET1K_V1`"
    raise UsageError(f"torchvision has no network `{spec.name}`: {hint}")


def its_spec(weights: WeightsEnum) -> str | None:
    """The name of the bundled spec that weights are for, such as `torchvision/vgg16`."""
    (network, *_) = (n for n in list_models() if get_model_weights(n) is type(weights))
    return next(iter(catalog.list_models(f"*/{network}")), None)


def _weights_of_enum(name: str) -> type[WeightsEnum]:
    try:
        return type(get_weight(f"{name}.DEFAULT"))
    except (ValueError, KeyError) as error:
        known = sorted({get_model_weights(each).__name__ for each in list_models()})
        guess = did_you_mean(name, known) or "one of them is `ResNet18_Weights`"
        raise UsageError(f"torchvision has no `{name}`: {guess}") from error


def read_published(weights: WeightsEnum) -> Weights:
    """The weights in the file of a name, under the names of today's torchvision.

    A file of features alone has NaN in the place of its head, which is left out.

    Raises:
        TrainingError: if the file cannot be downloaded or read.
    """
    path = cached_file(weights.url)
    hint = "remove it, so that it is downloaded again"
    found = read_weights(path, hint).weights
    return {
        OLD_DENSE_LAYER.sub(r"\1\2", name): weight
        for name, weight in found.items()
        if not (weight.is_floating_point() and weight.isnan().all())
    }


def required_params(weights: WeightsEnum) -> Mapping[str, object]:
    """The params of a spec that weights need."""
    return PARAMS.get(type(weights).__name__, {})


def crop_size(weights: WeightsEnum) -> int | None:
    """The height and width of images, or None if weights read images of any size."""
    sizes = getattr(weights.transforms(), "crop_size", None)
    return sizes[0] if sizes else None


def statistics_of(weights: WeightsEnum, channels: int) -> ChannelStatistics:
    """Mean and standard deviation that weights expect; the average for gray images."""
    transforms = weights.transforms()
    found = ChannelStatistics(transforms.mean, transforms.std)
    if channels == GRAY:
        return ChannelStatistics([fmean(found.mean)], [fmean(found.std)])
    return found


def preparation_of(weights: WeightsEnum, spec: Spec) -> ResizeAndCrop:
    """How images are prepared; for another input than the weights', in proportion.

    Raises:
        TrainingError: if the weights are not those of a classifier of images.
    """
    crop = crop_size(weights)
    if crop is None or not categories(weights):
        raise UsageError(
            f"`{weights}` has no image classes to predict: use the weights of a classifier, "
            "such as `IMAGENET1K_V1`"
        )
    transforms = weights.transforms()
    _, height, width = spec.input_shape
    shorter = round(transforms.resize_size[0] * max(height, width) / crop)
    return ResizeAndCrop(shorter, (height, width), transforms.interpolation)


def categories(weights: WeightsEnum) -> tuple[str, ...]:
    """The names of the classes, by label; none for features without a classifier."""
    return tuple(weights.meta.get("categories") or ())
