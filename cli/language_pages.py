"""What `archspec explain` says about steps, keys of a spec, and training settings."""

from __future__ import annotations

from textwrap import indent

from archspec.backends.tables.text_table import definitions
from archspec.frontend.schema.json_schema import published_schema
from archspec.settings.declaration import Panel, Setting
from archspec.settings.settings import FLAGS

_REPEAT = "- repeat: conv(8 * (i + 1), k=3)\n  times: 3"
_ROWS = "- repeat: conv(c, k=k)\n  for: {k: [3, 5], c: [16, 32]}"
_IF = "- if: ch != 16\n  then: conv(16, k=1)\n  else: identity"

STEPS = {
    "add": "- add: [identity, 'conv(3, k=3, p=1)']",
    "as": "- repeat: conv(8 * (j + 1), k=3)\n  times: 3\n  as: j",
    "aux": "- conv(8, k=3) | relu\n"
    "- aux: {aux1: global_avgpool | flatten | linear(10)}\n"
    "- global_avgpool | flatten | linear(10)",
    "collect": "- collect: maxpool(5, s=1, p=2)\n  times: 3",
    "concat": "- concat: ['conv(16, k=1)', 'conv(16, k=3, p=1)']",
    "each": "- concat:\n    - identity\n"
    "    - each: conv(8, k=3, p=d, d=d)\n      for: {d: [1, 2, 4]}",
    "else": _IF,
    "for": _ROWS,
    "if": _IF,
    "let": "- let: {width: 4 * ch}\n- conv(width, k=3) | relu | conv(width, k=3)",
    "maximum": "- maximum: ['conv(16, k=1)', 'conv(16, k=3, p=1)']",
    "mul": "- mul: [identity, 'global_avgpool | conv(3, k=1) | sigmoid']",
    "none": "- concat:\n    - identity\n"
    "    - if: ch > 3\n      then: conv(8, k=1)\n      else: none\n"
    "    - conv(8, k=1)",
    "ref": "- stem: conv(8, k=3, p=1)\n- relu | conv(8, k=3, p=1)\n"
    "- add: [identity, ref(stem)]",
    "repeat": _REPEAT,
    "sizes": "- conv(64, k=1)\n- split: ['conv(8, k=1)', identity]\n  sizes: [16, 48]",
    "split": "- conv(64, k=1)\n- split: ['conv(32, k=1)', identity]",
    "sub": "- sub: [identity, 'avgpool(3, s=1, p=1)']",
    "then": _IF,
    "tied": "- enc: conv(3, k=3, p=1)\n- relu | tied(enc)",
    "times": _REPEAT,
}
"""Each step, or key of a step, with an example."""

_CALLS = {
    "none": "In an `if` that is a branch: omit this branch.",
    "ref": "The output of an earlier labeled step, at the start of a chain.",
    "tied": "The layers of an earlier labeled step again, with the same weights.",
}


def language_page(word: str) -> str | None:
    """The page of a step, of a key or of a setting; None if the word is none of them."""
    if word in STEPS:
        return _page(word, _about_step(word), STEPS[word])
    schema = published_schema()
    key = word.removesuffix(":")
    if key in schema["properties"]:
        about = schema["properties"][key]["description"]
        return f"{key}:\n\n{about}"
    name = word.removeprefix("--").replace("-", "_")
    for setting in FLAGS.values():
        if setting.name == name or word in (setting.recipes or ()):
            return _setting(setting)
    return None


def language_words() -> list[str]:
    """All words that have a page."""
    recipes = (name for setting in FLAGS.values() for name in setting.recipes or ())
    return [*STEPS, *published_schema()["properties"], *FLAGS, *recipes]


def _about_step(word: str) -> str:
    steps = published_schema()["$defs"]["step"]["properties"]
    about: str = _CALLS.get(word) or steps[word]["description"]
    return about


def _page(word: str, about: str, example: str) -> str:
    return f"{word}\n\n{about}\n\nFor example:\n\n{indent(example, '    ')}"


def _setting(setting: Setting) -> str:
    """A setting: what it is, its default, the calls it takes, and how to give it."""
    lines = [setting.name, "", setting.about]
    if setting.recipes:
        calls = ((each.signature, each.about) for each in setting.recipes.values())
        lines += ["", *definitions(calls)]
    uses = [f"    archspec train SPEC {setting.flag} {_value(setting)}".rstrip()]
    if setting.panel is Panel.SPEC and setting.examples:
        uses.append(f"    train: {{{setting.name}: {setting.examples[0]}}}")
    return "\n".join([*lines, "", "For example:", "", *uses])


def _value(setting: Setting) -> str:
    if setting.type is bool:
        return ""
    if setting.examples:
        text = str(setting.examples[0])
        return f"'{text}'" if "(" in text else text
    return setting.choices[0] if setting.choices else setting.metavar or "N"
