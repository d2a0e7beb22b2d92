"""Check the `train:` section: its numbers, and calls such as `sgd(lr=0.1)`."""

from __future__ import annotations

from collections.abc import Mapping

from archspec.diagnostics.diagnostic import Edit, Findings, Fix, Offer, write
from archspec.diagnostics.suggest import did_you_mean
from archspec.frontend.ast import Call, Chain, Document, Expression, Literal
from archspec.resolve.bind import bind, written
from archspec.resolve.evaluation_errors import EvaluationError, UnknownValue
from archspec.resolve.expression_values import Evaluator
from archspec.resolve.scope import Environment, Scope
from archspec.resolve.value_text import describe
from archspec.settings.declaration import Setting
from archspec.settings.settings import SETTINGS
from archspec.signatures.recipes import Recipe
from archspec.signatures.signature import Signature

NOUNS = {"data": "data set", "augment": "augmentation", "init": "initialisation"}


def resolve_train(
    document: Document, environment: Environment, findings: Findings
) -> dict[str, object]:
    """The settings in a spec: numbers, and recipes with all their arguments."""
    scope = environment.scope
    found: dict[str, object] = {}
    for key, (_, value) in document.train.items():
        setting = SETTINGS.get(key)
        if isinstance(value, Literal):
            found[key] = value.value
        elif isinstance(value, Chain) and setting and setting.recipes:
            found[key] = _recipes(value, setting, scope, findings)
    _check_accumulate(document, found, findings)
    return found


def _recipes(
    chain: Chain, setting: Setting, scope: Scope, findings: Findings
) -> Recipe | tuple[Recipe | None, ...] | None:
    """The call of a setting, or all calls if its value is a tuple."""
    recipes = tuple(_recipe(call, setting, scope, findings) for call in chain.calls)
    if setting.is_tuple:
        return recipes
    if len(recipes) > 1:
        findings.error(
            "too-many-arguments",
            f"`{setting.name}` takes one call, found {len(recipes)}",
            chain.calls[1].span,
            help="keep one of them",
            proposals=[
                Fix(f"write `{text}`", (Edit(chain.span, text),), is_strong=False)
                for text in (call.span.text for call in chain.calls)
            ],
        )
    return recipes[0]


def _check_accumulate(
    document: Document, found: Mapping[str, object], findings: Findings
) -> None:
    """Report more micro-batches than images in a batch."""
    parts = found.get("accumulate")
    images = found.get("batch_size", SETTINGS["batch_size"].default)
    if isinstance(parts, int) and isinstance(images, int) and parts > images:
        findings.error(
            "invalid-argument",
            f"`accumulate` cuts a step of {images:,} images into {parts:,} parts",
            document.train["accumulate"][1].span,
            help=f"cut it into {images:,} parts at most",
        )


def _recipe(
    call: Call, setting: Setting, scope: Scope, findings: Findings
) -> Recipe | None:
    known = setting.recipes or {}
    recipe = known.get(call.name.id)
    if recipe is None:
        listed = ", ".join(f"`{name}`" for name in known)
        findings.error(
            "unknown-op",
            f"unknown {NOUNS.get(setting.name, setting.name)} `{call.name.id}`",
            call.name.span,
            help=did_you_mean(call.name.id, known)
            or Offer(f"expected one of {listed}", *known),
        )
        return None
    bound = bind(call, recipe, findings, takes_input=False)
    if bound is None:
        return None
    arguments = _arguments(recipe, bound.values, scope, findings)
    if arguments.get("nesterov") is True and arguments["momentum"] == 0:
        kept = [a for a in call.arguments if a.keyword and a.keyword.id != "momentum"]
        fixed = written(call, [*(a.span.text for a in kept), "momentum=0.9"])
        findings.error(
            "invalid-argument",
            f"`nesterov` of `{recipe.name}` needs a momentum above 0",
            bound.values["nesterov"].span,
            help=write(fixed),
        )
    return Recipe(recipe.name, arguments)


def _arguments(
    recipe: Signature, given: dict[str, Expression], scope: Scope, findings: Findings
) -> dict[str, object]:
    evaluate = Evaluator(scope)
    values: dict[str, object] = {}
    for parameter in recipe.parameters:
        expression = given.get(parameter.name)
        if expression is None:
            continue
        values[parameter.name] = None  # unless it is known below
        try:
            value = evaluate(expression).value
        except UnknownValue:
            continue
        except EvaluationError as fault:
            findings.error(fault.code, fault.message, fault.span, help=fault.help)
            continue
        values[parameter.name] = value
        if not parameter.type.accepts(value):
            findings.error(
                "invalid-argument",
                f"`{parameter.shown}` of `{recipe.name}` expects "
                f"{parameter.type.expected}, found {describe(value)}",
                expression.span,
            )
    return {**recipe.defaults(values), **values}
