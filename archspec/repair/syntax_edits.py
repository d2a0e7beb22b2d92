"""A sign, a space or an indentation that is missing, too much, or another one.

conv(8, k=3), relu     conv(8, k=3) | relu
conv(8 k=3)            conv(8, k=3)
-relu                  - relu
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archspec.diagnostics.diagnostic import Diagnostic, Edit
from archspec.diagnostics.source import Source
from archspec.repair.edit_costs import REMOVED, SYNTAX, Candidate

CALL_CODES = ("invalid-syntax", "split-call", "invalid-label", "invalid-step")
LINE_CODES = (
    *CALL_CODES,
    "invalid-type",
    "invalid-yaml",
    "missing-key",
    "missing-step",
    "tab-indentation",
    "unknown-key",
    "unread-step",
)
REMOVED_LINES = {"invalid-step": (1,), "invalid-yaml": (1, 2), "unread-step": (1,)}
KEY = re.compile(r"^[ -]*[\w{}]+(?=[ (]|$)")
LABELS = re.compile(r"( *- )([\w{}]+): (\w+: .*)")  # `- stem: body: relu`
LEAD = re.compile(r"(?: *- )* *")


def syntax_edits(finding: Diagnostic) -> Iterator[Candidate]:
    """Edits at the place of a finding about the text."""
    source, start, end = finding.primary.span
    if finding.code in CALL_CODES:
        yield from _signs(source, start, end)
    if finding.code.startswith("duplicate-"):
        yield from _left_out(source, start, end)
    if finding.code in LINE_CODES:
        line = source.position(start)[0]
        yield from _ascii(source, line)
        for lines in REMOVED_LINES.get(finding.code, ()):
            yield from _without_lines(source, line, lines)
        line = source.position(start)[0]
        if finding.code == "missing-step" and source.line(line).rstrip().endswith(":"):
            yield from _branches_below(source, line)
        for place, number in enumerate((line, line - 1, line - 2, line + 1)):
            if 0 < number <= len(source.line_starts):
                for each in _line_edits(source, number):
                    yield each._replace(cost=each.cost + place / 20)


def _branches_below(source: Source, number: int) -> Iterator[Candidate]:
    """The next items of a list as the branches of the join in a line: two, or more."""
    text = source.line(number)
    indent = len(text) - len(text.lstrip())
    starts = [
        other
        for other in range(number + 1, len(source.line_starts) + 1)
        if source.line(other)[: indent + 2] == " " * indent + "- "
    ]
    ends = [*starts[1:], len(source.line_starts) + 1]
    for place, end in enumerate(ends[1:4]):
        first = source.line_starts[number]
        last = source.line_starts[end - 2] + len(source.line(end - 2 + 1))
        lines = source.text[first:last].split("\n")
        moved = "\n".join(f"    {line}" if line.strip() else line for line in lines)
        title = (
            f"indent the {place + 2} steps below `{text.strip(' -')}` as its branches"
        )
        edit = Edit(source.span(first, last), moved)
        yield Candidate.of(SYNTAX + place / 5, title, edit)


LOOK_ALIKES = str.maketrans("“”‘’（）［］：，＝｜", "\"\"''()[]:,=|")


def _ascii(source: Source, number: int) -> Iterator[Candidate]:
    """A line without signs that only look like those of the language."""
    text, first = source.line(number), source.line_starts[number - 1]
    plain = text.translate(LOOK_ALIKES)
    for other in (plain, plain.replace('"', "")):
        if other != text:
            yield line_edit(source, first, first + len(text), other, 0.0)


def _signs(source: Source, start: int, end: int) -> Iterator[Candidate]:
    """A sign put in, left out or replaced, near a place in a line."""
    line = source.position(start)[0]
    first = source.line_starts[line - 1]
    last = first + len(source.line(line))
    text, found = source.text[first:last], source.text[start:end]
    gap = start - len(source.text[first:start]) + len(source.text[first:start].rstrip())
    for sign in (", ", " | "):
        if gap > first:
            yield line_edit(source, gap, start, sign, 0.1)
    before = source.text[:start].rstrip()
    if len(before) < first and before[-1:] in (")", "]"):  # in the line before
        yield line_edit(source, len(before), len(before), ",", 0.0)
    joins = re.match(r"\w\w", source.text[gap - 1 : gap] + source.text[end : end + 1])
    if len(found) == 1 and not joins:  # `x*2` is not `x2`
        yield line_edit(source, gap, end, "", 0.0)
    if number := re.match(r"\d+(?=\D)", found):
        yield line_edit(source, start, end, number[0], 0.0)
    if text[: start - first].rstrip().endswith("->"):
        arrow = first + text[: start - first].rindex("->")
        yield line_edit(source, arrow, arrow + 2, "|", -0.1)
    if found.startswith(","):
        yield line_edit(source, gap, start + 1, " |", -0.1)
    for match in re.finditer(r": ?|=|;|→|—|//| - ", text):
        signs = {":": "=", "=": "==", ";": " |", "→": "->", "—": "-", "//": "#"}
        new = signs.get(match[0].strip(), "")
        if match[0] == ": ":
            at = first + match.start()
            yield line_edit(source, at, at + 2, "=", 0.0)
        elif new:
            yield line_edit(
                source, first + match.start(), first + match.end(), new, 0.3
            )
    for match in re.finditer(r" is not | is ", text):
        sign = " != " if "not" in match[0] else " == "
        at = first + match.start()
        yield line_edit(source, at, first + match.end(), sign, 0.0)
    for match in re.finditer(r"-> ?\(([^()]*)\)", text):
        at = first + match.start()
        yield line_edit(source, at, first + match.end(), f"-> [{match[1]}]", 0.0)
    for match in re.finditer(r"(?<=[\w)]) *(?:-|=>)? *(?=\[[\d, _]+\])", text):
        at = first + match.start()
        yield line_edit(source, at, first + match.end(), " -> ", 0.0)
    for match in re.finditer(r"(?<=-> )\d+(?:, *\d+)*(?= *(?:#|$))", text):
        at = first + match.start()
        yield line_edit(source, at, first + match.end(), f"[{match[0]}]", 0.0)


def _line_edits(source: Source, number: int) -> Iterator[Candidate]:
    """A colon, a dash, a space or another indentation of a line."""
    text, first = source.line(number), source.line_starts[number - 1]
    indent = len(text) - len(text.lstrip(" "))
    if not text.strip() or text.lstrip().startswith("#"):
        return
    for other in _indents(source, number) - {indent}:
        far = abs(other - indent) / 100
        yield line_edit(source, first, first + indent, " " * other, 0.2 + far)
    if (last := last_of_block(source, number, indent)) > number:
        end = source.line_starts[last - 1] + len(source.line(last))
        lines = source.text[first:end].split("\n")
        for other in _indents(source, number) - {indent}:
            moved = [
                " " * (len(one) - len(one.lstrip()) + other - indent) + one.lstrip()
                for one in lines
            ]
            yield line_edit(source, first, end, "\n".join(moved), 0.45)
    at = first + indent
    if match := LABELS.fullmatch(text):
        below = f"{match[1]}{match[2]}:\n{' ' * indent}    - {match[3]}"
        found = line_edit(source, first, first + len(text), below, -0.1)
        title = f"put `{match[3]}` on a line of its own below `{match[2]}:`"
        yield found._replace(fix=found.fix._replace(title=title))
    if text[indent : indent + 2] in ("* ", "+ ", "• "):
        yield line_edit(source, at, at + 1, "-", 0.0)
    if text[indent] != "-":
        yield line_edit(source, at, at, "- ", 0.1)
    elif text[indent : indent + 2] == "- ":
        yield line_edit(source, at, at + 2, "", 0.4)
    else:
        yield line_edit(source, at + 1, at + 1, " ", 0.0)
    match = KEY.match(text)
    if match:
        yield line_edit(source, first + match.end(), first + match.end(), ":", 0.05)
    for match in re.finditer(r"(?<=[\w)]):(?=[\w\"'{\[(])", text):
        yield line_edit(source, first + match.end(), first + match.end(), " ", 0.0)
    for match in re.finditer(r"\t", text):
        yield line_edit(source, first + match.start(), first + match.end(), "  ", 0.0)
    for match in re.finditer(r"(?<=\w) ?= ?(?=\w)", text):
        yield line_edit(source, first + match.start(), first + match.end(), ": ", 0.1)
    if text.rstrip().endswith(","):
        end = first + len(text.rstrip())
        yield line_edit(source, end - 1, end, "", 0.0)


def _left_out(source: Source, start: int, end: int) -> Iterator[Candidate]:
    """A list without an item and the comma before it."""
    before = source.text[:start].rstrip()
    if before.endswith(","):
        yield line_edit(source, len(before) - 1, end, "", 0.0)


def _without_lines(source: Source, number: int, count: int) -> Iterator[Candidate]:
    """The text without some lines."""
    if number + count - 1 <= len(source.line_starts):
        first = source.line_starts[number - 1]
        last = number + count - 1
        end = source.line_starts[last - 1] + len(source.line(last))
        edit = Edit(source.span(first, min(end + 1, len(source.text))), "")
        title = f"remove `{' '.join(edit.span.text.split())}`"
        yield Candidate.of(REMOVED + count / 10, title, edit)


def last_of_block(source: Source, number: int, indent: int) -> int:
    """The last of the lines from this one on, of which the further ones are indented."""
    last = number
    for other in range(number + 1, len(source.line_starts) + 1):
        text = source.line(other)
        if text.strip() and len(text) - len(text.lstrip(" ")) < indent:
            break
        last = other if text.strip() else last
    return last


def _indents(source: Source, number: int) -> set[int]:
    """The columns at which lines nearby start, and what stands in them."""
    found = set()
    for other in range(
        max(number - 6, 1), min(number + 6, len(source.line_starts)) + 1
    ):
        text = source.line(other)
        if other != number and text.strip() and not text.lstrip().startswith("#"):
            indent = len(text) - len(text.lstrip(" "))
            found |= {indent, indent + 2}
            lead = LEAD.match(text)
            found.add(lead.end() if lead else indent)
    return found


def line_edit(
    source: Source, start: int, end: int, text: str, cost: float
) -> Candidate:
    """An edit within lines, whose title is what is then written."""
    edit = Edit(source.span(start, end), text)
    line = source.position(start)[0]
    first = source.line_starts[line - 1]
    last = first + len(source.line(line))
    new = source.text[first:start] + text + source.text[end:last]
    title = f"write `{new.strip()}`"
    spaces = len(text) - len(text.lstrip(" "))
    if new.strip() == source.text[first:last].strip():
        title = f"indent `{new.strip()}` by {spaces} spaces"
    elif "\n" in source.text[start:end]:
        title = f"indent line {line} and those below it by {spaces} spaces"
    return Candidate.of(SYNTAX + cost, title, edit)
