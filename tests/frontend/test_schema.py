"""The JSON Schema says what the reader reads, and other tools read it alike."""

from __future__ import annotations

import ast
import inspect
import json
from importlib.resources import files
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

import harness
from archspec.catalog import bundled
from archspec.frontend import document_parser, step_parser
from archspec.frontend.schema.json_schema import (
    SCHEMA,
    STEP_KEYWORDS,
    published_schema,
)
from archspec.frontend.schema.report import MISSING_HELP, OTHER_KEYS
from archspec.settings.declaration import Panel
from archspec.settings.settings import SETTINGS

LIBRARY = Path(str(files("archspec.library"))) / "blocks.yaml"
TOP = set(SCHEMA["properties"])
TRAIN = set(SCHEMA["properties"]["train"]["properties"])

# Faults of structure that a schema cannot tell, with the reason.
BEYOND_A_SCHEMA = {
    "invalid-type/key_is_a_list": "JSON has no such keys",
    "invalid-type/computed_label_without_quotes": "JSON has no such keys",
    "unknown-key/merge_key": "YAML 1.1 merges it, and it is gone",
    "invalid-type/input_hexadecimal": "0x20 is an integer to YAML",
    "invalid-type/whole_float": "2.0 is an integer to JSON",
    "invalid-step/sub_of_three": "`each` and `if` decide how many branches there are",
}


def plain(path) -> object:
    """What an ordinary YAML reader makes of a file; keys are text, as in JSON."""
    return json.loads(json.dumps(yaml.safe_load(path.read_text())))


def validator() -> jsonschema_rs.Draft202012Validator:
    """Not the one that archspec uses itself."""
    return jsonschema_rs.Draft202012Validator(published_schema())


def test_the_schema_is_one():
    jsonschema_rs.meta.validate(published_schema())


def test_the_published_schema_is_current():
    """If not: `archspec schema > archspec/schema.json`."""
    published = files("archspec").joinpath("schema.json").read_text("utf-8")
    assert published == json.dumps(published_schema(), indent=2) + "\n"


def keys(schema: dict) -> list:
    """Each key that the schema knows, and what stands behind it."""
    nested = (part for part in schema.values() if isinstance(part, dict))
    own = schema.get("properties", {}).items() if "type" in schema else ()
    return [*own, *(key for part in nested for key in keys(part))]


def test_an_editor_can_explain_every_key():
    """With a description, and examples that the key takes."""
    found = dict(keys(SCHEMA))
    assert set(found) == TOP | TRAIN | STEP_KEYWORDS
    for name, key in keys(SCHEMA):
        assert key["description"].endswith("."), name
        one = jsonschema_rs.Draft202012Validator({"$defs": SCHEMA["$defs"], **key})
        assert key["examples"], name
        assert all(map(one.is_valid, key["examples"])), name
        assert not one.is_valid(None), name


def keys_read() -> set[str]:
    """The keys that the parsers of documents and steps ask for, from their own syntax."""
    found = set()
    sources = map(inspect.getsource, (document_parser, step_parser))
    for node in (node for text in sources for node in ast.walk(ast.parse(text))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in ("get", "key", "valid", "text"):
            found |= {a.value for a in node.args if isinstance(a, ast.Constant)}
    return found


def test_every_key_that_is_read_is_in_the_schema():
    assert keys_read() >= {"net", "blocks", "repeat", "times"}
    assert keys_read() <= TOP | STEP_KEYWORDS


def test_every_key_of_the_schema_is_read():
    """`archspec` is for the schema alone; some steps are read by their key."""
    by_key = {*step_parser.MERGES, "split", "let", "aux"}
    assert keys_read() | by_key | {"archspec"} >= TOP | STEP_KEYWORDS
    assert by_key <= STEP_KEYWORDS


def test_every_setting_of_the_section_is_a_key_of_train():
    declared = {name for name, each in SETTINGS.items() if each.panel is Panel.SPEC}
    recipes = {name for name, each in SETTINGS.items() if each.recipes}
    numbers = {"batch_size", "epochs", "accumulate", "clip", "ema", "seed"}
    assert declared == TRAIN >= recipes | numbers


@pytest.mark.parametrize(
    "path",
    [*harness.valid_cases(), *bundled().values(), LIBRARY],
    ids=lambda path: path.stem,
)
def test_another_reader_finds_good_specs_good(path):
    validator().validate(plain(path))


def faults() -> list:
    kinds = (
        "unknown-key",
        "missing-key",
        "invalid-type",
        "missing-step",
        "invalid-step",
    )
    cases = [p for p in harness.invalid_cases() if p.parent.name in kinds]
    return [p for p in cases if f"{p.parent.name}/{p.stem}" not in BEYOND_A_SCHEMA]


@pytest.mark.parametrize("path", faults(), ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_another_reader_finds_faults_of_structure(path):
    """So an editor underlines them as well."""
    assert not validator().is_valid(plain(path))


KEYS = {
    "invalid-type/key_is_a_list",
    "invalid-type/computed_label_without_quotes",
}  # no reader of YAML reads them


def test_what_a_schema_cannot_tell_is_still_so():
    names = {f"{p.parent.name}/{p.stem}" for p in harness.invalid_cases()}
    assert set(BEYOND_A_SCHEMA) <= names
    for name in set(BEYOND_A_SCHEMA) - KEYS:
        assert validator().is_valid(plain(harness.CASES / "invalid" / f"{name}.yaml"))


def test_every_part_says_what_it_expects():
    """A message can then say "expected ..., found ...", whatever is wrong."""

    def parts(schema):
        if isinstance(schema, dict):
            yield schema
            for inner in schema.values():
                yield from parts(inner)
        elif isinstance(schema, list):
            for inner in schema:
                yield from parts(inner)

    structural = [SCHEMA["$defs"]["step"]["allOf"]]
    skipped = {id(part) for schema in structural for part in parts(schema)}
    checked = [
        part
        for part in parts(SCHEMA)
        if ("type" in part or "const" in part)
        and isinstance(part.get("type", ""), str | list)
        and id(part) not in skipped
    ]
    assert len(checked) > 25
    assert [part for part in checked if "expected" not in part] == []


def keys_needed(schema: object) -> set[str]:
    """The keys that others need, here and in the schemas within."""
    if isinstance(schema, list):
        return set().union(*map(keys_needed, schema))
    if not isinstance(schema, dict):
        return set()
    own = schema.get("dependentRequired", {}).values()
    return {key for keys in own for key in keys}.union(
        *map(keys_needed, schema.values())
    )


def test_every_key_that_can_be_missing_has_a_help():
    needed = {"archspec", "net", "input", *keys_needed(SCHEMA["$defs"]["step"])}
    assert needed == set(MISSING_HELP)
    assert set(OTHER_KEYS.values()) <= TOP | {"optimizer"}
    assert not set(OTHER_KEYS) & TOP
