"""Export a network to other programs: ONNX, `torch.export` and safetensors files."""

from __future__ import annotations

import warnings
from io import BytesIO

import torch
from torch import nn
from torch.export import Dim, ExportedProgram

BATCH = ({0: Dim("batch")},)  # axis 0 is symbolic: the file takes any batch size


def to_onnx(model: nn.Module, shape: tuple[int, ...]) -> bytes:
    """Export a network to ONNX; `shape` is (C, H, W). Returns the bytes of the file."""
    with warnings.catch_warnings(action="ignore"):  # of torch 2.11 about itself
        program = torch.onnx.export(
            _exported(model, shape),
            dynamic_shapes=BATCH,
            input_names=["input"],
            output_names=["output"],
            verbose=False,
        )
    assert program is not None
    data: bytes = program.model_proto.SerializeToString()
    return data


def to_program(model: nn.Module, shape: tuple[int, ...]) -> bytes:
    """Export a network to the bytes of a file that `torch.export.load` reads."""
    file = BytesIO()
    torch.export.save(_exported(model, shape), file)
    return file.getvalue()


def to_safetensors(model: nn.Module, name: str) -> bytes:
    """Save the weights of a network to the bytes of a `.safetensors` file.

    The metadata holds the spec's name.
    """
    from safetensors.torch import save

    # The format stores no strides, such as those of `channels_last`.
    weights = {key: each.contiguous() for key, each in model.state_dict().items()}
    return save(weights, {"format": "pt", "spec": name})


def _exported(model: nn.Module, shape: tuple[int, ...]) -> ExportedProgram:
    images = torch.zeros(2, *shape)  # 2, because torch.export specializes a size of 1
    program = torch.export.export(model.eval(), (images,), dynamic_shapes=BATCH)
    for node in program.graph.nodes:  # stack traces contain paths of this machine
        node.meta.pop("stack_trace", None)
    return program
