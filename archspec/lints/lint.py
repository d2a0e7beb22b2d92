"""What a lint is: a rule that looks at a spec without errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from archspec.diagnostics.source import Span
from archspec.frontend.ast import Document
from archspec.ir.graph import Graph, Node
from archspec.lints.name_uses import NameUses
from archspec.resolve.scope import Environment


class LintedSpec(NamedTuple):
    """A spec without errors, as rules look at it."""

    document: Document
    environment: Environment
    graph: Graph | None
    """None for a library of blocks, which has no network."""

    nodes: Sequence[Node]
    """Those of the graph, in execution order."""

    uses: NameUses

    train: Mapping[str, object]
    """Its `train:` section: numbers and recipes, by key."""


class LintFinding(NamedTuple):
    """A warning: a code that has a page, a message, and the place."""

    code: str
    message: str
    span: Span
    help: str = ""
    numbers: tuple[int, ...] = ()
    """The counts that do not match, from which a fix is made."""


class Fault(NamedTuple):
    """Why `train` refuses a network, and what to do."""

    message: str
    help: str


Lint = Callable[[LintedSpec], Iterator[LintFinding]]
