"""Lay the tree out in lines, as `ruff format` does.

An expression that does not fit on one line breaks at its outermost brackets:

    nn.Conv2d(3, 64, kernel_size=7)   ->   nn.Conv2d(
                                               3,
                                               64,
                                               kernel_size=7,
                                           )
"""

from __future__ import annotations

from collections.abc import Sequence

from archspec.backends.python.comments_and_docstrings import (
    WIDTH,
    comment_lines,
    docstring_lines,
)
from archspec.backends.python.syntax import (
    AddAssignStmt,
    AssignStmt,
    AtomExpr,
    Brackets,
    CallExpr,
    ClassDef,
    ClassName,
    ConditionalExpr,
    Element,
    Expr,
    ExprStmt,
    ForStmt,
    FunctionDef,
    GenericExpr,
    IfStmt,
    ListExpr,
    MethodDef,
    NameExpr,
    OpExpr,
    ParameterDef,
    ReturnStmt,
    Stmt,
    SuffixExpr,
    TupleExpr,
    UnpackStmt,
)

STEP = 4  # spaces of indentation

# --- expressions ---------------------------------------------------------------------


def flat(expr: Expr) -> str:
    """An expression on one line, without its comments."""
    match expr:
        case AtomExpr() | ClassName():
            return expr.text
        case NameExpr():
            return f"{expr.root}.{expr.attribute}" if expr.attribute else expr.root
        case CallExpr() | ListExpr() | TupleExpr():
            opening, closing = _brackets(expr)
            inner = ", ".join(
                element.label + flat(element.value) for element in expr.elements
            )
            is_single = isinstance(expr, TupleExpr) and len(expr.elements) == 1
            return f"{opening}{inner}{',' if is_single else ''}{closing}"
        case ConditionalExpr():
            then, test = flat(expr.then), flat(expr.test)
            if isinstance(expr.then, ConditionalExpr):
                then = f"({then})"
            return f"{then} if {test} else {flat(expr.otherwise)}"
        case GenericExpr():
            return f"{expr.name}[{', '.join(map(flat, expr.arguments))}]"
        case OpExpr():
            return f" {expr.operator} ".join(map(flat, expr.operands))
        case SuffixExpr():
            return f"{flat(expr.value)}{expr.suffix}"


def _brackets(expr: Brackets) -> tuple[str, str]:
    """What comes before and after the elements."""
    match expr:
        case CallExpr():
            return f"{flat(expr.function)}(", ")"
        case ListExpr():
            return "[", "]"
        case TupleExpr():
            return "(", ")"


def _laid_out(
    expr: Expr, indent: int, before: str = "", after: str = "", comment: str = ""
) -> list[str]:
    """The lines of `before expr after  # comment`."""
    line = f"{' ' * indent}{before}{flat(expr)}{after}"
    if len(line) <= WIDTH and not _has_comments(expr):
        return [_with_comment(line, comment)]
    match expr:
        case CallExpr() | ListExpr() | TupleExpr() if expr.elements:
            return _broken(expr, indent, before, after, comment)
        case ConditionalExpr() | OpExpr() if before or after:
            return _in_parentheses(expr, indent, before, after)
        case SuffixExpr() if before and expr.suffix.count("(") > 1:  # methods in a row
            return _in_parentheses(expr, indent, before, after)
        case ConditionalExpr():
            return _broken_conditional(expr, indent)
    return [line]


def _broken(
    expr: Brackets, indent: int, before: str, after: str, comment: str
) -> list[str]:
    """Brackets with all elements on one line, or with a line for each, or several."""
    pad = " " * indent
    opening, closing = _brackets(expr)
    lines = [_with_comment(f"{pad}{before}{opening}", comment)]
    inner = ", ".join(e.label + flat(e.value) for e in expr.elements)
    on_one_line = f"{' ' * (indent + STEP)}{inner}"
    if len(on_one_line) <= WIDTH and not _has_comments(expr) and not _is_list(expr):
        return [*lines, on_one_line, f"{pad}{closing}{after}"]
    comma = "" if _has_sole_collection(expr) else ","
    for element in expr.elements:
        lines += comment_lines(element.above, indent + STEP)
        lines += _laid_out(
            element.value, indent + STEP, element.label, comma, element.after
        )
    return [*lines, f"{pad}{closing}{after}"]


def _is_list(expr: Brackets) -> bool:
    """Whether a reader wants one line for each element: modules, or rows."""
    if isinstance(expr, CallExpr):
        return flat(expr.function) in {"nn.Sequential", "super().__init__"}
    return not isinstance(expr, CallExpr)


def _has_sole_collection(expr: Brackets) -> bool:
    """Whether a call's one argument is a list or tuple."""
    if not isinstance(expr, CallExpr) or len(expr.elements) > 1:
        return False
    only = expr.elements[0]
    return not only.label and isinstance(only.value, ListExpr | TupleExpr)


def _in_parentheses(
    expr: ConditionalExpr | OpExpr | SuffixExpr, indent: int, before: str, after: str
) -> list[str]:
    """An expression between lines of parentheses."""
    pad = " " * indent
    return [f"{pad}{before}(", *_laid_out(expr, indent + STEP), f"{pad}){after}"]


