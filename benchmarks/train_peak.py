"""Which share of a device's matrix peak `archspec train` reaches, in bf16.

The peak is measured: the fastest of some products of two large square matrices. The
training is that of later epochs, without evaluation: three times the multiply-adds that
`archspec summary` counts, once forwards and twice backwards, two operations each.

    python benchmarks/train_peak.py --images 1024 --batch-size 64

Needs Fashion-MNIST in torchvision's layout under `$ARCHSPEC_DATA`.
"""

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

import torch
from machine import describe_machine_and_gpu
from train_speed import OURS, copy_images

import archspec
from archspec.training.device import resolve_device

INPUT = "1x224x224"
NETWORKS = ("resnet18", "vgg11")
PRODUCTS = 20
SIZES = {"cuda": 8192}  # of the matrices; elsewhere smaller ones do
SIZE = 4096


def seconds_of_product(left, right):
    """Of one product, whole."""
    started = time.perf_counter()
    float((left @ right)[-1, -1])  # waits for a GPU
    return time.perf_counter() - started


def peak(device):
    """Operations a second."""
    size = SIZES.get(device, SIZE)
    left, right = torch.randn(2, size, size, dtype=torch.bfloat16, device=device)
    return 2 * size**3 / min(seconds_of_product(left, right) for _ in range(PRODUCTS))


def images_per_second(name, given, folder):
    """The median of all epochs but the first."""
    program = [*OURS, name, "--input", INPUT, "--precision", "bf16", "--seed", "0"]
    program += ["--batch-size", str(given.batch_size), "--epochs", str(given.epochs)]
    program += ["--data", "fashion_mnist", "--data-root", folder, "--out", folder]
    subprocess.run(program, check=True, stdout=subprocess.DEVNULL)
    (metrics,) = Path(folder).glob("*/metrics.jsonl")
    rows = [json.loads(line) for line in metrics.read_text().splitlines()]
    return median(row["images_per_second"] for row in rows[1:])


def main():
    """Print a row for each network."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--epochs", type=int, default=3)
    given = parser.parse_args()
    device = resolve_device("auto")
    most = peak(device)
    print(
        f"{most / 1e12:.2f} TFLOPS in bf16, on {describe_machine_and_gpu()}, {device}.\n"
    )
    print(
        "| network | pixels | batch | images per second | TFLOPS | share of the peak |"
    )
    print("|---|---:|---:|---:|---:|---:|")
    for name in NETWORKS:
        with tempfile.TemporaryDirectory() as folder:
            copy_images(folder, given.images)
            speed = images_per_second(name, given, folder)
        reached = 6 * archspec.load(name, input=INPUT).macs * speed
        print(
            f"| {name} | {INPUT[2:]} | {given.batch_size} | {speed:,.1f} "
            f"| {reached / 1e12:.2f} | {100 * reached / most:.0f} % |",
            flush=True,
        )


if __name__ == "__main__":
    main()
