"""A declarative language for neural-network architectures, and its compiler.

A spec is a short YAML text. `load` checks it without importing torch, `compile` makes
an `nn.Module` of it:

>>> import archspec
>>> spec = archspec.load("torchvision/resnet50", classes=3)
>>> spec.input_shape, spec.output_shape, spec.params
((3, 224, 224), (3,), 23514179)
>>> spec.layers["fc"]
<linear fc: [2048] -> [3], 6,147 parameters>
>>> model = archspec.compile(spec)

| to | use |
|---|---|
| find a bundled network | `list_models` |
| check a spec, as a path or a name | `check`, which returns a `CheckResult` |
| load one, or raise a `SpecError` | `load`, and `loads` for a text |
| look at the layers and their costs | `Spec.layers`, `Spec.summary` |
| draw it, and compare two | `draw`, `diff` |
| build the `nn.Module` | `compile`, and `create_model` for published weights |
| see its source | `to_source` |
| write the spec of an `nn.Module` | `from_module` |
| train it | `train` |

Shapes are tuples without the batch, the channels first: `(3, 224, 224)`. MACs are
multiply-accumulates for one image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archspec.catalog import list_models
from archspec.checker import Input, check, load, loads
from archspec.diagnostics.diagnostic import Diagnostic, SpecError
from archspec.spec import CheckResult, Spec

if TYPE_CHECKING:
    from torch import nn

    from archspec.backends.drawing.dot import Direction
    from archspec.backends.drawing.drawing import Drawing
    from archspec.backends.tables.diff_table import Comparison
    from archspec.ir.graph import Sizes
    from archspec.runs.errors import TrainingError
    from archspec.training.loop import TrainedRun

    __version__: str

__all__ = [
    "CheckResult",
    "Diagnostic",
    "Spec",
    "SpecError",
    "TrainingError",
    "check",
    "compile",
    "create_model",
    "diff",
    "draw",
    "from_module",
    "list_models",
    "load",
    "loads",
    "to_source",
    "train",
]


def __getattr__(name: str) -> Any:
    """Import what takes time when it is asked for."""
    if name == "__version__":
        from importlib.metadata import version

        return version("archspec-nn")
    if name == "TrainingError":
        from archspec.runs.errors import TrainingError

        return TrainingError
    raise AttributeError(f"module `archspec` has no attribute `{name}`")


def to_source(spec: Spec | str | Path, features: Sequence[str] | None = None) -> str:
    """Write the source of a Python module with the network, which needs only torch.

    >>> print(archspec.to_source("lenet").splitlines()[0])
    \"\"\"LeNet-5 (LeCun et al., 1998), as in Dive into Deep Learning 7.6

    Args:
        spec: a path, the name of a bundled spec or variant, or a loaded spec.
        features: the steps whose outputs the network returns, as for `compile`.

    Raises:
        SpecError: if the spec has errors.
        ValueError: if no step has the name of a feature.
    """
    from archspec.backends.python.module_source import to_source as write
    from archspec.passes.features import extract_features

    loaded = _loaded(spec)
    graph = extract_features(loaded.graph, features) if features else loaded.graph
    return write(graph, loaded.reference)


def compile(  # a compiler's word
    spec: Spec | str | Path,
    weights: str | Path | None = None,
    *,
    features: Sequence[str] | None = None,
    variant: str | None = None,
    input: Input | None = None,  # the language's word
    **params: Any,
) -> nn.Module:
    """Build the network as an `nn.Module`, from the source of `to_source`.

    >>> model = archspec.compile("lenet", classes=3)
    >>> model(torch.zeros(8, 1, 28, 28)).shape
    torch.Size([8, 3])

    Its input is a batch, as [N, C, H, W]. With `features`, or `outputs` in the spec, it
    returns a tuple:

    >>> pyramid = archspec.compile("torchvision/resnet18", features=["layer3", "layer4"])
    >>> [feature.shape[1:] for feature in pyramid(torch.zeros(1, 3, 224, 224))]
    [torch.Size([256, 14, 14]), torch.Size([512, 7, 7])]

    Args:
        spec: a path, the name of a bundled spec or variant, or a loaded spec.
        weights: a run, a file of weights, or the name of published weights, such as
            `IMAGENET1K_V1`. Without it the network is untrained.
        features: the steps whose outputs the network returns, in this order, by their
            names in the state dict: steps of `net`, or of labeled groups in it, such as
            `features.16`. Later steps are not part of the network.
        variant: the name of a variant of the spec.
        input: replaces the spec's own, as `(3, 64, 64)`: channels first, no batch.
        params: the params to change, such as `classes=3`.

    Raises:
        SpecError: if the spec has errors.
        TrainingError: if the weights cannot be loaded, or do not match.
        ValueError: if no step has the name of a feature.
    """
    return create_model(
        spec,
        weights=weights,
        features=features,
        variant=variant,
        input=input,
        **params,
    )


def create_model(
    spec: Spec | str | Path,
    *,
    pretrained: bool = False,
    weights: str | Path | None = None,
    features: Sequence[str] | None = None,
    variant: str | None = None,
    input: Input | None = None,
    **params: Any,
) -> nn.Module:
    """Build the network as an `nn.Module`, as `compile`, with torchvision's weights.

        archspec.create_model("torchvision/resnet50", pretrained=True, classes=10)

    Without `pretrained` or `weights`, the network is untrained:

    >>> model = archspec.create_model("torchvision/resnet18", classes=10)
    >>> model(torch.zeros(2, 3, 224, 224)).shape
    torch.Size([2, 10])

    archspec logs a warning for a new head, and for a first kernel that is summed for
    gray images.

    Args:
        spec: a path, the name of a bundled spec or variant, or a loaded spec.
        pretrained: load torchvision's default weights for the network of this name.
        weights: load these: a name such as `IMAGENET1K_V1`, a run, or a file.
        features: the steps whose outputs the network returns, as for `compile`.
        variant: the name of a variant of the spec.
        input: replaces the spec's own; by default that of the weights does.
        params: the params to change, such as `classes=10`, for which the head is new.

    Raises:
        SpecError: if the spec has errors.
        TrainingError: if the weights cannot be loaded, or do not match.
        ValueError: if no step has the name of a feature, or both `pretrained` and
            `weights` are given.
    """
    from archspec.backends.torch.module_from_source import build
    from archspec.settings.published_name import DEFAULT

    if pretrained and weights is not None:
        raise ValueError("`pretrained` is `weights='DEFAULT'`: give one of them")
    source = DEFAULT if pretrained else None if weights is None else Path(weights)
    loaded = _loaded(spec, source, variant, input, params)
    model = build(loaded.graph)
    if source is not None:
        import logging  # 5 ms

        from archspec.training.weights.loading import load_weights

        report = load_weights(model, loaded, source, adapt=True)
        level = logging.WARNING if report.is_adapted else logging.INFO
        logging.getLogger(__name__).log(level, "%s", report)
    if not features:
        return model
    from archspec.passes.features import extract_features

    part = build(extract_features(loaded.graph, features))
    weights_of_all = model.state_dict()
    part.load_state_dict({name: weights_of_all[name] for name in part.state_dict()})
    return part


def from_module(
    module: nn.Module,
    input: Sizes | list[Sizes] | Mapping[str, Sizes],  # the language's word
) -> str:
    """Write the spec of an `nn.Module`, and compare the two networks.

    >>> from torch import nn
    >>> text = archspec.from_module(nn.Sequential(nn.Flatten(), nn.Linear(64, 10)), (1, 8, 8))
    >>> archspec.loads(text).params
    650

    Args:
        module: a network, which is not changed.
        input: the shape of the input of `forward` without the batch, `(3, 224, 224)`;
            for several inputs a list, or the shapes by name.

    Returns:
        The text of the spec.

    Raises:
        UnsupportedModuleError: if a spec cannot express the module. It is a
            `ValueError` that names the module and the operation.
    """
    from archspec.importing.spec_text import to_text

    if isinstance(input, tuple):
        input = {"input": input}
    elif isinstance(input, list):
        input = {f"input{n}": shape for n, shape in enumerate(input, 1)}
    return to_text(module, input)


def diff(before: Spec | str | Path, after: Spec | str | Path) -> Comparison:
    """Compare two networks: layers added, removed, changed or resized.

    >>> found = archspec.diff("vgg11", "vgg13")
    >>> found
    <Comparison vgg11 -> vgg13: 4 changes>
    >>> [change.after.path for change in found.changes]
    ['0.2', '0.3', '1.2', '1.3']

    Args:
        before: a path, the name of a bundled spec or variant, or a loaded spec.
        after: another one.

    Returns:
        The comparison. It is true if the networks differ, and `print` shows its table.

    Raises:
        SpecError: if a spec has errors.
    """
    from archspec.backends.tables.diff_table import Comparison

    return Comparison(_loaded(before).graph, _loaded(after).graph)


def draw(
    spec: Spec | str | Path,
    depth: int | None = None,
    direction: Direction = "TB",
    *,
    title: str = "",
    legend: bool = True,
    costs: bool = True,
    scale: float = 1.0,
) -> Drawing:
    """Draw a network. A notebook shows the drawing.

        archspec.draw("googlenet", depth=1).save("googlenet.svg")

    >>> archspec.draw("lenet")
    <Drawing of lenet: 12 layers>

    Args:
        spec: a path, the name of a bundled spec or variant, or a loaded spec.
        depth: fold blocks and labeled groups below this depth; at least 1.
        direction: "TB" from top to bottom, or "LR" from left to right.
        title: the title above the drawing.
        legend: show the colors of the kinds of layers.
        costs: show parameters and MACs.
        scale: enlarge the picture by this factor, above 0 and at most 20.

    Returns:
        The drawing. `save("net.svg")` writes it as `.svg`, `.png`, `.pdf`, `.dot` or
        `.html`.

    Raises:
        SpecError: if the spec has errors.
        ValueError: if the depth, the direction or the scale is out of range.
    """
    from archspec.backends.drawing.drawing import draw as picture
    from archspec.backends.drawing.look import Look

    loaded = _loaded(spec)
    look = Look(title, legend, costs, scale)
    return picture(loaded.graph, loaded.document.source, depth, direction, look)


def train(
    spec: Spec | str | Path,
    *,
    name: str | None = None,
    resume: str | Path | None = None,
    download: bool = False,
    quiet: bool = False,
    **settings: Any,
) -> TrainedRun:
    """Train a network, and write a run directory, as `archspec train`.

    >>> run = archspec.train("lenet", epochs=1, device="cpu", quiet=True)
    >>> run.path
    PosixPath('runs/lenet-1')
    >>> 0 < run.best.val_accuracy < 1
    True
    >>> model = archspec.compile("lenet", weights=run.path)

    Args:
        spec: a path, the name of a bundled spec or variant, or a loaded spec.
        name: the name of the run, whose directory is `<out>/<name>-<n>`; by default
            the spec's.
        resume: the directory of a run to resume from its last checkpoint.
        download: download the data set if it is missing.
        quiet: print no progress.
        settings: the settings of `archspec train`, such as `batch_size=64`,
            `optimizer="adam(lr=3e-4)"`, `device="cpu"` or `out="runs"`. They override
            the `train:` section.

    Returns:
        The finished run with `path`, `history` (the metrics of each epoch), `best` (the
        epoch with the highest validation accuracy, whose weights are in `best.pt`) and
        `warnings`. Accuracies are fractions from 0 to 1.

    Raises:
        SpecError: if the spec, or a call in a setting, has errors.
        TrainingError: if the run cannot start or continue.
        TypeError: if no setting has that name.
    """
    from archspec.runs.directory import RunDirectory
    from archspec.runs.python_settings import from_python
    from archspec.runs.resolve_settings import resolve_settings, resume_settings
    from archspec.training.cpu_runtime import configure_cpu_runtime

    flags = from_python(settings)
    configure_cpu_runtime()
    from archspec.training.loop import train as train_network

    if resume is None:
        network, run = _loaded(spec, flags.get("weights")), None
        resolved = resolve_settings(network.train, flags)
    else:
        run = RunDirectory.open(Path(resume))
        network, before = run.read()
        resolved = resume_settings(before, flags)
    return train_network(
        network, resolved, name=name, resume=run, download=download, quiet=quiet
    )


def _loaded(
    spec: Spec | str | Path,
    weights: Path | None = None,
    variant: str | None = None,
    input: Input | None = None,
    params: dict[str, Any] | None = None,
) -> Spec:
    """A spec, with the input and the params that published weights need."""
    if isinstance(spec, Spec):
        if variant or input or params:
            raise TypeError("a loaded spec has its variant, input and params already")
        return spec
    if weights is None:
        return load(spec, variant=variant, input=input, **(params or {}))
    from archspec.training.weights.spec_for_weights import check_for_weights

    return check_for_weights(
        spec, weights, variant=variant, input=input, params=params
    ).require()
