"""The JSON Schema of a spec: the structure of a document.

What stands in a call is text to it. `expected` is ours: it completes the sentence
"expected ..., found ..." in a message.
"""

from __future__ import annotations

from typing import Any

LANGUAGE_VERSION = 1
SIZE = "[1-9][0-9]{0,6}"
_END = "$(?!\\n)"  # Python's `$` also stands before a last line break
ROWS = r"^\s*[A-Za-z_][A-Za-z0-9_]*\s*\["  # `block[...]`
MERGES = ("concat", "add", "mul")

_STEP = {"$ref": "#/$defs/step"}
_VALUE = {"$ref": "#/$defs/value"}
_BRANCHES = {
    "type": "array",
    "items": _STEP,
    "minItems": 1,
    "expected": "a list of branches",
}
_PARAMS = {
    "type": "object",
    "propertyNames": {"$ref": "#/$defs/name"},
    "additionalProperties": _VALUE,
    "expected": "names and values, as `{classes: 10}`",
}
_ROWS = {"type": "string", "pattern": ROWS}
_CALL = {"type": "string", "expected": "a name or a call, as `sgd(lr=0.1)`"}
_COUNT = {"type": "integer", "minimum": 1, "expected": "a positive integer"}

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "archspec",
    "description": "A neural-network architecture, version 1 of the language.",
    "type": "object",
    "expected": "a mapping that starts with `archspec: 1`",
    "required": ["archspec"],
    "anyOf": [{"required": ["net"]}, {"required": ["blocks"]}],
    "dependentRequired": {"net": ["input"]},
    "additionalProperties": False,
    "properties": {
        "archspec": {
            "const": LANGUAGE_VERSION,
            "expected": f"`{LANGUAGE_VERSION}`, the version of the language",
            "description": "The version of the language.",
        },
        "name": {
            "type": "string",
            "pattern": f"^[A-Za-z][A-Za-z0-9_-]{{0,99}}{_END}",
            "expected": "letters, digits, `_` and `-`, from a letter on",
            "description": "The network's name: its class and its run directory.",
        },
        "about": {
            "type": "string",
            "expected": "text",
            "description": "What the network is and where it comes from.",
        },
        "input": {
            "type": "string",
            "pattern": f"^{SIZE}x{SIZE}x{SIZE}{_END}",
            "expected": "channels x height x width, as `3x224x224`",
            "description": "Channels x height x width; the batch is implied.",
            "examples": ["1x28x28", "3x224x224"],
        },
        "params": _PARAMS
        | {"description": "What `--set` may change, each with its default."},
        "variants": {
            "type": "object",
            "propertyNames": {"$ref": "#/$defs/name"},
            "additionalProperties": _PARAMS,
            "expected": "names of variants and their params",
            "description": "Named sets of params: one spec, one family.",
        },
        "import": {
            "type": ["string", "array"],
            "items": {"type": "string", "expected": "a file beside this one"},
            "expected": "a file beside this one, or a list of them",
            "description": "Files whose blocks this spec uses.",
        },
        "blocks": {
            "type": "object",
            "additionalProperties": _STEP,
            "minProperties": 1,
            "expected": "signatures and their bodies",
            "description": "Parametrised blocks: a signature, then a body.",
            "examples": [{"conv_relu(cout, *, k)": ["conv(cout, k=k) | relu"]}],
        },
        "net": {
            "type": "array",
            "items": _STEP,
            "minItems": 1,
            "expected": "a list of steps",
            "description": "The network: steps from the input to the output.",
        },
        "train": {
            "type": "object",
            "additionalProperties": False,
            "expected": "settings, as `{data: digits, epochs: 5}`",
            "description": "How the network is usually trained.",
            "properties": {
                "data": _CALL | {"description": "The data set."},
                "batch_size": _COUNT | {"description": "Images in a step."},
                "epochs": _COUNT | {"description": "Passes over the training set."},
                "optimizer": _CALL | {"examples": ["sgd(lr=0.1, momentum=0.9)"]},
                "schedule": _CALL | {"examples": ["cosine(warmup=1)", "constant"]},
                "init": _CALL | {"examples": ["xavier_uniform", "kaiming_normal"]},
                "loss": _CALL | {"examples": ["cross_entropy(label_smoothing=0.1)"]},
                "augment": _CALL | {"examples": ["crop(padding=4) | hflip"]},
                "seed": {
                    "type": "integer",
                    "minimum": 0,
                    "expected": "an integer from 0 on",
                    "description": "Where the random numbers start.",
                },
            },
        },
    },
    "$defs": {
        "name": {
            "type": "string",
            "pattern": f"^[A-Za-z][A-Za-z0-9_]*{_END}",
            "expected": "a name of letters, digits and `_`, from a letter on",
        },
        "value": {
            "type": ["integer", "number", "boolean", "string", "array"],
            "items": _VALUE,
            "expected": "a value",
        },
        "step": {
            "type": ["string", "array", "object"],
            "expected": "a step: a call, a list of steps, or a mapping",
            "pattern": "\\S",
            "items": _STEP,
            "minItems": 1,
            "minProperties": 1,
            "properties": {
                **dict.fromkeys((*MERGES, "split"), _BRANCHES),
                "repeat": _STEP,
                "times": {
                    "type": ["integer", "string"],
                    "expected": "a number of times",
                },
                "for": {
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": {"$ref": "#/$defs/name"},
                    "additionalProperties": _VALUE,
                    "expected": "names and lists, as `{n: [2, 2], c: [64, 128]}`",
                },
                "if": {"type": ["string", "boolean"], "expected": "a condition"},
                "then": _STEP,
                "else": _STEP,
                "let": _PARAMS | {"minProperties": 1},
            },
            "additionalProperties": _STEP,
            "dependentRequired": {
                "times": ["repeat"],
                "for": ["repeat"],
                "if": ["then"],
                "then": ["if"],
                "else": ["if"],
            },
            "allOf": [
                {
                    "if": {"type": "object", "required": ["repeat"]},
                    "then": {
                        "propertyNames": {"enum": ["repeat", "times", "for"]},
                        "oneOf": [
                            {"required": ["times"]},
                            {"required": ["for"]},
                            {"properties": {"repeat": _ROWS}},
                        ],
                    },
                    "else": {
                        "if": {"type": "object", "required": ["if"]},
                        "then": {"propertyNames": {"enum": ["if", "then", "else"]}},
                        "else": {"maxProperties": 1},
                    },
                }
            ],
        },
    },
}

STEP_KEYWORDS = frozenset(SCHEMA["$defs"]["step"]["properties"])
