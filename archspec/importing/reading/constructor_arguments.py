"""The arguments that the modules of a network were made with, as far as they are known.

A module that is made here is watched. Of any other, an argument is known if the module
keeps it under its name, as `self.stride = stride` does.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from inspect import signature
from types import FrameType
from typing import Any
from unittest.mock import patch
from weakref import WeakKeyDictionary

from torch import nn

from archspec.importing.steps import Value

_seen: WeakKeyDictionary[nn.Module, dict[str, Value]] = WeakKeyDictionary()


def known_arguments(module: nn.Module) -> dict[str, Value]:
    """The numbers, flags and texts among the arguments of a module's constructor."""
    return _seen.get(module) or _plain(module, vars(module))


@contextmanager
def watched_constructors() -> Iterator[None]:
    """Note the arguments of all modules that are made meanwhile.

    `nn.Module.__init__` is called by the constructor of a module before it makes others,
    and sees there what it was given.
    """
    original = nn.Module.__init__

    def note(module: nn.Module, *args: Any, **kwargs: Any) -> None:
        original(module, *args, **kwargs)
        constructor = _outermost_constructor(module, sys._getframe(1))  # noqa: SLF001
        if constructor:
            _seen[module] = _plain(module, constructor.f_locals)

    with patch.object(nn.Module, "__init__", note):
        yield


def _outermost_constructor(
    module: nn.Module, frame: FrameType | None
) -> FrameType | None:
    found = None
    while frame and frame.f_code.co_name == "__init__":
        if frame.f_locals.get("self") is not module:
            break
        found, frame = frame, frame.f_back
    return found


def _plain(module: nn.Module, values: Mapping[str, Any]) -> dict[str, Value]:
    names = signature(type(module).__init__).parameters
    given = {name: values.get(name) for name in names}
    return {
        name: value
        for name, value in given.items()
        if isinstance(value, bool | int | float | str)
    }
