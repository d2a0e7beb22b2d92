"""`archspec check nin` as a whole process, against `python -c "import torch"`."""

import subprocess
import sys
import time

from machine import describe_machine, interleaved

CHECK = [sys.executable, "-m", "archspec.cli", "check", "nin"]
IMPORT = [sys.executable, "-c", "import torch"]
ROUNDS = 15


def seconds(command):
    """Wall-clock time of a process."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main():
    """Print a table."""
    for command in (CHECK, IMPORT):  # warm the file cache
        seconds(command)
    times = interleaved(seconds, {"check": CHECK, "import": IMPORT}, ROUNDS)
    print(f"Medians of {ROUNDS} runs, in turns, on {describe_machine()}.\n")
    print("| process | seconds |")
    print("|---|---:|")
    print(f"| `archspec check nin` | {times['check']:.3f} |")
    print(f'| `python -c "import torch"` | {times["import"]:.3f} |')
    print(f"| ratio | 1 / {times['import'] / times['check']:.1f} |")


if __name__ == "__main__":
    main()
