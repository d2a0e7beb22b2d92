"""The error of a module that has no spec: one sentence that says where and why."""

from __future__ import annotations


class UnsupportedModuleError(ValueError):
    """A module that cannot be imported. Its text is one sentence for the user."""
