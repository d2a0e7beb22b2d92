"""Probabilities that grow with the number of their layer, as stochastic depth has them.

0.0125, 0.025, 0.0375 are `0.2 * 1 / 16`, `0.2 * 2 / 16`, `0.2 * 3 / 16`. MaxViT's are
`0.2 / 10 * n`, whose last bit differs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from math import gcd
from typing import NamedTuple

from archspec.importing.folding.formulas import formula
from archspec.importing.inner_bodies import Body, map_bodies, walk
from archspec.importing.steps import Call, Network, Value

GROWING = "stochastic_depth"
FEWEST = 3  # different values of a progression
RATES = [n / 100 for n in range(1, 100)]  # at the last layer
LAYERS = range(2, 200)


class Progression(NamedTuple):
    """The rate at the last layer, the number of layers, and how a value follows."""

    rate: float
    layers: int
    divides_first: bool

    def number(self, value: float) -> int:
        """The number of the layer with a value."""
        return round(value * self.layers / self.rate)

    def value(self, number: int) -> float:
        """The value of a layer."""
        if self.divides_first:
            return self.rate / self.layers * number
        return self.rate * number / self.layers

    @property
    def pattern(self) -> str:
        """The expression of a value."""
        if self.divides_first:
            return f"{self.rate} / {self.layers} * {{}}"
        return f"{self.rate} * {{}} / {self.layers}"


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

    def change(body: Body) -> Body:
        steps = [map_bodies(step, change) for step in body]
        return [
            replace(step, positional=(_numbered(step.positional[0], found),))
            if isinstance(step, Call) and step.name == GROWING
            else step
            for step in steps
        ]

    return replace(network, body=change(network.body))


def _numbered(value: Value, progression: Progression) -> Value:
    assert isinstance(value, int | float)
    return formula(progression.pattern, progression.number(value))


def _progression(values: Iterable[float]) -> Progression | None:
    """The progression with the fewest layers from which all values follow exactly."""
    ordered = sorted(values, reverse=True)
    if len(ordered) < FEWEST:
        return None
    for layers, rate, divides_first in product(LAYERS, RATES, (False, True)):
        found = Progression(rate, layers, divides_first)
        numbers = [found.number(v) for v in ordered]
        exact = all(found.value(n) == v for n, v in zip(numbers, ordered, strict=True))
        if exact and numbers[0] <= layers and gcd(*numbers) == 1:
            return found
    return None
