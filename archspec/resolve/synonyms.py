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
CONCAT = "`concat:` joins branches"
NOT_NEEDED = {  # in a network that is trained here
    "cat": CONCAT,
    "concatenate": CONCAT,
    "input": "omit it: `input:` defines the input",
    "reshape": RESHAPING,
    "squeeze": Offer("`flatten` removes axes of size 1", "flatten"),
    "view": RESHAPING,
}
OTHER_NAMES = {
    "activation": "relu",
    "batchnorm": "bn",
    "batchnorm1d": "bn",
    "batchnorm2d": "bn",
    "conv1d": "conv",
    "conv2d": "conv",
    "conv2dtranspose": "conv_transpose",
    "conv3d": "conv",
    "convolution": "conv",
    "convtranspose2d": "conv_transpose",
    "deconv": "conv_transpose",
    "dense": "linear",
    "depthtospace": "pixel_shuffle",
    "drop": "dropout",
    "droppath": "stochastic_depth",
    "fc": "linear",
    "fullyconnected": "linear",
    "gap": "global_avgpool",
    "globalavgpool2d": "global_avgpool",
    "groupnorm": "group_norm",
    "instancenorm2d": "instance_norm",
    "interpolate": "resize",
    "layernorm": "ln",
    "lin": "linear",
    "localresponsenorm": "lrn",
    "logsoftmax": "log_softmax",
    "mha": "attention",
    "multiheadattention": "attention",
    "noop": "identity",
    "norm": "bn",
    "pixelshuffle": "pixel_shuffle",
    "pooling": "maxpool",
    "resblock": "residual",
    "rmsnorm": "rms_norm",
    "se": "squeeze_excite",
    "seblock": "squeeze_excite",
    "separableconv": "depthwise_separable",
    "separableconv2d": "depthwise_separable",
    "sepconv": "depthwise_separable",
    "shortcut": "identity",
    "skip": "identity",
    "swish": "silu",
    "transposeconv": "conv_transpose",
    "transposedconv": "conv_transpose",
    "up": "upsample",
    "upconv": "conv_transpose",
    "zeropad": "pad",
    "zeropad2d": "pad",
    "zeropadding2d": "pad",
}


def suggest_callee(name: str, known: Iterable[str]) -> str:
    """A help line for an unknown op or block; "" if nothing is close."""
    plain = name.replace("_", "").replace("-", "").casefold()
    if plain in STEPS:
        return f"`{plain}` is a step of its own: write `{plain}: ...`, not a call"
    known = set(known)
    if plain in NOT_NEEDED:
        return NOT_NEEDED[plain]
    match = closest(name, known, 0.85, words=False) or OTHER_NAMES.get(plain)
    if match not in known:
        match = closest(name, known)
    return Replacement(f"did you mean `{match}`?", match) if match else ""
