"""The JSON Schema of a spec, and its findings mapped to their places.

The schema knows the structure of a document; what stands in a call is text to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.suggest import closest
from archspec.frontend.tree import Mapping, Scalar, Sequence, Tree, to_data

if TYPE_CHECKING:
    from jsonschema import ValidationError

LANGUAGE_VERSION = 1
MERGES = ("concat", "add", "mul")

# `expected` is ours: it completes "expected ..., found ..." in a message.
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
            "description": "The version of the language.",
        },
        "name": {
            "type": "string",
            "pattern": "^[A-Za-z][A-Za-z0-9_-]{0,99}$",
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
            "pattern": "^[1-9][0-9]{0,6}x[1-9][0-9]{0,6}x[1-9][0-9]{0,6}$",
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
            "pattern": "^[A-Za-z][A-Za-z0-9_]*$",
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
                    "then": {"propertyNames": {"enum": ["repeat", "times", "for"]}},
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
TYPE_NAMES: dict[type, str] = {
    dict: "a mapping",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "an integer",
    float: "a number",
    type(None): "nothing",
}


def check_structure(tree: Tree, findings: Findings) -> set[int]:
    """Report where the tree departs from the schema.

    Returns the `id` of every part that must not be read further.
    """
    from jsonschema import Draft202012Validator  # 0.1 s, and not every door needs it

    broken: set[int] = set()
    for error in Draft202012Validator(SCHEMA).iter_errors(to_data(tree)):
        part = _part(tree, error.absolute_path)
        if id(part) in broken:
            continue
        for extra in _report(part, error, findings):
            broken.add(id(extra))
    return broken


def _part(tree: Tree, path: Iterator[str | int]) -> Tree:
    for step in path:
        if isinstance(tree, Mapping):
            tree = tree.get(str(step)) or tree
        elif isinstance(tree, Sequence) and isinstance(step, int):
            tree = tree.items[step]
    return tree


def _report(part: Tree, error: ValidationError, findings: Findings) -> Iterator[Tree]:
    """Record one finding of the validator, and yield what it breaks."""
    assert isinstance(error.schema, dict)
    if error.validator == "additionalProperties" and isinstance(part, Mapping):
        known = error.schema["properties"]
        for key, value in part.pairs:
            if key.text not in known:
                _unknown_key(key, known, findings)
                yield value
        return
    if "propertyNames" in error.absolute_schema_path and isinstance(part, Mapping):
        wrong = part.key(str(error.instance))
        assert wrong is not None
        if error.validator == "enum":
            _unknown_key(wrong, error.validator_value, findings)
        else:
            _expected(wrong, error.schema["expected"], f"`{wrong.text}`", findings)
        yield part
        return
    if error.validator in ("required", "anyOf", "dependentRequired"):
        _missing_key(part, error, findings)
    elif error.validator == "maxProperties" and isinstance(part, Mapping):
        second = part.pairs[1][0]
        findings.error(
            "invalid-step",
            f"a step has one label or keyword, found `{second.text}` as a second",
            second.span,
            help="start each step of a list with `- `",
        )
    elif error.validator == "const":
        _expected(
            part,
            f"`{LANGUAGE_VERSION}`, the version of the language",
            f"`{part.text}`" if isinstance(part, Scalar) else "something else",
            findings,
        )
    elif error.validator in ("minItems", "minProperties"):
        kind = "list" if error.validator == "minItems" else "mapping"
        _expected(part, error.schema["expected"], f"an empty {kind}", findings)
    else:
        _expected(part, error.schema["expected"], _found(part, error), findings)
    yield part


def _found(part: Tree, error: ValidationError) -> str:
    if isinstance(part, Scalar) and part.text and error.instance is not None:
        return f"`{part.text if len(part.text) < 40 else part.text[:40] + '...'}`"
    return TYPE_NAMES[type(error.instance)]


def _expected(part: Tree, expected: str, found: str, findings: Findings) -> None:
    is_step = expected.startswith("a step")
    missing = found in ("nothing", "an empty list")
    findings.error(
        "missing-step" if is_step and missing else "invalid-type",
        f"expected {expected}, found {found}",
        part.span,
        help="`identity` passes its input on" if is_step and missing else "",
    )


def _unknown_key(key: Scalar, known: Any, findings: Findings) -> None:
    match = closest(key.text, known)
    findings.error(
        "unknown-key",
        f"`{key.text}` is not a key here",
        key.span,
        help=f"did you mean `{match}`?" if match else f"the keys are {_listed(known)}",
    )


def _missing_key(part: Tree, error: ValidationError, findings: Findings) -> None:
    span = part.span
    if isinstance(part, Mapping) and part.pairs:
        span = part.pairs[0][0].span
    if error.validator == "anyOf":
        missing, help = "net", "a spec has `input:` and `net:`, or `blocks:` to import"
    elif error.validator == "required":
        missing, help = (
            "archspec",
            f"start the file with `archspec: {LANGUAGE_VERSION}`",
        )
    else:
        assert isinstance(part, Mapping)
        missing, needed_by = _dependent(part, error)
        span = needed_by.span
        help = {
            "input": "add `input: 3x224x224`: channels x height x width",
            "repeat": "what is done several times goes under `repeat:`",
            "then": "add `then:`",
            "if": "add `if:` with a condition",
        }[missing]
    findings.error("missing-key", f"the key `{missing}` is missing", span, help=help)


def _dependent(part: Mapping, error: ValidationError) -> tuple[str, Scalar]:
    requirements: dict[str, list[str]] = dict(error.validator_value)  # type: ignore[arg-type]
    for name, needs in requirements.items():
        key = part.key(name)
        if key and not part.get(needs[0]):
            return needs[0], key
    raise AssertionError(error.message)


def _listed(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)
