"""A network as nested steps: what tracing finds, folding rewrites and writing prints.

Tracing makes `Call`, `Instance`, `Group`, `Join`, `Split`, `Ref`, `Tied` and `Aux` with
plain numbers. Folding turns instances of one class into calls of a `Block` and adds
`Repeat`, `If`, `Let` and `Expression`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import EllipsisType
from typing import Union

Shape = tuple[int, ...]  # without the batch


@dataclass(frozen=True)
class Expression:
    """A value that is computed in the spec, as it is written: `cin * 4`."""

    text: str


Value = Union[bool, int, float, str, None, Expression, "Call", tuple["Value", ...]]


@dataclass
class Call:
    """An op, or after folding a block: `conv(64, k=3, p=1)`.

    `label` is the last part of the path of its weights: "conv1", "0"; None where it has
    no weights and no name in the module.
    """

    name: str
    positional: tuple["Value", ...] = ()
    keywords: dict[str, "Value"] = field(default_factory=dict)
    label: str | None = None
    inputs: tuple[Shape, ...] = ()
    output: Shape = ()


@dataclass
class Instance:
    """A module of the user's own class, with what happens inside it.

    `arguments` are those of its constructor whose values are known: {"planes": 64}.
    """

    class_name: str
    arguments: Mapping[str, "Value"]
    body: list["Step"]
    label: str | None
    inputs: tuple[Shape, ...]
    output: Shape


@dataclass
class Group:
    """A labeled group: an `nn.Sequential`, or another level of names that is no block."""

    label: str
    body: list["Step"]


@dataclass
class Join:
    """`add`, `sub`, `mul`, `maximum` or `concat` of branches; an empty one is `identity`."""

    kind: str
    branches: list[list["Step"]]
    label: str | None = None


@dataclass
class Split:
    """Chunks of the channels, one for each branch."""

    branches: list[list["Step"]]
    sizes: "Value" = None  # None: equal


@dataclass
class Ref:
    """The output of an earlier labeled step, or of an input: `ref(enc.d0)`."""

    path: str


@dataclass
class Tied:
    """The layers of an earlier labeled step once more, with the same weights."""

    path: str


@dataclass
class Aux:
    """Heads that run in training only, by name.

    A call or instance alone, without a label, is the head; anything else is in a group.
    """

    heads: dict[str, list["Step"]]


@dataclass
class Repeat:
    """The body `times` times, or once for each row of `rows`: {"c": (64, 128)}."""

    body: list["Step"]
    times: "Value" = None
    rows: Mapping[str, "Value"] = field(default_factory=dict)
    index: str = "i"


@dataclass
class If:
    """The arm that `condition` chooses; `otherwise` is None without an `else`."""

    condition: Expression
    then: list["Step"]
    otherwise: list["Step"] | None = None


@dataclass
class Let:
    """Names for values: {"hidden": Expression("cin * expand")}."""

    values: Mapping[str, "Value"]


Step = Call | Instance | Group | Join | Split | Ref | Tied | Aux | Repeat | If | Let


@dataclass
class Block:
    """A definition: `basic_block(planes, *, s=1)` and its body."""

    name: str
    positional: tuple[str, ...]
    keywords: Mapping[
        str, "Value | EllipsisType"
    ]  # defaults; `...` where there is none
    body: list[Step]
    comment: str = ""


@dataclass
class Network:
    """A whole spec. `inputs` is in the order of `forward`; `outputs` are labels.

    `header` are the lines of the comment above it, and `keys` those of the dict that
    the module returns instead of a tuple.
    """

    name: str
    inputs: Mapping[str, Shape]
    body: list[Step]
    outputs: tuple[str, ...] = ()
    blocks: list[Block] = field(default_factory=list)
    header: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
