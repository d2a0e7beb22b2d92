"""The declaration of a training setting, from which its flag and schema key are made.

A field of a dataclass declares a setting:

    clip: Annotated[float | None, Setting("Maximum norm.", above=0)] = None
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from enum import StrEnum
from math import inf, isfinite
from pathlib import Path
from types import NoneType
from typing import (
    Any,
    Literal,
    NamedTuple,
    NoReturn,
    get_args,
    get_origin,
    get_type_hints,
)

from archspec.diagnostics.suggest import did_you_mean
from archspec.signatures.recipes import Recipe, make_recipe
from archspec.signatures.signature import Parameter as RecipeParameter
from archspec.signatures.signature import Required, Signature

MAX_INTEGER = 2**63  # torch counts in 64 bits


class InvalidSettingError(Exception):
    """A setting has a value that no run can use; `str()` is one sentence."""


class Panel(StrEnum):
    """A group of options in `archspec train --help`."""

    SPEC = "The `train:` section"  # the keys of that section of a spec
    RUN = "The run"
    MACHINE = "The machine"


class Setting(NamedTuple):
    """A setting. `declared_settings` fills in what the field itself says."""

    about: str
    """The help of the flag, and the description in the schema and the docs."""

    panel: Panel | None = None
    """The group of the flag in `--help`."""

    metavar: str | None = None
    """The word for the value in `--help`; by default, the type."""

    least: int | None = None
    """The smallest integer that is allowed."""

    above: float | None = None
    """The number that a float must exceed."""

    below: float | None = None
    """The number that a float with a lower bound must be less than."""

    recipes: Mapping[str, Signature] | None = None
    """What a spec may call as the value of its key."""

    examples: tuple[object, ...] = ()
    """Values of the key, which editors show."""

    changeable_on_resume: bool = False
    """Whether a resumed run may change the setting."""

    name: str = ""
    """The name of the field."""

    type: Any = None
    """The type of its values, without None."""

    is_optional: bool = True
    """Whether None is a value, too."""

    default: Any = None

    @property
    def flag(self) -> str:
        """The option of `archspec train`: `--batch-size`."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def is_tuple(self) -> bool:
        """Whether a value consists of several."""
        return get_origin(self.type) is tuple

    @property
    def is_recipe(self) -> bool:
        """Whether a value is a recipe or a tuple of recipes: its flag takes calls."""
        return self.type in (Recipe, tuple[Recipe, ...])

    @property
    def choices(self) -> tuple[str, ...]:
        """The values of a setting that is a choice of words."""
        return get_args(self.type) if get_origin(self.type) is Literal else ()

    @property
    def expected_number(self) -> str:
        """The range of a float, as in "expected a number above 0"."""
        if self.below is not None:
            return f"a number between {self.above} and {self.below}"
        return "a number" if self.above is None else f"a number above {self.above}"

    def check(self, value: Any) -> None:
        """Check that a value is in range.

        Raises:
            InvalidSettingError: if it is not.
        """
        if value is None and self.is_optional:
            return
        if value is None:
            self._refuse("a value", "none")
        if self.choices and value not in self.choices:
            listed = ", ".join(f"`{choice}`" for choice in self.choices)
            guess = did_you_mean(value, self.choices)
            self._refuse(f"one of {listed}", f"`{value}`{guess and f': {guess}'}")
        if self.least is not None and value < self.least:
            self._refuse(f"a number from {self.least} on", value)
        if self.type is int and value >= MAX_INTEGER:
            self._refuse("a smaller number", value)
        low = -inf if self.above is None else self.above
        high = inf if self.below is None else self.below
        if self.type is float and not (isfinite(value) and low < value < high):
            self._refuse(self.expected_number, value)

    def _refuse(self, expected: str, found: object) -> None:
        raise InvalidSettingError(f"`{self.flag}` expects {expected}, found {found}")

    def from_json(self, value: Any) -> Any:
        """Convert a value from JSON to the type of the setting.

        Raises:
            InvalidSettingError: if it has another type, or an unknown recipe.
        """
        if value is None and self.is_optional:
            return None
        if self.is_tuple and isinstance(value, list | tuple):
            item_type, _ = get_args(self.type)
            return tuple(self._item_from_json(item, item_type) for item in value)
        return self._item_from_json(value, self.type)

    def _item_from_json(self, value: Any, type_: Any) -> Any:
        if type_ is Recipe:
            return self._recipe_from_json(value)
        is_word = self.choices or type_ in (str, Path)
        expected: Any = str if is_word else float | int if type_ is float else type_
        is_number_as_bool = isinstance(value, bool) and type_ is not bool
        if self.is_tuple and type_ is self.type:
            self._refuse_json(value)
        if is_number_as_bool or not isinstance(value, expected):
            self._refuse_json(value)
        return Path(str(value)) if type_ is Path else value

    def _recipe_from_json(self, value: Any) -> Recipe:
        """A recipe; an argument that is missing has its default, as a setting does."""
        name, arguments = "", dict[str, Any]()
        match value:
            case {"name": str(name), "arguments": dict(arguments)}:
                pass
        signature = (self.recipes or {}).get(name)
        if signature is None:
            self._refuse_json(value)
        known = {each.name for each in signature.parameters}
        given = {key: _tupled(each) for key, each in arguments.items()}
        recipe = make_recipe(signature, **given)
        if not given.keys() <= known or not all(
            _fits(each, recipe.arguments[each.name]) for each in signature.parameters
        ):
            self._refuse_json(value)
        return recipe

    def _refuse_json(self, value: object) -> NoReturn:
        raise InvalidSettingError(f"`{self.name}` cannot be {json.dumps(value)}")


def _fits(parameter: RecipeParameter, value: Any) -> bool:
    """Whether a recipe may have this argument, or its default."""
    if isinstance(parameter.default, Required) or value != parameter.default:
        return parameter.type.accepts(value)
    return True


def _tupled(value: Any) -> Any:
    return tuple(map(_tupled, value)) if isinstance(value, list) else value


def declared_settings(cls: Any) -> dict[str, Setting]:
    """Return the settings that the fields of a dataclass declare, by their names."""
    hints = get_type_hints(cls, include_extras=True)
    return {
        each.name: _setting(each.name, hints[each.name], each.default)
        for each in fields(cls)
    }


def _setting(name: str, annotation: Any, default: Any) -> Setting:
    """Read a field `name: Annotated[int | None, Setting(...)] = default`."""
    type_, setting = get_args(annotation)
    types = [each for each in get_args(type_) if each is not NoneType]
    is_optional = NoneType in get_args(type_)
    declared: Setting = setting._replace(
        name=name,
        type=types[0] if is_optional else type_,
        is_optional=is_optional,
        default=None if default is MISSING else default,
    )
    return declared
