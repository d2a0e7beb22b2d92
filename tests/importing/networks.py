"""Networks that import is tested with, and what two equal ones have in common."""

import re

from archspec.spec import Spec

ZOO = [  # one of each family of torchvision, the smallest
    f"torchvision/{name}"
    for name in (
        "alexnet",
        "convnext_tiny",
        "densenet121",
        "efficientnet_b0",
        "googlenet",
        "inception_v3",
        "maxvit_t",
        "mnasnet0_5",
        "mobilenet_v2",
        "mobilenet_v3_small",
        "regnet_y_400mf",
        "resnet50",
        "shufflenet_v2_x0_5",
        "squeezenet1_0",
        "swin_t",
        "vgg16_bn",
        "vit_b_16",
    )
]


def facts(spec: Spec) -> list[tuple[object, ...]]:
    """The layers that have weights, and the shapes and costs of the network."""
    layers = [
        (node.op, node.path, dict(node.values), tuple(node.output.shape))
        for node in spec.graph.layers
        if node.parameters or node.op == "bn"
    ]
    inputs = spec.graph.inputs
    ports = [  # the name of a single one is not in its module
        (port.name if inputs[1:] else "input", tuple(port.shape)) for port in inputs
    ]
    outputs = [tuple(port.shape) for port in spec.graph.outputs]
    return [*layers, *ports, *outputs, (spec.params, spec.macs)]


def lines_of(text: str) -> int:
    """The lines from the input on, without comments, params and variants."""
    text = re.sub(r"(?ms)^(params|variants|train):.*?(?=^\S)", "", text + "end:")
    lines = (line.strip() for line in text.splitlines())
    return sum(bool(line) and not line.startswith("#") for line in lines)
