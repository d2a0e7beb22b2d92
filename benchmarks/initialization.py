"""Print what torchvision draws initial weights from, where archspec draws otherwise.

The networks are made and measured: a distribution is recognized by its standard
deviation, and by whether it has tails.
"""

from __future__ import annotations

import warnings
from collections import Counter, defaultdict
from math import sqrt

import torch
from torch import Tensor, nn
from torchvision.models import get_model

import archspec

FOLDER = "torchvision/"
# The smallest network of each family.
SMALLEST = (
    "alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "googlenet",
    "inception_v3", "maxvit_t", "mnasnet0_5", "mobilenet_v2", "mobilenet_v3_small",
    "regnet_y_400mf", "resnet18", "shufflenet_v2_x0_5", "squeezenet1_1", "swin_t",
    "swin_v2_t", "vgg11", "vit_b_32",
)  # fmt: skip
KINDS = {nn.Conv2d: "convolution", nn.Linear: "linear"}
ENOUGH = 2000  # numbers, to tell one distribution from another
TOLERANCE = 0.05  # of a standard deviation
CONSTANTS = (0.001, 0.01, 0.02, 0.1)


def candidates(weight: Tensor) -> set[str]:
    """The distributions that a weight may be drawn from, each with its deviation."""
    deviation = weight.std().item()
    if deviation == 0:
        return {f"{weight.flatten()[0].item():g}"}
    area = weight[0, 0].numel()
    fan_in, fan_out = weight.shape[1] * area, weight.shape[0] * area
    shape = "uniform" if weight.abs().max() < 1.8 * deviation else "normal"
    known = {
        "1 / sqrt(3 fan_in)": 1 / sqrt(3 * fan_in),
        "1 / sqrt(3 fan_out)": 1 / sqrt(3 * fan_out),
        "1 / sqrt(fan_in)": 1 / sqrt(fan_in),
        "1 / sqrt(fan_out)": 1 / sqrt(fan_out),
        "sqrt(2 / fan_in)": sqrt(2 / fan_in),
        "sqrt(2 / fan_out)": sqrt(2 / fan_out),
        "sqrt(2 / (fan_in + fan_out))": sqrt(2 / (fan_in + fan_out)),
        **{str(constant): constant for constant in CONSTANTS},
    }
    return {
        f"{shape}, {name}"
        for name, value in known.items()
        if abs(value / deviation - 1) < TOLERANCE
    }


def fewest(found: list[set[str]]) -> list[str]:
    """The fewest candidates that explain all tensors of a kind: greedily."""
    names = []
    while found:
        counts = Counter(name for each in found for name in sorted(each))
        ((name, _),) = counts.most_common(1)
        names.append(name)
        found = [each for each in found if name not in each]
    return sorted(names)


def bias_of(bias: Tensor) -> str:
    """The default of a bias depends on its layer; the others are 0 or next to it."""
    largest = bias.abs().max().item()
    if largest == 0:
        return "0"
    return "normal, 1e-06" if largest < 1e-4 else "uniform, torch's default"


def distributions(model: nn.Module) -> dict[str, list[str]]:
    """The distributions of weights and biases, by kind of layer."""
    found: dict[str, list[set[str]]] = defaultdict(list)
    for module in model.modules():
        kind = KINDS.get(type(module))
        if kind is None:
            continue
        if module.weight.numel() >= ENOUGH:
            found[f"{kind} weight"].append(candidates(module.weight))
        if module.bias is not None:
            found[f"{kind} bias"].append({bias_of(module.bias)})
    return {layer: fewest(each) for layer, each in found.items()}


def rows(name: str) -> list[str]:
    """The rows of a network: what torchvision's draws from, where ours does not."""
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torchvision: its networks draw slowly
        theirs = distributions(get_model(name, weights=None).requires_grad_(False))
    ours = distributions(archspec.compile(f"{FOLDER}{name}").requires_grad_(False))
    return [
        f"| `{name}` | {layer} | {'; '.join(drawn)} |"
        for layer, drawn in theirs.items()
        if drawn != ours[layer]
    ]


def table() -> str:
    """All rows, as Markdown."""
    head = [
        "| network | of a layer | torchvision's distribution, deviation |",
        "|---|---|---|",
    ]
    return "\n".join(head + [row for name in SMALLEST for row in rows(name)])


if __name__ == "__main__":
    print(table())
