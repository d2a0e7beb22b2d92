"""Tidy traced steps before they are folded: short calls, nothing that does nothing."""

from __future__ import annotations

from dataclasses import replace

from archspec.importing.inner_bodies import Body, bodies_in, has_state, map_bodies
from archspec.importing.label_reads import labels_read
from archspec.importing.steps import (
    Call,
    Group,
    Instance,
    Network,
    Step,
)
from archspec.importing.writing.call_text import short_call
from archspec.importing.writing.needed_labels import without_unread_labels

INLINED = 2  # calls of a module without state that need no block


def tidy(network: Network) -> Network:
    """Return the same network with short calls and the labels that it needs."""
    read = labels_read(network)

    def change(body: Body) -> Body:
        changed = [map_bodies(step, change) for step in body]
        return [inner for step in changed for inner in _tidied(step, read)]

    network = without_unread_labels(network)
    return replace(network, body=change(network.body))


def _tidied(step: Step, read: frozenset[str]) -> Body:
    if isinstance(step, Call) and (step.name != "identity" or step.label in read):
        return [short_call(step)]
    if isinstance(step, Call):
        return []
    is_level = isinstance(step, Group | Instance) and step.label not in read
    if is_level and not has_state(step) and _is_inlined(step):
        return bodies_in(step)[0]
    return [step]


def _is_inlined(step: Step) -> bool:
    (body,) = bodies_in(step)
    is_chain = all(isinstance(inner, Call) for inner in body)
    return isinstance(step, Group) or (is_chain and len(body) <= INLINED)
