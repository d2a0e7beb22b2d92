"""What an `__init__` creates: submodules, alone or in loops, and local variables."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from archspec.backends.python.names_in_scope import ClassScope
from archspec.backends.python.syntax import CallExpr, Expr, NameExpr
from archspec.ir.graph import Layer, Repeat
from archspec.ir.symbolic import substitute


@dataclass
class LocalVariable:
    """`hidden = 4 * cout`, a `let` of the spec, written if something reads it."""

    name: str  # the spec's
    code: ast.expr
    scope: ClassScope


IDENTITY = CallExpr(NameExpr("nn", "Identity"))  # an optional child that is left out


@dataclass
class Submodule:
    """`self.conv1 = nn.Conv2d(3, 64)`, or one that only its position names."""

    key: str  # in the state dict, of the first instance
    is_numbered: bool  # whether its position in a sequence is its key
    computed_key: Expr | None  # `f"layer{i + 1}"`, where it depends on a loop variable
    value: Expr
    shape: str  # of its output; empty where instances or iterations differ
    comment: str  # the spec's, above its step
    is_parameter: bool = False  # an `nn.Parameter`, which `forward` reads itself
    members: list[Member] | None = None  # of a plain chain that statements fill
    layers: tuple[Layer, ...] = ()  # that it is in each instance
    variable: str = ""  # that has it too, where the next one needs its width


@dataclass
class SubmoduleLoop:
    """A `for` that creates submodules, each iteration with its own channels."""

    repeats: list[Repeat]  # of all instances
    scope: ClassScope
    members: list[Member]
    names: tuple[str, ...] = ()  # of stages, the attributes that `forward` calls
    callables: dict[str, list[Expr]] = field(default_factory=dict)  # of variables
    made: ast.expr | None = None  # the next channels, as the last member tells them

    @property
    def update(self) -> ast.expr | None:
        """The channels after an iteration."""
        update = self.made or self.repeats[0].update
        return update and substitute(update, self.scope.values)


@dataclass
class SubmoduleChoice:
    """An `if` that creates different submodules, depending on the instance."""

    test: Expr
    then: list[Member]
    otherwise: list[Member]


@dataclass
class EqualSubmodules:
    """Numbered submodules that several iterations create without any difference."""

    times: int
    members: list[Submodule]


Member = LocalVariable | Submodule | SubmoduleLoop | EqualSubmodules | SubmoduleChoice


def is_plain(member: Member) -> bool:
    """Whether only its position in a chain names a member, or each one in it."""
    match member:
        case Submodule():
            return member.is_numbered
        case SubmoduleLoop() | EqualSubmodules():
            return all(map(is_plain, member.members))
        case SubmoduleChoice():
            return all(map(is_plain, (*member.then, *member.otherwise)))
    return True
