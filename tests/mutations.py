"""Inject common mistakes into valid specs; the same mutations in every run.

    conv(64, k=3, p=1) | bn | relu     padding: conv(64, k=3) | bn | relu
                                       separator: conv(64, k=3, p=1), bn | relu

A mutation is text edits. Not each is a fault: many make another sound network.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.source import Source, Span
from archspec.frontend.ast import (
    Argument,
    Call,
    Chain,
    Document,
    Expression,
    Group,
    If,
    Literal,
    Merge,
    Name,
    Step,
    Tuple,
    walk,
)
from archspec.frontend.document_parser import parse_document
from archspec.frontend.step_traversal import children

ROOT = Path(__file__).parent.parent
SPECS = [
    *sorted((ROOT / "specs").glob("*.yaml")),
    *sorted((ROOT / "specs/torchvision").glob("*.yaml")),
    *sorted((ROOT / "tests/cases/valid").glob("*.yaml")),
    *sorted((ROOT / "tests/cases/repairs").glob("*.wanted.yaml")),
]
PER_KIND = 8  # mutations of each kind and spec, at most
JOINS = ("add", "concat", "mul")
POOLS = ("maxpool", "avgpool")


class Mutation(NamedTuple):
    """A spec that may be broken."""

    kind: str
    path: Path
    text: str


class Edit(NamedTuple):
    """Another text for the characters from `start` to `end`."""

    start: int
    end: int
    text: str


Mutator = Callable[["Spec"], Iterator[tuple[Edit, ...]]]
KINDS: dict[str, Mutator] = {}


def kind(mutator: Mutator) -> Mutator:
    KINDS[mutator.__name__.replace("_", " ")] = mutator
    return mutator


def mutations(path: Path) -> Iterator[Mutation]:
    """Mutations of a spec of every kind."""
    spec = Spec(path)
    for name, mutator in KINDS.items():
        found = {apply(spec.text, edits): None for edits in mutator(spec)}
        found.pop(spec.text, None)
        texts = sorted(found)
        random.Random(f"{name} of {path.name}").shuffle(texts)
        for text in texts[:PER_KIND]:
            yield Mutation(name, path, text)


def apply(text: str, edits: tuple[Edit, ...]) -> str:
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


class Spec:
    """A sound spec, and the parts of it that a mutation changes."""

    def __init__(self, path: Path) -> None:
        self.text = path.read_text()
        self.source = Source(str(path), self.text)
        document = parse_document(self.source, Findings())
        assert document
        self.document: Document = document
        bodies = [block.body for block in document.blocks]
        self.bodies: list[Step] = [*bodies, *filter(None, [document.net])]
        self.steps = [s for body in self.bodies for s in within(body)]
        self.chains = [step for step in self.steps if isinstance(step, Chain)]
        self.calls = [c for chain in self.chains for c in chain.calls if is_written(c)]
        self.blocks = {block.name.id: block for block in document.blocks}

    def keyword(self, *names: str) -> Iterator[tuple[Call, Argument]]:
        for call in self.calls:
            for argument in call.arguments:
                if argument.keyword and argument.keyword.id in names:
                    yield call, argument

    def expressions(self) -> Iterator[Expression]:
        for call in self.calls:
            for argument in call.arguments:
                yield from walk(argument.value)
        for step in self.steps:
            if isinstance(step, If):
                yield from walk(step.condition)

    def lines(self, pattern: str) -> Iterator[re.Match[str]]:
        return re.finditer(pattern, self.text, re.MULTILINE)


def within(step: Step) -> Iterator[Step]:
    yield step
    for child in children(step):
        yield from within(child)


def is_written(call: Call) -> bool:
    """Whether a call stands in the text: a row of `repeat: block[...]` has no name."""
    return call.name.span.end > call.span.start


def put(span: Span, text: object) -> tuple[Edit]:
    return (Edit(span.start, span.end, str(text)),)


def positional(call: Call) -> list[Argument]:
    return [a for a in call.arguments if not a.keyword and not a.is_spread]


def integer(expression: Expression) -> int | None:
    value = expression.value if isinstance(expression, Literal) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def without_argument(call: Call, argument: Argument) -> tuple[Edit, ...]:
    text, start, end = call.span.source.text, argument.span.start, argument.span.end
    before = text[:start].rstrip()
    if before.endswith(","):
        return (Edit(len(before) - 1, end, ""),)
    rest = text[end:]
    return (Edit(start, end + len(rest) - len(rest.lstrip(", ")), ""),)


def misspelled(word: str) -> Iterator[str]:
    """Two letters swapped, one left out, one doubled."""
    if len(word) > 3:
        yield word[:1] + word[2] + word[1] + word[3:]
        yield word[:2] + word[3:]
        yield word[:3] + word[2:]


def typos(number: int) -> Iterator[int]:
    """What one types in place of a number."""
    text = str(number)
    if len(text) > 1 and text[0] != text[1] and text[1] != "0":
        yield int(text[1] + text[0] + text[2:])  # 64 -> 46
    yield number * 2
    if number > 1:
        yield number // 2
    if number > 9:
        yield number + 1
        yield int(text[:-1])  # 128 -> 12


# --- numbers of a call ---


@kind
def width(spec):
    """Another number of output channels."""
    for call in spec.calls:
        for argument in positional(call)[-1:]:
            if number := integer(argument.value):
                for other in typos(number):
                    yield put(argument.value.span, other)


@kind
def stated_count(spec):
    """Wrong input channels."""
    for call in spec.calls:
        given = positional(call)
        if call.name.id not in ("conv", "linear") or not given:
            continue
        known = integer(given[0].value)
        if len(given) == 2 and known:
            for other in typos(known):
                yield put(given[0].value.span, other)
        elif len(given) == 1:
            at = given[0].span.start
            for count in (1, 3, 32, 64, 256):
                yield (Edit(at, at, f"{count}, "),)


@kind
def counts_swapped(spec):
    """The output channels before the input channels."""
    for call in spec.calls:
        given = [a.value.span for a in positional(call)]
        if len(given) == 2 and call.name.id not in spec.blocks:
            yield put(given[0], given[1].text) + put(given[1], given[0].text)


@kind
def kernel(spec):
    for _, argument in spec.keyword("k", "kernel_size"):
        if number := integer(argument.value):
            for other in {number + 1, number + 2, max(number - 2, 1), number * 2}:
                yield put(argument.value.span, other)


@kind
def padding(spec):
    """Padding lost, or of another kernel."""
    for call, argument in spec.keyword("p", "padding"):
        yield without_argument(call, argument)
        number = integer(argument.value)
        if number is not None:
            for other in (number + 1, number - 1):
                yield put(argument.value.span, other)


@kind
def stride(spec):
    """A stride lost, added, or another one."""
    for call, argument in spec.keyword("s", "stride"):
        yield without_argument(call, argument)
        if number := integer(argument.value):
            for other in {1, 2, 3, number * 2} - {number}:
                yield put(argument.value.span, other)
    for call in spec.calls:
        if call.name.id == "conv" and "s=" not in call.span.text and call.arguments:
            at = call.arguments[-1].span.end
            yield (Edit(at, at, ", s=2"),)


@kind
def dilation(spec):
    for call in spec.calls:
        if call.name.id == "conv" and "k=" in call.span.text:
            at = call.arguments[-1].span.end
            if " d=" not in call.span.text:
                yield (Edit(at, at, ", d=2"),)


@kind
def groups(spec):
    """Groups that do not divide the channels, or that nobody meant."""
    for _, argument in spec.keyword("g", "groups"):
        number = integer(argument.value)
        for other in (number + 1, number * 2, number * 3) if number else (3, 32):
            yield put(argument.value.span, other)
        for name in ("cout", "ch"):
            if isinstance(argument.value, Name):
                yield put(argument.value.span, name)
    for call in spec.calls:
        if call.name.id == "conv" and not any(
            a.keyword and a.keyword.id == "g" for a in call.arguments
        ):
            at = call.arguments[-1].span.end
            for count in (3, 4, 32):
                yield (Edit(at, at, f", g={count}"),)


@kind
def pool(spec):
    """Another window, or a pool more than the map has room for."""
    for chain in spec.chains:
        for call in chain.calls:
            if call.name.id in POOLS:
                for argument in positional(call):
                    if number := integer(argument.value):
                        for other in {number + 1, number + 2, number * 2}:
                            yield put(argument.value.span, other)
                yield (Edit(call.span.end, call.span.end, f" | {call.span.text}"),)
            if call.name.id == "global_avgpool":
                for size in (2, 4, 7):
                    yield put(call.span, f"avgpool({size})")


@kind
def scale(spec):
    """Another factor of `upsample`; a transposed convolution of another size."""
    for call in spec.calls:
        if call.name.id in ("upsample", "space_to_depth", "depth_to_space"):
            for argument in positional(call)[:1]:
                if number := integer(argument.value):
                    for other in (number + 1, number * 2):
                        yield put(argument.value.span, other)
        if call.name.id == "conv_transpose":
            for argument in call.arguments:
                if argument.keyword:
                    yield without_argument(call, argument)


# --- layers ---


@kind
def lost_flatten(spec):
    for chain in spec.chains:
        yield from without_call(chain, "flatten", "tokens")


@kind
def early_flatten(spec):
    """`flatten` or `global_avgpool` before an earlier layer."""
    for chain in spec.chains:
        for before, call in pairwise(chain.calls):
            if call.name.id in ("flatten", "tokens", "global_avgpool"):
                yield put(before.span, call.span.text) + put(
                    call.span, before.span.text
                )
        first = chain.calls[0]
        if first.name.id in ("conv", "linear") or first.name.id in spec.blocks:
            yield (Edit(chain.span.start, chain.span.start, "flatten | "),)


@kind
def lost_layer(spec):
    """A layer of a chain, or a line of a list."""
    for chain in spec.chains:
        yield from without_call(chain)
    for match in spec.lines(r"^ +- .*\n"):
        yield (Edit(match.start(), match.end(), ""),)


@kind
def swapped_layers(spec):
    for chain in spec.chains:
        for first, second in pairwise(chain.calls):
            yield put(first.span, second.span.text) + put(second.span, first.span.text)
    for step in spec.steps:
        if isinstance(step, Group):
            for first, second in pairwise(step.steps):
                if isinstance(first, Chain) and isinstance(second, Chain):
                    yield put(first.span, second.span.text) + put(
                        second.span, first.span.text
                    )


@kind
def copied_layer(spec):
    """A layer twice in a row, as after a copy."""
    for chain in spec.chains:
        for call in chain.calls:
            at = call.span.end
            yield (Edit(at, at, f" | {call.span.text}"),)


def without_call(chain: Chain, *names: str) -> Iterator[tuple[Edit, ...]]:
    calls = chain.calls
    for before, call in pairwise(calls):
        if not names or call.name.id in names:
            yield (Edit(before.span.end, call.span.end, ""),)
    if len(calls) > 1 and (not names or calls[0].name.id in names):
        yield (Edit(calls[0].span.start, calls[1].span.start, ""),)


# --- names ---


@kind
def name_of_a_layer(spec):
    for call in spec.calls:
        for other in misspelled(call.name.id):
            yield put(call.name.span, other)


@kind
def name_of_a_value(spec):
    for expression in spec.expressions():
        if isinstance(expression, Name):
            for other in misspelled(expression.id):
                yield put(expression.span, other)
            if len(expression.id) < 4:
                yield put(expression.span, expression.id * 2)


@kind
def name_of_an_argument(spec):
    """Misspelt, or as another library calls it."""
    others = {"p": ("pad", "paddings"), "k": ("kernel", "ksize", "size"),
              "s": ("strides", "step"), "g": ("group",), "d": ("dil",)}  # fmt: skip
    for call in spec.calls:
        for argument in call.arguments:
            if argument.keyword:
                word = argument.keyword
                for other in (*misspelled(word.id), *others.get(word.id, ())):
                    yield put(word.span, other)


@kind
def name_of_a_key(spec):
    for match in spec.lines(
        r"^[ -]*(archspec|input|params|blocks|net|outputs|variants|repeat|times|for"
        r"|concat|add|mul|split|if|then|else|let|aux|collect)(?=:)"
    ):
        for other in (*misspelled(match[1]), f"{match[1]}s", match[1].capitalize()):
            yield (Edit(match.start(1), match.end(1), other),)


@kind
def label(spec):
    """A `ref` to another label, or to a misspelled one."""
    labels = [m[1] for m in spec.lines(r"^ *- (\w+):(?= )")]
    labels = [name for name in labels if name not in (*JOINS, "repeat", "if", "let")]
    for call in spec.calls:
        if call.name.id in ("ref", "tied") and call.arguments:
            span = call.arguments[0].span
            for other in (*misspelled(span.text), *labels):
                yield put(span, other)


# --- blocks ---


@kind
def shortcut(spec):
    """A shortcut without its projection."""
    for step in spec.steps:
        if isinstance(step, If) and isinstance(step.then, Chain):
            yield put(step.then.span, "identity")
        if isinstance(step, Merge) and step.kind == "add":
            for branch in step.branches:
                if isinstance(branch, Chain) and len(branch.calls) < 3:
                    yield put(branch.span, "identity")


@kind
def condition(spec):
    """A condition that forgets a case, or has the other sign."""
    for step in spec.steps:
        if isinstance(step, If):
            text, span = step.condition.span.text, step.condition.span
            for word in (" or ", " and "):
                for part in text.split(word) if word in text else ():
                    yield put(span, part)
            for old, new in (("!=", "=="), ("==", "!="), (">", "<")):
                if old in text:
                    yield put(span, text.replace(old, new, 1))


@kind
def block_argument(spec):
    """An argument of a block: another one, none, or one too many."""
    for call in spec.calls:
        if call.name.id not in spec.blocks:
            continue
        for argument in call.arguments:
            yield without_argument(call, argument)
            if number := integer(argument.value):
                for other in typos(number):
                    yield put(argument.value.span, other)
        for argument in positional(call)[-1:]:
            yield (Edit(argument.span.end, argument.span.end, ", 3"),)


@kind
def tuple_length(spec):
    for expression in spec.expressions():
        if isinstance(expression, Tuple) and len(expression.items) > 1:
            last = expression.items[-1]
            yield (Edit(last.span.end, last.span.end, f", {last.span.text}"),)
            yield (Edit(expression.items[-2].span.end, last.span.end, ""),)
    for match in spec.lines(r"\(\d+(, \d+)\)"):
        yield (Edit(match.start(1), match.end(1), ""),)
        yield (Edit(match.end(1), match.end(1), ", 8"),)


@kind
def repetitions(spec):
    """A wrong number of repetitions, or columns of different lengths."""
    for match in spec.lines(r"times: (\d+)"):
        for other in (int(match[1]) + 1, int(match[1]) * 2, 0):
            yield (Edit(match.start(1), match.end(1), str(other)),)
    for match in spec.lines(r"\w+: \[[^\[\]\n]*(, [^,\[\]\n]+)\]"):
        if "->" not in match[0]:
            yield (Edit(match.start(1), match.end(1), ""),)
            yield (Edit(match.end(1), match.end(1), match[1]),)


@kind
def join(spec):
    """Another join, or a branch lost."""
    for step in spec.steps:
        if isinstance(step, Merge) and step.kind in JOINS:
            for other in set(JOINS) - {step.kind}:
                yield put(step.span, other)
            for branch in step.branches:
                start = spec.text.rfind("\n", 0, branch.span.start) + 1
                end = spec.text.find("\n", branch.span.end) + 1
                if spec.text[start : branch.span.start].strip() == "-" and end:
                    yield (Edit(start, end, ""),)


# --- shapes ---


@kind
def input_shape(spec):
    for match in spec.lines(r"^input: (\d+)x(\d+)x(\d+)"):
        channels, height, width = map(int, match.groups())
        for shape in (
            (height, width, channels),
            (4 - channels if channels in (1, 3) else channels + 1, height, width),
            (channels, height // 2, width // 2),
            (channels, height // 8, width // 8),
            (channels, height + 2, width + 2),
            (channels, height - 1, width - 1),
        ):
            text = "x".join(map(str, shape))
            yield (Edit(match.start(1), match.end(3), text),)


@kind
def assertion(spec):
    """A shape that the network does not have."""
    for match in spec.lines(r"-> \[([^\]\n]*)\]"):
        dims = match[1].split(", ")
        for place, dim in enumerate(dims):
            for other in typos(int(dim)) if dim.isdigit() else ():
                changed = [*dims[:place], str(other), *dims[place + 1 :]]
                yield (Edit(match.start(1), match.end(1), ", ".join(changed)),)


# --- YAML ---


@kind
def indentation(spec):
    """A line moved by a space or two."""
    for match in spec.lines(r"^ +(?=\S)"):
        yield (Edit(match.start(), match.start(), "  "),)
        yield (Edit(match.start(), match.start(), " "),)
        if match.end() - match.start() > 1:
            yield (Edit(match.start(), match.start() + 2, ""),)
            yield (Edit(match.start(), match.start() + 1, ""),)


@kind
def colon_or_dash(spec):
    """A colon or a dash left out, or no space behind it."""
    for match in spec.lines(r"^[ -]*\w+(:)( |$)"):
        yield (Edit(match.start(1), match.end(1), ""),)
        if match[2]:
            yield (Edit(match.end(1), match.end(2), ""),)
    for match in spec.lines(r"^ *(-)( )"):
        yield (Edit(match.start(1), match.end(2), ""),)
        yield (Edit(match.end(1), match.end(2), ""),)


@kind
def separator(spec):
    """A comma in place of a bar, no comma between arguments, `:` in place of `=`."""
    for chain in spec.chains:
        for before, call in pairwise(chain.calls):
            yield (Edit(before.span.end, call.span.start, ", "),)
            yield (Edit(before.span.end, call.span.start, " "),)
    for call in spec.calls:
        for before, argument in pairwise(call.arguments):
            yield (Edit(before.span.end, argument.span.start, " "),)
            if argument.keyword:
                word = argument.keyword.span
                yield (Edit(word.end, argument.value.span.start, ": "),)


@kind
def bracket(spec):
    """A bracket left out or doubled."""
    for call in spec.calls:
        if call.span.text.endswith(")"):
            end = call.span.end
            yield (Edit(end - 1, end, ""),)
            yield (Edit(end, end, ")"),)
            at = call.name.span.end
            yield (Edit(at, at + 1, " "),)


@kind
def value(spec):
    """A value that an argument does not take."""
    for call in spec.calls:
        for argument in call.arguments:
            number = integer(argument.value)
            if number:
                for other in (f'"{number}"', -number, number + 0.5, 0, f"{number}x"):
                    yield put(argument.value.span, other)
