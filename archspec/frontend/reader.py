"""Read YAML into a tree with places, and report what YAML does behind one's back.

Scalars read as in YAML 1.2: `1e-3` is a float, and `yes`, `010` and `12:30`, which
YAML 1.1 reads as true, 8 and 750, are findings instead of surprises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml

from archspec.diagnostics.diagnostic import Findings, Label
from archspec.diagnostics.source import Source, Span
from archspec.frontend.tree import Mapping, Plain, Scalar, Sequence, Tree

MAX_DEPTH = 60  # nested lists and mappings
MAX_NODES = 50_000  # after aliases are followed

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

CONSTANTS: dict[str, Plain] = {"": None, "~": None}
CONSTANTS |= dict.fromkeys(("null", "Null", "NULL"))
CONSTANTS |= dict.fromkeys(("true", "True", "TRUE"), True)
CONSTANTS |= dict.fromkeys(("false", "False", "FALSE"), False)

INTEGER = re.compile(r"[-+]?[0-9]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
SWITCH = re.compile(r"yes|no|on|off", re.IGNORECASE)
LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
SEXAGESIMAL = re.compile(r"[-+]?[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?")
INDENTING_TAB = re.compile(r"^ *\t[ \t]*(?=[^\s#])", re.MULTILINE)


class _Stop(Exception):  # noqa: N818  # control flow, not an error
    """The document cannot be read any further; the finding is recorded."""


def read_yaml(source: Source, findings: Findings) -> Tree | None:
    """The tree of the one document in a source, or None when there is none."""
    tabs = [*INDENTING_TAB.finditer(source.text)]
    if tabs:
        for tab in tabs:
            findings.error(
                "tab-indentation",
                "a line is indented with a tab",
                source.span(tab.end() - tab.group().count("\t"), tab.end()),
                help="indent with spaces: YAML does not allow tabs",
            )
        return None
    try:
        return _Builder(source, findings).document()
    except _Stop:
        return None
    except yaml.MarkedYAMLError as error:
        _report_yaml_error(source, error, findings)
    except yaml.YAMLError as error:
        offset = min(getattr(error, "position", 0) or 0, len(source.text))
        findings.error(
            "not-text",
            "the file has characters that no text has",
            source.span(offset, offset + 1),
            help="a spec is a YAML file in UTF-8",
        )
    except RecursionError:
        findings.error(
            "nesting-too-deep", "the document is nested too deep", source.span(0, 0)
        )
    return None


def _report_yaml_error(
    source: Source, error: yaml.MarkedYAMLError, findings: Findings
) -> None:
    mark = error.problem_mark or error.context_mark
    offset = min(mark.index if mark else 0, len(source.text))
    opened = error.context_mark
    related = []
    if opened and error.context and opened.index != offset:
        related.append(
            Label(source.span(opened.index, opened.index + 1), error.context)
        )
    findings.error(
        "invalid-yaml",
        f"this is not YAML: {error.problem or error.context}",
        source.span(offset, offset + 1),
        related=related,
        help=_yaml_help(source, offset),
    )


def _yaml_help(source: Source, offset: int) -> str:
    line = source.line(source.position(offset)[0])
    if re.search(r"\S: .*: ", line):
        return "put a space after `:` only where a key ends, or quote the value"
    if line.count("[") != line.count("]") or line.count("{") != line.count("}"):
        return "a bracket is opened and not closed"
    return ""


class _Builder:
    """Builds the tree from the parser's events, within bounds."""

    def __init__(self, source: Source, findings: Findings) -> None:
        self.source = source
        self.findings = findings
        self.events: Iterator[Any] = yaml.parse(source.text, Loader=LOADER)
        self.anchors: dict[str, tuple[Tree, int]] = {}
        self.nodes = 0

    def document(self) -> Tree | None:
        next(self.events)  # the stream starts
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            self.findings.error(
                "empty-document",
                "the file is empty",
                self.source.span(0, 0),
                help="`archspec new mynet` writes a spec to start from",
            )
            return None
        tree = self.tree(next(self.events), 0)
        next(self.events)  # the document ends
        event = next(self.events)
        if not isinstance(event, yaml.StreamEndEvent):
            start = event.start_mark.index
            self.findings.error(
                "second-document",
                "a second document starts here",
                self.source.span(start, start + 3),
                help="write one network per file",
            )
        return tree

    def tree(self, event: Any, depth: int) -> Tree:
        span = self.span(event)
        if depth > MAX_DEPTH:
            self.stop("nesting-too-deep", f"nested more than {MAX_DEPTH} deep", span)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, span)
        if event.tag not in (None, "!") and not getattr(event, "implicit", (True,))[0]:
            self.findings.error(
                "yaml-tag",
                f"YAML tags such as `{event.tag}` mean nothing here",
                Span(self.source, span.start, span.start + 1),
                help="leave the tag out",
            )
        before = self.nodes
        self.count(1, span)
        tree: Tree
        if isinstance(event, yaml.ScalarEvent):
            tree = self.scalar(event, span)
        elif isinstance(event, yaml.SequenceStartEvent):
            tree = self.sequence(span, depth, flow=bool(event.flow_style))
        else:
            tree = self.mapping(span, depth)
        if event.anchor:
            self.anchors[event.anchor] = (tree, self.nodes - before)
        return tree

    def span(self, event: Any) -> Span:
        return self.source.span(event.start_mark.index, event.end_mark.index)

    def stop(self, code: str, message: str, span: Span, help: str = "") -> NoReturn:
        self.findings.error(code, message, span, help=help)
        raise _Stop

    def count(self, nodes: int, span: Span) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            self.stop(
                "document-too-large",
                f"the document has more than {MAX_NODES:,} values, aliases followed",
                span,
                "use a block and `repeat`, not aliases",
            )

    def alias(self, event: Any, span: Span) -> Tree:
        known = self.anchors.get(event.anchor)
        if known is None:  # libyaml itself does not follow aliases
            self.stop(
                "invalid-yaml",
                f"there is no finished anchor `&{event.anchor}` before this alias",
                span,
            )
        tree, size = known
        self.count(size, span)
        return tree

    def scalar(self, event: yaml.ScalarEvent, span: Span) -> Scalar:
        style = event.style or ""
        text: str = event.value
        value = text if style else self.plain_value(text, span)
        return Scalar(span, text, value, style)

    def plain_value(self, text: str, span: Span) -> Plain:
        if text in CONSTANTS:
            return CONSTANTS[text]
        if SWITCH.fullmatch(text):
            truth = "true" if text.lower() in ("yes", "on") else "false"
            self.ambiguous(
                f"`{text}` is text in YAML 1.2 and {truth} in YAML 1.1",
                f'write `{truth}`, or `"{text}"` for the word',
                span,
            )
        elif LEADING_ZERO.fullmatch(text):
            plain = text.lstrip("+-0") or "0"
            self.ambiguous(
                f"`{text}` is {int(text)} in YAML 1.2, and YAML 1.1 reads it as octal",
                f"write `{plain}`",
                span,
            )
        elif SEXAGESIMAL.fullmatch(text):
            self.ambiguous(
                f"`{text}` is text in YAML 1.2 and a base-60 number in YAML 1.1",
                f'write `"{text}"` for text',
                span,
            )
        elif INTEGER.fullmatch(text):
            if len(text) > 19:
                self.stop("number-too-large", "an integer has over 18 digits", span)
            return int(text)
        elif FLOAT.fullmatch(text):
            return float(text)
        return text

    def ambiguous(self, message: str, help: str, span: Span) -> None:
        self.findings.error("ambiguous-scalar", message, span, help=help)

    def sequence(self, start: Span, depth: int, *, flow: bool) -> Sequence:
        items = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.tree(event, depth + 1))
        span = self.source.span(start.start, event.end_mark.index)
        return Sequence(span, tuple(items), flow)

    def mapping(self, start: Span, depth: int) -> Mapping:
        pairs: dict[str, tuple[Scalar, Tree]] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.tree(event, depth + 1)
            value = self.tree(next(self.events), depth + 1)
            if not isinstance(key, Scalar):
                self.findings.error(
                    "invalid-type", "a key is a word, not a list or mapping", key.span
                )
            elif key.text in pairs:
                first = pairs[key.text][0]
                self.findings.error(
                    "duplicate-key",
                    f"the key `{key.text}` is written twice",
                    key.span,
                    related=[Label(first.span, "first written here")],
                    help="keep one of them: YAML would silently take the last",
                )
            else:
                pairs[key.text] = (key, value)
        span = self.source.span(start.start, event.end_mark.index)
        return Mapping(span, tuple(pairs.values()))
