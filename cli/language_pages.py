"""What `archspec explain` says about steps, keys of a spec, and training settings."""

from __future__ import annotations

from textwrap import indent

from archspec.backends.tables.text_table import definitions
from archspec.frontend.schema.json_schema import published_schema
from archspec.ops.registry import OPS
from archspec.settings.declaration import Panel, Setting
from archspec.settings.settings import FLAGS
from archspec.signatures.signature import Signature

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


ARGUMENTS = {
    "kernel_size": "Kernel size: `3`, or `(1, 7)` for height and width.",
    "stride": "Stride: positions from one window to the next.",
    "padding": "Padding: positions added on each side.",
    "dilation": "Dilation: positions from one point of the kernel to the next.",
    "groups": "Groups of channels, each convolved by itself.",
}
"""The arguments of windowed ops that have short names, by PyTorch's names."""

TERMS = {
    "argument": "A value in a call, such as the `64` and the `k=3` of `conv(64, k=3)`.",
    "block": "Steps with a name and parameters, under `blocks:` or in the library.",
    "branch": "One of the inputs of a join, such as `add` or `concat`: a chain or steps.",
    "ch": "In a chain or body: the number of channels that reach this place.",
    "chain": "Calls in a row: `conv(64, k=3) | bn | relu`.",
    "cin": "In a block: the number of input channels of the block.",
    "cout": "The usual name for the number of output channels: the parameter of a block.",
    "i": "In a `repeat`: the number of the iteration, from 0.",
    "label": "The name of a step, `stem: conv(64, k=7)`. `ref(stem)` reads its output, and "
    "the state dict has it in the names of weights.",
    "macs": "Multiply-accumulates of convolutions, linear and attention layers, for one "
    "input. One MAC is two FLOPs.",
    "param": "A value under `params:`, which `--set` and variants change.",
    "receptive field": "The part of the input that one position of the output depends on.",
    "run": "A directory that `archspec train` writes: the spec, settings, metrics and "
    "weights.",
    "shape": "Channels x height x width, without the batch: `3x224x224`, or `[3, 224, 224]` "
    "in a report.",
    "spec": "A YAML file with the key `archspec`, which describes a network.",
    "step": "An item of `net` or of a block: a chain, a join, a `repeat`, an `if`.",
    "variant": "A named set of params, under `variants:`. `net.yaml:large` chooses it.",
}
"""Words of the documentation that are neither ops nor keys."""


def language_page(word: str) -> str | None:
    """The page of a step, of a key or of a setting; None if the word is none of them."""
    name = _short_arguments().get(word, word)
    if name in ARGUMENTS:
        return f"{word}, in PyTorch `{name}`\n\n{ARGUMENTS[name]}"
    if word in TERMS:
        return f"{word}\n\n{TERMS[word]}"
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
    arguments = (*_short_arguments(), *ARGUMENTS)
    keys = published_schema()["properties"]
    return [*STEPS, *arguments, *TERMS, *keys, *FLAGS, *recipes]


def overview() -> list[str]:
    """Lines with all words that have a page, by kind."""
    kinds = {
        "steps": STEPS,
        "keys": published_schema()["properties"],
        "arguments": _short_arguments(),
        "terms": TERMS,
        "settings": FLAGS,
        "diagnostics": ["`channel-mismatch` and each other code in a report"],
        "ops and blocks": ["those of `archspec list`"],
        "bundled specs": ["those of `archspec list specs`"],
    }
    return definitions((kind, ", ".join(words)) for kind, words in kinds.items())


def argument_lines(signature: Signature) -> list[str]:
    """The arguments of an op that have short names, in words."""
    known = [each for each in signature.parameters if each.name in ARGUMENTS]
    return definitions((each.shown, ARGUMENTS[each.name]) for each in known)


def _short_arguments() -> dict[str, str]:
    """`k` is `kernel_size`."""
    known = OPS["conv"].parameters
    return {each.shown: each.name for each in known if each.name in ARGUMENTS}


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
