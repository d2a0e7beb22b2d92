"""Names of weights: their levels, suggestions for wrong ones, lists for messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from itertools import accumulate

from archspec.diagnostics.terminal import printable

MAX_LISTED = 3  # names in a sentence


def levels(name: str) -> list[str]:
    """The names of the modules around a weight, outermost first, and its own name.

    >>> levels("stem.0.weight")
    ['stem', 'stem.0', 'stem.0.weight']
    """
    return list(accumulate(name.split("."), "{}.{}".format))


def layer_of(name: str) -> str:
    """The name of the module that contains a weight.

    >>> layer_of("stem.0.weight")
    'stem.0'
    """
    return name.rpartition(".")[0]


def suggest(wrong: str, weights: Iterable[str]) -> str:
    """Suggest weights or modules for a name that does not exist."""
    known = list(dict.fromkeys(level for name in weights for level in levels(name)))
    near = get_close_matches(wrong, known, MAX_LISTED)
    if near:
        return f"did you mean {listed(near, 'or')}?"
    return f"the network has {listed([name for name in known if '.' not in name])}"


def listed(names: Sequence[str], word: str = "and") -> str:
    """Format names for a sentence, with the number of those left out.

    >>> listed(["a", "b"]), listed(["a", "b", "c", "d", "e"])
    ('`a` and `b`', '`a`, `b`, `c` and 2 more')
    """
    shown = [f"`{printable(name)}`" for name in names[:MAX_LISTED]]
    if len(names) > MAX_LISTED:
        shown.append(f"{len(names) - MAX_LISTED} more")
    *before, last = shown
    return f"{', '.join(before)} {word} {last}" if before else last
