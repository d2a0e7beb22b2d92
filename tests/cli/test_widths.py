"""Every command prints lines that fit the terminal."""

from __future__ import annotations

import pytest

from archspec.checker import load
from archspec.cli.main import COMMANDS
from archspec.settings.settings import Settings
from tiny_runs import TINY, create_run, epochs, write_epochs

WIDTHS = [60, 80, 100, 160]
NETWORKS = ["lenet", "unet", "torchvision/resnet50"]
PRINTING = [
    *(["summary", name] for name in NETWORKS),
    ["summary", "torchvision/swin_t", "--depth", "3"],
    ["list"],
    ["list", "vgg*"],
    ["diff", "vgg11", "vgg19"],
    ["diff", "torchvision/resnet18", "torchvision/efficientnet_b7"],
    ["explain", "channel-mismatch"],
    ["explain", "dense_block"],
    ["explain", "optimizer"],
    ["explain", "torchvision/resnet50"],
    ["explain", "window_attention_v2"],
    ["runs"],
    ["runs", "compare", *(f"runs/{name}-{n}" for name in ("tiny", "a" * 40) for n in (1, 2))],
    ["--help"],
    *([command, "--help"] for command in COMMANDS),
    ["runs", "compare", "--help"],
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of four runs, two of which have a long name."""
    folder = tmp_path_factory.mktemp("widths")
    for name in ("tiny", "a" * 40):
        path = folder / f"{name}.yaml"
        path.write_text(TINY.replace("name: tiny", f"name: {name}"))
        for rate in (0.1, 0.2):
            settings = Settings(data="fashion_mnist", ema=rate, out=folder / "runs")
            run = create_run(load(path), settings)
            write_epochs(run.path, epochs([0.5, 0.75]))
    return folder


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "command", PRINTING, ids=lambda command: " ".join(command)[:40]
)
def test_output_fits(archspec, monkeypatch, folder, command, width):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERMINAL_WIDTH", str(width))  # of the help
    outcome = archspec(*command)
    assert outcome.code == 0, outcome.err
    assert outcome.out
    too_long = [line for line in outcome.out.splitlines() if len(line) > width]
    assert not too_long


def test_a_wide_terminal_shows_more(archspec, monkeypatch):
    """Columns that do not fit are omitted, and a narrow table has the same rows."""
    headers, rows = [], []
    for width in WIDTHS:
        monkeypatch.setenv("COLUMNS", str(width))
        lines = archspec("summary", "torchvision/resnet50").out.splitlines()
        headers.append(lines[2].split("  "))
        rows.append(lines.index("") - 3)
    assert len(headers[0]) < len(headers[1]) < len(headers[2]) < len(headers[3])
    assert {"layer", "field/s"} <= {word.strip() for word in headers[2]}
    assert len(set(rows)) == 1


@pytest.mark.parametrize("name", ["googlenet", "torchvision/mobilenet_v2"])
def test_the_path_of_a_layer_is_whole(archspec, monkeypatch, name):
    """Columns are omitted before a path is shortened, since only it tells rows apart."""
    monkeypatch.setenv("COLUMNS", "80")
    lines = archspec("summary", name).out.splitlines()
    rows = [line.split()[0] for line in lines[4 : lines.index("") - 2]]
    assert rows == [layer.path for layer in load(name).layers]
