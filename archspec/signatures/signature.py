"""Signatures of what a spec may call: parameters, their types and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from archspec.signatures.argument_types import ArgumentType


class Required:
    """The default of a parameter that has no default."""


REQUIRED: Final = Required()


class Like(NamedTuple):
    """A default that is the value of another parameter: `s=k` of a pooling op."""

    parameter: str  # torch's name, which looks up the value
    shown: str  # the spec's name, which the signature shows


class Parameter(NamedTuple):
    """A parameter of an op or recipe under torch's name, with the spec's short name if any.

    The parameter of a block is `frontend.ast.Parameter`.
    """

    name: str
    type: ArgumentType
    default: Any = REQUIRED
    short: str = ""
    positional: bool = False
    variadic: bool = False  # takes all positional arguments as one tuple

    @property
    def shown(self) -> str:
        """The name that a spec uses."""
        return self.short or self.name

    def default_given(self, values: Mapping[str, Any]) -> Any:
        """Return the default, which may be the value of another parameter."""
        default = self.default
        return values[default.parameter] if isinstance(default, Like) else default


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Signature:
    """An op or recipe that a spec may call: its name, purpose and parameters."""

    name: str
    about: str
    parameters: tuple[Parameter, ...] = ()

    @property
    def signature(self) -> str:
        """The signature as a spec writes it: `conv(out_channels, *, k, s=1)`."""
        parts = [
            f"*{p.name}" if p.variadic else p.shown
            for p in self.parameters
            if p.positional
        ]
        keywords = [p for p in self.parameters if not p.positional]
        parts += ["*"] if keywords else []
        parts += [_keyword(p) for p in keywords]
        return f"{self.name}({', '.join(parts)})" if parts else self.name

    def defaults(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of the parameters that a call omits."""
        return {
            p.name: p.default_given(arguments)
            for p in self.parameters
            if p.name not in arguments
        }


def _keyword(parameter: Parameter) -> str:
    if isinstance(parameter.default, Required):
        return parameter.shown
    return f"{parameter.shown}={show(parameter.default)}"


def show(value: Any) -> str:
    """Write a value as a spec does.

    >>> show(True), show((3,)), show(0.1)
    ('true', '(3,)', '0.1')
    """
    if isinstance(value, Like):
        return value.shown
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        inner = ", ".join(show(item) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return str(value)
