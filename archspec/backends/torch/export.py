"""Write a network for other programs: ONNX, programs of `torch.export`, weights."""

from __future__ import annotations

from io import BytesIO

import torch
from torch import nn
from torch.export import Dim, ExportedProgram

BATCH = ({0: Dim("batch")},)  # any number of images, under this name in the file


def to_onnx(model: nn.Module, shape: tuple[int, ...]) -> bytes:
    """A network that reads images of a shape as the bytes of an ONNX file."""
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
    """A network as the bytes of a file that `torch.export.load` reads."""
    file = BytesIO()
    torch.export.save(_exported(model, shape), file)
    return file.getvalue()


def to_safetensors(model: nn.Module, name: str) -> bytes:
    """The weights of a network of this name as the bytes of a `.safetensors` file."""
    from safetensors.torch import save

    # The format takes no strides, such as those of `channels_last`.
    weights = {key: each.contiguous() for key, each in model.state_dict().items()}
    return save(weights, {"format": "pt", "spec": name})


def _exported(model: nn.Module, shape: tuple[int, ...]) -> ExportedProgram:
    images = torch.zeros(2, *shape)  # two, since torch takes one image for a constant
    program = torch.export.export(model.eval(), (images,), dynamic_shapes=BATCH)
    for node in program.graph.nodes:  # it names files of this machine
        node.meta.pop("stack_trace", None)
    return program
