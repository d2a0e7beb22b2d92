"""Bind the arguments of a call to the parameters of an op or block.

    conv(3, 64, k=7)  ->  in_channels 3; out_channels 64, kernel_size 7

One positional argument more than the signature has is the number of input channels.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from archspec.diagnostics.diagnostic import (
    Edit,
    Findings,
    Fix,
    Label,
    Offer,
    Replacement,
    write,
)
from archspec.diagnostics.source import Span
from archspec.diagnostics.suggest import did_you_mean
from archspec.frontend.ast import (
    Argument,
    Call,
    Expression,
    Literal,
    Tuple,
)
from archspec.ir.symbolic import Symbolic
from archspec.ops.op import Op
from archspec.ops.registry import OPS
from archspec.resolve.scope import Block
from archspec.resolve.slots import Slot, Slots, slots_of_signature
from archspec.signatures.signature import Signature

INPUTS = ("in_channels", "in_features", "num_features")  # torch's names
SHORT = {  # usual names of a block's parameters, by torch's names
    "kernel_size": "k", "stride": "s", "padding": "p", "dilation": "d", "groups": "g",
}  # fmt: skip
OTHER_NAMES = {  # of parameters in other libraries
    "decay": "weight_decay", "dil": "d", "eta": "lr", "filter_size": "k", "group": "g",
    "kernel": "k", "ksize": "k", "l2": "weight_decay", "learning_rate": "lr",
    "lrate": "lr", "mom": "momentum", "num_groups": "g", "pad": "p", "paddings": "p",
    "size": "k", "step": "s", "strides": "s", "subsample": "s", "wd": "weight_decay",
}  # fmt: skip
NO_AXIS = Offer("`flatten` has no axis argument: it flattens all axes", "flatten")
NOT_IN_A_SPEC = {
    "inplace": "omit it: it changes no result",
    "device": "omit it: `archspec train --device` chooses it",
    "dtype": "omit it: `archspec train --precision` chooses it",
}
NOTHING: frozenset[str] = frozenset()
LARGEST_KERNEL = 11  # in use; a larger number means channels


Keyword = tuple[Slot, Argument]  # a keyword argument and its parameter


class BoundArguments(NamedTuple):
    """A call's arguments by parameter, and the input channels if it states them."""

    in_channels: Expression | None
    values: dict[str, Expression]
    # Arguments that the callee already has, as `bn(eps=1e-3)`, unless the call replaces them.
    known: Mapping[str, Symbolic] = {}
    called: ast.expr | None = None  # the parameter that is the callee, if one is

    @property
    def preset(self) -> frozenset[str]:
        """The arguments that the callee has, and the call does not replace."""
        if not self.known:
            return NOTHING
        return frozenset(self.known.keys() - self.values.keys())


def slots(callee: Block | Signature) -> Slots:
    """The parameters of an op or block."""
    return callee.slots if isinstance(callee, Block) else slots_of_signature(callee)


def is_row(call: Call) -> bool:
    """Whether a call is a row of `repeat: block[(64, 2), (128, 2)]`."""
    return call.name.span.end <= call.span.start


def written(call: Call, arguments: Iterable[str]) -> str:
    """The text of a call with other arguments."""
    name = "" if is_row(call) else call.name.id
    return f"{name}({', '.join(arguments)})"


def tuple_of(count: int) -> str:
    """What a tuple pattern expects."""
    return "a pair" if count == 2 else f"a tuple of {count} values"


def once_each(arguments: Iterable[Argument]) -> list[Argument]:
    """The arguments as written: `*row` once, whatever it has been spread to."""
    return [*{a.span if a.is_spread else id(a): a for a in arguments}.values()]


def bind(
    call: Call,
    callee: Block | Signature,
    findings: Findings,
    *,
    known: Collection[str] = (),
    takes_input: bool = True,
) -> BoundArguments | None:
    """The call's arguments by parameter; None, with findings, if they mismatch.

    `known` are the keys of arguments that the callee has already. With `takes_input`,
    the number of input channels may come before the others.
    """
    if not call.arguments and all(s.key in known for s in slots(callee).required):
        return BoundArguments(None, {})
    return _Binding(call, callee, findings, takes_input, known).bound()


