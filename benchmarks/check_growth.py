"""How the time of a check grows with the layers of a network, in process."""

import time

from machine import describe_machine, interleaved

from archspec.checker import check_source
from archspec.diagnostics.source import Source

SMALL, LARGE = 1_000, 10_000  # layers
ROUNDS = 9
HEAD = "archspec: 1\ninput: 3x32x32\n"
UNITS = """\
blocks:
  unit(cout): conv(cout, k=3, p=1) | bn | relu
  pair(cout): unit(cout) | unit(cout)
  four(cout): pair(cout) | pair(cout)
"""

FORMS = {
    "a repeat": lambda n: (
        f"net:\n  - repeat: conv(8, k=3, p=1) | relu\n    times: {n // 2}\n"
    ),
    "a list of steps": lambda n: "net:\n" + "  - conv(8, k=3, p=1) | relu\n" * (n // 2),
    "one chain": lambda n: "net:\n  - " + " | ".join(["relu", "bn"] * (n // 2)) + "\n",
    "blocks in blocks": lambda n: (
        f"{UNITS}net:\n  - repeat: four(8)\n    times: {n // 12}\n"
    ),
    "branches": lambda n: (
        'net:\n  - repeat:\n      - concat: ["conv(4, k=1)", bn | relu]\n'
        f'      - add: ["conv(8, k=1)", "conv(8, k=3, p=1)"]\n    times: {n // 7}\n'
    ),
    "labels": lambda n: (
        f"net:\n  - repeat:\n      step{{i}}: bn\n    times: {n}\n"
    ),
}  # fmt: skip


def seconds(source):
    """Wall-clock time of one check."""
    started = time.perf_counter()
    result = check_source(source)
    taken = time.perf_counter() - started
    assert result.ok, result.diagnostics
    return taken


def main():
    """Print a table."""
    print(f"Medians of {ROUNDS} checks, in turns, on {describe_machine()}.\n")
    print(f"| {LARGE:,} layers as | {SMALL:,} | {LARGE:,} | ratio |")
    print("|---|---:|---:|---:|")
    for form, write in FORMS.items():
        sources = {n: Source(form, HEAD + write(n)) for n in (SMALL, LARGE)}
        interleaved(seconds, sources, 1)
        times = interleaved(seconds, sources, ROUNDS)
        small, large = times[SMALL] * 1e3, times[LARGE] * 1e3
        print(f"| {form} | {small:.0f} ms | {large:.0f} ms | {large / small:.1f} |")


if __name__ == "__main__":
    main()
