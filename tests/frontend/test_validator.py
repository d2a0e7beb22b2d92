"""The validator of the schema finds what the `jsonschema` package finds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from copy import deepcopy
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, validators

import harness
from archspec.catalog import bundled
from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.source import Source
from archspec.frontend.schema.json_schema import SCHEMA
from archspec.frontend.schema.report import FORM_HELP, STEP_FORMS
from archspec.frontend.schema.validator import (
    ANNOTATIONS,
    APPLICATORS,
    ASSERTIONS,
    Validator,
)
from archspec.frontend.yaml.reader import read_yaml
from archspec.frontend.yaml.tree import to_data

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "300"))
DOCS = Path(__file__).parents[2] / "docs" / "examples"
LIBRARY = Path(str(files("archspec.library")))
FILES = [
    *harness.valid_cases(),
    *harness.invalid_cases(),
    *bundled().values(),
    *sorted(DOCS.glob("*.yaml")),
    *sorted(LIBRARY.glob("*.yaml")),
]


def data_of(path: Path) -> Any:
    """The data of a file, as the program reads it."""
    try:
        text = path.read_text()
    except UnicodeDecodeError:
        return None
    tree = read_yaml(Source(path.name, text), Findings())
    return tree and to_data(tree)


CORPUS = [data for path in FILES if (data := data_of(path)) is not None]


def reference() -> Any:
    """`jsonschema`, for which 2.0 is not an integer, as in a spec."""
    checker = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: type(value) is int
    )
    extend: Any = validators.extend
    return extend(Draft202012Validator, type_checker=checker)(SCHEMA)


REFERENCE = reference()


def expected(data: object) -> set[tuple[object, ...]]:
    return {
        (
            tuple(error.absolute_path),
            error.validator,
            repr(error.instance),
            repr(error.schema),
            "propertyNames" in error.absolute_schema_path,
        )
        for error in REFERENCE.iter_errors(data)
    }


def found(data: object) -> set[tuple[object, ...]]:
    return {
        (v.path, v.keyword, repr(v.value), repr(v.schema), v.is_about_key)
        for v in Validator(SCHEMA).violations(data)
    }


def test_the_corpus_violates_the_schema_alike():
    assert sum(bool(found(data)) for data in CORPUS) > 50
    for data in CORPUS:
        assert found(data) == expected(data)


# --- mutations -----------------------------------------------------------------------

VALUES = [None, True, False, 0, 1, -1, 2.0, 0.5, "", " ", "relu", "1x8x8", "block[(1, 2)]",
          [], {}, ["relu"], [None], {"a": 1}]  # fmt: skip
KEYS = ["archspec", "net", "input", "params", "train", "epochs", "clip", "ema", "seed",
        "optimizer", "repeat", "times", "for", "if", "then", "else", "aux", "let", "add",
        "split", "stem", "1", ""]  # fmt: skip


def containers(data: object) -> Iterator[Any]:
    """Every list and mapping in the data."""
    if isinstance(data, dict | list):
        yield data
        for value in data.values() if isinstance(data, dict) else data:
            yield from containers(value)


@st.composite
def mutations(draw):
    """A document of the corpus in which some values and keys are others."""
    data = deepcopy(draw(st.sampled_from(CORPUS)))
    for _ in range(draw(st.integers(1, 4))):
        if not (places := [*containers(data)]):
            break
        place = draw(st.sampled_from(places))
        value = deepcopy(draw(st.sampled_from(VALUES)))
        if isinstance(place, list):
            at = draw(st.integers(0, len(place)))
            place[at : at + draw(st.integers(0, 1))] = [value]
        elif place and draw(st.booleans()):
            place[draw(st.sampled_from([*place]))] = value
        elif place and draw(st.booleans()):
            del place[draw(st.sampled_from([*place]))]
        else:
            place[draw(st.sampled_from(KEYS))] = value
    return data


@settings(
    max_examples=EXAMPLES,
    derandomize="FUZZ_EXAMPLES" not in os.environ,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
@given(mutations())
def test_mutations_violate_the_schema_alike(data):
    assert found(data) == expected(data)


# --- keywords ------------------------------------------------------------------------


def test_an_unknown_keyword_is_refused():
    with pytest.raises(NotImplementedError, match="maxLength"):
        [*Validator({"maxLength": 3}).violations("relu")]


def parts(schema: dict) -> Iterator[dict]:
    """A schema and all schemas in it."""
    yield schema
    inner = [schema[key] for key in ("items", "if", "then", "else") if key in schema]
    inner += [
        part for key in ("allOf", "anyOf", "oneOf") for part in schema.get(key, ())
    ]
    for key in ("properties", "$defs"):
        inner += schema.get(key, {}).values()
    for key in ("additionalProperties", "propertyNames"):
        inner += [schema[key]] if isinstance(schema.get(key), dict) else []
    for part in inner:
        yield from parts(part)


def test_every_keyword_of_the_schema_is_implemented():
    used = {keyword for part in parts(SCHEMA) for keyword in part}
    assert used == ASSERTIONS.keys() | APPLICATORS | ANNOTATIONS


def test_every_form_chooses_a_help():
    forms = {part["x-form"] for part in parts(SCHEMA) if "x-form" in part}
    assert forms == {*FORM_HELP, *STEP_FORMS, "heads", "input", "name"}