def bind_keywords(
    call: Call, callee: Block | Signature, findings: Findings
) -> list[Keyword]:
    """The keyword arguments of a call that is a value, `bn(eps=1e-3)`, by parameter."""
    return _Binding(call, callee, findings, takes_input=False).keywords_alone()


class _Binding:
    def __init__(
        self,
        call: Call,
        callee: Block | Signature,
        findings: Findings,
        takes_input: bool,
        known: Collection[str] = (),
    ) -> None:
        self.known = known
        self.takes_input = takes_input
        self.call = call
        self.callee = callee
        self.findings = findings
        self.slots = slots(callee)
        self.failed = False

    def bound(self) -> BoundArguments | None:
        positional = [a for a in self.call.arguments if a.keyword is None]
        keywords = [a for a in self.call.arguments if a.keyword is not None]
        values: dict[str, Expression] = {}
        spread = next((a for a in positional if a.is_spread), None)
        if spread and not self.takes_input:
            message = "`*` spreads a tuple over the arguments of a step alone"
            help = "give each argument by its name"
            self.fail("invalid-syntax", message, spread.span, help)
            return None
        by_keyword = self.keyword_slots(keywords)
        in_channels = self.take_positional(positional, by_keyword, values)
        for argument, slot in by_keyword:
            if slot.key in values:
                self.report_twice(argument, slot)
            values[slot.key] = argument.value
        missing = [
            s
            for s in self.slots.required
            if s.key not in values and s.key not in self.known
        ]
        if missing and not self.failed:
            self.report_missing(missing, positional, in_channels)
        return None if self.failed else BoundArguments(in_channels, values)

    def keywords_alone(self) -> list[Keyword]:
        """The arguments of a value, which all have keywords."""
        positional = [a for a in self.call.arguments if a.keyword is None]
        if positional:
            self.report_positional_in_value(positional)
            return []
        found: dict[str, Keyword] = {}
        for argument, slot in self.keyword_slots([*self.call.arguments]):
            if slot.key in found:
                self.report_twice(argument, slot)
            found[slot.key] = slot, argument
        return [*found.values()]

    def report_positional_in_value(self, positional: list[Argument]) -> None:
        """Report `act=leaky_relu(0.1)`."""
        kept = [a for a in self.call.arguments if a.keyword]
        named = {s.key for _, s in self.keyword_slots(kept)}
        each = self.slots.each
        open_slots = [s for s in each if s.key not in named and s.names]
        is_clear = len(positional) <= len(open_slots) and not any(
            a.is_spread for a in positional
        )
        fixed = self.with_keywords([], positional, open_slots)
        self.fail(
            "too-many-arguments",
            f"`{self.callee.name}` as a value takes keyword arguments only, "
            f"found `{positional[0].span.text}`",
            positional[0].span,
            help=write(fixed) if is_clear else "",
        )

    def report_twice(self, argument: Argument, slot: Slot) -> None:
        self.fail(
            "duplicate-argument",
            f"`{self.callee.name}` is given `{slot.shown}` twice",
            argument.span,
            help="keep one of them",
        )

    def keyword_slots(self, keywords: list[Argument]) -> list[tuple[Argument, Slot]]:
        found = []
        by_name = self.slots.by_name
        for argument in keywords:
            assert argument.keyword
            name = argument.keyword.id
            slot = by_name.get(name)
            if slot:
                found.append((argument, slot))
                continue
            known = [*by_name]
            value = argument.value
            word = value.span.text.strip("\"'")  # `activation="relu"`
            is_step = isinstance(self.callee, Op) and word in OPS
            name = SHORT[name] if SHORT.get(name) in known else name
            meant = OTHER_NAMES.get(name)
            if meant in known:
                name = meant
            self.fail(
                "unknown-argument",
                f"`{self.callee.name}` has no parameter `{argument.keyword.id}`",
                argument.keyword.span,
                help="the input channels have no name: put them first, or omit them"
                if name in INPUTS
                else f"`{word}` is a step of its own: `| {word}`"
                if is_step
                else NO_AXIS
                if self.callee.name == "flatten"
                else NOT_IN_A_SPEC.get(name) or did_you_mean(name, known) or "omit it",
                proposals=[self.step_after(argument, word)] if is_step else (),
            )
        return found

    def step_after(self, argument: Argument, step: str) -> Fix:
        """`conv(8, k=3, activation="relu")` with the activation as the next step."""
        kept = [a.span.text for a in self.call.arguments if a is not argument]
        text = f"{written(self.call, kept)} | {step}"
        return Fix(f"write `{text}`", (Edit(self.call.span, text),))

    def take_positional(
        self,
        positional: list[Argument],
        by_keyword: list[tuple[Argument, Slot]],
        values: dict[str, Expression],
    ) -> Expression | None:
        """Bind the positional arguments; return the extra first one, the input channels."""
        named = {slot.key for _, slot in by_keyword} | {*self.known}
        open_slots = [s for s in self.slots.positional if s.key not in named]
        if open_slots and open_slots[-1].variadic:
            return self.take_variadic(positional, open_slots[-1], values)
        if regrouped := _regrouped(positional, open_slots):
            self.report_grouping(positional, regrouped, open_slots)
            return None
        in_channels = None
        if self.takes_input and len(positional) == len(open_slots) + 1:
            in_channels, positional = positional[0].value, positional[1:]
        most = len(open_slots) + self.takes_input
        if len(positional) > len(open_slots):
            self.report_too_many(positional, most, named)
            return None
        for slot, argument in zip(open_slots, positional, strict=False):
            values[slot.key] = argument.value
        return in_channels

    def take_variadic(
        self, positional: list[Argument], slot: Slot, values: dict[str, Expression]
    ) -> Expression | None:
        """Bind `permute(0, 2, 1)`, or `permute(64, (0, 2, 1))` with input channels."""
        if not positional:
            return None
        last = positional[-1].value
        if isinstance(last, Tuple) and len(positional) < 3:
            values[slot.key] = last
            return positional[0].value if len(positional) > 1 else None
        span = positional[0].span.to(positional[-1].span)
        values[slot.key] = Tuple(span, tuple(a.value for a in positional))
        return None

    def report_grouping(
        self, positional: list[Argument], regrouped: list[str], slots: list[Slot]
    ) -> None:
        shown = ", ".join(slot.shown for slot in slots)
        text = ", ".join(regrouped)
        self.fail(
            "invalid-argument",
            f"`{self.callee.name}` expects `({shown})`, found other parentheses",
            positional[0].span.to(positional[-1].span),
            help=Replacement(f"write `{written(self.call, regrouped)}`", text),
        )

    def report_too_many(
        self, positional: list[Argument], most: int, named: set[str]
    ) -> None:
        name = self.callee.name
        message = f"`{name}` takes its arguments by keyword"
        if most:
            plural = "s" * (most > 1)
            included = ", the input channels included" * self.takes_input
            message = (
                f"`{name}` takes at most {most} positional argument{plural}{included}, "
                f"found {len(positional)}"
            )
        extra = positional[most:]
        keyword_only = [s for s in self.slots.each if not s.positional]
        slots = [s for s in keyword_only if s.key not in named]
        fixed = self.with_keywords(positional[:most], extra, slots)
        help = write(fixed) if len(extra) <= len(slots) else ""
        help = self.row() if is_row(self.call) else help
        self.fail("too-many-arguments", message, extra[0].span, help)

    def report_missing(
        self,
        missing: list[Slot],
        positional: list[Argument],
        in_channels: Expression | None,
    ) -> None:
        pairs = zip(self.slots.positional, positional, strict=False)
        for slot, argument in pairs:  # a row that lacks a tuple
            if slot.size > 1 and isinstance(argument.value, Literal):
                self.fail(
                    "invalid-argument",
                    f"`{slot.shown}` of `{self.callee.name}` expects "
                    f"{tuple_of(slot.size)}, found {argument.span.text}",
                    argument.span,
                    help=self.row()
                    if is_row(self.call)
                    else _with_tuple(slot, argument),
                )
                return
        names = " and ".join(f"`{s.shown}`" for s in missing)
        parts = [a.span.text for a in positional]
        parts += [s.example for s in missing if s.positional]
        parts += [f"{s.shown}={s.example}" for s in missing if not s.positional]
        parts += [a.span.text for a in self.call.arguments if a.keyword]
        text = self.call.span.text
        fixed = written(self.call, parts)
        help: str = Replacement(
            f"write `{fixed}`, with your own values", fixed, is_strong=False
        )
        if is_row(self.call):
            help = self.row()
        elif in_channels and len(missing) == 1 and _is_kernel(positional, missing[0]):
            first = positional[0].span.text
            shifted = self.with_keywords(positional[:-1], positional[-1:], missing)
            help = Offer(
                f"write `{shifted}`: `{first}` is read as the input channels here",
                shifted,
            )
        self.fail(
            "missing-argument",
            f"`{self.callee.name}` needs {names}",
            self.call.name.span if "\n" in text else self.call.span,
            help=help,
            missing=[slot.shown for slot in missing],
        )

    def with_keywords(
        self, positional: list[Argument], extra: list[Argument], slots: list[Slot]
    ) -> str:
        """The text of the call with its last positional arguments as keywords."""
        parts = [a.span.text for a in positional]
        pairs = zip(extra, slots, strict=False)
        parts += [f"{slot.shown}={a.span.text}" for a, slot in pairs]
        parts += [a.span.text for a in self.call.arguments if a.keyword]
        return written(self.call, parts)

    def row(self) -> str:
        """Help for a row of arguments."""
        if any(slot.required and not slot.positional for slot in self.slots.each):
            return "a row has no keywords: use `for:`, which names its columns"
        shown = [slot.shown for slot in self.slots.positional]
        return f"a row is `({', '.join(shown)})`"

    def fail(
        self,
        code: str,
        message: str,
        span: Span,
        help: str = "",
        *,
        missing: Iterable[str] = (),
        proposals: Sequence[Fix] = (),
    ) -> None:
        self.failed = True
        related = []
        notes = []
        spread = [argument for argument in self.call.arguments if argument.is_spread]
        if spread and self.takes_input:  # an item of a row has no text of its own
            count, plural = len(spread), "s" * (len(spread) > 1)
            help = (
                f"`{spread[0].span.text}` is {count} argument{plural}: change the tuple"
            )
        if isinstance(self.callee, Block):
            related.append(Label(self.callee.definition.signature, "the signature"))
        else:
            notes.append(f"the signature is `{self.callee.signature}`")
        self.findings.error(
            code,
            message,
            span,
            related=related,
            notes=notes,
            help=help,
            missing=missing,
            proposals=proposals,
        )


