"""An input of two equal numbers that is convolved, as `28x28` for an image."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.diagnostics.diagnostic import Replacement
from archspec.lints.lint import LintedSpec, LintFinding
from archspec.ops.op import Family
from archspec.ops.registry import OPS

SPATIAL = (Family.CONVOLUTION, Family.POOLING)
SMALLEST = 8  # fewer channels than that are often as many as a short signal is long


def square_signal(spec: LintedSpec) -> Iterator[LintFinding]:
    """Find signals with as many channels as values per channel.

    Whoever writes `input: 28x28` for gray images gets convolutions over their rows.
    """
    for port in spec.graph.inputs if spec.graph else ():
        sizes, span = port.shape, port.value.span
        if len(sizes) != 2 or sizes[0] != sizes[1] or sizes[0] < SMALLEST or not span:
            continue
        for node in spec.nodes:
            is_spatial = node.op in OPS and OPS[node.op].family in SPATIAL
            if is_spatial and node.inputs[0] is port.value:
                written = "x".join(map(str, sizes))
                image = f"1x{written}"
                message = (
                    f"`{written}` is a signal: {sizes[0]} channels of {sizes[1]} values"
                )
                help = Replacement(
                    f"write `{image}` for gray images", image, is_strong=False
                )
                yield LintFinding("square-signal", message, span, help, (*sizes,))
                break
