"""Fixtures of a small network and of the command line."""

from tiny_runs import command, tiny

__all__ = ["command", "tiny"]
