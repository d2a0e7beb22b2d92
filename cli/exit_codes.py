"""The exit codes of the program, and how a command stops with one."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import NoReturn

import typer

from archspec.diagnostics.diagnostic import Diagnostic
from archspec.diagnostics.terminal import columns, wrapped

FINDINGS, USAGE, BUG = 1, 2, 101  # 0: no errors


def exit_code(diagnostics: Iterable[Diagnostic]) -> int:
    """USAGE for an error in what the command was given, FINDINGS for one in a spec."""
    errors = [found for found in diagnostics if found.is_error]
    if any(error.primary.span.source.is_argument for error in errors):
        return USAGE
    return FINDINGS if errors else 0


def stop(message: str, code: int = FINDINGS) -> NoReturn:
    """End the command with one sentence on stderr, which a terminal shows in lines."""
    text, width = f"error: {message}", columns(sys.stderr)
    report_once(wrapped(text, width) if width else text)
    raise typer.Exit(code)


def announce_torch() -> None:
    """Say on a terminal why nothing happens while torch is imported, in 2 to 10 s."""
    if sys.stderr.isatty():
        report_once("loading PyTorch ...")


def report_once(text: str) -> None:
    """Write to stderr, from only one of the processes that share a run."""
    from archspec.training.distributed.launch_environment import is_reporting_process

    if is_reporting_process():
        print(text, file=sys.stderr)
