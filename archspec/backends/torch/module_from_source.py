"""Build an `nn.Module` by importing the emitted source: what runs is what you read."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from torch import nn

from archspec.backends.python.module_source import network_class, to_source
from archspec.ir.graph import Graph


def build(graph: Graph) -> nn.Module:
    """A module with PyTorch's initial weights, made by the source of `to_source`."""
    emitted = _imported(graph.name, to_source(graph, with_params=False))
    module: nn.Module = vars(emitted)[network_class(graph)]()
    return module


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
