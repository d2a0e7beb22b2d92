"""Pooling windows that leave out values between them."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.lints.lint import LintedSpec, LintFinding
from archspec.ops.op import Family
from archspec.ops.registry import OPS
from archspec.signatures.signature import show


def pool_gaps(spec: LintedSpec) -> Iterator[LintFinding]:
    """Find pools whose kernel is smaller than the stride.

    A kernel of 1 subsamples on purpose.
    """
    for node in spec.nodes:
        values = node.values
        if node.op not in OPS or OPS[node.op].family is not Family.POOLING:
            continue
        if "stride" not in values:
            continue
        kernel, stride = values["kernel_size"], values["stride"]
        if any(1 < k < s for k, s in _pairs(kernel, stride)):
            message = (
                f"the kernel {show(kernel)} is smaller than the stride {show(stride)}: "
                f"`{node.op}` skips values"
            )
            yield LintFinding("pool-gaps", message, node.span)


def _pairs(kernel: object, stride: object) -> list[tuple[int, int]]:
    """The kernel and the stride of each axis."""
    count = max(len(size) for size in (kernel, stride, (1,)) if isinstance(size, tuple))
    kernels, strides = (
        size if isinstance(size, tuple) else (size,) * count
        for size in (kernel, stride)
    )
    return [*zip(kernels, strides, strict=True)]
