"""The JSON Schema of a spec: the structure of a document, in which a call is text.

Two keywords are our own. `expected` completes the message "expected ..., found ...".
`x-form` names what a value is, so that a report can choose a help; it is not published.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from archspec.settings.declaration import Panel, Setting
from archspec.settings.settings import SETTINGS

LANGUAGE_VERSION = 1
SIZE = "[1-9][0-9]{0,6}"
_END = "$(?!\\n)"  # Python's `$` also matches before a last line break
ROWS = r"^\s*[A-Za-z_][A-Za-z0-9_]*\s*\["  # `block[(64, 3), (128, 3)]`
MERGES = ("concat", "add", "sub", "mul", "maximum")

_STEP = {"$ref": "#/$defs/step"}
_VALUE = {"$ref": "#/$defs/value"}
_BRANCHES = {
    "type": "array",
    "items": _STEP,
    "minItems": 1,
    "expected": "a list of branches",
    "x-form": "branches",
}
SHAPE = f"{SIZE}(?:x{SIZE}){{0,3}}"
EXPECTED_SHAPE = "one to four sizes, the channels first, as `3x224x224`"
_SHAPE = {
    "type": ["string", "integer"],
    "pattern": f"^{SHAPE}{_END}",
    "minimum": 1,
    "expected": EXPECTED_SHAPE,
    "x-form": "input",
}
_INPUT = {
    **_SHAPE,
    "type": ["string", "integer", "object"],
    "propertyNames": {"$ref": "#/$defs/name"},
    "additionalProperties": _SHAPE,
    "minProperties": 1,
    "description": "One shape, or several with names: a vector, a signal, an image or a "
    "volume, the channels first; the batch is implied.",
    "examples": ["1x28x28", 100, {"image": "3x224x224", "depth": "1x224x224"}],
}
_PARAMS = {
    "type": "object",
    "propertyNames": {"$ref": "#/$defs/name"},
    "additionalProperties": _VALUE,
    "expected": "names and values, as `{classes: 10}`",
    "x-form": "bindings",
}
_HEADS = {
    "type": "object",
    "additionalProperties": _STEP,
    "minProperties": 1,
    "expected": "heads by their labels, as `{aux1: head(10)}`",
    "x-form": "heads",
}
_ROWS = {"type": "string", "pattern": ROWS}
_CALL = {"type": "string", "expected": "a name or a call, as `sgd(lr=0.1)`"}
_JOINED = "Branches that all read the input, "
_TWO_BRANCHES = ["conv(16, k=1)", "conv(16, k=3, p=1)"]


def _key(value: dict[str, Any], about: str, *examples: object) -> dict[str, Any]:
    """Add what an editor shows about a key."""
    return {**value, "description": about, "examples": [*examples]}


def train_properties(settings: Iterable[Setting]) -> dict[str, Any]:
    """The keys of the `train:` section, from the declarations of the settings."""
    return {
        setting.name: _key(_setting_value(setting), setting.about, *setting.examples)
        for setting in settings
        if setting.panel is Panel.SPEC
    }


def _setting_value(setting: Setting) -> dict[str, Any]:
    """The values of a setting in a spec: a call, a boolean or a number."""
    if setting.recipes is not None:
        return _CALL
    if setting.type is bool:
        return {"type": "boolean", "expected": "`true` or `false`"}
    if setting.type is int:
        low = {} if setting.least is None else {"minimum": setting.least}
        return {"type": "integer", **low, "expected": _expected_integer(setting.least)}
    if setting.type is float:
        bounds = {"exclusiveMinimum": setting.above, "exclusiveMaximum": setting.below}
        bounds = {name: bound for name, bound in bounds.items() if bound is not None}
        return {"type": "number", **bounds, "expected": setting.expected_number}
    raise TypeError(f"`train:` cannot hold `{setting.name}`, of type {setting.type}")


def _expected_integer(least: int | None) -> str:
    match least:
        case None:
            return "an integer"
        case 1:
            return "a positive integer"
    return f"an integer from {least} on"


_NEEDS = {"times": ["repeat"], "for": ["repeat"], "as": ["repeat"], "sizes": ["split"]}
ROWS_KEYS = ("times", "for", "as")


def _has(key: str) -> dict[str, Any]:
    """A mapping with a key."""
    return {"type": "object", "required": [key]}


def _repeated(key: str) -> dict[str, Any]:
    """`collect` or `each`, with the rows that it is done for."""
    return {
        "propertyNames": {"enum": [key, *ROWS_KEYS]},
        "oneOf": [{"required": ["times"]}, {"required": ["for"]}],
    }


SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "archspec",
    "description": "A neural-network architecture, version 1 of the language.",
    "type": "object",
    "expected": "a mapping that starts with `archspec: 1`",
    "x-form": "document",
    "required": ["archspec"],
    "anyOf": [{"required": ["net"]}, {"required": ["blocks"]}],
    "dependentRequired": {"net": ["input"]},
    "additionalProperties": False,
    "properties": {
        "archspec": {
            "const": LANGUAGE_VERSION,
            "expected": f"`{LANGUAGE_VERSION}`, the version of the language",
            "x-form": "version",
            "description": "The version of the language.",
            "examples": [LANGUAGE_VERSION],
        },
        "name": {
            "type": "string",
            "pattern": f"^[A-Za-z][A-Za-z0-9_-]{{0,99}}{_END}",
            "expected": "a name: a letter, then letters, digits, `_` or `-`",
            "x-form": "name",
            "description": "The network's name: its class and its run directory.",
            "examples": ["lenet"],
        },
        "about": {
            "type": "string",
            "expected": "text",
            "description": "The description of the network and its source.",
            "examples": ["LeNet-5 (LeCun et al., 1998)"],
        },
        "input": _INPUT,
        "params": _key(
            _PARAMS,
            "Names and default values, which `--set` and variants override.",
            {"classes": 10, "depths": [2, 2, 2, 2]},
        ),
        "variants": {
            "type": "object",
            "propertyNames": {"$ref": "#/$defs/name"},
            "additionalProperties": {**_PARAMS, "properties": {"input": _INPUT}},
            "expected": "names of variants and their params",
            "description": "Named sets of params: one spec, one family.",
            "examples": [{"small": {"depths": [1, 1]}, "large": {"depths": [3, 4]}}],
        },
        "import": {
            "type": ["string", "array"],
            "items": {
                "type": "string",
                "expected": "a file next to this one, or a bundled spec",
            },
            "expected": "a file next to this one or a bundled spec, or a list of them",
            "description": "Files and bundled specs whose blocks this spec uses.",
            "examples": ["blocks.yaml", ["torchvision/resnet", "parts/heads.yaml"]],
        },
        "blocks": {
            "type": "object",
            "additionalProperties": _STEP,
            "minProperties": 1,
            "expected": "signatures and their bodies",
            "x-form": "blocks",
            "description": "Blocks with parameters: a signature, then a body.",
            "examples": [{"conv_relu(cout, *, k)": ["conv(cout, k=k) | relu"]}],
        },
        "net": {
            "type": "array",
            "items": _STEP,
            "minItems": 1,
            "expected": "a list of steps",
            "x-form": "steps",
            "description": "The network: steps from the input to the output.",
            "examples": [["conv(6, k=5) | relu", "flatten | linear(classes)"]],
        },
        "outputs": {
            "type": "array",
            "items": {
                "type": ["string", "number"],  # `108.109` is a label in a group
                "expected": "a label of `net`",
            },
            "minItems": 1,
            "expected": "labels of `net`, as `[p3, p4, p5]`",
            "x-form": "labels",
            "description": "The labels whose outputs the network returns, as a tuple in this order.",
            "examples": [["p3", "p4", "p5"]],
        },
        "train": {
            "type": "object",
            "additionalProperties": False,
            "expected": "settings, as `{data: digits, epochs: 5}`",
            "description": "Default training settings.",
            "examples": [{"data": "digits", "epochs": 5, "optimizer": "adam"}],
            "properties": train_properties(SETTINGS.values()),
        },
    },
    "$defs": {
        "name": {
            "type": "string",
            "pattern": f"^[A-Za-z][A-Za-z0-9_]*{_END}",
            "expected": "a name: a letter, then letters, digits or `_`",
            "x-form": "name",
        },
        "column": {
            "type": "string",
            "pattern": f"^([A-Za-z][A-Za-z0-9_]*|\\(.*){_END}",
            "expected": "a name, or a pattern such as `(n, c)`",
            "x-form": "name",
        },
        "value": {
            "type": ["integer", "number", "boolean", "string", "array"],
            "items": _VALUE,
            "expected": "a value",
            "description": "A number, a boolean, text or an op, or a list of those.",
        },
        "step": {
            "type": ["string", "array", "object"],
            "expected": "a step: a call, a list of steps, or a mapping",
            "x-form": "step",
            "pattern": "\\S",
            "items": _STEP,
            "minItems": 1,
            "minProperties": 1,
            "description": "A call, a chain of calls, a list of steps, or a mapping.",
            "properties": {
                "concat": _key(
                    _BRANCHES,
                    f"{_JOINED}concatenated along the channels.",
                    _TWO_BRANCHES,
                ),
                "add": _key(_BRANCHES, f"{_JOINED}added.", _TWO_BRANCHES),
                "sub": _key(
                    _BRANCHES,
                    "The first of two branches minus the second.",
                    _TWO_BRANCHES,
                ),
                "maximum": _key(
                    _BRANCHES, f"{_JOINED}then the elementwise maximum.", _TWO_BRANCHES
                ),
                "mul": _key(_BRANCHES, f"{_JOINED}multiplied.", _TWO_BRANCHES),
                "split": _key(
                    _BRANCHES,
                    "One branch per chunk of the channels.",
                    _TWO_BRANCHES,
                ),
                "repeat": _key(
                    _STEP,
                    "A step to repeat; `i` counts from 0.",
                    "residual(64)",
                    "vgg_block[(64, 1), (128, 2)]",
                ),
                "collect": _key(
                    _STEP,
                    "As `repeat`; concatenates the input and the output of each repetition.",
                    "maxpool(5, s=1, p=2)",
                ),
                "each": _key(
                    _STEP, "A branch for each row of `for`.", "conv(8, k=3, p=d, d=d)"
                ),
                "as": {
                    "$ref": "#/$defs/name",
                    "description": "The name of the index, in place of `i`.",
                    "examples": ["j"],
                },
                "sizes": {
                    "type": ["array", "string"],
                    "items": _VALUE,
                    "expected": "a list of channels, as `[16, 48]`",
                    "description": "The channels of each branch of a `split`.",
                    "examples": [[16, 48]],
                },
                "times": {
                    "type": ["integer", "string"],
                    "expected": "a number of times",
                    "x-form": "times",
                    "description": "The number of repetitions.",
                    "examples": [4, "depth - 1"],
                },
                "for": {
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": {"$ref": "#/$defs/column"},
                    "additionalProperties": _VALUE,
                    "expected": "names and lists, as `{n: [2, 2], c: [64, 128]}`",
                    "x-form": "columns",
                    "description": "Columns of equal length; one repetition per row.",
                    "examples": [
                        {"n": [2, 2], "c": [64, 128]},
                        {"(n, c)": [[2, 64], [2, 128]]},
                    ],
                },
                "if": {
                    "type": ["string", "boolean"],
                    "expected": "a condition",
                    "x-form": "condition",
                    "description": "The condition, evaluated when the network is expanded.",
                    "examples": ["s != 1 or cin != cout"],
                },
                "then": _key(
                    _STEP, "The step if the condition is true.", "conv(cout, k=1, s=s)"
                ),
                "else": _key(
                    _STEP,
                    "The step if the condition is false; without it, no step.",
                    "avgpool(2)",
                ),
                "aux": _key(
                    _HEADS,
                    "Heads of `net`: extra outputs, in training only.",
                    {"aux1": "global_avgpool | flatten | linear(classes)"},
                ),
                "let": _key(
                    _PARAMS | {"minProperties": 1},
                    "Local variables, for the rest of the body.",
                    {"w": "cout // 4"},
                ),
            },
            "additionalProperties": _STEP,
            "dependentRequired": {
                "if": ["then"],
                "then": ["if"],
                "else": ["if"],
            },
            "allOf": [
                {
                    "if": _has("repeat"),
                    "then": {
                        "propertyNames": {"enum": ["repeat", *ROWS_KEYS]},
                        "oneOf": [
                            {"required": ["times"]},
                            {"required": ["for"]},
                            {"properties": {"repeat": _ROWS}},
                        ],
                    },
                    "else": {
                        "if": _has("collect"),
                        "then": _repeated("collect"),
                        "else": {
                            "if": _has("each"),
                            "then": _repeated("each"),
                            "else": {
                                "if": _has("if"),
                                "then": {
                                    "propertyNames": {"enum": ["if", "then", "else"]}
                                },
                                "else": {
                                    "if": _has("split"),
                                    "then": {
                                        "propertyNames": {"enum": ["split", "sizes"]}
                                    },
                                    "else": {
                                        "maxProperties": 1,
                                        "dependentRequired": _NEEDS,
                                    },
                                },
                            },
                        },
                    },
                }
            ],
        },
    },
}

STEP_KEYWORDS = frozenset(SCHEMA["$defs"]["step"]["properties"])


def published_schema() -> dict[str, Any]:
    """Return the schema as editors and other validators get it."""
    schema: dict[str, Any] = _without_forms(SCHEMA)
    return schema


def _without_forms(part: Any) -> Any:
    if isinstance(part, dict):
        return {k: _without_forms(value) for k, value in part.items() if k != "x-form"}
    return [*map(_without_forms, part)] if isinstance(part, list) else part
