"""Signatures of the recipes that a `train:` section may call.

Recipes name data sets, optimizers, schedules, initializations, losses and augmentations.
`training` implements them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archspec.ops.argument_types import (
    BOOLEAN,
    COUNT,
    NATURAL,
    NOT_NEGATIVE,
    POSITIVE,
    PROBABILITY,
    ArgumentType,
)
from archspec.ops.signature import Parameter, Signature


@dataclass(frozen=True, slots=True)
class Recipe:
    """A call in a `train:` section, with all arguments: `sgd(lr=0.1, momentum=0.0)`."""

    name: str
    arguments: Mapping[str, Any]


def _recipe(name: str, about: str, *parameters: Parameter) -> Signature:
    return Signature(name=name, about=about, parameters=parameters)


def _table(*recipes: Signature) -> dict[str, Signature]:
    return {recipe.name: recipe for recipe in recipes}


BATCH_SIZE = 64  # if the spec has none

_LR = Parameter("lr", POSITIVE)
_FACTOR = ArgumentType(
    "a number above 0 and up to 1",
    lambda value: PROBABILITY.accepts(value) and value > 0,
    example="0.1",
)

RECIPES: dict[str, dict[str, Signature]] = {
    "data": _table(
        _recipe("digits", "1,797 digits of 8x8, in scikit-learn: needs no files"),
        _recipe("fashion_mnist", "clothes, 10 classes, 28x28 grey"),
        _recipe("mnist", "handwritten digits, 10 classes, 28x28 grey"),
        _recipe("cifar10", "photographs, 10 classes, 32x32 colour"),
        _recipe("folder", "images in `train/CLASS/` and `val/CLASS/`"),
    ),
    "optimizer": _table(
        _recipe(
            "sgd",
            "stochastic gradient descent",
            _LR,
            Parameter("momentum", PROBABILITY, 0.0),
            Parameter("weight_decay", NOT_NEGATIVE, 0.0),
            Parameter("nesterov", BOOLEAN, default=False),
        ),
        _recipe(
            "adam",
            "steps scaled by the gradients' running moments",
            Parameter("lr", POSITIVE, 1e-3),
            Parameter("weight_decay", NOT_NEGATIVE, 0.0),
        ),
        _recipe(
            "adamw",
            "adam whose weight decay is apart from the gradient",
            Parameter("lr", POSITIVE, 1e-3),
            Parameter("weight_decay", NOT_NEGATIVE, 0.01),
        ),
    ),
    "schedule": _table(
        _recipe("constant", "the learning rate as it is"),
        _recipe(
            "cosine",
            "down to 0 along a cosine, after a linear rise of `warmup` epochs",
            Parameter("warmup", NOT_NEGATIVE, 0),
        ),
        _recipe(
            "step",
            "times `gamma` after every so many epochs",
            Parameter("every", COUNT),
            Parameter("gamma", _FACTOR, 0.1),
        ),
    ),
    "init": _table(
        _recipe("default", "as torch does it"),
        _recipe("xavier_uniform", "Glorot & Bengio, 2010; biases 0"),
        _recipe("xavier_normal", "Glorot & Bengio, 2010; biases 0"),
        _recipe("kaiming_uniform", "He et al., 2015; biases 0"),
        _recipe("kaiming_normal", "He et al., 2015; biases 0"),
    ),
    "loss": _table(
        _recipe(
            "cross_entropy",
            "of the softmax of the logits; `aux` is the weight of each auxiliary output's",
            Parameter("label_smoothing", PROBABILITY, 0.0),
            Parameter("aux", NOT_NEGATIVE, 0.3),  # GoogLeNet's
        ),
    ),
    "augment": _table(
        _recipe("identity", "the images as they are"),
        _recipe("hflip", "mirror half of the images"),
        _recipe(
            "crop",
            "a window of `size` pixels, or of the image's own size, at a random place of "
            "the image with `padding` black pixels around it",
            Parameter("size", COUNT, None, positional=True),
            Parameter("padding", NATURAL, 4),
        ),
        _recipe(
            "color",
            "brightness, contrast and saturation times 1 - `strength` to 1 + `strength`",
            Parameter("strength", PROBABILITY, 0.2, positional=True),
        ),
    ),
}


def make_recipe(key: str, name: str, **arguments: object) -> Recipe:
    """Return a recipe of a key of the section, with defaults for omitted arguments."""
    return Recipe(name, {**RECIPES[key][name].defaults(arguments), **arguments})
