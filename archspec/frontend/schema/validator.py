"""Validate data against a JSON Schema, for the keywords that the spec's schema has.

Importing the `jsonschema` package takes longer than checking a network. The tests
compare the two on every spec of the corpus and on mutations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Schema = dict[str, Any]
Path = tuple[str | int, ...]  # keys and indices from the root


class Violation(NamedTuple):
    """A value that a keyword does not accept."""

    path: Path
    value: object
    keyword: str
    schema: Schema  # the part of the schema that has the keyword
    is_about_key: bool = False  # the value is a key of the mapping at `path`


class Validator:
    """Finds where data violates a schema.

    >>> validator = Validator({"items": {"type": "string"}})
    >>> [(v.path, v.keyword) for v in validator.violations(["relu", 3])]
    [((1,), 'type')]
    """

    def __init__(self, root: Schema) -> None:
        """Validate against the schema `root`, where `$ref` starts."""
        self.root = root

    def violations(
        self, value: object, schema: Schema | None = None, path: Path = ()
    ) -> Iterator[Violation]:
        """Yield the violations in the order of the schema's keywords.

        Raises:
            NotImplementedError: if a keyword of the schema is unknown here.
        """
        part = self.root if schema is None else schema
        for keyword, argument in part.items():
            if keyword in ASSERTIONS:
                if not ASSERTIONS[keyword](argument, value):
                    yield Violation(path, value, keyword, part)
            elif keyword in APPLICATORS:
                yield from self._apply(keyword, part, value, path)
            elif keyword not in ANNOTATIONS:
                raise NotImplementedError(f"the schema keyword `{keyword}`")

    def is_valid(self, value: object, schema: Schema) -> bool:
        """Whether a value has no violation."""
        return next(self.violations(value, schema), None) is None

    def _apply(
        self, keyword: str, schema: Schema, value: object, path: Path
    ) -> Iterator[Violation]:
        """Yield the violations of the schemas that a keyword applies."""
        argument = schema[keyword]
        match keyword, value:
            case "$ref", _:
                yield from self.violations(value, self._definition(argument), path)
            case "allOf", _:
                for part in argument:
                    yield from self.violations(value, part, path)
            case "anyOf", _:
                if not any(self.is_valid(value, part) for part in argument):
                    yield Violation(path, value, keyword, schema)
            case "oneOf", _:
                if sum(self.is_valid(value, part) for part in argument) != 1:
                    yield Violation(path, value, keyword, schema)
            case "if", _:
                branch = "then" if self.is_valid(value, argument) else "else"
                yield from self.violations(value, schema.get(branch, {}), path)
            case "items", list():
                for index, item in enumerate(value):
                    yield from self.violations(item, argument, (*path, index))
            case "properties", dict():
                for key, part in argument.items():
                    if key in value:
                        yield from self.violations(value[key], part, (*path, key))
            case "additionalProperties", dict():
                yield from self._additional(schema, value, path)
            case "propertyNames", dict():
                for key in value:
                    for violation in self.violations(key, argument, path):
                        yield violation._replace(is_about_key=True)

    def _definition(self, reference: str) -> Schema:
        """Return the part of the schema at a reference such as `#/$defs/step`."""
        part = self.root
        for key in reference.removeprefix("#/").split("/"):
            part = part[key]
        return part

    def _additional(
        self, schema: Schema, value: dict[str, object], path: Path
    ) -> Iterator[Violation]:
        """Yield the violations of keys that are not among the `properties`."""
        part = schema["additionalProperties"]
        known = schema.get("properties", {})
        others = [key for key in value if key not in known]
        if part is False and others:
            yield Violation(path, value, "additionalProperties", schema)
        elif part is not False:
            for key in others:
                yield from self.violations(value[key], part, (*path, key))


TYPES: dict[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int,),  # 2.0 is an integer to JSON Schema, but not in a spec
    "number": (int, float),
    "object": (dict,),
    "string": (str,),
}


def _has_type(types: str | list[str], value: object) -> bool:
    listed = [types] if isinstance(types, str) else types
    return any(type(value) in TYPES[name] for name in listed)


def _equals(constant: object, value: object) -> bool:
    """Compare scalars: 1 equals 1.0, but not `true`."""
    return isinstance(constant, bool) == isinstance(value, bool) and constant == value


def _has_needed_keys(needs: dict[str, list[str]], value: dict[str, object]) -> bool:
    return all(
        set(needed) <= value.keys() for key, needed in needs.items() if key in value
    )


def _if_type(name: str, check: Callable[[Any, Any], bool]) -> Callable[..., bool]:
    """Return a check of the values of one type, which accepts all others."""
    return lambda argument, value: not _has_type(name, value) or check(argument, value)


# Keywords that look at the value alone.
ASSERTIONS: dict[str, Callable[[Any, Any], bool]] = {
    "type": _has_type,
    "const": _equals,
    "enum": lambda constants, value: any(_equals(one, value) for one in constants),
    "pattern": _if_type("string", lambda pattern, text: bool(re.search(pattern, text))),
    "minimum": _if_type("number", lambda bound, number: number >= bound),
    "exclusiveMinimum": _if_type("number", lambda bound, number: number > bound),
    "exclusiveMaximum": _if_type("number", lambda bound, number: number < bound),
    "minItems": _if_type("array", lambda least, items: len(items) >= least),
    "minProperties": _if_type("object", lambda least, pairs: len(pairs) >= least),
    "maxProperties": _if_type("object", lambda most, pairs: len(pairs) <= most),
    "required": _if_type("object", lambda keys, pairs: set(keys) <= pairs.keys()),
    "dependentRequired": _if_type("object", _has_needed_keys),
}
# Keywords that apply other schemas to the value or to what is in it.
APPLICATORS = {
    "$ref", "additionalProperties", "allOf", "anyOf", "if", "items", "oneOf",
    "properties", "propertyNames",
}  # fmt: skip
# Keywords that judge nothing, and those that `if` reads.
ANNOTATIONS = {
    "$defs", "$schema", "description", "else", "examples", "expected", "then",
    "title", "x-form",
}  # fmt: skip
