"""The call language: places of everything, and what it says to what it is not."""

from __future__ import annotations

import pytest

from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.source import Source
from archspec.frontend import ast
from archspec.frontend.call_parser import (
    parse_chain,
    parse_expression,
    parse_label,
    parse_rows,
    parse_signature,
)
from archspec.frontend.tokenizer import ParseError
from archspec.frontend.yaml.reader import read_yaml
from archspec.frontend.yaml.tree import Mapping, Scalar


def scalar(text: str) -> Scalar:
    """The value of a key, as it stands in a file."""
    findings = Findings()
    tree = read_yaml(Source("spec.yaml", f"# a line before\nkey: {text}\n"), findings)
    assert not len(findings)
    assert isinstance(tree, Mapping)
    value = tree.pairs[0][1]
    assert isinstance(value, Scalar)
    return value


def written(node) -> str:
    """A tree as text, with every operation in brackets."""
    match node:
        case ast.Literal():
            return repr(node.value)
        case ast.Name():
            return node.id
        case ast.Tuple():
            return f"({', '.join(map(written, node.items))},)"
        case ast.Unary():
            return f"[{node.operator} {written(node.operand)}]"
        case ast.Binary():
            return f"[{written(node.left)} {node.operator} {written(node.right)}]"
        case ast.IfElse():
            parts = map(written, (node.test, node.then, node.otherwise))
            return "[{} ? {} : {}]".format(*parts)
        case ast.Subscript():
            return f"{written(node.value)}<{written(node.subscript)}>"
        case ast.FunctionCall():
            return f"{node.name.id}({', '.join(map(given, node.arguments))})"
        case ast.Slice():
            bounds = (b and written(b) for b in (node.start, node.stop))
            return f"{written(node.value)}<{':'.join(b or '' for b in bounds)}>"
    raise AssertionError(node)


def given(argument):
    keyword = f"{argument.keyword.id}=" if argument.keyword else ""
    return f"{'*' * argument.is_spread}{keyword}{written(argument.value)}"


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1 + 2 * 3", "[1 + [2 * 3]]"),
        ("(1 + 2) * 3", "[[1 + 2] * 3]"),
        ("1 - 2 - 3", "[[1 - 2] - 3]"),
        ("2 ** 3 ** 4", "[2 ** [3 ** 4]]"),
        ("-2 ** 2", "[- [2 ** 2]]"),
        ("2 ** -1", "[2 ** [- 1]]"),
        ("not a == b", "[not [a == b]]"),
        ("a or b and not c", "[a or [b and [not c]]]"),
        ("a < b and c >= d", "[[a < b] and [c >= d]]"),
        ("1 if a else 2 if b else 3", "[a ? 1 : [b ? 2 : 3]]"),
        ("(1 if a else 2) + 3", "[[a ? 1 : 2] + 3]"),
        ("a[0][1]", "a<0><1>"),
        ("max(a, b)[0]", "max(a, b)<0>"),
        ("c[:2]", "c<:2>"),
        ("c[1:]", "c<1:>"),
        ("c[:]", "c<:>"),
        ("c[-2:n - 1][0]", "c<[- 2]:[n - 1]><0>"),
        ("bn(eps=1e-3)", "bn(eps=0.001)"),
        ("f(act=g(a=1) if b else g)", "f(act=[b ? g(a=1) : g])"),
        ("()", "(,)"),
        ("(1,)", "(1,)"),
        ("(1, (2, 3),)", "(1, (2, 3,),)"),
        ("min()", "min()"),
        ("1. + .5 + 1e-3", "[[1.0 + 0.5] + 0.001]"),
        ("a//b%c", "[[a // b] % c]"),
        ("truex", "truex"),
    ],
)
def test_expressions(text, tree):
    assert written(parse_expression(scalar(text))) == tree


@pytest.mark.parametrize("text", ["a", "(a)", "((1 + b) * 2)", "f(x, (y))[0]", "-(a)"])
def test_an_expression_knows_its_place(text):
    """Brackets around it included: help can quote it."""
    assert parse_expression(scalar(text)).span.text == text


