"""Another value for an argument of a call, one more argument, or one less.

conv(8, k=3)         conv(8, k=3, p=1)
conv(8, 3, k=3)      conv(3, 8, k=3)
avgpool(4)           global_avgpool
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from archspec.diagnostics.diagnostic import Edit
from archspec.diagnostics.source import Span
from archspec.frontend.ast import Argument, BlockDefinition, Call, Literal, Name, Tuple
from archspec.repair.call_edits import (
    argument,
    edited,
    integer,
    keyword,
    number,
    positional,
    with_argument,
    with_value,
    without_argument,
)
from archspec.repair.edit_costs import (
    ADDED,
    BY_KEYWORD,
    CEIL,
    GROUPS,
    IN_ALL_CALLS,
    KERNEL,
    LEFT_OUT,
    NATURAL_PADDING,
    NUMBER,
    PADDING,
    POINTWISE,
    PRODUCER,
    REMOVED,
    SCALE,
    STRIDE,
    SWAPPED_COUNTS,
    SYNTAX,
    VALUE,
    WIDTH,
    WITHOUT_ARGUMENT,
    WITHOUT_COUNT,
)

DIVISION = re.compile(r"(?<!/)/(?!/)")
POOLS = ("maxpool", "avgpool")
NO_WIDTHS = ("k", "s", "p", "d", "g", "n", "i", "t")  # names of other arguments
KERNELS = (1, 2, 3, 5, 7, 11)  # rarely a number of channels
SCALES = (*POOLS, "upsample", "space_to_depth", "depth_to_space")


class CallEdit(NamedTuple):
    """An edit within one call, or of the whole call."""

    cost: float
    edit: Edit
    is_strong: bool = True  # unless it invents a value, or loses one


Edits = Iterator[CallEdit]


class CallPlace(NamedTuple):
    """A call, where it stands, and what a finding and the spec say about its numbers."""

    call: Call
    block: BlockDefinition | None  # None: `net`
    numbers: tuple[int, ...]  # of the finding
    like: tuple[Call, ...]  # the other calls of the same op or block
    called: BlockDefinition | None  # if it is one of the document
    is_repeated: bool = False  # in a block or a repeat
    concerns: str = ""  # "channels" or "sizes", if the finding concerns only these
    has_wrong_count: bool = False  # this call, or one that reads its output


def argument_edits(place: CallPlace) -> Edits:
    """Edits of the arguments of a call that is valid but may not be what was meant."""
    call = place.call
    if place.concerns != "channels":
        yield from natural_padding(call)
        yield from output_padding(call)
        yield from numbers(place)
        if call.name.id in POOLS and len(positional(call)) < 2:
            yield CallEdit(ADDED, Edit(call.span, "global_avgpool"))
    if place.concerns != "sizes":
        yield from widths(place)
        yield from counts(call, is_repeated=place.is_repeated)
        yield from one_too_many(place)
        yield from groups(place)
    if call.name.id == "flatten" and call.arguments:  # it takes no axis
        yield CallEdit(SYNTAX, Edit(call.span, "flatten"))
    yield from from_like_calls(place)
    if place.called:
        yield from switches(call, place.called)
        yield from by_keyword(call, place.called)


def switches(call: Call, block: BlockDefinition) -> Edits:
    """The other value of each parameter that is true or false."""
    for name, default in _defaults(block):
        if isinstance(default, bool) and argument(call, name) is None:
            text = f"{name}={str(not default).lower()}"
            yield CallEdit(ADDED, with_argument(call, text))


def by_keyword(call: Call, block: BlockDefinition) -> Edits:
    """The last number for the first number with a default: `unit(8, 3)` to `k=3`."""
    given = positional(call)
    places = sum(not p.keyword_only for p in block.parameters)
    value = integer(given[-1].value) if len(given) == places + 1 else None
    free = (
        name
        for name, default in _defaults(block)
        if type(default) is int and default and argument(call, name) is None
    )
    if value in KERNELS and (name := next(free, None)):
        yield CallEdit(BY_KEYWORD, with_value(given[-1], f"{name}={value}"))


def _defaults(block: BlockDefinition) -> Iterator[tuple[str, object]]:
    """The parameters of a block that have a literal by default."""
    for parameter in block.parameters:
        if isinstance(parameter.default, Literal):
            yield parameter.names[0].id, parameter.default.value


def value_edits(place: CallPlace) -> Edits:
    """Values for an argument whose value is invalid, and calls without it."""
    call = place.call
    for given in call.arguments:
        yield from valid_values(given.value.span)
        if given.keyword:
            yield CallEdit(WITHOUT_ARGUMENT, without_argument(call, given))
        if isinstance(given.value, Tuple) and len(given.value.items) > 1:
            items = given.value.items
            first, before, last = items[0], items[-2], items[-1]
            span = last.span.source.span(before.span.end, last.span.end)
            is_copy = last.span.text == before.span.text  # another number is lost
            yield CallEdit(VALUE, Edit(span, ""), is_copy)
            yield CallEdit(VALUE, with_value(given, first.span.text), is_strong=False)
    for given in positional(call)[::-1]:
        yield CallEdit(VALUE + 0.05, without_argument(call, given))
        if not isinstance(given.value, Tuple):
            text = given.value.span.text.strip("()")
            yield CallEdit(REMOVED, with_value(given, f"({text}, {text})"))
    if call.name.id == "conv_transpose" and argument(call, "k") is None:
        stride = argument(call, "s")  # a kernel as large as the stride fits seamlessly
        text = stride.value.span.text if stride else "2"
        yield CallEdit(VALUE, with_argument(call, f"k={text}"))
    yield from counts(call)
    yield from from_like_calls(place)
    yield from lost_tuples(place)
    yield from natural_padding(call)


def valid_values(at: Span) -> Edits:
    """What an invalid value may mean: `"3"` 3, `-1` 1, `0` 1, `2.5` 2, `50` 0.5.

    `ch / 2` is a float, and may mean `ch // 2`.
    """
    text = at.text.strip("\"'")
    rounded = DIVISION.sub("//", text)
    if rounded != text:
        yield CallEdit(VALUE - 0.2, Edit(at, rounded), is_strong=False)
    bare = text.lstrip("-+ ")
    if bare != at.text and bare:
        yield CallEdit(VALUE - 0.2, Edit(at, bare))
    whole, _, fraction = bare.partition(".")
    if whole.isdigit() and whole != bare:
        is_same = not fraction.strip("0")
        yield CallEdit(VALUE - 0.1, Edit(at, whole), is_same)
    if whole.isdigit():
        value = int(whole)
        if 5 <= value < 100:  # percent
            yield CallEdit(VALUE - 0.3, Edit(at, str(value / 100)))
        for place, n in enumerate((1, 2, 3) if value == 0 else (value - 1, value + 1)):
            cost = VALUE + 0.1 + place / 10
            yield CallEdit(cost, Edit(at, str(n)), is_strong=False)


# --- padding ---


def natural_padding(call: Call) -> Edits:
    """The padding that keeps the size, or the kernel for which the padding does so."""
    size, given = _window(call), argument(call, "p")
    natural = _natural(call, size) if size else ""
    if not size or natural in ("", "0"):
        return
    stride = argument(call, "s")
    if given is None:
        step = stride.value.span.text if stride else ""
        if call.name.id == "conv_transpose" and step not in ("", size.value.span.text):
            yield CallEdit(LEFT_OUT, with_value(size, step))  # the outputs then meet
        yield CallEdit(NATURAL_PADDING, with_argument(call, f"p={natural}"))
        return
    kernel, padding = integer(size.value), integer(given.value)
    is_even = kernel is not None and kernel % 2 == 0
    if not isinstance(given.value, Literal):
        return
    if given.value.span.text != natural:
        yield CallEdit(NATURAL_PADDING + 0.25 * is_even, with_value(given, natural))
    dilation = number(call, "d") or 1
    if kernel and padding and padding % dilation == 0:
        fitting = 2 * padding // dilation + 1
        if fitting != kernel:
            far = abs(fitting - kernel) / 30
            cost = NATURAL_PADDING + 0.2 - 0.25 * is_even + far
            yield CallEdit(cost, with_value(size, fitting))


def _window(call: Call) -> Argument | None:
    """The kernel; a pool's only if it has a stride, which otherwise equals it."""
    if call.name.id not in POOLS:
        return argument(call, "k")
    given = positional(call)
    return given[-1] if given and argument(call, "s") else None


