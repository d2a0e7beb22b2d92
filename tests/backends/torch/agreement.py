"""What a compiled module must have in common with the graph it came from."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

import archspec
from archspec.ir.graph import (
    Choice,
    Head,
    Item,
    Layer,
    Merge,
    Module,
    Node,
    Reference,
    Repeat,
    Tied,
    walk,
)
from archspec.ops.registry import OPS
from archspec.spec import Spec

Shape = tuple[int, ...]


def leaves(spec: Spec, model: nn.Module) -> list[str]:
    """The names of the modules that are layers, without identities."""
    items = walk(spec.graph.body)
    levels = {"", *(item.path for item in items if isinstance(item, Module))}
    layers = {layer.path for layer in spec.layers}
    return [
        name
        for name, m in model.named_modules()
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
        model = archspec.compile(spec)
        inputs = [torch.empty(2, *shape) for shape in spec.inputs.values()]
    layers = [layer for layer in spec.layers if is_module(layer)]
    assert_same(leaves(spec, model), [layer.path for layer in layers])
    runs = [
        (node.path, node.output.shape) for node in spec.graph.nodes if is_module(node)
    ]
    found = sum(p.numel() for p in model.parameters())
    assert found == parameters
    ran, results = shapes(spec, model, inputs)
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
    spec: Spec, model: nn.Module, inputs: Sequence[Tensor]
) -> tuple[list[tuple[str, Shape]], list[Shape]]:
    """The output shape of every leaf in the order they run, and of the outputs."""
    found: list[tuple[str, Shape]] = []

    def note(name: str) -> Any:
        def hook(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
            found.append((name, tuple(output.shape[1:])))

        return hook

    names = set(leaves(spec, model))
    for name, module in model.named_modules():
        if name in names:
            module.register_forward_hook(note(name))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of `p=same` with even kernels
        outputs = outputs_of(model, *inputs)
    return found, [tuple(output.shape[1:]) for output in outputs]


def assert_computes_the_graph(spec: Spec, model: nn.Module) -> None:
    """The module's `forward` gives what the graph says, weight for weight."""
    torch.manual_seed(0)
    model.eval()
    with torch.no_grad():
        for tensor in [*model.parameters(), *model.buffers()]:
            if tensor.ndim > 1:
                tensor.normal_(0, 0.7 * tensor[0].numel() ** -0.5)
            elif tensor.is_floating_point():
                tensor.uniform_(0.2, 0.9)
    modules = dict(model.named_modules())
    inputs = {name: torch.randn(2, *shape) for name, shape in spec.inputs.items()}
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        labels = {(name,): tensor for name, tensor in inputs.items()}
        x, *_ = inputs.values()
        last = run(spec.graph.body, x, modules, labels)
        expected = tuple(
            labels[*path.split(".")] for path in spec.graph.labels_returned
        ) or (last,)
        assert all(each.isfinite().all() for each in expected)
        torch.testing.assert_close(outputs_of(model, *inputs.values()), expected)
        model.training = True  # of the network alone: in its layers nothing is random
        heads = [labels[head.name,] for head in spec.graph.heads]
        torch.testing.assert_close(
            outputs_of(model, *inputs.values()), (*expected, *heads)
        )


Labels = dict[tuple[str, ...], Tensor]  # in a block's body, by the groups around


def run(
    body: tuple[Item, ...], x: Tensor, modules: dict[str, nn.Module], labels: Labels,
    at: tuple[str, ...] = (),
) -> Tensor:  # fmt: skip
    """Interpret a body at a place: only the leaves are torch's."""
    for item in body:
        match item:
            case Head(reads=Reference() as reads):
                run((item.item,), labels[place(reads, at)], modules, labels, at)
            case Head():
                run((item.item,), x, modules, labels, at)
            case Layer(reads=Reference() as reads):
                other = labels[place(reads, at)]
                x = labels[*at, item.name.value] = modules[item.node.path](x, other)
            case Layer():
                x = labels[*at, item.name.value] = layer(item, x, modules)
            case Module(block=""):
                inner = (*at, item.name.value)
                x = labels[inner] = run(item.body, x, modules, labels, inner)
            case Module():
                x = labels[*at, item.name.value] = run(item.body, x, modules, {})
            case Choice():
                x = run(item.body, x, modules, labels, at)
            case Repeat():
                for iteration in item.iterations:
                    x = run(iteration, x, modules, labels, at)
            case Reference():
                x = labels[place(item, at)]
            case Tied():
                around = place(item, at)[:-1]
                x = run((item.item,), x, modules, dict(labels), around)
                labels[*at, item.name] = x
            case Merge():
                x = merged(item, x, modules, labels, at)
    return x


def place(item: Reference | Tied, at: tuple[str, ...]) -> tuple[str, ...]:
    """The path, within a block's body, of what an item at a place names."""
    return (*at[: len(at) - item.levels], *item.label.split("."))


def layer(item: Layer, x: Tensor, modules: dict[str, nn.Module]) -> Tensor:
    path, bare = item.node.path, OPS[item.node.op].bare
    if bare:
        parameter = modules[""].get_parameter(path)
        if bare == "prepend":
            return torch.cat([parameter.expand(len(x), -1, -1), x], 1)
        return x + parameter if bare == "+" else x * parameter
    assert path in modules or item.node.op == "identity"
    return modules.get(path, nn.Identity())(x)  # type: ignore[no-any-return]


def merged(
    merge: Merge, x: Tensor, modules: dict[str, nn.Module], labels: Labels,
    at: tuple[str, ...],
) -> Tensor:  # fmt: skip
    axis = 2 if x.ndim == 3 else 1
    count = len(merge.branches)
    entries = x.chunk(count, axis) if merge.split else [x] * count
    results = [
        run(branch, entry, modules, labels, at)
        for branch, entry in zip(merge.branches, entries, strict=True)
    ]
    if merge.node.op == "concat":
        return torch.cat(results, 2 if results[0].ndim == 3 else 1)
    total = results[0]
    for result in results[1:]:
        total = total + result if merge.node.op == "add" else total * result
    return total
