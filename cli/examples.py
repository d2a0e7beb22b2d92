"""The examples that end the help of each command."""

from __future__ import annotations

EXAMPLES = {
    "check": (
        "archspec check net.yaml",
        "archspec check specs/ --format github",
        "archspec check net.yaml --max-params 5M --max-macs 300M",
        "archspec check net.yaml --fix",
    ),
    "summary": (
        "archspec summary resnet18 --depth 1",
        "archspec summary net.yaml --batch 32 --format csv",
    ),
    "draw": (
        "archspec draw googlenet --depth 1",
        "archspec draw net.yaml -o figure.pdf --direction LR --no-costs",
        "archspec draw net.yaml -o net.html --open",
    ),
    "train": (
        "archspec train lenet",
        "archspec train net.yaml --data cifar10 --download --epochs 20",
        "archspec train net.yaml --optimizer 'sgd(lr=0.1)' --name baseline",
        "archspec train --resume runs/lenet-1 --epochs 30",
    ),
    "show": ("archspec show googlenet",),
    "new": (
        "archspec new mynet",
        "archspec new mynet.yaml --from resnet18",
    ),
    "list": (
        "archspec list specs",
        "archspec list 'torchvision/resnet*'",
    ),
    "explain": (
        "archspec explain channel-mismatch",
        "archspec explain conv",
        "archspec explain repeat",
        "archspec explain optimizer",
    ),
    "compile": (
        "archspec compile net.yaml -o net.py",
        "archspec compile net.yaml -o net.onnx --weights runs/net-1",
    ),
    "evaluate": (
        "archspec evaluate runs/lenet-1 -o confusion.svg",
        "archspec evaluate torchvision/resnet50 --pretrained --data folder",
    ),
    "predict": (
        "archspec predict runs/lenet-1 digit.png",
        "archspec predict torchvision/resnet50 --pretrained cat.jpg --top 5",
    ),
    "runs": (
        "archspec runs",
        "archspec runs show runs/lenet-1",
        "archspec runs compare runs/lenet-1 runs/lenet-2",
    ),
    "diff": (
        "archspec diff vgg11 vgg13 --input 3x64x64",
        "archspec diff before.yaml after.yaml -o diff.svg",
    ),
    "profile": ("archspec profile resnet18 --batch 32",),
    "import": (
        "archspec import torchvision:resnet50 -o resnet50.yaml",
        "archspec import model.py:Net --input 3x32x32",
    ),
    "schema": ("archspec schema > schema.json",),
}


def epilog(command: str) -> str:
    """The examples of a command; a blank line keeps each on its own line."""
    return "\n\n".join(["Examples:", *(f"  {line}" for line in EXAMPLES[command])])
