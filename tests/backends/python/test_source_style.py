"""Emitted source reads as an expert writes it: rules that a tree of syntax shows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

import archspec
from archspec.catalog import list_models

TELLING = ("torchvision/resnet18", "torchvision/googlenet", "torchvision/densenet121",
           "torchvision/regnet_y_400mf", "torchvision/swin_t",
           "segmentation/fcn_resnet50")  # fmt: skip
MOST_NUMBERS = 2  # that say enough without a name


def faults(source: str) -> list[str]:
    """What an expert would not have written."""
    tree = ast.parse(source)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    found = [fault for node in classes for fault in in_class(node)]
    names = {node.name for node in classes}
    for node in ast.walk(tree):
        found += in_node(node, names)
    return found


def in_class(node: ast.ClassDef) -> Iterator[str]:
    doc = ast.get_docstring(node) or ""
    if doc.startswith("`"):
        yield f"{node.name} starts with code, not with words"
    if "Shape:" not in doc:
        yield f"{node.name} does not say its shapes"
    if any(ast.unparse(base).endswith("ModuleDict") for base in node.bases):
        yield f"{node.name} is a dictionary"
    around = (n for n in ast.walk(node) if isinstance(n, ast.For | ast.If))
    needed = any(appends(each) for each in around)  # else the count is known
    if appends(node) and not needed:
        yield f"{node.name} appends layers that could have names"
    for method in node.body:
        if isinstance(method, ast.FunctionDef):
            yield from identities(method)


def appends(node: ast.AST) -> bool:
    calls = (each for each in ast.walk(node) if isinstance(each, ast.Call))
    return any(ast.unparse(call.func) == "self.append" for call in calls)


def identities(method: ast.FunctionDef) -> Iterator[str]:
    """An `nn.Identity` is the default of an optional child, right above its `if`."""
    for number, statement in enumerate(method.body):
        value = getattr(statement, "value", None)
        if value is not None and ast.unparse(value) == "nn.Identity()":
            following = method.body[number + 1 : number + 2]
            if not any(isinstance(each, ast.If) for each in following):
                yield f"an identity stays: {ast.unparse(statement)}"


def in_node(node: ast.AST, names: set[str]) -> Iterator[str]:
    match node:
        case ast.Name(name, ast.Store()) if re.search(r"_\d+$|^__", name):
            yield f"residue in a name: {name}"
        case ast.BoolOp(values=values) if any(map(is_constant, values)):
            yield f"a constant in a condition: {ast.unparse(node)}"
        case ast.BinOp(ast.BinOp(), ast.Mult(), ast.Constant(1)):
            yield f"a factor of one: {ast.unparse(node)}"
        case ast.BinOp(_, ast.Add(), ast.Constant(0)):
            yield f"a summand of zero: {ast.unparse(node)}"
        case ast.Call(function, args):
            text = ast.unparse(function)
            if text in names or text.startswith("nn."):
                literals = [arg.value for arg in args if isinstance(arg, ast.Constant)]
                if any(isinstance(value, bool) for value in literals):
                    yield f"a bool without a name: {ast.unparse(node)}"
                if len(literals) > MOST_NUMBERS:
                    yield f"numbers without a name: {ast.unparse(node)}"
        case ast.Expr(ast.Constant(str(text))) if re.search(r"\S+\.yaml:\d+", text):
            yield f"a place in a file that the reader lacks: {text}"


def is_constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)


BAD = {
    "does not say its shapes": 'class A(nn.Module):\n    """Two layers."""\n',
    "starts with code": 'class A(nn.Module):\n    """`B`. Shape:"""\n',
    "is a dictionary": 'class A(nn.ModuleDict):\n    """Shape:"""\n',
    "could have names": 'class A(nn.Module):\n    """Shape:"""\n'
    "    def __init__(self):\n        self.append(nn.ReLU())\n",
    "an identity stays": 'class A(nn.Module):\n    """Shape:"""\n'
    "    def __init__(self):\n        self.act = nn.Identity()\n        self.b = 1\n",
    "residue in a name": "channels_2 = 3\n",
    "a constant in a condition": "a = i == 0 and False\n",
    "a factor of one": "a = b * 64 * 1\n",
    "a summand of zero": "a = b + 0\n",
    "a bool without a name": "nn.Conv2d(3, True)\n",
    "numbers without a name": "nn.Conv2d(3, 64, 7)\n",
}


@pytest.mark.parametrize("fault", BAD)
def test_sees_a_fault(fault: str) -> None:
    found = faults(BAD[fault])
    assert len(found) == 1
    assert fault in found[0]


@pytest.mark.parametrize("name", TELLING)
def test_telling_networks(name: str) -> None:
    assert faults(archspec.to_source(name)) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", list_models())
def test_all_networks(name: str) -> None:
    assert faults(archspec.to_source(name)) == []
