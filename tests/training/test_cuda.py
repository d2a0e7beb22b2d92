"""Runs on a GPU, beside those on the CPU; two processes share one where it is alone."""

from __future__ import annotations

import signal
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest
import torch

import archspec
from archspec.backends.torch.module_from_source import build
from archspec.settings.settings import Settings
from archspec.spec import Spec
from archspec.training.cuda_graphs import (
    MEMORY_FACTOR,
    WARMUP_BATCHES,
    with_cuda_graphs,
)
from archspec.training.data.batch_protocol import Batch
from archspec.training.data.image_tensors import resize
from archspec.training.data.input_normalization import ChannelStatistics
from archspec.training.device import resolve_auto
from archspec.training.distributed.world import World
from archspec.training.metrics import Meter
from archspec.training.objective import Objective
from archspec.training.train_state import TrainState
from corpus import BUNDLED
from processes import Processes, at_step, train

from .files import write_folders
from .runs import assert_close, assert_same_weights, rows

pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="there is no CUDA device"
)

Command = Callable[..., tuple[int, str, str]]

EXACT = """
import os, torch
os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"  # or cuBLAS adds in any order
torch.backends.cudnn.allow_tf32 = False
torch.use_deterministic_algorithms(True)
"""

# NCCL refuses two processes on one GPU, and gloo does not.
SHARING_A_GPU = """
import archspec.training.distributed.world as world
world.GPU_BACKEND = "gloo"
"""
DEVICE = "cuda"
EVERY_OP = Path(__file__).parent.parent / "backends" / "specs" / "every_op.yaml"
MANY = "" if torch.cuda.device_count() > 1 else SHARING_A_GPU


def batch_of(spec: Spec, size: int) -> Batch:
    """Random images."""
    images = torch.randint(256, (size, *spec.input_shape), dtype=torch.uint8)
    labels = torch.randint(spec.output_shape[0], (size,))
    return Batch(images.to(DEVICE), labels.to(DEVICE), size)


def scale(gradient: torch.Tensor | None) -> float:
    """The largest of its values."""
    return 0.0 if gradient is None else float(gradient.abs().max())


def train_exactly(size: int, *arguments: object, folder: Path) -> str:
    """Train with so many processes, in one order of sums; what the first says."""
    before = EXACT + (MANY if size > 1 else "")
    return train(size, *arguments, folder=folder, before=before)[0].out


@pytest.mark.filterwarnings("ignore:`torch.jit")  # torch 2.11's own
@pytest.mark.parametrize(
    ("how", "precision"),
    [
        ((), "bf16"),
        (("--precision", 32), "32"),
        (("--precision", 16), "16"),
        (("--precision", 32, "--compile"), "32"),
    ],
)
def test_a_gpu_learns_what_a_cpu_does(
    how: tuple[object, ...],
    precision: str,
    tiny: Path,
    tmp_path: Path,
    command: Command,
) -> None:
    flags = ["--augment", "identity", "--set", "act=leaky_relu"]
    assert command("train", tiny, *flags, "--device", "cpu")[0] == 0
    code, out, err = command("train", tiny, *flags, *how)
    assert err == ""
    assert code == 0
    assert f"for the test, cuda, precision {precision}, to " in out
    cpu, gpu = (rows(tmp_path / f"runs/tiny-{number}")[-1] for number in (1, 2))
    assert gpu["train_loss"] == pytest.approx(cpu["train_loss"], rel=0.1)  # dropout
    assert gpu["test_accuracy"] == pytest.approx(cpu["test_accuracy"], abs=0.05)
    measured = command("evaluate", "runs/tiny-2")
    assert measured[1].startswith("test accuracy ")


