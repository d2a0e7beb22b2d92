"""Drop labels that are the names of unlabeled steps, before steps are folded.

So two modules of one class look alike where only the numbers of their layers differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from archspec.importing.inner_bodies import Body, bodies_in, map_bodies
from archspec.importing.steps import Aux, Call, Group, Join, Ref, Split, Step, Tied
from archspec.importing.templates import label_pattern

ANY = ""  # the count of all steps of a level
MOST_LEFT_OUT = 3  # numbers


def without_default_labels(bodies: Sequence[Body], read: frozenset[str]) -> list[Body]:
    """Bodies that become one text, without the labels that are names in it.

    The text is a plain chain only if all of the bodies are. `read` are labels that other
    steps read, which stay.
    """
    names = _Names(bodies, read)
    return [names.renamed(body, "") for body in bodies]


class _Names:
    """The names that steps have without labels, by the place of the level around."""

    def __init__(self, bodies: Sequence[Body], read: frozenset[str]) -> None:
        self.read = read
        self.branching: set[str] = set()  # the places that are no plain chains
        for body in bodies:
            self._note(body, "")

    def _note(self, body: Body, place: str) -> None:
        if not _is_plain_chain(body):
            self.branching.add(place)
        for step in _of_level(body):
            for inner in bodies_in(step):
                self._note(inner, _place(step, place))

    def renamed(self, body: Body, place: str) -> Body:
        """The body without the labels that are names."""
        counts: Counter[str] = Counter()

        def change(steps: Body) -> Body:
            renamed: Body = []
            for step in steps:
                if place not in self.branching:
                    renamed += _left_out(step, counts)
                renamed.append(self._renamed(step, place, counts, change))
            return renamed

        return change(body)

    def _renamed(
        self,
        step: Step,
        place: str,
        counts: Counter[str],
        change: Callable[[Body], Body],
    ) -> Step:
        if isinstance(step, Call | Group):
            counts[ANY] += 1
            called = step.name if isinstance(step, Call) else "group"
            counts[called] += 1
            is_plain = place not in self.branching
            name = str(counts[ANY] - 1) if is_plain else f"{called}{counts[called]}"
            is_needless = step.label == name and name not in self.read
            if isinstance(step, Call) and is_needless:
                step = replace(step, label=None)
        elif not isinstance(step, Aux):
            return map_bodies(step, change)
        inside = _place(step, place)
        return map_bodies(step, lambda inner: self.renamed(inner, inside))


def _left_out(step: Step, counts: Counter[str]) -> Iterator[Step]:
    """Identities for the numbers that a sequence leaves out before a step."""
    label = getattr(step, "label", None) or ""
    missing = int(label) - counts[ANY] if label.isdigit() else 0
    if missing <= MOST_LEFT_OUT:
        for _ in range(missing):
            counts[ANY] += 1
            yield Call("identity")


def _place(step: Step, around: str) -> str:
    """The place of a body in a level: groups that count are alike."""
    if isinstance(step, Group):
        return f"{around}.{label_pattern(step.label)}"
    return f"{around}.aux"


def _is_plain_chain(body: Body) -> bool:
    return not any(isinstance(step, Join | Split | Ref | Tied) for step in body)


def _of_level(body: Body) -> Iterator[Step]:
    """The steps with bodies of their own, within one level."""
    for step in body:
        if isinstance(step, Group | Aux):
            yield step
        else:
            for inner in bodies_in(step):
                yield from _of_level(inner)
