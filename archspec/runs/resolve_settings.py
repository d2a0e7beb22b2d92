"""Resolve the settings of a run: flags, else the `train:` section, else defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from archspec.runs.errors import UsageError, reject_invalid_settings
from archspec.settings.settings import FLAGS, SETTINGS, Settings
from archspec.signatures.recipes import Recipe


@reject_invalid_settings()
def resolve_settings(
    train: Mapping[str, object], flags: Mapping[str, Any] | None = None
) -> Settings:
    """The settings of a new run.

    Args:
        train: the spec's `train:` section, as `Spec.train` has it.
        flags: values by the names of settings, or `lr`; None stands for an omitted flag.

    Raises:
        UsageError: if a value is out of range.
    """
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    lr = given.pop("lr", None)
    from_spec: dict[str, Any] = dict(train)
    if "data" in from_spec:
        from_spec["data"] = from_spec["data"].name
    settings = Settings(**from_spec | given)
    return settings if lr is None else _with_lr(settings, lr)


@reject_invalid_settings()
def resume_settings(settings: Settings, flags: Mapping[str, Any]) -> Settings:
    """The settings of a resumed run.

    Raises:
        UsageError: if a flag changes a setting that is not `changeable_on_resume`.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    before = {name: getattr(settings, name) for name in SETTINGS}
    before["lr"] = settings.optimizer.arguments["lr"]
    changeable = {n for n, setting in FLAGS.items() if setting.changeable_on_resume}
    for name, value in given.items():
        if name not in changeable and _absolute(value) != _absolute(before[name]):
            raise UsageError(
                f"the run began {_with_flag(name, before[name])} and cannot continue "
                f"{_with_flag(name, value)}: omit the flag, or start a new run"
            )
    changes = {name: value for name, value in given.items() if name in changeable}
    return replace(settings, **changes)


def check_epochs(settings: Settings, done: int) -> None:
    """Check that a resumed run does not end before the epoch that it has reached.

    Raises:
        UsageError: if it does.
    """
    if settings.epochs < done:
        raise UsageError(
            f"the run has {done} finished epochs and cannot end after {settings.epochs}: "
            f"use `--epochs {done}` or more, or start a new run"
        )


def _absolute(value: object) -> object:
    return value.absolute() if isinstance(value, Path) else value


def _with_flag(name: str, value: object) -> str:
    """A setting as it is written on the command line, for example "with `--lr 0.1`"."""
    flag = FLAGS[name].flag
    match value:
        case None | False | ():
            return f"without `{flag}`"
        case True:
            return f"with `{flag}`"
        case tuple():
            return f"with `{' '.join(f'{flag} {each}' for each in value)}`"
    return f"with `{flag} {value}`"


def _with_lr(settings: Settings, lr: float) -> Settings:
    optimizer = settings.optimizer
    changed = Recipe(optimizer.name, {**optimizer.arguments, "lr": lr})
    return replace(settings, optimizer=changed)
