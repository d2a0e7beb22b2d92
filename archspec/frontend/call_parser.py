"""Parse the call language: chains, calls, expressions, signatures and labels.

The tree of `conv(64, k=3) | relu`, without spans, is

    Chain([Call("conv", [Argument(None, Literal(64)), Argument("k", Literal(3))]),
           Call("relu", [])])

Each method of `Parser` is a production of the grammar, which its docstring shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from archspec.diagnostics.diagnostic import Offer, Replacement, write
from archspec.diagnostics.source import Span
from archspec.frontend.ast import (
    Argument,
    Binary,
    Call,
    Chain,
    Expression,
    FunctionCall,
    IfElse,
    LabelPath,
    Literal,
    Name,
    Parameter,
    ShapeAssertion,
    Slice,
    StepLabel,
    Subscript,
    Tuple,
    Unary,
)
from archspec.frontend.tokenizer import ParseError, Token, tokenize
from archspec.frontend.yaml.scalars import MAX_DIGITS, TOO_LARGE
from archspec.frontend.yaml.tree import Scalar

MAX_NESTING = 20  # parentheses within parentheses
MAX_TERMS = 50  # in a row

# Binary operators by precedence, the lowest first. `**` is separate: it is right-associative.
LEVELS = (
    ("or",),
    ("and",),
    ("<", "<=", ">", ">=", "==", "!="),
    ("+", "-"),
    ("*", "/", "//", "%"),
)
COMPARISONS = LEVELS[2]
MAX_LABEL = 100  # characters
LABEL = re.compile(rf"[A-Za-z_][A-Za-z0-9_-]{{0,{MAX_LABEL - 1}}}|0|[1-9][0-9]{{0,9}}")

T = TypeVar("T")


def parse_chain(scalar: Scalar) -> Chain:
    """Parse `conv(64, k=3) | relu -> [64, 8, 8]`."""
    return Parser.of(scalar).parse_all(Parser.chain)


def parse_expression(scalar: Scalar) -> Expression:
    """Parse `max(8, ch // 4)`."""
    return Parser.of(scalar).parse_all(Parser.expression)


def parse_rows(scalar: Scalar) -> tuple[Name, tuple[Expression, ...]]:
    """Parse a block and its rows: `inception[(64, (96, 128)), (128, (128, 192))]`."""
    return Parser.of(scalar).parse_all(Parser.rows)


def parse_pattern(scalar: Scalar) -> tuple[Name, ...]:
    """Parse the pattern of a column, `(n, c)`."""
    return Parser.of(scalar).parse_all(Parser.pattern_names)


def parse_signature(scalar: Scalar) -> tuple[Name, tuple[Parameter, ...]]:
    """Parse `nin_block(cout, *, k, s=1)`."""
    return Parser.of(scalar).parse_all(Parser.signature)


def parse_label(scalar: Scalar) -> StepLabel:
    """Parse `stem` or `layer{i + 1}`.

    Raises:
        ParseError: if it cannot be a name in a state dict.
    """
    parts = _label_parts(
        scalar.text, scalar.code or scalar.span, exact=scalar.code is not None
    )
    shape = "".join(part if isinstance(part, str) else "1" for part in parts)
    if scalar.text.startswith("if "):
        help = f"write `if: {scalar.text[3:]}`, and the step under `then:`"
        raise ParseError(f"`{scalar.text}` cannot be a label", scalar.span, help)
    if keyword := re.match(r"(concat|add|mul|sub|maximum|split) *\(", scalar.text):
        help = Replacement(
            f"write `{keyword[1]}:`, which takes no arguments", keyword[1]
        )
        raise ParseError(f"`{scalar.text}` cannot be a label", scalar.span, help)
    if re.match(r"for |repeat[ (]", scalar.text):
        help = "write `repeat:` with the steps, and `times: 3` next to it"
        raise ParseError(f"`{scalar.text}` cannot be a label", scalar.span, help)
    if scalar.text.startswith("lambda "):
        help = "a step calls an op or a block, not a function of Python"
        raise ParseError(f"`{scalar.text}` cannot be a label", scalar.span, help)
    if re.fullmatch(r"\w+ *\(.*\)", scalar.text):
        help = "a block is defined under `blocks:`, and called by its name here"
        raise ParseError(f"`{scalar.text}` cannot be a label", scalar.span, help)
    if not LABEL.fullmatch(shape):
        raise ParseError(
            f"`{scalar.text}` cannot be a label",
            scalar.span,
            _help_with_label(scalar.text),
            "invalid-label",
        )
    return StepLabel(scalar.span, tuple(parts))


def _help_with_label(text: str) -> str:
    """Help with a label of the characters that it may have: `a_b` for `a.b`."""
    rule = (
        "a label is an integer, or letters, digits, `_` and `-`, starting with a "
        "letter or `_`, such as `layer{i + 1}`"
    )
    fixed = re.sub(r"[^A-Za-z0-9_-]+", "_", text).lstrip("-")
    is_label = "{" not in text and LABEL.fullmatch(fixed)
    return Offer(rule, fixed) if is_label else rule


def parse_label_path(scalar: Scalar) -> Name | LabelPath:
    """Parse `p3`, `enc.d0` or `dec{n - 1}`."""
    if "{" not in scalar.text:
        return Name(scalar.span, scalar.text)
    is_exact = scalar.code is not None
    parts = _label_parts(scalar.text, scalar.code or scalar.span, exact=is_exact)
    return LabelPath(scalar.span, tuple(parts))


def _label_parts(text: str, at: Span, *, exact: bool) -> list[str | Expression]:
    """The text and the expressions of `layer{i + 1}`."""
    parts: list[str | Expression] = []
    for match in re.finditer(r"\{([^{}]*)\}|[^{}]+|[{}]", text):
        if match.group(1) is None:
            parts.append(match.group())
            continue
        first, last = match.span(1)
        inner = Span(at.source, at.start + first, at.start + last) if exact else at
        tokens = tokenize(match.group(1), inner, exact=exact)
        parts.append(Parser(tokens).parse_all(Parser.expression))
    return parts


class Parser:
    """A recursive-descent parser over the tokens of one text."""

    def __init__(self, tokens: list[Token]) -> None:
        """Start at the first token."""
        self.tokens = tokens
        self.place = 0
        self.depth = 0

    @classmethod
    def of(cls, scalar: Scalar) -> Parser:
        """Create a parser for the text of a scalar, at its place in the file."""
        if scalar.code is None:
            return cls(tokenize(scalar.text, scalar.span, exact=False))
        return cls(tokenize(scalar.code.text, scalar.code, exact=True))

    # --- tokens ---

    @property
    def token(self) -> Token:
        """The next token."""
        return self.tokens[self.place]

    def at(self, *texts: str) -> bool:
        """Whether the next token is one of these signs or reserved words."""
        token = self.tokens[self.place]
        return token.text in texts and token.kind in ("sign", "word")

    def take(self, *texts: str) -> Token | None:
        """Consume the next token if it is one of these."""
        return self.advance() if self.at(*texts) else None

    def advance(self) -> Token:
        """Consume the next token."""
        token = self.token
        if token.kind != "end":
            self.place += 1
        return token

    def expect(self, text: str) -> Token:
        """Consume this sign.

        Raises:
            ParseError: if the next token is another one.
        """
        if not self.at(text):
            raise self.error(f"`{text}`")
        return self.advance()

    def error(self, expected: str, help: str = "") -> ParseError:
        """Create the error that the next token is not what was expected."""
        return ParseError(
            f"expected {expected}, found {self.token}", self.token.span, help
        )

    def unexpected(self, help: str = "") -> ParseError:
        """Create the error that a text does not end at the next token."""
        return ParseError(f"unexpected {self.token}", self.token.span, help)

    def parse_all(self, production: Callable[[Parser], T]) -> T:
        """Parse a production, which must reach the end of the text."""
        result = production(self)
        if self.token.kind == "end":
            return result
        if self.at("="):
            raise self.unexpected("write `=` inside the parentheses of a call")
        if self.token.span.line > self.tokens[0].span.line:
            help = (
                "the line above continues here: start each step in one column with `- `"
            )
            raise self.unexpected(help)
        if production is Parser.signature and self.token.kind == "name":
            raise self.unexpected("a signature starts with the name of the block")
        if production is Parser.chain and self.at("+"):
            raise self.unexpected("write the branches of a sum under `add:`")
        if production is Parser.chain and (self.token.kind == "name" or self.at(",")):
            raise self.unexpected("chain steps with `|`: `conv(64, k=3) | relu`")
        if self.token.text == "is":
            raise self.unexpected("compare with `==` or `!=`: there is no `None`")
        raise self.unexpected()

    def nested(self, production: Callable[[], T]) -> T:
        """Parse a part in brackets, within the bound on nesting."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            message = f"nested more than {MAX_NESTING} deep"
            help = "compute a part of it under `let:`"
            raise ParseError(message, self.token.span, help, "nesting-too-deep")
        result = production()
        self.depth -= 1
        return result

    def items(self, production: Callable[[], T], closing: str) -> tuple[list[T], bool]:
        """item ("," item)* [","] closing.

        Also returns whether the last item has a comma.
        """
        found: list[T] = []
        comma = False
        while not self.at(closing):
            found.append(self.nested(production))
            comma = self.take(",") is not None
            if not comma and not self.at(closing):
                raise self.error(f"`,` or `{closing}`", self.help_with_comma())
        return found, comma

    def help_with_comma(self) -> str:
        """Return the help for two values in a row: `k=3 s=2`."""
        is_value = self.token.kind in ("name", "number", "string")
        return f"write a comma before {self.token}" if is_value else ""

    def name(self, what: str = "a name", at_end: str = "") -> Name:
        """A name that is not a reserved word; `at_end` is help where the text ends."""
        if self.token.kind != "name":
            raise self.error(what, at_end if self.token.kind == "end" else "")
        token = self.advance()
        return Name(token.span, token.text)

    def hyphenated_name(self, what: str, at_end: str = "") -> Name:
        """name ("-" name)*: no name has hyphens, but a mistyped one may, as `max-pool`."""
        name = self.name(what, at_end)
        while self.at("-") and self.is_hyphen():
            self.advance()
            last = self.advance()
            name = Name(name.span.to(last.span), f"{name.id}-{last.text}")
        return name

    def is_hyphen(self) -> bool:
        """Whether the next token is between two names without spaces."""
        before, sign, after = (
            token.span for token in self.tokens[self.place - 1 : self.place + 2]
        )
        is_joined = before.end == sign.start and sign.end == after.start
        return is_joined and self.tokens[self.place + 1].kind == "name"

    def new_name(self, what: str) -> Name:
        """A name that is defined here, which has no hyphens."""
        name = self.hyphenated_name(what)
        if "-" in name.id:
            message = f"expected a name without hyphens, found `{name.id}`"
            plain = name.id.replace("-", "_")
            help = Replacement(f"write `{plain}`", plain)
            raise ParseError(message, name.span, help)
        return name

    # --- calls ---

    def chain(self) -> Chain:
        """call ("|" call)*."""
        calls = [self.call()]
        while self.take("|"):
            calls.append(self.call())
        return Chain(calls[0].span.to(calls[-1].span), tuple(calls))

    def call(self) -> Call:
        """name ["(" arguments ")"] ["->" shape]."""
        name = self.hyphenated_name(
            "the name of an op or block", "a step follows each `|`"
        )
        span = name.span
        arguments: list[Argument] = []
        if self.take("("):
            arguments, _ = self.items(self.argument, ")")
            span = span.to(self.expect(")").span)
        self.check_order(arguments)
        assertion = self.assertion() if self.at("->") else None
        return Call(span, name, tuple(arguments), assertion)

    def check_order(self, arguments: list[Argument]) -> None:
        """Check that positional arguments come before keyword arguments."""
        keyword = False
        for argument in arguments:
            if argument.keyword:
                keyword = True
            elif keyword:
                raise ParseError(
                    "positional argument after a keyword argument",
                    argument.span,
                    "put the values without a name first",
                )

    def argument(self) -> Argument:
        """[name "="] expression | "*" expression."""
        star = self.take("*")
        if star:
            row = self.expression()
            return Argument(star.span.to(row.span), None, row, is_spread=True)
        following = self.tokens[min(self.place + 1, len(self.tokens) - 1)]
        keyword = None
        if self.token.kind == "name" and following.text == "=":
            keyword = self.name()
            self.expect("=")
        value = self.expression()
        start = keyword.span if keyword else value.span
        return Argument(start.to(value.span), keyword, value)

    def assertion(self) -> ShapeAssertion:
        """`->` "[" dim ("," dim)* "]"."""
        self.expect("->")
        if not self.at("["):
            raise self.error("`[`", "a shape has brackets: `-> [64, 8, 8]`")
        start = self.expect("[").span
        dims, _ = self.items(self.dim, "]")
        return ShapeAssertion(start.to(self.expect("]").span), tuple(dims))

    def dim(self) -> Expression | None:
        """`_` | expression."""
        if self.token.text == "_":
            self.advance()
            return None
        return self.expression()

    def rows(self) -> tuple[Name, tuple[Expression, ...]]:
        """name "[" expression ("," expression)* "]"."""
        name = self.name("the name of a block")
        self.expect("[")
        rows, _ = self.items(self.expression, "]")
        self.expect("]")
        return name, tuple(rows)

    # --- signatures ---

    def signature(self) -> tuple[Name, tuple[Parameter, ...]]:
        """name ["(" parameter ("," parameter)* ["," "*" ("," parameter)*] ")"]."""
        name = self.new_name("the name of a block")
        parameters: list[Parameter] = []
        self.keyword_only = False
        if self.take("("):
            found, _ = self.items(self.parameter, ")")
            self.expect(")")
            parameters = [parameter for parameter in found if parameter]
        return name, tuple(parameters)

    def parameter(self) -> Parameter | None:
        """`*` | name ["=" expression] | "(" name ("," name)* ")"."""
        star = self.take("*")
        if star:
            if self.keyword_only:
                help = "one `*` is enough: all parameters after it are keyword-only"
                raise ParseError("a second `*` in a signature", star.span, help)
            self.keyword_only = True
            if not self.at(","):
                raise ParseError("keyword-only parameters follow `*`", star.span)
            return None
        if self.at("("):
            return self.pattern()
        name = self.new_name("a parameter")
        default = self.expression() if self.take("=") else None
        if default and not self.keyword_only:
            fixed = f"*, {name.id}={default.span.text}"
            raise ParseError(
                f"positional parameter `{name.id}` has a default",
                name.span,
                Offer(
                    f"parameters with a default are keyword-only: write `{fixed}`",
                    fixed,
                ),
            )
        span = name.span.to(default.span) if default else name.span
        return Parameter(span, (name,), False, self.keyword_only, default)

    def pattern(self) -> Parameter:
        """A tuple pattern, before `*`."""
        start = self.token.span
        if self.keyword_only:
            help = "only positional parameters are patterns: index a tuple, `ab[0]`"
            raise ParseError("a tuple pattern must be before `*`", start, help)
        names = self.pattern_names()
        span = start.to(self.tokens[self.place - 1].span)
        return Parameter(span, names, True, False, None)

    def pattern_names(self) -> tuple[Name, ...]:
        """`(` name ("," name)* ")"."""
        start = self.expect("(").span
        names, _ = self.items(self.pattern_name, ")")
        span = start.to(self.expect(")").span)
        if len(names) < 2:
            help = write(names[0].id, ", the name alone") if names else "name its parts"
            raise ParseError("a tuple pattern has two names or more", span, help)
        return tuple(names)

    def pattern_name(self) -> Name:
        """A name of a pattern, which has no pattern in it."""
        if not self.at("("):
            return self.name()
        inner = self.pattern_names()
        name = "".join(each.id for each in inner)
        raise ParseError(
            "a tuple pattern has names in it, not patterns",
            inner[0].span.to(inner[-1].span),
            f"give the inner tuple one name, `{name}`: "
            f"`{inner[0].id}` is `{name}[0]` then",
        )

    # --- expressions ---

    def expression(self) -> Expression:
        """level ["if" level "else" expression]."""
        if self.is_alone():
            return self.atom()
        then = self.level(0)
        if not self.take("if"):
            return then
        test = self.level(0)
        if not self.take("else"):
            raise self.error("`else`", "an `if` in an expression needs both values")
        otherwise = self.nested(self.expression)
        return IfElse(then.span.to(otherwise.span), test, then, otherwise)

    def is_alone(self) -> bool:
        """Whether the next token is a whole expression, as most are: `64` in `(64, 3)`."""
        if self.token.kind not in ("number", "name"):
            return False
        following = self.tokens[self.place + 1]
        return following.kind == "end" or following.text in (",", ")", "]")

    def level(self, number: int) -> Expression:
        """level (operator level)*, left-associative, for one level of `LEVELS`."""
        if number == len(LEVELS):
            return self.factor()
        if number == 2 and self.at("not"):  # of lower precedence than comparisons
            sign = self.advance()
            operand = self.nested(lambda: self.level(2))
            return Unary(sign.span.to(operand.span), "not", operand)
        left = self.level(number + 1)
        length = 0
        while sign_ := self.take(*LEVELS[number]):
            right = self.level(number + 1)
            span = left.span.to(right.span)
            left = Binary(span, sign_.text, sign_.span, left, right)
            length += 1
            if length > MAX_TERMS:
                message = f"more than {MAX_TERMS} terms in a row"
                help = "compute a part of it under `let:`"
                raise ParseError(message, sign_.span, help, "nesting-too-deep")
            if number == 2 and self.at(*COMPARISONS):
                raise self.unexpected("join comparisons with `and`")
        return left

    def factor(self) -> Expression:
        """("-" | "+") factor | primary ["**" factor]."""
        sign = self.take("-", "+")
        if sign:
            operand = self.nested(self.factor)
            return Unary(sign.span.to(operand.span), sign.text, operand)
        base = self.primary()
        power = self.take("**")
        if not power:
            return base
        exponent = self.nested(self.factor)
        span = base.span.to(exponent.span)
        return Binary(span, "**", power.span, base, exponent)

    def primary(self) -> Expression:
        """Atom ("[" expression "]" | "[" [expression] ":" [expression] "]")*."""
        value = self.atom()
        while self.take("["):
            start = None if self.at(":") else self.nested(self.expression)
            if self.take(":"):
                stop = None if self.at("]", ":") else self.nested(self.expression)
                if self.at(":"):
                    raise self.error("`]`", "a slice has two bounds: `c[1:3]`")
                span = value.span.to(self.expect("]").span)
                value = Slice(span, value, start, stop)
            else:
                assert start is not None
                span = value.span.to(self.expect("]").span)
                value = Subscript(span, value, start)
        return value

    def atom(self) -> Expression:
        """Number | string | "true" | "false" | name | function call | tuple."""
        token = self.token
        if token.kind == "number":
            return self.number()
        if token.kind == "path":
            self.advance()
            exact = token.span.end - token.span.start == len(token.text)
            parts = _label_parts(token.text, token.span, exact=exact)
            return LabelPath(token.span, tuple(parts))
        if token.kind == "string":
            self.advance()
            return Literal(token.span, token.text[1:-1])
        if self.take("true", "false"):
            return Literal(token.span, token.text == "true")
        if self.at("("):
            return self.parenthesised()
        if token.kind == "name":
            return self.name_or_function()
        is_list = self.at("[")
        raise self.error("a value", "a tuple has parentheses: `(3, 3)`" * is_list)

    def number(self) -> Literal:
        """An integer of up to 18 digits, or a float."""
        token = self.advance()
        if self.token.kind == "name" and self.token.span.start == token.span.end:
            found = token.text + self.token.text
            span = token.span.to(self.token.span)
            pair = re.fullmatch(r"([1-9][0-9]*)x([1-9][0-9]*)", found)
            help = write(f"({pair[1]}, {pair[2]})", " for a pair") if pair else ""
            if re.fullmatch("0[xX][0-9a-fA-F]{1,8}", found):
                help = write(str(int(found, 16)))
            raise ParseError(f"expected a number, found `{found}`", span, help)
        if not token.text.isdigit():
            return Literal(token.span, float(token.text))
        if len(token.text) > MAX_DIGITS:
            message = f"an integer has over {MAX_DIGITS} digits"
            raise ParseError(message, token.span, TOO_LARGE, "number-too-large")
        return Literal(token.span, int(token.text))

    def parenthesised(self) -> Expression:
        """`(` expression ")" | "(" [expression "," ...] ")"."""
        start = self.expect("(").span
        items, comma = self.items(self.expression, ")")
        span = start.to(self.expect(")").span)
        if len(items) == 1 and not comma:
            return items[0]._replace(span=span)
        return Tuple(span, tuple(items))

    def name_or_function(self) -> Expression:
        """Name ["(" arguments ")"]."""
        name = self.name()
        if not self.take("("):
            return name
        arguments, _ = self.items(self.argument, ")")
        span = name.span.to(self.expect(")").span)
        self.check_order(arguments)
        return FunctionCall(span, name, tuple(arguments))
