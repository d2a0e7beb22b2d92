"""The values of `params`: the defaults, changed by a variant, changed by `--set`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from archspec.diagnostics.diagnostic import Findings, Replacement, TooMany
from archspec.diagnostics.source import Source
from archspec.diagnostics.suggest import did_you_mean
from archspec.frontend.ast import Binding, Document, Expression, Literal, Name
from archspec.frontend.value_parser import ValueParser
from archspec.frontend.yaml.tree import Scalar
from archspec.ir.symbolic import Symbolic
from archspec.ops.op import Op
from archspec.resolve.evaluation_budget import Budget
from archspec.resolve.evaluation_errors import EvaluationError, UnknownValue
from archspec.resolve.expression_values import Evaluator
from archspec.resolve.partial_call import PartialCall, is_callee
from archspec.resolve.scope import Block, Environment, check_new_names
from archspec.resolve.value_code import constant_or_name
from archspec.resolve.value_text import describe
from archspec.signatures.signature import show

Overrides = Mapping[str, Expression | None]


def resolve_params(
    document: Document,
    environment: Environment,
    variant: str | None,
    overrides: Sequence[Binding],
    findings: Findings,
) -> dict[str, dict[str, Any]]:
    """Fill in `environment.params`; findings for wrong names and types.

    Returns the values of all params for each variant.

    A param reads the final values of the params before it. A param with an error has an
    unknown value.
    """
    check_new_names([name for name, _ in document.params], findings)
    known = {name.id: expression for name, expression in document.params}
    chosen: Overrides = {}
    budget = Budget(findings)
    found: dict[str, dict[str, Any]] = {}
    for title, values in document.variants.items():
        where = f"the variant `{title}` sets"
        changes = _known(values, known, findings, where)
        copy = Environment({}, environment.callees, complete=environment.complete)
        if title == variant:
            chosen = changes
            with suppress(TooMany):  # its mistakes are found below
                _resolve(document, copy, [changes], Budget(Findings()))
        else:
            _resolve(document, copy, [changes], budget)
        params = copy.params.items()
        found[title] = {n: p.value for n, p in params if p is not None}
    if variant is not None and variant not in document.variants:
        findings.error(
            "unknown-variant",
            f"`{document.name}` has no variant `{variant}`",
            Source(f"--variant {variant}", "", is_argument=True).span(0, 0),
            help=did_you_mean(variant, document.variants)
            or _listed("variants", document.variants),
        )
    given = _known(overrides, known, findings, "")
    _resolve(document, environment, [chosen, given], budget)
    return found


def _known(
    values: Sequence[Binding],
    params: Mapping[str, object],
    findings: Findings,
    where: str,
) -> Overrides:
    """The values by name; a finding for each unknown param."""
    for name, _ in values:
        if name.id not in params:
            findings.error(
                "unknown-parameter",
                f"{where} `{name.id}`, which is not in `params`"
                if where
                else f"unknown param `{name.id}`",
                name.span,
                help=did_you_mean(name.id, params) or _listed("params", params),
            )
    return {name.id: expression for name, expression in values}


def _resolve(
    document: Document,
    environment: Environment,
    overrides: Sequence[Overrides],
    budget: Budget,
) -> None:
    for name, default in document.params:
        value = _value(default, environment, budget)
        for values in overrides:
            if name.id in values:
                value = _overridden(
                    name.id, value, values[name.id], environment, budget
                )
        environment.params[name.id] = value


def _overridden(
    name: str,
    default: Symbolic | None,
    expression: Expression | None,
    environment: Environment,
    budget: Budget,
) -> Symbolic | None:
    """The new value, which must have the type of the default."""
    if (
        default is not None
        and isinstance(default.value, str)
        and isinstance(expression, Name)
    ):
        expression = Literal(expression.span, expression.id)  # a text without quotes
    if default is not None and is_callee(default.value):
        expression = _unquoted(expression, budget.findings)
    if default is not None and _is_unknown(expression, environment):
        assert isinstance(expression, Name)
        budget.findings.error(
            "undefined-name",
            f"undefined name `{expression.id}`",
            expression.span,
            help=_suggested(name, default.value, expression.id, environment),
        )
        return default
    value = _value(expression, environment, budget)
    if value is None or default is None or _same_type(default.value, value.value):
        return value
    assert expression is not None
    budget.findings.error(
        "invalid-parameter-type",
        f"`{name}` is {_type_name(default.value)}, found {describe(value.value)}",
        expression.span,
        help=Replacement(
            f"write `{_written(default.value)}`, its default",
            _written(default.value),
            is_strong=False,
        ),
    )
    return default


def _suggested(name: str, default: object, given: str, environment: Environment) -> str:
    """A help line for an unknown word: the op or block that it misspells, or a value."""
    near = did_you_mean(given, environment.callees) if is_callee(default) else ""
    value = f"{name}={_written(default)}"
    return near or f"`{name}` is {_type_name(default)}: write a value such as `{value}`"


def _written(value: object) -> str:
    """A value as YAML has it; an op or block by its name."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_written, value))}]"
    return value.name if isinstance(value, Op | Block) else show(value)


def _is_unknown(expression: Expression | None, environment: Environment) -> bool:
    """Whether a value is a word that nothing is called, nor nearly so."""
    if not isinstance(expression, Name) or environment.may_define(expression.id):
        return False
    known = {*environment.params, *environment.callees, "true", "false", "ch", "cin"}
    return expression.id not in known


def _unquoted(expression: Expression | None, findings: Findings) -> Expression | None:
    """A quoted value as an expression: a text cannot stand for an op or block."""
    if not isinstance(expression, Literal) or not isinstance(expression.value, str):
        return expression
    span = expression.span
    text = Scalar(span, expression.value, expression.value, style=span.text[:1])
    return ValueParser(findings, set()).expression(text)


def _value(
    expression: Expression | None, environment: Environment, budget: Budget
) -> Symbolic | None:
    if expression is None:
        return None
    try:
        value = Evaluator(environment.scope, budget=budget)(expression)
    except UnknownValue:
        return None
    except EvaluationError as fault:
        budget.findings.error(fault.code, fault.message, fault.span, help=fault.help)
        return None
    return Symbolic(value.value, constant_or_name(value.value))


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
        case Op() | Block() | PartialCall():
            return "an op or block"
    raise AssertionError(value)


def _listed(noun: str, names: Mapping[str, object]) -> str:
    if not names:
        return f"the spec has no {noun}"
    return f"the {noun} are {', '.join(f'`{name}`' for name in names)}"
