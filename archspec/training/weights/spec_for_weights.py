"""Check a spec for published weights: it gets the input and the params that they need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from archspec.checker import check
from archspec.settings.published_name import is_published
from archspec.spec import CheckResult


def check_for_weights(
    spec: str | Path, source: Path | None, **options: Any
) -> CheckResult:
    """Check a spec, with the options of `check`, for the weights it will be given.

    What `options` say about the input and the params comes first.

    Raises:
        TrainingError: if there are no published weights of that name.
    """
    result = check(spec, **options)
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
    given = options.get("params") or {}
    set_texts = options.get("overrides") or ()
    is_set = {*given, *(text.partition("=")[0].strip() for text in set_texts)}
    needed = {
        name: value
        for name, value in required_params(weights).items()
        if name in result.spec.param_values and name not in is_set
    }
    if needed:
        changes["params"] = {**given, **needed}
    return check(spec, **options | changes) if changes else result