@pytest.mark.parametrize("name", [*BUNDLED, str(EVERY_OP)])
def test_recorded_steps_are_the_steps(name: str) -> None:
    """Of two shapes in turns; of each, the last step has the images of the first."""
    spec = archspec.load(name)
    settings = resolve_auto(Settings(precision="32", device=DEVICE), spec)
    model = build(spec.graph).to(DEVICE)
    objective = Objective(
        spec, settings, ChannelStatistics([0.5], [0.2]), torch.device(DEVICE)
    )
    sizes = []

    def work(batch: Batch) -> None:
        _, loss = objective(model, batch.images, batch.labels)
        loss.backward()
        sizes.append(batch.size)

    def gradients(batch: Batch) -> list[torch.Tensor | None]:
        torch.manual_seed(0)  # of dropout
        model.zero_grad(set_to_none=True)
        steps(batch)
        found = (each.grad for each in parameters)
        return [None if each is None else each.clone() for each in found]

    parameters = [*model.parameters()]
    steps = with_cuda_graphs(work, World(torch.device(DEVICE)), parameters)
    batches = [batch_of(spec, size) for size in (4, 3)]
    first = [gradients(batch) for batch in batches]
    for _ in range(WARMUP_BATCHES + 1):
        for size in (4, 3):
            gradients(batch_of(spec, size))
    last = [gradients(batch) for batch in batches]
    # The last time of each is while it is recorded; the first shape counts anew when
    # the second comes.
    assert [sizes.count(size) for size in (4, 3)] == [
        WARMUP_BATCHES + 2,
        WARMUP_BATCHES + 1,
    ]
    for before, after in zip(chain(*first), chain(*last), strict=True):
        tolerance = 1e-4 * scale(before)
        torch.testing.assert_close(after, before, rtol=1e-2, atol=tolerance)