def _broken_conditional(expr: ConditionalExpr, indent: int) -> list[str]:
    """A conditional expression in parentheses, with a line for each part."""
    line = f"{' ' * indent}({flat(expr.then)})"
    if not isinstance(expr.then, ConditionalExpr):
        lines = _laid_out(expr.then, indent)
    elif len(line) <= WIDTH:
        lines = [line]
    else:
        lines = _in_parentheses(expr.then, indent, "", "")
    lines += _laid_out(expr.test, indent, before="if ")
    return lines + _laid_out(expr.otherwise, indent, before="else ")


def _has_comments(expr: Expr) -> bool:
    """Whether an element inside has a comment, which takes a line for itself."""
    match expr:
        case CallExpr() | ListExpr() | TupleExpr():
            return any(
                element.above or element.after or _has_comments(element.value)
                for element in expr.elements
            )
    return False


def _with_comment(line: str, comment: str) -> str:
    """A line with its comment, where there is room."""
    full = f"{line}  # {comment}"
    return full if comment and len(full) <= WIDTH else line


# --- statements ----------------------------------------------------------------------


def _statements(body: Sequence[Stmt], indent: int) -> list[str]:
    return [line for stmt in body for line in _statement(stmt, indent)]


def _statement(stmt: Stmt, indent: int) -> list[str]:
    pad = " " * indent
    match stmt:
        case AssignStmt():
            declared = stmt.declared
            if isinstance(declared, GenericExpr):
                declared = flat(declared)
            declared = f": {declared}" if declared else ""
            before = f"{flat(stmt.target)}{declared} = "
            lines = comment_lines(stmt.above, indent)
            return lines + _laid_out(stmt.value, indent, before, comment=stmt.after)
        case UnpackStmt():
            targets = TupleExpr(tuple(Element(NameExpr(name)) for name in stmt.names))
            return _bare_tuple(targets, indent, after=f" = {flat(stmt.value)}")
        case AddAssignStmt():
            return _laid_out(stmt.value, indent, f"{flat(stmt.target)} += ")
        case ExprStmt():
            lines = comment_lines(stmt.above, indent)
            return lines + _laid_out(stmt.value, indent, comment=stmt.after)
        case ForStmt():
            lines = comment_lines(stmt.above, indent)
            lines += _laid_out(stmt.iterable, indent, f"for {stmt.target} in ", ":")
            return lines + _statements(stmt.body, indent + STEP)
        case IfStmt():
            lines = [f"{pad}if {flat(stmt.test)}:"]
            lines += _statements(stmt.body, indent + STEP)
            if stmt.orelse is not None:
                lines += [f"{pad}else:", *_statements(stmt.orelse, indent + STEP)]
            return lines
        case ReturnStmt(value=TupleExpr() as values):
            return _bare_tuple(values, indent, before="return ")
        case ReturnStmt():
            return _laid_out(stmt.value, indent, "return ", comment=stmt.after)


def _bare_tuple(
    expr: TupleExpr, indent: int, before: str = "", after: str = ""
) -> list[str]:
    """A tuple of names that has brackets only where it needs them."""
    bare = ", ".join(flat(element.value) for element in expr.elements)
    line = f"{' ' * indent}{before}{bare}{after}"
    if len(expr.elements) > 1 and len(line) <= WIDTH:
        return [line]
    return _laid_out(expr, indent, before, after)


# --- definitions ---------------------------------------------------------------------


def class_lines(definition: ClassDef) -> list[str]:
    """The lines of a class, an empty line before each method."""
    head = f"class {definition.name.text}({flat(definition.base)}):"
    lines = [head, *docstring_lines(definition.docstring, STEP)]
    for method in definition.methods:
        lines += ["", *_method(method, STEP)]
    return lines


def constant_lines(constant: AssignStmt) -> list[str]:
    """The lines of a constant of the module."""
    return _statement(constant, 0)


def function_lines(function: FunctionDef) -> list[str]:
    """The lines of a function that makes a variant."""
    params = Element(NameExpr("params"), "**")
    made = CallExpr(function.result.function, (*function.result.elements, params))
    return [
        f"def {function.name}(**params: Any) -> {flat(made.function)}:",
        *docstring_lines(function.docstring, STEP),
        *_laid_out(made, STEP, "return "),
    ]


def _method(method: MethodDef, indent: int) -> list[str]:
    signature = CallExpr(NameExpr(method.name), _parameters(method))
    after = f" -> {flat(method.returns)}:"
    lines = _laid_out(signature, indent, before="def ", after=after)
    return [*lines, *_statements(method.body, indent + STEP)]


def _parameters(method: MethodDef) -> tuple[Element, ...]:
    """`self`, the positional parameters, `*`, and those that are keyword-only."""
    positional = [p for p in method.parameters if not p.keyword_only]
    keywords = [p for p in method.parameters if p.keyword_only]
    found = [Element(NameExpr("self")), *map(_parameter, positional)]
    if keywords:
        found.append(Element(AtomExpr("*")))
    return (*found, *map(_parameter, keywords))


def _parameter(parameter: ParameterDef) -> Element:
    label = f"{parameter.name}: "
    if parameter.default is None:
        return Element(parameter.annotation, label)
    return Element(parameter.default, f"{label}{flat(parameter.annotation)} = ")
