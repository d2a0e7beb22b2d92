"""The output formats of each command, as its option `--format`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer


def _format(help: str) -> Any:
    return typer.Option("--format", help=help)


CheckFormat = Annotated[
    Literal["full", "concise", "json", "github"], _format("How findings are written.")
]
SummaryFormat = Annotated[
    Literal["table", "json", "markdown", "csv"], _format("How the summary is written.")
]
DiffFormat = Annotated[
    Literal["table", "json"], _format("How the differences are written.")
]
ProfileFormat = Annotated[
    Literal["table", "json"], _format("How the profile is written.")
]
RunsFormat = Annotated[
    Literal["table", "json", "markdown"], _format("How the runs are written.")
]
EvaluateFormat = Annotated[
    Literal["table", "json"], _format("How the output is written.")
]
PredictFormat = Annotated[
    Literal["table", "json"], _format("How the output is written.")
]
