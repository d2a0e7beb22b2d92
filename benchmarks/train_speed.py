"""How fast `archspec train` is beside the textbook's loop of `reference_loop.py`.

Both train the same network on Fashion-MNIST with the same images, batch size, seed and
plain SGD, each in a process of its own, in turns. What is counted is how much more a run
of some epochs takes than a run of one: the training, the waiting for data and the
evaluation of the held-out images in these epochs, on both sides alike, and neither
imports nor the first allocations nor the drawing of curves. Images per core-second are
training images per second of processor time, of a process and its workers. Figures are
medians of the rounds.

    python benchmarks/train_speed.py lenet --rounds 3
    python benchmarks/train_speed.py --precision 32

Needs the images in torchvision's layout under `$ARCHSPEC_DATA`. LeNet takes a minute,
everything about an hour on two cores. `--precision` is that of `archspec train`; the
other loop is always in 32 bits.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from machine import describe_machine
from reference_loop import textbook_spec

import archspec


class Case(NamedTuple):
    """A network with the course's batch, and how many epochs are counted."""

    batch_size: int
    epochs: int
    settings: tuple[str, ...] = ()


CASES = {
    "lenet": Case(256, 20),
    "alexnet": Case(128, 1),
    "vgg": Case(128, 1, ("width=0.25",)),
    "nin": Case(128, 1),
    "googlenet": Case(128, 1),
    "resnet18": Case(256, 1),
    "densenet": Case(256, 1),
}
LR = 0.01
REFERENCE = [sys.executable, str(Path(__file__).with_name("reference_loop.py"))]
OURS = [sys.executable, "-m", "archspec.cli", "train"]


def spent(program):
    """Processor seconds and wall seconds of a process and its workers; its output."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    output = subprocess.run(program, check=True, stdout=subprocess.PIPE).stdout
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, seconds, output


def later_epochs(program, epochs):
    """Processor and wall seconds of all epochs but the first, and the whole output."""
    first_cpu, first, _ = spent([*program, "--epochs", "1"])
    cpu, seconds, output = spent([*program, "--epochs", str(1 + epochs)])
    return cpu - first_cpu, seconds - first, output


def measured(name, rounds, precision, folder):
    """Images per core-second and per second: the textbook's two, and ours."""
    case = CASES[name]
    file = Path(folder, f"{name}.yaml")
    file.write_text(textbook_spec(name, LR))
    flags = [str(file), "--batch-size", str(case.batch_size), "--seed", "0"]
    for setting in case.settings:
        flags += ["--set", setting]
    theirs = [*REFERENCE, *flags, "--lr", str(LR)]
    ours = [*OURS, *flags, "--data", "fashion_mnist", "--out", folder]
    if precision:
        ours += ["--precision", precision]
    rows = []
    for _ in range(rounds):
        *by_them, output = later_epochs(theirs, case.epochs)
        *by_us, _ = later_epochs(ours, case.epochs)
        rows.append(by_them + by_us)
    images = json.loads(output)["images"] * case.epochs / (1 + case.epochs)
    return [images / median(seconds) for seconds in zip(*rows, strict=True)]


def main():
    """Print a row as soon as a network is measured."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("networks", nargs="*", default=list(CASES), metavar="NETWORK")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--precision", help="of `archspec train`")
    given = parser.parse_args()
    print(f"Medians of {given.rounds}, in turns, on {describe_machine()}.\n")
    print(
        "| network | pixels | batch | textbook, images per core-second | archspec | ratio "
        "| textbook, images per second | archspec | ratio |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name in given.networks:
        with tempfile.TemporaryDirectory() as folder:
            they_cpu, they, we_cpu, we = measured(
                name, given.rounds, given.precision, folder
            )
        _, height, width = archspec.load(name).input_shape
        cells = [name, f"{height}x{width}", str(CASES[name].batch_size)]
        for theirs, ours in ((they_cpu, we_cpu), (they, we)):
            cells += [f"{theirs:,.1f}", f"{ours:,.1f}", f"{ours / theirs:.2f}"]
        print("|", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