@pytest.mark.parametrize(
    "text",
    [
        "conv( 64 , k = (3, 1) )  |  relu",
        '"conv( 64 , k = (3, 1) )  |  relu"',
        "'conv( 64 , k = (3, 1) )  |  relu'",
        "|\n  conv( 64 , k = (3, 1) )  |  relu",
        ">\n  conv( 64 ,\n   k = (3, 1) )\n   |  relu",
        "conv( 64 ,\n  k = (3, 1) )\n  |  relu",
        "&anchor conv( 64 , k = (3, 1) )  |  relu",
    ],
)
def test_every_part_of_a_chain_knows_its_place(text):
    """However YAML quotes or folds it."""
    first, second = parse_chain(scalar(text)).calls
    assert first.name.span.text == "conv"
    assert [a.value.span.text for a in first.arguments] == ["64", "(3, 1)"]
    assert first.arguments[1].span.text == "k = (3, 1)"
    assert first.arguments[1].keyword.span.text == "k"
    assert first.span.text.startswith("conv(")
    assert first.span.text.endswith(")")
    assert second.span.text == "relu"


def test_where_escapes_move_characters_the_whole_text_is_the_place():
    (call,) = parse_chain(scalar(r'"conv(8, k=\x33)"')).calls
    assert call.arguments[1].value.value == 3
    assert call.arguments[1].value.span.text == r'"conv(8, k=\x33)"'


def test_assertions():
    call, last = parse_chain(scalar("conv(8, k=3) -> [8, _, n + 1] | relu")).calls
    assert call.assertion.span.text == "[8, _, n + 1]"
    assert [dim and dim.span.text for dim in call.assertion.dims] == [
        "8",
        None,
        "n + 1",
    ]
    assert last.assertion is None


def test_signatures():
    name, parameters = parse_signature(scalar("unit(a, (b, c), *, d, e=a * 2)"))
    assert name.id == "unit"
    shown = [
        (
            [n.id for n in p.names],
            p.is_pattern,
            p.keyword_only,
            p.default and p.default.span.text,
        )
        for p in parameters
    ]
    assert shown == [
        (["a"], False, False, None),
        (["b", "c"], True, False, None),
        (["d"], False, True, None),
        (["e"], False, True, "a * 2"),
    ]
    assert parse_signature(scalar("unit"))[1] == ()
    assert parse_signature(scalar("unit()"))[1] == ()


def test_rows():
    name, rows = parse_rows(scalar("inception[(1, (2, 3)), 4]"))
    assert name.id == "inception"
    assert [row.span.text for row in rows] == ["(1, (2, 3))", "4"]


def test_labels():
    assert parse_label(scalar("stem")).parts == ("stem",)
    before, index, after = parse_label(scalar("layer{i + 1}_x")).parts
    assert (before, index.span.text, after) == ("layer", "i + 1", "_x")
    assert parse_label(scalar("12")).parts == ("12",)
    (index,) = parse_label(scalar('"{i + 1}"')).parts
    assert index.span.text == "i + 1"


@pytest.mark.parametrize(
    "text", ["-a", "a+b", "1a", "a b", "a{", "a}", "01", "-1", "é", '"a\\n"']
)
def test_what_is_no_label(text):
    with pytest.raises(ParseError) as raised:
        parse_label(scalar(text if text[0] == '"' else f'"{text}"'))
    assert raised.value.code == "invalid-label"


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        ("conv(8", "expected `,` or `)`, found the end", 7),
        ("conv(8,, k=1)", "expected a value, found `,`", 8),
        ("conv(8 k=1)", "expected `,` or `)`, found `k`", 8),
        ("conv)", "unexpected `)`", 5),
        ("conv(8) relu", "unexpected `relu`", 9),
        ("conv(8) | | relu", "expected the name of an op or block, found `|`", 11),
        ("8 | relu", "expected the name of an op or block, found `8`", 1),
        ("conv(8) ->", "expected `[`, found the end", 11),
        ("conv(8) -> [1,,]", "expected a value, found `,`", 15),
        ("conv(=3)", "expected a value, found `=`", 6),
        ("conv(if)", "expected a value, found `if`", 6),
        ("conv(1 < 2 < 3)", "unexpected `<`", 12),
        ("conv('a)", "`'` is not part of the language", 6),
        ("conv(3x)", "expected a number, found `3x`", 6),
        ("conv(007)", "`007` starts with a zero", 6),
        (
            "conv(8) \u2192 [1]",
            "U+2192 (rightwards arrow) is not part of the language",
            9,
        ),
    ],
)
def test_what_is_not_in_the_language(text, message, at):
    with pytest.raises(ParseError) as raised:
        parse_chain(scalar(text))
    assert raised.value.message == message
    assert raised.value.span.column == len("key: ") + at
