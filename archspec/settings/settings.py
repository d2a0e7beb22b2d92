"""The settings of a run, each declared once."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from archspec.settings.declaration import (
    InvalidSettingError,
    Panel,
    Setting,
    declared_settings,
)
from archspec.settings.published_name import is_published
from archspec.signatures.recipes import (
    AUGMENTATIONS,
    DATA_SETS,
    INITS,
    LOSSES,
    OPTIMIZERS,
    SCHEDULES,
    Recipe,
    make_recipe,
)

DataName = Literal["digits", "fashion_mnist", "mnist", "cifar10", "folder"]
Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["auto", "32", "bf16", "16"]
Strategy = Literal["auto", "ddp", "fsdp"]

SGD = make_recipe(OPTIMIZERS["sgd"], lr=0.1, momentum=0.9)
CONSTANT = make_recipe(SCHEDULES["constant"])
TORCH_INIT = make_recipe(INITS["default"])
CROSS_ENTROPY = make_recipe(LOSSES["cross_entropy"])


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
        InvalidSettingError: on construction, if a value is out of range.
    """

    data: Annotated[
        DataName,
        Setting(
            "Data set.", Panel.SPEC, recipes=DATA_SETS, examples=("digits", "cifar10")
        ),
    ] = "digits"

    data_root: Annotated[
        Path,
        Setting(
            "Directory of the data sets (default: $ARCHSPEC_DATA or the user's cache).",
            Panel.MACHINE,
            metavar="DIR",
            changeable_on_resume=True,
        ),
    ] = field(default_factory=default_data_root)

    batch_size: Annotated[
        int,
        Setting(
            "Batch size, over all processes.", Panel.SPEC, least=1, examples=(128,)
        ),
    ] = 64

    epochs: Annotated[
        int,
        Setting(
            "Number of epochs.",
            Panel.SPEC,
            least=1,
            examples=(10,),
            changeable_on_resume=True,
        ),
    ] = 10

    optimizer: Annotated[
        Recipe,
        Setting(
            "Optimizer, e.g. `sgd(lr=0.1)`.",
            Panel.SPEC,
            recipes=OPTIMIZERS,
            examples=("sgd(lr=0.1, momentum=0.9)", "adam(lr=1e-3)"),
        ),
    ] = SGD

    schedule: Annotated[
        Recipe,
        Setting(
            "Learning rate schedule, e.g. `cosine(warmup=1)`.",
            Panel.SPEC,
            recipes=SCHEDULES,
            examples=("cosine(warmup=1)", "constant"),
        ),
    ] = CONSTANT

    init: Annotated[
        Recipe,
        Setting(
            "Weight initialization, e.g. `kaiming_normal`.",
            Panel.SPEC,
            recipes=INITS,
            examples=("xavier_uniform", "kaiming_normal"),
        ),
    ] = TORCH_INIT

    loss: Annotated[
        Recipe,
        Setting(
            "Loss function, e.g. `cross_entropy(label_smoothing=0.1)`.",
            Panel.SPEC,
            recipes=LOSSES,
            examples=("cross_entropy(label_smoothing=0.1)",),
        ),
    ] = CROSS_ENTROPY

    augment: Annotated[
        tuple[Recipe, ...],
        Setting(
            "Augmentations, e.g. `crop(padding=4) | hflip`, or `identity` for none.",
            Panel.SPEC,
            recipes=AUGMENTATIONS,
            examples=("crop(28, padding=4) | hflip", "color(0.2)"),
        ),
    ] = ()

    accumulate: Annotated[
        int,
        Setting(
            "Number of micro-batches per step, to save memory.",
            Panel.SPEC,
            least=1,
            examples=(4,),
        ),
    ] = 1

    clip: Annotated[
        float | None,
        Setting("Maximum gradient norm.", Panel.SPEC, above=0, examples=(1.0,)),
    ] = None

    ema: Annotated[
        float | None,
        Setting(
            "Decay of the exponential moving average (EMA) of the weights.",
            Panel.SPEC,
            above=0,
            below=1,
            examples=(0.999,),
        ),
    ] = None

    seed: Annotated[
        int,
        Setting("Random seed.", Panel.SPEC, least=0, examples=(0,)),
    ] = 0

    device: Annotated[
        Device,
        Setting(
            "Device to run on (`auto`: CUDA, else MPS, else the CPU).",
            Panel.MACHINE,
            changeable_on_resume=True,
        ),
    ] = "auto"

    precision: Annotated[
        Precision,
        Setting(
            "Precision for convolutions and matrix products (`auto`: bf16 where fast).",
            Panel.MACHINE,
            changeable_on_resume=True,
        ),
    ] = "auto"

    strategy: Annotated[
        Strategy,
        Setting(
            "How processes share the network: replicas (`ddp`) or shards (`fsdp`).",
            Panel.MACHINE,
            changeable_on_resume=True,
        ),
    ] = "auto"

    sync_bn: Annotated[
        bool,
        Setting("Synchronize batch norm over all processes.", Panel.MACHINE),
    ] = False

    compile: Annotated[
        bool,
        Setting(
            "Compile the network with `torch.compile`, in a minute or two.",
            Panel.MACHINE,
        ),
    ] = False

    tensorboard: Annotated[
        bool,
        Setting("Also write a TensorBoard log.", Panel.RUN, changeable_on_resume=True),
    ] = False

    skip_unreadable: Annotated[
        int,
        Setting(
            "Maximum number of unreadable image files to skip, over all splits.",
            Panel.RUN,
            least=0,
            changeable_on_resume=True,
        ),
    ] = 0

    weights: Annotated[
        Path | None,
        Setting(
            "Weights: a run, its `best.pt`, a state dict, a `.safetensors` file, or "
            "torchvision's by name, e.g. `IMAGENET1K_V1`.",
            metavar="FILE|NAME",
        ),
    ] = None

    rename: Annotated[
        tuple[str, ...],
        Setting(
            "Rename weights OLD, or OLD.*, to NEW when loading (repeatable).",
            metavar="OLD=NEW",
        ),
    ] = ()

    freeze: Annotated[
        tuple[str, ...],
        Setting(
            "Freeze these layers or weights, e.g. `features.*` (repeatable).",
            metavar="PATTERN",
        ),
    ] = ()

    out: Annotated[
        Path,
        Setting(
            "Directory in which to create the run directory.", Panel.RUN, metavar="DIR"
        ),
    ] = Path("runs")

    def __post_init__(self) -> None:
        """Check the values, each on its own and together."""
        for name, setting in declared_settings(type(self)).items():
            setting.check(getattr(self, name))
        LR.check(self.optimizer.arguments["lr"])
        if self.accumulate > self.batch_size:
            raise InvalidSettingError(
                f"`--accumulate {self.accumulate}` cuts a step of {self.batch_size} images "
                "into more parts than it has: use a smaller one"
            )

    @property
    def evaluation_batch_size(self) -> int:
        """The size of a micro-batch of training, whose memory is known to suffice."""
        return -(-self.batch_size // self.accumulate)

    def to_json(self) -> dict[str, object]:
        """The settings as plain values, for `config.json` and the checkpoints."""
        values = asdict(self)
        paths = {n: str(v.absolute()) for n, v in values.items() if isinstance(v, Path)}
        paths["out"] = str(self.out)  # as given: a run may be moved
        if self.weights and is_published(self.weights):
            paths["weights"] = str(self.weights)
        return values | paths

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Reverse `to_json`; other keys are ignored.

        A setting that is missing was not there when the values were written. So the
        default of a new setting must be what runs did before there was one.

        Raises:
            InvalidSettingError: if a value is out of range.
        """
        return cls(
            **{
                name: setting.from_json(values[name])
                for name, setting in declared_settings(cls).items()
                if name in values
            }
        )


SETTINGS = declared_settings(Settings)

LR = Setting("Peak learning rate.", Panel.SPEC, name="lr", type=float, above=0)

# The settings that have a flag: `--lr` changes an argument of the optimizer.
FLAGS = {**SETTINGS, "lr": LR}
