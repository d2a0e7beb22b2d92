"""Emitted code leaves out what has its default, so torch must have the same one."""

from __future__ import annotations

import inspect

import pytest
from torch import nn

from archspec.ir.shape import Shape
from archspec.ir.symbolic import Symbolic, constant
from archspec.ops.axes import accepts
from archspec.ops.registry import OPS

# An argument for each parameter that has no default.
REQUIRED = {"kernel_size": 3, "out_channels": 4, "out_features": 4, "p": 0.5, "dim": 1,
            "output_size": 2, "scale_factor": 2, "scale": 2, "shift": 1, "dims": (0, 1), "size": 3, "num_groups": 2, "factor": 2, "padding": 1, "chunks": 2, "index": 0, "start": 0, "stop": 2, "channels": 1, "height": 2, "width": 2, "heads": 2, "window": 2, "head_dim": 2, "init": 0.5, "label": "x"}  # fmt: skip


@pytest.mark.parametrize("name", sorted(OPS))
def test_defaults_are_torchs(name: str) -> None:
    op = OPS[name]
    if op.undoes:
        return
    given = {p.name: REQUIRED[p.name] for p in op.parameters if p.name in REQUIRED}
    values = {**given, **op.defaults(given)}
    attributes = {
        key: Symbolic(value, constant(value)) for key, value in values.items()
    }
    axes = "CHW" if accepts(op.takes, "CHW") else op.takes[0]
    shape = Shape((4 if axis == "C" else 6 for axis in axes), axes)
    call = op.torch(op, shape, attributes)
    if not call.name.startswith("nn."):
        return
    theirs = inspect.signature(getattr(nn, call.name[3:])).parameters
    for key in call.kwargs.keys() - given:
        if key not in call.defaults or key == "dim":
            continue
        default = theirs[key].default
        if key == "stride" and default is None:  # torch's word for the kernel's size
            default = values["kernel_size"]
        if key == "align_corners" and default is None:
            default = False
        assert call.defaults[key] == default
        assert type(call.defaults[key]) is type(default) or default == values[key]
