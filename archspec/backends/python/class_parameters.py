"""The parameters of an emitted class's constructor.

A block's signature and the types of its arguments give them:

    residual(cout, *, s=1)   ->   (self, in_channels: int, cout: int, *, s: int = 1)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from archspec.backends.python.expressions import value_expr
from archspec.backends.python.identifiers import python_name
from archspec.backends.python.syntax import AtomExpr, ClassName, Expr, ParameterDef
from archspec.ir.graph import Graph, Module, param_name
from archspec.resolve.partial_call import has_callee, is_callee

CALLABLE = AtomExpr("Callable[..., nn.Module]", frozenset({"Callable", "nn"}))
ANY_LENGTH = ", ...]"  # of a tuple


@dataclass(frozen=True)
class ClassParameter:
    """A parameter of a constructor, and where its arguments come from.

    `key` is the spec's own name for it. It is empty for a parameter that unifying
    values has added, which has a value for each instance.
    """

    name: str
    annotation: Expr
    default: Expr | None = None
    keyword_only: bool = False
    key: str = ""
    values: Sequence[object] = ()
    is_callable: bool = False  # an op or block, which the class calls

    @property
    def definition(self) -> ParameterDef:
        """The parameter in the signature."""
        return ParameterDef(self.name, self.annotation, self.default, self.keyword_only)


class BlockClass(Protocol):
    """A finished class of a block: how to call it."""

    name: ClassName
    parameters: list[ClassParameter]
    has_width: bool  # whether it sets `self.out_channels`

    def index(self, module: Module) -> int:
        """The position of an instance among those of the class."""


def in_channels() -> ClassParameter:
    """The channels of the input."""
    return ClassParameter("in_channels", annotation([1]), key="cin")


def block_parameters(
    modules: list[Module],
    names: Mapping[str, str],
    callable_default: Callable[[str, object], Expr | None] | None,
) -> dict[str, ClassParameter]:
    """What the body of a block may read: the input channels and its parameters.

    `names` are those of parameters that have a longer name than in the spec.
    `callable_default` writes the default of one that is an op or block; without it,
    parameters of this kind are left out.
    """
    block = modules[0]
    found = {"cin": in_channels()}
    for key in block.arguments:
        values = [module.arguments[key].value for module in modules]
        default = None
        if any(map(has_callee, values)):
            if callable_default and all(map(is_callee, values)):
                found[key] = ClassParameter(
                    python_name(key),
                    CALLABLE,
                    callable_default(key, block.defaults.get(key)),
                    keyword_only=key in block.keyword_only,
                    key=key,
                    is_callable=True,
                )
            continue
        if key in block.defaults:
            values.append(block.defaults[key])
            default = value_expr(block.defaults[key])
        name = names.get(key, key)
        found[name] = ClassParameter(
            python_name(name),
            annotation(values),
            default,
            keyword_only=key in block.keyword_only,
            key=key,
        )
    return found


def params_of_spec(
    graphs: Sequence[Graph],
    names: Sequence[str],
    write: Callable[[str, Any], Expr | None],
) -> dict[str, ClassParameter]:
    """The params that the class of a network has, which its blocks read too.

    `write` writes the default of one that is an op or block.
    """
    found: dict[str, ClassParameter] = {}
    for name in names:
        values = [graph.family.params[name] for graph in graphs]
        is_callable = any(map(has_callee, values))
        default = write(name, values[0]) if is_callable else value_expr(values[0])
        key = param_name(name)
        found[key] = ClassParameter(
            python_name(key),
            CALLABLE if is_callable else _of_any_length(values),
            default,
            keyword_only=True,
            key=key,
            is_callable=is_callable,
        )
    return found


def _of_any_length(values: Sequence[Any]) -> Expr:
    """The type of a param; a tuple may be longer or shorter."""
    if all(isinstance(value, tuple) for value in values):
        inner = _type_name([item for value in values for item in value])
        return AtomExpr(f"tuple[{inner}{ANY_LENGTH}")
    return annotation(values)


def of_length(parameter: ClassParameter, length: int) -> ClassParameter:
    """A parameter whose tuple, if it takes one, has this length."""
    written = parameter.annotation
    if not isinstance(written, AtomExpr) or not written.text.endswith(ANY_LENGTH):
        return parameter
    inner = written.text.removeprefix("tuple[").removesuffix(ANY_LENGTH)
    return replace(
        parameter, annotation=AtomExpr(f"tuple[{', '.join([inner] * length)}]")
    )


def known_values(module: Module, names: Mapping[str, str]) -> dict[str, Any]:
    """The values that a block's body may read in one call, by their long names."""
    found = {
        names.get(key, key): item.value
        for key, item in module.arguments.items()
        if not has_callee(item.value)
    }
    if module.input.shape is not None:
        found["cin"] = int(module.input.shape.channels)
    return found


def annotation(values: Iterable[Any]) -> Expr:
    """The type of a parameter that takes these values."""
    return AtomExpr(_type_name(values))


def _type_name(values: Iterable[Any]) -> str:
    values = list(values)
    tuples = {_tuple_type(value) for value in values if isinstance(value, tuple)}
    scalars = {_scalar_type(value) for value in values if not isinstance(value, tuple)}
    if scalars == {int, float} and not tuples:
        return "float"
    return " | ".join(sorted({*tuples, *(scalar.__name__ for scalar in scalars)}))


def _scalar_type(value: Any) -> type:
    return type(value) if isinstance(value, bool | float | str) else int


def _tuple_type(value: tuple[Any, ...]) -> str:
    if not value:
        return "tuple[()]"
    inner = _type_name(value)
    return f"tuple[{inner}, {inner}]" if len(value) == 2 else f"tuple[{inner}, ...]"
