"""The dataflow of a traced module, in the ops of the language."""

from __future__ import annotations

from dataclasses import dataclass, field

from archspec.importing.reading.tracing import Frame, around
from archspec.importing.steps import Value as Argument
from archspec.ir.shape import Shape


@dataclass(eq=False)
class Node:
    """An op or a join, and the one value that it makes.

    `path` is that of its weights in the state dict, and None where it has none.
    """

    op: str  # the name of an op or a join; "" for an input of the network
    inputs: list[Node]
    shape: Shape
    frame: Frame | None
    positional: tuple[Argument, ...] = ()
    keywords: dict[str, Argument] = field(default_factory=dict)
    path: str | None = None
    is_repeated: bool = False  # runs weights of a layer that has run before
    label: str | None = None  # of an input, its name
    like: Node | None = None  # what it reads by its label, as `resize_like` does

    @property
    def frames(self) -> list[Frame]:
        """The calls of modules around it, the innermost first."""
        return around(self.frame)


@dataclass(eq=False)
class Item:
    """A step of a body: a node, or a module that reads one value and makes one."""

    nodes: list[Node]  # of which the last makes the value
    inputs: list[Node]
    frame: Frame | None = None  # of a module

    @property
    def output(self) -> Node:
        """The value that it makes."""
        return self.nodes[-1]

    @property
    def path(self) -> str | None:
        """The path of its weights; None where it has none."""
        return self.frame.path if self.frame else self.output.path

    @property
    def around(self) -> list[Frame]:
        """The calls of modules around it, the innermost first."""
        frames = self.output.frames
        return frames[frames.index(self.frame) + 1 :] if self.frame else frames

    @property
    def is_repeated(self) -> bool:
        """Whether its layers have all run before."""
        layers = [node for node in self.nodes if node.path is not None]
        return bool(layers) and all(node.is_repeated for node in layers)
