"""Run a module once without data, and record what it computes.

The module is copied to torch's `meta` device, where tensors have shapes and no values.
A call of a layer that archspec knows is one operation, and so is each function of torch
outside of them. Shapes are numbers, so that loops and conditions on shapes just run.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_leaves, tree_map

from archspec.importing.reading.constructor_arguments import known_arguments
from archspec.importing.steps import Value as Argument
from archspec.importing.unsupported import UnsupportedModuleError, gpu_needed

BATCH = 2

Inputs = Mapping[str, tuple[int, ...]]


@dataclass(eq=False)
class Frame:
    """One call of a module that archspec does not know as a layer."""

    module: nn.Module
    path: str
    caller: Frame | None
    arguments: dict[str, Argument]  # of the module's constructor, as far as known

    def __str__(self) -> str:
        """Its path and class, for messages."""
        kind = type(self.module).__name__
        return f"`{self.path}` ({kind})" if self.path else f"`{kind}`"


def around(frame: Frame | None) -> list[Frame]:
    """A call of a module and those around it, the innermost first."""
    found: list[Frame] = []
    while frame:
        found.append(frame)
        frame = frame.caller
    return found


@dataclass(eq=False)
class Value:
    """A tensor at one time of the run; an operation in place makes another."""

    sizes: tuple[int, ...]  # with the batch
    operation: Operation | None = None
    weight: str = ""  # the path, for a parameter or buffer


@dataclass(eq=False)
class Operation:
    """The call of a layer or of a function, with values in place of tensors."""

    function: str  # `relu`, of whatever module of torch; "" for a layer
    layer: nn.Module | None
    path: str  # of the layer
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    frame: Frame
    run: Callable[..., Any]  # with tensors
    results: list[Value] = field(default_factory=list)

    @property
    def values(self) -> list[Value]:
        """The tensors that it reads."""
        leaves, _ = tree_flatten((self.args, self.kwargs))
        return [leaf for leaf in leaves if isinstance(leaf, Value)]


@dataclass
class Trace:
    """A run: the operations in their order, and what `forward` took and returned."""

    frame: Frame  # of the module itself
    inputs: dict[str, Value]
    operations: list[Operation]
    outputs: Any  # values, in whatever tuple or dict the module returns

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of its outputs, if the module returns a dict of tensors."""
        if not isinstance(self.outputs, Mapping):
            return ()
        given = {str(k): each for k, each in self.outputs.items() if each is not None}
        return tuple(given) if len(given) == len(self.results) else ()

    @property
    def results(self) -> list[Value]:
        """The values that the module returns, in their order."""
        return [leaf for leaf in tree_leaves(self.outputs) if isinstance(leaf, Value)]


def trace(
    module: nn.Module,
    inputs: Inputs,
    is_layer: Callable[[nn.Module], bool],
    *,
    training: bool = False,
) -> Trace:
    """Record the run of a module on inputs of these shapes, the batch not counted.

    Raises:
        UnsupportedModuleError: where it does not run.
    """
    root = without_data(module).train(training)
    arguments = {path: known_arguments(each) for path, each in module.named_modules()}
    recorder = _Recorder(root, is_layer, arguments)
    try:
        with torch.device("meta"), torch.no_grad():
            tensors = {name: torch.empty(BATCH, *s) for name, s in inputs.items()}
            values = {name: recorder.bind(tensor) for name, tensor in tensors.items()}
            recorder.inputs = {*map(id, tensors.values())}
            with recorder.watching_modules(), recorder:
                outputs = root(*tensors.values())
    except UnsupportedModuleError:
        raise
    except Exception as error:
        raise UnsupportedModuleError(_reason(module, inputs, error)) from error
    assert recorder.root
    found = Trace(recorder.root, values, recorder.operations, recorder.read(outputs))
    if not found.results:
        raise UnsupportedModuleError(
            f"`{type(module).__name__}` returns no tensor: return what it computes"
        )
    return found


def _reason(module: nn.Module, inputs: Inputs, error: Exception) -> str:
    """Why a module does not run: without data, or at all."""
    name = type(module).__name__
    kind = f"`{name}`"
    try:
        with torch.no_grad():
            own = copy.deepcopy(module).eval()
            own(*(torch.zeros(BATCH, *shape) for shape in inputs.values()))
    except (AttributeError, NameError, NotImplementedError) as cause:
        return f"{kind} does not run ({_line(cause)}): repair it first"
    except Exception as cause:
        if hooked := hooked_module(module):
            return (
                f"{hooked} has a forward hook, and {kind} fails with it as a copy "
                f"({_line(cause)}): remove the hook"
            )
        shapes = " and ".join("x".join(map(str, shape)) for shape in inputs.values())
        where = "torch" if isinstance(cause, RuntimeError) else "Python"
        return gpu_needed(name, cause) or (
            f'{kind} fails for the input {shapes}: {where} reports "{_line(cause)}"; '
            "check `--input`"
        )
    return (
        f"{kind} does not run without the values of its weights ({_line(error)}): "
        "compute with shapes alone"
    )


