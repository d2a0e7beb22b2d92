"""The settings of a run: flags, else the `train:` section of the spec, else defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from math import isfinite
from pathlib import Path
from typing import Any, Literal, Self, get_args

from archspec.diagnostics.suggest import did_you_mean
from archspec.runs.errors import TrainingError
from archspec.signatures.recipes import BATCH_SIZE, Recipe, make_recipe

DataName = Literal["digits", "fashion_mnist", "mnist", "cifar10", "folder"]
Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["auto", "32", "bf16", "16"]
Strategy = Literal["auto", "ddp", "fsdp"]
MAX_INTEGER = 2**63  # torch counts in 64 bits
PATHS = ("data_root", "out", "weights")
MINIMA = {"batch_size": 1, "epochs": 1, "accumulate": 1, "seed": 0}

SGD = make_recipe("optimizer", "sgd", lr=0.1, momentum=0.9)
CONSTANT = make_recipe("schedule", "constant")
TORCH_INIT = make_recipe("init", "default")
CROSS_ENTROPY = make_recipe("loss", "cross_entropy")

CHANGEABLE_ON_RESUME = (
    "epochs", "device", "precision", "strategy", "data_root", "tensorboard",
)  # fmt: skip


def default_data_root() -> Path:
    """The folder of data sets: `$ARCHSPEC_DATA`, else one in the user's cache."""
    if root := os.environ.get("ARCHSPEC_DATA"):
        return Path(root)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "archspec"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that determines a run, except for the network.

    Raises:
        TrainingError: on construction, if a value is out of range.
    """

    data: DataName = "digits"
    """The data set."""

    data_root: Path = field(default_factory=default_data_root)
    """The folder of the data sets; `digits` needs no files."""

    batch_size: int = BATCH_SIZE
    """The most images in a step, over all processes."""

    epochs: int = 10
    """The number of passes over the training images."""

    optimizer: Recipe = SGD
    """The optimizer, with the peak learning rate."""

    schedule: Recipe = CONSTANT
    """The learning rate schedule."""

    init: Recipe = TORCH_INIT
    """The initialization of convolutions and linear layers."""

    loss: Recipe = CROSS_ENTROPY
    """The loss function."""

    augment: tuple[Recipe, ...] = ()
    """The augmentations of the training images, in this order."""

    accumulate: int = 1
    """The number of micro-batches per step and process, which saves memory."""

    clip: float | None = None
    """The maximum gradient norm."""

    ema: float | None = None
    """The decay of the exponential moving average of the weights."""

    seed: int = 0
    """The random seed of the weights, the order of the images, and dropout."""

    device: Device = "auto"
    """The device to run on; `auto` is CUDA, else MPS, else the CPU."""

    precision: Precision = "auto"
    """The precision of convolutions and matrix products; `auto` is bf16 where it is fast."""

    strategy: Strategy = "auto"
    """How processes share a network: as replicas (ddp) or in shards (fsdp)."""

    sync_bn: bool = False
    """Whether batch norm is synchronized over all processes."""

    compile: bool = False
    """Whether to compile the network with `torch.compile`."""

    tensorboard: bool = False
    """Whether to write a log for TensorBoard too."""

    weights: Path | None = None
    """A file of initial weights, used instead of random weights."""

    rename: tuple[str, ...] = ()
    """Changes of the names in that file, each as `old=new`."""

    freeze: tuple[str, ...] = ()
    """Patterns of the names of weights that are not trained."""

    out: Path = Path("runs")
    """The directory in which the run directory is created."""

    def __post_init__(self) -> None:
        """Check the range of each value."""
        _check_choice("data", self.data, get_args(DataName))
        _check_choice("device", self.device, get_args(Device))
        _check_choice("precision", self.precision, get_args(Precision))
        _check_choice("strategy", self.strategy, get_args(Strategy))
        for name, minimum in MINIMA.items():
            value = getattr(self, name)
            if not minimum <= value < MAX_INTEGER:
                raise TrainingError(
                    f"`{_flag(name)}` expects a number from {minimum} on, found {value}"
                    if value < minimum
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
        """The size of a micro-batch of training, whose memory is known to suffice."""
        return -(-self.batch_size // self.accumulate)

    def to_json(self) -> dict[str, object]:
        """The settings as plain values, for `config.json` and the checkpoints."""
        weights = self.weights and str(self.weights.absolute())
        paths = {"data_root": str(self.data_root.absolute()), "out": str(self.out)}
        return asdict(self) | paths | {"weights": weights}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Reverse `to_json`; other keys are ignored.

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
        flags: values by the names of settings, or `lr`; None stands for an omitted flag.
    """
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    lr = given.pop("lr", None)
    from_spec: dict[str, Any] = dict(train)
    if "data" in from_spec:
        from_spec["data"] = from_spec["data"].name
    settings = Settings(**from_spec | given)
    return settings if lr is None else _with_lr(settings, lr)


def resume_settings(settings: Settings, flags: Mapping[str, Any]) -> Settings:
    """The settings of a resumed run.

    Raises:
        TrainingError: if a flag changes a setting that is not `CHANGEABLE_ON_RESUME`.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    before = {each.name: getattr(settings, each.name) for each in fields(settings)}
    before["lr"] = settings.optimizer.arguments["lr"]
    for name, value in given.items():
        if name not in CHANGEABLE_ON_RESUME and _absolute(value) != _absolute(
            before[name]
        ):
            raise TrainingError(
                f"the run began {_with_flag(name, before[name])} and cannot go on "
                f"{_with_flag(name, value)}: leave the flag out, or start a new run"
            )
    return replace(
        settings,
        **{name: given[name] for name in CHANGEABLE_ON_RESUME if name in given},
    )


def check_epochs(settings: Settings, done: int) -> None:
    """Check that a resumed run does not end before the epoch that it has reached.

    Raises:
        TrainingError: if it does.
    """
    if settings.epochs < done:
        raise TrainingError(
            f"the run has {done} epochs behind it and cannot end after {settings.epochs}: "
            f"use `--epochs {done}` or more, or start a new run"
        )


def _absolute(value: object) -> object:
    return value.absolute() if isinstance(value, Path) else value


def _with_flag(name: str, value: object) -> str:
    """A setting as it is written on the command line, for example "with `--lr 0.1`"."""
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
