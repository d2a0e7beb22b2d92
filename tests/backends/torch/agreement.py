"""What a compiled module must have in common with the graph it came from."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from archspec.backends.torch.module_from_source import BuiltNetwork, build_with_paths
from archspec.ir.graph import Module, Node, walk
from archspec.ops.registry import OPS
from archspec.spec import Spec

Shape = tuple[int, ...]


def leaves(spec: Spec, built: BuiltNetwork) -> list[str]:
    """The names of the modules that are layers, without identities."""
    items = walk(spec.graph.body)
    levels = {"", *(item.path for item in items if isinstance(item, Module))}
    layers = {path for path in built.paths.values() if path}
    return [
        name
        for name, m in built.module.named_modules()
        if name not in levels
        and not isinstance(m, nn.Identity)
        and not is_part_of_one(name, layers)
    ]


def is_part_of_one(name: str, layers: set[str]) -> bool:
    """Whether a module belongs to a layer, as `attention.out_proj` does."""
    names = name.split(".")
    return any(".".join(names[:depth]) in layers for depth in range(1, len(names)))


def assert_agrees(spec: Spec) -> None:
    """Names, parameters, and the shape of every layer, in the order they train."""
    # Facts by themselves: a failing assertion would show, and compare, all of the spec.
    parameters, outputs = spec.params, [*spec.outputs.values()]
    with torch.device("meta"):
        built = build_with_paths(spec.graph)
        inputs = [torch.empty(2, *shape) for shape in spec.inputs.values()]
    layers = [built.paths[layer.path] for layer in spec.layers if is_module(layer)]
    names = leaves(spec, built)
    # One activation may be several layers.
    assert_same(names, [*dict.fromkeys(filter(None, layers))])
    runs = [
        (path, node.output.shape)
        for node in spec.graph.nodes
        if is_module(node) and (path := built.paths[node.path])
    ]
    found = sum(p.numel() for p in built.module.parameters())
    assert found == parameters
    ran, results = shapes(built.module, {*names}, inputs)
    assert_same(ran, runs)
    heads = [head.output.shape for head in spec.graph.heads]
    assert results == [*outputs, *heads]


def is_module(node: Node) -> bool:
    """Whether torch has a module for a node: for no join, and for no bare parameter.

    An identity may be left out, or have the name of the other arm's layer.
    """
    return node.op in OPS and node.op != "identity" and not OPS[node.op].bare


def assert_same(found: Sequence[object], expected: Sequence[object]) -> None:
    """Two long lists are equal; the first difference is enough."""
    for one, other in zip(found, expected, strict=False):
        assert one == other
    assert len(found) == len(expected)


def outputs_of(model: nn.Module, *inputs: Tensor) -> tuple[Tensor, ...]:
    """Those in eval mode, and those of heads in training mode."""
    output = model(*inputs)
    return output if isinstance(output, tuple) else (output,)


def shapes(
    model: nn.Module, leaves: set[str], inputs: Sequence[Tensor]
) -> tuple[list[tuple[str, Shape]], list[Shape]]:
    """The output shape of every leaf in the order they run, and of the outputs."""
    found: list[tuple[str, Shape]] = []

    def note(name: str) -> Any:
        def hook(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
            found.append((name, tuple(output.shape[1:])))

        return hook

    for name, module in model.named_modules():
        if name in leaves:
            module.register_forward_hook(note(name))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of `p=same` with even kernels
        outputs = outputs_of(model, *inputs)
    return found, [tuple(output.shape[1:]) for output in outputs]
