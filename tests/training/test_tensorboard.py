"""The log that TensorBoard shows."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from archspec.runs.errors import TrainingError
from archspec.runs.history import EpochMetrics
from archspec.training.tensorboard import require_tensorboard, tensorboard_log
from tiny_runs import epochs


def write(run: Path, rows: list[EpochMetrics], done: int = 0) -> None:
    """Log the rows of a run that begins, or goes on."""
    with tensorboard_log(run, done) as log:
        for row in rows:
            log(row)


def scalars(run: Path) -> dict[str, list[tuple[int, float]]]:
    """Steps and values by tag, as TensorBoard reads them."""
    events = EventAccumulator(str(run / "tensorboard"))
    events.Reload()
    return {
        tag: [(event.step, event.value) for event in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }


def test_each_epoch_has_its_figures(tmp_path: Path) -> None:
    write(tmp_path, epochs([0.5, 0.75]))
    assert scalars(tmp_path) == {
        "loss/train": [(1, 2.0), (2, 1.0)],
        "loss/validation": [(1, 3.0), (2, 1.5)],
        "loss/test": [(1, 4.0), (2, 2.0)],
        "accuracy/train": [(1, 0.25), (2, 0.375)],
        "accuracy/validation": [(1, 0.5), (2, 0.75)],
        "accuracy/test": [(1, pytest.approx(0.4)), (2, pytest.approx(0.65))],
        "lr": [(1, pytest.approx(0.1)), (2, pytest.approx(0.1))],
        "images_per_second": [(1, 100.0), (2, 200.0)],
    }


def test_without_test_images_there_are_no_figures_of_them(tmp_path: Path) -> None:
    write(tmp_path, epochs([0.5], test=False))
    assert not [tag for tag in scalars(tmp_path) if tag.endswith("/test")]


@pytest.mark.parametrize("done", [0, 2])
def test_a_run_that_goes_on_has_each_epoch_once(done: int, tmp_path: Path) -> None:
    write(tmp_path, epochs([0.1, 0.2, 0.3]))
    again = epochs([0.5, 0.5, 0.75, 0.875])
    write(tmp_path, again[done:], done)
    found = scalars(tmp_path)["accuracy/validation"]
    before = [(1, pytest.approx(0.1)), (2, pytest.approx(0.2))][:done]
    assert found == [*before, *((row.epoch, row.val_accuracy) for row in again[done:])]


def test_figures_are_on_the_disk_after_each_epoch(tmp_path: Path) -> None:
    with tensorboard_log(tmp_path, 0) as log:
        log(epochs([0.5])[0])
        assert scalars(tmp_path)["accuracy/validation"] == [(1, 0.5)]


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    require_tensorboard()
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(TrainingError) as caught:
        require_tensorboard()
    assert str(caught.value) == (
        "`--tensorboard` needs one package more: `pip install tensorboard`"
    )
