"""Tidy traced steps before they are folded: short calls, nothing that does nothing."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from archspec.importing.folding.templates import is_activation
from archspec.importing.inner_bodies import Body, bodies_in, has_state, map_bodies
from archspec.importing.label_reads import labels_read
from archspec.importing.steps import (
    Aux,
    Call,
    Group,
    Instance,
    Join,
    Network,
    Step,
)
from archspec.importing.writing.call_text import short_call
from archspec.importing.writing.needed_labels import without_unread_labels

OVER_CHANNELS = ("softmax", "log_softmax", "glu")
INLINED = 2  # calls of a module without state that need no block


def tidy(network: Network) -> Network:
    """Return the same network with short calls and the labels that it needs."""
    read = labels_read(network)

    def change(body: Body) -> Body:
        changed = [map_bodies(step, change) for step in body]
        return _joined_heads(
            [inner for step in changed for inner in _tidied(step, read)]
        )

    network = without_unread_labels(network)
    return replace(network, body=change(network.body))


def _tidied(step: Step, read: Container[str]) -> Body:
    if isinstance(step, Call) and (step.name != "identity" or step.label in read):
        return [short_call(step)]
    if isinstance(step, Call):
        return []
    if isinstance(step, Join) and step.kind == "concat":
        return _with_common_activation(step)
    is_level = isinstance(step, Group | Instance) and step.label not in read
    if is_level and not has_state(step) and _is_inlined(step):
        return bodies_in(step)[0]
    return [step]


def _joined_heads(body: Body) -> Body:
    """The body with one `aux` for heads that read the same value."""
    result: Body = []
    for step in body:
        last = result[-1] if result else None
        if isinstance(step, Aux) and isinstance(last, Aux):
            result[-1] = Aux({**last.heads, **step.heads})
        else:
            result.append(step)
    return result


def _with_common_activation(join: Join) -> Body:
    """A concat, and after it the activation that ends each of its branches."""
    lasts = [branch[-1] for branch in join.branches if branch[1:]]
    names = {last.name for last in lasts if isinstance(last, Call)}
    are_alike = len(names) == 1 and all(map(_is_for_each_value, lasts))
    if len(lasts) < len(join.branches) or not are_alike:
        return [join]
    branches = [branch[:-1] for branch in join.branches]
    return [replace(join, branches=branches), Call(names.pop())]


def _is_for_each_value(step: Step) -> bool:
    """Whether a step is an activation of each value by itself."""
    if not isinstance(step, Call) or step.name in OVER_CHANNELS:
        return False
    return is_activation(step) and not has_state(step)


def _is_inlined(step: Step) -> bool:
    (body,) = bodies_in(step)
    is_chain = all(isinstance(inner, Call) for inner in body)
    return isinstance(step, Group) or (is_chain and len(body) <= INLINED)
