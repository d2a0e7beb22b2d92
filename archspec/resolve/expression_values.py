"""Evaluate expressions: to a value, and to the Python that computes it.

    cout // 4  where cout is 64  ->  16, with the code `cout // 4`

The code goes into the class of a block; an expression without names is a literal.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Any, TypeGuard

from archspec.diagnostics.diagnostic import Findings, Offer, write
from archspec.diagnostics.source import Span
from archspec.diagnostics.suggest import did_you_mean
from archspec.frontend.ast import (
    Argument,
    Binary,
    Call,
    Expression,
    FunctionCall,
    IfElse,
    LabelPath,
    Literal,
    Name,
    Slice,
    Subscript,
    Tuple,
    Unary,
    walk,
)
from archspec.ir.symbolic import (
    NUMBERS,
    Symbolic,
    as_symbolic,
    constant,
    literal,
)
from archspec.ops.op import Op
from archspec.ops.registry import OPS
from archspec.resolve.bind import Keyword, bind_keywords
from archspec.resolve.evaluation_budget import Budget
from archspec.resolve.evaluation_errors import EvaluationError, UnknownValue
from archspec.resolve.operators_and_functions import (
    ARITHMETIC,
    COMPARISONS,
    EXPECTED,
    FUNCTIONS,
    MAX_ITEMS,
    is_number,
)
from archspec.resolve.partial_call import (
    PartialCall,
    has_callee,
    is_callee,
    parts_of,
)
from archspec.resolve.scope import Block, Scope
from archspec.resolve.slots import Slot
from archspec.resolve.value_code import constant_or_name, folded, is_constant
from archspec.resolve.value_text import describe
from archspec.signatures.signature import Parameter

NOT_CALLABLE = "give it an op or block, such as `relu`"
NO_STEP = 0  # the value of `ch` outside of steps, as in `params`
NAMES = "names are given in `params`, in `let`, and in the signature of a block"
MAX_INTEGER = 2**63 - 1
COMPOSED = (tuple, PartialCall)
MAX_NESTING = 20  # tuples within tuples
MAX_DEPTH = 100  # operations within operations


# Words that are values of an op's parameter, such as `same` in `p=same`.
WORDS = {w for op in OPS.values() for p in op.parameters for w in p.type.words}


def unknown_function(name: Name, callees: Iterable[str]) -> EvaluationError:
    """The error for a call of what is neither a function nor an op or block."""
    return EvaluationError(
        "unknown-function",
        f"`{name.id}` is not a function of the language",
        name.span,
        did_you_mean(name.id, {*FUNCTIONS, *callees})
        or f"the functions are {', '.join(f'`{f}`' for f in FUNCTIONS)}",
    )


class Evaluator:
    """Evaluates expressions in a scope, at a step with `ch` channels (None: unknown)."""

    def __init__(
        self, scope: Scope, ch: int | None = NO_STEP, budget: Budget | None = None
    ) -> None:
        """Look names up in `scope`; count computed values in `budget`."""
        self.scope = scope
        self.ch = ch
        self.budget = budget
        self.depth = 0

    def __call__(self, expression: Expression) -> Symbolic:
        """The value of an expression, bounded in size.

        Raises:
            UnknownValue: if it depends on an unknown value.
            EvaluationError: if it has no value.
            TooMany: if the budget is spent.
        """
        if self.budget:
            self.budget.spend(1, expression.span)
        if self.depth > MAX_DEPTH:
            message = f"operations are nested more than {MAX_DEPTH} deep"
            help = "compute a part of it under `let:`"
            raise EvaluationError("nesting-too-deep", message, expression.span, help)
        self.depth += 1
        result = self.value(expression)
        self.depth -= 1
        self.check_size(result.value, expression.span)
        return result

    def value(self, expression: Expression) -> Symbolic:
        match expression:
            case Literal():
                return literal(expression.value)
            case Name():
                return self.name(expression)
            case Tuple():
                return self.tuple(expression)
            case Unary():
                return self.unary(expression)
            case Binary(operator="and" | "or"):
                return self.either(expression)
            case Binary():
                return self.binary(expression)
            case IfElse():
                return self.if_else(expression)
            case Subscript():
                return self.subscript(expression)
            case Slice():
                return self.slice(expression)
            case FunctionCall(name=name) if name.id in FUNCTIONS:
                return self.function(expression)
            case FunctionCall():
                return self.partial_call(expression)
            case LabelPath():
                raise EvaluationError(
                    "invalid-syntax",
                    f"`{expression.span.text}` is a label, and only `ref` reads labels",
                    expression.span,
                )

    def name(self, name: Name) -> Symbolic:
        if self.scope.has(name.id):
            known = self.scope.get(name.id)
            if known is None:
                raise UnknownValue
            return known
        if name.id == "ch" and self.ch != NO_STEP:
            if self.ch is None:
                raise UnknownValue
            return as_symbolic(self.ch)
        callee = self.scope.environment.callees.get(name.id)
        if callee:
            return Symbolic(callee, constant(name.id))
        if name.id in WORDS:
            return Symbolic(name.id, constant(name.id))
        if self.scope.environment.may_define(name.id):
            raise UnknownValue
        raise self.undefined(name)

    def knows(self, name: str) -> bool:
        """Whether a name has a meaning here."""
        environment = self.scope.environment
        return (
            self.scope.has(name)
            or (name == "ch" and self.ch != NO_STEP)
            or name in environment.callees
            or name in WORDS
            or environment.may_define(name)
        )

    def undefined(self, name: Name) -> EvaluationError:
        values = {*self.scope.names(), *({"ch"} if self.ch != NO_STEP else ())}
        callees = self.scope.environment.callees
        is_word = len(name.id) > 2  # a letter is near to many names
        help = did_you_mean(name.id, values)
        help = help or did_you_mean(name.id, callees) * is_word or NAMES
        if name.id in FUNCTIONS:
            help = f"call it: `{name.id}(...)`"
        elif name.id in ("True", "False"):
            help = write(name.id.lower())
        elif name.id == "ch":
            help = "`ch` is the number of channels at a step, and this is not a step"
        elif name.id == "cin" and self.ch != NO_STEP:
            help = Offer(
                "`cin` is for the body of a block; here `ch` is the channels", "ch"
            )
        message = f"undefined name `{name.id}`"
        return EvaluationError("undefined-name", message, name.span, help)

    def tuple(self, expression: Tuple) -> Symbolic:
        items = [self(item) for item in expression.items]
        values = tuple(item.value for item in items)
        return Symbolic(values, ast.Tuple([item.code for item in items], ast.Load()))

    def unary(self, expression: Unary) -> Symbolic:
        operand = self(expression.operand)
        if expression.operator == "not":
            return folded(
                not operand.value, ast.UnaryOp(ast.Not(), operand.code), operand
            )
        self.need_number(operand, expression.operand.span)
        if expression.operator == "+":
            return operand
        return folded(-operand.value, ast.UnaryOp(ast.USub(), operand.code), operand)

    def either(self, expression: Binary) -> Symbolic:
        """`and`, `or`: the right side counts only where the left does not decide."""
        left = self(expression.left)
        decided = bool(left.value) == (expression.operator == "or")
        right = self.unless_unknown(expression.right) if decided else None
        if decided and right is None:
            return left
        right = right or self(expression.right)
        value = left.value if decided else right.value
        sign = ast.Or() if expression.operator == "or" else ast.And()
        code = ast.BoolOp(sign, [left.code, right.code])
        return folded(value, code, left, right)

    def unless_unknown(self, expression: Expression) -> Symbolic | None:
        """The value of a side that does not count; None if it has none."""
        depth = self.depth
        try:
            return self(expression)
        except (UnknownValue, EvaluationError):
            self.depth = depth
            return None

    def binary(self, expression: Binary) -> Symbolic:
        left, right = self(expression.left), self(expression.right)
        sign = expression.operator
        if sign in COMPARISONS:
            return self.comparison(expression, left, right)
        self.need_number(left, expression.left.span)
        self.need_number(right, expression.right.span)
        function, node = ARITHMETIC[sign]
        if sign == "**":
            self.check_power(left.value, right.value, expression)
        try:
            value = function(left.value, right.value)
        except ZeroDivisionError:
            raise EvaluationError(
                "division-by-zero",
                "this divides by zero",
                expression.right.span,
                "divide by `max(1, ...)`, or choose with `if` and `else`",
            ) from None
        except OverflowError:
            raise self.too_large(expression.span) from None
        return folded(value, ast.BinOp(left.code, node(), right.code), left, right)

    def comparison(
        self, expression: Binary, left: Symbolic, right: Symbolic
    ) -> Symbolic:
        function, node = COMPARISONS[expression.operator]
        try:
            value = function(left.value, right.value)
        except TypeError:
            raise EvaluationError(
                "invalid-argument-type",
                f"`{expression.operator}` cannot compare {describe(left.value)} "
                f"with {describe(right.value)}",
                expression.operator_span,
                "only numbers have an order: compare an item, as `c[0]`, or its `len(c)`",
            ) from None
        if has_callee(left.value) or has_callee(right.value):
            return literal(value)  # emitted source does not compare ops
        return folded(
            value, ast.Compare(left.code, [node()], [right.code]), left, right
        )

    def if_else(self, expression: IfElse) -> Symbolic:
        test = self(expression.test)
        taken = expression.then if test.value else expression.otherwise
        other = expression.otherwise if test.value else expression.then
        result = self(taken)
        unused = None if is_constant(test) else self.unless_unknown(other)
        if unused is None:
            return result
        arms = (result, unused) if test.value else (unused, result)
        code = ast.IfExp(test.code, arms[0].code, arms[1].code)
        return folded(result.value, code, test, *arms)

    def subscript(self, expression: Subscript) -> Symbolic:
        value = self.tuple_value(expression.value)
        index = self.index(expression.subscript)
        size = len(value.value)
        if not -size <= index.value < size:
            raise EvaluationError(
                "index-out-of-range",
                f"the tuple has {size} items, found the index {index.value}",
                expression.subscript.span,
                "the first item is 0",
            )
        code = ast.Subscript(value.code, index.code, ast.Load())
        return folded(value.value[index.value], code, value, index)

    def slice(self, expression: Slice) -> Symbolic:
        """`c[a:b]`. As in Python, bounds may be negative or beyond the end."""
        value = self.tuple_value(expression.value)
        start = self.index(expression.start) if expression.start else None
        stop = self.index(expression.stop) if expression.stop else None
        items = value.value[start and start.value : stop and stop.value]
        code = ast.Slice(start.code if start else None, stop.code if stop else None)
        known = [part for part in (value, start, stop) if part is not None]
        return folded(items, ast.Subscript(value.code, code, ast.Load()), *known)

    def tuple_value(self, expression: Expression) -> Symbolic:
        """The value of an expression that must be a tuple."""
        value = self(expression)
        if not isinstance(value.value, tuple):
            raise EvaluationError(
                "invalid-argument-type",
                f"only a tuple has items, this is {describe(value.value)}",
                expression.span,
                f"omit the brackets after `{expression.span.text}`, or give it a tuple",
            )
        return value

    def index(self, expression: Expression) -> Symbolic:
        index = self(expression)
        if not isinstance(index.value, int) or isinstance(index.value, bool):
            raise EvaluationError(
                "invalid-argument-type",
                f"expected an integer index, found {describe(index.value)}",
                expression.span,
                "use `//` or `int(...)` for an integer, and `0` for the first item",
            )
        return index

    def function(self, expression: FunctionCall) -> Symbolic:
        name = expression.name.id
        arguments = [self(self.positional(a, name)) for a in expression.arguments]
        values = [argument.value for argument in arguments]
        if name == "sqrt" and len(values) == 1 and is_number(values[0]):
            self.check_root(values[0], expression.arguments[0].span)
        try:
            value = FUNCTIONS[name](*values)
        except OverflowError as error:
            raise EvaluationError(
                "number-too-large",
                str(error),
                expression.span,
                "a number of repetitions needs no `range`: `times: 4`",
            ) from None
        except (TypeError, ValueError):
            given = ", ".join(describe(v) for v in values) or "nothing"
            raise EvaluationError(
                "invalid-argument-type",
                f"`{name}` cannot take {given}",
                expression.span,
                _expected(expression),
            ) from None
        code = ast.Call(
            ast.Name(name, ast.Load()), [argument.code for argument in arguments], []
        )
        if name == "range":
            code = ast.Call(ast.Name("tuple", ast.Load()), [code], [])
        return folded(value, code, *arguments)

    def positional(self, argument: Argument, function: str) -> Expression:
        """The value of an argument of a function, which has no keyword and no `*`."""
        if argument.keyword is None and not argument.is_spread:
            return argument.value
        value = argument.value.span.text
        raise EvaluationError(
            "invalid-syntax",
            f"`{function}` takes plain values, found `{argument.span.text}`",
            argument.span,
            write(f"{function}({value})"),
        )

    def check_root(self, value: float, span: Span) -> None:
        if value < 0:
            raise EvaluationError(
                "invalid-argument",
                "a root of a negative number",
                span,
                "take it of `abs(...)`, or of `max(0, ...)`",
            )

    # --- ops and blocks with arguments ---

    def partial_call(self, expression: FunctionCall) -> Symbolic:
        """`bn(eps=1e-3)`, to be called with the other arguments."""
        name = expression.name
        if not self.knows(name.id):
            raise unknown_function(name, self.scope.environment.callees)
        known = self.name(name).value
        if not is_callee(known):
            message = f"`{name.id}` is {describe(known)}, not an op or block"
            raise EvaluationError("not-callable", message, name.span, NOT_CALLABLE)
        if not isinstance(known, PartialCall):
            known = PartialCall(known, {})
        given = {
            slot.key: self.keyword(argument, slot, known.callee)
            for slot, argument in self.keywords(expression, known.callee)
        }
        keywords = {**known.keywords, **given}
        value = PartialCall(known.callee, keywords) if keywords else known.callee
        return Symbolic(value, constant_or_name(value))

    def keywords(self, expression: FunctionCall, callee: Op | Block) -> list[Keyword]:
        """The arguments of a call that is a value, with their parameters."""
        findings = Findings()
        call = Call(expression.span, expression.name, expression.arguments)
        pairs = bind_keywords(call, callee, findings)
        for found in findings:
            help = next(iter(found.help), "")
            raise EvaluationError(found.code, found.message, found.primary.span, help)
        return pairs

    def keyword(self, argument: Argument, slot: Slot, callee: Op | Block) -> Symbolic:
        """The value of an argument, of the type that the op's parameter has."""
        expression = argument.value
        types = callee.parameters if isinstance(callee, Op) else ()
        parameter = next((p for p in types if p.name == slot.key), None)
        if parameter and self.is_word(expression, parameter):
            return literal(expression.id)
        found = self(expression)
        if parameter is None or parameter.type.accepts(found.value):
            return found
        code = "invalid-argument" if is_number(found.value) else "invalid-argument-type"
        raise EvaluationError(
            code,
            f"`{parameter.shown}` of `{callee.name}` expects "
            f"{parameter.type.expected}, found {describe(found.value)}",
            expression.span,
        )

    def is_word(self, expression: Expression, parameter: Parameter) -> TypeGuard[Name]:
        """Whether a name is a word of the parameter's type, such as `same`."""
        return (
            isinstance(expression, Name)
            and expression.id in parameter.type.words
            and not self.scope.has(expression.id)
        )

    # --- bounds ---

    def need_number(self, item: Symbolic, span: Span) -> None:
        if not is_number(item.value):
            raise EvaluationError(
                "invalid-argument-type",
                f"expected a number, found {describe(item.value)}",
                span,
                _without_quotes(item.value),
            )

    def check_power(self, base: float, exponent: float, expression: Binary) -> None:
        if abs(exponent) > 64 and abs(base) > 1:  # 2**64 is too large
            raise self.too_large(expression.span)
        if not float(exponent).is_integer():
            self.check_root(base, expression.span)

    def check_size(self, value: Any, span: Span) -> None:
        if isinstance(value, COMPOSED):
            count = _count_items(value)
            if count > MAX_ITEMS:
                message = f"a tuple has at most {MAX_ITEMS:,} items, theirs included"
                if isinstance(value, PartialCall):
                    message = f"arguments have at most {MAX_ITEMS:,} parts"
                raise EvaluationError("number-too-large", message, span)
            if self.budget:
                self.budget.spend(count, span)
        elif isinstance(value, NUMBERS) and not abs(value) <= MAX_INTEGER:
            raise self.too_large(span)

    def too_large(self, span: Span) -> EvaluationError:
        return EvaluationError(
            "number-too-large",
            "the number does not fit into 64 bits",
            span,
            f"the largest number is {MAX_INTEGER:,}",
        )


