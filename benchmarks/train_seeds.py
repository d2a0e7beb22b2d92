"""How often training comes to nothing: many seeds, by the spec's recipe and the course's.

Of a network's runs, those count as collapsed that end near chance, below 15 % of the
test images in ten classes. The course's recipe is plain SGD at a constant rate from
Glorot's weights, in the course's batches.

    python benchmarks/train_seeds.py nin --seeds 8 --epochs 2

Needs Fashion-MNIST in torchvision's layout under `$ARCHSPEC_DATA`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from machine import describe_machine_and_gpu

COURSE_RATES = {"nin": 0.1, "googlenet": 0.1}  # of Dive into Deep Learning
CHANCE = 0.15


def accuracy(name, seed, epochs, flags):
    """Test accuracy of the last epoch; a loss that is no number is chance."""
    program = [sys.executable, "-m", "archspec.cli", "train", name, "--seed", str(seed)]
    program += ["--epochs", str(epochs), "--data", "fashion_mnist", *flags]
    with tempfile.TemporaryDirectory() as folder:
        ended = subprocess.run(
            [*program, "--out", folder], capture_output=True, text=True, check=False
        )
        if "no longer a number" in ended.stderr:
            return 0.0
        ended.check_returncode()
        (metrics,) = Path(folder).glob("*/metrics.jsonl")
        return json.loads(metrics.read_text().splitlines()[-1])["test_accuracy"]


def recipes(network):
    """Flags of each recipe, by whose it is."""
    course = ["--optimizer", f"sgd(lr={COURSE_RATES[network]})"]
    course += ["--schedule", "constant", "--init", "xavier_uniform"]
    return {"the spec's": [], "the course's": [*course, "--batch-size", "128"]}


def main():
    """Print a row for each recipe of each network."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("networks", nargs="*", default=list(COURSE_RATES))
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=2)
    given = parser.parse_args()
    print(f"{given.epochs} epochs, on {describe_machine_and_gpu()}.\n")
    print(
        "| network | recipe | seeds | collapsed | test accuracy: least | median | most |"
    )
    print("|---|---|---:|---:|---:|---:|---:|")
    for network in given.networks:
        for recipe, flags in recipes(network).items():
            found = [
                accuracy(network, seed, given.epochs, flags)
                for seed in range(given.seeds)
            ]
            collapsed = sum(each < CHANCE for each in found)
            middle = (min(found), median(found), max(found))
            cells = [network, recipe, str(given.seeds), str(collapsed)]
            cells += [f"{100 * each:.1f} %" for each in middle]
            print("|", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