def test_a_step_that_fills_the_memory_is_not_recorded() -> None:
    calls = []
    steps = with_cuda_graphs(calls.append, World(torch.device(DEVICE)))
    batch = Batch(torch.zeros(1, 1, 1, 1), torch.zeros(1), 1)
    total = torch.cuda.get_device_properties().total_memory
    torch.empty(total // MEMORY_FACTOR + 1, dtype=torch.uint8, device=DEVICE)
    for _ in range(2 * WARMUP_BATCHES):
        steps(batch)
    assert len(calls) == 2 * WARMUP_BATCHES
    torch.cuda.reset_peak_memory_stats()


@pytest.mark.filterwarnings("ignore:Synchronization debug mode")
@pytest.mark.parametrize("precision", ["bf16", "16"])
def test_nothing_waits_for_a_gpu_between_two_readings(
    precision: str, tiny: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From an epoch's first step on until its figures are read."""
    set_lr, read, epochs = TrainState.set_lr, Meter.read, []

    def set_lr_and_watch(*given: object) -> None:
        set_lr(*given)  # type: ignore[arg-type]
        if epochs:
            torch.cuda.set_sync_debug_mode("error")

    def stop_watching_and_read(meter: Meter) -> object:
        epochs.append(torch.cuda.get_sync_debug_mode())
        torch.cuda.set_sync_debug_mode("default")
        return read(meter)

    monkeypatch.setattr(TrainState, "set_lr", set_lr_and_watch)
    monkeypatch.setattr(Meter, "read", stop_watching_and_read)
    flags = ["--ema", 0.9, "--clip", 1.0, "--accumulate", 2, "--epochs", 3]
    flags += ["--augment", "crop(padding=1) | hflip | color(0.1)", "--input", "1x12x12"]
    flags += ["--batch-size", 107]  # a twelfth of the images: all steps have one shape
    try:
        code, _, err = command("train", tiny, "--precision", precision, *flags)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert err == ""
    assert code == 0
    error = 2  # training, validation, test; the first epoch also records
    assert epochs == [0, 0, 0] + [error, 0, 0] * 2


def test_a_run_killed_on_a_gpu_ends_as_if_it_had_not_been(
    tiny: Path, tmp_path: Path
) -> None:
    """Bit for bit, where torch is told to add in one order."""
    often = (
        "import archspec.training.due_actions as actions; actions.SAVE_INTERVAL = 0.0\n"
    )
    flags = ["--epochs", 3, "--batch-size", 60, "--ema", 0.9]
    train_exactly(1, tiny, *flags, "--out", "whole", folder=tmp_path)
    before = EXACT + often + at_step(30, signal.SIGKILL)
    killed = ["train", tiny, *flags, "--out", "killed"]
    (ended,) = Processes(1, *killed, folder=tmp_path, before=before).end()
    assert ended.code == -signal.SIGKILL
    train_exactly(1, "--resume", "killed/tiny-1", folder=tmp_path)
    assert_same_weights(tmp_path / "killed/tiny-1", tmp_path / "whole/tiny-1")


@pytest.mark.parametrize("devices", [("cuda", "cpu"), ("cpu", "cuda")])
def test_a_run_goes_on_with_another_device(
    devices: tuple[str, str], tiny: Path, tmp_path: Path
) -> None:
    flags = ["--precision", 32, "--set", "act=leaky_relu", "--schedule", "constant"]
    first, second = devices
    train_exactly(1, tiny, *flags, "--epochs", 1, "--device", first, folder=tmp_path)
    again = ["--resume", "runs/tiny-1", "--epochs", 2, "--device", second]
    assert f"for the test, {second}" in train_exactly(1, *again, folder=tmp_path)
    before, after = rows(tmp_path / "runs/tiny-1")
    assert after["train_loss"] < before["train_loss"]


@pytest.mark.parametrize(
    "flags",
    [
        ("--strategy", "ddp"),
        pytest.param(
            ("--strategy", "fsdp"),
            marks=pytest.mark.skipif(bool(MANY), reason="gloo has not what it needs"),
        ),
        ("--sync-bn",),
    ],
)
def test_processes_on_gpus_train_as_one(
    flags: tuple[object, ...], tiny: Path, tmp_path: Path
) -> None:
    """With batch norm only where it is synchronised."""
    if flags != ("--sync-bn",):
        tiny.write_text(tiny.read_text().replace("| bn |", "|"))
    tiny.write_text(tiny.read_text().replace("dropout(0.1) |", ""))
    same = ["--precision", 32, "--augment", "identity", "--batch-size", 60]
    same += ["--ema", 0.9]
    train_exactly(1, tiny, *same, "--out", "alone", folder=tmp_path)
    train_exactly(2, tiny, *same, *flags, "--out", "shared", folder=tmp_path)
    assert_close(tmp_path / "alone/tiny-1", tmp_path / "shared/tiny-1")


def test_images_in_folders_stream_to_a_gpu(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    write_folders(tmp_path / "images", train=20, val=5)
    flags = ["--data=folder", "--data-root=images", "--batch-size=8"]
    flags += ["--input=3x8x8", "--set=classes=2", "--epochs=20"]
    assert command("train", tiny, *flags)[::2] == (0, "")
    assert rows(tmp_path / "runs/tiny-1")[-1]["val_accuracy"] == 1


def test_a_loss_that_is_no_number_is_said_as_on_a_cpu(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    said = [
        command("train", tiny, "--lr", "1e30", "--precision", 32, "--device", device)
        for device in ("cpu", "cuda")
    ]
    assert said[0][2] == said[1][2]
    assert not (tmp_path / "runs" / "tiny-2" / "last.pt").exists()


@pytest.mark.parametrize("size", [12, 96, 224])
def test_a_gpu_resizes_as_a_cpu_but_for_rounding(size: int) -> None:
    images = torch.randint(256, (4, 3, 28, 28), dtype=torch.uint8)
    ours = resize(images.cuda(), size, size).cpu().int()
    assert (ours - resize(images, size, size).int()).abs().max() <= 1


def test_more_devices_than_there_are_is_one_sentence(
    tiny: Path, command: Command
) -> None:
    count = torch.cuda.device_count()
    code, _, err = command("train", tiny, "--devices", count + 1)
    assert code == 1
    assert err == (
        f"error: `--devices {count + 1}` asks for more GPUs than the {count} here\n"
    )


@pytest.mark.skipif(torch.cuda.device_count() > 1, reason="there are several")
def test_two_processes_on_one_gpu_is_one_sentence(tiny: Path, tmp_path: Path) -> None:
    ended = Processes(2, "train", tiny, folder=tmp_path).end()
    assert [each.code for each in ended] == [1, 1]
    assert ended[0].err.startswith("error: "), ended
    assert ended[0].err.count("\n") == 1, ended
