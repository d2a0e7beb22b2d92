"""Changes of one call that may mend a shape, read from the text alone.

conv(8, k=3)       conv(8, k=3, p=1)
linear(784, 10)    flatten | linear(784, 10)
avgpool(4)         global_avgpool
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archspec.diagnostics.diagnostic import Edit
from archspec.frontend.ast import Argument, BlockDefinition, Call, Literal
from archspec.repair.edit_costs import (
    ADDED,
    COUNTED,
    GROUPS,
    KERNEL,
    LEFT_OUT,
    NATURAL_PADDING,
    PADDING,
    PROJECTION,
    SCALE,
    STRIDE,
    WIDTH,
    WITHOUT_COUNT,
    CallChange,
)

Changes = Iterator[CallChange]
Switches = Mapping[str, Mapping[str, bool]]  # by block: its true and false parameters

POOLS = ("maxpool", "avgpool")


def call_changes(
    call: Call, block: BlockDefinition | None, switches: Switches
) -> Changes:
    """Changes of a call in the body of a block, or of `net`."""
    if call.name.id == "flatten":
        yield from left_out(call)
    if call.name.id in POOLS:
        yield replaced(call, "global_avgpool", ADDED)
    yield from natural_padding_missing(call)
    yield from natural_padding_given(call)
    yield from output_padding(call)
    yield from numbers(call)
    yield from divisible_width(call)
    yield from depthwise(call, block)
    yield from enlarged(call)
    yield from projection(call, block)
    yield from without_count(call)
    for name, value in switches.get(call.name.id, {}).items():
        if argument(call, name) is None:
            yield with_argument(call, f"{name}={str(not value).lower()}", ADDED)


# --- steps ---


def inserted_before(call: Call) -> Changes:
    """`flatten` or `tokens` before a call, whose count may be stale as well."""
    for name in ("flatten", "tokens"):
        known = [*without_count(call)]  # the count is right if the call then fits
        cost = COUNTED if known and name == "flatten" else ADDED
        yield replaced(call, f"{name} | {call.span.text}", cost)
        for _, text, _ in known:
            yield replaced(call, f"{name} | {text}", ADDED + 0.1)


def appended(call: Call) -> Changes:
    """`flatten` or `tokens` behind a call that a later one reads."""
    for name in ("flatten", "tokens"):
        yield replaced(call, f"{call.span.text} | {name}", ADDED + 0.05)


def left_out(call: Call) -> Changes:
    """No step, and no bar before or after it."""
    source, start, end = call.span
    before = source.text[:start].rstrip(" ")
    after = source.text[end:].lstrip(" ")
    if before.endswith("|"):
        start = len(before[:-1].rstrip(" "))
    elif after.startswith("|"):
        end = len(source.text) - len(after[1:].lstrip(" "))
    else:
        return
    yield CallChange(LEFT_OUT, "", Edit(source.span(start, end), ""))


def enlarged(call: Call) -> Changes:
    """The output of a `ref` or what comes in, at a larger scale."""
    for scale in (2, 4):
        if call.name.id == "ref":
            text = f"{call.span.text} | upsample({scale})"
            yield replaced(call, text, ADDED + scale / 100)
        elif call.name.id == "identity":
            yield replaced(call, f"upsample({scale})", ADDED + scale / 100)


def projection(call: Call, block: BlockDefinition | None) -> Changes:
    """A projection in place of an `identity`, in those calls of a block that need one."""
    if call.name.id != "identity" or block is None:
        return
    names = [name.id for p in block.parameters for name in p.names]
    stride = "s" if "s" in names else ""
    indent = "\n" + " " * (call.span.column - 1)
    for width in (name for name in names if name != stride):
        test = f"s != 1 or cin != {width}" if stride else f"cin != {width}"
        conv = f"conv({width}, k=1{', s=s' if stride else ''})"
        text = f"if: {test}{indent}then: {conv}{indent}else: identity"
        yield CallChange(PROJECTION, f"{conv}` where `{test}", Edit(call.span, text))


# --- arguments ---


def natural_padding_missing(call: Call) -> Changes:
    """The padding that keeps the size, at a call that does not pad."""
    kernel = number(call, "k")
    if kernel and kernel > 1 and argument(call, "p") is None:
        yield with_argument(call, f"p={_natural(call, kernel)}", NATURAL_PADDING)


def natural_padding_given(call: Call) -> Changes:
    """The padding that keeps the size, at a call that pads otherwise."""
    kernel, padding = number(call, "k"), argument(call, "p")
    if kernel and padding and number(call, "p") not in (None, _natural(call, kernel)):
        yield changed(call, padding, _natural(call, kernel), NATURAL_PADDING)


def _natural(call: Call, kernel: int) -> int:
    return (number(call, "d") or 1) * (kernel - 1) // 2


def output_padding(call: Call) -> Changes:
    """What doubles the size exactly: `conv_transpose(c, k=3, s=2, p=1)` makes 2n - 1."""
    if call.name.id != "conv_transpose" or argument(call, "output_padding"):
        return
    if (number(call, "k") or 0) % 2 == 1 and number(call, "s") == 2:
        yield with_argument(call, "output_padding=1", ADDED)


def numbers(call: Call) -> Changes:
    """Another stride, number of groups, kernel, padding, pool or scale."""
    for name, cost in (("s", STRIDE), ("g", GROUPS), ("k", KERNEL), ("p", PADDING)):
        given, value = argument(call, name), number(call, name)
        if given is None or value is None:
            continue
        for other in (value - 1, value + 1, value // 2, value * 2):
            if other >= (name != "p") and other != value:
                yield changed(call, given, other, cost)
    if call.name.id in (*POOLS, "upsample") and (given := width(call)):
        for other in (2, 3, 4):
            yield changed(call, given, other, SCALE)


def divisible_width(call: Call) -> Changes:
    """The next widths that the groups divide."""
    groups, given = number(call, "g"), width(call)
    if not groups or not given:
        return
    value = int(given.value.span.text)
    for other in (value // groups * groups, -(-value // groups) * groups):
        if other not in (0, value):
            yield changed(call, given, other, WIDTH)


def depthwise(call: Call, block: BlockDefinition | None) -> Changes:
    """A kernel for each input channel, and as many channels where both had one name."""
    groups = argument(call, "g")
    own = "cin" if block else "ch"
    if groups is None or groups.value.span.text == own:
        return
    given = groups.value.span.text
    text = call.span.text.replace(f"g={given}", f"g={own}")
    first = positional(call)[:1]
    if first and first[0].value.span.text == given:
        text = text.replace(f"({given}", f"({own}", 1)
    yield replaced(call, text, LEFT_OUT)


def without_count(call: Call) -> Changes:
    """No number of input channels."""
    given = positional(call)
    if len(given) < 2:
        return
    source, start, end = call.span
    cut = source.span(given[0].span.start, given[1].span.start)
    text = source.text[start : cut.start] + source.text[cut.end : end]
    yield CallChange(WITHOUT_COUNT, text, Edit(cut, ""))


# --- text ---


def positional(call: Call) -> list[Argument]:
    """The arguments without a keyword."""
    return [a for a in call.arguments if a.keyword is None]


def width(call: Call) -> Argument | None:
    """The last positional argument, if it is a plain number."""
    given = positional(call)
    return given[-1] if given and given[-1].value.span.text.isdigit() else None


def argument(call: Call, name: str) -> Argument | None:
    """The argument with a keyword."""
    return next((a for a in call.arguments if a.keyword and a.keyword.id == name), None)


def number(call: Call, name: str) -> int | None:
    """The value of a keyword, if it is an integer literal."""
    given = argument(call, name)
    value = given.value.value if given and isinstance(given.value, Literal) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def changed(call: Call, given: Argument, value: int, cost: float) -> CallChange:
    """Another number for an argument."""
    span = given.value.span
    source, start, end = call.span
    text = f"{source.text[start : span.start]}{value}{source.text[span.end : end]}"
    return CallChange(cost, text, Edit(span, str(value)))


def with_argument(call: Call, given: str, cost: float) -> CallChange:
    """One more argument."""
    text = call.span.text
    if not text.endswith(")"):
        return replaced(call, f"{text}({given})", cost)
    return replaced(call, f"{text[:-1]}, {given})", cost)


def replaced(call: Call, text: str, cost: float) -> CallChange:
    """Another text in place of a call."""
    return CallChange(cost, text, Edit(call.span, text))
