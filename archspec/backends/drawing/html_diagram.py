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
    start = f'<div class="end">input</div>{_arrow(graph.inputs[0].value)}'
    end = f'{_arrow(graph.outputs[0].value)}<div class="end">output</div>'
    if graph.has_named_inputs:
        start = f'<div class="end">{_ports(graph.inputs)}</div>{ARROW}'
    if graph.returns_tuple:
        end = f'{ARROW}<div class="end">{_ports(graph.outputs)}</div>'
    inner = _HtmlWriter(graph, depth, link).chain([build_diagram(graph)], 1)
    return f'<div class="chain">{start}{inner}{end}</div>'


def _ports(ports: Iterable[Port]) -> str:
    """Name inputs or outputs with their shapes: `image 3×64×64, depth 1×64×64`."""
    words = ", ".join(f"{port.name} {sizes(port.shape)}" for port in ports)
    return html_escaped(words)


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
        self.macs = graph.macs
        self.modules = {
            (item.name.value, item.output.producer): item
            for item in walk(graph.body)
            if isinstance(item, Module)
        }

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
                    node for each in references for node in self.referenced(each)
                )
                return f'<div class="jump" {link}>from {html_escaped(label)}</div>'

    def referenced(self, reference: BackReference) -> Iterator[Node]:
        """Yield the labeled layer, or the layers of the labeled block."""
        value = reference.value
        module = self.modules.get((reference.label, value.producer))
        if module:
            yield from (x.node for x in walk(module.body) if isinstance(x, Layer))
        elif producer := producing_node(value):
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
        total = ", ".join(filter(None, costs(nodes(shown), self.macs)))
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
        return (
            f'<div class="join">{split}{fork}<div class="branches">{branches}</div>'
            f'{LINE}<div class="sign">{sign}</div></div>'
        )

    def aux_branch(self, branch: AuxBranch, depth: int) -> str:
        """Write a head and its output to the right of the chain."""
        end = f'<div class="end">{html_escaped(branch.head.name)}</div>'
        head = self.chain([branch.parts], depth) + _arrow(branch.head.output) + end
        return (
            '<div class="side"><div class="way"></div><div class="chain head">'
            f'<div class="arrow"></div>{head}</div></div>'
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
        start = start or '<div class="arrow"></div>'
        match branches[0][0]:
            case _ if start == AFTER_BRANCH:
                pass
            case Join():
                start = LINE
            case BackReference():
                start = ""
            case Box() if label := branch_label(branches[0]):
                start = f'<div class="arrow"><span>{html_escaped(label)}</span></div>'
        end = f'<div class="way"><span>{sizes(result.shape)}</span></div>'
        return f'<div class="branch">{start}{self.chain(branches, depth)}{end}</div>'


def _arrow(value: Value, *, has_head: bool = True) -> str:
    kind = "arrow" if has_head else "way"
    return f'<div class="{kind}"><span>{sizes(value.shape)}</span></div>'
