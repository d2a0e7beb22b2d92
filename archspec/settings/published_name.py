"""Names of published weights, which stand where the path of a file may stand."""

from __future__ import annotations

import re
from pathlib import Path

DEFAULT = Path("DEFAULT")  # the best weights of a network, as `--pretrained` wants them


def is_published(source: Path) -> bool:
    """Whether `--weights` is a name of torchvision, and not the path of a file.

    A run whose directory has such a name is `./NAME`, or `runs/NAME`.

    >>> [is_published(Path(text)) for text in ("IMAGENET1K_V1", "runs/lenet-1", "a.pt")]
    [True, False, False]
    >>> is_published(Path("ResNet50_Weights.IMAGENET1K_V2"))
    True
    """
    return bool(re.fullmatch(r"(\w+_Weights\.)?[A-Z][A-Z0-9_]+", str(source)))
