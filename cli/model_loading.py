"""Load the network that a command runs: that of a run, or a spec with its weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from archspec.catalog import find_bundled, is_path
from archspec.settings.published_name import DEFAULT, is_published
from archspec.settings.settings import Device

from .exit_codes import USAGE, stop
from .spec_loading import load_spec

if TYPE_CHECKING:
    from archspec.training.results.trained_model import TrainedModel


def weights_source(weights: Path | None, *, pretrained: bool) -> Path | None:
    """The weights that `--weights` or `--pretrained` name."""
    if weights and pretrained:
        stop("`--pretrained` is `--weights DEFAULT`: give one of them", USAGE)
    return DEFAULT if pretrained else weights


def load_published(
    spec: str,
    weights: Path,
    device: Device,
    overrides: list[str] | None,
    input_: list[str] | None,
    variant: str | None,
) -> TrainedModel:
    """A spec's network with published weights."""
    if not is_published(weights):
        stop(
            f"`--weights {weights}` is a file, without the names of classes and the "
            "preprocessing of images: name a run instead of a spec, or use `--pretrained`",
            USAGE,
        )
    loaded = load_spec(spec, overrides, input_, variant, weights=weights)
    from archspec.training.results.published_model import (  # loads torch
        load_published_model,
    )

    return load_published_model(loaded, weights, device)


def check_is_run(model: str, *spec_options: object) -> None:
    """Stop if a spec stands where a run should, or a run is given what is about a spec."""
    if not Path(model).is_dir() and (is_path(model) or find_bundled(model)):
        stop(
            f"`{model}` is a spec, which has no weights: add `--pretrained`, or name a run, "
            "such as `runs/lenet-1`",
            USAGE,
        )
    if any(spec_options):
        stop(
            "`--set`, `--input` and `--variant` are about a spec: add `--pretrained`, or "
            "omit them for a run",
            USAGE,
        )
