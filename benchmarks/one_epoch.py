"""Train each bundled network for one epoch on real images, and print a table.

Needs the images: MNIST and Fashion-MNIST in torchvision's layout under `$ARCHSPEC_DATA`.
With arguments, only the networks whose command has one of them. A quarter of an hour on two cores.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from machine import describe_machine_and_gpu

RUNS = [
    "lenet --data fashion_mnist",
    "alexnet",
    "nin",
    "vgg11 --set width=0.25",
    "googlenet",
    "course_inception",
    "resnet18",
    "course_residual",
    "resunits --data fashion_mnist --batch-size 32",
    "full_preactivation --data fashion_mnist --batch-size 32",
    "densenet",
    "s32 --data fashion_mnist --set classes=10 --batch-size 32",
]


def trained(command, folder):
    """The only line of a run's metrics."""
    program = [sys.executable, "-m", "archspec.cli", *command.split()[1:]]
    subprocess.run([*program, "--out", folder], check=True, stdout=subprocess.DEVNULL)
    (metrics,) = Path(folder).glob("*/metrics.jsonl")
    return json.loads(metrics.read_text())


def main():
    """Print a row as soon as a network is trained."""
    print(f"On {describe_machine_and_gpu()}.\n")
    print("| command | training loss | test loss | test accuracy |")
    print("|---|---:|---:|---:|")
    for run in RUNS:
        if sys.argv[1:] and not any(word in run for word in sys.argv[1:]):
            continue
        command = f"archspec train {run} --epochs 1"
        with tempfile.TemporaryDirectory() as folder:
            found = trained(command, folder)
        print(
            f"| `{command}` | {found['train_loss']:.3f} | {found['test_loss']:.3f} "
            f"| {100 * found['test_accuracy']:.1f} % |",
            flush=True,
        )


if __name__ == "__main__":
    main()
