"""Names of ops in other libraries, and which op here is meant."""

from __future__ import annotations

from collections.abc import Iterable

from archspec.diagnostics.diagnostic import Offer, Replacement
from archspec.diagnostics.suggest import closest

# Written as keys.
STEPS = ("concat", "add", "mul", "split", "repeat", "if", "aux", "let")

RESHAPING = Offer(
    "`flatten` makes a vector, `unflatten` an image, `tokens` a sequence",
    *("flatten", "unflatten", "tokens"),
)
NOT_NEEDED = {  # in a network that is trained here
    "cat": "`concat:` joins branches",
    "input": "omit it: `input:` defines the input",
    "reshape": RESHAPING,
    "squeeze": Offer("`flatten` removes axes of size 1", "flatten"),
    "view": RESHAPING,
}
OTHER_NAMES = {
    "batchnorm": "bn",
    "batchnorm1d": "bn",
    "batchnorm2d": "bn",
    "conv1d": "conv",
    "conv2d": "conv",
    "conv3d": "conv",
    "convtranspose2d": "conv_transpose",
    "deconv": "conv_transpose",
    "dense": "linear",
    "depthtospace": "pixel_shuffle",
    "droppath": "stochastic_depth",
    "fc": "linear",
    "gap": "global_avgpool",
    "globalavgpool2d": "global_avgpool",
    "interpolate": "resize",
    "groupnorm": "group_norm",
    "instancenorm2d": "instance_norm",
    "layernorm": "ln",
    "localresponsenorm": "lrn",
    "logsoftmax": "log_softmax",
    "multiheadattention": "attention",
    "pixelshuffle": "pixel_shuffle",
    "rmsnorm": "rms_norm",
    "se": "squeeze_excite",
    "separableconv": "depthwise_separable",
    "separableconv2d": "depthwise_separable",
    "noop": "identity",
    "shortcut": "identity",
    "skip": "identity",
    "swish": "silu",
}


def suggest_callee(name: str, known: Iterable[str]) -> str:
    """A help line for an unknown op or block; "" if nothing is close."""
    if name in STEPS:
        return f"`{name}` is a step of its own: write `{name}: ...`, not a call"
    known = set(known)
    plain = name.replace("_", "").replace("-", "").casefold()
    if plain in NOT_NEEDED:
        return NOT_NEEDED[plain]
    match = OTHER_NAMES.get(plain)
    if match not in known:
        match = closest(name, known)
    return Replacement(f"did you mean `{match}`?", match) if match else ""
