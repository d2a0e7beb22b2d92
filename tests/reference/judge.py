"""The verdict on a spec: what archspec makes of it is what torch makes of it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

import archspec
from archspec.diagnostics.render import render_full
from archspec.spec import Spec
from specs import compiled

from .interpreter import Interpreter


def checked(text: str) -> Spec:
    """The spec in a text; a test fails with the report if the text has errors."""
    result = compiled(text)
    assert result.spec is not None, f"{text}\n{render_full(result.diagnostics)}"
    return result.spec


def assert_is_torchs(text: str, spec: Spec, variant: str = "") -> None:
    """The module has the names, shapes, counts and values of the text, run by torch."""
    axes = {port.name: "".join(port.value.shape.axes) for port in spec.graph.inputs}
    with in_64_bits(), torch.no_grad(), warnings.catch_warnings():
        model = archspec.compile(spec).eval()
        weights = model.state_dict()
        fill(weights.values())
        inputs = {name: torch.randn(2, *shape) for name, shape in spec.inputs.items()}
        warnings.simplefilter("ignore")  # torch warns of `p=same` with even kernels
        interpreter = Interpreter(text, weights, variant)
        expected = interpreter.run(inputs, axes)
        assert_close(model(*inputs.values()), expected)
        model.training = True  # of the network alone: in its layers nothing is random
        assert_close(model(*inputs.values()), [*expected, *interpreter.heads])
    assert interpreter.read.keys() == weights.keys()
    assert sum(p.numel() for p in model.parameters()) == spec.params
    layers = [(layer.path, tuple(layer.output.shape)) for layer in spec.layers]
    assert layers == interpreter.layers


@contextmanager
def in_64_bits() -> Iterator[None]:
    """Compute in 64 bits, where rounding decides nothing."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def fill(tensors: Iterable[Tensor]) -> None:
    """Weights and statistics that nothing hides behind, the same each time."""
    torch.manual_seed(0)
    for tensor in tensors:
        if tensor.is_floating_point() and tensor.ndim > 1:
            tensor.normal_(0, 0.7 * tensor[0].numel() ** -0.5)
        elif tensor.is_floating_point():
            tensor.uniform_(0.2, 0.9)


def assert_close(found: Tensor | tuple[Tensor, ...], expected: list[Tensor]) -> None:
    outputs = [found] if isinstance(found, Tensor) else [*found]
    assert all(output.isfinite().all() for output in expected)
    torch.testing.assert_close(outputs, expected)
