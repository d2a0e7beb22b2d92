"""How checking, compiling and summarizing grow with the width of a concat, in process.

A ratio near 2 for twice the branches is linear.
"""

import gc
import time
from itertools import pairwise
from statistics import median

from machine import describe_machine

import archspec

WIDTHS = 2_000, 4_000, 8_000  # branches
ROUNDS = 5
HEAD = "archspec: 1\ninput: 3x8x8\nnet:\n  - concat:\n"
WORK = {
    "check": archspec.loads,
    "compile": archspec.to_source,
    "summary": lambda spec: str(spec.summary()),
}


def seconds(work, argument):
    """Processor time of one call: other processes do not count."""
    gc.collect()
    gc.freeze()  # what is there already would be visited again and again
    started = time.process_time()
    work(argument)
    return time.process_time() - started


def main():
    """Print a table."""
    print(f"Medians of {ROUNDS}, processor time, on {describe_machine()}.\n")
    print(f"| | {' | '.join(f'{n:,} branches' for n in WIDTHS)} | ratios |")
    print(f"|---|{'---:|' * len(WIDTHS)}---:|")
    texts = [HEAD + "      - conv(2, k=1)\n" * n for n in WIDTHS]
    specs = [archspec.loads(text) for text in texts]
    for name, work in WORK.items():
        arguments = texts if name == "check" else specs
        times = [
            median(seconds(work, each) for _ in range(ROUNDS)) for each in arguments
        ]
        ratios = ", ".join(f"{b / a:.1f}" for a, b in pairwise(times))
        print(f"| {name} | {' | '.join(f'{t:.2f} s' for t in times)} | {ratios} |")


if __name__ == "__main__":
    main()
