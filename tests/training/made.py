"""Runs for tests that only look at them, and their networks."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import torch
from torch import nn

from archspec import load
from archspec.runs.resolve_settings import resolve_settings
from processes import Processes
from tiny_runs import TINY

from .files import write_folders
from .runs import wait_for


def train_tiny(folder: Path, spec: str = TINY, **flags: object) -> Path:
    """Train the small network, and give its run directory."""
    from archspec.training.loop import train  # 2 s, which the others need not wait for

    path = folder / "tiny.yaml"
    path.write_text(spec)
    loaded = load(path, **flags.pop("params", {}))  # type: ignore[arg-type]
    settings = resolve_settings(loaded.train, {"out": folder / "runs", **flags})
    return train(loaded, settings).directory.path


def train_on_folders(folder: Path) -> Path:
    """Train the small network to tell dark images from light ones."""
    write_folders(folder / "images", train=9, val=4)
    return train_tiny(
        folder,
        data="folder",
        data_root=folder / "images",
        batch_size=6,
        epochs=2,
        params={"classes": 2, "input": "3x8x8"},
    )


def start_on_folders(
    tiny: Path, folder: Path, before: str = ""
) -> tuple[Processes, Path]:
    """A long run on images in folders whose first epoch is done, and its directory."""
    write_folders(folder / "images", train=30, val=30)
    flags = ["--data=folder", "--data-root=images", "--batch-size=4", "--epochs=999"]
    arguments = ["train", tiny, *flags, "--set=classes=2"]
    process = Processes(1, *arguments, folder=folder, before=before)
    run = folder / "runs/tiny-1"
    wait_for(run / "metrics.jsonl", process.processes[0].is_alive, 1)
    return process, run


def network(run: Path, weights: str = "model") -> tuple[nn.Module, dict[str, Any]]:
    """The network of a run, from its `model.py` and `best.pt`, without archspec."""
    spec = importlib.util.spec_from_file_location("model", run / "model.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    checkpoint = torch.load(run / "best.pt", weights_only=True)
    model: nn.Module = module.Tiny()
    model.load_state_dict(checkpoint[weights])
    return model.eval(), checkpoint
