"""Scopes: which value, op or block a name means at a place in a spec."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from archspec.diagnostics.diagnostic import Edit, Findings, Fix
from archspec.diagnostics.suggest import closest
from archspec.frontend.ast import BlockDefinition, Literal, Name
from archspec.frontend.step_traversal import is_plain_chain
from archspec.frontend.tokenizer import WORDS
from archspec.ir.symbolic import Symbolic
from archspec.ops.op import Op
from archspec.resolve.slots import Slots, slots_of_definition

CIN = "cin"  # the input channels of a block
STEP_WORDS = ("collect", "each", "sub", "maximum", "tied", "none", "as")
RESERVED = frozenset((CIN, "ch", "ref", *STEP_WORDS, *WORDS))


class Block:
    """A block, with the names of its document, which its body may use.

    A block of the library is parsed when something first reads its definition.
    """

    def __init__(
        self, name: str, environment: Environment, parse: Callable[[], BlockDefinition]
    ) -> None:
        """`parse` returns the definition."""
        self.name = name
        self.environment = environment
        self._parse = parse

    @classmethod
    def of(cls, definition: BlockDefinition, environment: Environment) -> Block:
        """The block of a definition that is parsed already."""
        return cls(definition.name.id, environment, lambda: definition)

    @cached_property
    def definition(self) -> BlockDefinition:
        """The signature and the body in the syntax tree."""
        return self._parse()

    @cached_property
    def signature(self) -> str:
        """The signature on one line."""
        return " ".join(self.definition.signature.text.split())

    @cached_property
    def slots(self) -> Slots:
        """The parameters, as the arguments of a call find them."""
        return slots_of_definition(self.definition)

    @cached_property
    def is_plain_chain(self) -> bool:
        """Whether the layers of the body are named by their ordinals."""
        return is_plain_chain(self.definition.body)

    @cached_property
    def keyword_only(self) -> frozenset[str]:
        """The parameters that only a keyword reaches."""
        parameters = self.definition.parameters
        return frozenset(p.names[0].id for p in parameters if p.keyword_only)

    @cached_property
    def constant_defaults(self) -> dict[str, object]:
        """The defaults that are a literal, or an op or block by its name."""
        found: dict[str, object] = {}
        parameters, callees = self.definition.parameters, self.environment.callees
        names = {name.id for parameter in parameters for name in parameter.names}
        names.update(self.environment.params)
        for parameter in parameters:
            name, default = parameter.names[0].id, parameter.default
            if isinstance(default, Literal):
                found[name] = default.value
            elif isinstance(default, Name) and default.id in callees.keys() - names:
                found[name] = callees[default.id]
        return found


Callee = Op | Block


@dataclass(eq=False, slots=True)
class Environment:
    """The names of one document: its params, and the ops and blocks it may call."""

    params: dict[str, Symbolic | None] = field(default_factory=dict)
    callees: dict[str, Callee] = field(default_factory=dict)
    imports: dict[str, dict[str, Callee]] = field(default_factory=dict)  # by file
    files: dict[str, str] = field(default_factory=dict)  # texts of all that is imported
    complete: bool = True  # false if an import failed, so that names are missing
    bundled: bool = False  # the library's, which is not the user's text

    @property
    def scope(self) -> Scope:
        """The outermost scope: the params."""
        return Scope(self, None, self.params)

    def may_define(self, name: str) -> bool:
        """Whether an unknown name may come from a failed import, and is not a typo."""
        known = {*self.params, *self.callees}
        return not self.complete and not closest(name, known, 0.75, words=False)


@dataclass(eq=False, slots=True)
class Scope:
    """Names and their values, in front of an outer scope; None is an unknown value."""

    environment: Environment
    outer: Scope | None = None
    values: dict[str, Symbolic | None] = field(default_factory=dict)

    def inner(self, values: Mapping[str, Symbolic | None] | None = None) -> Scope:
        """A scope within this one."""
        return Scope(self.environment, self, dict(values or {}))

    def without_values(self) -> Scope:
        """The same names, all with unknown values."""
        return Scope(self.environment, None, dict.fromkeys(self.names()))

    def has(self, name: str) -> bool:
        """Whether a name has a value here."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.values:
                return True
            scope = scope.outer
        return False

    def get(self, name: str) -> Symbolic | None:
        """The value of a name, which must be in scope."""
        if name in self.values or self.outer is None:
            return self.values[name]
        return self.outer.get(name)

    def names(self) -> Iterator[str]:
        """All names in scope."""
        yield from self.values
        if self.outer:
            yield from self.outer.names()


def check_new_names(names: Iterable[Name], findings: Findings) -> None:
    """Report names that the language reserves."""
    for name in names:
        if name.id in RESERVED:
            findings.error(
                "reserved-name",
                f"`{name.id}` has a meaning of its own",
                name.span,
                help=f"choose another name, such as `{name.id}_`",
                proposals=[_renamed(name)],
            )


def _renamed(name: Name) -> Fix:
    """The fix that writes another name wherever the text has this word."""
    source, other = name.span.source, f"{name.id}_"
    words = re.finditer(rf"(?<![\w-]){re.escape(name.id)}(?![\w-])", source.text)
    edits = (Edit(source.span(*word.span()), other) for word in words)
    return Fix(f"write `{other}` for `{name.id}`", tuple(edits))
