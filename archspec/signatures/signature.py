"""Signatures of what a spec may call: parameters and their defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from archspec.signatures.argument_types import Kind


class Required:
    """The default of a parameter that has none."""


REQUIRED: Final = Required()


@dataclass(frozen=True, slots=True)
class Like:
    """A default that is another parameter's value."""

    parameter: str
    shown: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter under torch's name, with the spec's short name if it has one."""

    name: str
    kind: Kind
    default: Any = REQUIRED
    short: str = ""
    positional: bool = False
    variadic: bool = False  # takes all positional arguments as one tuple

    @property
    def shown(self) -> str:
        """The name a spec uses."""
        return self.short or self.name

    def default_beside(self, values: Mapping[str, Any]) -> Any:
        """The default, which may be the value of another parameter."""
        default = self.default
        return values[default.parameter] if isinstance(default, Like) else default


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Something a spec may call: a name, what it is, and its parameters."""

    name: str
    about: str
    parameters: tuple[Parameter, ...] = ()

    @property
    def signature(self) -> str:
        """As in a spec: `conv(out_channels, *, k, s=1)`."""
        parts = [
            f"*{p.name}" if p.variadic else p.shown
            for p in self.parameters
            if p.positional
        ]
        keywords = [p for p in self.parameters if not p.positional]
        parts += ["*"] if keywords else []
        parts += [_shown_parameter(p) for p in keywords]
        return f"{self.name}({', '.join(parts)})" if parts else self.name

    def defaults(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """Values for the parameters that a call leaves out."""
        return {
            p.name: p.default_beside(attributes)
            for p in self.parameters
            if p.name not in attributes
        }


def _shown_parameter(parameter: Parameter) -> str:
    if isinstance(parameter.default, Required):
        return parameter.shown
    return f"{parameter.shown}={show(parameter.default)}"


def show(value: Any) -> str:
    """A value as a spec writes it."""
    if isinstance(value, Like):
        return value.shown
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        inner = ", ".join(show(item) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return str(value)