def hooked_module(module: nn.Module) -> str:
    """The path and class of the first module with a forward hook, for messages."""
    for path, each in module.named_modules():
        if each._forward_hooks or each._forward_pre_hooks:  # noqa: SLF001
            return str(Frame(each, path, None, {}))
    return ""


def _line(error: Exception) -> str:
    """The first line of an error's text, or the name of one without a text."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


def named_tensors(module: nn.Module) -> dict[str, Tensor]:
    """Parameters, buffers and other tensors that modules keep, by path."""
    found = dict([*module.named_parameters(), *module.named_buffers()])
    for path, owner in module.named_modules():
        for name, value in vars(owner).items():
            if isinstance(value, Tensor):
                found[f"{path}.{name}" if path else name] = value
    return found


def without_data(module: nn.Module) -> nn.Module:
    """A copy whose tensors have shapes, and no values that would take memory."""
    memo: dict[int, Any] = {}
    for owner in module.modules():
        for tensor in (
            *owner.parameters(recurse=False),
            *owner.buffers(recurse=False),
            *(each for each in vars(owner).values() if isinstance(each, Tensor)),
        ):
            blank = tensor.detach().to("meta")
            if isinstance(tensor, nn.Parameter):
                blank = nn.Parameter(blank, tensor.requires_grad)
            memo[id(tensor)] = blank
    return copy.deepcopy(module, memo)


class _Recorder(TorchFunctionMode):
    """Sees each function of torch that is called, and each module."""

    def __init__(
        self,
        root: nn.Module,
        is_layer: Callable[[nn.Module], bool],
        arguments: Mapping[str, dict[str, Argument]],
    ) -> None:
        super().__init__()
        self.arguments = arguments  # by path
        self.is_layer = is_layer
        self.operations: list[Operation] = []
        self.frame: Frame | None = None
        self.root: Frame | None = None
        self.tensors: list[Tensor] = []  # kept, so that no `id` comes twice
        self.inputs: set[int] = set()  # by `id`, as in `bound`
        self.bound: dict[int, Value] = {}
        self.paths: dict[int, str] = {}
        for path, module in root.named_modules(remove_duplicate=False):
            self.paths.setdefault(id(module), path)
        for path, tensor in named_tensors(root).items():
            self.bind(tensor).weight = path

    def bind(self, tensor: Tensor, operation: Operation | None = None) -> Value:
        """A new value for a tensor, which may have had another."""
        value = Value(tuple(tensor.shape), operation)
        self.tensors.append(tensor)
        self.bound[id(tensor)] = value
        return value

    def read(self, tree: Any) -> Any:
        """The same with the values of its tensors."""

        def of_leaf(leaf: Any) -> Any:
            if not isinstance(leaf, Tensor):
                return leaf
            return self.bound.get(id(leaf)) or self.bind(leaf)

        return tree_map(of_leaf, tree)

    def record(
        self, execute: Callable[[], Any], args: Any, kwargs: Any, **of_what: Any
    ) -> Any:
        """Run an operation, and record it if it makes tensors."""
        assert self.frame
        operation = Operation(
            args=self.read(args), kwargs=self.read(kwargs), frame=self.frame, **of_what
        )
        result = execute()
        made = result if result is not None else args[:1]  # `x[0] = y` changes `x`
        leaves, _ = tree_flatten(made)
        operation.results = [
            self.bind(leaf, operation) for leaf in leaves if isinstance(leaf, Tensor)
        ]
        if operation.results:
            self.operations.append(operation)
        return result

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Record a function of torch."""
        del types
        kwargs = dict(kwargs or {})
        name = name_of(func)
        own_name = getattr(func, "__name__", "")
        drops = name in DROPS or name == ATTENTION
        if drops and self.root and not self.root.module.training:
            self.require_mode(name, args, kwargs)
        self.require_whole_inputs(name, args)
        is_mask = name == "getitem" and any(map(_is_mask, tree_leaves(args[1])))
        if is_mask or name in ASK_FOR_VALUES or own_name in ASK_FOR_VALUES:
            raise UnsupportedModuleError(
                f"{self.frame} depends on tensor values (`{name}`): a spec may "
                "depend on shapes only"
            )
        return self.record(
            lambda: func(*args, **kwargs),
            args,
            kwargs,
            function=name,
            run=func,
            layer=None,
            path="",
        )

    def require_whole_inputs(self, name: str, args: tuple[Any, ...]) -> None:
        """Reject an input that is taken apart, as a dict or a list of tensors is."""
        index = args[1] if args[1:] else 0
        takes_apart = name == "unbind" or (name == "getitem" and type(index) is int)
        is_input = args and isinstance(args[0], Tensor) and id(args[0]) in self.inputs
        is_key = name == "getitem" and isinstance(index, str)
        if is_key or (takes_apart and is_input and index == 0):
            what = f"`{index!r}` of an input" if is_key else "an input as a list"
            raise UnsupportedModuleError(
                f"{self.frame} reads {what}: make each tensor an argument of its own, "
                "since the inputs of a spec are tensors"
            )

    def require_mode(
        self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Reject a function that drops values in eval mode."""
        if name == ATTENTION:
            if kwargs.get("dropout_p"):
                raise UnsupportedModuleError(
                    f"{self.frame} calls `{name}` with `dropout_p` in eval mode too: "
                    "make it 0 where `self.training` is false"
                )
            return
        p = kwargs.get("p", args[1] if args[1:] else 0.5)
        default = args[2] if args[2:] else True
        if p and kwargs.get("training", kwargs.get("train", default)):
            raise UnsupportedModuleError(
                f"{self.frame} calls `{name}` without `training=self.training`, so that "
                "it drops values in eval mode too: add that"
            )

    def call(
        self, original: Callable[..., Any], module: nn.Module, args: Any, kwargs: Any
    ) -> Any:
        """Record a layer as one operation, or what happens within another module."""
        path = self.paths.get(id(module), "")

        def run() -> Any:
            return original(module, *args, **kwargs)

        is_layer = self.frame is not None and self.is_layer(module)
        self.require_known(module, is_layer=is_layer)
        if is_layer:
            return self.call_layer(original, module, path, args, kwargs)
        self.frame = Frame(module, path, self.frame, self.arguments.get(path, {}))
        self.root = self.root or self.frame
        try:
            return run()
        finally:
            self.frame = self.frame.caller

    def call_layer(
        self,
        original: Callable[..., Any],
        layer: nn.Module,
        path: str,
        args: Any,
        kwargs: Any,
    ) -> Any:
        """Record a layer as one operation. Its hooks are functions around it."""
        forward = layer.forward

        def recorded(*args: Any, **kwargs: Any) -> Any:
            def run_silently() -> Any:
                with torch._C.DisableTorchFunction():  # noqa: SLF001
                    return forward(*args, **kwargs)

            return self.record(
                run_silently,
                args,
                kwargs,
                function="",
                run=layer,
                layer=layer,
                path=path,
            )

        with patch.object(layer, "forward", recorded):
            return original(layer, *args, **kwargs)

    def require_known(self, module: nn.Module, *, is_layer: bool) -> None:
        """Reject a layer of torch without an op, and one outside of the network."""
        if self.frame is None or not any(True for _ in module.parameters()):
            return
        kind = type(module).__name__
        if id(module) not in self.paths:
            raise UnsupportedModuleError(
                f"{self.frame} runs a `{kind}` that is not part of it: make it in "
                "`__init__`, several in an `nn.ModuleList`"
            )
        is_of_torch = type(module).__module__.startswith("torch.nn.")
        if is_of_torch and not is_layer and not any(module.children()):
            raise UnsupportedModuleError(
                f"`{self.paths[id(module)]}` is `{kind}`, for which archspec has no op"
            )

    def watching_modules(self) -> Any:
        """Have calls of all modules pass by this recorder."""
        original = nn.Module.__call__

        def call(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
            return self.call(original, module, args, kwargs)

        return patch.object(nn.Module, "__call__", call)


def _is_mask(index: Any) -> bool:
    return isinstance(index, Tensor) and index.dtype is torch.bool


def name_of(function: Callable[..., Any]) -> str:
    """`add` for `torch.add`, `x.add_(y)`, `x + y` and `x += y`; `rsub` for `1 - x`."""
    name: str = getattr(function, "__name__", "")
    if name == "__get__":  # of a property: `x.T`
        name = getattr(function.__self__, "__name__", "")  # type: ignore[attr-defined]
    if name.startswith("__") and name.endswith("__") and len(name) > 4:
        name = name[2:-2]
        return name[1:] if name[:1] == "i" and name[1:] in OPERATORS else name
    return name.rstrip("_")


ASK_FOR_VALUES = {
    "__bool__", "__complex__", "__float__", "__index__", "__int__", "item", "nonzero",
    "masked_select", "numpy", "tolist", "unique",
}  # fmt: skip
ATTENTION = "scaled_dot_product_attention"
DROPS = {"dropout", "dropout1d", "dropout2d", "dropout3d", "feature_dropout"}
OPERATORS = ("add", "sub", "mul", "truediv", "div")
