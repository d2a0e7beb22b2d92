"""The contents of `config.json`: the settings of a run, and the params of its network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from archspec.passes.compare import Change, compare
from archspec.resolve.partial_call import text_of
from archspec.runs.errors import TrainingError
from archspec.settings.declaration import InvalidSettingError
from archspec.settings.settings import SETTINGS, Settings
from archspec.spec import Spec

NETWORK = ("name", "input", "params")
VERSIONS = ("archspec", "torch")  # that wrote the file
FREE = {"out", *(n for n, each in SETTINGS.items() if each.changeable_on_resume)}


def describe_run(spec: Spec, settings: Settings) -> dict[str, Any]:
    """All that made a run, except for the text of its spec."""
    from importlib.metadata import version  # 15 ms

    return {
        "archspec": version("archspec-nn"),
        "name": spec.full_name,
        **describe_network(spec),
        **settings.to_json(),
    }


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


def read_settings(config: Mapping[str, Any]) -> Settings:
    """The settings of a run, which a version before this one may have begun.

    Raises:
        TrainingError: if this version does not know a setting, or rejects its value.
    """
    writer = config.get("archspec", "0.1")  # versions before 0.2 did not record theirs
    if new := config.keys() - SETTINGS.keys() - {*NETWORK, *VERSIONS}:
        raise TrainingError(
            f"the run has the setting `{min(new)}` of archspec {writer}, which this version "
            "does not know: use that version"
        )
    try:
        return Settings.from_json(config)
    except InvalidSettingError as error:
        raise TrainingError(
            f"the run has a setting of archspec {writer} that this version does not know "
            f"({error}): use that version"
        ) from error


def different_entry(config: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """An entry that shows that two configurations are of different runs, or "".

    Versions may have fewer settings than this one, and other ways to write them.

    Raises:
        TrainingError: as `read_settings`.
    """
    settings, others = read_settings(config), read_settings(other)
    for name in SETTINGS:
        if name not in FREE and getattr(settings, name) != getattr(others, name):
            return name
    names = ("input", "params")  # a name is no part of what the network computes
    return next((n for n in names if config.get(n) != other.get(n)), "")


def different_part(before: Spec, after: Spec) -> str:
    """What shows that a run of one spec is not a run of another, or "".

    It is a change of the network or of the `train:` section: `"conv1": k 3 -> 5`. Texts
    may differ in their comments and in how they say the same.
    """
    changes = compare(before.graph, after.graph)
    if changes:
        return _describe_change(changes[0])
    names = before.train.keys() | after.train.keys()
    values = ((n, before.train.get(n), after.train.get(n)) for n in sorted(names))
    return next((f"`{n}` of `train:`" for n, old, new in values if old != new), "")


def different_layer(before: Spec, after: Spec) -> str:
    """The first change of a layer, whatever the size of the input, or ""."""
    changes = compare(before.graph, after.graph)
    return next((_describe_change(c) for c in changes if c.change != "resized"), "")


def _describe_change(change: Change) -> str:
    part = change.after or change.before
    assert part
    details = [f"{d.what} {d.before} -> {d.after}" for d in change.details]
    if change.change == "resized" and change.before and change.after:
        details = [f"input {change.before.input} -> {change.after.input}"]
    listed = f" ({', '.join(details)})" if details else ""
    return f"`{part.path or part.op}` is {change.change}{listed}"


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
    return text_of(value)  # of an op or block


def _to_expression(value: Any) -> str:
    """A param from JSON as an expression of the spec language."""
    if isinstance(value, list):
        items = [_to_expression(item) for item in value]
        if any("(" in item for item in items):  # YAML would split a call at its commas
            return f"({''.join(f'{item}, ' for item in items)})"
        return f"[{', '.join(items)}]"
    return value if isinstance(value, str) else json.dumps(value)
