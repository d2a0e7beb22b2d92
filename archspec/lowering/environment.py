"""What a document may call: ops, the library, the blocks it imports, and its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from os.path import normpath, relpath
from pathlib import Path

from archspec.diagnostics.diagnostic import Findings, Label
from archspec.diagnostics.source import Source, Span
from archspec.frontend.ast import Document
from archspec.frontend.document import parse_document
from archspec.frontend.files import read_source
from archspec.lowering.params import resolve_params
from archspec.lowering.scope import Block, Callee, Environment
from archspec.ops.registry import OPS

MAX_TRAIL = 50  # files that import the next


def document_environment(
    document: Document, path: Path | None, findings: Findings
) -> Environment:
    """The names of a document; imports are looked for beside its `path`."""
    trail = (path.resolve(),) if path else ()
    importer = _Importer(findings, Path(document.source.name).parent)
    environment = importer.environment(document, trail)
    environment.files = importer.files
    return environment


@cache
def library() -> dict[str, Callee]:
    """The blocks that come with archspec, by name."""
    findings = Findings()
    callees: dict[str, Callee] = dict(OPS)
    environment = Environment({}, callees, bundled=True)
    for file in sorted(files("archspec.library").iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".yaml"):
            continue
        source = Source(f"library/{file.name}", file.read_text(encoding="utf-8"))
        document = parse_document(source, findings, check_schema=False)
        assert document
        for definition in document.blocks:
            callees[definition.name.id] = Block(definition, environment)
    assert not len(findings), [d.message for d in findings]
    return {name: c for name, c in callees.items() if isinstance(c, Block)}


@dataclass
class _Importer:
    """Reads every imported file once."""

    findings: Findings
    folder: Path  # of the spec, as it is named
    read: dict[Path, dict[str, Callee] | None] = field(default_factory=dict)
    texts: dict[Path, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)  # texts by path from `folder`

    def environment(self, document: Document, trail: tuple[Path, ...]) -> Environment:
        """The names of a document that is reached along a trail of files."""
        environment = Environment({}, {**OPS, **library()}, complete=document.complete)
        for text, span in document.imports:
            imported = self.imported(text, span, trail)
            environment.complete &= imported is not None
            environment.imports[text] = imported or {}
            environment.callees |= environment.imports[text]
        for definition in document.blocks:
            environment.callees[definition.name.id] = Block(definition, environment)
        return environment

    def imported(
        self, text: str, span: Span, trail: tuple[Path, ...]
    ) -> dict[str, Callee] | None:
        """The blocks of an imported file; None if it cannot be read whole."""
        path = self.path(text, span, trail)
        if path is None:
            return None
        name = normpath(Path(span.source.name).parent / text)
        if path not in self.read:
            self.read[path] = self.blocks(text, name, path, span, trail)
        if path in self.texts:
            file = Path(relpath(name, self.folder)).as_posix()
            self.files[file] = self.texts[path]
        return self.read[path]

    def path(self, text: str, span: Span, trail: tuple[Path, ...]) -> Path | None:
        """The file that is meant: it lies beside the importing one, or below."""
        try:
            base = trail[-1].parent if trail else None
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
                help="import files that lie beside the spec, or in a folder below",
            )
        elif path in trail:
            names = [f"`{p.name}`" for p in (*trail[trail.index(path) :], path)]
            message = f"files import each other: {' imports '.join(names)}"
            self.findings.error("import-cycle", message, span)
        elif not is_file:
            self.missing(text, span)
        elif len(trail) > MAX_TRAIL:
            message = f"files import files more than {MAX_TRAIL} deep"
            self.findings.error("nesting-too-deep", message, span)
        else:
            return path
        return None

    def missing(self, text: str, span: Span) -> None:
        self.findings.error(
            "import-missing",
            f"there is no file `{text}` beside this spec",
            span,
            help="the path starts at the folder of the spec",
        )

    def blocks(
        self, text: str, name: str, path: Path, span: Span, trail: tuple[Path, ...]
    ) -> dict[str, Callee] | None:
        """The blocks of a file."""
        source = read_source(path, name, self.findings)
        document = parse_document(source, self.findings) if source else None
        if source is None or document is None:
            return None
        self.texts[path] = source.text
        environment = self.environment(document, (*trail, path))
        resolve_params(document, environment, None, [], self.findings)
        if not document.blocks and document.complete:
            self.findings.error(
                "import-missing",
                f"`{text}` has no blocks to import",
                span,
                related=[Label(document.source.span(0, 0), "this file")],
                help="blocks stand under `blocks:`",
            )
        own = {d.name.id: environment.callees[d.name.id] for d in document.blocks}
        return own if environment.complete else None


def _is_below(path: Path, folder: Path) -> bool:
    return path.is_relative_to(folder)
