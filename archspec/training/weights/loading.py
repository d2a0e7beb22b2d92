"""Load the weights of a file into a network, and report mismatches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from torch import Tensor, nn

from archspec.runs.config import different_layer
from archspec.runs.errors import TrainingError
from archspec.settings.published_name import is_published
from archspec.spec import Spec
from archspec.training.weights.load_report import LoadReport, compare_weights
from archspec.training.weights.new_head import (
    WeightShapes,
    find_new_head,
    num_classes,
)
from archspec.training.weights.renaming import guess_rename, rename_weights
from archspec.training.weights.weight_files import WeightFile, Weights, read_weights
from archspec.training.weights.weight_names import layer_of

WRAPPERS = ("module", "_orig_mod")  # of DataParallel, DDP and EMA, and torch.compile
COUNTER = "num_batches_tracked"


def load_weights(
    model: nn.Module,
    spec: Spec,
    source: Path,
    *,
    renames: Sequence[str] = (),
    adapt: bool = False,
) -> LoadReport:
    """Load weights into a network, and report on each weight.

    Args:
        model: built from `spec`; it does not change if the weights do not match.
        spec: its lines are named in the report.
        source: a file that `read_weights` accepts, or the name of published weights.
        renames: texts `old=new`, applied in order to the names in the file.
        adapt: whether a head may keep its initial weights, if the file has another one
            or none, and whether weights for color images may be made ones for gray.

    Raises:
        TrainingError: if the weights cannot be read, or do not match.
    """
    ours = model.state_dict()
    path, (weights, trained) = _read(source, spec)
    weights = _unwrapped(weights, ours)
    for rename in renames:
        weights = rename_weights(weights, rename, path)
    weights = _missing_counters(ours, weights) | weights
    shapes, file_shapes = (
        {name: tuple(weight.shape) for name, weight in each.items()}
        for each in (ours, weights)
    )
    report = compare_weights(shapes, file_shapes, spec, path, adapt=adapt)
    if not report.is_match:
        hint = _hint(report, shapes, file_shapes, spec, source)
        raise TrainingError(f"`{path}` does not match `{spec.name}`: {hint}\n{report}")
    for weight in report.summed:
        weights[weight.name] = weights[weight.name].sum(1, keepdim=True)
    matching = {weight.name: weights[weight.name] for weight in report.loaded}
    try:
        model.load_state_dict(matching, strict=False)
    except RuntimeError as error:  # sparse tensors, or tensors on the meta device
        raise TrainingError(
            f"`{path}` contains tensors that are not weights: save a plain state dict"
        ) from error
    if trained and not report.is_adapted:
        return replace(report, difference=different_layer(trained, spec))
    return report


def _read(source: Path, spec: Spec) -> tuple[Path, WeightFile]:
    """Weights, and what to call their source in messages."""
    if not is_published(source):
        return source, read_weights(source)
    from archspec.training.weights import published  # torchvision, 1.7 s

    weights = published.find_published(source, spec)
    if absent := published.required_params(weights).keys() - spec.param_values.keys():
        raise TrainingError(
            f"`{weights}` needs the param `{min(absent)}`, which `{spec.name}` lacks: use "
            f"the spec `{published.its_spec(weights)}`"
        )
    return Path(str(weights)), WeightFile(published.read_published(weights), None)


def _unwrapped(weights: Weights, ours: Iterable[str]) -> Weights:
    """Remove what a wrapper adds: a prefix of all names, and a count of averages.

    `{"module.conv.weight": ...}` becomes `{"conv.weight": ...}`.
    """
    weights = {name: each for name, each in weights.items() if name != "n_averaged"}
    while _outermost(weights) in WRAPPERS and weights.keys().isdisjoint(ours):
        weights = {name.partition(".")[2]: each for name, each in weights.items()}
    return weights


def _outermost(names: Iterable[str]) -> str | None:
    """The outermost module that contains all weights, if there is one."""
    levels = {name.partition(".")[0] for name in names}
    return levels.pop() if len(levels) == 1 else None


def _missing_counters(ours: Mapping[str, Tensor], weights: Weights) -> Weights:
    """The batch counts of batch norms that old files lack; nothing reads them."""
    return {
        name: ours[name]
        for name in ours.keys() - weights.keys()
        if name.endswith(f".{COUNTER}") and f"{layer_of(name)}.running_mean" in weights
    }


def _hint(
    report: LoadReport,
    shapes: WeightShapes,
    file_shapes: WeightShapes,
    spec: Spec,
    source: Path,
) -> str:
    """Guess which flag makes the weights match."""
    missing, unexpected, wrong_shape = (
        [weight.name for weight in weights]
        for weights in (report.missing, report.unexpected, report.wrong_shape)
    )
    problems = [*missing, *unexpected, *wrong_shape]
    is_head = wrong_shape and problems == find_new_head(shapes, file_shapes, spec).names
    if is_head and "classes" in spec.param_values:
        return f"use `--set classes={num_classes(shapes, file_shapes, spec)}`"
    if is_published(source):
        from archspec.training.weights.published import find_published, its_spec

        own = its_spec(find_published(source, spec))
        if own is None:
            return "archspec has no spec of its network"
        return (
            f"its network is the spec `{own}`, with its own input and params; "
            f"`archspec diff {spec.reference} {own}` shows how they differ"
        )
    rename = guess_rename(unexpected, missing)
    if rename and not wrong_shape:
        return f"use `--rename {rename}`"
    hint = "name the spec, params and input that it was trained with"
    if missing and unexpected:
        hint += ", or rename weights with `--rename old=new`"
    return hint
