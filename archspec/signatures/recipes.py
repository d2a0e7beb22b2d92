"""What a `train:` section may call: data sets, optimizers, schedules and the like.

The tables hold signatures only. `archspec.training` implements them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archspec.signatures.argument_types import (
    BOOLEAN,
    COUNT,
    NATURAL,
    NOT_NEGATIVE,
    POSITIVE,
    PROBABILITY,
    ArgumentType,
)
from archspec.signatures.signature import Parameter, Signature


@dataclass(frozen=True, slots=True)
class Recipe:
    """A call in a `train:` section, with all its arguments."""

    name: str
    arguments: Mapping[str, Any]


def make_recipe(signature: Signature, **arguments: object) -> Recipe:
    """Call a signature, with the defaults of the omitted arguments."""
    return Recipe(signature.name, {**signature.defaults(arguments), **arguments})


def _recipe(name: str, about: str, *parameters: Parameter) -> Signature:
    return Signature(name=name, about=about, parameters=parameters)


def _table(*recipes: Signature) -> dict[str, Signature]:
    return {recipe.name: recipe for recipe in recipes}


_FACTOR = ArgumentType(
    "a number above 0 and up to 1",
    lambda value: PROBABILITY.accepts(value) and value > 0,
    example="0.1",
)

DATA_SETS = _table(
    _recipe("digits", "1,797 digits of 8x8 from scikit-learn, needs no files"),
    _recipe("fashion_mnist", "clothes, 10 classes, 28x28 grayscale"),
    _recipe("mnist", "handwritten digits, 10 classes, 28x28 grayscale"),
    _recipe("cifar10", "photographs, 10 classes, 32x32 color"),
    _recipe("folder", "images in `train/CLASS/`, `val/CLASS/` and `test/CLASS/`"),
)

NUM_CLASSES = {"digits": 10, "fashion_mnist": 10, "mnist": 10, "cifar10": 10}
"""Of the data sets whose classes are known before they are read."""

OPTIMIZERS = _table(
    _recipe(
        "sgd",
        "stochastic gradient descent",
        Parameter("lr", POSITIVE),
        Parameter("momentum", PROBABILITY, 0.0),
        Parameter("weight_decay", NOT_NEGATIVE, 0.0),
        Parameter("nesterov", BOOLEAN, default=False),
    ),
    _recipe(
        "adam",
        "Adam (Kingma & Ba, 2015)",
        Parameter("lr", POSITIVE, 1e-3),
        Parameter("weight_decay", NOT_NEGATIVE, 0.0),
    ),
    _recipe(
        "adamw",
        "Adam with decoupled weight decay (Loshchilov & Hutter, 2019)",
        Parameter("lr", POSITIVE, 1e-3),
        Parameter("weight_decay", NOT_NEGATIVE, 0.01),
    ),
)

SCHEDULES = _table(
    _recipe("constant", "constant learning rate"),
    _recipe(
        "cosine",
        "linear rise over `warmup` epochs, then cosine decay to 0",
        Parameter("warmup", NOT_NEGATIVE, 0),
    ),
    _recipe(
        "step",
        "multiply the learning rate by `gamma` after each `every` epochs",
        Parameter("every", COUNT),
        Parameter("gamma", _FACTOR, 0.1),
    ),
)

INITS = _table(
    _recipe("default", "PyTorch's own initialization"),
    _recipe("xavier_uniform", "Glorot & Bengio, 2010, with zero biases"),
    _recipe("xavier_normal", "Glorot & Bengio, 2010, with zero biases"),
    _recipe("kaiming_uniform", "He et al., 2015, with zero biases"),
    _recipe("kaiming_normal", "He et al., 2015, with zero biases"),
)

LOSSES = _table(
    _recipe(
        "cross_entropy",
        "cross-entropy, with weight `aux` for the loss of each auxiliary output",
        Parameter("label_smoothing", PROBABILITY, 0.0),
        Parameter("aux", NOT_NEGATIVE, 0.3),  # GoogLeNet's
    ),
)

AUGMENTATIONS = _table(
    _recipe("identity", "no augmentation"),
    _recipe("hflip", "flip half of the images horizontally"),
    _recipe(
        "crop",
        "random crop of `size` pixels, by default the image's own size, after adding "
        "`padding` black pixels on each side",
        Parameter("size", COUNT, None, positional=True),
        Parameter("padding", NATURAL, 4),
    ),
    _recipe(
        "color",
        "multiply brightness, contrast and saturation by a random factor between "
        "1 - `strength` and 1 + `strength`",
        Parameter("strength", PROBABILITY, 0.2, positional=True),
    ),
)
