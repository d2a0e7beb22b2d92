"""Calls and values as a spec writes them: short names, and no defaults."""

from __future__ import annotations

from collections.abc import Iterator
from struct import pack, unpack
from typing import Any

from archspec.importing.steps import Call, Expression, Value
from archspec.ops.op import Op
from archspec.ops.registry import OPS
from archspec.signatures.argument_types import (
    CONV_PADDING,
    LABEL,
    PADDING,
    SCALE,
    SIDES,
    SIZE,
)
from archspec.signatures.signature import Parameter

SMALL = 0.1
LONG = 12  # characters of a number
PER_AXIS = (CONV_PADDING, PADDING, SCALE, SIDES, SIZE)


def short_call(call: Call) -> Call:
    """The call of an op with its short names, in order, without defaults.

    `conv(64, kernel_size=(3, 3), stride=1)` becomes `conv(64, k=3)`.
    """
    op = OPS.get(call.name)
    return call if op is None else _shortened(call, op)


def _shortened(call: Call, op: Op) -> Call:
    given = dict(_by_name(call, op))
    positional: list[Value] = []
    keywords: dict[str, Value] = {}
    for parameter in op.parameters:
        if parameter.name not in given:
            continue
        value = given[parameter.name]
        if parameter.variadic:
            positional += value if isinstance(value, tuple) else (value,)
        elif parameter.positional:
            positional.append(_short_size(value, parameter))
        elif not _is_default(value, parameter, given):
            keywords[parameter.shown] = _short_size(value, parameter)
    return Call(
        call.name,
        tuple(positional),
        keywords,
        call.label,
        call.inputs,
        call.output,
    )


def _by_name(call: Call, op: Op) -> Iterator[tuple[str, Value]]:
    """The arguments by torch's names."""
    names = [parameter for parameter in op.parameters if parameter.positional]
    if names and names[0].variadic:
        yield names[0].name, call.positional
    else:
        for parameter, value in zip(names, call.positional, strict=True):
            yield parameter.name, value
    for parameter in op.parameters:
        for name in {parameter.name, parameter.shown} & call.keywords.keys():
            yield parameter.name, call.keywords[name]


def _is_default(value: Value, parameter: Parameter, given: dict[str, Value]) -> bool:
    try:
        default: Any = parameter.default_given(given)
    except KeyError:
        return False
    same = _short_size(value, parameter) == _short_size(default, parameter)
    return same and isinstance(value, bool) == isinstance(default, bool)


def _short_size(value: Value, parameter: Parameter) -> Value:
    """One number for a size that is the same along all axes."""
    if parameter.type not in PER_AXIS or not isinstance(value, tuple):
        return value
    return value[0] if all(item == value[0] for item in value) else value


def call_text(call: Call) -> str:
    """A call without its label: `conv(64, k=3, p=1)`."""
    short = short_call(call)
    arguments = [
        str(value) if _is_label(call.name, n) else value_text(value)
        for n, value in enumerate(short.positional)
    ]
    arguments += [f"{name}={value_text(v)}" for name, v in short.keywords.items()]
    return f"{call.name}({', '.join(arguments)})" if arguments else call.name


def _is_label(op: str, position: int) -> bool:
    parameters = OPS[op].parameters if op in OPS else ()
    return any(p.type is LABEL for p in parameters[position : position + 1])


def value_text(value: Value) -> str:
    """A value of a call.

    >>> value_text((1, 0.001, True, "nearest"))
    '(1, 1e-3, true, nearest)'
    """
    match value:
        case Expression():
            return value.text
        case Call():
            return call_text(value)
        case bool():
            return str(value).lower()
        case float():
            return _float_text(value)
        case tuple():
            inner = ", ".join(map(value_text, value))
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        case str():
            return value if value.isidentifier() else f'"{value}"'
        case None:
            return "none"
    return str(value)


def _float_text(value: float) -> str:
    """`1e-3` for 0.001, `0.05` for 0.05, `1 - 0.9997` for what is left of 1.

    A number that was kept in single precision is as it was written.
    """
    (single,) = unpack("f", pack("f", short := float(f"{value:.6g}")))
    if single == value:
        value = short
    elif value < SMALL and len(repr(value)) > LONG:  # a momentum, from another library
        rest = round(1 - value, 6)
        return f"1 - {rest}" if 1 - rest == value else repr(value)
    plain = repr(value)
    mantissa, exponent = f"{value:e}".split("e")
    scientific = f"{float(mantissa):g}e{int(exponent)}"
    same = float(scientific) == value
    return scientific if same and len(scientific) < len(plain) else plain