def _with_tuple(slot: Slot, argument: Argument) -> str:
    """Help that puts the tuple of a parameter before an argument."""
    text = f"{slot.example}, {argument.span.text}"
    return Replacement(f"write `{text}`, with your own values", text, is_strong=False)


def _regrouped(positional: list[Argument], slots: list[Slot]) -> list[str]:
    """The values with the parentheses that patterns lack; [] if that is not all.

    `64, 96, 128, (16, 32), 32` for `c1, (r3, c3), (r5, c5), cp` lacks one pair.
    """
    given = [argument.value for argument in positional]
    rest: list[Expression] = []  # values so far for a pattern
    found: list[str] = []
    open_slots = [*slots]
    for value in given:
        size = open_slots[0].size if open_slots else 0
        if isinstance(value, Tuple) and len(value.items) == size > 1 and not rest:
            found.append(value.span.text)
        elif isinstance(value, Literal) and size:
            rest.append(value)
            if len(rest) < size:
                continue
            texts = ", ".join(each.span.text for each in rest)
            found.append(texts if size == 1 else f"({texts})")
        else:
            return []
        rest, open_slots = [], open_slots[1:]
    return [] if rest or open_slots or len(found) == len(given) else found


def _is_kernel(positional: list[Argument], missing: Slot) -> bool:
    """Whether the last number, as in `conv(64, 3)`, is likely the missing kernel size."""
    first, last = _integer(positional[0]), _integer(positional[-1])
    if missing.positional or last is None:
        return False
    return last <= LARGEST_KERNEL and (first is None or first >= last)


def _integer(argument: Argument) -> int | None:
    value = argument.value.value if isinstance(argument.value, Literal) else None
    return value if isinstance(value, int) else None
