"""All lints, in the order in which they run."""

from __future__ import annotations

from archspec.diagnostics.diagnostic import Findings, Severity
from archspec.frontend.ast import Document
from archspec.ir.graph import Graph
from archspec.lints.dropout_before_norm import dropout_before_norm
from archspec.lints.ignored_codes import is_ignored
from archspec.lints.large_linear import large_linear
from archspec.lints.last_layer import last_layer
from archspec.lints.lint import Lint, LintedSpec
from archspec.lints.name_uses import NameUses
from archspec.lints.pool_enlarges import pool_enlarges
from archspec.lints.pool_gaps import pool_gaps
from archspec.lints.repeated_steps import repeated_steps
from archspec.lints.softmax_output import softmax_output
from archspec.lints.unused_blocks import unused_blocks
from archspec.lints.unused_imports import unused_imports
from archspec.lints.unused_names import unused_names
from archspec.resolve.scope import Environment

RULES: tuple[Lint, ...] = (
    unused_names,
    unused_blocks,
    unused_imports,
    last_layer,
    pool_gaps,
    pool_enlarges,
    dropout_before_norm,
    repeated_steps,
    large_linear,
    softmax_output,
)


def lint(
    document: Document,
    environment: Environment,
    graph: Graph | None,
    findings: Findings,
) -> None:
    """Record the warnings of all rules about a spec without errors.

    An error comes first: a typo, say, leaves a name unread, and is one mistake.
    """
    nodes = tuple(graph.nodes) if graph else ()
    spec = LintedSpec(document, environment, graph, nodes, NameUses.of(document))
    for rule in RULES:
        for code, message, span in rule(spec):
            if not is_ignored(code, span):
                findings.error(code, message, span, severity=Severity.WARNING)
