"""A run that ends, but has learned nothing, says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archspec.runs.history import EpochMetrics
from archspec.runs.outcome_warning import outcome_warning
from tiny_runs import epochs

LEARNS, GUESSES = epochs([0.5, 0.9]), epochs([0.08, 0.105])
EXPLODES = [*epochs([0.5]), replace(epochs([0.3])[0], epoch=2, val_loss=4e5)]


@pytest.mark.parametrize(
    ("history", "classes", "words"),
    [
        (LEARNS, 10, ""),
        (LEARNS, 1, "of a single class"),
        (GUESSES, 10, "that of guessing one of 10 classes"),
        (GUESSES, 1000, ""),
        (
            EXPLODES,
            10,
            "ends at 4e+05, and equal probabilities for all classes have 2.3",
        ),
        (EXPLODES[1:], 10, "the validation loss ends at 4e+05"),
    ],
)
def test_the_warning_of_an_outcome(
    history: list[EpochMetrics], classes: int, words: str
) -> None:
    warning = outcome_warning(history, classes, num_val_images=1000)
    assert words in warning
    assert bool(warning) == bool(words)
