"""Names of blocks, from the names of classes."""

from __future__ import annotations

import keyword
import re
from collections.abc import Container
from itertools import count

from archspec.frontend.schema.json_schema import MERGES, STEP_KEYWORDS
from archspec.ir.symbolic import CALLED
from archspec.ops.registry import OPS

RESERVED = {
    *(*OPS, *CALLED, *MERGES, *STEP_KEYWORDS, *keyword.kwlist),
    *("cin", "ch", "i", "j", "none", "true", "false", "ref", "tied", "range"),
}


# Words with capitals that do not start a word.
MIXED_CASE = (
    "PReLU",
    "ReLU",
    "SiLU",
    "ViT",
    "DeiT",
    "NiN",
    "NeXt",
    "NeSt",
    "CoAt",
    "YOLOv",
)
# Endings that names of networks write as one word with what they end.
ENDING = re.compile(r"(^[a-z0-9]+|(?<=_)[a-z0-9]{1,4})_(net|next|nest|vit)(?![a-z])")


def snake_case(class_name: str) -> str:
    """The name of a class as that of a block.

    >>> snake_case("InvertedResidual"), snake_case("_DenseLayer"), snake_case("MBConv")
    ('inverted_residual', 'dense_layer', 'mb_conv')
    >>> snake_case("WideResNet"), snake_case("ConvNeXtBlock"), snake_case("TwoInputNet")
    ('wide_resnet', 'convnext_block', 'two_input_net')
    """
    words = re.sub(
        "|".join(MIXED_CASE), lambda match: match[0].capitalize(), class_name
    )
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", words)
    name = re.sub(r"_+", "_", re.sub(r"\W", "_", words)).strip("_").lower()
    name = ENDING.sub(r"\1\2", name)
    return f"block_{name}" if not name or name[0].isdigit() else name


def free_name(name: str, taken: Container[str]) -> str:
    """The name, or one like it that is not taken and not reserved."""
    if name in RESERVED:
        name += "_block"
    numbered = (name if n == 1 else f"{name}_{n}" for n in count(1))
    return next(n for n in numbered if n not in taken and n not in RESERVED)
