"""Build a module: run the emitted source. What one reads is what runs."""

from __future__ import annotations

import linecache
import sys
from types import ModuleType

from torch import nn

from archspec.backends.python_source import network_class, to_source
from archspec.spec import Spec


def build(spec: Spec) -> nn.Module:
    """An untrained module for a spec, from the same source that `to_source` gives."""
    source = to_source(spec)
    filename = f"<archspec {spec.name}>"
    lines = source.splitlines(keepends=True)
    linecache.cache[filename] = (len(source), None, lines, filename)  # for tracebacks
    emitted = ModuleType(f"archspec.emitted.{spec.name}")
    sys.modules[emitted.__name__] = emitted  # where torch.compile and pickle look
    exec(compile(source, filename, "exec"), vars(emitted))  # noqa: S102  # our own source
    module: nn.Module = vars(emitted)[network_class(spec)]()
    return module
