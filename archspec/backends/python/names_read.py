"""The names that emitted code reads, found in its tree.

    self.append(Unit(channels, c))   ->   self, Unit, channels, c

Assigning a variable does not read it. Setting an attribute, `self.act = nn.ReLU()`,
reads `self`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archspec.backends.python.syntax import (
    AddAssignStmt,
    AssignStmt,
    AtomExpr,
    CallExpr,
    ClassDef,
    ClassName,
    ConditionalExpr,
    Element,
    ExprStmt,
    ForStmt,
    FunctionDef,
    GenericExpr,
    IfStmt,
    ListExpr,
    MethodDef,
    NameExpr,
    Node,
    OpExpr,
    ParameterDef,
    ReturnStmt,
    SuffixExpr,
    TupleExpr,
    UnpackStmt,
)


def names_read(nodes: Iterable[Node]) -> set[str]:
    """Every name that some nodes read."""
    found: set[str] = set()
    for node in _leaves(nodes):
        match node:
            case AtomExpr():
                found |= node.reads
            case NameExpr():
                found.add(node.root)
    return found


def classes_read(definition: ClassDef | FunctionDef | AssignStmt) -> list[ClassName]:
    """The emitted classes that a class calls."""
    return [leaf for leaf in _leaves([definition]) if isinstance(leaf, ClassName)]


def _leaves(nodes: Iterable[Node]) -> Iterator[AtomExpr | NameExpr | ClassName]:
    stack = [*nodes]
    while stack:
        node = stack.pop()
        match node:
            case AtomExpr() | NameExpr() | ClassName():
                yield node
            case _:
                stack += _parts(node)


def _parts(node: Node) -> Iterable[Node]:
    """The nodes right below one, without the variables that it assigns."""
    match node:
        case AtomExpr() | NameExpr() | ClassName():
            return ()
        case CallExpr():
            return (node.function, *node.elements)
        case ListExpr() | TupleExpr():
            return node.elements
        case ConditionalExpr():
            return (node.then, node.test, node.otherwise)
        case OpExpr():
            return node.operands
        case GenericExpr():
            return (NameExpr(node.name), *node.arguments)
        case AssignStmt(declared=GenericExpr() as declared):
            return (declared, node.value)
        case AssignStmt() if node.target.attribute:
            return (node.target, node.value)
        case AddAssignStmt():
            return (node.target, node.value)
        case Element() | ExprStmt() | ReturnStmt() | SuffixExpr():
            return (node.value,)
        case AssignStmt() | UnpackStmt():
            return (node.value,)
        case ForStmt():
            return (node.iterable, *node.body)
        case IfStmt():
            return (node.test, *node.body, *(node.orelse or ()))
        case ParameterDef():
            default = () if node.default is None else (node.default,)
            return (node.annotation, *default)
        case MethodDef():
            return (*node.parameters, node.returns, *node.body)
        case FunctionDef():
            return (node.result,)
        case ClassDef():
            return (node.base, *node.methods)