def undefined_names(expression: Expression, scope: Scope) -> Iterator[EvaluationError]:
    """Every undefined name and unknown function in an expression."""
    evaluator = Evaluator(scope, None)
    for part in walk(expression):
        if isinstance(part, Name) and not evaluator.knows(part.id):
            yield evaluator.undefined(part)
        elif (
            isinstance(part, FunctionCall)
            and part.name.id not in FUNCTIONS
            and not evaluator.knows(part.name.id)
        ):
            yield unknown_function(part.name, scope.environment.callees)


def _without_quotes(value: object) -> str:
    """Help with a number that is a text."""
    is_number = isinstance(value, str) and value.isdigit()
    return write(str(value), " without quotes") if is_number else ""


def _expected(call: FunctionCall) -> str:
    """Help with what a function takes: `sum((3, 4))` for `sum(3, 4)`."""
    given = [argument.value.span.text.strip("\"'") for argument in call.arguments]
    if call.name.id not in EXPECTED or not given:
        return "" if not given else "give it numbers"
    takes, template = EXPECTED[call.name.id]
    if len(given) == 1 and call.name.id == "sum":  # the items are wrong
        return takes
    code = template.format(given=", ".join(given), first=given[0])
    return Offer(f"{takes}: `{code}`", code)


def _count_items(value: tuple[Any, ...] | PartialCall) -> int:
    """The number of items, nested ones included; beyond the bound if nested too deep."""
    count = 0
    level: list[Any] = [value]
    for _ in range(MAX_NESTING):
        level = [item for part in level for item in parts_of(part)]
        count += len(level)
        if count > MAX_ITEMS:
            break
    return MAX_ITEMS + 1 if level else count
