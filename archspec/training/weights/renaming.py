"""Rename the weights of a file: `--rename old=new`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from archspec.diagnostics.terminal import printable
from archspec.runs.errors import UsageError
from archspec.training.weights.weight_files import Weights
from archspec.training.weights.weight_names import levels, suggest


def rename_weights(weights: Weights, rename: str, path: Path) -> Weights:
    """Rename a weight or a module `old`, with all weights in it, to `new`.

    The rename `features=stem` turns `features.0.weight` into `stem.0.weight`.

    Raises:
        TrainingError: if `old` does not exist, or two weights get the same name.
    """
    old, equals, new = (part.strip(".") for part in rename.partition("="))
    if not old or not equals:
        raise UsageError(f"`--rename` expects `old=new`, found `{rename}`")
    if not any(old in levels(name) for name in weights):
        raise UsageError(
            f"`--rename {rename}` renames nothing, `{path}` has no `{old}`: "
            f"{suggest(old, weights)}"
        )
    renamed: Weights = {}
    for name, weight in weights.items():
        is_renamed = old in levels(name)
        other = (new + name.removeprefix(old)).strip(".") if is_renamed else name
        if other in renamed:
            raise UsageError(
                f"`--rename {rename}` gives two weights of `{path}` the name "
                f"`{printable(other)}`: rename the other one before"
            )
        renamed[other] = weight
    return renamed


def guess_rename(unexpected: Sequence[str], missing: Sequence[str]) -> str | None:
    """The single `old=new` that makes all names of a file match a network, if any."""
    if len(unexpected) != len(missing):
        return None
    pairs = zip(sorted(unexpected), sorted(missing), strict=True)
    guesses = {_shortest_rename(*pair) for pair in pairs}
    return guesses.pop() if len(guesses) == 1 else None


def _shortest_rename(old: str, new: str) -> str | None:
    """The shortest rename between two names with the same last level.

    >>> _shortest_rename("features.0.weight", "stem.0.weight")
    'features=stem'
    """
    olds, news = old.split("."), new.split(".")
    if olds[-1] != news[-1]:
        return None
    while len(olds) > 1 and len(news) > 1 and olds[-1] == news[-1]:
        olds.pop()
        news.pop()
    return f"{'.'.join(olds)}={'.'.join(news)}"
