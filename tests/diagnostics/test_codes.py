"""Every code that the program reports has a page, and every page has a code."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import archspec
from archspec.diagnostics.codes import CODES

FILES = [
    f for f in Path(archspec.__file__).parent.rglob("*.py") if f.name != "codes.py"
]
CODE = re.compile("[a-z0-9]+(-[a-z0-9]+)+")

Parameter = tuple[str, str]  # a name and its annotation, as in `code: str`


def signatures(tree: ast.AST) -> Iterator[tuple[str, list[Parameter]]]:
    """Yield the functions and classes of a file, with the parameters of a call."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name, ast.arguments(args=[ast.arg("self"), *given])):
                yield name, [parameter(arg.arg, arg.annotation) for arg in given]
            case ast.FunctionDef(name, ast.arguments(args=given)):
                yield name, [parameter(arg.arg, arg.annotation) for arg in given]
            case ast.ClassDef(name, body=body):
                fields = [x for x in body if isinstance(x, ast.AnnAssign)]
                yield (
                    name,
                    [parameter(ast.unparse(x.target), x.annotation) for x in fields],
                )
                methods = signatures(ast.Module(body, []))
                yield from ((name, given) for of, given in methods if of == "__init__")


def parameter(name: str, annotation: ast.expr | None) -> Parameter:
    return name, ast.unparse(annotation) if annotation else ""


def texts(expression: ast.expr) -> Iterator[str]:
    """Yield the texts that an expression may be: itself, or either arm of an `if`."""
    match expression:
        case ast.Constant(str(value)):
            yield value
        case ast.IfExp():
            yield from texts(expression.body)
            yield from texts(expression.orelse)


def reported_codes(*trees: ast.AST) -> set[str]:
    """Return the literal arguments of calls for parameters `code: str`.

    Defaults of such parameters and variables named `code` count too.
    """
    positions: defaultdict[str, set[int]] = defaultdict(set)
    for tree in trees:
        for name, parameters in signatures(tree):
            if ("code", "str") in parameters:
                positions[name].add(parameters.index(("code", "str")))
    found: set[str] = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        match node:
            case ast.Call(ast.Name(name) | ast.Attribute(attr=name), given, keywords):
                places = positions.get(name, ())
                codes = [given[place] for place in places if place < len(given)]
                codes += [k.value for k in keywords if k.arg == "code" and places]
            case ast.Assign([ast.Name("code")], value):
                codes = [value]
            case ast.arguments(args=given, defaults=defaults):
                pairs = zip(reversed(given), reversed(defaults), strict=False)
                codes = [default for arg, default in pairs if arg.arg == "code"]
            case _:
                continue
        found |= {text for code in codes for text in texts(code)}
    return {text for text in found if CODE.fullmatch(text)}


def test_codes_and_pages_are_the_same() -> None:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in FILES]
    assert reported_codes(*trees) == set(CODES)


def test_all_ways_to_report_a_code_are_seen() -> None:
    """The test above can fail."""
    tree = ast.parse("""
class Fault:
    code: str

class Error(Exception):
    def __init__(self, message, code: str = "a-default"):
        code = "a-variable"

def report(context, code: str): ...

Fault("a-field")
Error("no-code", code="a-keyword")
findings.report(context, "one-arm" if x == "no-arm" else "other-arm")
print("no-code")
""")
    assert reported_codes(tree) == {
        "a-default", "a-variable", "a-field", "a-keyword", "one-arm", "other-arm",
    }  # fmt: skip
