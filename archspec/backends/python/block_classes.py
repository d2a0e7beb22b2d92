"""From the instances of each block to as few classes as can stand for them.

All calls of a block are instances of one class. If they differ in structure and not
only in numbers, they are told apart: first by their structure, and at last each for
itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from archspec.backends.python.block_instances import level, torch_call
from archspec.backends.python.class_source import ClassWriter
from archspec.backends.python.expressions import literal
from archspec.backends.python.identifiers import class_name, python_name, unique
from archspec.backends.python.shared_numbers import Mismatch, annotation
from archspec.backends.python.submodules import Argument
from archspec.ir.graph import (  # fmt: skip
    Choice,
    Graph,
    Layer,
    Merge,
    Module,
    Reference,
    Repeat,
    walk,
)


@dataclass(eq=False)
class WrittenClass:
    """A class that stands for several instances of a block."""

    name: str
    instances: list[Module]
    parameters: list[Argument]

    def number(self, module: Module) -> int:
        """Which of the class's instances this is."""
        return next(n for n, one in enumerate(self.instances) if one is module)


@dataclass
class BlockClasses:
    """The classes of a network's blocks, each written at the first question."""

    graph: Graph
    taken: set[str]  # names that no class can have
    groups: dict[str, str] = field(default_factory=dict)
    sections: list[list[str]] = field(
        default_factory=list
    )  # those used by others first
    written: dict[int, WrittenClass] = field(default_factory=dict)

    def class_of(self, module: Module) -> WrittenClass:
        """The class of a block's instance."""
        if id(module) not in self.written:
            family = _family(module)
            items = (item for item in walk(self.graph.body) if isinstance(item, Module))
            self.write(
                [item for item in items if item.block and _family(item) == family]
            )
        return self.written[id(module)]

    def network(self, name: str, about: str) -> None:
        """Write the class of the network itself."""
        for may_loop in (True, False):
            writer = ClassWriter(
                name, [self.graph.body], {}, self, may_loop=may_loop, shows_shapes=True
            )
            try:
                lines = writer.lines(about)
            except Mismatch:
                continue
            self.add(writer, lines)
            return

    def write(self, modules: list[Module]) -> None:
        """Write the instances of a block as one class, or as few as can be."""
        if self.attempt(modules):
            return
        for alike in _grouped(modules, self.structure):
            if self.attempt(alike) or self.attempt(alike, may_loop=False):
                continue
            for same in _grouped(alike, _numbers):
                assert self.attempt(same) or self.attempt(same, may_loop=False)

    def attempt(self, modules: list[Module], *, may_loop: bool = True) -> bool:
        """Write one class for these instances; false if none can stand for them."""
        block = modules[0]
        writer = ClassWriter(
            unique(class_name(block.block), self.taken),
            [module.body for module in modules],
            _parameters(modules),
            self,
            may_loop=may_loop,
        )
        try:
            lines = writer.lines(f"`{block.signature}`\n\n{block.about}")
        except Mismatch:
            return False
        self.add(writer, lines)
        written = WrittenClass(writer.name, modules, writer.parameters())
        self.written |= {id(module): written for module in modules}
        return True

    def add(self, writer: ClassWriter, lines: list[str]) -> None:
        """Keep a class, and those of its groups before it."""
        self.sections += [*writer.sections, lines]
        self.groups |= writer.groups
        self.taken |= {writer.name, *writer.groups.values()}

    def structure(self, module: Module) -> tuple[Any, ...]:
        """What a body consists of, without its numbers."""
        return tuple(self.part(item) for item in level(module.body))

    def part(self, item: Any) -> Any:
        """What must be alike in the instances of a class."""
        match item:
            case Layer():
                return torch_call(item).name, item.name.value
            case Module() if item.block:
                return self.class_of(item).name, item.name.value
            case Module():
                return self.structure(item), item.name.value
            case Merge():
                return item.node.op, len(item.branches)
            case Repeat():
                return "repeat", len(item.iterations)
            case Choice():
                return "if", item.condition.value
            case Reference():
                return "ref", item.label
        return type(item).__name__


def _parameters(modules: list[Module]) -> dict[str, Argument]:
    """What the body of a block may read: the input channels and its parameters."""
    block = modules[0]
    found = {"cin": Argument("in_channels", "int", key="cin")}
    for key in block.arguments:
        values = [module.arguments[key].value for module in modules]
        default = ""
        if key in block.defaults:
            values.append(block.defaults[key])
            default = literal(block.defaults[key])
        found[key] = Argument(
            python_name(key),
            annotation(values),
            default,
            keyword_only=key in block.keyword_only,
            key=key,
        )
    return found


def _family(module: Module) -> Any:
    """Instances that one class may stand for: one block, the same ops as arguments."""
    arguments = sorted(module.arguments.items())
    return (id(module.definition), [(name, _callees(v.value)) for name, v in arguments])


def _callees(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_callees(item) for item in value]
    return id(value) if hasattr(value, "name") else None


def _numbers(module: Module) -> Any:
    """What makes two instances the same in every number."""
    arguments = [repr(item.value) for item in module.arguments.values()]
    return tuple(arguments), module.input.shape


def _grouped(
    modules: Iterable[Module], key: Callable[[Module], Any]
) -> list[list[Module]]:
    groups: dict[Any, list[Module]] = {}
    for module in modules:
        groups.setdefault(key(module), []).append(module)
    return list(groups.values())
