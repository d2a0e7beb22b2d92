"""Print the networks of torchvision for docs/zoo.md, and plot them with `--plot`."""

from __future__ import annotations

import re
import sys
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


def plot(families: dict[str, Path]) -> None:
    """Draw the parameters and MACs of all networks, a color for each family."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams["svg.hashsalt"] = "archspec"  # the same file each time
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    for number, (name, path) in enumerate(families.items()):
        specs = [archspec.load(f"{FOLDER}{variant}") for variant in variants(path)]
        axes.loglog(
            [spec.params / 1e6 for spec in specs],
            [spec.macs / 1e9 for spec in specs],
            "osD^v"[number % 5],
            label=name.removeprefix(FOLDER),
            color=mpl.colormaps["tab20"](number),
            markersize=5,
        )
    axes.set(xlabel="parameters, millions", ylabel="MACs of one image, billions")
    axes.grid(color="0.9")
    figure.legend(loc="outside right upper", fontsize=8)
    figure.savefig("docs/pictures/zoo.svg", metadata={"Date": None})


def main() -> None:
    """Print all families, or plot them."""
    found = {n: path for n, path in bundled().items() if n.startswith(FOLDER)}
    if "--plot" in sys.argv:
        plot(found)
        return
    print("\n".join(family(name, path) for name, path in found.items()))


if __name__ == "__main__":
    main()
