"""Flags come before the spec, and the spec before the defaults."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from archspec import load
from archspec.runs.errors import TrainingError
from archspec.runs.resolve_settings import (
    check_epochs,
    resolve_settings,
    resume_settings,
)
from archspec.settings.settings import DataName, Settings
from archspec.signatures.recipes import DATA_SETS, Recipe


def test_the_section_of_a_spec_comes_before_the_defaults(tiny: Path) -> None:
    settings = resolve_settings(load(tiny).train)
    assert (settings.batch_size, settings.epochs, settings.seed) == (64, 2, 0)
    assert settings.optimizer.arguments["lr"] == 0.05
    assert settings.schedule == Recipe("cosine", {"warmup": 0.5})
    assert [recipe.name for recipe in settings.augment] == ["crop", "hflip"]
    assert settings.loss == Settings().loss


def test_a_flag_comes_before_the_section(tiny: Path) -> None:
    flags = {"epochs": 7, "data": "mnist", "batch_size": None, "out": Path("x")}
    settings = resolve_settings(load(tiny).train, flags)
    assert (settings.epochs, settings.data, settings.batch_size) == (7, "mnist", 64)
    assert settings.out == Path("x")


def test_lr_changes_the_optimizer_and_nothing_else_of_it(tiny: Path) -> None:
    optimizer = resolve_settings(load(tiny).train, {"lr": 0.25}).optimizer
    assert optimizer.arguments == {
        "lr": 0.25,
        "momentum": 0.9,
        "weight_decay": 0.0,
        "nesterov": False,
    }


def test_without_a_section_there_are_defaults() -> None:
    settings = resolve_settings({})
    assert settings == Settings()
    assert settings.data == "digits"


def test_the_data_root_is_the_environment_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHSPEC_DATA", "/somewhere")
    assert Settings().data_root == Path("/somewhere")
    monkeypatch.delenv("ARCHSPEC_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert Settings().data_root == Path("/cache/archspec")


def test_data_names_are_those_that_a_spec_may_call() -> None:
    assert set(get_args(DataName)) == set(DATA_SETS)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"data": "fashion"}, "`--data` expects one of `digits`, `fashion_mnist`"),
        ({"device": "gpu"}, "`--device` expects one of `auto`, `cpu`, `cuda`, `mps`"),
        ({"precision": "64"}, "`--precision` expects one of `auto`, `32`"),
        ({"epochs": 0}, "`--epochs` expects a number from 1 on, found 0"),
        ({"batch_size": -1}, "`--batch-size` expects a number from 1 on, found -1"),
        ({"seed": 2**70}, "`--seed` expects a smaller number"),
        ({"lr": 0.0}, "`--lr` expects a number above 0, found 0.0"),
        ({"lr": float("nan")}, "`--lr` expects a number above 0, found nan"),
    ],
)
def test_a_value_that_no_run_can_use_is_refused(
    flags: dict[str, object], message: str
) -> None:
    with pytest.raises(TrainingError) as raised:
        resolve_settings({}, flags)
    assert message in str(raised.value)


def test_settings_survive_their_json(tiny: Path) -> None:
    settings = resolve_settings(load(tiny).train, {"data_root": Path("/data")})
    assert Settings.from_json(settings.to_json()) == settings


def test_a_resumed_run_may_go_on_for_longer_and_elsewhere() -> None:
    flags = {"epochs": 20, "device": "cpu", "data_root": Path("/new"), "seed": 0}
    settings = resume_settings(Settings(), flags)
    assert (settings.epochs, settings.device) == (20, "cpu")
    assert settings.data_root == Path("/new")


def test_a_resumed_run_cannot_change_what_it_is() -> None:
    with pytest.raises(TrainingError, match=r"began with `--lr 0.1` and cannot"):
        resume_settings(Settings(), {"lr": 0.2})


@pytest.mark.parametrize(
    ("before", "flags", "words"),
    [
        ({}, {"clip": 1.0}, "without `--clip` and cannot continue with `--clip 1.0`"),
        (
            {},
            {"sync_bn": True},
            "without `--sync-bn` and cannot continue with `--sync-bn`",
        ),
        (
            {"compile": True},
            {"compile": False},
            "with `--compile` and cannot continue without `--compile`",
        ),
        (
            {"freeze": ("a.*", "b.*")},
            {"freeze": ("c",)},
            "with `--freeze a.* --freeze b.*` and cannot continue with `--freeze c`",
        ),
        (
            {"seed": 1},
            {"seed": 0},
            "with `--seed 1` and cannot continue with `--seed 0`",
        ),
        ({}, {"ema": 0.9, "batch_size": 3, "seed": 4}, "without `--ema` and"),
    ],
)
def test_what_cannot_change_is_named_as_it_is_written(
    before: dict[str, object], flags: dict[str, object], words: str
) -> None:
    with pytest.raises(TrainingError) as raised:
        resume_settings(resolve_settings({}, before), flags)
    assert str(raised.value).startswith(f"the run began {words}")
    assert str(raised.value).endswith(": omit the flag, or start a new run")


def test_a_resumed_run_may_write_a_log_from_now_on() -> None:
    assert resume_settings(Settings(), {"tensorboard": True}).tensorboard


def test_a_resumed_run_may_be_given_its_file_of_weights_again() -> None:
    settings = Settings(weights=Path("weights.pt"))
    again = Settings.from_json(settings.to_json())
    flags = {"weights": Path("weights.pt")}
    assert resume_settings(again, flags) == again


def test_a_run_cannot_end_before_where_it_stands() -> None:
    settings = Settings(epochs=3)
    check_epochs(settings, 3)
    with pytest.raises(TrainingError) as raised:
        check_epochs(settings, 4)
    assert str(raised.value) == (
        "the run has 4 finished epochs and cannot end after 3: use `--epochs 4` or "
        "more, or start a new run"
    )


def test_settings_and_errors_load_no_torch() -> None:
    program = (
        "import sys, archspec.runs.resolve_settings, archspec.cli.main;"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
