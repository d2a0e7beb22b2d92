"""Read YAML text into a tree, and report traps of YAML such as duplicate keys and tabs.

The tree of `params: {k: 3}`, without spans and styles, is

    Mapping([(Scalar("params"), Mapping([(Scalar("k"), Scalar("3", 3))]))])
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml

from archspec.diagnostics.diagnostic import Findings, Label, write
from archspec.diagnostics.source import Source, Span
from archspec.frontend.yaml.scalars import find_problem, plain_value
from archspec.frontend.yaml.tree import Mapping, Scalar, Sequence, Tree
from archspec.frontend.yaml.yaml_errors import report_yaml_error

MAX_DEPTH = 60  # nested lists and mappings
MAX_NODES = 20_000  # after aliases are followed

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

BYTE_ORDER_MARK = "\ufeff"
PROPERTIES = re.compile(r"(?:[&!]\S*\s*)*")  # `&anchor` and `!tag` before a value
TAG = re.compile(r"!\S*")
INDENTING_TAB = re.compile(r"^ *\t[ \t]*(?=[^\s#])", re.MULTILINE)


class _Stop(Exception):  # noqa: N818  # control flow, not an error
    """The rest of the document is not read. The finding is recorded."""


def read_yaml(source: Source, findings: Findings, start: int = 0) -> Tree | None:
    """Read the document in a source, from `start` on; None if there is none."""
    start += source.text.startswith(BYTE_ORDER_MARK, start)
    if _indented_with_tabs(source, findings):
        return None
    try:
        return _Builder(source, findings, start).document()
    except _Stop:
        return None
    except yaml.MarkedYAMLError as error:
        report_yaml_error(source, start, error, findings)
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        at = getattr(error, "position", getattr(error, "start", 0)) or 0
        offset = min(start + at, len(source.text))
        findings.error(
            "not-text",
            "the file has characters that no text has",
            source.span(offset, offset + 1),
            help="a spec is a YAML file in UTF-8",
        )
    return None


def _indented_with_tabs(source: Source, findings: Findings) -> bool:
    """Report tabs as indentation, once for all lines."""
    tabs = [*INDENTING_TAB.finditer(source.text)]
    if tabs:
        start = tabs[0].start() + tabs[0].group().index("\t")
        more = len(tabs) - 1
        findings.error(
            "tab-indentation",
            "a line is indented with a tab",
            source.span(start, tabs[0].end()),
            notes=[f"{more} more line{'s are' if more > 1 else ' is'}"] if more else (),
            help="indent with spaces: YAML does not allow tabs",
        )
    return bool(tabs)


def _height(tree: Tree) -> int:
    """Count the levels of nesting: 2 for `[[a], b]`."""
    match tree:
        case Scalar():
            return 0
        case Sequence():
            parts = tree.items
        case Mapping():
            parts = tuple(part for pair in tree.pairs for part in pair)
    return 1 + max(map(_height, parts), default=0)


def _is_alias(event: Any) -> bool:
    return isinstance(event, yaml.AliasEvent)


class _Builder:
    """Builds the tree from the events of PyYAML's parser, within bounds."""

    def __init__(self, source: Source, findings: Findings, start: int) -> None:
        self.source = source
        self.findings = findings
        self.start = start
        self.events: Iterator[Any] = yaml.parse(source.text[start:], Loader=LOADER)
        self.anchors: dict[str, tuple[Tree, int, int]] = {}  # tree, size, height
        self.nodes = 0

    def document(self) -> Tree | None:
        next(self.events)  # the stream starts
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            self.empty()
            return None
        tree = self.tree(next(self.events), 0)
        if isinstance(tree, Scalar) and tree.value is None and not tree.has_error:
            self.empty()
            return None
        next(self.events)  # the document ends
        event = next(self.events)
        if not isinstance(event, yaml.StreamEndEvent):
            start = self.start + event.start_mark.index
            self.findings.error(
                "second-document",
                "a second document starts here",
                self.source.span(start, start + 3),
                help="write one network per file",
            )
        return tree

    def empty(self) -> None:
        self.findings.error(
            "empty-document",
            "the file is empty",
            self.source.span(0, 0),
            help="`archspec new mynet` writes a spec to start from",
        )

    def tree(self, event: Any, depth: int) -> Tree:
        span = self.span(event)
        self.descend(depth, span)
        if _is_alias(event):
            return self.alias(event, span, depth)
        if event.tag not in (None, "!"):
            self.report_tag(event)
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
            size = self.nodes - before
            self.anchors[event.anchor] = (tree, size, _height(tree))
        return tree

    def span(self, event: Any) -> Span:
        """Return the place of a value, without an anchor or a tag before it."""
        start = self.start + event.start_mark.index
        end = self.start + event.end_mark.index
        if not _is_alias(event) and (event.tag or event.anchor):
            properties = PROPERTIES.match(self.source.text, start)
            start = properties.end() if properties else start
        return self.source.span(start, max(start, end))

    def report_tag(self, event: Any) -> None:
        start = self.start + event.start_mark.index
        tag = TAG.search(self.source.text, start)
        span = self.source.span(*tag.span()) if tag else self.span(event)
        self.findings.error(
            "yaml-tag",
            f"YAML tags such as `{span.text}` have no meaning here",
            span,
            help="omit the tag",
        )

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
                "use a block or a repeat instead of aliases",
            )

    def descend(self, depth: int, span: Span) -> None:
        if depth > MAX_DEPTH:
            message = f"nested more than {MAX_DEPTH} deep"
            self.stop("nesting-too-deep", message, span, "nest fewer lists")

    def alias(self, event: Any, span: Span, depth: int) -> Tree:
        known = self.anchors.get(event.anchor)
        if known is None:  # events of libyaml do not resolve aliases
            self.stop(
                "invalid-yaml",
                f"no complete anchor `&{event.anchor}` before this alias",
                span,
                "omit the alias, or give an earlier value this anchor",
            )
        tree, size, height = known
        self.count(size, span)
        self.descend(depth + height, span)
        return tree

    def scalar(self, event: yaml.ScalarEvent, span: Span) -> Scalar:
        style = event.style or ""
        text: str = event.value
        if style in ("|", ">"):  # the event ends after the line break
            span = self.source.span(span.start, span.start + len(span.text.rstrip()))
        if style:
            return Scalar(span, text, text, style)
        problem = find_problem(text)
        if problem:
            self.findings.error(problem.code, problem.message, span, help=problem.help)
            return Scalar(span, text, text, style, has_error=True)
        return Scalar(span, text, plain_value(text), style)

    def sequence(self, start: Span, depth: int, *, flow: bool) -> Sequence:
        items = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.tree(event, depth + 1))
        span = self.whole(start, event, [item.span for item in items])
        return Sequence(span, tuple(items), flow)

    def mapping(self, start: Span, depth: int) -> Mapping:
        pairs: dict[str, tuple[Scalar, Tree]] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.tree(event, depth + 1)
            value = self.tree(next(self.events), depth + 1)
            if not isinstance(key, Scalar):
                is_computed = isinstance(key, Mapping) and ":" not in key.span.text
                self.findings.error(
                    "invalid-type",
                    "a key is a word, not a list or mapping",
                    key.span,
                    help=write(f'"{key.span.text}"', " in quotes")
                    if is_computed
                    else "write one name before the colon",
                )
                key = Scalar(key.span, key.span.text, None, "", has_error=True)
            if key.text in pairs:
                first = pairs[key.text][0]
                self.findings.error(
                    "duplicate-key",
                    f"the key `{key.text}` is written twice",
                    key.span,
                    related=[Label(first.span, "first written here")],
                    help="keep one of them: YAML would silently keep the last",
                )
            else:
                pairs[key.text] = (key, value)
        span = self.whole(start, event, [value.span for _, value in pairs.values()])
        return Mapping(span, tuple(pairs.values()))

    def whole(self, start: Span, end: Any, parts: list[Span]) -> Span:
        """Return the span of a list or mapping, to its bracket or its last part."""
        last = self.start + end.end_mark.index
        if self.source.text[start.start : start.start + 1] not in ("[", "{") and parts:
            last = max(start.start, parts[-1].end)
        return self.source.span(start.start, last)
