"""An `if` that is a branch of a join, without `else`: a join has all of its branches.

- add:
    - conv(8, k=3, p=1)
    - {if: s == 1, then: identity}     `else: identity` or `else: none`
"""

from __future__ import annotations

from archspec.diagnostics.diagnostic import Edit, Findings, Fix
from archspec.diagnostics.source import Span
from archspec.frontend.yaml.tree import Mapping, Sequence, Tree

ELSE = "else: identity"


def report_missing_else(branch: Tree, kind: str, findings: Findings) -> None:
    """Report each `if` without `else` that is a branch, an arm of one, or labeled."""
    if not isinstance(branch, Mapping):
        return
    key, then = branch.key("if"), branch.get("then")
    if key is None:
        inner = [value for name, value in branch.pairs if name.text != "for"]
        is_labeled = len(branch.pairs) == 1
        if is_labeled or branch.key("each"):
            report_missing_else(inner[0], kind, findings)
        return
    otherwise = branch.get("else")
    for arm in (then, otherwise):
        if arm is not None:
            report_missing_else(arm, kind, findings)
    if then is not None and otherwise is None:
        findings.error(
            "missing-else",
            f"an `if` that is a branch of `{kind}` has an `else`",
            key.span,
            help=f"write `{ELSE}` to pass the input on, or `else: none` for no branch",
            proposals=[Fix(f"write `{ELSE}`", (_insertion(branch, key.span, then),))],
        )


def _insertion(branch: Mapping, key: Span, then: Tree) -> Edit:
    """The edit that adds the `else` after the `then`."""
    source = branch.span.source
    if source.text[branch.span.start] == "{":
        end = then.span.end
        return Edit(source.span(end, end), f", {ELSE}")
    line_end = source.text.find("\n", _last_leaf(then).span.end)
    end = line_end if line_end >= 0 else len(source.text)
    return Edit(source.span(end, end), f"\n{' ' * (key.column - 1)}{ELSE}")


def _last_leaf(tree: Tree) -> Tree:
    """The last scalar in a tree: what YAML says of the end of a list includes comments."""
    match tree:
        case Sequence(items=(*_, last)):
            return _last_leaf(last)
        case Mapping(pairs=(*_, (_, last))):
            return _last_leaf(last)
    return tree
