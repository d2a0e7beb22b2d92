"""Drop labels that are the names of unlabeled steps, before steps are folded.

So two modules of one class look alike where only the numbers of their layers differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field, replace

from archspec.importing.inner_bodies import Body, bodies_in, map_bodies
from archspec.importing.steps import Aux, Call, Group, Join, Ref, Split, Step, Tied

ANY = ""  # the count of all steps of a level
MOST_LEFT_OUT = 3  # numbers


def without_default_labels(bodies: Sequence[Body], read: Container[str]) -> list[Body]:
    """Bodies that become one text, without the labels that are names in it.

    The text is a plain chain only if all of the bodies are. `read` are labels that other
    steps read, which stay.
    """
    names = _Names(bodies, read)
    return [names.renamed(body, "") for body in bodies]


class _Names:
    """The names that steps have without labels, by the place of the level around."""

    def __init__(self, bodies: Sequence[Body], read: Container[str]) -> None:
        self.read = read
        self.branching: set[str] = set()  # the places that are no plain chains
        for body in bodies:
            self._note(body, "")

    def _note(self, body: Body, place: str) -> None:
        if not _is_plain_chain(body):
            self.branching.add(place)
        for step in _level_of(body):
            if isinstance(step, Group | Aux):
                for inner in bodies_in(step):
                    self._note(inner, _place(step, place))

    def renamed(self, body: Body, place: str) -> Body:
        """The body without the labels that are names."""
        labels = {getattr(step, "label", None) for step in _level_of(body)}
        level = _Level(place, place not in self.branching, labels)

        def change(steps: Body) -> Body:
            renamed: Body = []
            for step in steps:
                renamed += _left_out(step, level)
                renamed.append(self._renamed(step, level, change))
            return renamed

        return change(body)

    def _renamed(
        self, step: Step, level: _Level, change: Callable[[Body], Body]
    ) -> Step:
        match step:
            case Call():
                step = self._call(step, level)
            case Group():
                level.next_name("group")
            case Aux():
                pass
            case _:
                return map_bodies(step, change)
        inside = _place(step, level.place)
        return map_bodies(step, lambda inner: self.renamed(inner, inside))

    def _call(self, call: Call, level: _Level) -> Call:
        name = level.next_name(call.name)
        if call.label == name and name not in self.read:
            return replace(call, label=None)
        if not call.label and name in level.labels:  # the name of another step
            return replace(call, label=f"{call.name}_{name}")
        return call


@dataclass
class _Level:
    """A level of names, while its steps are named."""

    place: str
    is_plain: bool
    labels: set[str | None]
    counts: Counter[str] = field(default_factory=Counter)

    def next_name(self, called: str) -> str:
        """The name of the next step without its label."""
        self.counts[ANY] += 1
        self.counts[called] += 1
        ordinal = self.counts[ANY] - 1
        return str(ordinal) if self.is_plain else f"{called}{self.counts[called]}"


def _left_out(step: Step, level: _Level) -> Iterator[Step]:
    """Identities for the numbers that a sequence leaves out before a step."""
    label = getattr(step, "label", None) or ""
    is_number = level.is_plain and label.isdigit()
    missing = int(label) - level.counts[ANY] if is_number else 0
    if missing <= MOST_LEFT_OUT:
        for _ in range(missing):
            level.next_name("identity")
            yield Call("identity")


def _place(step: Step, around: str) -> str:
    """The place of the level that a step is."""
    return f"{around}.{step.label}" if isinstance(step, Group) else f"{around}.aux"


def _is_plain_chain(body: Body) -> bool:
    return not any(isinstance(step, Join | Split | Ref | Tied) for step in body)


def _level_of(body: Body) -> Iterator[Step]:
    """The steps of one level, without those of the levels within it."""
    for step in body:
        yield step
        if not isinstance(step, Group | Aux):
            for inner in bodies_in(step):
                yield from _level_of(inner)
