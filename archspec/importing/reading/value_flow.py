"""Where the values of a trace come from, and what reads them."""

from __future__ import annotations

from archspec.importing.reading import movements
from archspec.importing.reading.tracing import Operation, Trace, Value


def operations_before(outputs: list[Value]) -> set[Operation]:
    """Those that outputs depend on."""
    needed: set[Operation] = set()
    stack = [*outputs]
    while stack:
        operation = stack.pop().operation
        if operation and operation not in needed:
            needed.add(operation)
            stack += operation.values
    return needed


def readers_of_values(trace: Trace) -> dict[Value, list[Operation]]:
    """The operations that read each value."""
    readers: dict[Value, list[Operation]] = {}
    for operation in trace.operations:
        for value in operation.values:
            readers.setdefault(value, []).append(operation)
    return readers


def sources_of_values(trace: Trace) -> dict[Value, Value]:
    """What each value was made of by movements alone; often itself."""
    sources: dict[Value, Value] = {}
    for operation in trace.operations:
        read = {sources.setdefault(value, value) for value in operation.values}
        moves = len(read) == 1 and movements.may_move(operation)
        for result in operation.results:
            sources[result] = next(iter(read)) if moves else result
    return sources
