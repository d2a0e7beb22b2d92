"""`import:` brings in the blocks of other files and of bundled specs.

A document may call ops, the library's blocks, imported blocks, and its own. Each file is
read once. `import_stack` holds the files from the spec to the importing one, so that a
cycle is found.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from os.path import normpath, relpath
from pathlib import Path

from archspec.catalog import Entry, find_bundled, is_path, suggest_bundled
from archspec.diagnostics.diagnostic import Findings, Label, TooMany
from archspec.diagnostics.source import Source, Span
from archspec.frontend.ast import Document
from archspec.frontend.document_parser import parse_document
from archspec.frontend.source_files import read_source
from archspec.ops.registry import OPS
from archspec.resolve.library import library
from archspec.resolve.params import resolve_params
from archspec.resolve.scope import Block, Callee, Environment

MAX_IMPORT_DEPTH = 50  # files that import the next


def document_environment(
    document: Document, path: Path | None, findings: Findings
) -> Environment:
    """The names of a document; imported paths start at the directory of `path`."""
    import_stack = (path.resolve(),) if path else ()
    importer = _Importer(findings, Path(document.source.name).parent)
    environment = importer.environment(document, import_stack)
    environment.files = importer.files
    return environment


@dataclass
class _Importer:
    """Reads each imported file once."""

    findings: Findings
    folder: Path  # of the spec, as it is named
    read: dict[Entry, dict[str, Callee] | None] = field(default_factory=dict)
    texts: dict[Path, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)  # texts by path from `folder`

    def environment(
        self, document: Document, import_stack: tuple[Path, ...]
    ) -> Environment:
        """The names of a document at the end of an import stack."""
        environment = Environment({}, {**OPS, **library()}, complete=document.complete)
        for text, span in document.imports:
            imported = self.imported(text, span, import_stack)
            environment.complete &= imported is not None
            environment.imports[text] = imported or {}
            environment.callees |= environment.imports[text]
        for definition in document.blocks:
            block = Block.of(definition, environment)
            environment.callees[block.name] = block
        return environment

    def imported(
        self, text: str, span: Span, import_stack: tuple[Path, ...]
    ) -> dict[str, Callee] | None:
        """The blocks of an imported file; None if the file cannot be read completely."""
        entry = self.entry(text, span, import_stack)
        if entry is None:
            return None
        if entry not in self.read:
            self.read[entry] = self.blocks(text, entry, span, import_stack)
        path = entry.path
        if (
            path in self.texts
            and import_stack
            and _is_below(path, import_stack[0].parent)
        ):
            file = Path(relpath(entry.name, self.folder)).as_posix()
            self.files[file] = self.texts[path]
        return self.read[entry]

    def entry(
        self, text: str, span: Span, import_stack: tuple[Path, ...]
    ) -> Entry | None:
        """The bundled spec of this name, or the file with this path."""
        bundled = None if is_path(text) else find_bundled(text)
        if bundled is None:
            path = self.path(text, span, import_stack)
            name = normpath(Path(span.source.name).parent / text)
            return Entry(path, name) if path else None
        bundled = bundled._replace(path=bundled.path.resolve())
        is_sound = self.is_sound(bundled.path, span, import_stack)
        return bundled if is_sound else None

    def path(
        self, text: str, span: Span, import_stack: tuple[Path, ...]
    ) -> Path | None:
        """The imported file, in the directory of the importing file or below."""
        try:
            base = import_stack[-1].parent if import_stack else None
            path = (base / text).resolve() if base else None
            is_file = path is not None and path.is_file()
        except (OSError, ValueError):
            self.missing(text, span)
            return None
        if Path(text).is_absolute() or not (base and path and _is_below(path, base)):
            self.findings.error(
                "import-outside",
                f"`{text}` is outside the folder of the spec",
                span,
                help="import files in the directory of the spec, or below it",
            )
        elif path not in import_stack and not is_file:
            self.missing(text, span)
        elif self.is_sound(path, span, import_stack):
            return path
        return None

    def is_sound(self, path: Path, span: Span, import_stack: tuple[Path, ...]) -> bool:
        """Whether an import ends: it closes no cycle and is not nested too deep."""
        if path in import_stack:
            cycle = (*import_stack[import_stack.index(path) :], path)
            names = [f"`{file.name}`" for file in cycle]
            message = f"files import each other: {' imports '.join(names)}"
            help = "move the blocks that both use to a third file"
            self.findings.error("import-cycle", message, span, help=help)
            return False
        if len(import_stack) > MAX_IMPORT_DEPTH:
            message = f"files import files more than {MAX_IMPORT_DEPTH} deep"
            self.findings.error("nesting-too-deep", message, span)
            return False
        return True

    def missing(self, text: str, span: Span) -> None:
        help = "the path starts at the folder of the spec"
        self.findings.error(
            "import-missing",
            f"the spec's directory has no file `{text}`"
            + f", and archspec no bundled spec `{text}`" * (not is_path(text)),
            span,
            help=help if is_path(text) else suggest_bundled(text) or help,
        )

    def blocks(
        self,
        text: str,
        entry: Entry,
        span: Span,
        import_stack: tuple[Path, ...],
    ) -> dict[str, Callee] | None:
        """The blocks of a file."""
        path = entry.path
        source = read_source(path, entry.name, self.findings)
        if source is None:
            return None
        document = _sound(source) or parse_document(source, self.findings)
        if document is None:
            return None
        self.texts[path] = source.text
        environment = self.environment(document, (*import_stack, path))
        resolve_params(document, environment, entry.variant, [], self.findings)
        if not document.blocks and document.complete:
            self.findings.error(
                "import-missing",
                f"`{text}` has no blocks to import",
                span,
                related=[Label(document.source.span(0, 0), "this file")],
                help="put blocks under `blocks:`",
            )
        own = {d.name.id: environment.callees[d.name.id] for d in document.blocks}
        return own if environment.complete else None


@lru_cache(maxsize=16)
def _sound(source: Source) -> Document | None:
    """The document of a text without findings; a search for fixes reads one often."""
    findings = Findings()
    with suppress(TooMany):
        document = parse_document(source, findings)
        return None if len(findings) else document
    return None


def _is_below(path: Path, folder: Path) -> bool:
    return path.is_relative_to(folder)
