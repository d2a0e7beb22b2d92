"""Which weights of a file a network takes, and which not, each with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from archspec.diagnostics.terminal import printable
from archspec.ir.graph import Node
from archspec.passes.summarize import line_in
from archspec.spec import Spec
from archspec.training.weights.head import Size, Sizes, find_new_head
from archspec.training.weights.names import layer_of, levels, listed

SHOWN = 8  # lines of one kind in a report


@dataclass(frozen=True, slots=True)
class Weight:
    """A name in the state dict of the network, of the file, or of both."""

    name: str
    here: Size | None  # None: the network has no such weight
    there: Size | None  # None: the file has none
    place: str  # of its layer in the spec, as `specs/nin.yaml:14`; or ""

    def __str__(self) -> str:
        """One line, with both shapes where there are two."""
        sizes = [_written(size) for size in (self.here, self.there) if size is not None]
        place = f" ({self.place})" if self.place else ""
        return f"`{printable(self.name)}` {', in the file '.join(sizes)}{place}"


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What became of each weight; `str()` shows those that were not loaded."""

    path: Path
    loaded: tuple[Weight, ...]
    new_head: tuple[Weight, ...]
    """Weights with fresh values, since the file has another number of classes, or none."""

    missing: tuple[Weight, ...]
    unexpected: tuple[Weight, ...]
    wrong_shape: tuple[Weight, ...]

    @property
    def fits(self) -> bool:
        """Whether each weight has its place, a new head aside."""
        return not (self.missing or self.unexpected or self.wrong_shape)

    @property
    def summary(self) -> str:
        """How many weights, in a line."""
        fresh = self.new_head + self.missing + self.wrong_shape
        count = f"{len(self.loaded)} of {len(self.loaded + fresh)} weights"
        parts = [f"loaded {count} from `{self.path}`" if self.fits else f"{count} fit"]
        for kind, weights in self._not_loaded():
            layers = f" {listed(_layers(weights))}" if kind == "new head" else ""
            parts.append(f"{kind}{layers}: {len(weights)}")
        return "; ".join(parts)

    def __str__(self) -> str:
        """The summary, and a line for each weight that was not loaded."""
        return "\n".join([self.summary, *self._lines()])

    def _lines(self) -> Iterator[str]:
        for kind, weights in self._not_loaded():
            yield from (f"  {kind}: {weight}" for weight in weights[:SHOWN])
            if len(weights) > SHOWN:
                yield f"  {kind}: {len(weights) - SHOWN} more"

    def _not_loaded(self) -> Iterator[tuple[str, tuple[Weight, ...]]]:
        kinds = {
            "new head": self.new_head,
            "missing": self.missing,
            "unexpected": self.unexpected,
            "wrong shape": self.wrong_shape,
        }
        yield from ((kind, weights) for kind, weights in kinds.items() if weights)


def compare(
    network: Sizes, file: Sizes, spec: Spec, path: Path, *, new_head: bool
) -> LoadReport:
    """What a network can take of a file; with `new_head`, its head may be another."""
    nodes = {node.path: node for node in spec.layers}

    def weights(names: Iterable[str]) -> tuple[Weight, ...]:
        return tuple(
            Weight(name, network.get(name), file.get(name), _place(name, nodes, spec))
            for name in names
        )

    head = find_new_head(network, file, spec) if new_head else []
    rest = [name for name in network if name not in head]
    shared = [name for name in rest if name in file]
    return LoadReport(
        path,
        loaded=weights(name for name in shared if network[name] == file[name]),
        new_head=weights(head),
        missing=weights(name for name in rest if name not in file),
        unexpected=weights(name for name in file if name not in network),
        wrong_shape=weights(name for name in shared if network[name] != file[name]),
    )


def _place(name: str, nodes: Mapping[str, Node], spec: Spec) -> str:
    """Where the layer of a weight is written, and where its block is called."""
    layer = next((nodes[level] for level in levels(name) if level in nodes), None)
    if layer is None:
        return ""
    source = spec.document.source
    spans = (*layer.calls, layer.span)
    line, call = line_in(source, spans), line_in(source, spans[:1])
    place = f"{printable(source.name)}:{line}"
    return place if call == line else f"{place}, called in line {call}"


def _layers(weights: Iterable[Weight]) -> list[str]:
    return list(dict.fromkeys(layer_of(weight.name) for weight in weights))


def _written(size: Size) -> str:
    return "x".join(map(str, size)) or "one number"
