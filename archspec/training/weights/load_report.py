"""Which weights of a file match a network and which do not, with lines of the spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from archspec.diagnostics.terminal import printable
from archspec.ir.graph import Node
from archspec.passes.summarize import line_in
from archspec.spec import Spec
from archspec.training.weights.gray_kernel import find_gray_kernel
from archspec.training.weights.new_head import (
    NewHead,
    WeightShape,
    WeightShapes,
    find_new_head,
)
from archspec.training.weights.weight_names import layer_of, levels, listed

MAX_SHOWN = 8  # lines of one kind in a report
SUMMED = "summed over its channels"


@dataclass(frozen=True, slots=True)
class Weight:
    """A name in the state dict of the network, of the file, or of both."""

    name: str
    shape: WeightShape | None  # in the network, if it has the name
    file_shape: WeightShape | None  # in the file, if it has the name
    location: str  # of its layer in the spec, as `specs/nin.yaml:14`, or ""

    def __str__(self) -> str:
        """One line, as "`head.weight` 10x64, in the file 1000x64 (net.yaml:9)"."""
        shapes = (self.shape, self.file_shape)
        sizes = [_describe(shape) for shape in shapes if shape is not None]
        location = f" ({self.location})" if self.location else ""
        return f"`{printable(self.name)}` {', in the file '.join(sizes)}{location}"


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What was loaded and what was not; `str()` lists the weights that were not."""

    path: Path
    loaded: tuple[Weight, ...]
    new_head: tuple[Weight, ...]
    """Weights that keep their initial values: the file has another head, or none."""

    replaced: tuple[Weight, ...]
    """Weights of the file's own head, under other names than those of the network."""

    missing: tuple[Weight, ...]
    unexpected: tuple[Weight, ...]
    wrong_shape: tuple[Weight, ...]
    summed: tuple[Weight, ...]
    """The loaded kernel that is summed over its channels, for gray images."""

    difference: str = ""
    """How the network differs from the one that was trained, where all weights fit."""

    @property
    def is_match(self) -> bool:
        """Whether all weights match, except for a new head."""
        return not (self.missing or self.unexpected or self.wrong_shape)

    @property
    def is_adapted(self) -> bool:
        """Whether the network differs from the one of the file."""
        return bool(self.new_head or self.summed or self.difference)

    @property
    def summary(self) -> str:
        """The numbers of tensors of the state dict, in one line."""
        initial = self.new_head + self.missing + self.wrong_shape
        count = f"{len(self.loaded)} of {len(self.loaded + initial)} tensors"
        loaded = f"loaded {count} from `{self.path}`"
        parts = [loaded if self.is_match else f"{count} match"]
        for kind, weights in self._not_loaded():
            is_head = kind in ("new head", "replaced")
            layers = f" {listed(_layers(weights))}" if is_head else ""
            parts.append(f"{kind}{layers}: {len(weights)}")
        if self.summed:
            parts.append(f"{SUMMED}: {listed(_layers(self.summed))}")
        if self.difference:
            parts.append(f"they were trained in another network: {self.difference}")
        return "; ".join(parts)

    def __str__(self) -> str:
        """The summary, and a line for each weight that was not loaded."""
        return "\n".join([self.summary, *self._lines()])

    def _lines(self) -> Iterator[str]:
        for kind, weights in self._not_loaded():
            yield from (f"  {kind}: {weight}" for weight in weights[:MAX_SHOWN])
            if len(weights) > MAX_SHOWN:
                yield f"  {kind}: {len(weights) - MAX_SHOWN} more"
        yield from (f"  {SUMMED}: {weight}" for weight in self.summed)

    def _not_loaded(self) -> Iterator[tuple[str, tuple[Weight, ...]]]:
        kinds = {
            "new head": self.new_head,
            "replaced": self.replaced,
            "missing": self.missing,
            "unexpected": self.unexpected,
            "wrong shape": self.wrong_shape,
        }
        yield from ((kind, weights) for kind, weights in kinds.items() if weights)


def compare_weights(
    network: WeightShapes, file: WeightShapes, spec: Spec, path: Path, *, adapt: bool
) -> LoadReport:
    """Compare the weights of a network and a file.

    `adapt` allows another head, and gray images where the file has color.
    """
    nodes = {node.path: node for node in spec.layers}

    def weights(names: Iterable[str]) -> tuple[Weight, ...]:
        return tuple(
            Weight(name, network.get(name), file.get(name), _locate(name, nodes, spec))
            for name in names
        )

    kernel = find_gray_kernel(network, file, spec) if adapt else None
    summed = weights([kernel] if kernel else [])
    if kernel:
        file = {**file, kernel: network[kernel]}
    head = find_new_head(network, file, spec) if adapt else NewHead([], [])
    others = [name for name in network if name not in head.names]
    shared = [name for name in others if name in file]
    return LoadReport(
        path,
        loaded=weights(name for name in shared if network[name] == file[name]),
        new_head=weights(head.names),
        replaced=weights(name for name in head.replaced if name not in network),
        missing=weights(name for name in others if name not in file),
        unexpected=weights(
            name for name in file if name not in network and name not in head.replaced
        ),
        wrong_shape=weights(name for name in shared if network[name] != file[name]),
        summed=summed,
    )


def _locate(name: str, nodes: Mapping[str, Node], spec: Spec) -> str:
    """The line of a weight's layer, and the line where its block is called."""
    layer = next((nodes[level] for level in levels(name) if level in nodes), None)
    if layer is None:
        return ""
    source = spec.document.source
    spans = (*layer.calls, layer.span)
    line, call = line_in(source, spans), line_in(source, spans[:1])
    location = f"{printable(source.name)}:{line}"
    return location if call == line else f"{location}, called in line {call}"


def _layers(weights: Iterable[Weight]) -> list[str]:
    return list(dict.fromkeys(layer_of(weight.name) for weight in weights))


def _describe(shape: WeightShape) -> str:
    return "x".join(map(str, shape)) or "one number"
