"""Move a concat into the module whose output it adds to the input, as DenseNet has it.

`concat: [identity, dense_layer]` around each module of a class becomes a part of it, so
that a layer is one step: it adds channels to those it reads.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from archspec.importing.inner_bodies import Body, map_bodies, walk
from archspec.importing.steps import Instance, Join, Network, Step
from archspec.ir.shape import Shape

FEWEST = 3  # modules of a class


def with_absorbed_joins(network: Network) -> Network:
    """The network with such joins within their modules."""
    steps = [*walk(network.body)]
    modules = Counter(s.class_name for s in steps if isinstance(s, Instance))
    added = Counter(m.class_name for m in map(_added_module, steps) if m)
    names = {
        name
        for name, count in added.items()
        if count == modules[name] and count >= FEWEST
    }

    def change(body: Body) -> Body:
        return [map_bodies(_absorbed(step, names), change) for step in body]

    return replace(network, body=change(network.body))


def _added_module(step: Step) -> Instance | None:
    """The module whose output a concat adds to its input."""
    match step:
        case Join("concat", [[], [Instance() as module]], None):
            return module
    return None


def _absorbed(step: Step, names: set[str]) -> Step:
    module = _added_module(step)
    if module is None or module.class_name not in names:
        return step
    before, after = module.inputs[0], module.output
    if not isinstance(before, Shape) or not isinstance(after, Shape):
        return step
    output = before.with_channels(before.channels + after.channels)
    return replace(module, body=[Join("concat", [[], module.body])], output=output)