def _natural(call: Call, size: Argument) -> str:
    """The padding that keeps the size, for a kernel; "" if it is not known."""
    dilation = number(call, "d") or 1
    match size.value:
        case Literal(value=int(kernel)):
            return str(dilation * (kernel - 1) // 2)
        case Tuple(items=items):
            sizes = [*map(integer, items)]
            found = [str(dilation * (n - 1) // 2) for n in sizes if n]
            return f"({', '.join(found)})" if len(found) == len(sizes) else ""
        case Name(id=name):
            return f"{name} // 2"
    return ""


def missing_padding(call: Call) -> Edits:
    """The padding that keeps the size, at a call that does not pad."""
    if argument(call, "p") is None:
        yield from natural_padding(call)


def wrong_padding(call: Call) -> Edits:
    """The padding that keeps the size, at a call that pads otherwise."""
    given = argument(call, "p")
    if given:
        yield from (e for e in natural_padding(call) if e.edit.span is given.value.span)


def output_padding(call: Call) -> Edits:
    """What doubles the size exactly: `conv_transpose(c, k=3, s=2, p=1)` makes 2n - 1."""
    if call.name.id != "conv_transpose" or argument(call, "output_padding"):
        return
    if (number(call, "k") or 0) % 2 == 1 and number(call, "s") == 2:
        yield CallEdit(ADDED, with_argument(call, "output_padding=1"))


# --- numbers ---


def widths(place: CallPlace) -> Edits:
    """Output channels that the finding names, that groups divide, or without a typo."""
    given = positional(place.call)[-1:]
    value = integer(given[0].value) if given else None
    if value is None:
        return
    for name in names_of(place.block):  # a number that fits one call is rarely meant
        if name not in NO_WIDTHS:
            yield CallEdit(NUMBER - 0.1, with_value(given[0], name))
    for other in place.numbers:
        if other != value and not place.block:
            cost = PRODUCER if place.has_wrong_count else NUMBER
            yield CallEdit(cost, with_value(given[0], other))
    groups = number(place.call, "g")
    if groups:
        for other in (value // groups * groups, -(-value // groups) * groups):
            if other not in (0, value):
                yield CallEdit(WIDTH, with_value(given[0], other))
    for other in without_typo(value):
        cost = PRODUCER if place.has_wrong_count else WIDTH
        yield CallEdit(cost + 0.1, with_value(given[0], other))


def without_typo(value: int) -> Iterator[int]:
    """Numbers that one types another one for: 46 for 64, 32 for 64."""
    digits = str(value)
    yield value * 2
    if value % 2 == 0:
        yield value // 2
    if value > 10:
        yield value - 1
        yield int(digits[1] + digits[0] + digits[2:])


def counts(call: Call, *, is_repeated: bool = False) -> Edits:
    """Without the stated input channels, or with the two numbers swapped."""
    given = positional(call)
    if len(given) < 2:
        return
    is_count = not isinstance(given[0].value, Name)
    cost = WITHOUT_COUNT + IN_ALL_CALLS * (is_repeated and is_count)
    yield CallEdit(cost, without_argument(call, given[0]))
    first, second = (each.value.span for each in given[:2])
    if len(given) == 2 and first.text != second.text:
        is_name = isinstance(given[1].value, Name)
        between = first.source.text[first.end : second.start]
        span = first.source.span(first.start, second.end)
        edit = Edit(span, f"{second.text}{between}{first.text}")
        yield CallEdit(SWAPPED_COUNTS + 0.3 * is_name, edit)


def one_too_many(place: CallPlace) -> Edits:
    """Without the last positional argument, where the first is read as a count."""
    given = positional(place.call)
    if len(given) < 2:
        return
    is_count = isinstance(given[0].value, Literal)
    is_longest = bool(place.like) and place.called is not None
    is_longest &= all(len(positional(each)) < len(given) for each in place.like)
    cost = WITHOUT_COUNT + (0.25 if is_count else -0.4) - 0.5 * is_longest
    yield CallEdit(cost, without_argument(place.call, given[-1]))


def numbers(place: CallPlace) -> Edits:
    """Another stride, kernel, padding, pool or scale; without a stride or dilation."""
    call = place.call
    for name, cost in (("s", STRIDE), ("k", KERNEL), ("p", PADDING)):
        given, value = argument(call, name), number(call, name)
        if given is None or value is None:
            continue
        is_even_kernel = name == "k" and value % 2 == 0
        for other in (
            value - 1,
            value + 1,
            value // 2,
            value * 2,
            value - 2,
            value + 2,
        ):
            if other >= (name != "p") and other != value:
                far = 0.1 * (abs(other - value) > 1)
                total = cost + far - 0.4 * is_even_kernel
                if name == "k" and other == 1 and argument(call, "p") is None:
                    total = POINTWISE
                yield CallEdit(total, with_value(given, other))
    has_tuple = any(isinstance(each.value, Tuple) for each in call.arguments)
    for name in ("k", "p", "s") if has_tuple else ():
        given, value = argument(call, name), number(call, name)
        if given and value is not None:
            other = 0 if name == "p" else 1
            for n, text in enumerate((f"({value}, {other})", f"({other}, {value})")):
                yield CallEdit(WIDTH + n / 50, with_value(given, text))
    for name in ("s", "d", "output_padding"):
        given = argument(call, name)
        if given:
            more = 0.2 * ((number(call, name) or 0) > 2)
            yield CallEdit(STRIDE + more, without_argument(call, given))
    if call.name.id in SCALES and (at := positional(call)[-1:]):
        size = integer(at[0].value) or 0
        for other in (2, 3, size - 1, size // 2):
            if other > 1 and other != size:  # `maxpool(1)` does nothing
                yield CallEdit(SCALE, with_value(at[0], other))
    has_window = argument(call, "k") or call.name.id in POOLS
    if has_window and argument(call, "s") is None:
        own = "s" if "s" in names_of(place.block) else "2"
        is_shortcut = number(call, "k") == 1  # one forgets its stride
        cost = STRIDE + 0.1 - 0.25 * is_shortcut
        yield CallEdit(cost, with_argument(call, f"s={own}"))
    if call.name.id in POOLS:
        yield from _pool_windows(call)


def _pool_windows(call: Call) -> Edits:
    """A window that keeps the size, or halves it; a partial window at the edge."""
    kernel = positional(call)[-1:]
    size = integer(kernel[0].value) if kernel else None
    pads = argument(call, "p") is not None
    if size and size % 2 and argument(call, "s") is None:
        for stride in (1, 2):
            text = f"s={stride}" if pads else f"s={stride}, p={size // 2}"
            yield CallEdit(ADDED + stride / 50, with_argument(call, text))
    if argument(call, "ceil") is None:
        yield CallEdit(CEIL, with_argument(call, "ceil=true"))


def groups(place: CallPlace) -> Edits:
    """A kernel for each input channel, no groups, or groups that divide the channels."""
    call, given = place.call, argument(place.call, "g")
    if given is None:
        return
    text, value = given.value.span.text, number(call, "g")
    has_window = argument(call, "k") and number(call, "k") != 1
    yield CallEdit(GROUPS - 0.35 * (value is not None), without_argument(call, given))
    own = "cin" if place.block else "ch"
    if text not in (own, "cin", "ch"):
        cost = LEFT_OUT + 0.4 * (value is not None) + 0.4 * (not has_window)
        yield CallEdit(cost, with_value(given, own))
        first = positional(call)[:1]
        if first and first[0].value.span.text == text:  # as many channels, too
            whole = f"({text}"
            changed = edited(call, with_value(given, own))
            edit = Edit(call.span, changed.replace(whole, f"({own}", 1))
            cost = LEFT_OUT - 0.01 + 0.4 * (call.name.id != "conv")
            yield CallEdit(cost, edit)
    near = (value // 2, value - 1, value - 2, value - 3, value * 2) if value else ()
    for other in near:
        if other > 1:
            yield CallEdit(GROUPS, with_value(given, other))


def from_like_calls(place: CallPlace) -> Edits:
    """Values that the same argument has in other calls, and arguments that they have."""
    call = place.call
    if call.name.id in ("ref", "tied"):
        return
    for given in call.arguments:
        for text in dict.fromkeys(_same_argument(place, given)):
            if text != given.value.span.text:
                is_even = keyword(given) == "k" and text[-1] in "02468"
                cost = WITHOUT_ARGUMENT + 0.4 * is_even
                if isinstance(given.value, Name) and text.isdigit():
                    cost += 0.4  # a number that fits one call may not fit the next
                is_strong = not isinstance(given.value, Tuple)  # else several values
                yield CallEdit(cost, with_value(given, text), is_strong)
    known = {keyword(given) for given in call.arguments}
    missing = (
        given
        for other in place.like
        for given in other.arguments
        if given.keyword and keyword(given) not in known
    )
    for text in dict.fromkeys(given.span.text for given in missing):
        yield CallEdit(WITHOUT_ARGUMENT, with_argument(call, text))
    count = len(positional(call))
    longer = (p for other in place.like if len(p := positional(other)) == count + 1)
    for text in dict.fromkeys(given[-1].span.text for given in longer):
        if count:
            end = positional(call)[-1].span
            edit = Edit(end.source.span(end.end, end.end), f", {text}")
            yield CallEdit(WITHOUT_ARGUMENT, edit)


def lost_tuples(place: CallPlace) -> Edits:
    """A tuple that another call has in this place: `(64, (16, 32), 8)` for `(64, 8)`."""
    own = positional(place.call)
    for other in place.like:
        longer = positional(other)
        if len(longer) != len(own) + 1:
            continue
        for given, here in zip(own[1:], longer[1:], strict=False):
            at, text = given.value.span, here.value.span.text
            if isinstance(here.value, Tuple) and not isinstance(given.value, Tuple):
                edit = Edit(at.source.span(at.start, at.start), f"{text}, ")
                yield CallEdit(VALUE, edit, is_strong=False)
                break


def _same_argument(place: CallPlace, given: Argument) -> Iterator[str]:
    name = keyword(given)
    own = positional(place.call)
    at = next((len(own) - n for n, each in enumerate(own) if each is given), 0)
    for other in place.like:
        if name:
            found = argument(other, name)
        else:
            others = positional(other)
            found = others[-at] if 0 < at <= len(others) else None
        if found and isinstance(found.value, Literal | Name | Tuple):
            yield found.value.span.text


def names_of(block: BlockDefinition | None) -> list[str]:
    """The names of a block's parameters."""
    return [name.id for p in block.parameters for name in p.names] if block else []
