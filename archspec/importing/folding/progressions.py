"""Probabilities that grow with the number of their layer, as stochastic depth has them.

0.0125, 0.025, 0.0375 are `0.2 * 1 / 16`, `0.2 * 2 / 16`, `0.2 * 3 / 16`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from math import gcd

from archspec.importing.folding.formulas import formula
from archspec.importing.inner_bodies import Body, map_bodies, walk
from archspec.importing.steps import Call, Network, Value

GROWING = "stochastic_depth"
FEWEST = 3  # different values of a progression
RATES = [n / 100 for n in range(1, 100)]  # at the last layer
LAYERS = range(2, 200)


def with_progressions(network: Network) -> Network:
    """The network with the numbers of layers in the places of probabilities."""
    values = {
        step.positional[0]
        for step in walk(network.body)
        if isinstance(step, Call) and step.name == GROWING
    }
    found = _progression([v for v in values if isinstance(v, float | int)])
    if found is None:
        return network
    rate, layers = found

    def change(body: Body) -> Body:
        steps = [map_bodies(step, change) for step in body]
        return [
            replace(step, positional=(_numbered(step.positional[0], rate, layers),))
            if isinstance(step, Call) and step.name == GROWING
            else step
            for step in steps
        ]

    return replace(network, body=change(network.body))


def _numbered(value: Value, rate: float, layers: int) -> Value:
    assert isinstance(value, int | float)
    return formula(f"{rate} * {{}} / {layers}", round(value * layers / rate))


def _progression(values: Iterable[float]) -> tuple[float, int] | None:
    """The rate and the number of layers from which all values follow exactly."""
    ordered = sorted(values, reverse=True)
    if len(ordered) < FEWEST:
        return None
    for layers, rate in product(LAYERS, RATES):
        numbers = [round(v * layers / rate) for v in ordered]
        exact = all(
            rate * n / layers == v for n, v in zip(numbers, ordered, strict=True)
        )
        if exact and numbers[0] <= layers and gcd(*numbers) == 1:
            return rate, layers
    return None
