"""Names of published weights, which are allowed in place of a file."""

from __future__ import annotations

import re
from pathlib import Path

NAME = re.compile(r"(\w+_Weights\.)?(DEFAULT|[A-Z0-9]+(_[A-Z0-9]+)+)")
DEFAULT = Path("DEFAULT")  # the best weights of a network, as `--pretrained` wants them


def is_published(source: Path) -> bool:
    """Whether `--weights` is a name of torchvision, and not the path of a file.

    A file in the current folder that has such a name needs its absolute path.

    >>> [is_published(Path(text)) for text in ("IMAGENET1K_V1", "runs/lenet-1", "a.pt")]
    [True, False, False]
    >>> is_published(Path("ResNet50_Weights.IMAGENET1K_V2"))
    True
    """
    return bool(NAME.fullmatch(str(source)))
