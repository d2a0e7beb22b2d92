"""`ref(label)`: a chain that reads the output of an earlier labeled step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from archspec.diagnostics.diagnostic import Replacement, write
from archspec.diagnostics.suggest import closest, did_you_mean
from archspec.frontend.ast import Call, Expression, LabelPath, Literal, Name
from archspec.ir import graph as ir
from archspec.lowering.context import Context, Items
from archspec.lowering.label_text import label_text
from archspec.lowering.labels import Found, Labels

INPUT_NAMES = ("in", "inp", "input", "inputs", "x")  # what others call an input


def lower_reference(
    call: Call, x: ir.Value, context: Context, items: Items
) -> ir.Value:
    """`ref(stem)`: the chain reads the output of the step with that label."""
    label = only_path(call)
    if label is None:
        context.findings.error(
            "invalid-syntax",
            "`ref` takes the name of one label",
            call.span,
            help=_example(call, context),
        )
        return ir.Value(None)
    reference = read_label(label, x, context)
    if reference is None:
        return ir.Value(None)
    items.append(reference)
    return reference.value


def read_label(label: Expression, x: ir.Value, context: Context) -> ir.Reference | None:
    """The output of an earlier label; None, with a finding, if there is none."""
    if not is_path(label):
        _report_no_label(label, context)
        return None
    found = find_label(label, x, context)
    return context.labels.reference_to(found) if found else None


def find_label(
    label: Expression, x: ir.Value, context: Context, *, of_layers: bool = False
) -> Found | None:
    """The earlier label that a path leads to; None, with a finding, if there is none.

    `of_layers` tells that only labels of layers are of use, as for `tied`.
    """
    path = path_of(label, x, context)
    if path is None:
        return None
    found = context.labels.find(path.id)
    if found is not None:
        return found
    # An arm not taken has no labels, and an unknown label may be any.
    labels = context.labels
    is_certain = all(each.is_complete for each in labels.outwards)
    is_certain &= not any("{" in known for known in labels.known())
    if context.is_taken and is_certain:
        known = labels.known_layers() if of_layers else labels.known()
        reader = (
            "`tied` runs all of it" if of_layers else "`ref` reads its output alone"
        )
        _report_dangling(path, known, reader, context)
    return None


def path_of(label: Expression, x: ir.Value, context: Context) -> Name | None:
    """The path that a label or a path of labels spells; None if it is unknown."""
    match label:
        case Name():
            return label
        case Literal(value=int() as number) if not isinstance(number, bool):
            return Name(label.span, str(number))
        case LabelPath():
            text = label_text(label, x, context)
            return None if text is None else Name(label.span, text.value)
    return None


def report_misplaced(call: Call, context: Context) -> None:
    """Report a `ref` that is not the first call of its chain."""
    given = call.arguments[0].value if call.arguments else None
    label = given.span.text if given and is_path(given) else "stem"
    context.findings.error(
        "misplaced-ref",
        "`ref` would discard the output of the chain",
        call.span,
        help=f"start a chain with it: `ref({label}) | ...`",
    )


def only_path(call: Call) -> Expression | None:
    """The path of labels that is the one argument of a call; None if it has others."""
    if len(call.arguments) != 1 or call.arguments[0].keyword:
        return None
    label = call.arguments[0].value
    return label if is_path(label) else None


def is_path(label: Expression) -> bool:
    """Whether an expression can be a label, or a path of labels."""
    is_number = isinstance(label, Literal) and type(label.value) is int
    return is_number or isinstance(label, Name | LabelPath)


def _example(call: Call, context: Context) -> str:
    """Help with a call of one of the labels, if there is one."""
    labels = context.labels.known()
    given = [a.value.id for a in call.arguments if isinstance(a.value, Name)]
    known = [name for name in given if name in labels] or labels
    if known:
        return write(f"ref({known[-1]})")
    return "write `ref(stem)` for the output of the step `stem: ...`"


def _report_no_label(label: Expression, context: Context) -> None:
    context.findings.error(
        "invalid-syntax",
        "expected the name of a label",
        label.span,
        help=write([*context.labels.known(), "stem"][0], ", say"),
    )


# --- labels that are not there -------------------------------------------------------


def _report_dangling(
    path: Name, known: Sequence[str], reader: str, context: Context
) -> None:
    """Report the first label of a path that is not there; `known` might be meant."""
    first, *rest = path.id.split(".")
    for labels in context.labels.outwards:
        if first in labels.outputs or first in labels.groups:
            _report_inside(path, labels, reader, context)
            return
    help = did_you_mean(first, known) if not rest else _other_path(path, first, known)
    help = _other_stem(path, known) or _in_a_group(path, context) or help
    if first in (head.name for head in context.run.heads):
        help = f"`{first}` is a head: inference has no output of it"
    elif later := context.labels.later(first, path.span):
        help = f"`{first}` is defined later, on line {later.line}: move that step up"
    elif not help and first in context.scope.environment.callees:
        help = (
            f"`{first}` is not a label: give its call one, as `{first}: {first}(...)`"
        )
    elif not help and path.id in INPUT_NAMES and context.block:
        label = "input" if first == "in" else first  # a keyword of Python
        help = f"name the input in the first step of the block: `{label}: identity`"
    elif not help and path.id in INPUT_NAMES and "input" in known:
        is_strong = first != "x"  # which also names the current value
        help = Replacement("write `input`", "input", is_strong=is_strong)
    elif not help and known:
        help = f"the labels so far are {_listed(known)}"
    context.findings.error(
        "dangling-ref",
        f"no earlier step of this body has the label `{first}`",
        path.span,
        help=help or f"label the step to read: `{first}: ...`",
    )


def _report_inside(path: Name, labels: Labels, reader: str, context: Context) -> None:
    """Report a path that ends at a layer, a block or a group without the next label."""
    first, *rest = path.id.split(".")
    walked = [first]
    inner = labels.groups.get(first)
    while rest and inner and rest[0] in {*inner.groups, *inner.outputs}:
        walked.append(rest.pop(0))
        inner = inner.groups.get(walked[-1])
    if inner is not None and not inner.is_complete:
        return
    place = ".".join(walked)
    help: str
    if inner is None:
        message = f"`{place}` is a layer or block, and {reader}"
        help = Replacement(f"write `{place}`", place)
    elif not rest:
        message = f"the group `{place}` has no output before its last step has run"
        help = f"the labels in it so far are {_listed(inner.outputs)}"
    else:
        message = f"no earlier step of the group `{place}` has the label `{rest[0]}`"
        help = _other_path(path, rest[0], inner.outputs)
        help = help or f"the labels in it so far are {_listed(inner.outputs)}"
    context.findings.error("dangling-ref", message, path.span, help=help)


def _other_path(path: Name, wrong: str, known: Iterable[str]) -> str:
    """Help with the path, in which a known label takes the place of a wrong one."""
    meant = closest(wrong, known)
    if meant is None:
        return ""
    parts = [meant if part == wrong else part for part in path.id.split(".")]
    right = ".".join(parts)
    return Replacement(f"did you mean `{right}`?", right)


def _in_a_group(path: Name, context: Context) -> str:
    """Help with the whole path of a label in a group: `g.a` for `a`."""
    bodies = [dict(labels.all_outputs()) for labels in context.labels.outwards]
    ends = [known for body in bodies for known in body if known.endswith(f".{path.id}")]
    right = ends[0] if len(ends) == 1 else ""
    return Replacement(f"write `{right}`", right) if right else ""


def _other_stem(path: Name, known: Iterable[str]) -> str:
    """Help with a computed label, as `dwon{i}` where there is `down0`."""
    stem, brace, number = path.span.text.partition("{")
    meant = closest(stem, {label.rstrip("0123456789") for label in known})
    if not brace or meant in (None, stem):
        return ""
    right = f"{meant}{brace}{number}"
    return Replacement(f"did you mean `{right}`?", right)


def _listed(labels: Iterable[str]) -> str:
    return ", ".join(f"`{label}`" for label in labels) or "none"
