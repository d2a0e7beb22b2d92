"""The layers of a network, by number and by path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, overload

from archspec.diagnostics.source import Source
from archspec.diagnostics.suggest import did_you_mean
from archspec.ir.graph import Graph, Node
from archspec.passes.summarize import summarize


class Layers(Sequence[Node]):
    """The layers of a network, in the order in which they run.

    A layer has `path` (its name in the state dict), `op`, `block`, `inputs`, `output`,
    whose `shape` is without the batch, `parameters` and `macs`.

    >>> import archspec
    >>> layers = archspec.load("lenet").layers
    >>> len(layers), layers[0]
    (12, <conv 0: [1, 28, 28] -> [6, 28, 28], 156 parameters>)
    >>> layers["11"].parameters
    850
    """

    def __init__(self, graph: Graph, source: Source) -> None:
        """`source` is the text of the spec."""
        self._graph, self._source = graph, source
        self._nodes = tuple(graph.layers)

    @overload
    def __getitem__(self, key: int | str) -> Node: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Node, ...]: ...
    def __getitem__(self, key: int | str | slice) -> Node | tuple[Node, ...]:
        """The layer with a number, or with a path such as `layer1.0.conv1`.

        Raises:
            IndexError: If there are fewer layers.
            KeyError: If no layer has the path.
        """
        if not isinstance(key, str):
            return self._nodes[key]
        found = next((node for node in self._nodes if node.path == key), None)
        if found is None:
            paths = [node.path for node in self._nodes]
            inner = next((path for path in paths if path.startswith(f"{key}.")), None)
            hint = did_you_mean(key, paths)
            if inner:
                hint = f"the first layer in it is `{inner}`"
            name = self._graph.name
            raise KeyError(f"`{name}` has no layer `{key}`{hint and '; ' + hint}")
        return found

    def __len__(self) -> int:
        """Count the layers."""
        return len(self._nodes)

    def __iter__(self) -> Iterator[Node]:
        """Yield the layers in the order in which they run."""
        return iter(self._nodes)

    def __repr__(self) -> str:
        """One line: the number of layers."""
        return f"<{len(self)} layers of {self._graph.name}>"

    def to_dicts(self, depth: int | None = None) -> list[dict[str, Any]]:
        """The rows of the summary, for `pandas.DataFrame` or JSON.

        The keys are those of a layer in `archspec summary --format json`: `path`, `op`,
        `block`, `line`, `input`, `output`, `params`, `macs`, `kept_bytes`, `live_bytes`,
        `receptive_field`, `stride`. Shapes are without the batch, `macs` are for one
        image, bytes are those of 32-bit floats.

        Args:
            depth: fold blocks and labeled groups that are deeper.

        >>> import archspec
        >>> row = archspec.load("lenet").layers.to_dicts()[0]
        >>> row["op"], row["output"], row["params"]
        ('conv', (6, 28, 28), 156)
        """
        return [asdict(row) for row in summarize(self._graph, self._source, depth)]
