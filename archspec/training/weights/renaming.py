"""Other names for the weights of a file: `--rename old=new`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from archspec.diagnostics.terminal import printable
from archspec.runs.errors import TrainingError
from archspec.training.weights.files import Weights
from archspec.training.weights.names import levels, suggest


def renamed(weights: Weights, rename: str, path: Path) -> Weights:
    """The weights of a file, those that `old` names or holds under `new`.

    Raises:
        TrainingError: if there are none, or two weights come to have one name.
    """
    old, equals, new = (part.strip(".") for part in rename.partition("="))
    if not old or not equals:
        raise TrainingError(f"`--rename` expects `old=new`, found `{rename}`")
    if not any(old in levels(name) for name in weights):
        raise TrainingError(
            f"`--rename {rename}` renames nothing, `{path}` has no `{old}`: "
            f"{suggest(old, weights)}"
        )
    found: Weights = {}
    for name, weight in weights.items():
        is_meant = old in levels(name)
        other = (new + name.removeprefix(old)).strip(".") if is_meant else name
        if other in found:
            raise TrainingError(
                f"`--rename {rename}` gives two weights of `{path}` the name "
                f"`{printable(other)}`: rename the other one before"
            )
        found[other] = weight
    return found


def guess_rename(unexpected: Sequence[str], missing: Sequence[str]) -> str | None:
    """The one `old=new` that takes all names of a file to those of a network."""
    if len(unexpected) != len(missing):
        return None
    pairs = zip(sorted(unexpected), sorted(missing), strict=True)
    guesses = {_shortest_rename(*pair) for pair in pairs}
    return guesses.pop() if len(guesses) == 1 else None


def _shortest_rename(old: str, new: str) -> str | None:
    """What renames a weight that keeps its last level, without the levels they share.

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
