"""`archspec check nin` as a whole process, compared with Python alone and with torch.

`check_startup.py PROGRAM` also runs the `archspec` of another version, which is installed
in an environment of its own.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from machine import describe_machine, interleaved

ARCHSPEC = Path(sys.executable).with_name("archspec")
ROUNDS = 25
# Without compiled files, Python would compile every module in each round.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name != "PYTHONDONTWRITEBYTECODE"
}


def seconds(command):
    """Wall-clock time of a process."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    return time.perf_counter() - started


def main():
    """Print a table."""
    commands = {
        "`archspec check nin`": [ARCHSPEC, "check", "nin"],
        **{f"`{path} check nin`": [path, "check", "nin"] for path in sys.argv[1:]},
        "`python -c pass`": [sys.executable, "-c", "pass"],
        '`python -c "import torch"`': [sys.executable, "-c", "import torch"],
    }
    for command in commands.values():  # compile the modules, and fill the file cache
        seconds(command)
    times = interleaved(seconds, commands, ROUNDS)
    print(f"Medians of {ROUNDS} runs, in turns, on {describe_machine()}.\n")
    print("| process | seconds | of `check` |")
    print("|---|---:|---:|")
    check = next(iter(times.values()))
    for name, time_ in times.items():
        print(f"| {name} | {time_:.3f} | {time_ / check:.2f} |")


if __name__ == "__main__":
    main()
