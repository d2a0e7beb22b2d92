"""From an `nn.Module` to the text of a spec that has been compared with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from torch import nn

from archspec.importing.block_names import snake_case
from archspec.importing.folding.fold_network import folded
from archspec.importing.module_comparison import Verification, verify
from archspec.importing.reading.read_module import read
from archspec.importing.reading.tracing import Inputs
from archspec.importing.steps import Network
from archspec.importing.writing.write_network import write


def to_text(module: nn.Module, inputs: Inputs, name: str = "", source: str = "") -> str:
    """The spec of a module, whose header says what was found equal.

    Args:
        module: a network, in whatever mode; it stays as it is.
        inputs: the shapes of what `forward` takes, in its order, without the batch.
        name: of the spec; by default that of the class.
        source: where the module comes from, as `torchvision:resnet50`; by default the
            name of its class.

    Raises:
        UnsupportedModuleError: if no spec is equal to the module.
    """
    kind = type(module)
    name = name or snake_case(kind.__name__)
    source = source or f"{kind.__module__}.{kind.__qualname__}"
    if len(inputs) == 1:  # which a spec calls so
        inputs = {"input": next(iter(inputs.values()))}
    network = folded(read(module, inputs, name))
    verified = verify(write(network), module, inputs)
    return write(replace(network, header=_header(source, verified, network)))


def _header(source: str, verified: Verification, network: Network) -> tuple[str, ...]:
    keys = "state-dict keys" + ("" if verified.keys_in_order else ", in another order")
    modes = "in eval and in training mode" if verified.training else "in eval mode"
    if verified.squeezes:
        modes += ", but for axes of size 1 that the module removes"
    return (
        f"Source: {source}",
        f"Equal:  {keys}; outputs {modes}",
        *_outputs(network),
        f"Costs:  {verified.params:,} parameters, {verified.macs:,} MACs",
    )


def _outputs(network: Network) -> Iterator[str]:
    """Which output is which, where the module returns a dict."""
    if not network.keys:
        return
    if not network.outputs:
        yield f"Output: {network.keys[0]}, the value of a dict in the module"
        return
    pairs = zip(network.keys, network.outputs, strict=True)
    named = (key if key == label else f"{key} ({label})" for key, label in pairs)
    yield f"Output: a tuple of {', '.join(named)}; a dict in the module"
