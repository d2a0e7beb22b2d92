"""Blocks that nothing calls."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.lints.lint import LintedSpec, LintFinding
from archspec.lints.name_uses import names_in


def unused_blocks(spec: LintedSpec) -> Iterator[LintFinding]:
    """Find uncalled blocks of a network; a library's blocks are for other specs."""
    document = spec.document
    defaults = {name for _, value in document.params for name in names_in(value)}
    may_be_set = defaults & spec.environment.callees.keys()  # by `--set`, to any block
    if document.net is None or may_be_set:
        return
    for block in document.blocks:
        name = block.name.id
        if name not in spec.uses.called:
            message = f"unused block `{name}`"
            yield LintFinding("unused-block", message, block.name.span)
