"""Names of weights: the levels in them, and which were meant by a wrong one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from itertools import accumulate

from archspec.diagnostics.terminal import printable

SHOWN = 3  # names in a sentence


def levels(name: str) -> list[str]:
    """The modules around a weight, outermost first, and the weight itself.

    >>> levels("stem.0.weight")
    ['stem', 'stem.0', 'stem.0.weight']
    """
    return list(accumulate(name.split("."), "{}.{}".format))


def layer_of(name: str) -> str:
    """The module that holds a weight.

    >>> layer_of("stem.0.weight")
    'stem.0'
    """
    return name.rpartition(".")[0]


def suggest(wrong: str, weights: Iterable[str]) -> str:
    """What somebody may have meant who named a weight or level that is not there."""
    known = list(dict.fromkeys(level for name in weights for level in levels(name)))
    near = get_close_matches(wrong, known, SHOWN)
    if near:
        return f"did you mean {listed(near, 'or')}?"
    return f"there are {listed([name for name in known if '.' not in name])}"


def listed(names: Sequence[str], word: str = "and") -> str:
    """Some names for a sentence, and how many more there are.

    >>> listed(["a", "b"]), listed(["a", "b", "c", "d", "e"])
    ('`a` and `b`', '`a`, `b`, `c` and 2 more')
    """
    shown = [f"`{printable(name)}`" for name in names[:SHOWN]]
    if len(names) > SHOWN:
        shown.append(f"{len(names) - SHOWN} more")
    *before, last = shown
    return f"{', '.join(before)} {word} {last}" if before else last
