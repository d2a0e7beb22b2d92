"""Forward and backward of compiled networks against hand-written ones."""

import sys
import time
from pathlib import Path

import torch
from machine import describe_machine, interleaved

import archspec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "networks"))
from comparison import copy_in_order
from lenet import LeNet
from nin import NiN

CASES = {"lenet": (LeNet, 64, 400), "nin": (NiN, 2, 40)}  # batch and rounds


def step(subject):
    """Seconds of one forward and backward pass."""
    model, images = subject
    started = time.perf_counter()
    model(images).sum().backward()
    return time.perf_counter() - started


def main():
    """Print a table."""
    torch.manual_seed(0)
    torch.set_num_threads(1)  # two threads measure what else the machine does
    print(f"Medians, in turns, one thread, on {describe_machine()}.\n")
    print("| network | batch | hand-written | compiled | ratio |")
    print("|---|---:|---:|---:|---:|")
    for name, (hand_written, batch, rounds) in CASES.items():
        spec = archspec.load(name)
        images = torch.randn(batch, *spec.input_shape)
        hand, compiled = hand_written(), archspec.compile(spec)
        copy_in_order(hand, compiled)  # the same numbers take the same time
        subjects = {"hand": (hand, images), "compiled": (compiled, images)}
        interleaved(step, subjects, 3)
        times = interleaved(step, subjects, rounds)
        by_hand, by_us = times["hand"] * 1e3, times["compiled"] * 1e3
        print(
            f"| {name} | {batch} | {by_hand:.2f} ms | {by_us:.2f} ms "
            f"| {by_us / by_hand:.3f} |"
        )


if __name__ == "__main__":
    main()
