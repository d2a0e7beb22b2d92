"""Settings as Python values: the keywords of `archspec.train`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archspec.checker import check_source
from archspec.compiler import Options
from archspec.diagnostics.source import Source
from archspec.diagnostics.suggest import did_you_mean
from archspec.settings.settings import FLAGS

EMPTY = "{archspec: 1, input: 1, net: [identity]}"


def from_python(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as `resolve_settings` takes them.

    >>> from_python({"epochs": 5, "optimizer": "sgd(lr=0.1)"})["optimizer"].name
    'sgd'

    Raises:
        TypeError: if there is no setting of a name.
        SpecError: if the text of a call has errors.
    """
    for name in settings:
        if name not in FLAGS:
            hint = did_you_mean(name, FLAGS)
            raise TypeError(f"unknown setting `{name}`{hint and '; ' + hint}")
    calls = {
        name: value
        for name, value in settings.items()
        if FLAGS[name].is_recipe and isinstance(value, str)
    }
    return {
        name: Path(value) if FLAGS[name].type in (Path, Path | None) else value
        for name, value in settings.items()
        if value is not None and name not in calls
    } | _parsed(calls)


def _parsed(calls: Mapping[str, str]) -> dict[str, Any]:
    """The recipes that texts call, checked as in a `train:` section."""
    if not calls:
        return {}
    source, options = Source("<settings>", EMPTY), Options(train=calls)
    return dict(check_source(source, options=options).require().train)
