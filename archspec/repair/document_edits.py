"""Edits of the input, of shape assertions, of rows, and of all like calls.

input: 64x64x3                        input: 3x64x64
conv(8, k=3) -> [8, 26, 28]           conv(8, k=3) -> [8, 26, 26]
for: {c: [64, 128], n: [2, 2, 2]}     for: {c: [64, 128], n: [2, 2]}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from archspec.diagnostics.diagnostic import Diagnostic, Edit
from archspec.diagnostics.source import Span
from archspec.frontend.ast import (
    BlockDefinition,
    Document,
    Expression,
    InputDefinition,
    Let,
    Name,
    RepeatFor,
    Step,
    Tuple,
)
from archspec.frontend.step_traversal import calls_in
from archspec.repair.argument_edits import (
    CallEdit,
    Edits,
    missing_padding,
    output_padding,
    wrong_padding,
)
from archspec.repair.block_edits import steps_in
from archspec.repair.edit_costs import (
    ASSERTION,
    EXAMPLE,
    INPUT_ORDER,
    INPUT_SIZE,
    LAST_ASSERTION,
    NATURAL_PADDING,
    OTHER_LABEL,
    OWN,
    PER_PLACE,
    SMALLEST_INPUT,
    TYPO_IN_ASSERTION,
    VALUE,
    Candidate,
)

AT_LIKE_CALLS: dict[str, Callable[..., Edits]] = {
    "pad each by half its kernel": wrong_padding,
    "pad all by half the kernel": missing_padding,
    "write `output_padding=1` in each": output_padding,
}
USUAL_SIZES = (28, 32, 64, 96, 128, 224, 227, 256, 299, 384, 512)
Body = tuple[Step, BlockDefinition | None]


def bodies(document: Document) -> list[Body]:
    """The bodies of the blocks and `net`."""
    found: list[Body] = [(block.body, block) for block in document.blocks]
    return [*found, (document.net, None)] if document.net else found


def at_like_calls(document: Document) -> Iterator[Candidate]:
    """One rule at all calls of a body."""
    for body, _ in bodies(document):
        for title, rule in AT_LIKE_CALLS.items():
            found: list[CallEdit] = [e for c in calls_in(body) for e in rule(c)]
            if len(found) > 1:
                cost = NATURAL_PADDING + PER_PLACE * (len(found) - 1)
                yield Candidate.of(cost, title, *(each.edit for each in found))


# --- the input ---


def image_of(document: Document) -> InputDefinition | None:
    """The one input of a network, if it is an image."""
    first = document.inputs[0] if len(document.inputs) == 1 else None
    is_image = first and len(first.sizes) == 3 and not document.has_named_inputs
    return first if is_image else None


def input_edits(finding: Diagnostic, document: Document) -> Iterator[Candidate]:
    """The channels first, another number of them, and other sizes."""
    only = document.inputs[0] if len(document.inputs) == 1 else None
    if only and len(only.sizes) == 4 and not document.has_named_inputs:
        yield input_of(only, only.sizes[1:], INPUT_ORDER)  # the batch is implied
    image = image_of(document)
    if image is None:
        return
    channels, height, width = image.sizes
    if width < channels:
        yield input_of(image, (width, channels, height), INPUT_ORDER)
    stated = finding.numbers[:1] if finding.code == "channel-mismatch" else ()
    for other in dict.fromkeys((*stated, 1, 3)):
        if other != channels and other < 8:
            yield input_of(image, (other, height, width), INPUT_SIZE)
    for place, sizes in enumerate(_sizes(height, width)):
        cost = INPUT_SIZE + place / 50
        yield input_of(image, (channels, *sizes), cost)._replace(
            fix=input_of(image, (channels, *sizes), cost).fix._replace(is_strong=False)
        )


def _sizes(height: int, width: int) -> Iterator[tuple[int, int]]:
    """Multiples of usual strides, sizes without a typo, and usual sizes."""
    found = [
        (-(-height // factor) * factor, -(-width // factor) * factor)
        for factor in (2, 4, 8, 16, 32, 3, 7, 12, 14)
    ]
    found += [(height * 2, width * 2), (height - 2, width - 2), (height * 8, width * 8)]
    found += [(height + 1, width + 1)]
    if height == width:
        found += [(size, size) for size in USUAL_SIZES]
    for sizes in dict.fromkeys(found):
        if sizes != (height, width) and min(sizes) > 0:
            yield sizes


def square_input(document: Document) -> int | None:
    """The height and width of a square image that is the one input."""
    image = image_of(document)
    return image.sizes[1] if image and image.sizes[1] == image.sizes[2] else None


def input_of_size(document: Document, size: int) -> Candidate:
    """Another height and width of a square input."""
    image = image_of(document)
    assert image
    found = input_of(image, (image.sizes[0], size, size), SMALLEST_INPUT)
    return found._replace(fix=found.fix._replace(is_strong=False))


def input_of(image: InputDefinition, sizes: tuple[int, ...], cost: float) -> Candidate:
    text = "x".join(map(str, sizes))
    return Candidate.of(cost, f"write `input: {text}`", Edit(image.name.span, text))


def without_input(finding: Diagnostic) -> Iterator[Candidate]:
    """An input of several left out, with its line or the comma beside it."""
    at, source = finding.primary.span, finding.primary.span.source
    rest = re.match(r"\w+\s*:\s*[\w\"']+", source.text[at.start :])
    if rest is None:
        return
    start, end = at.start, at.start + rest.end()
    if comma := re.search(r",\s*$", source.text[:start]):
        start = comma.start()
    elif comma := re.match(r"\s*,\s*", source.text[end:]):
        end += comma.end()
    elif source.line(at.line).strip() == rest[0]:
        start = source.line_starts[at.line - 1]
        end = start + len(source.line(at.line)) + 1
    title = f"remove `{rest[0]}`"
    yield Candidate.weak(OWN, title, Edit(source.span(start, end), ""))


# --- what a finding proposes ---


def proposed(finding: Diagnostic, document: Document) -> Iterator[Candidate]:
    """What the compiler proposes, which it has not tried."""
    is_assertion = finding.code == "shape-assertion"
    cost = _assertion_cost(finding, document) if is_assertion else OWN
    if finding.code == "channel-mismatch" and not finding.primary.span.text.isdigit():
        texts = [edit.text for fix in finding.proposals for edit in fix.edits]
        cost += 0.35 * all(map(str.isdigit, texts))  # a name is rarely a count
    if finding.code == "dangling-ref":
        cost = OTHER_LABEL - 0.1  # the label that reads most like it
    for fix in finding.proposals:
        is_computed = "{" in finding.primary.span.text  # a label in a repeat
        is_strong = not is_computed and fix.is_strong
        is_strong = cost == TYPO_IN_ASSERTION if is_assertion else is_strong
        example = EXAMPLE * bool(finding.missing)  # `unit(1)`: other calls know better
        yield Candidate(cost + example, fix._replace(is_strong=is_strong))


def _assertion_cost(finding: Diagnostic, document: Document) -> float:
    """An assertion is wrong rather than the network if one size of it looks mistyped."""
    count = len(finding.numbers) // 2
    pairs = zip(finding.numbers[:count], finding.numbers[count:], strict=True)
    different = [(one, other) for one, other in pairs if one != other]
    is_lone_side = count == 3 and len({*finding.numbers[4:]}) < len(
        {*finding.numbers[1:3]}
    )
    if len(different) == 1 and (is_lone_side or _looks_mistyped(*different[0])):
        return TYPO_IN_ASSERTION
    at = finding.primary.span.start
    calls = [c for body, _ in bodies(document) for c in calls_in(body)]
    later = any(c.assertion and c.assertion.span.start > at for c in calls)
    return ASSERTION if later else LAST_ASSERTION


def _looks_mistyped(one: int, other: int) -> bool:
    """Whether two numbers differ by a digit more, or by the order of their digits."""
    first, second = sorted(map(str, (one, other)), key=len)
    is_near = abs(one - other) == 1 and one > 10
    return is_near or sorted(first) == sorted(second) or second[:-1] == first


# --- rows ---


def row_edits(finding: Diagnostic, document: Document) -> Iterator[Candidate]:
    """Columns of equal length, and at least one repetition."""
    params = [value for _, value in document.params if isinstance(value, Tuple)]
    loops = [
        step
        for body, _ in bodies(document)
        for step in steps_in(body)
        if isinstance(step, RepeatFor)
    ]
    for loop in loops:
        lists = [c.values for c in loop.columns if isinstance(c.values, Tuple)]
        lengths = {len(each.items) for each in (*lists, *params)}
        yield from _of_lengths([*lists, *params], lengths)
    if finding.code == "empty-repeat":
        columns = [[(c.values, len(c.pattern)) for c in loop.columns] for loop in loops]
        yield from _repetitions(finding.primary.span, columns, document)


Columns = list[tuple[Expression, int]]  # the length of each row, 0 for plain values


def _repetitions(
    at: Span, loops: list[Columns], document: Document
) -> Iterator[Candidate]:
    """A number of repetitions or a row, in its place or where a name gets its value."""
    own = [loop for loop in loops if at in [values.span for values, _ in loop]]
    if own:
        yield from _first_rows(own[0], document)
        return
    named = [
        value.span for name, value in document.params if value and name.id == at.text
    ]
    for far, span in enumerate((*named, at)):
        for place, n in enumerate((2, 1, 3)):
            cost = VALUE + (far + place) / 10
            yield Candidate.weak(cost, f"write `{n}`", Edit(span, str(n)))
    for size in {0, *(size for loop in loops for _, size in loop)}:
        yield from _first_rows([(Name(at, at.text), size)], document)


def _first_rows(columns: Columns, document: Document) -> Iterator[Candidate]:
    """A row for columns that have none, and for the empty lists that others may read."""
    own = [(each, size) for each, size in columns if _is_empty(each)]
    read = [size for each, size in columns if not isinstance(each, Tuple)]
    others = [(each, read[0]) for each in _values(document) if read and _is_empty(each)]
    for places in ([*own, *others], *([*own, each] for each in others)):
        for number, n in enumerate((1, 2, 8) if places else ()):
            edits = [Edit(each.span, _row(each, n, size)) for each, size in places]
            cost = VALUE + number / 10 + PER_PLACE * (len(places) - len(own) - 1)
            title = f"write `{edits[0].text}`, with your values"
            yield Candidate.weak(cost, title, *edits)


def _row(empty: Expression, n: int, size: int) -> str:
    """A list in place of an empty one, of a number or of a row of numbers."""
    row = f"[{', '.join([str(n)] * size)}]" if size else str(n)
    in_call = empty.span.text.startswith("(")
    return f"({row.replace('[', '(').replace(']', ')')},)" if in_call else f"[{row}]"


def _is_empty(value: Expression) -> bool:
    return isinstance(value, Tuple) and not value.items


def _values(document: Document) -> Iterator[Expression]:
    """The values of params, of `let`, and of the arguments of calls."""
    yield from (value for _, value in document.params if value)
    for body, _ in bodies(document):
        for step in steps_in(body):
            if isinstance(step, Let):
                yield from (value for _, value in step.bindings if value)
        for call in calls_in(body):
            yield from (given.value for given in call.arguments)


def _of_lengths(lists: Iterable[Tuple], lengths: set[int]) -> Iterator[Candidate]:
    """Lists with one item less, or one more."""
    for values in lists:
        items, count = values.items, len(values.items)
        if len(items) < 2:
            continue
        last = items[-1].span
        if count >= min(lengths):
            span = last.source.span(items[-2].span.end, last.end)
            found = Candidate.of(VALUE, f"remove `{last.text}`", Edit(span, ""))
            is_copy = last.text == items[-2].span.text  # another number is lost
            yield found._replace(fix=found.fix._replace(is_strong=is_copy))
        if count <= max(lengths):
            at = last.source.span(last.end, last.end)
            for place, text in enumerate(
                dict.fromkeys(i.span.text for i in items[::-1])
            ):
                cost = VALUE + 0.1 + place / 10
                yield Candidate.of(cost, f"add `{text}`", Edit(at, f", {text}"))
