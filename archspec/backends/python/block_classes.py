"""Represent the calls of each block by as few classes as possible.

All calls of a block are instances of one class, whatever their numbers are. If they
differ in structure, each structure has a class of its own:

    residual(3), residual(6, s=2)                ->   class Residual
    norm(c, act=relu), norm(c, act=identity)     ->   class Norm, class Norm2

A block that calls itself is a class that makes itself, with an `if` where its instances
differ. It has a class for each depth where one cannot do: where the labels after the
`if` count the steps in it, where no expression gives a value in all instances, or where
blocks call each other.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

from archspec.backends.python.aligned_bodies import (
    InstancesDifferError,
    Source,
    level,
    values_by_name,
)
from archspec.backends.python.block_params import blocks_of_params, class_annotation
from archspec.backends.python.callable_arguments import (
    CallableWriter,
    is_identity,
    param_uses,
    uses,
)
from archspec.backends.python.class_builder import ClassBuilder, Docstring
from archspec.backends.python.class_docstrings import block_docstring
from archspec.backends.python.class_parameters import (
    ClassParameter,
    block_parameters,
    known_values,
    params_of_spec,
)
from archspec.backends.python.constructor_calls import torch_call
from archspec.backends.python.identifiers import class_name, python_name
from archspec.backends.python.param_dependence import ParamDependence
from archspec.backends.python.parameter_names import ParameterNames, renamed
from archspec.backends.python.syntax import CallExpr, ClassDef, ClassName, Expr
from archspec.ir.graph import (  # fmt: skip
    Choice,
    Collect,
    Graph,
    Item,
    Layer,
    Merge,
    Module,
    Node,
    Reference,
    Repeat,
    Tied,
    param_name,
    walk,
)
from archspec.ir.symbolic import as_symbolic, constant
from archspec.resolve.partial_call import PartialCall, has_callee, is_callee


@dataclass(eq=False)
class FinishedClass:
    """A class that represents several instances of a block."""

    name: ClassName
    parameters: list[ClassParameter]
    indices: dict[int, int]  # by the identity of each instance
    has_width: bool = False

    def index(self, module: Module) -> int:
        """The position of an instance among those of the class."""
        return self.indices[id(module)]


def network_classes(
    graphs: Sequence[Graph],
    params: Sequence[str],
    name: str,
    docstring: Docstring,
    alone: BlockClasses | None = None,
) -> BlockClasses | None:
    """The class of some networks, with all that may be needed for it before it.

    They are one spec with other values of `params`; None if no one class can have them.
    A block that is one class in the network `alone` must not be several for all.
    """
    may_split = alone.split if alone else None
    classes = BlockClasses(graphs, params, may_split=may_split)
    found = _network_classes(classes, name, docstring)
    if found or not (own := blocks_of_params(graphs)):
        return found
    blocks = {id(module.definition) for each in own.values() for module in each}
    classes = BlockClasses(graphs, params, telling=blocks, may_split=may_split)
    return _network_classes(classes, name, docstring)


def _network_classes(
    classes: BlockClasses, name: str, docstring: Docstring
) -> BlockClasses | None:
    graphs = classes.graphs
    try:
        outer = classes.params
    except InstancesDifferError:
        return None
    shown = {
        id(item.node if isinstance(item, Layer) else item)
        for item in walk(graphs[0].body)
    }
    for may_loop in (True, False):
        builder = ClassBuilder(
            ClassName(name),
            [graph.body for graph in graphs],
            outer,
            classes,
            may_loop=may_loop,
            values=classes.fixed,
            known=tuple(_known_params(graph) for graph in graphs),
            dependent=classes.dependence.names(None),
            shown=shown,
            network=graphs[0],
        )
        if classes.finish(builder, docstring):
            return classes
    return None


def _known_params(graph: Graph) -> dict[str, Any]:
    """The values of those params that are data."""
    params = graph.family.params.items()
    return {param_name(k): v for k, v in params if not has_callee(v)}


@dataclass
class BlockClasses:
    """The classes of a network's blocks, each built when it is first needed."""

    graphs: Sequence[Graph]
    names: Sequence[str]  # of the params of the spec that classes may have
    telling: Collection[int] = ()  # blocks, by `id`, that tell how wide they are
    may_split: Collection[int] | None = None  # that may be several classes; None: all
    split: set[int] = field(default_factory=set)  # that one class cannot represent
    callables: CallableWriter = field(init=False)
    known: dict[ClassDef, ClassName] = field(default_factory=dict)  # users last
    finished: dict[int, FinishedClass] = field(default_factory=dict)
    tried: set[int] = field(default_factory=set)  # recursive blocks, as one class
    places: dict[int, str | None] = field(default_factory=dict)  # see `place`

    def __post_init__(self) -> None:
        """Let ops and blocks be arguments."""
        self.callables = CallableWriter(self._class_of_all)

    def keep(self, definition: ClassDef) -> ClassName:
        """Add a class, and give its name; equal classes are the first one."""
        return self.known.setdefault(definition, definition.name)

    def place(self, names: Mapping[int, str | None]) -> None:
        """Note the attribute that each layer is in its class, by the `id` of its node."""
        self.places.update(names)

    def module_path(self, node: Node) -> str | None:
        """The path of the module that a layer is; None if it is a tensor's method."""
        around, _, own = node.path.rpartition(".")
        name = self.places.get(id(node), own)
        return f"{around}.{name}" if name and around else name

    def class_of(self, module: Module) -> FinishedClass:
        """The class of a block's instance."""
        if id(module) not in self.finished and not self._build_recursive(module):
            self._build(self._families[self._family(module)])
        return self.finished[id(module)]

    def _class_of_all(self, definition: object) -> FinishedClass:
        """The one class of a block.

        Raises:
            InstancesDifferError: if it has several, or none.
        """
        families = self._families.values()
        modules = [m for ms in families for m in ms if m.definition is definition]
        found = [self.class_of(module) for module in modules]
        if not found or any(each is not found[0] for each in found):
            raise InstancesDifferError
        return found[0]

    @cached_property
    def _families(self) -> dict[Hashable, list[Module]]:
        """All calls of blocks, by the family that may share a class."""
        items = (item for graph in self.graphs for item in walk(graph.body))
        modules = (item for item in items if isinstance(item, Module) and item.block)
        return _grouped(modules, self._family)

    @cached_property
    def _graph_of(self) -> dict[int, Graph]:
        """The network of each instance of a block, by its `id`."""
        return {
            id(item): graph
            for graph in self.graphs
            for item in walk(graph.body)
            if isinstance(item, Module)
        }

    def params_of(self, module: Module) -> Mapping[str, Any]:
        """The params of the network that a block's instance is in."""
        return self._graph_of[id(module)].family.params

    @cached_property
    def dependence(self) -> ParamDependence:
        """The names that depend on the params that classes have."""
        return ParamDependence.of(self.graphs, self.names)

    @cached_property
    def fixed(self) -> dict[str, ast.expr]:
        """The values of those params that no class has and all networks agree in."""
        first = self.graphs[0].family.params
        return {
            param_name(name): constant(value)
            for name, value in first.items()
            if name not in self.names
            and not has_callee(value)
            and all(graph.family.params[name] == value for graph in self.graphs)
        }

    @cached_property
    def _inner_params(self) -> dict[str, ClassParameter]:
        """The params of the spec in the classes of blocks, which are given their ops."""
        return params_of_spec(self.graphs, self.names, lambda _name, _value: None)

    @cached_property
    def params(self) -> dict[str, ClassParameter]:
        """The params of the spec, as those of a class.

        Raises:
            InstancesDifferError: if one is an op or block that cannot be written.
        """

        def write(name: str, value: Any) -> Expr:
            calls = [*param_uses(self.graphs[0].body, param_name(name), value)]
            return self.callables.value(value, calls)

        found = params_of_spec(self.graphs, self.names, write)
        own = blocks_of_params(self.graphs) if self.telling else {}
        for key, modules in own.items():
            if key in found:
                classes = {self._class_of_all(m.definition).name for m in modules}
                chosen = class_annotation(classes)
                found[key] = replace(found[key], annotation=chosen)
        return found

    def _family(self, module: Module) -> Hashable:
        """Instances that one class may represent: calls of one block.

        Those of a recursive block are as deep as each other, since a class is built
        after those that it calls.
        """
        is_recursive = id(module.definition) in self._nesting.recursive
        depth = self._nesting.depths[id(module)] if is_recursive else 0
        return id(module.definition), depth

    @cached_property
    def _names(self) -> ParameterNames:
        return ParameterNames(self.graphs)

    @cached_property
    def _nesting(self) -> _Nesting:
        nesting = _Nesting()
        for graph in self.graphs:
            nesting.visit(graph.body, ())
        return nesting

    def _build_recursive(self, module: Module) -> bool:
        """Build the one class of a block that calls itself; false if it is none."""
        block = id(module.definition)
        alone = self._nesting.recursive - self._nesting.call_each_other
        if block not in alone - self.tried:
            return False
        self.tried.add(block)
        families = self._families.values()
        modules = [m for ms in families for m in ms if id(m.definition) == block]
        return self._attempt(modules, has_callables=True, is_recursive=True) or (
            len(_grouped(modules, _all_callees)) == 1
            and self._attempt(modules, is_recursive=True)
        )

    def _build(self, modules: list[Module]) -> None:
        """Build one class for the instances of a block, or as few as possible."""
        block = id(modules[0].definition)
        is_one = self.may_split is not None and block not in self.may_split
        if not (is_one and block in self.split):
            if self._attempt(modules, has_callables=True):
                return
            self.split.add(block)
        if is_one:
            raise InstancesDifferError
        for fixed in _grouped(modules, _all_callees).values():
            self._build_fixed(fixed)

    def _build_fixed(self, modules: list[Module]) -> None:
        """Build the classes of instances with the same ops and blocks as arguments."""
        if self._attempt(modules):
            return
        for alike in _grouped(modules, self._structure).values():
            if self._attempt(alike) or self._attempt(alike, may_loop=False):
                continue
            for same in _grouped(alike, _numbers).values():
                if not (self._attempt(same) or self._attempt(same, may_loop=False)):
                    raise InstancesDifferError  # they depend on a param

    def _attempt(
        self,
        modules: list[Module],
        *,
        may_loop: bool = True,
        has_callables: bool = False,
        is_recursive: bool = False,
    ) -> bool:
        """Build one class for these instances; false if none can represent them.

        With `has_callables`, ops and blocks may be its arguments. A recursive class is
        built until it calls itself with the parameters that it has.
        """
        indices, modules = self._distinct(modules)
        block = modules[0]
        names = self._names.of(block)
        default = partial(self._callable_default, modules) if has_callables else None
        own = block_parameters(modules, names, default)
        bodies = [module.body for module in modules]
        taken = {python_name(name) for name in (*own, *values_by_name(bodies))}
        params = {k: p for k, p in self._inner_params.items() if p.name not in taken}
        is_asked = id(block.definition) in self.telling
        widths = [as_symbolic(m.output.shape.channels) for m in modules
                  if is_asked and m.output.shape is not None]  # fmt: skip
        class_of = ClassName(class_name(block.block))
        found = FinishedClass(class_of, [], indices, bool(widths))
        if is_recursive:
            self.finished |= dict.fromkeys(indices, found)
        while True:
            builder = ClassBuilder(
                found.name,
                bodies,
                {**own, **params},
                self,
                may_loop=may_loop,
                may_branch=is_recursive,
                values={**renamed(names), **self.fixed},
                known=tuple(
                    known_values(module, names)
                    | _known_params(self._graph_of[id(module)])
                    for module in modules
                ),
                dependent=self.dependence.names(block.definition),
                widths=widths,
            )
            try:
                docstring = partial(block_docstring, modules, names)
                definition = builder.definition(docstring)
            except InstancesDifferError:
                others = self.finished.items()
                self.finished = {k: v for k, v in others if v is not found}
                return False
            before, found.parameters = found.parameters, builder.parameters()
            if before == found.parameters or not is_recursive:
                found.name = self.keep(definition)
                self.finished |= dict.fromkeys(indices, found)
                return True

    def _distinct(self, modules: list[Module]) -> tuple[dict[int, int], list[Module]]:
        """The instances without those that are equal to others in their network.

        Also the index of each instance among these. Of one network all are kept, whose
        layers each have a place.
        """
        if len(self.graphs) == 1:
            return {id(module): n for n, module in enumerate(modules)}, modules
        found: dict[Hashable, int] = {}
        indices: dict[int, int] = {}
        kept: list[Module] = []
        for module in modules:
            key = id(self._graph_of[id(module)]), _values(module)
            index = found.setdefault(key, len(kept))
            indices[id(module)] = index
            if index == len(kept):
                kept.append(module)
        return indices, kept

    def _callable_default(
        self, modules: list[Module], key: str, value: object
    ) -> Expr | None:
        """The default of a parameter that is an op or block; None if it has none."""
        calls = [use for module in modules for use in uses(module, key)]
        layers = [call for call in calls if isinstance(call, Layer)]
        if layers and all(map(is_identity, layers)):
            return None  # nothing shows what another op would be called with
        try:
            written = self.callables.value(value, calls)
        except InstancesDifferError:
            return None
        return None if isinstance(written, CallExpr) else written

    def finish(self, builder: ClassBuilder, docstring: Docstring) -> ClassName | None:
        """Add a class; None if it cannot be built."""
        try:
            return self.keep(builder.definition(docstring))
        except InstancesDifferError:
            return None

    def _structure(self, module: Module) -> Hashable:
        """What a body consists of, without its numbers."""
        return tuple(self._part(item) for item in level(module.body))

    def _part(self, item: Item) -> Hashable:
        """What one item of a body shares with those of all instances of the class."""
        match item:
            case Layer():
                return torch_call(item).name, item.name.value
            case Module() if item.block:
                return self.class_of(item).name, item.name.value
            case Module():
                return self._structure(item), item.name.value
            case Merge():
                shape = item.node.output.shape
                return item.node.op, len(item.branches), shape and shape.channel_axis
            case Repeat():
                return "repeat", len(item.iterations)
            case Collect():
                return "collect", len(item.repeat.iterations)
            case Choice():
                return "if", item.condition.value
            case Reference():
                return "ref", Source.of(item)
            case Tied():
                return "tied", Source.of(item)
        return type(item).__name__


