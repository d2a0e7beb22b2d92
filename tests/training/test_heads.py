"""A network with heads is trained by all of its outputs, and measured by its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

import archspec

from .runs import rows, weights

Command = Callable[..., tuple[int, str, str]]


def test_a_run_trains_heads_and_goes_on_with_them(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    heads = "  - aux: {aux1: flatten | linear(10), aux2: flatten | linear(10)}\n"
    text = tiny.read_text().replace("net:\n", f"net:\n{heads}")
    tiny.write_text(text)
    assert command("train", tiny)[0] == 0
    run = tmp_path / "runs" / "tiny-1"
    first = weights(run)
    assert first.keys() == archspec.compile(tiny).state_dict().keys()
    last = rows(run)[-1]
    assert last["train_loss"] > last["val_loss"]  # of three outputs, and of one
    code, out, err = command("evaluate", run)
    assert (code, err) == (0, "")
    assert "accuracy" in out
    assert command("train", "--resume", run, "--epochs", 3)[0] == 0
    for name in ("aux1.1.weight", "aux2.1.bias"):
        assert not torch.equal(weights(run)[name], first[name])
