"""What blocks make of their inputs, remembered over lowerings of edits of one spec.

    residual(64, s=2) on [32, 56, 56]  ->  [64, 28, 28]

A block is known again by its definition and those of the blocks that it mentions, so an
edit of one is a new block. Only expansions without a finding are remembered, and none
of a document with a `tied`, which runs the layers in a block again.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from itertools import chain

from archspec.frontend.ast import BlockDefinition, Document
from archspec.ir import graph as ir
from archspec.ir.symbolic import Symbolic
from archspec.ops.op import Op
from archspec.resolve.partial_call import PartialCall
from archspec.resolve.scope import Block


class BlockOutputs:
    """The outputs of block calls, by block, arguments and input shape."""

    def __init__(self, document: Document) -> None:
        self.outputs: dict[Hashable, ir.Value] = {}
        self._alive: dict[int, BlockDefinition] = {}  # so that no `id` is used twice
        self._reached = _mentions(document)
        self._needs_layers = "tied(" in document.source.text

    def key(
        self, block: Block, arguments: Mapping[str, Symbolic | None], x: ir.Value
    ) -> Hashable:
        """What the output depends on; None if that is not known."""
        if self._needs_layers:
            return None
        version = self._version(block)
        values = [(n, self._value(v.value)) for n, v in arguments.items() if v]
        if x.shape is None or version is None or len(values) < len(arguments):
            return None
        return version, (*values,), (*x.shape.plain(),), x.shape.axes

    def _version(self, block: Block) -> Hashable:
        """The definitions of a block and of the document's blocks that it may call."""
        if block.environment.bundled:
            return block.name
        if block.name not in self._reached:
            return None
        definitions = [block.definition]
        for name in self._reached[block.name]:
            other = block.environment.callees.get(name)
            if isinstance(other, Block):
                definitions.append(other.definition)
        for each in definitions:
            self._alive[id(each)] = each
        return (*map(id, definitions),)

    def _value(self, value: object) -> Hashable:
        match value:
            case tuple():
                return (*map(self._value, value),)
            case Block():
                return self._version(value) or object()
            case Op():
                return value.name
            case PartialCall():
                given = value.keywords.items()
                keywords = ((n, self._value(v.value)) for n, v in given)
                return self._value(value.callee), (*keywords,)
        return type(value), value


def _mentions(document: Document) -> dict[str, tuple[str, ...]]:
    """The blocks of a document that each may call, directly or not, by name."""
    text = document.source.text
    names = {block.name.id for block in document.blocks}
    starts = sorted(block.signature.start for block in document.blocks)
    ends = dict(zip(starts, [*starts, len(text)][1:], strict=True))
    values = [*document.params, *chain.from_iterable(document.variants.values())]
    params = {word for _, value in values if value for word in _words(value.span.text)}
    direct = {}
    for block in document.blocks:
        own = text[block.signature.start : ends[block.signature.start]]
        direct[block.name.id] = (_words(own) | params) & names
    for through in names:
        for name, found in direct.items():
            if through in found:
                direct[name] = found | direct[through]
    return {name: (*sorted(found),) for name, found in direct.items()}


def _words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", text))
