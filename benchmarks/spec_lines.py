"""Lines of each bundled spec against lines of the same network in PyTorch by hand.

Blank lines, comments and docstrings do not count, nor does a spec's `train:` section.
The networks by hand are those that the tests compare with (`tests/networks`), laid out
by the same formatter. Where a spec calls blocks of the library, their lines are shown
by themselves, since who reads the whole network reads them too.
"""

import ast
import io
import re
import tokenize
from pathlib import Path

from archspec.checker import load
from archspec.ir.graph import Module, walk
from archspec.resolve.library import library

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "archspec" / "library" / "blocks.yaml"


def spec_lines(text):
    """Lines of YAML that are neither blank nor a comment."""
    return [line for line in text.splitlines() if line.split("#")[0].strip()]


def python_lines(text):
    """Lines that hold code."""
    docstrings = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and ast.get_docstring(node) is not None
        for line in range(node.body[0].lineno, node.body[0].end_lineno + 1)
    }
    code = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.string.strip() and token.type != tokenize.COMMENT:
            code.update(range(token.start[0], token.end[0] + 1))
    return code - docstrings


def library_lines():
    """The number of lines of each block of the library."""
    counts = {}
    for line in spec_lines(LIBRARY.read_text()):
        head = re.match(r"  (\w+)", line)
        if head:
            name = head[1]
        if line.startswith("  "):
            counts[name] = counts.get(name, 0) + 1
    return counts


def called_blocks(spec):
    """The library's blocks that a network is made of."""
    own = {block.name.id for block in spec.document.blocks}
    found = {item.block for item in walk(spec.graph.body) if isinstance(item, Module)}
    return sorted((found & library().keys()) - own)


def main():
    """Print a table."""
    lines_of = library_lines()
    print("| network | spec | library blocks | PyTorch by hand | ratio of all |")
    print("|---|---:|---|---:|---:|")
    for path in sorted((ROOT / "specs").glob("*.yaml")):
        spec = load(path)
        written = len(spec_lines(path.read_text().split("\ntrain:")[0]))
        blocks = called_blocks(spec)
        shown = ", ".join(f"`{name}` {lines_of[name]}" for name in blocks)
        by_hand = ROOT / "tests" / "networks" / f"{path.stem}.py"
        python = len(python_lines(by_hand.read_text()))
        ratio = (written + sum(lines_of[name] for name in blocks)) / python
        print(f"| {path.stem} | {written} | {shown} | {python} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
