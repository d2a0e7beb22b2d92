"""`archspec profile`: the time of each layer, and what limits it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archspec.backends.tables.text_table import (
    all_sizes,
    bar,
    inputs_as_data,
    sizes,
    text_table,
)
from archspec.diagnostics.terminal import output_width, wrapped
from archspec.settings.settings import Device
from archspec.spec import Spec
from archspec.training.cpu_runtime import configure_cpu_runtime

from .exit_codes import announce_torch
from .options import (
    DeviceOption,
    InputOption,
    SetOption,
    SpecArgument,
    VariantOption,
    format_option,
)
from .spec_loading import load_spec

if TYPE_CHECKING:
    from archspec.profiling.layer_profile import LayerTime, Profile

BAR = 4  # cells
HEADER = (
    "layer", "op", "output", "fwd ms", "bwd ms", "% time",
    "FLOP/byte", "bound by", "% roof",
)  # fmt: skip
TEXT_COLUMNS = (0, 1, 5, 7)
OPTIONAL_COLUMNS = (2, 6, 8, 7, 1)  # the first to go where the terminal is narrow


def profile(
    spec: SpecArgument,
    batch: Annotated[
        int, typer.Option(min=1, max=65536, metavar="N", help="Batch size.")
    ] = 8,
    device: DeviceOption = "auto",
    format_: Annotated[Literal["table", "json"], format_option()] = "table",
    overrides: SetOption = None,
    input_: InputOption = None,
    variant: VariantOption = None,
) -> None:
    """Measure the time of each layer, and compare it with the peak of the machine."""
    loaded = load_spec(spec, overrides, input_, variant)
    measured = _measure(loaded, batch, device)
    if format_ == "json":
        print(json.dumps(_data(loaded, batch, measured), indent=2))
    else:
        _print_table(loaded, batch, measured)


def _measure(spec: Spec, batch: int, device: Device) -> Profile:
    announce_torch()
    configure_cpu_runtime()
    import torch  # 1.7 s, after the spec is checked

    from archspec.profiling.layer_profile import profile as profile_network
    from archspec.training.device import resolve_device

    if sys.stderr.isatty():
        print(f"measuring {len(spec.layers)} layers ...", file=sys.stderr)
    return profile_network(spec, batch, torch.device(resolve_device(device)))


def _bound(layer: LayerTime, measured: Profile) -> str:
    """The limit of a layer at the peak of the machine; a view has none."""
    if not layer.bytes:
        return ""
    is_compute_bound = layer.intensity > measured.roofline.ridge
    return "arithmetic" if is_compute_bound else "memory"


def _data(spec: Spec, batch: int, measured: Profile) -> dict[str, object]:
    roofline = measured.roofline
    return {
        "name": spec.name,
        "input": inputs_as_data(spec.inputs),
        "batch": batch,
        "device": roofline.name,
        "flops_per_second": roofline.flops,
        "bytes_per_second": roofline.bandwidth,
        "ridge": roofline.ridge,
        "forward_seconds": measured.forward_seconds,
        "backward_seconds": measured.backward_seconds,
        "layers": [
            {
                **asdict(layer),
                "intensity": layer.intensity,
                "bound": _bound(layer, measured) or None,
            }
            for layer in measured.layers
        ],
    }


def _print_table(spec: Spec, batch: int, measured: Profile) -> None:
    roofline = measured.roofline
    inputs = all_sizes(spec.inputs.values())
    title = f"{spec.name}, input {inputs}, batch {batch}, on {roofline.name}"
    print(wrapped(title, output_width()))
    times = [x.forward_seconds + x.backward_seconds for x in measured.layers]
    rows = [
        (
            layer.path,
            layer.op,
            sizes(layer.output),
            f"{1e3 * layer.forward_seconds:,.3f}",
            f"{1e3 * layer.backward_seconds:,.3f}" if layer.backward_seconds else "",
            f"{100 * time / sum(times):>2.0f} {bar(time / max(times), BAR)}".rstrip(),
            f"{layer.intensity:,.1f}" if layer.flops else "",
            _bound(layer, measured),
            _share_of_roof(layer, measured),
        )
        for layer, time in zip(measured.layers, times, strict=True)
    ]
    print("\n".join(text_table(HEADER, rows, TEXT_COLUMNS, optional=OPTIONAL_COLUMNS)))
    print()
    for words in _notes(measured):
        print(wrapped(words, output_width()))


def _share_of_roof(layer: LayerTime, measured: Profile) -> str:
    if not layer.bytes:
        return ""
    least = measured.roofline.min_seconds(layer.flops, layer.bytes)
    return f"{100 * least / layer.forward_seconds:.0f}"


def _notes(measured: Profile) -> list[str]:
    roofline, layers = measured.roofline, measured.layers
    forward = sum(layer.forward_seconds for layer in layers)
    backward = sum(layer.backward_seconds for layer in layers)
    peak = (
        f"{roofline.flops / 1e9:,.1f} GFLOP/s and {roofline.bandwidth / 1e9:,.1f} GB/s"
    )
    return [
        f"machine: {peak}, as measured; the ridge is at {roofline.ridge:.1f} FLOP/byte",
        f"forward: {_sum(forward, measured.forward_seconds)}",
        f"backward: {_sum(backward, measured.backward_seconds)}",
    ]


def _sum(parts: float, whole: float) -> str:
    words = f"{1e3 * parts:,.2f} ms in all layers, {1e3 * whole:,.2f} ms as a whole"
    return f"{words} ({parts / whole:.0%})" if whole else words
