"""Options of a command that are made from the declarations of training settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from inspect import Parameter, signature
from typing import Any

import typer

from archspec.settings.declaration import Setting


def add_setting_options(
    command: Callable[..., None], settings: Iterable[Setting], order: Sequence[str]
) -> None:
    """Replace the `**flags` of a command by an option for each setting.

    `order` names the parameters that `--help` lists first. The others follow: settings
    as they are declared, then the parameters of the command itself.
    """
    declared = signature(command, eval_str=True)
    own = [p for p in declared.parameters.values() if p.kind is not p.VAR_KEYWORD]
    rank = {name: position for position, name in enumerate(order)}
    parameters = [*map(_parameter, settings), *own]
    assert rank.keys() <= {p.name for p in parameters}
    parameters.sort(key=lambda p: rank.get(p.name, len(rank)))
    # Typer reads this attribute.
    command.__dict__["__signature__"] = declared.replace(parameters=parameters)


def _parameter(setting: Setting) -> Parameter:
    """The parameter for the flag of a setting, None if the flag is omitted."""
    option: Any = typer.Option(
        None,
        setting.flag,
        metavar=setting.metavar or _metavar(setting),
        min=setting.least,
        help=_help(setting),
        rich_help_panel=setting.panel,
    )
    return Parameter(
        setting.name,
        Parameter.POSITIONAL_OR_KEYWORD,
        default=option,
        annotation=_flag_type(setting) | None,
    )


def _metavar(setting: Setting) -> str | None:
    if setting.is_recipe:
        return "CALLS" if setting.is_tuple else "CALL"
    if setting.choices:
        return setting.name.upper() if _has_long_choices(setting) else None
    return {int: "N", float: "X"}.get(setting.type)


def _has_long_choices(setting: Setting) -> bool:
    return len("|".join(setting.choices)) > 24  # columns


def _help(setting: Setting) -> str:
    """What a setting is, with its choices if they are too long for the column before."""
    if not setting.choices or not _has_long_choices(setting):
        return setting.about
    *others, last = (f"`{choice}`" for choice in setting.choices)
    return f"{setting.about.rstrip('.')}: {', '.join(others)} or {last}."


def _flag_type(setting: Setting) -> Any:
    """The type of the values on the command line: calls are text."""
    if setting.is_recipe:
        return str
    return list[str] if setting.is_tuple else setting.type
