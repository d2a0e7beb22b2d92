"""The exit codes of the program, and how a command stops with one."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import NoReturn

import typer

from archspec.diagnostics.diagnostic import Diagnostic
from archspec.diagnostics.terminal import columns, wrapped
from archspec.runs.errors import TrainingError, UsageError

OK, FAILURE, USAGE, BUG, SIGNAL = 0, 1, 2, 101, 128
PIPE = SIGNAL + 13  # SIGPIPE

EXIT_CODES = {
    OK: "no errors",
    FAILURE: "errors in a spec, or a command that failed: a run that cannot continue, a "
    "corrupt file, an output that cannot be written",
    USAGE: "wrong usage: an unknown command, flag, name, file, variant, param or setting",
    BUG: "a bug in archspec",
    SIGNAL: "plus the number of a signal that stopped the program: 130 for Ctrl-C, 143 "
    f"for SIGTERM, {PIPE} if the reader of the output exits",
}


def exit_code(diagnostics: Iterable[Diagnostic]) -> int:
    """USAGE for an error in what the command was given, FAILURE for one in a spec."""
    errors = [found for found in diagnostics if found.is_error]
    if any(error.primary.span.source.is_argument for error in errors):
        return USAGE
    return FAILURE if errors else OK


def code_of(error: TrainingError) -> int:
    """The exit code for an error that ends a command."""
    return USAGE if isinstance(error, UsageError) else FAILURE


def stop(message: str, code: int = FAILURE) -> NoReturn:
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
