"""Where a document departs from the schema: the validator's findings, placed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.source import Span
from archspec.diagnostics.suggest import closest
from archspec.frontend.schema.json_schema import LANGUAGE_VERSION, SCHEMA, SIZE
from archspec.frontend.yaml.scalars import INTEGER
from archspec.frontend.yaml.tree import Mapping, Scalar, Sequence, Tree, to_data

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

TYPE_NAMES: dict[type, str] = {
    dict: "a mapping",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "an integer",
    float: "a number",
    type(None): "nothing",
}
OTHER_KEYS = {
    "architecture": "net",
    "description": "about",
    "include": "import",
    "learning_rate": "optimizer",
    "layers": "net",
    "lr": "optimizer",
    "model": "net",
    "modules": "blocks",
    "network": "net",
    "shape": "input",
    "size": "input",
    "training": "train",
    "version": "archspec",
}
HEADS = {"times": "repeat", "for": "repeat", "then": "if", "else": "if"}
MISSING_HELP = {
    "archspec": f"start the file with `archspec: {LANGUAGE_VERSION}`",
    "net": "a spec has `input:` and `net:`, or `blocks:` to import",
    "input": "add `input: 3x224x224`: channels x height x width",
    "repeat": "what is done several times goes under `repeat:`",
    "then": "add `then:`",
    "if": "add `if:` with a condition",
}


def check_structure(tree: Tree, findings: Findings) -> set[int]:
    """Report where the tree departs from the schema.

    Returns the `id` of every part that must not be read further.
    """
    check = _Structure(findings)
    data: Any = to_data(tree)
    errors = [*_validator().iter_errors(data)]
    for error in sorted(errors, key=_is_about_a_value):
        *parents, part = _parts(tree, error.absolute_path)
        if not any(id(parent) in check.unknown for parent in [*parents, part]):
            check.report(part, error, parents)
    return check.broken


@cache
def _validator() -> Validator:
    """A validator for which 2.0 is no integer, as in the rest of the language."""
    from jsonschema import Draft202012Validator, validators  # 0.1 s: not for all doors

    checker = Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
    extend: Any = validators.extend
    validator: Validator = extend(Draft202012Validator, type_checker=checker)(SCHEMA)
    return validator


def _is_integer(_: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_about_a_value(error: ValidationError) -> bool:
    """Unknown keys come first: they explain what else is wrong."""
    return not _is_about_a_key(error)


def _is_about_a_key(error: ValidationError) -> bool:
    return (
        error.validator in ("additionalProperties", "maxProperties")
        or "propertyNames" in error.absolute_schema_path
    )


def _parts(tree: Tree, path: Iterable[str | int]) -> list[Tree]:
    """The parts on the way to a place, from the root on."""
    parts = [tree]
    for step in path:
        if isinstance(tree, Mapping):
            tree = tree.get(str(step)) or tree
        elif isinstance(tree, Sequence) and isinstance(step, int):
            tree = tree.items[step]
        parts.append(tree)
    return parts


def means_aux(label: str) -> bool:
    """Whether a label of labels is a misspelt `aux`: `max` is none."""
    near = label.startswith("a") and closest(label, ["aux"], cutoff=0.65)
    return label.isalpha() and (bool(near) or label == "auxiliary")


def report_misspelt_aux(label: Scalar, findings: Findings) -> None:
    """Record a label of labels that would be steps of the network, without a word."""
    findings.error(
        "invalid-label",
        f"`{label.text}` cannot be a label here: it is read as a misspelt `aux`",
        label.span,
        help="did you mean `aux`?",
    )


class _Structure:
    """Turns the validator's errors into findings, each mistake once."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.broken: set[int] = set()  # what must not be read
        self.unknown: set[int] = set()  # values of unknown keys: not looked at
        self.meant: set[tuple[int, str]] = set()  # keys that unknown ones stand for

    def report(self, part: Tree, error: ValidationError, parents: list[Tree]) -> None:
        """Record one error."""
        assert isinstance(error.schema, dict)
        if _is_about_a_key(error):
            assert isinstance(part, Mapping)
            self.key(part, error, parents)
        elif error.validator == "oneOf":
            assert isinstance(part, Mapping)
            self.repeat(part)
        elif error.validator in ("required", "anyOf", "dependentRequired"):
            self.missing_keys(part, error)
        elif id(part) in self.broken:
            return
        else:
            self.value(part, error)
        if error.validator not in ("additionalProperties", "required", "anyOf"):
            self.broken.add(id(part))

    # --- keys ---

    def key(self, part: Mapping, error: ValidationError, parents: list[Tree]) -> None:
        if error.validator == "maxProperties":
            self.second_key(part, parents)
            return
        if error.validator == "additionalProperties":
            known = error.schema["properties"]  # type: ignore[index]
            for key, _ in part.pairs:
                if key.text not in known:
                    self.unknown_key(part, key, known)
            return
        found = part.key(str(error.instance))
        assert found is not None
        if error.validator == "enum":
            self.unknown_key(part, found, error.validator_value)
        else:
            expected = error.schema["expected"]  # type: ignore[index]
            self.expected(found.span, expected, f"`{found.text}`")

    def unknown_key(self, part: Mapping, key: Scalar, known: Any) -> None:
        match = closest(key.text, known, cutoff=0.5 if len(key.text) < 3 else 0.6)
        if match is None and OTHER_KEYS.get(key.text) in known:
            match = OTHER_KEYS[key.text]
        if match and part.get(match) is None:
            self.meant.add((id(part), match))
        self.unknown.add(id(part.get(key.text)))
        self.broken.add(id(part.get(key.text)))
        listed = ", ".join(f"`{name}`" for name in known)
        self.findings.error(
            "unknown-key",
            f"`{key.text}` is not a key here",
            key.span,
            help=f"did you mean `{match}`?" if match else f"the keys are {listed}",
        )

    def second_key(self, part: Mapping, parents: list[Tree]) -> None:
        first = part.pairs[0][0]
        heads = {HEADS[key.text] for key, _ in part.pairs if key.text in HEADS}
        if first.text not in HEADS and closest(first.text, heads, cutoff=0.5):
            self.unknown_key(part, first, heads)
            return
        second = part.pairs[1][0]
        self.unknown |= {id(value) for _, value in part.pairs[1:]}
        around = parents[-1] if parents else None
        if isinstance(around, Mapping) and len(around.pairs) == 1:
            label = around.pairs[0][0]
            if means_aux(label.text):
                report_misspelt_aux(label, self.findings)
                return
        self.findings.error(
            "invalid-step",
            f"a step has one label or keyword, found `{second.text}` as a second",
            second.span,
            help="start each step of a list with `- `",
        )

    def repeat(self, part: Mapping) -> None:
        key, value = part.key("repeat"), part.get("repeat")
        assert key is not None
        if id(value) in self.broken or any(
            id(v) in self.unknown for _, v in part.pairs
        ):
            return
        if (id(part), "times") in self.meant or (id(part), "for") in self.meant:
            return
        self.findings.error(
            "invalid-step",
            "`repeat` needs either `times` or `for`",
            key.span,
            help="add `times: 4`, or name the rows: `repeat: block[(64, 3), (128, 3)]`",
        )

    def missing_keys(self, part: Tree, error: ValidationError) -> None:
        assert isinstance(part, Mapping)
        for missing, place in _missing(part, error):
            if (id(part), missing) not in self.meant:
                self.findings.error(
                    "missing-key",
                    f"the key `{missing}` is missing",
                    place,
                    help=MISSING_HELP[missing],
                )

    # --- values ---

    def value(self, part: Tree, error: ValidationError) -> None:
        expected = error.schema["expected"]  # type: ignore[index]
        help = _help(part, expected)
        if error.absolute_path and error.absolute_path[-1] == "repeat":
            help = "the step goes under `repeat:`, and how often under `times:`"
        self.expected(part.span, expected, _found(part, error), help)

    def expected(self, span: Span, expected: str, found: str, help: str = "") -> None:
        is_step = expected.startswith(("a step", "a list of"))
        is_missing = is_step and found in ("nothing", "an empty list")
        self.findings.error(
            "missing-step" if is_missing else "invalid-type",
            f"expected {expected}, found {found}",
            span,
            help="`identity` passes its input on" if is_missing else help,
        )


