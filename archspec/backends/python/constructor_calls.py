"""How PyTorch constructs a layer, by the rule of its op.

The input has 3 channels here:

    conv(64, k=3)   ->   nn.Conv2d(3, 64, kernel_size=3)
"""

from __future__ import annotations

from archspec.ir.graph import Layer
from archspec.ir.symbolic import variables
from archspec.ops.registry import OPS
from archspec.ops.torch_call import TorchCall


def is_default(call: TorchCall, name: str) -> bool:
    """Whether torch has the value of a keyword argument as its default."""
    item = call.kwargs[name]
    if variables(item.code):
        return False
    return name in call.defaults and bool(item.value == call.defaults[name])


def torch_call(layer: Layer) -> TorchCall:
    """The class that a layer is an instance of, and its arguments."""
    node = layer.node
    op = OPS[node.op]
    assert node.inputs[0].shape is not None
    return op.torch(op, node.inputs[0].shape, node.attributes)
