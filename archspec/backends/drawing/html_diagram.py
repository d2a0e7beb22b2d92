"""The diagram of a network as HTML, which the browser lays out: nested boxes.

A block is a `<details>`. What shows layers is tied to them by an attribute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape

from archspec.backends.drawing.captions import (
    SIGNS,
    costs,
    describe,
    details,
    sizes,
    times,
    title,
)
from archspec.backends.drawing.diagram import (
    Box,
    Group,
    Join,
    Jump,
    Part,
    Run,
    Side,
    branch_label,
    copies,
    nodes,
    output,
    sketch,
)
from archspec.diagnostics.terminal import printable
from archspec.ir.graph import Graph, Layer, Module, Node, Value, producing_node, walk
from archspec.ops.registry import OPS

LINE = '<div class="line"></div>'


def diagram(
    graph: Graph, depth: int | None, tied: Callable[[Iterable[Node]], str]
) -> str:
    """The diagram; `tied` writes the attribute of what shows some layers."""
    start = f'<div class="end">input</div>{_arrow(graph.input)}'
    end = f'{_arrow(graph.output)}<div class="end">output</div>'
    inner = _Diagram(graph, depth, tied).chain([sketch(graph)], 1)
    return f'<div class="chain">{start}{inner}{end}</div>'


def text(words: str, *, keeps_lines: bool = False) -> str:
    """Text as it is, in an element or an attribute."""
    lines = words.split("\n") if keeps_lines else [words]
    return "\n".join(escape(printable(line)) for line in lines)


class _Diagram:
    def __init__(
        self, graph: Graph, depth: int | None, tied: Callable[[Iterable[Node]], str]
    ) -> None:
        self.depth = depth
        self.tied = tied
        self.macs = graph.macs
        self.blocks = {
            (item.name.value, item.output.producer): item
            for item in walk(graph.body)
            if isinstance(item, Module)
        }

    def chain(self, alike: Sequence[Sequence[Part]], depth: int) -> str:
        """Parts below each other; of chains that are alike the first is drawn."""
        written = ""
        before: Part | None = None
        for twins in zip(*alike, strict=True):
            if before and not isinstance(twins[0], Jump):
                is_line = isinstance(twins[0], Join | Side)
                written += _arrow(output(before), has_head=not is_line)
            written += self.part(twins, depth)
            before = twins[0]
        return written

    def part(self, twins: Sequence[Part], depth: int) -> str:
        """A part, which stands for all of its twins."""
        every = [part for twin in twins for part in copies(twin)]
        here = copies(twins[0])
        match every[0]:
            case Box():
                boxes = [part.layers for part in every if isinstance(part, Box)]
                return self.box(boxes, times(len(here)))
            case Group():
                groups = [part for part in every if isinstance(part, Group)]
                modules = [part.module for part in here if isinstance(part, Group)]
                words = f"{title(modules)} {times(len(here))}"
                inner = self.chain([group.parts for group in groups], depth + 1)
                is_open = self.depth is None or depth < self.depth
                return self.block(words, inner, here, every, is_open=is_open)
            case Join():
                joins = [part for part in every if isinstance(part, Join)]
                return self.join(joins, depth)
            case Side() as side:
                return self.side(side, depth)
            case Run(each):
                runs = [part for part in every if isinstance(part, Run)]
                inner = self.chain([copy for run in runs for copy in run.copies], depth)
                words = times(len(each))
                return self.block(words, inner, here, every, is_open=True)
            case Jump(label):
                jumps = [part for part in every if isinstance(part, Jump)]
                tied = self.tied(node for jump in jumps for node in self.source(jump))
                return f'<div class="jump" {tied}>from {text(label)}</div>'

    def source(self, jump: Jump) -> Iterator[Node]:
        """The layers that have the label: one, or those of a block."""
        block = self.blocks.get((jump.label, jump.value.producer))
        if block:
            yield from (x.node for x in walk(block.body) if isinstance(x, Layer))
        elif made_by := producing_node(jump.value):
            yield made_by

    def box(self, boxes: Sequence[Sequence[Node]], often: str) -> str:
        rows = [
            f'<div class="layer {OPS[same[0].op].family}" {self.tied(same)}'
            f' title="{text(details(same[0]), keeps_lines=True)}">'
            f"{text(describe(same[0]))}</div>"
            for same in zip(*boxes, strict=True)
        ]
        beside = f'<div class="times">{often}</div>' if often else ""
        return f'<div class="box">{"".join(rows)}{beside}</div>'

    def block(
        self,
        words: str,
        inner: str,
        here: Sequence[Part],
        every: Sequence[Part],
        *,
        is_open: bool,
    ) -> str:
        said = ", ".join(filter(None, costs(nodes(here), self.macs)))
        return (
            f"<details{' open' if is_open else ''}><summary {self.tied(nodes(every))}>"
            f"<b>{text(words.strip())}</b><small>{said}</small></summary>"
            f'<div class="chain">{inner}</div></details>'
        )

    def join(self, joins: Sequence[Join], depth: int) -> str:
        """Branches side by side, in the order written."""
        first = joins[0]
        branches = "".join(
            self.branch([join.branches[i] for join in joins], value, depth)
            for i, value in enumerate(first.node.inputs)
        )
        split = '<div class="sign">split</div>' if first.split else ""
        sign = text(SIGNS.get(first.node.op, first.node.op))
        return (
            f'<div class="join">{split}{LINE}<div class="branches">{branches}</div>'
            f'{LINE}<div class="sign">{sign}</div></div>'
        )

    def side(self, side: Side, depth: int) -> str:
        """A head to the right of what goes on."""
        end = f'<div class="end">{text(side.head.name)}</div>'
        head = self.chain([side.parts], depth) + _arrow(side.head.output) + end
        return (
            '<div class="side"><div class="way"></div><div class="chain head">'
            f'<div class="arrow"></div>{head}</div></div>'
        )

    def branch(self, alike: Sequence[Sequence[Part]], made: Value, depth: int) -> str:
        if not alike[0]:
            return '<div class="branch"><div class="way"></div></div>'
        start = '<div class="arrow"></div>'
        match alike[0][0]:
            case Join():
                start = LINE
            case Jump():
                start = ""
            case Box() if label := branch_label(alike[0]):
                start = f'<div class="arrow"><span>{text(label)}</span></div>'
        end = f'<div class="way"><span>{sizes(made.shape)}</span></div>'
        return f'<div class="branch">{start}{self.chain(alike, depth)}{end}</div>'


def _arrow(value: Value, *, has_head: bool = True) -> str:
    kind = "arrow" if has_head else "way"
    return f'<div class="{kind}"><span>{sizes(value.shape)}</span></div>'
