"""Give a network the weights of a file, and say what does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from torch import Tensor, nn

from archspec.runs.errors import TrainingError
from archspec.spec import Spec
from archspec.training.weights.files import Weights, read_weights
from archspec.training.weights.head import Sizes, classes_in, find_new_head
from archspec.training.weights.load_report import LoadReport, compare
from archspec.training.weights.names import layer_of
from archspec.training.weights.renaming import guess_rename, renamed

WRAPPERS = ("module", "_orig_mod")  # of DataParallel and its like, and torch.compile
COUNTER = "num_batches_tracked"


def load_weights(
    model: nn.Module,
    spec: Spec,
    path: Path,
    *,
    renames: Sequence[str] = (),
    new_head: bool = False,
) -> LoadReport:
    """Give a network the weights of a file, and say what became of each.

    Args:
        model: built from `spec`; it keeps its own weights if those of the file do not fit.
        spec: names the lines of the layers.
        path: what `read_weights` takes.
        renames: texts `old=new`: weights of the file whose names begin with the levels
            `old` begin with `new` instead; one after the other.
        new_head: whether the last layer keeps fresh weights where the file has another
            number of classes, or no such layer.

    Raises:
        TrainingError: if they cannot be read, or are those of another network.
    """
    ours = model.state_dict()
    weights = _unwrapped(read_weights(path), ours)
    for rename in renames:
        weights = renamed(weights, rename, path)
    weights |= _counters(ours, weights)
    here, there = (
        {name: tuple(weight.shape) for name, weight in each.items()}
        for each in (ours, weights)
    )
    report = compare(here, there, spec, path, new_head=new_head)
    if not report.fits:
        way_out = _way_out(report, here, there, spec)
        raise TrainingError(f"`{path}` does not fit `{spec.name}`: {way_out}\n{report}")
    fitting = {weight.name: weights[weight.name] for weight in report.loaded}
    try:
        model.load_state_dict(fitting, strict=False)
    except RuntimeError as error:  # of tensors that are sparse, or have no values
        raise TrainingError(
            f"`{path}` holds other tensors than weights have: save a plain state dict"
        ) from error
    return report


def _unwrapped(weights: Weights, ours: Iterable[str]) -> Weights:
    """The weights without the levels and counts that wrappers put around a network."""
    weights = {name: each for name, each in weights.items() if name != "n_averaged"}
    while _outermost(weights) in WRAPPERS and weights.keys().isdisjoint(ours):
        weights = {name.partition(".")[2]: each for name, each in weights.items()}
    return weights


def _outermost(names: Iterable[str]) -> str | None:
    """The level that holds all weights, if there is one."""
    levels = {name.partition(".")[0] for name in names}
    return levels.pop() if len(levels) == 1 else None


def _counters(ours: Mapping[str, Tensor], weights: Weights) -> Weights:
    """Batch norms' counts of batches, which nothing reads and old files do not have."""
    return {
        name: ours[name]
        for name in ours.keys() - weights.keys()
        if name.endswith(f".{COUNTER}") and f"{layer_of(name)}.running_mean" in weights
    }


def _way_out(report: LoadReport, here: Sizes, there: Sizes, spec: Spec) -> str:
    """What makes the network fit its file, as far as one can guess."""
    missing, unexpected, wrong_shape = (
        [weight.name for weight in weights]
        for weights in (report.missing, report.unexpected, report.wrong_shape)
    )
    problems = [*missing, *unexpected, *wrong_shape]
    is_head = wrong_shape and problems == find_new_head(here, there, spec)
    if is_head and "classes" in spec.param_values:
        return f"use `--set classes={classes_in(here, there, spec)}`"
    rename = guess_rename(unexpected, missing)
    if rename and not wrong_shape:
        return f"use `--rename {rename}`"
    way_out = "name the spec, params and input that it was trained with"
    if missing and unexpected:
        way_out += ", or say with `--rename old=new` what the spec calls its layers"
    return way_out
