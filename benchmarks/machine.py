"""What the figures of a benchmark were measured on, and how they are compared."""

import os
import platform
import re
from pathlib import Path
from statistics import median


def describe_machine():
    """CPU, cores, GPU and versions, in a line."""
    import torch  # here: other benchmarks measure how long that takes

    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        found = re.search(r"model name\s*: (.*)", info.read_text())
        cpu = found.group(1) if found else cpu
    gpu = f"{torch.cuda.get_device_name()}, " if torch.cuda.is_available() else ""
    return (
        f"{cpu}, {os.cpu_count()} cores, {gpu}Python {platform.python_version()}, "
        f"torch {torch.__version__}"
    )


def interleaved(measure, subjects, rounds):
    """Medians of what `measure` returns for each subject, in turns that alternate."""
    times = {name: [] for name in subjects}
    for number in range(rounds):
        order = list(subjects) if number % 2 else list(reversed(subjects))
        for name in order:
            times[name].append(measure(subjects[name]))
    return {name: median(values) for name, values in times.items()}
