"""From a function of torch to an op: `F.relu(x)` to `relu`, `x + y` to `add`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from archspec.importing.reading.dataflow import Node
from archspec.importing.reading.layer_calls import plain
from archspec.importing.reading.op_functions import SAME_NAMES
from archspec.importing.reading.signals_and_tokens import retyped, turn_for
from archspec.importing.reading.tracing import Operation, Value
from archspec.importing.unsupported import UnsupportedModuleError
from archspec.ops.registry import OPS

if TYPE_CHECKING:
    from archspec.importing.reading.conversion import Converter

Handler = Callable[["Converter", Operation], Node]

DEFAULTS = {"dropout": {"p": 0.5}, "dropout2d": {"p": 0.5}}
RENAMED = {"min": "min_val", "max": "max_val"}  # of `clamp`


def _same_names(convert: Converter, operation: Operation) -> Node:
    """An op that takes what the function takes, by the same names."""
    name, order = SAME_NAMES[operation.function]
    x, *args = operation.args
    given = dict(zip(order, args, strict=False)) | {
        RENAMED.get(key, key): value for key, value in operation.kwargs.items()
    }
    known = {p.name for p in OPS[name].parameters}
    rest = [*args[len(order) :], *(v for k, v in given.items() if k not in known)]
    for number in rest:  # not `training` or `inplace`
        if isinstance(number, int | float) and not isinstance(number, bool):
            raise convert.unsupported(operation, f"with `{number}`")
    attributes = DEFAULTS.get(name, {}) | {
        key: plain(value)
        for key, value in given.items()
        if key in known and value is not None and value != []
    }
    return convert.call(name, convert.node(x), attributes, operation)


def _joined(kind: str) -> Handler:
    """A join of two values, a value and a parameter, or a value and a constant."""

    def handler(convert: Converter, operation: Operation) -> Node:
        first, second = operation.args[:2]
        if operation.kwargs.get("alpha", 1) != 1:
            raise convert.unsupported(operation, "with `alpha`")
        for x, other in ((first, second), (second, first)):
            if isinstance(other, int | float):
                return _affine(convert, operation, kind, x, other, x is first)
            if name := convert.weight(other):
                if name in convert.constants:
                    numbers = _per_channel(convert, operation, x, name, other)
                    return _affine(convert, operation, kind, x, numbers, x is first)
                if kind not in BARE:
                    raise convert.unsupported(operation, f"with `{name}`")
                if name not in convert.parameters:
                    raise UnsupportedModuleError(
                        f"{operation.frame} computes with the buffer `{name}`: register "
                        "it with `persistent=False`, and its numbers are in the spec"
                    )
                return convert.bare(BARE[kind], name, convert.node(x), operation)
        if kind == "div":
            raise convert.unsupported(operation, "by a tensor")
        nodes = [convert.node(first), convert.node(second)]
        return convert.join(kind, nodes, operation)

    return handler


Numbers = float | tuple[float, ...]


def _per_channel(
    convert: Converter, operation: Operation, x: Value, name: str, other: Value
) -> Numbers:
    """The numbers of a constant tensor: one, or one for each channel."""
    numbers = [float(f"{each:.7g}") for each in convert.constants[name].flatten()]
    node = convert.node(x)
    turn_for(convert, node, other.sizes)
    shape = node.shape
    rank = len(shape) + 1
    sizes = (1,) * (rank - len(other.sizes)) + other.sizes
    expected = [1] * rank
    expected[shape.channel_axis + 1] = shape.channels
    if len(numbers) > 1 and sizes != tuple(expected):
        raise convert.unsupported(operation, f"with `{name}`")
    return tuple(numbers) if len(numbers) > 1 else numbers[0]


def _affine(
    convert: Converter,
    operation: Operation,
    kind: str,
    x: Value,
    numbers: Numbers,
    is_first: bool,
) -> Node:
    """A value and constants, as `affine(scale, shift)`."""
    scale: Numbers = 1
    shift: Numbers = 0
    match kind:
        case "add":
            shift = numbers
        case "sub" if is_first:
            shift = _times(-1, numbers)
        case "sub":
            scale, shift = -1, numbers
        case "mul":
            scale = numbers
        case "div" if is_first:
            scale = _times(1, numbers, power=-1)
        case _:
            raise convert.unsupported(operation, "with a constant")
    node = convert.node(x)
    is_scaled = node.op == "affine" and node.positional[1] == 0
    if scale == 1 and is_scaled and len(convert.readers[x]) == 1:
        node.positional = (node.positional[0], shift)
        return node
    return convert.call("affine", node, {"scale": scale, "shift": shift}, operation)


def _times(factor: float, numbers: Numbers, power: int = 1) -> Numbers:
    if isinstance(numbers, tuple):
        return tuple(factor * each**power for each in numbers)
    return factor * numbers**power


def _reversed(kind: str) -> Handler:
    """`1 - x`, whose first argument is x."""

    def handler(convert: Converter, operation: Operation) -> Node:
        second, first = operation.args[:2]
        operation.args = (first, second)
        return _joined(kind)(convert, operation)

    return handler


def _negated(convert: Converter, operation: Operation) -> Node:
    return _affine(convert, operation, "mul", operation.args[0], -1, is_first=True)


INTERPOLATE = ("size", "scale_factor", "mode", "align_corners")


def _interpolate(convert: Converter, operation: Operation) -> Node:
    """`upsample` where sizes are multiples of the input's, and otherwise `resize`."""
    x, *args = operation.args
    given = dict(zip(INTERPOLATE, args, strict=False)) | operation.kwargs
    if given.get("antialias"):
        raise convert.unsupported(operation, "with `antialias`")
    node = convert.node(x)
    sizes = operation.results[0].sizes[2:]
    attributes = {
        "mode": given.get("mode", "nearest"),
        "align_corners": bool(given.get("align_corners")),
    }
    factors = plain([new / old for new, old in zip(sizes, node.shape[1:], strict=True)])
    if given.get("scale_factor") is not None:
        factors = plain(given["scale_factor"])
    elif not (isinstance(factors, float) and factors.is_integer()):
        return convert.call(
            "resize", node, {"size": plain(sizes), **attributes}, operation
        )
    if isinstance(factors, float) and factors.is_integer():
        factors = int(factors)
    return convert.call(
        "upsample", node, {"scale_factor": factors, **attributes}, operation
    )


