"""Export a network to other programs: ONNX, `torch.export` and safetensors files."""

from __future__ import annotations

import warnings
from io import BytesIO

import torch
from torch import nn
from torch.export import Dim, ExportedProgram

from archspec.backends.mark import MARK
from archspec.ir.graph import Graph

BATCH = {0: Dim("batch")}  # axis 0 is symbolic: the file takes any batch size


def to_onnx(model: nn.Module, graph: Graph) -> bytes:
    """Export a network to the bytes of an ONNX file, with the names of the graph."""
    with warnings.catch_warnings(action="ignore"):  # of torch 2.11 about itself
        program = torch.onnx.export(
            _exported(model, graph),
            dynamic_shapes=(BATCH,) * len(graph.inputs),
            input_names=[port.name for port in graph.inputs],
            output_names=[port.name for port in graph.outputs],
            verbose=False,
        )
    assert program is not None
    model_proto = program.model_proto
    model_proto.doc_string = MARK
    data: bytes = model_proto.SerializeToString()
    return data


def to_program(model: nn.Module, graph: Graph) -> bytes:
    """Export a network to the bytes of a file that `torch.export.load` reads."""
    file = BytesIO()
    torch.export.save(_exported(model, graph), file, extra_files={"archspec": MARK})
    return file.getvalue()


def to_safetensors(model: nn.Module, name: str) -> bytes:
    """Save the weights of a network to the bytes of a `.safetensors` file.

    The metadata holds the spec's name.
    """
    from safetensors.torch import save

    # The format stores no strides, such as those of `channels_last`.
    weights = {key: each.contiguous() for key, each in model.state_dict().items()}
    return save(weights, {"format": "pt", "spec": name, "source": MARK})


def _exported(model: nn.Module, graph: Graph) -> ExportedProgram:
    # 2, because torch.export specializes a size of 1
    images = tuple(torch.zeros(2, *port.shape) for port in graph.inputs)
    shapes = (BATCH,) * len(images)
    program = torch.export.export(model.eval(), images, dynamic_shapes=shapes)
    for node in program.graph.nodes:  # stack traces contain paths of this machine
        node.meta.pop("stack_trace", None)
    return program
