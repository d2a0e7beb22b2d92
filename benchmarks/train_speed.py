"""How fast `archspec train` is beside the textbook's loop of `reference_loop.py`.

Both train the same network on Fashion-MNIST with the same images, batch size, seed and
plain SGD, each in a process of its own, in turns. What is counted are training images
while the epochs behind the first last: training, waiting for data, and the evaluation of
validation and test images, on both sides alike. On a CPU they are divided by the seconds,
of processor time and of the clock, that a run of some epochs takes more than a run of
one, workers and our checkpoints included. On a GPU they are divided by the seconds of an
epoch by the loops' own clocks, without checkpoints: two starts of a process differ by
more than that. Figures are medians of the rounds. archspec is measured twice: in the
precision that it chooses on this machine, and in 32 bits as the textbook's loop.

    python benchmarks/train_speed.py lenet --rounds 3
    python benchmarks/train_speed.py --images 60000 --epochs 4  # on a GPU

Needs the images in torchvision's layout under `$ARCHSPEC_DATA`; of them, all networks
but LeNet take the first thousand, and where more are asked for than there are, they come
again and again. LeNet takes a minute a round, everything half an hour on two cores.
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
from machine import describe_machine_and_gpu
from reference_loop import open_images, training_indices

import archspec


class Case(NamedTuple):
    """A network with the course's batch, and how many epochs are counted."""

    batch_size: int
    epochs: int = 1
    images: int | None = 1024
    """To train with, half as many to test; None: all there are."""

    settings: tuple[str, ...] = ()


CASES = {
    "lenet": Case(256, epochs=20, images=None),
    "nin": Case(128),
    "resnet18": Case(256),
    "vgg11": Case(128, settings=("width=0.25",)),
    "alexnet": Case(128),
    "googlenet": Case(128),
    "densenet": Case(256),
}
LR = 0.01
ON_GPU = torch.cuda.is_available()
UNITS = ["second"] if ON_GPU else ["core-second", "second"]
REFERENCE = [sys.executable, str(Path(__file__).with_name("reference_loop.py"))]
OURS = [sys.executable, "-m", "archspec.cli", "train"]
SAME = ["--optimizer", f"sgd(lr={LR})", "--schedule", "constant"]
SAME += ["--init", "xavier_uniform", "--data", "fashion_mnist"]


def copy_images(root, count):
    """Images of Fashion-MNIST, half as many to test, in torchvision's layout."""
    folder = Path(root, "FashionMNIST", "raw")
    folder.mkdir(parents=True)
    for part, name in ((True, "train"), (False, "t10k")):
        found = open_images(None, (28, 28), train=part)
        parts = (("images", found.data), ("labels", found.targets.to(torch.uint8)))
        for kind, values in parts:
            size = (count if part else count // 2) if count else len(values)
            taken = values[torch.arange(size) % len(values)]
            head = bytes([0, 0, 8, taken.ndim])
            sizes = b"".join(size.to_bytes(4, "big") for size in taken.shape)
            file = folder / f"{name}-{kind}-idx{taken.ndim}-ubyte"
            file.write_bytes(head + sizes + taken.numpy().tobytes())


def spent(program):
    """Seconds of a process and its workers, by the unit, and its output."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    output = subprocess.run(program, check=True, stdout=subprocess.PIPE).stdout
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"core-second": cpu, "second": seconds}, output


def textbook_epochs(output):
    """The seconds of each epoch."""
    return [row["seconds"] for row in json.loads(output)]


def our_epochs(output):
    """The seconds of each epoch."""
    run = output.decode().rpartition(", in ")[2].strip()
    lines = Path(run, "metrics.jsonl").read_text().splitlines()
    return [json.loads(line)["seconds"] for line in lines]


def later_epoch(program, epochs, seconds_of):
    """Seconds of an epoch that is not the first, by the unit."""
    used, output = spent([*program, "--epochs", str(1 + epochs)])
    if ON_GPU:
        return {"second": median(seconds_of(output)[1:])}
    first, _ = spent([*program, "--epochs", "1"])
    return {unit: (used[unit] - first[unit]) / epochs for unit in UNITS}


def measured(name, case, rounds, folder):
    """Images per unit of the textbook's loop, and of ours twice, for each unit."""
    copy_images(folder, case.images)
    flags = [name, "--batch-size", str(case.batch_size), "--seed", "0"]
    flags += ["--data-root", folder]
    for setting in case.settings:
        flags += ["--set", setting]
    textbook = [*REFERENCE, *flags, "--lr", str(LR), "--test"]
    ours = [*OURS, *flags, *SAME, "--out", folder]
    sides = {
        "textbook": (textbook, textbook_epochs),
        "32 bits": ([*ours, "--precision", "32"], our_epochs),
        "archspec": (ours, our_epochs),
    }
    seconds = {who: [] for who in sides}
    for number in range(rounds):
        for who in list(sides) if number % 2 else reversed(sides):
            program, seconds_of = sides[who]
            seconds[who].append(later_epoch(program, case.epochs, seconds_of))
    labels = open_images(folder, (28, 28), train=True).targets
    images = len(training_indices(labels)[0])
    return [
        [images / median(each[unit] for each in used) for used in seconds.values()]
        for unit in UNITS
    ]


def main():
    """Print a row as soon as a network is measured."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("networks", nargs="*", default=list(CASES), metavar="NETWORK")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--images", type=int, help="instead of each network's own")
    parser.add_argument("--epochs", type=int, help="likewise")
    given = parser.parse_args()
    print(f"Medians of {given.rounds}, in turns, on {describe_machine_and_gpu()}.\n")
    header = [
        f"images per {unit}: textbook | archspec, 32 bits | ratio | archspec | ratio"
        for unit in UNITS
    ]
    print("| network | pixels | batch |", " | ".join(header), "|")
    print("|---|---:|---:" + "|---:" * 5 * len(UNITS) + "|")
    for name in given.networks:
        case = CASES[name]
        case = case._replace(
            images=given.images or case.images, epochs=given.epochs or case.epochs
        )
        with tempfile.TemporaryDirectory() as folder:
            found = measured(name, case, given.rounds, folder)
        _, height, width = archspec.load(name).input_shape
        cells = [name, f"{height}x{width}", str(case.batch_size)]
        for textbook, *ours in found:
            cells.append(f"{textbook:,.1f}")
            for reached in ours:
                cells += [f"{reached:,.1f}", f"{reached / textbook:.2f}"]
        print("|", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
