"""`archspec compile`: write a network as PyTorch source, or export it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from archspec.backends.mark import is_marked, is_sealed
from archspec.settings.published_name import is_published
from archspec.spec import Spec

from .exit_codes import USAGE, announce_torch, stop
from .model_loading import weights_source
from .options import (
    ForceOption,
    InputOption,
    PretrainedOption,
    QuietOption,
    RenameOption,
    SetOption,
    SpecArgument,
    VariantOption,
    WeightsOption,
)
from .output_files import check_output, unless_stdout, write_output, write_text
from .spec_loading import load_spec

SUFFIXES = (".py", ".onnx", ".pt2", ".safetensors")
PICKLED = (".pt", ".pth")  # of `torch.save`: archspec writes none
LARGEST_ONNX = 2_000_000_000  # bytes in a protobuf message


def compile_(
    spec: SpecArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write `.py`, `.onnx`, `.pt2` (of `torch.export`) or the weights as "
            "`.safetensors` (default: source on stdout).",
        ),
    ] = None,
    weights: WeightsOption = None,
    pretrained: PretrainedOption = False,
    rename: RenameOption = None,
    force: ForceOption = False,
    quiet: QuietOption = False,
    overrides: SetOption = None,
    input_: InputOption = None,
    variant: VariantOption = None,
) -> None:
    """Write a network as PyTorch source, or export it."""
    output = unless_stdout(output)
    suffix = output.suffix.lower() if output else ".py"
    if suffix not in SUFFIXES:
        *others, last = (f"`{each}`" for each in SUFFIXES)
        hint = " (`.pt2` for the network, `.safetensors` for its weights)"
        stop(
            f"`{output}` should end in {', '.join(others)} or {last}"
            f"{hint if suffix in PICKLED else ''}",
            USAGE,
        )
    if suffix == ".onnx" and find_spec("onnxscript") is None:
        stop("`.onnx` requires another package: `pip install onnxscript`")
    weights = weights_source(weights, pretrained=pretrained)
    if weights and suffix == ".py":
        stop(
            "`--weights` is not supported for source: use `-o F.onnx`, `-o F.pt2` or "
            "`-o F.safetensors`",
            USAGE,
        )
    if rename and not weights:
        stop("`--rename` is about the names in a file: give it as `--weights`", USAGE)
    if suffix == ".safetensors" and not weights:
        stop("`.safetensors` requires `--weights`", USAGE)
    if output:
        is_ours = is_sealed if suffix == ".py" else is_marked
        check_output(output, force=force, is_ours=is_ours)
    loaded = load_spec(spec, overrides, input_, variant, weights=weights)
    if output is None or suffix == ".py":
        _write_source(loaded, output, quiet=quiet)
    else:
        announce_torch()
        exported = _exported(loaded, suffix, weights, rename or ())
        write_output(output, exported, quiet=quiet)


def _write_source(spec: Spec, output: Path | None, *, quiet: bool) -> None:
    from archspec.backends.python.module_source import to_source

    source = to_source(spec.graph, spec.reference)
    if output is None:
        print(source, end="")
        return
    write_text(output, source, quiet=quiet)


def _exported(
    spec: Spec, suffix: str, weights: Path | None, renames: Sequence[str]
) -> bytes:
    if suffix == ".onnx" and 4 * spec.params > LARGEST_ONNX:
        stop(f"{spec.params:,} parameters are too many for one `.onnx`: write a `.pt2`")
    from archspec.backends.torch.export import to_onnx, to_program, to_safetensors
    from archspec.backends.torch.module_from_source import build
    from archspec.runs.torch_error_wordings import (
        is_out_of_memory,
        unsupported_onnx_op,
    )
    from archspec.training.weights.loading import load_weights

    try:
        model = build(spec.graph)
        if weights:
            report = load_weights(
                model, spec, weights, renames=renames, adapt=is_published(weights)
            )
            print(report, file=sys.stderr)
        else:
            note = "note: no `--weights`, so that the network is untrained"
            print(note, file=sys.stderr)
        match suffix:
            case ".safetensors":
                return to_safetensors(model, spec.name)
            case ".onnx":
                return to_onnx(model, spec.graph)
            case _:
                return to_program(model, spec.graph)
    except RuntimeError as error:
        if op := unsupported_onnx_op(error):
            stop(
                f"this version of torch cannot export `{op}` to ONNX: use a newer one, "
                "or write a `.pt2`"
            )
        if not is_out_of_memory(error):
            raise
        stop("the network with its weights and an image does not fit into memory")
