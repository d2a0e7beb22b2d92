"""CPU seconds to check all of torchvision's classifiers in one process, without torch."""

import sys
from time import process_time

from machine import describe_machine

from archspec.catalog import list_models
from archspec.checker import check


def main():
    """Print the seconds of all, and the slowest."""
    seconds = {}
    for name in list_models("torchvision"):
        start = process_time()
        assert check(name).ok, name
        seconds[name] = process_time() - start
    assert "torch" not in sys.modules
    slowest = max(seconds, key=seconds.get)
    print(f"{len(seconds)} networks in {sum(seconds.values()):.1f} s; ", end="")
    print(f"the slowest is {slowest}, {seconds[slowest]:.2f} s")
    print(describe_machine())


if __name__ == "__main__":
    main()
