"""Build an `nn.Module` by importing the emitted source: what runs is what you read."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import NamedTuple

from torch import nn

from archspec.backends.python.module_source import module_source, network_class
from archspec.ir.graph import Graph


class BuiltNetwork(NamedTuple):
    """A network, and the path in it of each layer's module, as in `ModuleSource`."""

    module: nn.Module
    paths: Mapping[str, str | None]


def build(graph: Graph) -> nn.Module:
    """A module with PyTorch's initial weights, made by the source of `to_source`."""
    return build_with_paths(graph).module


def build_with_paths(graph: Graph) -> BuiltNetwork:
    """The same module, with the paths of its layers."""
    source = module_source(graph, with_params=False)
    emitted = _imported(graph.name, source.text)
    return BuiltNetwork(vars(emitted)[network_class(graph)](), source.paths)


def _imported(name: str, source: str) -> ModuleType:
    """Import source as a Python module; pickle and torch.compile find it by its name.

    The name has a hash of the source, so networks of one name have different modules.
    """
    stem = f"{name}_{hashlib.sha256(source.encode()).hexdigest()[:8]}"
    full_name = f"archspec.emitted.{stem}"
    if full_name in sys.modules:
        return sys.modules[full_name]
    path = Path(_folder().name) / f"{stem}.py"
    path.write_text(source, encoding="utf-8")
    found = importlib.util.spec_from_file_location(full_name, path)
    assert found
    assert found.loader
    emitted = sys.modules[full_name] = importlib.util.module_from_spec(found)
    found.loader.exec_module(emitted)
    return emitted


@cache
def _folder() -> TemporaryDirectory[str]:
    """The directory of emitted modules, from which tracebacks read their lines.

    It is deleted when the process ends.
    """
    return TemporaryDirectory(prefix="archspec-", ignore_cleanup_errors=True)
