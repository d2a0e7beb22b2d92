"""All lints, in the order in which they run."""

from __future__ import annotations

from collections.abc import Mapping

from archspec.diagnostics.diagnostic import Findings, Severity
from archspec.frontend.ast import Document
from archspec.ir.graph import Graph
from archspec.lints.batch_of_one import batch_of_one
from archspec.lints.class_count import class_count
from archspec.lints.dropout_before_norm import dropout_before_norm
from archspec.lints.ignored_codes import is_ignored
from archspec.lints.large_linear import large_linear
from archspec.lints.last_layer import last_layer
from archspec.lints.lint import Lint, LintedSpec
from archspec.lints.name_uses import NameUses
from archspec.lints.pool_enlarges import pool_enlarges
from archspec.lints.pool_gaps import pool_gaps
from archspec.lints.repeated_steps import repeated_steps
from archspec.lints.single_branch import single_branch
from archspec.lints.softmax_output import softmax_output
from archspec.lints.square_signal import square_signal
from archspec.lints.untrainable_shape import untrainable
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
    square_signal,
    single_branch,
    large_linear,
    softmax_output,
    untrainable,
    class_count,
    batch_of_one,
)

ABOUT_TRAINING = ("untrainable-shape", "class-count", "batch-of-one")
"""What `train` refuses: it says so itself, and its flags may change it."""


def lint(
    document: Document,
    environment: Environment,
    graph: Graph | None,
    train: Mapping[str, object],
    findings: Findings,
) -> None:
    """Record the warnings of all rules about a spec without errors.

    An error comes first: a typo, say, leaves a name unread, and is one mistake.
    """
    nodes = tuple(graph.nodes) if graph else ()
    uses = NameUses.of(document)
    spec = LintedSpec(document, environment, graph, nodes, uses, train)
    for rule in RULES:
        for found in rule(spec):
            if not is_ignored(found.code, found.span):
                findings.error(
                    found.code,
                    found.message,
                    found.span,
                    help=found.help,
                    numbers=found.numbers,
                    severity=Severity.WARNING,
                )
