"""Imported files of which nothing calls a block."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.lints.lint import LintedSpec, LintFinding


def unused_imports(spec: LintedSpec) -> Iterator[LintFinding]:
    """Find imported files without a called block."""
    environment = spec.environment
    for text, span in spec.document.imports:
        blocks = environment.imports.get(text, {})
        if not any(
            name in spec.uses.called and environment.callees[name] is block
            for name, block in blocks.items()
        ):
            message = f"unused import `{text}`"
            yield LintFinding("unused-import", message, span)
