"""`archspec summary` against torchinfo, and `archspec draw` against torchview.

Both sides are whole processes that start from the same network, ResNet-18: a spec here,
the PyTorch source of `archspec compile` there. The pictures are rendered by the same
Graphviz. Needs `pip install torchinfo torchview`.
"""

import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from machine import describe_machine, interleaved

SPEC, ROUNDS = "resnet18", 9
CLI = [sys.executable, "-m", "archspec.cli"]

TORCHINFO = """
from resnet18 import Resnet18
from torchinfo import summary
found = summary(Resnet18(), (1, 1, 96, 96), depth=9)
print("costs", found.total_params, found.total_mult_adds)
"""
TORCHVIEW = """
from pygraphviz import AGraph
from resnet18 import Resnet18
from torchview import draw_graph
graph = draw_graph(Resnet18(), input_size=(1, 1, 96, 96), depth=1, device="meta")
AGraph(string=graph.visual_graph.source).draw("torchview.svg", prog="dot")
"""


def output(command, folder):
    """What a process prints."""
    return subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, cwd=folder
    ).stdout


def seconds(subject):
    """Wall-clock time of a process."""
    started = time.perf_counter()
    output(*subject)
    return time.perf_counter() - started


def check_agreement(folder, torchinfo):
    """Both say the same of parameters and MACs, else there is nothing to compare."""
    ours = json.loads(output([*CLI, "summary", SPEC, "--format", "json"], folder))
    theirs = output(torchinfo, folder).splitlines()[-1].split()[1:]
    # torchinfo counts a bias and a norm's scale and shift as a multiplication each.
    assert int(theirs[0]) == ours["params"]
    assert 0 <= int(theirs[1]) / ours["macs"] - 1 < 0.01


def measure(folder):
    """Seconds of each tool, and the sizes of the two pictures."""
    (folder / "resnet18.py").write_text(output([*CLI, "compile", SPEC], folder))
    info, view = ([sys.executable, "-c", code] for code in (TORCHINFO, TORCHVIEW))
    check_agreement(folder, info)
    subjects = {
        "archspec summary": [*CLI, "summary", SPEC],
        "torchinfo": info,
        "archspec draw": [*CLI, "draw", SPEC, "--depth", "1", "-o", "archspec.svg"],
        "torchview": view,
    }
    processes = {name: (command, folder) for name, command in subjects.items()}
    interleaved(seconds, processes, 1)  # warm the file cache
    times = interleaved(seconds, processes, ROUNDS)
    pictures = {
        name: (folder / f"{tool}.svg").read_text()
        for name, tool in (("archspec draw", "archspec"), ("torchview", "torchview"))
    }
    return times, pictures


def main():
    """Print two tables."""
    tools = ("torchinfo", "torchview")
    if any(importlib.util.find_spec(tool) is None for tool in tools):
        sys.exit(
            "this compares with torchinfo and torchview: pip install torchinfo torchview"
        )
    with tempfile.TemporaryDirectory() as folder:
        times, pictures = measure(Path(folder))
    versions = ", ".join(f"{tool} {version(tool)}" for tool in tools)
    print(
        f"Medians of {ROUNDS} runs of whole processes, in turns, on {describe_machine()}, "
    )
    print(f"{versions}.\n")
    print("| summary of ResNet-18 | seconds |")
    print("|---|---:|")
    for name in ("archspec summary", "torchinfo"):
        print(f"| {name} | {times[name]:.2f} |")
    print("\n| drawing of ResNet-18, depth 1 | seconds | nodes | SVG |")
    print("|---|---:|---:|---:|")
    for name, svg in pictures.items():
        nodes, size = svg.count('class="node"'), len(svg.encode()) / 1000
        print(f"| {name} | {times[name]:.2f} | {nodes} | {size:.1f} kB |")


if __name__ == "__main__":
    main()
