"""Print the networks of torchvision for docs/zoo.md, and plot them with `--plot`."""

from __future__ import annotations

import sys
from pathlib import Path

import archspec
from archspec.catalog import bundled, variant_name, variants

FOLDER = "torchvision/"


def families(folder: str) -> dict[str, Path]:
    """The specs of a folder by name."""
    return {name: path for name, path in bundled().items() if name.startswith(folder)}


def costs(name: str) -> str:
    """A row of a table of variants."""
    spec = archspec.load(name)
    size = "x".join(map(str, spec.input_shape))
    return f"| `{name}` | {size} | {spec.params:,} | {spec.macs:,} |"


def family(name: str, path: Path) -> str:
    """The spec of a family, its drawing and its costs."""
    text = path.read_text(encoding="utf-8")
    title = name.removeprefix(FOLDER).replace("_", " ")
    picture = f"pictures/{name.replace('/', '_')}.svg"
    names = [variant_name(name, variant) for variant in variants(path)]
    rows = "\n".join(map(costs, names))
    return f"""\
## {title}

```yaml
{text.rstrip()}
```

<!-- $ archspec draw {names[0]} --depth 1 -o docs/{picture} -->
![{names[0]}, its blocks folded]({picture})

| name | input | parameters | MACs |
|---|---|---:|---:|
{rows}
"""


def plot(found: dict[str, Path]) -> None:
    """Draw the parameters and MACs of all networks, a color for each family."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams["svg.hashsalt"] = "archspec"  # the same file each time
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    for number, (name, path) in enumerate(found.items()):
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
    if "--plot" in sys.argv:
        plot(families(FOLDER))
        return
    found = families(FOLDER) | families("segmentation/")
    print("\n".join(family(name, path) for name, path in found.items()))


if __name__ == "__main__":
    main()
