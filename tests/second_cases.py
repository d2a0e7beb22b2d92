"""Second cases of a kind: `make test` runs the first ones, and `make slow` the rest."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

import pytest


def rest_slow(names: Iterable[Any], first: Container[Any]) -> list[Any]:
    """The names as params of a test; those that are not in `first` are slow."""
    return [n if n in first else pytest.param(n, marks=pytest.mark.slow) for n in names]
