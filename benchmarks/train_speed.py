"""How fast `archspec train` is beside the textbook's loop of `reference_loop.py`.

Both train the same network on Fashion-MNIST with the same images, batch size, seed and
plain SGD, each in a process of its own, in turns. What is counted is how much more a run
of some epochs takes than a run of one: the training, the waiting for data and the
evaluation of validation and test images after each epoch, on both sides alike, and
neither imports nor the first allocations nor the drawing of curves. Images per
core-second are training images per second of processor time, of a process and its
workers. Figures are medians of the rounds. archspec is measured twice: in the precision
that it chooses on this machine, and in 32 bits as the textbook's loop.

    python benchmarks/train_speed.py lenet --rounds 3

Needs the images in torchvision's layout under `$ARCHSPEC_DATA`; of them, all networks
but LeNet take the first thousand. LeNet takes a minute a round, everything half an hour
on two cores.
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

import torch
from machine import describe_machine
from reference_loop import open_images

import archspec


class Case(NamedTuple):
    """A network with the course's batch, and how many epochs are counted."""

    batch_size: int
    epochs: int = 1
    images: int = 1024
    settings: tuple[str, ...] = ()


CASES = {
    "lenet": Case(256, epochs=20, images=60_000),
    "nin": Case(128),
    "resnet18": Case(256),
    "vgg11": Case(128, settings=("width=0.25",)),
    "alexnet": Case(128),
    "googlenet": Case(128),
    "densenet": Case(256),
}
LR = 0.01
REFERENCE = [sys.executable, str(Path(__file__).with_name("reference_loop.py"))]
OURS = [sys.executable, "-m", "archspec.cli", "train"]
SAME = ["--optimizer", f"sgd(lr={LR})", "--schedule", "constant"]
SAME += ["--init", "xavier_uniform", "--data", "fashion_mnist"]


def copy_images(root, count):
    """The first images of Fashion-MNIST, in torchvision's layout."""
    folder = Path(root, "FashionMNIST", "raw")
    folder.mkdir(parents=True)
    for part, name in ((True, "train"), (False, "t10k")):
        found = open_images(None, (28, 28), train=part)
        parts = (("images", found.data), ("labels", found.targets.to(torch.uint8)))
        for kind, values in parts:
            few = values[: count if part else count // 2]
            head = bytes([0, 0, 8, few.ndim])
            sizes = b"".join(size.to_bytes(4, "big") for size in few.shape)
            file = folder / f"{name}-{kind}-idx{few.ndim}-ubyte"
            file.write_bytes(head + sizes + few.numpy().tobytes())


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


def measured(name, rounds, folder):
    """Images per core-second and per second of the textbook's loop and of ours, twice."""
    case = CASES[name]
    copy_images(folder, case.images)
    flags = [name, "--batch-size", str(case.batch_size), "--seed", "0"]
    flags += ["--data-root", folder]
    for setting in case.settings:
        flags += ["--set", setting]
    ours = [*OURS, *flags, *SAME, "--out", folder]
    programs = {
        "textbook": [*REFERENCE, *flags, "--lr", str(LR), "--test"],
        "32 bits": [*ours, "--precision", "32"],
        "archspec": ours,
    }
    seconds = {who: [] for who in programs}
    for number in range(rounds):
        turns = list(programs) if number % 2 else list(reversed(programs))
        for who in turns:
            *used, output = later_epochs(programs[who], case.epochs)
            seconds[who].append(used)
            if who == "textbook":
                images = json.loads(output)["images"] * case.epochs / (1 + case.epochs)
    return {
        who: [images / median(column) for column in zip(*used, strict=True)]
        for who, used in seconds.items()
    }


def main():
    """Print a row as soon as a network is measured."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("networks", nargs="*", default=list(CASES), metavar="NETWORK")
    parser.add_argument("--rounds", type=int, default=1)
    given = parser.parse_args()
    print(f"Medians of {given.rounds}, in turns, on {describe_machine()}.\n")
    print(
        "| network | pixels | batch | images per core-second: textbook | archspec, 32 bits "
        "| ratio | archspec | ratio | images per second: textbook | archspec | ratio |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name in given.networks:
        with tempfile.TemporaryDirectory() as folder:
            found = measured(name, given.rounds, folder)
        _, height, width = archspec.load(name).input_shape
        (cpu, wall), (cpu_32, _), (our_cpu, our_wall) = found.values()
        cells = [name, f"{height}x{width}", str(CASES[name].batch_size)]
        cells += [f"{cpu:,.1f}", f"{cpu_32:,.1f}", f"{cpu_32 / cpu:.2f}"]
        cells += [f"{our_cpu:,.1f}", f"{our_cpu / cpu:.2f}"]
        cells += [f"{wall:,.1f}", f"{our_wall:,.1f}", f"{our_wall / wall:.2f}"]
        print("|", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
