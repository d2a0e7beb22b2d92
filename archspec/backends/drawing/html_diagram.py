"""The diagram as HTML: nested boxes, which the browser lays out.

A cluster is a `<details>`, so that the reader can fold it. An attribute links each
element to the layers that it shows:

    <div class="layer convolution" data-layers="0" title="...">conv 5×5, 6, p=2</div>
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape

from archspec.backends.drawing.captions import (
    costs,
    describe,
    details,
    merge_caption,
    sizes,
    times,
    title,
)
from archspec.backends.drawing.diagram import (
    AuxBranch,
    BackReference,
    Box,
    Cluster,
    Join,
    Part,
    Repetition,
    branch_label,
    build_diagram,
    nodes,
    output,
    reads_entry,
    repeated,
)
from archspec.diagnostics.terminal import printable
from archspec.ir.graph import (
    Graph,
    Layer,
    Module,
    Node,
    Port,
    Value,
    producing_node,
    walk,
)
from archspec.ops.registry import OPS

ARROW = '<div class="arrow"></div>'
LINE = '<div class="line"></div>'
AFTER_BRANCH = '<div class="jump">from the left</div>'
LinkRule = Callable[[Iterable[Node]], str]  # the attribute that links to some layers


def diagram_html(graph: Graph, depth: int | None, link: LinkRule) -> str:
    """Return the diagram, with the blocks deeper than `depth` folded."""
    writer, parts = _HtmlWriter(graph, depth, link), build_diagram(graph)
    inner = writer.chain([parts], 1)
    return f'<div class="chain">{writer.start(parts)}{inner}{writer.end(parts)}</div>'


def html_escaped(words: str, *, keeps_lines: bool = False) -> str:
    """Escape text for an element or an attribute."""
    lines = words.split("\n") if keeps_lines else [words]
    return "\n".join(escape(printable(line)) for line in lines)


class _HtmlWriter:
    """Writes a diagram. Of parts with equal structure it writes the first.

    Its elements link to the layers of all of them.
    """

    def __init__(self, graph: Graph, depth: int | None, link: LinkRule) -> None:
        self.depth = depth
        self.link = link
        self.graph = graph
        self.modules = {
            (item.name.value, item.output.producer): item
            for item in walk(graph.body)
            if isinstance(item, Module)
        }

    def start(self, parts: Sequence[Part]) -> str:
        """Write the inputs; named ones stand side by side, where a `ref` reads them."""
        if self.graph.has_named_inputs:
            ends = (
                self.port(port, [port.value.producer] if port.value.producer else [])
                for port in self.graph.inputs
            )
            start, arrow = f'<div class="ends">{"".join(ends)}</div>', ARROW
        else:
            start = '<div class="end">input</div>'
            arrow = _arrow(self.graph.inputs[0].value)
        return f"{start}{arrow}" if _reads(parts) else start

    def end(self, parts: Sequence[Part]) -> str:
        """Write the outputs; those of earlier steps stand beside that of the last."""
        if not self.graph.returns_tuple:
            return f'{_arrow(self.graph.outputs[0].value)}<div class="end">output</div>'
        last = producing_node(output(parts[-1])) if parts else None
        final, earlier = "", ""
        for port in self.graph.outputs:
            if producing_node(port.value) is last and not final:
                final = self.port(port, [])
            else:
                earlier += self.port(port, self.named(port.label, port.value))
        ends = f'<div class="ends">{earlier}</div>' if earlier else ""
        return f'{ARROW if final else ""}<div class="outputs">{final}{ends}</div>'

    def port(self, port: Port, linked: Iterable[Node]) -> str:
        words = html_escaped(f"{port.name} {sizes(port.shape)}")
        return f'<div class="end" {self.link(linked)}>{words}</div>'

    def chain(self, chains: Sequence[Sequence[Part]], depth: int) -> str:
        """Write the parts of chains with equal structure, below each other."""
        written = ""
        before: Part | None = None
        for equal in zip(*chains, strict=True):
            is_jump = isinstance(equal[0], BackReference)
            if before and not is_jump and reads_entry(equal[0]):
                is_line = isinstance(equal[0], Join | AuxBranch)
                written += _arrow(output(before), has_head=not is_line)
            written += self.part(equal, depth)
            before = equal[0]
        return written

    def part(self, equal: Sequence[Part], depth: int) -> str:
        """Write one part for parts with equal structure.

        `shown` has the copies that the caption counts, of the first part: `× 3`. `every`
        has the copies of all parts.
        """
        shown = repeated(equal[0])
        every = [copy for part in equal for copy in repeated(part)]
        match every[0]:
            case Box():
                boxes = [part.layers for part in every if isinstance(part, Box)]
                return self.box(boxes, times(len(shown)))
            case Cluster():
                clusters = [part for part in every if isinstance(part, Cluster)]
                modules = [part.module for part in shown if isinstance(part, Cluster)]
                caption = f"{title(modules)} {times(len(shown))}"
                inner = self.chain([cluster.parts for cluster in clusters], depth + 1)
                is_open = self.depth is None or depth < self.depth
                return self.cluster(caption, inner, shown, every, is_open=is_open)
            case Join():
                joins = [part for part in every if isinstance(part, Join)]
                return self.join(joins, depth)
            case AuxBranch() as branch:
                return self.aux_branch(branch, depth)
            case Repetition(copies):
                repetitions = [part for part in every if isinstance(part, Repetition)]
                chains = [copy for part in repetitions for copy in part.copies]
                inner = self.chain(chains, depth)
                caption = times(len(copies))
                return self.cluster(caption, inner, shown, every, is_open=True)
            case BackReference(label):
                references = [part for part in every if isinstance(part, BackReference)]
                link = self.link(
                    node for x in references for node in self.named(x.label, x.value)
                )
                return f'<div class="jump" {link}>from {html_escaped(label)}</div>'

    def named(self, label: str, value: Value) -> Iterator[Node]:
        """Yield the layers of the labeled block, if it is one, and the value's node."""
        module = self.modules.get((label, value.producer))
        if module:
            yield from (x.node for x in walk(module.body) if isinstance(x, Layer))
        if producer := producing_node(value):
            yield producer

    def box(self, boxes: Sequence[Sequence[Node]], count: str) -> str:
        rows = [
            f'<div class="layer {OPS[equal[0].op].family}" {self.link(equal)}'
            f' title="{html_escaped(details(equal[0]), keeps_lines=True)}">'
            f"{html_escaped(describe(equal[0]))}</div>"
            for equal in zip(*boxes, strict=True)
        ]
        right = f'<div class="times">{count}</div>' if count else ""
        return f'<div class="box">{"".join(rows)}{right}</div>'

    def cluster(
        self,
        caption: str,
        inner: str,
        shown: Sequence[Part],
        every: Sequence[Part],
        *,
        is_open: bool,
    ) -> str:
        total = ", ".join(filter(None, costs(nodes(shown), self.graph.macs)))
        return (
            f"<details{' open' if is_open else ''}><summary {self.link(nodes(every))}>"
            f"<b>{html_escaped(caption.strip())}</b><small>{total}</small></summary>"
            f'<div class="chain">{inner}</div></details>'
        )

    def join(self, joins: Sequence[Join], depth: int) -> str:
        """Write branches side by side, in the order of the spec."""
        first = joins[0]
        branches = "".join(
            self.branch(
                [join.branches[i] for join in joins],
                result,
                depth,
                start=AFTER_BRANCH if first.is_chained and i > 1 else "",
            )
            for i, result in enumerate(first.node.inputs)
        )
        split = '<div class="sign">split</div>' if first.split else ""
        fork = LINE if first.readers else ""
        sign = html_escaped(merge_caption(first.node))
        link = self.link(join.node for join in joins)
        return (
            f'<div class="join">{split}{fork}<div class="branches">{branches}</div>'
            f'{LINE}<div class="sign" {link}>{sign}</div></div>'
        )

    def aux_branch(self, branch: AuxBranch, depth: int) -> str:
        """Write a head and its output to the right of the chain."""
        end = f'<div class="end">{html_escaped(branch.head.name)}</div>'
        head = self.chain([branch.parts], depth) + _arrow(branch.head.output) + end
        kind, start = ("head", ARROW) if _reads(branch.parts) else ("apart head", "")
        return (
            f'<div class="side"><div class="way"></div><div class="chain {kind}">'
            f"{start}{head}</div></div>"
        )

    def branch(
        self,
        branches: Sequence[Sequence[Part]],
        result: Value,
        depth: int,
        start: str = "",
    ) -> str:
        """Write one branch for branches with equal structure."""
        if not branches[0]:  # an identity
            return '<div class="branch"><div class="way"></div></div>'
        is_apart = bool(start) or not _reads(branches[0])
        if not is_apart:
            start = LINE if isinstance(branches[0][0], Join) else ARROW
            if isinstance(branches[0][0], Box) and (label := branch_label(branches[0])):
                start = f'<div class="arrow"><span>{html_escaped(label)}</span></div>'
        kind = "apart branch" if is_apart else "branch"
        end = f'<div class="way"><span>{sizes(result.shape)}</span></div>'
        return f'<div class="{kind}">{start}{self.chain(branches, depth)}{end}</div>'


def _reads(parts: Sequence[Part]) -> bool:
    """Whether parts read the output before them: not if they begin with a `ref`."""
    if not parts:  # an identity
        return True
    return not isinstance(parts[0], BackReference) and reads_entry(parts[0])


def _arrow(value: Value, *, has_head: bool = True) -> str:
    kind = "arrow" if has_head else "way"
    return f'<div class="{kind}"><span>{sizes(value.shape)}</span></div>'
