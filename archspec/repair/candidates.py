"""Edits of one call that may give it another output shape, the likeliest first.

conv(8, k=3)  ->  conv(8, k=3, p=1), conv(8, k=3, s=2), conv(8, k=1), conv(16, k=3)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from archspec.diagnostics.diagnostic import Findings
from archspec.frontend.ast import Binary, Call, Literal, Name
from archspec.lowering.context import Context
from archspec.lowering.values_in_context import is_integer
from archspec.ops.op import Op
from archspec.ops.shapes import pair
from archspec.repair.edits import CallEdit, is_free, slot_of
from archspec.resolve.bind import BoundArguments, Slot, bind, slots
from archspec.resolve.evaluation_errors import EvaluationError, UnknownValue
from archspec.resolve.expression_values import Evaluator
from archspec.resolve.scope import CIN, Block, Callee

STRIDES = range(1, 9)
KERNELS = range(2, 12)
MAX_PADDING = 8
NATURAL, CEIL, PADDING, STRIDE, BOTH, KERNEL, WIDTH = range(7)  # what to change first

Cost = tuple[int, ...]


def candidates(call: Call, width: int, context: Context) -> list[tuple[Cost, CallEdit]]:
    """Edits for another size or for `width` channels; the least cost is the likeliest."""
    known = _known(call, context)
    return [*known.sizes(), *known.widths(width)] if known else []


def parameter_of(value: int, context: Context) -> str:
    """The block's own name for a number, which is another in other calls; "" for none."""
    if not context.calls:
        return ""
    names = sorted(context.scope.names(), key=lambda name: name == CIN)
    known = ((name, context.scope.get(name)) for name in names)
    found = (n for n, v in known if v and is_integer(v.value) and v.value == value)
    return next(found, "")


def natural_padding(call: Call, context: Context) -> CallEdit | None:
    """An edit that adds the padding which keeps the size, where a call has none."""
    known = _known(call, context)
    kernel, padding = (known.value("k"), known.open_padding) if known else (None, None)
    if not known or not padding or not kernel or kernel == 1:
        return None
    return CallEdit(call, padding, None, known.natural_padding(kernel))


def _known(call: Call, context: Context) -> _BoundCall | None:
    callee = _callee(call, context)
    bound = bind(call, callee, Findings()) if callee else None
    return _BoundCall(call, callee, bound, context) if callee and bound else None


def _callee(call: Call, context: Context) -> Callee | None:
    scope = context.scope
    if not scope.has(call.name.id):
        return scope.environment.callees.get(call.name.id)
    known = scope.get(call.name.id)
    return known.value if known and isinstance(known.value, Op | Block) else None


@dataclass(frozen=True, slots=True)
class _BoundCall:
    """A call and what it means, to find edits for."""

    call: Call
    callee: Callee
    bound: BoundArguments
    context: Context

    def sizes(self) -> Iterator[tuple[Cost, CallEdit]]:
        """Another padding, stride, kernel or rounding."""
        kernel = self.value("k") or 7
        yield from self.edits("p", [self.natural_padding(kernel)], (NATURAL, 0))
        for padding in range(min(max(pair(kernel)) // 2, MAX_PADDING) + 1):
            yield from self.edits("p", [padding], (PADDING, padding))
        yield from self.edits("s", STRIDES, (STRIDE, 0))
        yield from self.padded_strides(kernel)
        for k in KERNELS:
            cost = 2 * abs(k - max(pair(kernel))) + (k % 2 == 0)
            yield from self.edits("k", [k], (KERNEL, cost))
        yield from self.edits("ceil", [True, False], (CEIL, 0))

    def padded_strides(
        self, kernel: int | tuple[int, int]
    ) -> Iterator[tuple[Cost, CallEdit]]:
        """Another stride, and the padding that is missing: `maxpool(3, s=1, p=1)`."""
        padding = self.open_padding
        if padding is None:
            return
        also = padding, self.natural_padding(kernel)
        for cost, edit in self.edits("s", STRIDES, (BOTH, 0)):
            yield cost, replace(edit, also=also)

    @property
    def open_padding(self) -> Slot | None:
        """The parameter that pads, where the call leaves it out."""
        slot = slot_of(self.callee, "p")
        return None if slot is None or slot.key in self.bound.values else slot

    def natural_padding(self, kernel: int | tuple[int, int]) -> object:
        """The padding that keeps the size: a number, or `k // 2` over the block's own `k`."""
        written = self.bound.values.get("kernel_size")
        if isinstance(written, Name):
            span = written.span
            return Binary(span, "//", span, written, Literal(span, 2))
        height, width = ((size - 1) // 2 for size in pair(kernel))
        return height if height == width else (height, width)

    def widths(self, count: int) -> Iterator[tuple[Cost, CallEdit]]:
        """Another number of output channels."""
        name = parameter_of(count, self.context)
        value = Name(self.call.span, name) if name else count
        for slot in (s for s in slots(self.callee) if s.positional and s.names):
            yield from self.edits(slot.names[0], [value], (WIDTH, 0))

    def edits(
        self, name: str, values: Sequence[object], cost: Cost
    ) -> Iterator[tuple[Cost, CallEdit]]:
        slot = slot_of(self.callee, name)
        if slot is None or not is_free(slot, self.call, self.bound):
            return
        before = self.bound.values.get(slot.key)
        for value in values:
            yield cost, CallEdit(self.call, slot, before, self.named(name, value))

    def named(self, name: str, value: object) -> object:
        """The block's own parameter of this name if it has this value, else the value."""
        scope = self.context.scope
        known = scope.get(name) if scope.has(name) else None
        if known is not None and known.value == value:
            return Name(self.call.span, name)
        return value

    def value(self, name: str) -> int | tuple[int, int] | None:
        """The value of an argument, if it is a size."""
        slot = slot_of(self.callee, name)
        expression = self.bound.values.get(slot.key) if slot else None
        if expression is None:
            return None
        try:
            value = Evaluator(self.context.scope, None)(expression).value
        except (UnknownValue, EvaluationError):
            return None
        return value if _is_size(value) else None


def _is_size(value: object) -> bool:
    if isinstance(value, tuple):
        return len(value) == 2 and all(map(is_integer, value))
    return is_integer(value)
