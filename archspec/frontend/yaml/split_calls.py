"""Report calls that YAML has split at its own signs, the comma and the colon.

YAML reads

    [conv(64, k=3), relu]    three items: "conv(64", "k=3)" and "relu"
    {(n, c): rows}           two pairs: the key "(n" without a value, and "c)": rows
    - conv(64, pad: 1)       a mapping: the key "conv(64, pad", the value "1)"

where an author of specs means two steps and one step.
"""

from __future__ import annotations

from collections.abc import Iterator

from archspec.diagnostics.diagnostic import Edit, Findings, Fix
from archspec.diagnostics.source import Span
from archspec.frontend.yaml.tree import Mapping, Scalar, Sequence, Tree
from archspec.frontend.yaml.yaml_errors import report_colon_in_call


def find_split_calls(tree: Tree, findings: Findings) -> set[int]:
    """Report every split call.

    Returns the `id` of every part that must not be read further: the whole list, whose
    items are miscounted, and of a mapping the pieces.
    """
    broken: set[int] = set()
    params = tree.get("params") if isinstance(tree, Mapping) else None
    for part in _walk(tree):
        pieces = _pieces(part)
        if pieces:
            broken |= {id(part)} if isinstance(part, Sequence) else set(map(id, pieces))
            _report(part, pieces, findings, quoted_is_text=part is params)
    return broken


def _walk(tree: Tree) -> Iterator[Tree]:
    yield tree
    if isinstance(tree, Sequence):
        for item in tree.items:
            yield from _walk(item)
    elif isinstance(tree, Mapping):
        for key, value in tree.pairs:
            yield from (key, *_walk(value))


def _pieces(tree: Tree) -> list[Scalar]:
    """Return the scalars from one that opens a bracket to the one that closes it."""
    if isinstance(tree, Sequence) and tree.flow:
        parts = [item for item in tree.items if isinstance(item, Scalar)]
    elif isinstance(tree, Mapping) and _is_flow(tree):
        scalars = (part for pair in tree.pairs for part in pair)
        parts = [part for part in scalars if isinstance(part, Scalar)]
    elif isinstance(tree, Mapping):
        return _cut_key(tree)
    else:
        return []
    return _first_split(parts)


def _first_split(parts: list[Scalar]) -> list[Scalar]:
    """Return the first scalar that opens a bracket, and those up to its end."""
    found: list[Scalar] = []
    depth = 0
    for part in parts:
        if part.style:
            continue
        depth += _depth(part)
        if depth or found:
            found.append(part)
        if found and depth <= 0:
            break
    return found


def _cut_key(tree: Mapping) -> list[Scalar]:
    """Return a key that opens a bracket and the value that closes it."""
    for key, value in tree.pairs:
        if isinstance(value, Scalar) and _depth(key) > 0 > _depth(value):
            return [key, value]
    return []


def _depth(scalar: Scalar) -> int:
    """Count the brackets that are opened and not closed: 1 for `conv(64`."""
    return 0 if scalar.style else scalar.text.count("(") - scalar.text.count(")")


def _report(
    part: Tree, pieces: list[Scalar], findings: Findings, *, quoted_is_text: bool
) -> None:
    span = pieces[0].span.to(pieces[-1].span)
    if isinstance(part, Mapping) and not _is_flow(part):
        report_colon_in_call(span, findings)
        return
    text = " ".join(_without_value(pieces).text.split())
    key = _key_of(part, pieces[0])
    message = "YAML splits this call at its commas"
    help = f'write `"{text}"` in quotes'
    fixed = "" if quoted_is_text or '"' in text else f'"{text}"'
    if len(pieces) == 1:
        message, help, fixed = "a bracket in this list is not closed", "close it", ""
    elif text.startswith("("):
        message = "YAML splits this tuple at its commas"
        is_key = isinstance(part, Mapping) and key is None
        if not is_key:
            fixed = f"[{text[1:-1]}]"
            help = f"write it as a list: `{fixed}`"
    elif key is None:
        help += f", or one step per line: `- {text}`" * isinstance(part, Sequence)
    elif quoted_is_text:
        help = f"write each on a line of its own: `{key.text}: {text}`"
    else:
        help += f", or each on a line of its own: `{key.text}: {text}`"
    edits = [Edit(_without_value(pieces), fixed)]
    edits += _quotes_behind(pieces, part)
    also = ", and quotes around the other calls" * (len(edits) > 1)
    proposals = [Fix(f"write `{fixed}`{also}", tuple(edits))] if fixed else []
    if fixed.startswith('"') and sum(map(_depth, pieces)) > 0:
        message, proposals = "a bracket in this list is not closed", [*_closed(pieces)]
        help = "close it, and put the call in quotes: YAML splits it at its commas"
    findings.error(
        "split-call", message, _one_line(span), help=help, proposals=proposals
    )


def _closed(pieces: list[Scalar]) -> Iterator[Fix]:
    """The call, closed after each of its pieces, the last one first."""
    for last in reversed(pieces):
        span = pieces[0].span.to(last.span)
        text = f'"{" ".join(span.text.split())})"'
        yield Fix(f"write `{text}`", (Edit(span, text),))


def _quotes_behind(pieces: list[Scalar], part: Tree) -> Iterator[Edit]:
    """Quotes around the further calls of a list, which YAML splits too."""
    items = part.items if isinstance(part, Sequence) else ()
    scalars = [item for item in items if isinstance(item, Scalar)]
    while pieces:
        scalars = scalars[scalars.index(pieces[-1]) + 1 :] if scalars else []
        pieces = _first_split(scalars)
        if pieces:
            span = pieces[0].span.to(pieces[-1].span)
            yield Edit(span, f'"{" ".join(span.text.split())}"')


def _without_value(pieces: list[Scalar]) -> Span:
    """The text of the pieces, without the value of a key that YAML has split."""
    last = max((n for n, p in enumerate(pieces) if _depth(p) < 0), default=-1)
    return pieces[0].span.to(pieces[last].span)


def _key_of(part: Tree, piece: Scalar) -> Scalar | None:
    """The key of a value that YAML has split; None for a key, or an item of a list."""
    pairs = part.pairs if isinstance(part, Mapping) else ()
    return next((key for key, value in pairs if value is piece), None)


def _is_flow(part: Mapping) -> bool:
    return part.span.source.text[part.span.start] == "{"


def _one_line(span: Span) -> Span:
    end = span.source.text.find("\n", span.start, span.end)
    return Span(span.source, span.start, end) if end >= 0 else span
