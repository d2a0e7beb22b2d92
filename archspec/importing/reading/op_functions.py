"""The functions of torch that are an op, with their arguments after the input in order."""

from __future__ import annotations

POOL = ("kernel_size", "stride", "padding")
SAME_NAMES: dict[str, tuple[str, tuple[str, ...]]] = {
    "relu": ("relu", ()),
    "relu6": ("relu6", ()),
    "leaky_relu": ("leaky_relu", ("negative_slope",)),
    "elu": ("elu", ("alpha",)),
    "selu": ("selu", ()),
    "gelu": ("gelu", ("approximate",)),
    "silu": ("silu", ()),
    "mish": ("mish", ()),
    "sigmoid": ("sigmoid", ()),
    "tanh": ("tanh", ()),
    "softplus": ("softplus", ()),
    "hardswish": ("hardswish", ()),
    "hardsigmoid": ("hardsigmoid", ()),
    "celu": ("celu", ("alpha",)),
    "softsign": ("softsign", ()),
    "hardtanh": ("hardtanh", ("min_val", "max_val")),
    "clamp": ("hardtanh", ("min_val", "max_val")),
    "logsigmoid": ("logsigmoid", ()),
    "log_sigmoid": ("logsigmoid", ()),
    "dropout": ("dropout", ("p",)),
    "feature_dropout": ("dropout2d", ("p",)),
    "dropout1d": ("dropout2d", ("p",)),
    "dropout2d": ("dropout2d", ("p",)),
    "dropout3d": ("dropout2d", ("p",)),
    "stochastic_depth": ("stochastic_depth", ("p",)),
    "local_response_norm": ("lrn", ("size", "alpha", "beta", "k")),
    **{
        f"max_pool{n}d": ("maxpool", (*POOL, "dilation", "ceil_mode"))
        for n in (1, 2, 3)
    },
    **{
        f"avg_pool{n}d": ("avgpool", (*POOL, "ceil_mode", "count_include_pad"))
        for n in (1, 2, 3)
    },
    **{
        f"adaptive_avg_pool{n}d": ("adaptive_avgpool", ("output_size",))
        for n in (1, 2, 3)
    },
    **{
        f"adaptive_max_pool{n}d": ("adaptive_maxpool", ("output_size",))
        for n in (1, 2, 3)
    },
}
