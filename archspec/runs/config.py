"""The contents of `config.json`: the settings of a run, and the params of its network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from archspec.settings.settings import SETTINGS, Settings
from archspec.spec import Spec


def describe_run(spec: Spec, settings: Settings) -> dict[str, Any]:
    """All that made a run, except for the text of its spec."""
    return {"name": spec.name, **describe_network(spec), **settings.to_json()}


def describe_network(spec: Spec) -> dict[str, Any]:
    """The input and the params that, with the text of a spec, make its network.

    >>> from archspec import load
    >>> describe_network(load("nin", classes=100))
    {'input': '1x224x224', 'params': {'classes': 100}}
    """
    return {
        "input": "x".join(str(size) for size in spec.input_shape),
        "params": {name: _to_json(value) for name, value in spec.param_values.items()},
    }


def fixed_entries(config: Mapping[str, object]) -> dict[str, Any]:
    """The entries that a resumed run cannot change, in the types that JSON has."""
    free = {"out", "torch"}
    free |= {n for n, setting in SETTINGS.items() if setting.changeable_on_resume}
    fixed = {name: value for name, value in config.items() if name not in free}
    decoded: dict[str, Any] = json.loads(json.dumps(fixed))
    return decoded


def is_same_network(spec: Spec, other: Spec) -> bool:
    """Whether two specs have the same text, imports, input and params."""
    ours, theirs = (
        (each.text, each.imports, describe_network(each)) for each in (spec, other)
    )
    return ours == theirs


def set_arguments(params: Mapping[str, Any]) -> list[str]:
    """The params of a `config.json` as arguments of `--set`.

    >>> set_arguments({"act": "relu", "widths": [8, 16]})
    ['act=relu', 'widths=[8, 16]']
    """
    return [f"{name}={_to_expression(value)}" for name, value in params.items()]


def _to_json(value: Any) -> Any:  # any value of the language
    """A param as JSON: a string keeps its quotes, and the name of an op has none.

    >>> _to_json("bilinear")
    '"bilinear"'
    """
    match value:
        case bool() | int() | float():
            return value
        case str():
            return json.dumps(value)
        case tuple():
            return [_to_json(item) for item in value]
    return value.name  # of an op or block


def _to_expression(value: Any) -> str:
    """A param from JSON as an expression of the spec language."""
    if isinstance(value, list):
        return f"[{', '.join(_to_expression(item) for item in value)}]"
    return value if isinstance(value, str) else json.dumps(value)
