"""What keeps a module from being a spec, as far as it is seen before the module runs."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.nn.utils.parametrize import is_parametrized

from archspec.frontend.schema.json_schema import STEP_KEYWORDS
from archspec.importing.reading.tracing import Frame, without_data
from archspec.importing.unsupported import UnsupportedModuleError
from archspec.resolve.scope import STEP_WORDS

WORDS = {*STEP_KEYWORDS, *STEP_WORDS}


def require_readable(module: nn.Module) -> None:
    """Refuse a module whose weights or `forward` are not those of a plain one.

    Raises:
        UnsupportedModuleError: with what to change.
    """
    kind = type(module).__name__
    if isinstance(module, torch.jit.ScriptModule):
        raise UnsupportedModuleError(
            f"`{kind}` is TorchScript, which has no classes: import the module that it "
            "was made from"
        )
    if hasattr(module, "_orig_mod"):
        raise UnsupportedModuleError(
            f"`{kind}` was made by `torch.compile`: import the module given to it"
        )
    if getattr(module.forward, "__name__", "") == "_forward_unimplemented":
        raise UnsupportedModuleError(
            f"`{kind}` has no `forward`: import the module that runs it"
        )
    for path, layer in module.named_modules():
        if norm := _computes_weight(layer):
            layer_kind = type(layer).__name__.removeprefix("Parametrized")
            raise UnsupportedModuleError(
                f"`{path}` ({layer_kind}) computes its weight by `{norm}`, and "
                "a spec has plain weights: remove that before"
            )
    _require_modes(module)
    seen: dict[int, str] = {}
    for path, tensor in module.named_parameters(remove_duplicate=False):
        owner = path.rpartition(".")[0]
        for word in WORDS.intersection(owner.split(".")):
            raise UnsupportedModuleError(
                f"`{owner}` is named after a word of the language: rename the attribute "
                f"`{word}`"
            )
        if is_lazy(tensor):
            layer = type(module.get_submodule(owner)).__name__
            raise UnsupportedModuleError(
                f"`{owner}` ({layer}) has no weights yet: run the module once before, "
                "in a function that makes it"
            )
        if tensor.dtype != torch.float32:
            raise UnsupportedModuleError(
                f"`{path}` is of {tensor.dtype}: convert the module with `.float()`"
            )
        if seen.setdefault(id(tensor), path) != path:
            first = seen[id(tensor)].rpartition(".")[0]
            layer = module.get_submodule(owner)
            if layer is module.get_submodule(first) and owner != first:
                raise UnsupportedModuleError(
                    f"`{owner}` ({type(layer).__name__}) is also `{first}`, and a layer "
                    "has one name in a spec: keep it under one of them"
                )
            raise UnsupportedModuleError(
                f"`{path}` is also `{seen[id(tensor)]}`, and weights have one name in a "
                "spec: keep them in one layer, and call it twice"
            )


def _computes_weight(layer: nn.Module) -> str:
    """What computes a weight of a layer: `WeightNorm`; "" if none is computed."""
    if is_parametrized(layer):
        lists = layer.parametrizations.values()  # type: ignore[operator]
        return type(next(iter(lists))[0]).__name__.lstrip("_")
    hooks = layer._forward_pre_hooks.values()  # noqa: SLF001
    computing = [hook for hook in hooks if hasattr(hook, "compute_weight")]
    return type(computing[0]).__name__ if computing else ""


def _require_modes(module: nn.Module) -> None:
    """Refuse a class whose `train` leaves some layers in another mode, as frozen ones."""
    owners = [
        each for each in module.modules() if type(each).train is not nn.Module.train
    ]
    copied = without_data(module) if owners else module
    for mode in (False, True) if owners else ():
        copied.train(mode)
        for path, layer in copied.named_modules():
            if layer.training is not mode and _depends_on_mode(layer):
                here, there = ("eval", "training") if mode else ("training", "eval")
                raise UnsupportedModuleError(
                    f"`{type(owners[0]).__name__}.train` keeps "
                    f"{Frame(layer, path, None, {})} in {here} mode while the network is in "
                    f"{there} mode: remove it, since the layers of a spec have one mode"
                )


def _depends_on_mode(layer: nn.Module) -> bool:
    is_own = not type(layer).__module__.startswith("torch.")
    return is_own or hasattr(layer, "running_mean") or hasattr(layer, "p")
