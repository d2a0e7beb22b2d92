"""What reads or gives something that was lost: an argument, a name, an output.

unit(64)                 unit(64, width)           `width` is a name there
add: [relu, ref(x)]      x: identity               as the first step of the block
times: n                 params: {n: 2}
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from archspec.diagnostics.diagnostic import Diagnostic, Edit, Fix
from archspec.diagnostics.source import Span
from archspec.frontend.ast import (
    BlockDefinition,
    Call,
    Chain,
    Document,
    Group,
    Labeled,
    Let,
    Merge,
    RepeatFor,
    Step,
)
from archspec.frontend.step_traversal import calls_in, starts_with_ref
from archspec.lowering.references import INPUT_NAMES
from archspec.repair.block_edits import steps_in
from archspec.repair.call_edits import edited, positional, quoted
from archspec.repair.document_edits import bodies
from archspec.repair.edit_costs import (
    ADDED,
    INSERTED,
    LAST_RESORT,
    LOST_SIGNATURE,
    MAX_LEAD,
    REMOVED,
    VALUE,
    Candidate,
)
from archspec.repair.syntax_edits import last_of_block

VALUES = (2, 1, 3, 8, 64)  # of a param that nobody has given a value


def lost_parts(finding: Diagnostic, document: Document) -> Iterator[Candidate]:
    """Edits that give what is missing, or leave out what needs it."""
    for body, block in bodies(document):
        if finding.code == "missing-argument":
            yield from _arguments(finding, document, body, block)
        if finding.code == "missing-ref":
            yield from _first_reads(finding, document, body)
        if finding.code == "dangling-ref" and block:
            yield from _named_input(finding, body)
        if finding.code == "undefined-name":
            yield from _other_names(finding, document, body, block)
        if finding.code != "unknown-op" or not finding.proposals:
            yield from _without_step(finding, body)
    if finding.code == "undefined-name":
        yield from _definitions(finding, document)
    if finding.code == "unknown-output" and document.net:
        yield from _returned_input(finding, document, document.net)
        if len(document.outputs) > 1 and (edit := without_item(finding.primary.span)):
            title = f"remove `{finding.primary.span.text}`"
            yield Candidate.weak(REMOVED, title, edit)
    if finding.code == "unknown-parameter":
        yield from _param_of_variant(finding, document)
    if finding.code == "unread-step" and document.outputs:
        for label in _labels_at(finding, document):
            last = document.outputs[-1].span
            edit = Edit(last.source.span(last.end, last.end), f", {label}")
            yield Candidate.of(ADDED, f"add `{label}` to `outputs`", edit)


# --- arguments ---


def _arguments(
    finding: Diagnostic, document: Document, body: Step, block: BlockDefinition | None
) -> Iterator[Candidate]:
    """The names of a scope for the parameters of that name, else usual values."""
    at = finding.primary.span
    call = next(
        (c for c in calls_in(body) if c.span.start <= at.start < c.span.end), None
    )
    missing = finding.missing
    if call is None or not missing or call.name.span.start != at.start:
        return
    scope = [*_names(body, block), *(name.id for name, _ in document.params)]
    own = [name if name in scope else None for name in missing]
    if all(own):
        names = [name for name in own if name]
        yield _with_positional(call, names, ADDED)
        if block and block.name.id == call.name.id:  # it calls itself, with less
            yield _with_positional(call, [*names[:-1], f"{names[-1]} - 1"], ADDED - 0.1)
    yield from _first_arguments(call, document, scope)
    if len(missing) == 1:
        others = dict.fromkeys([*_usual(call, document), *scope])
        for place, value in enumerate(others):
            yield _with_positional(call, [value], VALUE + 0.2 + place / 50)
    for step in steps_in(body):
        if isinstance(step, RepeatFor) and call in calls_in(step.body):
            rows = [c.name.id for c in step.columns if not c.pattern]
            for name in rows:
                yield _with_positional(call, [f"*{name}"], VALUE)


def _first_arguments(
    call: Call, document: Document, scope: list[str]
) -> Iterator[Candidate]:
    """The names of the first parameters, before arguments that read the last ones.

    `unet(n - 1)` in `unet(c, n)` becomes `unet(c, n - 1)`.
    """
    given = positional(call)
    for block in document.blocks if given else ():
        parameters = [p.names[0].id for p in block.parameters if not p.keyword_only]
        first, last = parameters[: -len(given)], parameters[-len(given) :]
        reads = all(
            name in re.findall(r"\w+", each.value.span.text)
            for name, each in zip(last, given, strict=False)
        )
        if block.name.id == call.name.id and reads and first and {*first} <= {*scope}:
            at = given[0].span
            edit = Edit(at.source.span(at.start, at.start), f"{', '.join(first)}, ")
            yield Candidate.weak(ADDED - 0.1, f"write `{edited(call, edit)}`", edit)


def _usual(call: Call, document: Document) -> Iterator[str]:
    """The last values of other calls of the same block, then of any call."""
    calls = [c for body, _ in bodies(document) for c in calls_in(body)]
    like = [c for c in calls if c.name.id == call.name.id]
    for each in (*like, *calls):
        if each is not call and (given := positional(each)[-1:]):
            yield given[0].value.span.text


def _with_positional(call: Call, values: list[str], cost: float) -> Candidate:
    """More arguments behind the positional ones."""
    text, end = ", ".join(values), call.span.end
    given = [a for a in call.arguments if a.keyword is None]
    source = call.span.source
    if given:
        at = given[-1].span.end
        edit = Edit(source.span(at, at), f", {text}")
    elif call.arguments:
        at = call.arguments[0].span.start
        edit = Edit(source.span(at, at), f"{text}, ")
    else:
        edit = Edit(source.span(call.name.span.end, end), f"({text})")
    title = source.text[call.span.start : edit.span.start] + edit.text
    title += source.text[edit.span.end : end]
    return Candidate.weak(cost, f"write `{' '.join(title.split())}`", edit)


# --- names ---


def _names(body: Step, block: BlockDefinition | None) -> Iterator[str]:
    """The names that a body, its block, its columns and its `let` give."""
    if block:
        yield from (name.id for p in block.parameters for name in p.names)
    for step in steps_in(body):
        if isinstance(step, RepeatFor):
            for column in step.columns:
                yield from (name.id for name in column.pattern or (column.name,))
        elif isinstance(step, Let):
            yield from (name.id for name, _ in step.bindings)


def _other_names(
    finding: Diagnostic, document: Document, body: Step, block: BlockDefinition | None
) -> Iterator[Candidate]:
    """Another name of the scope, or its number of channels."""
    at = finding.primary.span
    if any(c.span.start <= at.start < c.span.end for c in calls_in(body)):
        params = [name.id for name, _ in document.params]
        for place, name in enumerate(
            dict.fromkeys([*_names(body, block), *params, "ch"])
        ):
            cost = INSERTED + 0.2 + place / 50
            yield Candidate.weak(cost, f"write `{name}`", Edit(at, name))


def _definitions(finding: Diagnostic, document: Document) -> Iterator[Candidate]:
    """The name as a param, which has a value, of the block or of the spec."""
    at = finding.primary.span
    name, source = at.text, at.source
    if not name.isidentifier():
        return
    for place, value in enumerate(VALUES):
        for block in document.blocks:
            span = block.signature
            if not block.parameters and is_in(at, block.body) and not place:
                title = f"write `{span.text}({name}):`"
                edit = Edit(source.span(span.end, span.end), f"({name})")
                yield Candidate.of(LOST_SIGNATURE, title, edit)
            if is_in(at, block.body) and span.text.endswith(")"):
                star = any(p.keyword_only for p in block.parameters)
                separator = ", " if block.parameters else ""
                text = f"{separator}{'' if star else '*, '}{name}={value}"
                edit = Edit(source.span(span.end - 1, span.end - 1), text)
                title = f"add the parameter `{name}={value}` to `{block.name.id}`"
                yield Candidate.weak(INSERTED + place * (MAX_LEAD + 0.1), title, edit)
        yield from _param(name, value, VALUE + place * (MAX_LEAD + 0.1), document)


def _param_of_variant(finding: Diagnostic, document: Document) -> Iterator[Candidate]:
    """What a variant sets as a param, of the same value."""
    at = finding.primary.span
    for name, value in chain.from_iterable(document.variants.values()):
        if name.span == at and value:
            yield from _param(at.text, value.span.text, VALUE, document)


def _param(
    name: str, value: object, cost: float, document: Document
) -> Iterator[Candidate]:
    """One more param of the spec."""
    source = document.source
    if document.params:
        first = document.params[0][0].span
        is_flow = source.text[: first.start].rstrip().endswith(("{", ","))
        end = ", " if is_flow else "\n" + " " * (first.column - 1)
        edit = Edit(source.span(first.start, first.start), f"{name}: {value}{end}")
    elif match := re.search(r"^(blocks|net):", source.text, re.MULTILINE):
        line = source.span(match.start(), match.start())
        edit = Edit(line, f"params: {{{name}: {value}}}\n")
    else:
        return
    yield Candidate.weak(cost, f"add `{name}: {value}` to `params`", edit)


def is_in(at: Span, body: Step) -> bool:
    """Whether a place is in a step."""
    spans = [each.span for each in steps_in(body)]
    start, end = min(s.start for s in spans), max(s.end for s in spans)
    return spans[0].source is at.source and start <= at.start <= end


# --- branches and steps ---


def _labels_at(finding: Diagnostic, document: Document) -> Iterator[str]:
    """The label of the step that a finding is about."""
    at = finding.primary.span
    for body, _ in bodies(document):
        for step in steps_in(body):
            if isinstance(step, Labeled) and is_in(at, step):
                yield step.label.span.text


def _first_reads(
    finding: Diagnostic, document: Document, body: Step
) -> Iterator[Candidate]:
    """A chain that starts with a `ref` to an input."""
    at = finding.primary.span
    for step in steps_in(body):
        if isinstance(step, Chain) and step.span.start <= at.start < step.span.end:
            if starts_with_ref(step):
                continue
            for place, each in enumerate(document.inputs):
                text, read = step.span.text, f"ref({each.name.id})"
                new = read if text == "identity" else f"{read} | {text}"
                edit = Edit(step.span, new)
                yield Candidate.weak(ADDED + place / 20, f"write `{new}`", edit)


def _without_step(finding: Diagnostic, body: Step) -> Iterator[Candidate]:
    """A list without the step that a finding is about: the last resort."""
    at = finding.primary.span
    depth = 0
    for step in steps_in(body):
        items: tuple[Step, ...] = ()
        if isinstance(step, Group):
            items = step.steps
        elif isinstance(step, Merge):
            items = step.branches
        for item in items:
            if len(items) > 1 and is_in(at, item):
                edit = left_out(item)
                if edit:
                    depth += 1
                    text = re.sub(r"\s#.*", "", edit.span.text)
                    text = " ".join(text.split()).strip("-, ")
                    title = f"remove `{text if len(text) < 50 else text[:47] + '...'}`"
                    yield Candidate.weak(LAST_RESORT - depth / 20, title, edit)


def _named_input(finding: Diagnostic, body: Step) -> Iterator[Candidate]:
    """A first step of a block that gives its input the name that a `ref` reads."""
    at, source = finding.primary.span, finding.primary.span.source
    if at.text not in INPUT_NAMES or not is_in(at, body) or not isinstance(body, Group):
        return
    label = "input" if at.text == "in" else at.text  # a keyword of Python
    first = body.steps[0]
    start, _ = quoted(first.label.span if isinstance(first, Labeled) else first.span)
    step = f"{label}: identity"
    lead = source.line(first.span.line)[: source.position(start)[1] - 1]
    text = f"{step}\n{lead}" if lead.strip() == "-" else f"{{{step}}}, "
    reads = [call for call in calls_in(body) if call.name.id == "ref"]
    spans = [given.span for call in reads for given in call.arguments]
    renamed = [Edit(span, label) for span in spans if span.text == at.text != label]
    title = f"add `{step}` as the first step"
    is_strong = at.text != "x"  # which also names the current value
    added = Edit(source.span(start, start), text)
    yield Candidate(ADDED, Fix(title, (added, *renamed), is_strong))


def _returned_input(
    finding: Diagnostic, document: Document, net: Group
) -> Iterator[Candidate]:
    """A last step that reads an input, so that the network can return it."""
    at = finding.primary.span
    name, source = at.text, at.source
    first = net.steps[0].span
    lead = source.line(first.line)[: first.column - 1]
    if name in [each.name.id for each in document.inputs] and not lead.strip(" -"):
        indent = len(lead) - len(lead.lstrip())
        last = last_of_block(source, first.line, indent)
        end = source.line_starts[last - 1] + len(source.line(last))
        step = f"{name}_out: ref({name})"
        added = Edit(source.span(end, end), f"\n{' ' * indent}- {step}")
        renamed = Edit(at, f"{name}_out")
        yield Candidate.weak(ADDED, f"add the step `{step}`", added, renamed)


def left_out(item: Step) -> Edit | None:
    """Leave a step out of a list."""
    return without_item(item.label.span if isinstance(item, Labeled) else item.span)


def without_item(span: Span) -> Edit | None:
    """Leave an item out of a list: its lines, or its text and a comma."""
    source = span.source
    start, end = quoted(span)
    line = source.line(span.line)
    lead = line[: source.position(start)[1] - 1]
    if lead.rstrip().endswith("-") and not lead.strip(" -"):
        if lead.count("-") > 1:
            return None
        indent = len(lead) - len(lead.lstrip())
        last = last_of_block(source, span.line, indent + 1)
        stop = source.line_starts[last - 1] + len(source.line(last)) + 1
        begin = source.line_starts[span.line - 1]
        return Edit(source.span(begin, min(stop, len(source.text))), "")
    before, after = source.text[:start].rstrip(), source.text[end:]
    if before.endswith(",") and after.lstrip()[:1] in (",", "]"):
        return Edit(source.span(len(before) - 1, end), "")
    if before.endswith("[") and after.lstrip().startswith(","):
        stop = end + len(after) - len(after.lstrip(", "))
        return Edit(source.span(start, stop), "")
    return None
