"""A checked network as the nested steps that tracing its module would find."""

from collections.abc import Iterable, Iterator
from itertools import count

from archspec.importing.steps import (
    Aux,
    Call,
    Group,
    Instance,
    Join,
    Network,
    Ref,
    Split,
    Step,
    Tied,
)
from archspec.ir import graph as ir
from archspec.ops.registry import OPS

NUMBERS = count()  # of collects, for their labels


def unfolded(graph: ir.Graph) -> Network:
    """Blocks become instances with numbers, and repeats and conditions are gone."""
    return Network(
        graph.name,
        {port.name: port.value.shape for port in graph.inputs},
        [*_steps(graph.body)],
        graph.labels_returned,
    )


def _steps(items: Iterable[ir.Item]) -> Iterator[Step]:
    for item in items:
        match item:
            case ir.Layer():
                yield _call(item)
            case ir.Module(block=""):
                yield Group(str(item.name.value), [*_steps(item.body)])
            case ir.Module():
                yield Instance(
                    "".join(word.title() for word in item.block.split("_")),
                    {},
                    [*_steps(item.body)],
                    str(item.name.value),
                    (item.input.shape,),
                    item.output.shape,
                )
            case ir.Merge():
                yield _join(item)
            case ir.Head():
                yield _head(item)
            case ir.Repeat():
                for iteration in item.iterations:
                    yield from _steps(iteration)
            case ir.Choice():
                yield from _steps(item.body)
            case ir.Reference():
                yield Ref(item.label)
            case ir.Tied():
                yield Tied(item.label)
                if item.name:
                    yield Call("identity", label=item.name)
            case ir.Collect():
                yield _collected(item.repeat.iterations, next(NUMBERS))


def _collected(iterations: tuple[tuple[ir.Item, ...], ...], number: int) -> Join:
    """What came in and what each iteration makes; the next one reads it by its label."""
    branches: list[list[Step]] = [[]]
    for n, iteration in enumerate(iterations):
        start = [Ref(f"collected{number}_{n - 1}")] if n else []
        end = Call("identity", label=f"collected{number}_{n}")
        branches.append([*start, *_steps(iteration), end])
    return Join("concat", branches)


def _call(item: ir.Layer) -> Call:
    values = dict(item.node.values)
    positional = [
        values.pop(p.name)
        for p in OPS[item.node.op].parameters
        if p.positional and not p.variadic
    ]
    for parameter in OPS[item.node.op].parameters:
        if parameter.variadic:
            positional = [*values.pop(parameter.name)]
    node = item.node
    keeps_label = OPS[node.op].weights or item.is_labeled
    return Call(
        node.op,
        tuple(positional),
        values,
        str(item.name.value) if keeps_label else None,
        tuple(value.shape for value in node.inputs),
        node.output.shape,
    )


def _join(item: ir.Merge) -> Step:
    branches = [[*_steps(branch)] for branch in item.branches]
    if not item.split:
        return Join(item.node.op, branches)
    return Split(branches, item.sizes.value if item.sizes else None)


def _head(item: ir.Head) -> Aux:
    (step,) = _steps((item.item,))
    if isinstance(step, Group):
        return Aux({item.name: step.body})
    step.label = None
    return Aux({item.name: [step]})
