"""The labels of the steps of a body, and the paths by which others read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from archspec.importing.reading.obstacles import WORDS
from archspec.importing.steps import (
    Aux,
    Call,
    Group,
    Instance,
    Join,
    Ref,
    Split,
    Step,
    Tied,
)
from archspec.importing.unsupported import UnsupportedModuleError
from archspec.lowering.reserved_labels import RESERVED_LABELS

Place = tuple[str, ...]  # the labels of the groups around a step, and its own


@dataclass
class Labels:
    """The labels of a body in the making. Steps are known by their `id`."""

    prefix: str  # the path of the body's module
    paths: dict[int, str] = field(default_factory=dict)  # of steps that have weights
    by_path: dict[str, Step] = field(default_factory=dict)
    wanted: dict[int, str] = field(default_factory=dict)  # of outputs, by a dict's keys
    reads: list[tuple[Ref | Tied | Call, Step]] = field(default_factory=list)

    def add(self, step: Step, path: str) -> None:
        """Note the path of a step that has weights."""
        self.paths[id(step)] = path
        self.by_path[path] = step

    def path(self, step: Step) -> str:
        """The path of a step that has weights, or ""."""
        return self.paths.get(id(step), "")

    def ref(self, target: Step) -> Ref:
        """A reference to a step, whose path is known in the end."""
        ref = Ref("")
        self.reads.append((ref, target))
        return ref

    def tied(self, path: str) -> Tied:
        """The layers of an earlier step once more.

        Raises:
            UnsupportedModuleError: if they are no step of this body.
        """
        if path not in self.by_path:
            raise UnsupportedModuleError(
                f"`{path}` runs twice, in places that share no level of names"
            )
        tied = Tied(path)
        self.reads.append((tied, self.by_path[path]))
        return tied

    def name_targets(self, steps: Sequence[Step]) -> list[Step]:
        """Label what is read and has no weights; a join by an `identity` behind it."""
        targets = {id(t) for read, t in self.reads if not isinstance(read, Tied)}
        taken = {part for path in self.paths.values() for part in path.split(".")}
        names = (f"skip{n}" for n in count(1))
        names = (name for name in names if name not in taken)
        marks: dict[int, Call] = {}

        def name_of(step: Step) -> str:
            wanted = self.wanted.get(id(step), "")
            is_free = wanted.isidentifier() and wanted not in taken
            if not is_free or wanted in RESERVED_LABELS | WORDS:
                return next(names)
            taken.add(wanted)
            return wanted

        def named(body: Sequence[Step]) -> list[Step]:
            result: list[Step] = []
            for step in body:
                if isinstance(step, Join | Split):
                    step.branches = [named(branch) for branch in step.branches]
                result.append(step)
                if id(step) not in targets or id(step) in self.paths:
                    continue
                if isinstance(step, Call):
                    step.label = name_of(step)
                else:
                    marks[id(step)] = Call("identity", label=name_of(step))
                    result.append(marks[id(step)])
            return result

        result = named(steps)
        self.reads = [(read, marks.get(id(t), t)) for read, t in self.reads]
        return result

    def resolve(self, steps: Sequence[Step]) -> None:
        """Write the paths of references, now that all steps are in their groups."""
        places = {id(step): place for step, place in _places(steps, ())}
        for read, target in self.reads:
            here, there = places.get(id(read), ()), places[id(target)]
            here = here[:-1] if isinstance(read, Call) else here
            common = 0
            while common < min(len(here), len(there) - 1):
                if here[common] != there[common]:
                    break
                common += 1
            path = ".".join(there[common:])
            if isinstance(read, Call):  # an op that takes a label
                read.positional = (path, *read.positional)
            else:
                read.path = path


def _places(steps: Sequence[Step], around: Place) -> Iterator[tuple[Step, Place]]:
    """All steps of a body; a reference is at the place of the groups around it."""
    for step in steps:
        match step:
            case Call() | Instance() | Group():
                yield step, (*around, step.label or "")
                if isinstance(step, Group):
                    yield from _places(step.body, (*around, step.label))
            case Join() | Split():
                for branch in step.branches:
                    yield from _places(branch, around)
            case Aux():
                for head in step.heads.values():
                    yield from _places(head, around)
            case _:
                yield step, around