def _pad(convert: Converter, operation: Operation) -> Node:
    """Padding that is no movement: with values of the image, or with a constant."""
    x, padding, *rest = operation.args
    mode = operation.kwargs.get("mode", rest[0] if rest else "constant")
    value = operation.kwargs.get("value", rest[1] if rest[1:] else None)
    node = convert.node(x)
    missing = 2 * (len(node.shape) - 1) - len(padding)
    sides = (*padding, *(0,) * missing)
    if missing < 0 or mode == "circular":
        raise convert.unsupported(operation, f"with `mode={mode!r}`")
    attributes = {"padding": plain(sides)}
    if mode != "constant":
        attributes["mode"] = mode
    elif value:
        attributes["value"] = value
    return convert.call("pad", node, attributes, operation)


TAKES_WEIGHTS = (
    *(f"conv{n}d" for n in (1, 2, 3)),
    *(f"conv_transpose{n}d" for n in (1, 2, 3)),
    *("linear", "bilinear", "embedding", "batch_norm", "layer_norm", "group_norm"),
)
BARE = {"add": "position_embedding", "mul": "layer_scale"}


def _cat(convert: Converter, operation: Operation) -> Node:
    tensors = operation.args[0]
    if len(tensors) == 2 and (name := convert.weight(tensors[0])):
        return convert.bare("class_token", name, convert.node(tensors[1]), operation)
    dim = operation.kwargs.get("dim", operation.args[1] if operation.args[1:] else 0)
    nodes = [convert.node(value) for value in tensors]
    axis = dim % len(operation.results[0].sizes) - 1  # without the batch
    nodes = [
        node if node.shape.channel_axis == axis else retyped(convert, node, operation)
        for node in nodes
    ]
    if any(node.shape.channel_axis != axis for node in nodes):
        raise convert.unsupported(operation, f"along axis {dim}")
    return convert.concat(nodes, operation)


def _over_channels(convert: Converter, operation: Operation) -> Node:
    """An op over the channels, wherever they are."""
    x, *rest = operation.args
    dim = operation.kwargs.get("dim", rest[0] if rest else None)
    if operation.function == "glu" and dim is None:
        dim = -1
    return convert.over_channels(operation.function, x, dim, operation)


