"""Check a spec for published weights: it gets the input and the params that they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from archspec.checker import check
from archspec.settings.published_name import is_published
from archspec.spec import CheckResult


def check_for_weights(
    spec: str | Path,
    source: Path | None,
    params: Mapping[str, Any] | None = None,
    *,
    note: Callable[[str], None] = lambda _text: None,
    **options: Any,
) -> CheckResult:
    """Check a spec, with the options of `check`, for the weights it will be given.

    The `params` and the input in `options` come first. `note` gets a sentence if
    the weights change the input.

    Raises:
        TrainingError: if there are no published weights of that name.
    """
    given = {**(params or {})}
    result = check(spec, **options, **given)
    if result.spec is None or source is None or not is_published(source):
        return result
    from archspec.training.weights.published import (  # torchvision, 1.7 s
        crop_size,
        find_published,
        required_params,
    )

    weights = find_published(source, result.spec)
    channels, *size = result.spec.input_shape
    changes: dict[str, Any] = {}
    crop = crop_size(weights)
    if options.get("input") is None and crop and size != [crop, crop]:
        changes["input"] = (channels, crop, crop)
        own, new = ("x".join(map(str, [channels, *s])) for s in (size, (crop, crop)))
        note(f"input changed from {own} to {new} for `{weights}`")
    set_texts = options.get("overrides") or ()
    is_set = {*given, *(text.partition("=")[0].strip() for text in set_texts)}
    needed = {
        name: value
        for name, value in required_params(weights).items()
        if name in result.spec.param_values and name not in is_set
    }
    if not (changes or needed):
        return result
    return check(spec, **options | changes, **given | needed)
