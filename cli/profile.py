"""`archspec profile`: how long each layer takes, and what it waits for."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from archspec.spec import Spec
from archspec.training.machine.runtime import prepare_runtime
from archspec.training.settings import Device

from .formats import ProfileFormat
from .options import InputOption, SetOption, SpecArgument, VariantOption, load_spec
from .table import bar, sizes, text_table

if TYPE_CHECKING:
    from archspec.profiling.layers import LayerTime, Profile

BAR = 4  # cells
HEADER = (
    "layer", "op", "output", "forward ms", "backward ms", "% time",
    "FLOP/byte", "bound by", "% roof",
)  # fmt: skip
NAMES = (0, 1, 5, 7)  # columns that are no numbers


def profile(
    spec: SpecArgument,
    batch: Annotated[int, typer.Option(min=1, max=65536, help="Images in a step.")] = 8,
    device: Annotated[Device, typer.Option(help="What computes.")] = "auto",
    format_: ProfileFormat = "table",
    settings: SetOption = None,
    input_: InputOption = None,
    variant: VariantOption = None,
) -> None:
    """Measure each layer forwards and backwards, beside what the machine can do."""
    loaded = load_spec(spec, settings, input_, variant)
    measured = _measure(loaded, batch, device)
    if format_ == "json":
        print(json.dumps(_data(loaded, batch, measured), indent=2))
    else:
        _print_table(loaded, batch, measured)


def _measure(spec: Spec, batch: int, device: Device) -> Profile:
    prepare_runtime()
    import torch  # 1.7 s, and a wrong spec is told before

    from archspec.profiling.layers import profile as profile_network
    from archspec.training.machine.device import choose_device

    if sys.stderr.isatty():
        print(f"measuring {len(spec.layers)} layers ...", file=sys.stderr)
    place = torch.device(choose_device(device))
    return profile_network(spec, batch, place)


def _bound(layer: LayerTime, measured: Profile) -> str:
    """What takes the time at best; a view takes none."""
    if not layer.bytes:
        return ""
    is_dense = layer.intensity > measured.machine.ridge
    return "arithmetic" if is_dense else "memory"


def _data(spec: Spec, batch: int, measured: Profile) -> dict[str, object]:
    machine = measured.machine
    return {
        "name": spec.name,
        "input": list(spec.input_shape),
        "batch": batch,
        "device": machine.name,
        "flops_per_second": machine.flops,
        "bytes_per_second": machine.bandwidth,
        "ridge": machine.ridge,
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
    machine = measured.machine
    print(
        f"{spec.name}, input {sizes(spec.input_shape)}, batch {batch}, on {machine.name}"
    )
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
    print("\n".join(text_table(HEADER, rows, NAMES)))
    print()
    for words in _notes(measured):
        print(words)


def _share_of_roof(layer: LayerTime, measured: Profile) -> str:
    if not layer.bytes:
        return ""
    least = measured.machine.least_seconds(layer.flops, layer.bytes)
    return f"{100 * least / layer.forward_seconds:.0f}"


def _notes(measured: Profile) -> list[str]:
    machine, layers = measured.machine, measured.layers
    forward = sum(layer.forward_seconds for layer in layers)
    backward = sum(layer.backward_seconds for layer in layers)
    peak = f"{machine.flops / 1e9:,.1f} GFLOP/s and {machine.bandwidth / 1e9:,.1f} GB/s"
    return [
        f"machine: {peak}, as measured; the ridge is at {machine.ridge:.1f} FLOP/byte",
        f"forward: {_sum(forward, measured.forward_seconds)}",
        f"backward: {_sum(backward, measured.backward_seconds)}",
    ]


def _sum(parts: float, whole: float) -> str:
    words = f"{1e3 * parts:,.2f} ms in all layers, {1e3 * whole:,.2f} ms as a whole"
    return f"{words} ({parts / whole:.0%})" if whole else words