def _mean(convert: Converter, operation: Operation) -> Node:
    axes, keep = _reduced(convert, operation)
    node = convert.node(operation.args[0])
    if _are_spatial(axes, node):
        return _pooled(convert, "global_avgpool", keep, operation)
    if keep and axes == [1] and node.shape.axes == "CHW":
        return _at_each_position(convert, "mean", operation)
    if keep or 0 in axes:
        raise convert.unsupported(operation)
    if node.shape.channel_axis + 1 in axes:
        node = retyped(convert, node, operation)
    for axis in reversed(axes):
        node = convert.call("mean", node, {"dim": axis}, operation)
    return node


def _max(convert: Converter, operation: Operation) -> Node:
    """The larger of two values, or the largest at all positions."""
    if len(operation.values) > 1:
        return _joined("maximum")(convert, operation)
    axes, keep = _reduced(convert, operation)
    if any(convert.is_read(places) for places in operation.results[1:]):
        raise convert.unsupported(operation, "for the positions")
    node = convert.node(operation.args[0])
    if keep and axes == [1] and node.shape.axes == "CHW":
        return _at_each_position(convert, "max", operation)
    if not _are_spatial(axes, node):
        raise convert.unsupported(operation, "over other axes than all positions")
    return _pooled(convert, "global_maxpool", keep, operation)


def _reduced(convert: Converter, operation: Operation) -> tuple[list[int], bool]:
    """The axes over which a function reduces a value, and whether it keeps them."""
    x, *rest = operation.args
    dims = operation.kwargs.get("dim", rest[0] if rest else None)
    keep = operation.kwargs.get("keepdim", rest[1] if rest[1:] else False)
    if dims is None:
        raise convert.unsupported(operation, "over all axes")
    dims = [dims] if isinstance(dims, int) else [*dims]
    return sorted(dim % len(x.sizes) for dim in dims), keep


def _are_spatial(axes: list[int], node: Node) -> bool:
    return node.shape.axes[0] == "C" and axes == [*range(2, len(node.shape) + 1)]


def _at_each_position(convert: Converter, kind: str, operation: Operation) -> Node:
    """The mean or largest of the channels of an image, as an image of one channel.

    Its positions become features, and its channels the tokens.
    """
    x = convert.node(operation.args[0])
    _, height, width = x.shape
    steps: list[tuple[str, dict[str, Any]]] = [("tokens", {}), ("transpose", {})]
    if kind == "mean":
        steps += [("mean", {"dim": 1})]
    else:
        steps += [("permute", {"dims": (0, 2, 1)}), ("global_maxpool", {})]
        steps += [("flatten", {})]
    sizes = {"channels": 1, "height": height, "width": width}
    for op, attributes in (*steps, ("unflatten", sizes)):
        x = convert.call(op, x, attributes, operation)
    return x


def _pooled(convert: Converter, pool: str, keep: bool, operation: Operation) -> Node:
    node = convert.call(pool, convert.node(operation.args[0]), {}, operation)
    return node if keep else convert.call("flatten", node, {}, operation)


JOINS = ("add", "sub", "mul", "maximum")


def _spread(convert: Converter, operation: Operation) -> Node:
    """A value at every position, which a join of it does by itself."""
    result = operation.results[0]
    readers = {reader.function for reader in convert.readers.get(result, ())}
    if not readers <= {*JOINS} or result in convert.trace.results:
        raise convert.unsupported(operation)
    return convert.node(operation.args[0])


def _with_weights(convert: Converter, operation: Operation) -> Node:
    """A function that takes its weights, as layers do within."""
    raise convert.unsupported(operation, "with weights that no layer has")


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(SAME_NAMES, _same_names),
    "add": _joined("add"),
    "sub": _joined("sub"),
    "mul": _joined("mul"),
    "maximum": _joined("maximum"),
    "max": _max,
    "amax": _max,
    **dict.fromkeys(("expand", "expand_as", "broadcast_to"), _spread),
    "cat": _cat,
    "concat": _cat,
    "concatenate": _cat,
    "mean": _mean,
    "interpolate": _interpolate,
    "upsample": _interpolate,
    "pad": _pad,
    "rsub": _reversed("sub"),
    "radd": _joined("add"),
    "rmul": _joined("mul"),
    "truediv": _joined("div"),
    "div": _joined("div"),
    "neg": _negated,
    **dict.fromkeys(TAKES_WEIGHTS, _with_weights),
    **dict.fromkeys(("softmax", "log_softmax", "glu"), _over_channels),
}
