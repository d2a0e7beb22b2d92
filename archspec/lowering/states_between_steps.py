"""The states of a lowering between two steps, for `check --sizes`.

`archspec check --sizes` lowers a network once for each input size. Two sizes in the same
state before a step have the same result from there on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archspec.diagnostics.diagnostic import Findings, TooMany
from archspec.frontend.ast import Group
from archspec.ir import graph as ir
from archspec.lowering.aux_heads import check_aux_heads
from archspec.lowering.context import Context, LoopVariables, LoweringRun
from archspec.lowering.labels import Labels
from archspec.lowering.lower import lower_step
from archspec.lowering.network_ports import first_value
from archspec.lowering.state_dict_names import Level
from archspec.resolve.scope import Scope


def states_between_steps(
    net: Group, inputs: Sequence[ir.Port], scope: Scope, findings: Findings
) -> Iterator[object]:
    """Lower a network without its shape assertions; yield the state before each step.

    From equal states on, two inputs have equal results.
    """
    run = LoweringRun(findings, lower_step, asserts=False)
    labels = Labels(outputs={port.name: port.value for port in inputs})
    context = Context(
        run, scope.inner(), Level(has_all_layers=False), labels, LoopVariables()
    )
    try:
        x = first_value(net, inputs, findings)
        run.enter(net.span)
        for number, step in enumerate(net.steps):
            yield number, _state(x, context)
            x = lower_step(step, x, context, [])
        run.leave()
        check_aux_heads(x, context)
    except TooMany:
        return


def _state(x: ir.Value, context: Context) -> object:
    if context.scope.values:  # a `let`: its values are of many types
        return object()
    run = context.run
    labels = [(name, _sizes_and_axes(y)) for name, y in context.labels.all_outputs()]
    heads = [(head.name, _sizes_and_axes(head.output)) for head in run.heads]
    return _sizes_and_axes(x), run.layers, run.steps, *labels, *heads


def _sizes_and_axes(x: ir.Value) -> object:
    return x.shape and (x.shape, x.shape.axes)
