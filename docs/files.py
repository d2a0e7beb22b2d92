"""Print every file of the package with the first line of its docstring."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("archspec", "cli")


def first_line(path: Path) -> str:
    """The first line of a module's docstring, without its full stop."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert text, f"{path} has no docstring"
    return text.splitlines()[0].removesuffix(".")


def main() -> None:
    """Print a table for each folder, in the order of the tree."""
    for package in PACKAGES:
        for init in sorted((ROOT / package).rglob("__init__.py")):
            folder = init.parent
            print(f"### `{folder.relative_to(ROOT).as_posix()}/`\n")
            print(f"{first_line(init)}.\n")
            files = sorted(path for path in folder.glob("*.py") if path != init)
            if files:
                print("| file | what is in it |\n|---|---|")
            for path in files:
                print(
                    f"| `{path.name}` | {first_line(path).replace('|', chr(92) + '|')} |"
                )
            print()


if __name__ == "__main__":
    main()
