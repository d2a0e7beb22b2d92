"""Load the spec that a command is about."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import typer

from archspec.catalog import find_bundled, is_path
from archspec.diagnostics.diagnostic import Diagnostic
from archspec.diagnostics.source import Source
from archspec.ir.graph import Graph
from archspec.lints.rules import ABOUT_TRAINING
from archspec.spec import Spec
from archspec.training.weights.spec_for_weights import check_for_weights

from .exit_codes import FAILURE, exit_code, report_once, stop


def note_namesake(spec: str) -> None:
    """Say that a bundled spec is used where a file of its name is next to it."""
    if not is_path(spec) and find_bundled(spec) and Path(f"{spec}.yaml").exists():
        report_once(
            f"note: `{spec}` is the bundled spec; write `{spec}.yaml` for the file here"
        )


def _report(diagnostics: Iterable[Diagnostic]) -> None:
    shown = [each for each in diagnostics if each.code not in ABOUT_TRAINING]
    if shown:
        from archspec.diagnostics.render import render_for

        report_once(render_for(sys.stderr, shown))


def load_spec(
    spec: str,
    overrides: list[str] | None,
    input_: list[str] | None,
    variant: str | None,
    train: Mapping[str, str] | None = None,
    weights: Path | None = None,
    *,
    show_known: Callable[[Graph, Source], None] | None = None,
) -> Spec:
    """Check a spec and report its findings on stderr. Errors end the command.

    The input and the params follow published weights that it will be given. Of a
    network with errors, `show_known` shows what is known, above the report.
    """
    note_namesake(spec)
    result = check_for_weights(
        spec,
        weights,
        note=lambda text: report_once(f"note: {text}"),
        overrides=overrides or (),
        input=input_,
        variant=variant,
        train=train,
    )
    code = exit_code(result.diagnostics)
    try:
        if show_known and code == FAILURE and result.graph and result.source:
            show_known(result.graph, result.source)
            sys.stdout.flush()  # the report is read last
    finally:
        _report(result.diagnostics)
    if result.spec is None:
        if result.ok:
            stop(f"`{spec}` has only blocks: add a `net`")
        raise typer.Exit(code)
    return result.spec
