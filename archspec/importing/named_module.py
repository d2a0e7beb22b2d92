"""Find the module that a command names: `torchvision:resnet50`, `model.py:Net`."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from archspec.diagnostics.suggest import did_you_mean
from archspec.importing.reading.constructor_arguments import watched_constructors
from archspec.importing.targets import MOST_NAMES, place_and_name
from archspec.importing.unsupported import UnsupportedModuleError, gpu_needed


def load_module(target: str, arguments: str = "") -> nn.Module:
    """Make the module that `target` names; its file is executed.

    Args:
        target: `torchvision:resnet50`, `model.py:Net` or `package.module:make_net`.
        arguments: those of the constructor, as Python writes them: `10, depth=18`.

    Raises:
        UnsupportedModuleError: with what to write instead.
    """
    place, name = place_and_name(target)
    args, kwargs = _parsed(arguments)
    if place == "torchvision":
        return _of_torchvision(name, args, kwargs)
    return _made(_found(_executed(place), place, name), name, args, kwargs)


def _parsed(arguments: str) -> tuple[list[Any], dict[str, Any]]:
    """Read literal arguments, without running anything."""
    try:
        call = ast.parse(f"f({arguments})", mode="eval").body
        assert isinstance(call, ast.Call)
        args = [ast.literal_eval(value) for value in call.args]
        kwargs = {
            keyword.arg or "**": ast.literal_eval(keyword.value)
            for keyword in call.keywords
        }
    except (SyntaxError, ValueError):
        raise UnsupportedModuleError(
            "`--args` takes literals as Python writes them, separated by commas, "
            f"found `{arguments}`"
        ) from None
    return args, kwargs


def _of_torchvision(name: str, args: list[Any], kwargs: dict[str, Any]) -> nn.Module:
    from torchvision import models

    if name not in models.list_models():
        raise UnsupportedModuleError(
            f"torchvision has no network `{name}`"
            + _suggested(name, models.list_models())
        )
    if (
        "weights_backbone"
        in inspect.signature(models.get_model_builder(name)).parameters
    ):
        kwargs = {"weights_backbone": None, **kwargs}
    if name in ("googlenet", "inception_v3"):  # which draw weights for seconds
        kwargs = {"init_weights": False, **kwargs}
    module: nn.Module = _called(
        lambda: models.get_model(name, *args, weights=None, **kwargs), name
    )
    return module


def _executed(place: str) -> ModuleType:
    """Import a Python file, or a module by its dotted name."""
    path = Path(place)
    is_file = path.suffix == ".py"
    if is_file and not path.is_file():
        raise UnsupportedModuleError(f"the file `{place}` does not exist")
    if not is_file and path.is_file():
        raise UnsupportedModuleError(
            f"`{place}` is not a Python file: import a class of one, as `model.py:Net`"
        )
    sys.path.insert(0, str(path.resolve().parent if is_file else Path.cwd()))
    try:
        if not is_file:
            return importlib.import_module(place)
        name = f"imported_{path.stem}"
        found = importlib.util.spec_from_file_location(name, path)
        assert found
        assert found.loader
        module = sys.modules[name] = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise UnsupportedModuleError(
            f"`{place}` cannot be imported ({type(error).__name__}: {_line(error)}): "
            "run it with Python first"
        ) from error
    return module


def _found(module: ModuleType, place: str, name: str) -> Any:
    if hasattr(module, name):
        return getattr(module, name)
    networks = [
        key
        for key, value in vars(module).items()
        if inspect.isclass(value)
        and issubclass(value, nn.Module)
        and value.__module__ == module.__name__
    ]
    has = f": it has {_listed(networks[:MOST_NAMES])}" if networks else ""
    close = _suggested(name, networks)
    raise UnsupportedModuleError(f"`{place}` has no `{name}`{close or has}")


def _made(found: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> nn.Module:
    if isinstance(found, nn.Module):
        if args or kwargs:
            raise UnsupportedModuleError(
                f"`{name}` is a module already: it takes no `--args`"
            )
        return found
    if inspect.isclass(found) and not issubclass(found, nn.Module):
        raise UnsupportedModuleError(
            f"`{name}` is a class of another kind: name an `nn.Module`, or a function "
            "that makes one"
        )
    if not callable(found):
        raise UnsupportedModuleError(
            f"`{name}` is {_a(found)}: name an `nn.Module`, or a function that makes one"
        )
    made = _called(lambda: found(*args, **kwargs), name, found)
    if not isinstance(made, nn.Module):
        raise UnsupportedModuleError(f"`{name}` makes no `nn.Module`, found {_a(made)}")
    return made


def _called(make: Callable[[], Any], name: str, maker: Any = None) -> Any:
    try:
        with watched_constructors():
            return make()
    except TypeError as error:
        raise UnsupportedModuleError(
            f"`{name}` needs other arguments ({_line(error)}): give them as "
            f"`--args '{_parameters(maker)}'`"
        ) from error
    except Exception as error:
        raise UnsupportedModuleError(
            gpu_needed(name, error)
            or f"`{name}` cannot be made ({type(error).__name__}: {_line(error)}): "
            "repair it, or give other `--args`"
        ) from error


def _parameters(maker: Any) -> str:
    """The arguments that a function or class takes: `width=..., classes=10`."""
    try:
        parameters = inspect.signature(maker).parameters.values()
    except (TypeError, ValueError):  # none is known
        return "..."
    return ", ".join(
        f"{each.name}={'...' if each.default is each.empty else repr(each.default)}"
        for each in parameters
        if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    )


def _suggested(name: str, known: list[str]) -> str:
    close = did_you_mean(name, known)
    return f": {close}" if close else ""


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]


def _a(value: Any) -> str:
    if inspect.isclass(value):
        return "a class"
    return f"a value of the type `{type(value).__name__}`"
