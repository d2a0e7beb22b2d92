"""Import torchvision's 80 classifiers, and write the table of docs/import.md.

python benchmarks/import_torchvision.py [NAME...]    with names: print their rows alone
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

from torchvision import models

import archspec
from archspec.importing.named_module import load_module
from archspec.importing.spec_text import to_text
from archspec.importing.unsupported import UnsupportedModuleError

PAGE = Path(__file__).resolve().parent.parent / "docs" / "import.md"
TABLE = re.compile(r"^\| network \|.*?\n(?=\n)", re.DOTALL | re.MULTILINE)
HEAD = (
    "| network | lines | keys | outputs equal in | seconds |\n|---|---:|---|---|---:|"
)


def row(name: str) -> str:
    """A network, how long its spec is, and what its header says of it."""
    module = load_module(f"torchvision:{name}")
    inputs = archspec.load(f"torchvision/{name}").inputs
    start = time.process_time()
    try:
        text = to_text(module, inputs, name, f"torchvision:{name}")
    except UnsupportedModuleError as error:
        return f"| `{name}` | {error} ||||"
    seconds = time.process_time() - start
    header, _, body = text.partition("archspec: 1\n")
    lines = sum(1 for line in body.splitlines() if line.strip()) + 1
    order = "in another order" if "another order" in header else "in order"
    modes = "eval, training" if "training" in header else "eval"
    return f"| `{name}` | {lines} | {order} | {modes} | {seconds:.1f} |"


def main() -> None:
    """Print rows as they come; write them all into the page."""
    rows = []
    for name in sys.argv[1:] or models.list_models(module=models):
        rows.append(row(name))
        print(rows[-1], flush=True)
    if not sys.argv[1:]:
        table = "\n".join([HEAD, *rows, ""])
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(TABLE.sub(lambda _: table, page), encoding="utf-8")


if __name__ == "__main__":
    main()
