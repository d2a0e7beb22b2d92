"""`archspec import`: write the spec of an `nn.Module`."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from archspec.backends.mark import is_sealed
from archspec.frontend.document_parser import parse_sizes_of_shape

from .exit_codes import USAGE, stop
from .options import ForceOption
from .output_files import check_output, unless_stdout, write_text


def import_(
    target: Annotated[
        str,
        typer.Argument(
            metavar="MODULE:OBJECT",
            help="`torchvision:resnet50`, or a class, function or module of a Python "
            "file, which is executed: `model.py:Net`.",
        ),
    ],
    input_: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="[NAME=]CxHxW",
            help="Shape of each input of `forward` (repeatable).",
        ),
    ] = None,
    arguments: Annotated[
        str,
        typer.Option(
            "--args",
            metavar="ARGS",
            help="Arguments of the constructor: `10, depth=18`.",
        ),
    ] = "",
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Write a file instead of stdout."
        ),
    ] = None,
    force: ForceOption = False,
) -> None:
    """Write the spec of an `nn.Module`, and compare their outputs."""
    output = unless_stdout(output)
    if output:
        check_output(output, force=force, is_ours=is_sealed)
    from archspec.importing.targets import place_and_name
    from archspec.importing.unsupported import UnsupportedModuleError

    try:
        place, name = place_and_name(target)
    except UnsupportedModuleError as error:
        stop(str(error), USAGE)
    if input_ is None and place != "torchvision":
        stop("give the shape of the input, as `--input 3x224x224`", USAGE)
    from archspec.importing.named_module import load_module
    from archspec.importing.spec_text import to_text

    if place.endswith(".py") and Path(place).is_file():
        print(f"note: importing executes `{place}`", file=sys.stderr)
    try:
        with redirect_stdout(sys.stderr):  # the file may print
            module = load_module(target, arguments)
    except UnsupportedModuleError as error:
        stop(str(error), USAGE)
    try:
        inputs = _inputs(input_ or ["3x224x224"], inspect.signature(module.forward))
        text = to_text(module, inputs, _spec_name(name), target)
    except UnsupportedModuleError as error:
        stop(str(error))
    if output is None:
        print(text, end="")
        return
    write_text(output, text)


def _inputs(texts: list[str], forward: inspect.Signature) -> dict[str, tuple[int, ...]]:
    """The shapes by the names of the arguments of `forward`."""
    names = [*forward.parameters]
    is_open = any(p.kind is p.VAR_POSITIONAL for p in forward.parameters.values())
    shapes: dict[str, tuple[int, ...]] = {}
    for number, text in enumerate(texts):
        name, _, written = text.rpartition("=")
        sizes = parse_sizes_of_shape(written)
        if sizes is None:
            stop(f"`--input` takes a shape such as `3x224x224`, found `{text}`", USAGE)
        known = names[number] if number < len(names) else f"input{number + 1}"
        if name and name not in names and not is_open:
            stop(f"`forward` has no input `{name}`: it takes {_listed(names)}", USAGE)
        shapes[name or known] = sizes
    return {name: shapes[name] for name in sorted(shapes, key=_order(names))}


def _order(names: list[str]) -> Callable[[str], int]:
    return lambda name: names.index(name) if name in names else len(names)


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _spec_name(name: str) -> str:
    """`ResNet` to `resnet`, as specs are named."""
    return re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_") or "network"
