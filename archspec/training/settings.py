"""What a run is made with: flags, else the spec's `train:` section, else defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from math import isfinite
from pathlib import Path
from typing import Any, Literal, Self, get_args

from archspec.diagnostics.suggest import did_you_mean
from archspec.ops.recipes import BATCH_SIZE, Recipe, make_recipe
from archspec.training.errors import TrainingError

DataName = Literal["digits", "fashion_mnist", "mnist", "cifar10", "folder"]
Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["auto", "32", "bf16", "16"]
Strategy = Literal["auto", "ddp", "fsdp"]
MAX_INTEGER = 2**63  # torch counts in 64 bits
PATHS = ("data_root", "out", "weights")
LEAST = {"batch_size": 1, "epochs": 1, "accumulate": 1, "seed": 0}

SGD = make_recipe("optimizer", "sgd", lr=0.1, momentum=0.9)
CONSTANT = make_recipe("schedule", "constant")
TORCH_INIT = make_recipe("init", "default")
CROSS_ENTROPY = make_recipe("loss", "cross_entropy")

# What may change when a run goes on.
FREE = ("epochs", "device", "precision", "strategy", "data_root", "tensorboard")


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

    batch_size: int = BATCH_SIZE
    """Images in a step at most, over all processes."""

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

    accumulate: int = 1
    """Parts of a process's images of a step, one after the other: less memory."""

    clip: float | None = None
    """The longest gradient that a step may follow."""

    ema: float | None = None
    """The share of their average that the averaged weights keep in a step."""

    seed: int = 0
    """Where the random numbers start: weights, order of the images, dropout."""

    device: Device = "auto"
    """What computes; `auto` is CUDA, else MPS, else the CPU."""

    precision: Precision = "auto"
    """Of convolutions and products; `auto` is bf16 where the device is good at it."""

    strategy: Strategy = "auto"
    """How several processes share a network: copies (ddp) or parts of it (fsdp)."""

    sync_bn: bool = False
    """Whether batch norm looks at the images of all processes."""

    compile: bool = False
    """Whether torch compiles the network, which takes a minute or two."""

    tensorboard: bool = False
    """Whether the figures also go to a log for TensorBoard."""

    weights: Path | None = None
    """What the network starts from, instead of random weights."""

    rename: tuple[str, ...] = ()
    """`old=new` names of those weights."""

    freeze: tuple[str, ...] = ()
    """Patterns of names of weights that do not change."""

    out: Path = Path("runs")
    """Where the run directory is made."""

    def __post_init__(self) -> None:
        """Refuse values that no run can use."""
        _check_choice("data", self.data, get_args(DataName))
        _check_choice("device", self.device, get_args(Device))
        _check_choice("precision", self.precision, get_args(Precision))
        _check_choice("strategy", self.strategy, get_args(Strategy))
        for name, least in LEAST.items():
            value = getattr(self, name)
            if not least <= value < MAX_INTEGER:
                raise TrainingError(
                    f"`{_flag(name)}` expects a number from {least} on, found {value}"
                    if value < least
                    else f"`{_flag(name)}` expects a smaller number, found {value}"
                )
        lr = self.optimizer.arguments["lr"]
        for name, number in (("lr", lr), ("clip", self.clip)):
            if number is not None and not (isfinite(number) and number > 0):
                raise TrainingError(
                    f"`--{name}` expects a number above 0, found {number}"
                )
        if self.ema is not None and not 0 < self.ema < 1:
            raise TrainingError(
                f"`--ema` expects a number between 0 and 1, found {self.ema}"
            )
        if self.accumulate > self.batch_size:
            raise TrainingError(
                f"`--accumulate {self.accumulate}` cuts a step of {self.batch_size} images "
                "into more parts than it has: use a smaller one"
            )

    @property
    def evaluation_batch_size(self) -> int:
        """As many images as go through the network at once in training."""
        return -(-self.batch_size // self.accumulate)

    def to_json(self) -> dict[str, object]:
        """As plain values for `config.json` and the checkpoints."""
        weights = self.weights and str(self.weights.absolute())
        paths = {"data_root": str(self.data_root.absolute()), "out": str(self.out)}
        return asdict(self) | paths | {"weights": weights}

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
        given |= {name: tuple(given[name]) for name in ("rename", "freeze")}
        given |= {name: Path(given[name]) for name in PATHS if given[name] is not None}
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

    Only how long it trains, on what it computes, where its data lie and whether it writes
    a log may change.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    before = {each.name: getattr(settings, each.name) for each in fields(settings)}
    before["lr"] = settings.optimizer.arguments["lr"]
    for name, value in given.items():
        if name not in FREE and _absolute(value) != _absolute(before[name]):
            raise TrainingError(
                f"the run began {_with_flag(name, before[name])} and cannot go on "
                f"{_with_flag(name, value)}: leave the flag out, or start a new run"
            )
    return replace(settings, **{name: given[name] for name in FREE if name in given})


def check_epochs(settings: Settings, done: int) -> None:
    """Refuse to end a run before where it stands.

    Raises:
        TrainingError: if more epochs are done than are wanted.
    """
    if settings.epochs < done:
        raise TrainingError(
            f"the run has {done} epochs behind it and cannot end after {settings.epochs}: "
            f"use `--epochs {done}` or more, or start a new run"
        )


def _absolute(value: object) -> object:
    return value.absolute() if isinstance(value, Path) else value


def _with_flag(name: str, value: object) -> str:
    """How a setting is given on the command line, as in "with `--lr 0.1`"."""
    match value:
        case None | False | ():
            return f"without `{_flag(name)}`"
        case True:
            return f"with `{_flag(name)}`"
        case tuple():
            return f"with `{' '.join(f'{_flag(name)} {each}' for each in value)}`"
    return f"with `{_flag(name)} {value}`"


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
