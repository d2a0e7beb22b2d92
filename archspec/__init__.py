"""archspec: a declarative language for neural-network architectures, and its compiler.

>>> import archspec
>>> archspec.check("nin").ok
True
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.catalog import list_models
from archspec.checker import check, load
from archspec.diagnostics.diagnostic import Diagnostic, SpecError
from archspec.spec import CheckResult, Spec

if TYPE_CHECKING:
    from torch import nn

    from archspec.backends.drawing.dot import Direction
    from archspec.backends.drawing.drawing import Drawing
    from archspec.ir.graph import Shape, Sizes

__all__ = [
    "CheckResult",
    "Diagnostic",
    "Spec",
    "SpecError",
    "check",
    "compile",
    "create_model",
    "draw",
    "from_module",
    "list_models",
    "load",
    "to_source",
]


def to_source(spec: Spec | str | Path) -> str:
    """Return the source of a Python module with the network, which needs only torch."""
    from archspec.backends.python.module_source import to_source as write

    loaded = _loaded(spec)
    return write(loaded.graph, loaded.reference)


def compile(  # a compiler's word
    spec: Spec | str | Path, weights: str | Path | None = None
) -> nn.Module:
    """Build the network as an `nn.Module`, from the source of `to_source`.

    It is untrained, or has the weights that `create_model` describes.
    """
    if weights is not None:
        return create_model(spec, weights=weights)
    from archspec.backends.torch.module_from_source import build

    return build(_loaded(spec).graph)


def create_model(
    spec: Spec | str | Path,
    *,
    pretrained: bool = False,
    weights: str | Path | None = None,
    variant: str | None = None,
    input: str | Shape | None = None,  # the language's word
    **params: object,
) -> nn.Module:
    """Build a network with weights, as an `nn.Module`.

    Args:
        spec: a path, the name of a bundled spec or variant, or a loaded spec.
        pretrained: load torchvision's default weights for the network of this name.
        weights: load these: a name such as `IMAGENET1K_V1`, a run, or a file.
        variant: a set of params that the spec names.
        input: replaces the spec's own; by default that of the weights does.
        params: replace those of the spec, such as `classes=10`, for which the head is new.

    A new head, and a first kernel summed for gray images, are logged as warnings.

    Raises:
        SpecError: if the spec has errors.
        TrainingError: if the weights cannot be loaded, or do not fit.
    """
    from archspec.backends.torch.module_from_source import build
    from archspec.settings.published_name import DEFAULT
    from archspec.training.weights.spec_for_weights import check_for_weights

    if pretrained and weights is not None:
        raise ValueError("`pretrained` is `weights='DEFAULT'`: give one of them")
    source = DEFAULT if pretrained else None if weights is None else Path(weights)
    if isinstance(spec, Spec):
        if variant or input or params:
            raise TypeError("a loaded spec has its variant, input and params already")
        loaded = spec
    else:
        loaded = check_for_weights(
            spec, source, variant=variant, input=input, params=params
        ).require()
    model = build(loaded.graph)
    if source is not None:
        from archspec.training.weights.loading import load_weights

        report = load_weights(model, loaded, source, adapt=True)
        level = logging.WARNING if report.is_adapted else logging.INFO
        logging.getLogger(__name__).log(level, "%s", report)
    return model


def from_module(
    module: nn.Module,
    input: Sizes | list[Sizes] | Mapping[str, Sizes],  # the language's word
) -> str:
    """Return the text of the spec of a module, which has been compared with it.

    Args:
        module: a network; it stays as it is.
        input: the shape of what `forward` takes, without the batch: `(3, 224, 224)`. Of
            several inputs a list, or their shapes by the names that the spec gives them.

    Raises:
        UnsupportedModuleError: a `ValueError` that says in a sentence which module and
            operation no spec has.
    """
    from archspec.importing.spec_text import to_text

    if isinstance(input, tuple):
        input = {"input": input}
    elif isinstance(input, list):
        input = {f"input{n}": shape for n, shape in enumerate(input, 1)}
    return to_text(module, input)


def draw(
    spec: Spec | str | Path, depth: int | None = None, direction: Direction = "TB"
) -> Drawing:
    """Draw a network; a notebook shows the drawing. "LR" draws from left to right."""
    from archspec.backends.drawing.drawing import draw as picture

    loaded = _loaded(spec)
    return picture(loaded.graph, loaded.document.source, depth, direction)


def _loaded(spec: Spec | str | Path) -> Spec:
    return spec if isinstance(spec, Spec) else load(spec)
