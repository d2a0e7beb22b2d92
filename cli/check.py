"""`archspec check`: say what is wrong with specs, before anything runs."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import Annotated

import typer

from archspec.compiler import check as check_spec
from archspec.diagnostics.render import (
    printable,
    render_concise,
    render_full,
    render_github,
    to_json,
    use_color,
)
from archspec.spec import CheckResult

from .options import FINDINGS, InputOption, SetOption, VariantOption


class Format(StrEnum):
    """How findings are written."""

    full = "full"
    concise = "concise"
    json = "json"
    github = "github"


def check(
    specs: Annotated[
        list[str],
        typer.Argument(metavar="SPEC...", help="Spec files, or bundled specs' names."),
    ],
    format_: Annotated[
        Format, typer.Option("--format", help="How findings are written.")
    ] = Format.full,
    settings: SetOption = None,
    input_: InputOption = None,
    variant: VariantOption = None,
) -> None:
    """Check specs: names, arguments, and every shape."""
    results = [
        check_spec(spec, settings=settings or (), input=input_, variant=variant)
        for spec in specs
    ]
    text = _render(results, format_)
    if text:
        print(text)
    if not all(result.ok for result in results):
        raise typer.Exit(FINDINGS)


def _render(results: list[CheckResult], format_: Format) -> str:
    findings = [d for result in results for d in result.diagnostics]
    match format_:
        case Format.json:
            return json.dumps(
                {"files": [_file(result) for result in results]}, indent=2
            )
        case Format.concise:
            return render_concise(findings)
        case Format.github:
            return render_github(findings)
        case Format.full:
            parts = [render_full(findings, color=use_color(sys.stdout))]
            parts += [_verdict(result) for result in results]
            return "\n".join(part for part in parts if part)


def _file(result: CheckResult) -> dict[str, object]:
    return {
        "file": result.name,
        "ok": result.ok,
        "diagnostics": [to_json(d) for d in result.diagnostics],
    }


def _verdict(result: CheckResult) -> str:
    name = printable(result.name)
    if result.spec:
        params = f"{result.spec.params:,} parameters"
        return f"{name}: ok, {params}, output {list(result.spec.output_shape)}"
    errors = sum(d.severity == "error" for d in result.diagnostics)
    return f"{name}: {errors} error{'s' * (errors != 1)}" if errors else f"{name}: ok"
