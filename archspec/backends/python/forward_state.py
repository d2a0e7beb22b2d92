"""What all that a `forward` consists of shares: its statements, names and submodules.

A line calls one convolution, block or pool, and the norm and activation next to it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from archspec.backends.python.aligned_bodies import (
    Bodies,
    Body,
    Source,
    level,
)
from archspec.backends.python.attribute_names import AttributeNames
from archspec.backends.python.expressions import value_expr
from archspec.backends.python.forward_statement_list import ForwardStatements
from archspec.backends.python.group_ports import Ports
from archspec.backends.python.identifiers import is_attribute
from archspec.backends.python.layout import flat
from archspec.backends.python.names_in_scope import ClassScope
from archspec.backends.python.submodule_builder import (
    SubmoduleBuilder,
)
from archspec.backends.python.submodules import (
    Member,
    Submodule,
)
from archspec.backends.python.syntax import (
    CallExpr,
    Expr,
    ListExpr,
    NameExpr,
    OpExpr,
    SuffixExpr,
    call,
)
from archspec.ir.graph import (
    Choice,
    Graph,
    Layer,
    Let,
    Module,
    Port,
    Reference,
)
from archspec.ops.op import Family
from archspec.ops.registry import OPS

X = NameExpr("x")
LONGEST = 60  # characters of nested calls before they become two statements
DEEPEST = 3  # nested calls that a reader takes in; `relu(bn(conv(x)))`
BESIDE = {Family.ACTIVATION, Family.NORMALIZATION, Family.REGULARIZATION}


class ForwardState(ABC):
    """A `forward` as it is built, and the submodules that it calls, in their order."""

    def __init__(
        self,
        submodule_builder: SubmoduleBuilder,
        bodies: Bodies,
        wanted: set[str],
        ports: Ports,
        network: Graph | None,
        *,
        may_branch: bool,
        may_unroll: bool,
    ) -> None:
        """`wanted` are the labels whose outputs something reads again.

        With `may_branch`, an `if` of the spec may be one of `forward`; with
        `may_unroll`, its loops are written out, however long they are.
        """
        self.submodule_builder = submodule_builder
        self.bodies = bodies
        self.wanted = wanted
        self.ports = ports
        self.may_branch = may_branch
        self.may_unroll = may_unroll
        self.may_loop = False
        self.shown = submodule_builder.shown if network else ()
        self.mains: set[Expr] = set()  # submodules of which a line has one
        self.submodules: list[Member] = []  # and local variables between them
        self.flags: dict[str, Expr] = {}  # attributes that `forward` asks
        self.statements = ForwardStatements()
        self.labels: dict[Source, NameExpr] = {}  # the variables of labels read again
        self.levels_inlined = 0  # of groups without layers around the current item
        self.own_names: dict[str, str] = {}  # of `out` and `shortcut`
        self.heads: list[NameExpr] = []  # the variables of extra outputs
        self.attributes = AttributeNames(bodies)
        self.places: dict[int, str | None] = {}  # by the `id` of a node; see `placed`
        self.returned = network.labels_returned if network else ()
        self.inputs = [X] if ports.takes_input else []
        if network:
            self._add_inputs(network.inputs)
        for source in ports.reads:
            variable = NameExpr(self._output_variable(source.label))
            self.labels[source.inside] = variable
            self.inputs.append(variable)
        self.tied = {  # the layers of steps around, which are given to `forward`
            place.inside: NameExpr(self._output_variable(place.label))
            for place in ports.tied
        }

    def _add_inputs(self, ports: Sequence[Port]) -> None:
        """The network's inputs, by name where they have one or a step reads it."""
        if ports[0].value.producer or ports[0].name in self.wanted:
            names = [self.statements.names.fresh(port.name) for port in ports]
            self.inputs = [NameExpr(name) for name in names]
        for port, name in zip(ports, self.inputs, strict=False):
            self.labels[Source(0, port.name)] = name

    @abstractmethod
    def _body(
        self, bodies: Bodies, value: Expr, target: str, scope: ClassScope
    ) -> Expr:
        """The output of a body. `target` is the variable for long expressions."""

    def _called(self, child: Expr, value: Expr, target: str, *, is_main: bool) -> Expr:
        """A submodule, called with a value: one convolution with norm and activation."""
        is_second = is_main and self._has_main(value)
        is_suffixed = isinstance(value, SuffixExpr) and nesting(value) > 0
        if is_second or is_suffixed or nesting(value) >= DEEPEST:
            value = self.statements.assign(target, value)
        if is_main:
            self.mains.add(child)
        result: Expr = call(child, value)
        if len(flat(result)) > LONGEST and nesting(value) > 0:
            result = call(child, self.statements.assign(target, value))
        return result

    def _has_main(self, value: Expr) -> bool:
        """Whether an expression calls a submodule that has a line of its own."""
        match value:
            case CallExpr(function, elements):
                inner = (element.value for element in elements)
                return function in self.mains or any(map(self._has_main, inner))
            case ListExpr(elements):
                return any(self._has_main(element.value) for element in elements)
            case OpExpr(operands=operands):
                return any(map(self._has_main, operands))
            case SuffixExpr(inner):
                return self._has_main(inner)
        return False

    def _with_suffix(self, value: Expr, suffix: str, target: str) -> Expr:
        is_long = len(flat(value)) + len(suffix) > LONGEST
        if is_long or not isinstance(value, NameExpr | CallExpr | SuffixExpr):
            value = self.statements.assign(target, value)
        return SuffixExpr(value, suffix)

    def _labeled(self, label: str, result: Expr) -> Expr:
        """The output of a step, in a variable if a `ref` reads it."""
        if label in self.wanted:
            variable = self._output_variable(label)
            result = self.statements.assign(variable, result)
            self.labels[Source(0, label)] = result
        return result

    def _read(self, reference: Reference) -> NameExpr:
        """The variable that a `ref` or an op reads."""
        levels = reference.levels - self.levels_inlined
        return self.labels[Source(levels, reference.label)]

    def _place(self, column: Sequence[Layer | Module], key: str | None) -> None:
        """Note the attribute that is a layer, or that none is."""
        nodes = (item.node for item in column if isinstance(item, Layer))
        self.places.update((id(node), key) for node in nodes)

    def _flag(self, name: str, value: Expr) -> NameExpr:
        """The attribute that has a value that `forward` asks for."""
        found = next((n for n, each in self.flags.items() if each == value), None)
        if found is None:
            found = self.attributes.unique(name)
            self.flags[found] = value
        return NameExpr("self", found)

    def _attribute(self, name: str, value: Expr) -> NameExpr:
        """An attribute that is not a module: `self.chunk_sizes = (16, 48)`."""
        key = self.attributes.unique(name)
        self.submodules.append(Submodule(key, False, None, value, shape="", comment=""))
        return NameExpr("self", key)

    def _output_variable(self, label: str) -> str:
        """A variable for the output of a labeled item."""
        name = label.rpartition(".")[2].replace("-", "_")
        name = name if name.isidentifier() else f"output{name}"
        return self.statements.names.fresh(name)


