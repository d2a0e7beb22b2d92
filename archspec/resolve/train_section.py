"""Check the `train:` section: the same calls and findings, for recipes."""

from __future__ import annotations

from collections.abc import Mapping

from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.suggest import did_you_mean
from archspec.frontend.ast import Call, Chain, Document, Expression, Literal
from archspec.ops.recipes import BATCH_SIZE, RECIPES, Recipe
from archspec.ops.signature import Signature
from archspec.resolve.bind import bind, written
from archspec.resolve.evaluate import EvaluationError, Evaluator, UnknownValue, describe
from archspec.resolve.scope import Environment, Scope

NOUNS = {"data": "data set", "augment": "augmentation", "init": "initialisation"}


def resolve_train(
    document: Document, environment: Environment, findings: Findings
) -> dict[str, object]:
    """The settings of a spec: numbers, and recipes with their arguments complete."""
    scope = environment.scope
    found: dict[str, object] = {}
    for key, (_, setting) in document.train.items():
        if isinstance(setting, Literal):
            found[key] = setting.value
        elif isinstance(setting, Chain) and key in RECIPES:
            recipes = [_recipe(call, key, scope, findings) for call in setting.calls]
            found[key] = tuple(recipes) if key == "augment" else recipes[0]
            if key != "augment" and len(recipes) > 1:
                findings.error(
                    "too-many-arguments",
                    f"`{key}` takes one call, found {len(recipes)}",
                    setting.calls[1].span,
                )
    _check_accumulate(document, found, findings)
    return found


def _check_accumulate(
    document: Document, found: Mapping[str, object], findings: Findings
) -> None:
    """See that a step is cut into no more parts than it has images."""
    parts, images = found.get("accumulate"), found.get("batch_size", BATCH_SIZE)
    if isinstance(parts, int) and isinstance(images, int) and parts > images:
        findings.error(
            "invalid-argument",
            f"`accumulate` cuts a step of {images:,} images into {parts:,} parts",
            document.train["accumulate"][1].span,
            help=f"cut it into {images:,} parts at most",
        )


def _recipe(call: Call, key: str, scope: Scope, findings: Findings) -> Recipe | None:
    known = RECIPES[key]
    recipe = known.get(call.name.id)
    if recipe is None:
        listed = ", ".join(f"`{name}`" for name in known)
        findings.error(
            "unknown-op",
            f"there is no {NOUNS.get(key, key)} `{call.name.id}`",
            call.name.span,
            help=did_you_mean(call.name.id, known) or f"there are {listed}",
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
            help=f"write `{fixed}`",
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
        values[parameter.name] = None  # as long as nobody knows it
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
