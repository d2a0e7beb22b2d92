"""When several machines pay off: a model of compute and communication, and a test of it.

A step of a network with P parameters takes C seconds on one machine. M machines share
its images, and then add up their gradients:

    seconds = C / M + latency + 2 (M - 1) / M * 4 P / bandwidth

The gradients travel as a ring all-reduce does, in 32 bits. The model assumes that they
travel after the backward pass, although DDP starts before its end, and that all of C can
be shared, although the update of the weights cannot.

Two processes with a core each stand for two machines, and gloo over the loopback device
for the network. What is measured: C of one process on one core while another has the
other core; latency and bandwidth by all-reduces of one number and of 64 MiB; and the step
of two processes, which the model predicts. What is extrapolated: the least number of
multiply-accumulates per parameter and step for other machines.

    python benchmarks/two_processes.py

Takes five minutes on two cores, and needs no data.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from machine import describe_machine

import archspec

NUM_IMAGES = 1_284  # of `digits`, to train with
CASES = {  # network: input, batch size
    "lenet": ("1x28x28", 64),
    "resnet18": ("1x32x32", 64),
    "vgg11": ("1x32x32", 16),
}
LARGE = 16 * 2**20  # numbers, of 4 bytes

# Peaks that are reached in training, and the network between two such machines.
MACHINES = {
    "2 cores, 1 Gbit/s": (0.1e12, 0.125e9),
    "32 cores, 10 Gbit/s": (1.6e12, 1.25e9),
    "1 GPU (100 TFLOPS), 25 Gbit/s": (100e12, 3.125e9),
    "8 GPUs (800 TFLOPS), 400 Gbit/s": (800e12, 50e9),
}


class Link(NamedTuple):
    """What an all-reduce of two processes takes."""

    latency: float  # seconds
    bandwidth: float  # bytes a second, of what each process sends


def main():
    print(describe_machine())
    link = measure_link()
    print(
        f"measured: an all-reduce takes {1e6 * link.latency:.0f} us and "
        f"{link.bandwidth / 1e9:.2f} GB/s"
    )
    print(
        f"{'network':<10} {'parameters':>11} {'one, ms':>8} {'model, ms':>10} {'two, ms':>8}"
    )
    for name, (input_, batch) in CASES.items():
        params = archspec.check(name, input=input_).require().params
        one = seconds_of_a_step(name, input_, batch, processes=1)
        two = seconds_of_a_step(name, input_, batch, processes=2)
        model = one / 2 + link.latency + 4 * params / link.bandwidth
        print(
            f"{name:<10} {params:>11,} {1e3 * one:>8.1f} {1e3 * model:>10.1f} {1e3 * two:>8.1f}"
        )
    print("extrapolated: two machines take 70 % of the time of one with at least")
    for machine, (flops, bandwidth) in MACHINES.items():
        # C = 6 MACs / flops, and the gradients take at most C / 5.
        macs = 5 * 4 / bandwidth * flops / 6
        print(f"  {machine}: {macs:,.0f} multiply-accumulates per parameter and step")


def measure_link():
    """Latency and bandwidth of an all-reduce over the loopback device."""
    with tempfile.TemporaryDirectory() as folder:
        mp.spawn(_all_reduce, (folder,), nprocs=2)
        return Link(*json.loads(Path(folder, "link.json").read_text()))


def _all_reduce(rank, folder):
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2
    )
    small, large = torch.zeros(1), torch.zeros(LARGE)
    latency = _seconds(small, 500)
    bandwidth = 4 * LARGE / _seconds(large, 10)  # 2 (M - 1) / M is 1
    if rank == 0:
        Path(folder, "link.json").write_text(json.dumps([latency, bandwidth]))
    dist.destroy_process_group()


def _seconds(tensor, times):
    dist.all_reduce(tensor)
    dist.barrier()
    start = time.perf_counter()
    for _ in range(times):
        dist.all_reduce(tensor)
    return (time.perf_counter() - start) / times


def seconds_of_a_step(name, input_, batch, *, processes):
    """Train for two epochs, and read the speed of the second.

    One process is measured beside another that does the same: two cores may share what
    they compute with, and two machines do not.
    """
    with tempfile.TemporaryDirectory() as out:
        command = [
            *(sys.executable, "-m", "archspec.cli", "train", name),
            *("--data", "digits", "--input", input_, "--batch-size", str(batch)),
            *("--epochs", "2", "--device", "cpu", "--precision", "32", "--lr", "0.01"),
            *(("--devices", "2") if processes == 2 else ()),
        ]
        env = {**os.environ, "OMP_NUM_THREADS": "1"}
        runs = [
            subprocess.Popen(
                [*command, "--out", f"{out}/{number}"],
                env=env,
                stdout=subprocess.DEVNULL,
            )
            for number in range(3 - processes)
        ]
        assert not any(run.wait() for run in runs)
        lines = [
            path.read_text().splitlines()[-1] for path in Path(out).glob("*/*/*.jsonl")
        ]
    speeds = [json.loads(line)["images_per_second"] for line in lines]
    steps = -(-NUM_IMAGES // batch)
    return NUM_IMAGES / steps / (sum(speeds) / len(speeds))


if __name__ == "__main__":
    main()
