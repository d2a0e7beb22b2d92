"""What the figures of a benchmark were measured on, and how they are compared."""

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path
from statistics import median


def describe_machine():
    """CPU, cores and versions, in a line."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        found = re.search(r"model name\s*: (.*)", info.read_text())
        cpu = found.group(1) if found else cpu
    return (
        f"{cpu}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"torch {version('torch')}"
    )


def describe_machine_and_gpu():
    """As `describe_machine`, with the GPU that torch trains on."""
    import torch  # not for benchmarks of what runs without it

    is_there = torch.cuda.is_available()
    gpu = f", {torch.cuda.get_device_name()}" if is_there else ""
    return describe_machine() + gpu


def interleaved(measure, subjects, rounds):
    """Medians of what `measure` returns for each subject, in turns that alternate."""
    times = {name: [] for name in subjects}
    for number in range(rounds):
        order = list(subjects) if number % 2 else list(reversed(subjects))
        for name in order:
            times[name].append(measure(subjects[name]))
    return {name: median(values) for name, values in times.items()}
