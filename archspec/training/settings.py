"""What a run is made with: flags, else the spec's `train:` section, else defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from math import isfinite
from pathlib import Path
from typing import Any, Literal, Self, get_args

from archspec.diagnostics.suggest import did_you_mean
from archspec.ops.recipes import Recipe
from archspec.training.errors import TrainingError

DataName = Literal["digits", "fashion_mnist", "mnist", "cifar10", "folder"]
Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["auto", "32", "bf16", "16"]
MAX_INTEGER = 2**63  # torch counts in 64 bits

SGD = Recipe(
    "sgd", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.0, "nesterov": False}
)
CONSTANT = Recipe("constant", {})
TORCH_INIT = Recipe("default", {})
CROSS_ENTROPY = Recipe("cross_entropy", {"label_smoothing": 0.0})


def default_data_root() -> Path:
    """Where data sets lie: `$ARCHSPEC_DATA`, else the user's cache."""
    if root := os.environ.get("ARCHSPEC_DATA"):
        return Path(root)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "archspec"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that decides a run, beside the network.

    Raises:
        TrainingError: on construction, if a value is none that can be used.
    """

    data: DataName = "digits"
    """The data set."""

    data_root: Path = field(default_factory=default_data_root)
    """The folder of the data sets' files; `digits` needs none."""

    batch_size: int = 64
    """Images in a step; the last step of an epoch may have fewer."""

    epochs: int = 10
    """Passes over the training images."""

    optimizer: Recipe = SGD
    """How a gradient becomes an update, with the learning rate it starts from."""

    schedule: Recipe = CONSTANT
    """How the learning rate changes over the run."""

    init: Recipe = TORCH_INIT
    """How the weights of convolutions and linear layers start."""

    loss: Recipe = CROSS_ENTROPY
    """What is made smaller."""

    augment: tuple[Recipe, ...] = ()
    """Random changes to the training images, in this order."""

    seed: int = 0
    """Where the random numbers start: weights, order of the images, dropout."""

    device: Device = "auto"
    """What computes; `auto` is CUDA, else MPS, else the CPU."""

    precision: Precision = "auto"
    """Of convolutions and products; `auto` is bf16 on a GPU that is built for it."""

    out: Path = Path("runs")
    """Where the run directory is made."""

    def __post_init__(self) -> None:
        """Refuse values that no run can use."""
        _check_choice("data", self.data, get_args(DataName))
        _check_choice("device", self.device, get_args(Device))
        _check_choice("precision", self.precision, get_args(Precision))
        for name, least in (("batch_size", 1), ("epochs", 1), ("seed", 0)):
            value = getattr(self, name)
            if not least <= value < MAX_INTEGER:
                raise TrainingError(
                    f"`{_flag(name)}` expects a number from {least} on, found {value}"
                    if value < least
                    else f"`{_flag(name)}` expects a smaller number, found {value}"
                )
        lr = self.optimizer.arguments["lr"]
        if not (isfinite(lr) and lr > 0):
            raise TrainingError(f"`--lr` expects a number above 0, found {lr}")

    def to_json(self) -> dict[str, object]:
        """As plain values for `config.json` and the checkpoints."""
        paths = {"data_root": str(self.data_root.absolute()), "out": str(self.out)}
        return asdict(self) | paths

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What `to_json` has written; keys that are no settings are passed over.

        Raises:
            KeyError: if a setting is missing.
        """
        given = {each.name: values[each.name] for each in fields(cls)}
        for name in ("optimizer", "schedule", "init", "loss"):
            given[name] = Recipe(**given[name])
        given["augment"] = tuple(Recipe(**recipe) for recipe in given["augment"])
        given["data_root"], given["out"] = Path(given["data_root"]), Path(given["out"])
        return cls(**given)


def resolve_settings(
    train: Mapping[str, object], flags: Mapping[str, Any] | None = None
) -> Settings:
    """The settings of a new run.

    Args:
        train: the spec's `train:` section, as `Spec.train` has it.
        flags: names of settings, or `lr`, and their values; None is not given.
    """
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    lr = given.pop("lr", None)
    from_spec: dict[str, Any] = dict(train)
    if "data" in from_spec:
        from_spec["data"] = from_spec["data"].name
    settings = Settings(**from_spec | given)
    return settings if lr is None else _with_lr(settings, lr)


def resume_settings(settings: Settings, flags: Mapping[str, Any]) -> Settings:
    """The settings of a run that goes on: those it began with.

    Only how long it trains, where it computes and where its data lie may change.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    free = {"epochs", "device", "data_root"} & given.keys()
    before = {each.name: getattr(settings, each.name) for each in fields(settings)}
    before["lr"] = settings.optimizer.arguments["lr"]
    for name in given.keys() - free:
        if given[name] != before[name]:
            raise TrainingError(
                f"the run began with `{_flag(name)} {before[name]}` and cannot go on "
                f"with {given[name]}: leave the flag out, or start a new run"
            )
    return replace(settings, **{name: given[name] for name in free})


def _with_lr(settings: Settings, lr: float) -> Settings:
    optimizer = settings.optimizer
    changed = Recipe(optimizer.name, {**optimizer.arguments, "lr": lr})
    return replace(settings, optimizer=changed)


def _check_choice(
    name: str, value: str, choices: Mapping[str, object] | tuple[str, ...]
) -> None:
    if value not in choices:
        listed = ", ".join(f"`{choice}`" for choice in choices)
        guess = did_you_mean(value, choices)
        raise TrainingError(
            f"`{_flag(name)}` expects one of {listed}, found `{value}`"
            + (f": {guess}" if guess else "")
        )


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
