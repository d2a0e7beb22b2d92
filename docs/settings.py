"""Print the training settings, as Markdown for docs/training.md."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from archspec.backends.tables.text_table import markdown_table
from archspec.settings.declaration import Panel, Setting
from archspec.settings.settings import SETTINGS
from archspec.signatures.recipes import Recipe
from archspec.signatures.signature import show

TYPE_WORDS = {
    bool: "boolean",
    int: "integer",
    str: "text",
    tuple[str, ...]: "text",
    Path: "path",
}


def tables(settings: Iterable[Setting]) -> str:
    """Write the keys of a `train:` section, the other flags, and the use in `--resume`."""
    settings = [*settings]
    keys = [row(each.name, each) for each in settings if each.panel is Panel.SPEC]
    flags = [row(each.flag, each) for each in settings if each.panel is not Panel.SPEC]
    *names, last = (f"`{each.flag}`" for each in settings if each.changeable_on_resume)
    return "\n".join(
        [
            *markdown_table(("key", "value", "default", "description"), keys, range(4)),
            "\nThe other settings are flags only:\n",
            *markdown_table(
                ("flag", "value", "default", "description"), flags, range(4)
            ),
            f"\nA resumed run can change {', '.join(names)} and {last}.",
        ]
    )


def row(name: str, setting: Setting) -> tuple[str, str, str, str]:
    """Return the cells of a setting."""
    about = setting.about.replace("|", r"\|")
    return f"`{name}`", values(setting), default(setting), about


def values(setting: Setting) -> str:
    """Describe the values of a setting."""
    words = setting.choices or tuple(setting.recipes or ())
    if words:
        return ", ".join(f"`{word}`" for word in words)
    if setting.type is float:
        return setting.expected_number.removeprefix("a ")
    least = "" if setting.least is None else f", at least {setting.least}"
    return TYPE_WORDS[setting.type] + least


def default(setting: Setting) -> str:
    """Write the default of a setting as a spec would, and nothing for "none"."""
    value = setting.default
    if isinstance(value, Recipe):
        return f"`{call(value, setting)}`"
    return "" if value in (None, ()) or value is False else f"`{show(value)}`"


def call(recipe: Recipe, setting: Setting) -> str:
    """Write a recipe as a call, without the arguments that equal their defaults."""
    signature = (setting.recipes or {})[recipe.name]
    omitted = signature.defaults({})
    arguments = [
        f"{name}={show(value)}"
        for name, value in recipe.arguments.items()
        if value != omitted[name]
    ]
    return f"{recipe.name}({', '.join(arguments)})" if arguments else recipe.name


if __name__ == "__main__":
    print(tables(SETTINGS.values()))
