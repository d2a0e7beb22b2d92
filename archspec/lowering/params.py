"""The values of a document's params: defaults, then a variant, then what is set."""

from __future__ import annotations

from collections.abc import Mapping

from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.source import Source
from archspec.diagnostics.suggest import did_you_mean
from archspec.frontend.ast import Document, Expression, Name
from archspec.ir.symbolic import Traced
from archspec.lowering.evaluate import (
    Evaluator,
    Unknown,
    ValueFault,
    constant_or_name,
    describe,
)
from archspec.lowering.scope import Block, Environment, Scope
from archspec.ops.op import Op

Setting = tuple[Name, Expression]


def resolve_params(
    document: Document,
    environment: Environment,
    variant: str | None,
    settings: list[Setting],
    findings: Findings,
) -> None:
    """Fill in `environment.params`; findings for names and types that do not fit.

    A param whose value is in error is left out of the scope's knowledge: it is there,
    and nobody knows its value.
    """
    for name, expression in document.params:
        if name.id in ("cin", "ch", "ref"):
            findings.error(
                "reserved-name",
                f"`{name.id}` has a meaning of its own",
                name.span,
                help="choose another name",
            )
        _set(name, expression, environment, findings)
    for name_of_variant, values in document.variants.items():
        chosen = environment if name_of_variant == variant else _copy(environment)
        _override(list(values), chosen, findings, f"variant `{name_of_variant}`")
    if variant is not None and variant not in document.variants:
        findings.error(
            "unknown-variant",
            f"`{document.name}` has no variant `{variant}`",
            Source(f"--variant {variant}", "").span(0, 0),
            help=did_you_mean(variant, document.variants)
            or _list("the variants are", document.variants),
        )
    _override(settings, environment, findings, "spec")


def _copy(environment: Environment) -> Environment:
    """For checking a variant that is not chosen."""
    return Environment(dict(environment.params), environment.callees)


def _override(
    values: list[Setting], environment: Environment, findings: Findings, where: str
) -> None:
    for name, expression in values:
        if name.id not in environment.params:
            findings.error(
                "unknown-parameter",
                f"there is no parameter `{name.id}` to set in this {where.split(maxsplit=1)[0]}"
                if where == "spec"
                else f"the {where} sets `{name.id}`, which is not in `params`",
                name.span,
                help=did_you_mean(name.id, environment.params)
                or _list("the parameters are", environment.params),
            )
            continue
        before = environment.params[name.id]
        _set(name, expression, environment, findings)
        after = environment.params[name.id]
        if before and after and not _same_type(before.value, after.value):
            findings.error(
                "invalid-parameter-type",
                f"`{name.id}` is {_type_name(before.value)}, found {describe(after.value)}",
                expression.span,
                help=f"its default is {describe(before.value)}",
            )
            environment.params[name.id] = before


def _set(
    name: Name, expression: Expression, environment: Environment, findings: Findings
) -> None:
    scope = Scope(environment, None, dict(environment.params))
    value: Traced | None = None
    try:
        value = Evaluator(scope, None)(expression)
    except Unknown:
        pass
    except ValueFault as fault:
        findings.error(fault.code, fault.message, fault.span, help=fault.help)
    if value is not None:
        value = Traced(value.value, constant_or_name(value.value))
    environment.params[name.id] = value


def _same_type(before: object, after: object) -> bool:
    if isinstance(before, bool) or isinstance(after, bool):
        return isinstance(before, bool) and isinstance(after, bool)
    if isinstance(before, float):
        return isinstance(after, int | float)
    return _type_name(before) == _type_name(after)


def _type_name(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case int():
            return "an integer"
        case float():
            return "a number"
        case str():
            return "text"
        case tuple():
            return "a list"
        case Op() | Block():
            return "an op or block"
    raise AssertionError(value)


def _list(start: str, names: Mapping[str, object]) -> str:
    if not names:
        return "it has none"
    return f"{start} {', '.join(f'`{name}`' for name in names)}"
