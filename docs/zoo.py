"""Print the networks of torchvision for docs/zoo.md: a table, and each family."""

from __future__ import annotations

import re
from pathlib import Path

import archspec
from archspec.catalog import bundled, variants

FOLDER = "torchvision/"


def costs(name: str) -> str:
    """A row of a table of variants."""
    spec = archspec.load(name)
    size = "x".join(map(str, spec.input_shape))
    return f"| `{name}` | {size} | {spec.params:,} | {spec.macs:,} |"


def family(name: str, path: Path) -> str:
    """The spec of a family, its drawing and its costs."""
    text = path.read_text(encoding="utf-8")
    first = variants(path)[0]
    title = re.sub(r"_", " ", name.removeprefix(FOLDER))
    picture = f"pictures/{name.replace('/', '_')}.svg"
    rows = "\n".join(costs(f"{FOLDER}{variant}") for variant in variants(path))
    return f"""\
## {title}

```yaml
{text.rstrip()}
```

<!-- $ archspec draw {FOLDER}{first} --depth 1 -o docs/{picture} -->
![{first}, its blocks folded]({picture})

| name | input | parameters | MACs |
|---|---|---:|---:|
{rows}
"""


def main() -> None:
    """Print all families."""
    found = {n: path for n, path in bundled().items() if n.startswith(FOLDER)}
    print("\n".join(family(name, path) for name, path in found.items()))


if __name__ == "__main__":
    main()
