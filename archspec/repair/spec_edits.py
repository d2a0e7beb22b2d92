"""Edits of a spec that may remove a finding about shapes, the likeliest first.

They are read from the text alone: `Verification` finds which of them work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from archspec.diagnostics.diagnostic import Diagnostic, Edit, Fix
from archspec.frontend.ast import (
    BlockDefinition,
    Call,
    Document,
    InputDefinition,
    Literal,
    Step,
)
from archspec.frontend.step_traversal import calls_in
from archspec.repair.call_changes import (
    Changes,
    appended,
    call_changes,
    inserted_before,
    natural_padding_given,
    natural_padding_missing,
    output_padding,
)
from archspec.repair.edit_costs import (
    INPUT_ORDER,
    INPUT_SIZE,
    NATURAL_PADDING,
    PAD_NOTHING,
    PER_CALL,
    PER_PLACE,
    SMALLEST_INPUT,
    WEAK,
    CallChange,
    Candidate,
)

SHAPE_CODES = (
    "channel-mismatch",
    "empty-output",
    "indivisible-groups",
    "shape-assertion",
    "size-mismatch",
    "unflattened-input",
    "wrong-rank",
)
MAX_CALLS = 60  # nearest to a finding, of which edits are tried
RANK_CODES = ("unflattened-input", "wrong-rank")
AT_LIKE_CALLS: dict[str, Callable[[Call], Changes]] = {
    "pad each by half its kernel": natural_padding_given,
    "pad all by half the kernel": natural_padding_missing,
    "write `output_padding=1` in each": output_padding,
}


def spec_edits(finding: Diagnostic, document: Document) -> list[Candidate]:
    """Edits for a finding about shapes, in the order in which to try them."""
    if finding.code not in SHAPE_CODES:
        return []
    found = [
        *_input_orders(document),
        *_input_sizes(document),
        *_at_like_calls(document),
        *_at_one_call(finding, document),
    ]
    return sorted(found, key=lambda each: each.cost)


def _at_one_call(finding: Diagnostic, document: Document) -> Iterator[Candidate]:
    """Changes of one call, those near the finding first."""
    at = finding.primary.span
    switches = {block.name.id: _switches(block) for block in document.blocks}
    calls = [(c, block) for body, block in _bodies(document) for c in calls_in(body)]
    calls.sort(key=lambda each: abs(each[0].span.start - at.start))
    for distance, (call, block) in enumerate(calls[:MAX_CALLS]):
        for change in call_changes(call, block, switches):
            yield _candidate(change, distance, finding)
        if finding.code in RANK_CODES and call.span.start < at.start:
            for change in appended(call):
                yield _candidate(change, distance, finding)
        if call.span.start <= at.start < call.span.end:
            for change in inserted_before(call):
                yield _candidate(change, distance, finding)


def _candidate(change: CallChange, distance: int, finding: Diagnostic) -> Candidate:
    title = f"write `{change.text}`" if change.text else "leave it out"
    pads = "p=" in change.edit.text and "p=" not in change.edit.span.text
    more = PAD_NOTHING * (pads and finding.code == "empty-output")
    fix = Fix(title, (change.edit,), change.cost < WEAK)
    return Candidate(change.cost + PER_CALL * distance + more, fix)


def _switches(block: BlockDefinition) -> dict[str, bool]:
    """The parameters of a block that are true or false."""
    return {
        p.names[0].id: p.default.value
        for p in block.parameters
        if isinstance(p.default, Literal) and isinstance(p.default.value, bool)
    }


def _bodies(document: Document) -> list[tuple[Step, BlockDefinition | None]]:
    """`net` and the bodies of the blocks."""
    blocks: list[tuple[Step, BlockDefinition | None]]
    blocks = [(block.body, block) for block in document.blocks]
    return [*blocks, (document.net, None)] if document.net else blocks


def _at_like_calls(document: Document) -> Iterator[Candidate]:
    """One rule at all calls of a body."""
    for body, _ in _bodies(document):
        for title, rule in AT_LIKE_CALLS.items():
            edits = [edit for call in calls_in(body) for _, _, edit in rule(call)]
            if len(edits) > 1:
                cost = NATURAL_PADDING + PER_PLACE * (len(edits) - 1)
                yield Candidate(cost, Fix(title, (*edits,)))


def _image(document: Document) -> InputDefinition | None:
    """The one input of a network, if it is an image."""
    first = document.inputs[0] if len(document.inputs) == 1 else None
    return first if first and len(first.sizes) == 3 else None


def _input_orders(document: Document) -> Iterator[Candidate]:
    """The channels first, where they are last: `64x64x3`."""
    image = _image(document)
    if image is None:
        return
    height, width, channels = image.sizes
    if channels < height:
        yield _input(image, (channels, height, width), INPUT_ORDER, is_strong=True)


def _input_sizes(document: Document) -> Iterator[Candidate]:
    """The next larger heights and widths that a power of two divides."""
    image = _image(document)
    if image is None:
        return
    channels, *sizes = image.sizes
    for factor in (2, 4, 8, 16, 32):
        height, width = (-(-size // factor) * factor for size in sizes)
        if [height, width] != sizes:
            yield _input(image, (channels, height, width), INPUT_SIZE, is_strong=False)


def square_input(document: Document) -> int | None:
    """The height and width of a square image that is the one input."""
    image = _image(document)
    return image.sizes[1] if image and image.sizes[1] == image.sizes[2] else None


def input_of_size(document: Document, size: int) -> Candidate:
    """Another height and width of a square input."""
    image = _image(document)
    assert image
    sizes = (image.sizes[0], size, size)
    return _input(image, sizes, SMALLEST_INPUT, is_strong=False)


def _input(
    image: InputDefinition, sizes: tuple[int, ...], cost: float, *, is_strong: bool
) -> Candidate:
    text = "x".join(map(str, sizes))
    edit = Edit(image.name.span, text)
    return Candidate(cost, Fix(f"write `input: {text}`", (edit,), is_strong))
