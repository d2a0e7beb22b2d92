"""Write a network as the text of a spec, as a person does.

A chain has one line if it is short, and otherwise a line for each convolution or linear
layer and what follows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from archspec.importing.steps import (
    Aux,
    Block,
    Call,
    Group,
    If,
    Instance,
    Join,
    Let,
    Network,
    Ref,
    Repeat,
    Shape,
    Split,
    Step,
    Tied,
    Value,
)
from archspec.importing.writing.call_text import call_text, value_text
from archspec.importing.writing.yaml_text import (
    WIDTH,
    Flow,
    FlowList,
    Node,
    block_lines,
    rows,
)
from archspec.ops.op import Family
from archspec.ops.registry import OPS

SHORT_CHAIN = 5  # calls that stand in one line
STARTS_LINE = (
    Family.CONVOLUTION,
    Family.LINEAR,
    Family.ATTENTION,
    Family.POOLING,
)

Link = Call | Ref | Tied  # of a chain


def write(network: Network) -> str:
    """Return the YAML text of a network without instances."""
    lines = [f"# {line}".rstrip() for line in network.header]
    lines += ["archspec: 1", f"name: {network.name}"]
    lines += block_lines({"input": _inputs(network.inputs)})
    if network.blocks:
        lines += ["", "blocks:"]
        for number, block in enumerate(network.blocks):
            lines += [""] if number else []
            lines += _block_lines(block)
    lines += ["", *block_lines({"net": _body(network.body, in_net=True)})]
    if network.outputs:
        lines += ["", f"outputs: {rows(network.outputs)}"]
    return "\n".join([*lines, ""])


def _inputs(inputs: Mapping[str, Shape]) -> Node:
    sizes: dict[str, Node] = {
        name: "x".join(map(str, shape)) for name, shape in inputs.items()
    }
    return sizes["input"] if [*sizes] == ["input"] else Flow(sizes)


def _block_lines(block: Block) -> list[str]:
    signature: dict[str, Node] = {signature_text(block): _body(block.body)}
    comment = [f"  # {line}" for line in block.comment.splitlines()]
    return comment + block_lines(signature, 2)


def signature_text(block: Block) -> str:
    """The signature of a block: `basic_block(planes, *, s=1)`."""
    parts = [*block.positional]
    parts += ["*"] if block.keywords else []
    parts += [
        name if default is ... else f"{name}={value_text(default)}"
        for name, default in block.keywords.items()
    ]
    return f"{block.name}({', '.join(parts)})" if parts else block.name


def count_lines(steps: Sequence[Step]) -> int:
    """The number of lines that a body takes; those that are hard to read count twice."""
    lines = body_text(steps).splitlines()
    return sum(1 + (len(line) > WIDTH - 8) for line in lines)


def body_text(steps: Sequence[Step]) -> str:
    """The text of a body by itself."""
    return "\n".join(block_lines(_body(steps)))


# --- steps ---------------------------------------------------------------------------


def _body(steps: Sequence[Step], *, in_net: bool = False) -> list[Node]:
    """A list of steps; in `net` with the shapes that a reader wants."""
    nodes: list[Node] = []
    chain: list[Link] = []
    for step in steps:
        if isinstance(step, Ref):
            nodes += _lines(chain, in_net=in_net)
            chain = [step]
        elif isinstance(step, Call | Tied) and not _label(step):
            chain.append(step)
        elif isinstance(step, Call) and [*map(type, chain)] == [Ref]:
            nodes.append({_label(step): " | ".join(map(_link_text, [*chain, step]))})
            chain = []
        else:
            nodes += _lines(chain, in_net=in_net)
            chain = []
            nodes.append(_node(step, in_net=in_net))
    nodes += _lines(chain, in_net=in_net)
    return nodes or ["identity"]


def _node(step: Step, *, in_net: bool = False) -> Node:
    """A step that is no part of a chain."""
    match step:
        case Call():
            return {_label(step): call_text(step) + _assertion([step], in_net=in_net)}
        case Group():
            return {step.label: _labeled_body(step.body, in_net=in_net)}
        case Join():
            branches = [_branch(branch) for branch in step.branches]
            are_short = all(isinstance(branch, str) for branch in branches)
            join: Node = {step.kind: FlowList(branches) if are_short else branches}
            return {step.label: join} if step.label else join
        case Split():
            split: dict[str, Node] = {"split": [*map(_branch, step.branches)]}
            if step.sizes is not None:
                split["sizes"] = _rows(step.sizes)
            return split
        case Aux():
            heads: dict[str, Node] = {
                name: _head(body) for name, body in step.heads.items()
            }
            return {"aux": Flow(heads)}
        case Repeat():
            return _repeat(step)
        case If():
            return _if(step, missing=None)
        case Let():
            values: dict[str, Node] = {k: value_text(v) for k, v in step.values.items()}
            return {"let": Flow(values)}
        case Instance():
            raise ValueError(f"{step.class_name} is not folded into a block")
    raise TypeError(step)


def _labeled_body(steps: list[Step], *, in_net: bool = False) -> Node:
    """What stands behind the label of a group.

    One call would be the layer of that name, and so would a chain that starts with `ref`.
    """
    short = _one_line(steps)
    if short and len(steps) > 1 and not isinstance(steps[0], Ref):
        return short
    if len(steps) == 1 and isinstance(steps[0], Join | Repeat | Split):
        return _node(steps[0])
    return _body(steps, in_net=in_net)


def _head(steps: list[Step]) -> Node:
    """A head: one call, of the output of a label or of the step before, or a group."""
    calls = steps[1:] if isinstance(steps[0], Ref) else steps
    is_call = len(calls) == 1 and isinstance(calls[0], Call) and not calls[0].label
    return _one_line(steps) if is_call else _labeled_body(steps)


def _branch(steps: list[Step]) -> Node:
    """A branch of a join; an empty one is `identity`."""
    if not steps:
        return "identity"
    if len(steps) == 1 and isinstance(steps[0], If):
        return _if(steps[0], missing="none")
    return _unlabeled(steps)


def _unlabeled(steps: list[Step]) -> Node:
    """A body where one step needs no list."""
    nodes = _body(steps)
    short = _one_line(steps)
    if short:
        return short
    return nodes[0] if len(nodes) == 1 else nodes


def _if(step: If, missing: str | None) -> Node:
    """A condition with its arms; `missing` stands for an absent `else`."""
    arms: dict[str, Node] = {"if": step.condition.text, "then": _arm(step.then)}
    if step.otherwise is not None and (step.otherwise or missing):
        arms["else"] = _arm(step.otherwise)
    elif missing:
        arms["else"] = missing
    return Flow(arms)


def _arm(steps: list[Step]) -> Node:
    node = _branch(steps)
    return Flow(node) if isinstance(node, dict) else node


def _repeat(step: Repeat) -> Node:
    body = _unlabeled(step.body)
    node: dict[str, Node] = {
        "repeat": Flow(body) if isinstance(body, dict) and len(body) == 1 else body
    }
    if step.rows:
        columns: dict[str, Node] = {
            name: _rows(values) for name, values in step.rows.items()
        }
        node["for"] = Flow(columns)
    else:
        node["times"] = value_text(step.times)
    is_named = step.index != "i" and step.index.isidentifier()  # at last
    return node | ({"as": step.index} if is_named else {})


def _rows(values: Value) -> str:
    """A list of values, or what stands for one."""
    match values:
        case tuple():
            return rows([_rows(value) for value in values])
    return value_text(values)


# --- chains --------------------------------------------------------------------------


def _label(step: Step) -> str:
    return getattr(step, "label", None) or ""


def _link_text(step: Link) -> str:
    match step:
        case Call():
            return call_text(step)
        case Ref():
            return f"ref({step.path})"
        case Tied():
            return f"tied({step.path})"


def _lines(chain: list[Link], *, in_net: bool) -> Iterator[str]:
    """The lines of a chain, in a list of steps."""
    for line in _broken(chain):
        text = " | ".join(map(_link_text, line))
        yield text + _assertion(line, in_net=in_net)


def _broken(chain: list[Link]) -> Iterator[list[Link]]:
    if not chain:
        return
    if _is_short(chain):
        yield chain
        return
    starters = _starters(chain)
    line: list[Link] = []
    for link in chain:
        longer = " | ".join(map(_link_text, [*line, link]))
        starts = _family(link) in starters and any(_family(x) in starters for x in line)
        if line and (starts or len(longer) > WIDTH - 12):
            yield line
            line = []
        line.append(link)
    yield line


def _starters(chain: list[Link]) -> tuple[Family | None, ...]:
    """The families whose calls start a line: norms where the chain starts with one."""
    if _family(chain[0]) == Family.NORMALIZATION:
        return (Family.NORMALIZATION,)
    return (*STARTS_LINE, None)


def _family(link: Link) -> Family | None:
    """The family of an op; None for a block."""
    return (
        OPS[link.name].family if isinstance(link, Call) and link.name in OPS else None
    )


def _is_short(chain: list[Link]) -> bool:
    text = " | ".join(map(_link_text, chain))
    return len(chain) <= SHORT_CHAIN and len(text) <= WIDTH - 12


def _one_line(steps: list[Step]) -> str:
    """A body that is one short chain; otherwise nothing."""
    links = [step for step in steps if isinstance(step, Link) and not _label(step)]
    if len(links) < len(steps) or not _is_short(links):
        return ""
    if any(isinstance(link, Ref) for link in links[1:]):
        return ""
    return " | ".join(map(_link_text, links))


def _assertion(line: list[Link], *, in_net: bool) -> str:
    """The shape behind a line of `net` that changes the size or the axes."""
    first, last = line[0], line[-1]
    if not (in_net and isinstance(first, Call) and isinstance(last, Call)):
        return ""
    if not last.output or not first.inputs or _family(last) == Family.LINEAR:
        return ""
    before, after = first.inputs[0], last.output
    if len(before) == len(after) and before[1:] == after[1:]:
        return ""
    return f" -> {rows([*map(str, after)])}"
