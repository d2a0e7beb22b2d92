"""Whether `archspec train` learns as well as the textbook's loop of `reference_loop.py`.

Both train the same network on the same training images of Fashion-MNIST with plain SGD
at a constant rate, the same batch size and epochs, normalised images, Glorot's weights
and 32 bits, each time with another seed; order and weights differ all the same. Of each
run the epoch counts that is best on the images held out from training, and what is
reported is its accuracy on the test images.

    python benchmarks/train_accuracy.py                      # LeNet, some minutes
    python benchmarks/train_accuracy.py resnet18 --epochs 3  # half an hour
    python benchmarks/train_accuracy.py resnet18 densenet --jobs 8  # on a GPU

Needs the images in torchvision's layout under `$ARCHSPEC_DATA`. Says on stderr how each
run has ended.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from statistics import mean
from typing import NamedTuple

from machine import describe_machine_and_gpu
from train_speed import OURS, REFERENCE


class Case(NamedTuple):
    """A network, and what both loops train it with."""

    batch_size: int
    lr: float
    epochs: int
    settings: tuple[str, ...] = ()


CASES = {
    "lenet": Case(32, 0.9, 20),
    "alexnet": Case(32, 0.02, 10),
    "vgg11": Case(32, 0.05, 10, ("width=0.25",)),
    "nin": Case(32, 0.1, 10),
    "googlenet": Case(32, 0.05, 10),
    "resnet18": Case(64, 0.05, 10),
    "densenet": Case(64, 0.1, 10),
}


def output_of(program):
    """What a process prints."""
    return subprocess.run(program, check=True, stdout=subprocess.PIPE, text=True).stdout


def by_the_textbook(flags, lr):
    """Test accuracy of the reference's best epoch, the first of them."""
    program = [*REFERENCE, *flags, "--lr", str(lr), "--test", "--normalize"]
    epochs = json.loads(output_of(program))
    return max(epochs, key=lambda row: row["val_accuracy"])["test_accuracy"]


def by_us(flags, lr):
    """Test accuracy of our best epoch."""
    same = ["--data", "fashion_mnist", "--precision", "32", "--init", "xavier_uniform"]
    same += ["--optimizer", f"sgd(lr={lr})", "--schedule", "constant"]
    with tempfile.TemporaryDirectory() as folder:
        said = output_of([*OURS, *flags, *same, "--out", folder])
    return float(re.search(r"test accuracy (\S+) after", said).group(1))


def run(name, case, seed, who, train):
    """The test accuracy of one run."""
    flags = [name, "--batch-size", str(case.batch_size), "--epochs", str(case.epochs)]
    for setting in case.settings:
        flags += ["--set", setting]
    accuracy = train([*flags, "--seed", str(seed)], case.lr)
    print(f"{name}, seed {seed}, {who}: {100 * accuracy:.1f}", file=sys.stderr)
    return accuracy


def described(accuracies):
    """Mean and range in percent."""
    low, high = 100 * min(accuracies), 100 * max(accuracies)
    return f"{100 * mean(accuracies):.1f} ({low:.1f} to {high:.1f})"


def verdict(theirs, ours):
    """Where our mean lies."""
    if mean(ours) < min(theirs):
        return "below the textbook's range"
    if mean(ours) > max(theirs):
        return "above the textbook's range"
    return "within the textbook's range"


def main():
    """Print a row as soon as a network is measured."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("networks", nargs="*", default=["lenet"], metavar="NETWORK")
    parser.add_argument("--epochs", type=int, help="instead of each network's own")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1, help="runs at the same time")
    given = parser.parse_args()
    print(
        f"Test accuracy in percent, mean and range of {given.seeds} seeds, "
        f"on {describe_machine_and_gpu()}.\n"
    )
    print("| network | batch | lr | epochs | textbook | archspec | our mean is |")
    print("|---|---:|---:|---:|---:|---:|---|", flush=True)
    sides = {"textbook": by_the_textbook, "archspec": by_us}
    with ThreadPoolExecutor(given.jobs) as pool:
        runs = {}
        for name in given.networks:
            case = CASES[name]
            case = case._replace(epochs=given.epochs or case.epochs)
            runs[name, case] = [
                [pool.submit(run, name, case, seed, *side) for side in sides.items()]
                for seed in range(given.seeds)
            ]
        for (name, case), seeds in runs.items():
            pairs = [[each.result() for each in pair] for pair in seeds]
            theirs, ours = zip(*pairs, strict=True)
            print(
                f"| {name} | {case.batch_size} | {case.lr} | {case.epochs} "
                f"| {described(theirs)} | {described(ours)} | {verdict(theirs, ours)} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