@dataclass
class _Nesting:
    """Which blocks are recursive, and how deep blocks are nested in each module."""

    recursive: set[int] = field(default_factory=set)  # by the `id` of a definition
    call_each_other: set[int] = field(default_factory=set)  # of these
    depths: dict[int, int] = field(default_factory=dict)  # by the `id` of a module

    def visit(self, body: tuple[Item, ...], around: tuple[int, ...]) -> int:
        """Note the modules of a level, and return its depth."""
        deepest = 0
        for item in level(body):
            if isinstance(item, Module):
                block = id(item.definition) if item.block else 0
                if block and block in around:
                    cycle = {*around[around.index(block) :]} - {0}
                    self.recursive |= cycle
                    self.call_each_other |= cycle if len(cycle) > 1 else set()
                depth = self.visit(item.body, (*around, block)) + 1
                self.depths[id(item)] = depth
                deepest = max(deepest, depth)
        return deepest


def _all_callees(module: Module) -> Hashable:
    """The ops and blocks in the arguments of a call."""
    arguments = sorted(module.arguments.items())
    return tuple((name, _callees(value.value)) for name, value in arguments)


def _callees(value: object) -> Hashable:
    """The ops and blocks in an argument."""
    if isinstance(value, tuple):
        return tuple(map(_callees, value))
    if isinstance(value, PartialCall):
        return value
    return id(value) if hasattr(value, "name") else None


def _numbers(module: Module) -> Hashable:
    """What two instances share that are equal in every number."""
    arguments = [repr(item.value) for item in module.arguments.values()]
    shape = module.input.shape
    return tuple(arguments), shape, shape and shape.axes


def _values(module: Module) -> Hashable:
    """All that a call of a block depends on."""
    shape = module.input.shape
    arguments = (_value(item.value) for item in module.arguments.values())
    return (
        module.is_tied,
        tuple(arguments),
        shape and (tuple(map(int, shape)), shape.axes),
    )


def _value(value: Any) -> Hashable:
    if isinstance(value, tuple):
        return tuple(map(_value, value))
    if isinstance(value, PartialCall):
        return value
    return id(value) if is_callee(value) else (type(value), value)


def _grouped(
    modules: Iterable[Module], key: Callable[[Module], Hashable]
) -> dict[Hashable, list[Module]]:
    groups: dict[Hashable, list[Module]] = {}
    for module in modules:
        groups.setdefault(key(module), []).append(module)
    return groups
