"""`archspec compile`: the network as PyTorch source, or for other programs."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from archspec.spec import Spec

from .options import (
    USAGE,
    InputOption,
    SetOption,
    SpecArgument,
    VariantOption,
    load_spec,
    stop,
    write_file,
)

LARGEST_ONNX = 2_000_000_000  # bytes in a protobuf message


def compile_(
    spec: SpecArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="A file to write: `.py`, `.onnx`, or `.pt2` of `torch.export`.",
        ),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="CKPT", help="A run's `best.pt`, or a state dict, to export."
        ),
    ] = None,
    settings: SetOption = None,
    input_: InputOption = None,
    variant: VariantOption = None,
) -> None:
    """Write the network as PyTorch source that needs only torch, or export it."""
    suffix = output.suffix.lower() if output else ".py"
    if suffix not in (".py", ".onnx", ".pt2"):
        stop(f"`{output}` should end in `.py`, `.onnx` or `.pt2`", USAGE)
    if suffix == ".onnx" and find_spec("onnxscript") is None:
        stop("`.onnx` needs one package more: `pip install 'archspec-nn[onnx]'`")
    if weights and suffix == ".py":
        stop(
            "source has no weights: give `--weights` with `-o F.onnx` or `-o F.pt2`",
            USAGE,
        )
    loaded = load_spec(spec, settings, input_, variant)
    if output is None or suffix == ".py":
        _write_source(loaded, output)
    else:
        write_file(output, _exported(loaded, suffix, weights))


def _write_source(spec: Spec, output: Path | None) -> None:
    from archspec.backends.python_source import MARK, to_source

    source = to_source(spec)
    if output is None:
        print(source, end="")
        return
    if output.is_file() and MARK not in output.read_text("utf-8", "replace"):
        stop(f"`{output}` exists and archspec has not written it: remove it first")
    write_file(output, source)


def _exported(spec: Spec, suffix: str, weights: Path | None) -> bytes:
    if suffix == ".onnx" and 4 * spec.params > LARGEST_ONNX:
        stop(f"{spec.params:,} parameters are too many for one `.onnx`: write a `.pt2`")
    from archspec.backends.torch_export import to_onnx, to_program
    from archspec.backends.torch_module import build
    from archspec.training.weights import load_weights

    write = to_onnx if suffix == ".onnx" else to_program
    try:
        model = build(spec)
        if weights:
            load_weights(model, weights)
        else:
            note = "note: no `--weights`, so that the network is untrained"
            print(note, file=sys.stderr)
        return write(model, spec.input_shape)
    except RuntimeError as error:
        if "allocate memory" not in str(error):
            raise
        stop("the network with its weights and an image does not fit into memory")
