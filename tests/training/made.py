"""Runs for tests that only look at them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from PIL import Image

from archspec import load
from archspec.training.history import EpochMetrics
from archspec.training.settings import resolve_settings

from .conftest import TINY


def train_tiny(folder: Path, spec: str = TINY, **flags: object) -> Path:
    """Train the small network, and give its run directory."""
    from archspec.training.loop import train  # 2 s, which the others need not wait for

    path = folder / "tiny.yaml"
    path.write_text(spec)
    loaded = load(path, **flags.pop("params", {}))  # type: ignore[arg-type]
    settings = resolve_settings(loaded.train, {"out": folder / "runs", **flags})
    return train(loaded, settings).directory.path


def write_images(root: Path, classes: tuple[str, ...] = ("dark", "light")) -> None:
    """Write nine training images of a class and four for validation; none to test."""
    for part, count in (("train", 9), ("val", 4)):
        for value, name in enumerate(classes):
            folder = root / part / name
            folder.mkdir(parents=True)
            for number in range(count):
                color = (40 + 170 * value, 100 + number, 20)
                image = Image.new("RGB", (10 + number, 12), color)
                image.save(folder / f"{number}.png")


def train_on_folders(folder: Path) -> Path:
    """Train the small network to tell dark images from light ones."""
    write_images(folder / "images")
    return train_tiny(
        folder,
        data="folder",
        data_root=folder / "images",
        batch_size=6,
        epochs=2,
        params={"classes": 2, "input": "3x8x8"},
    )


def epochs(accuracies: list[float], *, test: bool = True) -> list[EpochMetrics]:
    """Rows with these validation accuracies."""
    return [
        EpochMetrics(
            epoch=number,
            train_loss=2.0 / number,
            train_accuracy=accuracy / 2,
            val_loss=3.0 / number,
            val_accuracy=accuracy,
            lr=0.1,
            images_per_second=100.0 * number,
            seconds=1.0,
            test_loss=4.0 / number if test else None,
            test_accuracy=accuracy - 0.1 if test else None,
        )
        for number, accuracy in enumerate(accuracies, 1)
    ]


def write_epochs(run: Path, rows: list[EpochMetrics]) -> None:
    """Give a run another course."""
    lines = (json.dumps(asdict(row)) + "\n" for row in rows)
    (run / "metrics.jsonl").write_text("".join(lines))
