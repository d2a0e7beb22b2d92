"""Find the ops that made a value by movements alone, when it is read.

Several functions may be one op, so that the values between them wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archspec.importing.reading import function_calls, movements
from archspec.importing.reading.dataflow import Node
from archspec.importing.reading.movement_candidates import Movement, Partition
from archspec.importing.reading.signals_and_tokens import (
    OTHER_TYPES,
    reads_features,
    retyped,
)
from archspec.importing.reading.tracing import Operation, Value, around
from archspec.importing.unsupported import UnsupportedModuleError
from archspec.ir.shape import Shape

if TYPE_CHECKING:
    from archspec.importing.reading.conversion import Converter

COPIES = ("contiguous", "clone", "detach")


def node_of_moved(convert: Converter, value: Value) -> Node:
    """The node of a value, after those of the movements before it.

    Raises:
        UnsupportedModuleError: if no ops move values so.
    """
    operation = value.operation
    assert operation
    _require_axes(value, convert.sources[value])
    for source in _starts(convert, value):
        try:
            x = convert.node(source)
        except UnsupportedModuleError:  # one function of several that are an op
            continue
        found = _movements(convert, value, source, x.shape, _last_partition(x))
        if found is None and x.shape.axes in OTHER_TYPES:
            other = Shape(x.shape, OTHER_TYPES[x.shape.axes])
            found = _movements(convert, value, source, other, None)
            x = x if found is None else retyped(convert, x, operation)
        if found is None:
            continue
        for movement in found:
            x = convert.call(movement.op, x, movement.attributes, operation)
        return x
    if operation.function in movements.CONCATENATIONS:  # of parts and copies
        return function_calls.HANDLERS["cat"](convert, operation)
    raise _unknown_movement(convert, value)


def _unknown_movement(convert: Converter, value: Value) -> UnsupportedModuleError:
    """The error about a movement, which several functions may have made together."""
    source = convert.sources[value]
    if source not in convert.of_value:
        convert.node(source)  # says what is wrong there
    operation, functions = value.operation, list[str]()
    while value is not source and value.operation and value.operation.values:
        functions.insert(0, value.operation.function)
        value = value.operation.values[0]
    moving = [name for name in functions if name not in COPIES]
    assert operation
    if len(moving) < 2:
        return convert.unsupported(operation)
    calls = ", ".join(f"`{name}`" for name in moving)
    return UnsupportedModuleError(
        f"{operation.frame} calls {calls}, for which archspec has no op together"
    )


def _require_axes(value: Value, source: Value) -> None:
    """Refuse `x.squeeze()`, which does something else to a batch of one."""
    stack, seen = [value], {source}
    while stack:
        value = stack.pop()
        operation = value.operation
        if value in seen or operation is None:
            continue
        seen.add(value)
        stack += operation.values
        has_axis = operation.args[1:] or "dim" in operation.kwargs
        if operation.function == "squeeze" and not has_axis:
            raise UnsupportedModuleError(
                f"{operation.frame} calls `squeeze` without an axis, which also "
                "removes a batch of one: write `flatten(1)`"
            )


def _movements(
    convert: Converter,
    value: Value,
    source: Value,
    x: Shape,
    partition: Partition | None,
) -> list[Movement] | None:
    """The ops that make a value of a source, if that has these axes."""
    return movements.find_movements(
        x,
        movements.replayed(value, source, convert.layouts.get(source)),
        partition,
        reads_features=reads_features(convert, value),
    )


def _starts(convert: Converter, value: Value) -> list[Value]:
    """The values that movements made this of, in the order to try.

    First those that others read or that blocks take and make, the nearest of them
    first, then all, the farthest first.
    """
    source = convert.sources[value]
    line: list[Value] = []
    likely: set[Value] = set()
    while value is not source and value.operation:
        read = {*value.operation.values}
        if len(read) != 1:
            break
        reader, value = value.operation, read.pop()
        line.insert(0, value)
        if value in convert.of_value or _is_between_blocks(value.operation, reader):
            likely.add(value)
    line = line if source in line else [source, *line]
    return [*(v for v in reversed(line) if v in likely), *line]


def _is_between_blocks(operation: Operation | None, reader: Operation) -> bool:
    """Whether modules with weights end or start between two operations."""
    frames = {*around(operation.frame)} if operation else set()
    return any(
        any(True for _ in frame.module.parameters())
        for frame in frames ^ {*around(reader.frame)}
    )


def _last_partition(x: Node) -> Partition | None:
    """The partition that an `unpartition` after this value undoes."""
    while x.inputs:
        before = x.inputs[0]
        if x.op == "partition":
            size, grid = x.positional[0], x.keywords.get("grid", False)
            assert isinstance(size, int)
            return Partition(size, before.shape[1], before.shape[2], bool(grid))
        x = before
    return None