def submodule_at(key: str, getter: str = "get_submodule") -> Expr:
    """How `forward` reads a submodule or a parameter: `self.stem`."""
    if is_attribute(key):
        return NameExpr("self", key)
    return call(NameExpr("self", getter), value_expr(key))


def is_identity(item: Layer | Module) -> bool:
    return isinstance(item, Layer) and item.node.op == "identity"


def has_own_line(item: Layer | Module) -> bool:
    """Whether an item is more than the norm, activation or dropout of another."""
    return not isinstance(item, Layer) or OPS[item.node.op].family not in BESIDE


def nesting(value: Expr) -> int:
    """How many calls are nested in each other, a list counted as one; 0 in a sum."""
    match value:
        case CallExpr() | ListExpr():
            inner = (nesting(element.value) for element in value.elements)
            return 1 + max(inner, default=0)
        case SuffixExpr():
            return nesting(value.value)
    return 0


def passes_on(branch: Body) -> bool:
    """Whether a branch is its input."""
    return all(
        isinstance(item, Choice) or (isinstance(item, Layer) and is_identity(item))
        for item in level(branch)
    )


def may_pass_on(branch: Body) -> bool:
    """Whether a branch is its input in some instances."""
    return all(
        isinstance(item, Choice | Let)
        or (isinstance(item, Layer) and is_identity(item))
        for item in branch
    )
