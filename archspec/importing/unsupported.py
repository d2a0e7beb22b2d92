"""The error of a module that has no spec: one sentence that says where and why."""

from __future__ import annotations


class UnsupportedModuleError(ValueError):
    """A module that cannot be imported. Its text is one sentence for the user."""


def gpu_needed(name: str, error: Exception) -> str | None:
    """The sentence about an error of torch's that a GPU is missing, or not used alone."""
    signs = ("NVIDIA driver", "with CUDA enabled", "No CUDA GPUs", "on the same device")
    if not any(sign in str(error) for sign in signs):
        return None
    return (
        f"`{name}` moves tensors to a GPU: remove `.cuda()` and `.to('cuda')`, since "
        "archspec runs it on the CPU"
    )
