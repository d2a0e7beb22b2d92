"""Name the indices of repeats: `i`, and `j` within a repeat.

While repeats are found, an index is `@` and a number, since a repeat may come to stand in
another one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from archspec.importing.inner_bodies import Body, map_bodies
from archspec.importing.steps import (
    Call,
    Expression,
    Group,
    If,
    Join,
    Network,
    Ref,
    Repeat,
    Step,
    Tied,
    Value,
)
from archspec.importing.writing.write_network import body_text

NAMES = ("i", "j", "m", "l")
INDEX = re.compile(r"@\d+")


def with_index_names(network: Network) -> Network:
    """The network with names of the language for all indices."""
    blocks = [replace(block, body=_named(block.body, ())) for block in network.blocks]
    return replace(network, body=_named(network.body, ()), blocks=blocks)


def _named(body: Body, around: tuple[str, ...]) -> Body:
    """The body of repeats; `around` are the names of the indices that it may read."""
    return [_step(step, around) for step in body]


def _step(step: Step, around: tuple[str, ...]) -> Step:
    if not isinstance(step, Repeat):
        return map_bodies(step, lambda body: _named(body, around))
    read = {*INDEX.findall(body_text(step.body))}
    has_own_name = bool(around) and bool(read)
    name = NAMES[len(around)] if has_own_name else "i"
    body = [_renamed(inner, step.index, name) for inner in step.body]
    return replace(step, body=_named(body, (*around, name)), index=name)


def _renamed(step: Step, old: str, new: str) -> Step:
    def rename(text: str) -> str:
        return re.sub(rf"{old}\b", new, text)

    step = map_bodies(step, lambda body: [_renamed(x, old, new) for x in body])
    match step:
        case Call():
            keywords = {k: _value(v, rename) for k, v in step.keywords.items()}
            positional = tuple(_value(v, rename) for v in step.positional)
            label = rename(step.label) if step.label else None
            return replace(step, positional=positional, keywords=keywords, label=label)
        case Group():
            return replace(step, label=rename(step.label))
        case Join() if step.label:
            return replace(step, label=rename(step.label))
        case Ref() | Tied():
            return replace(step, path=rename(step.path))
        case If():
            return replace(step, condition=Expression(rename(step.condition.text)))
        case Repeat():
            times = _value(step.times, rename)
            rows = {k: _value(row, rename) for k, row in step.rows.items()}
            return replace(step, times=times, rows=rows)
    return step


def _value(value: Value, rename: Callable[[str], str]) -> Value:
    match value:
        case Expression():
            return Expression(rename(value.text))
        case tuple():
            return tuple(_value(item, rename) for item in value)
    return value