def _missing(part: Mapping, error: ValidationError) -> Iterator[tuple[str, Span]]:
    """The keys that are missing, and the keys that need them."""
    if error.validator == "dependentRequired":
        needs: Any = error.validator_value
        for name, (missing, *_) in needs.items():
            key = part.key(name)
            if key and not part.get(missing):
                yield missing, key.span
                return
    start = part.pairs[0][0].span if part.pairs else part.span
    yield "net" if error.validator == "anyOf" else "archspec", start


def _found(part: Tree, error: ValidationError) -> str:
    if error.validator in ("minItems", "minProperties"):
        return "an empty list" if error.validator == "minItems" else "an empty mapping"
    if error.validator == "pattern" and not str(error.instance).strip():
        return "nothing"
    if isinstance(part, Scalar) and part.text and error.instance is not None:
        shown = part.text if len(part.text) < 40 else f"{part.text[:40]}..."
        return f"the text `{shown}`" if part.style in ("'", '"') else f"`{shown}`"
    return TYPE_NAMES[type(error.instance)]


def _help_with_input(sizes: list[str]) -> str:
    if not all(re.fullmatch(SIZE, size) for size in sizes):
        return ""
    if len(sizes) == 2:
        return f"the channels come first, as in `3x{'x'.join(sizes)}`"
    return f"write `{'x'.join(sizes)}`" if len(sizes) == 3 else ""


def _help(part: Tree, expected: str) -> str:
    """What to write instead, where that can be told."""
    if expected.startswith("a list of "):
        item = "step" if "steps" in expected else "branch"
        return f"write each {item} on a line of its own, behind `- `"
    if expected.startswith("signatures"):
        return "write `unit(cout):`, and below it the steps of the block"
    if expected.startswith("heads"):
        step = part.text.strip() if isinstance(part, Scalar) else ""
        if step and "," not in step:
            return f"write `{{aux1: {step}}}`"
        return f"each head has a line of its own below `aux`: `aux1: {step or '...'}`"
    if expected.startswith("names and values"):
        return "each has a line of its own: `name: value`"
    if expected.startswith("channels x"):
        return _help_with_input(re.findall("[0-9]+", part.span.text))
    if expected.startswith(f"`{LANGUAGE_VERSION}`"):
        return f"write `archspec: {LANGUAGE_VERSION}`"
    if isinstance(part, Scalar) and part.style and INTEGER.fullmatch(part.text):
        return f"write `{part.text}` without quotes"
    return ""
