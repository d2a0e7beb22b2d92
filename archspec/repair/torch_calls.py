"""Calls of PyTorch's modules as calls of ops.

Conv2d(3, 8, 3)                       conv(3, 8, k=3)
nn.MaxPool2d(2, 2) | nn.ReLU()        maxpool(2, s=2) | relu
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archspec.diagnostics.diagnostic import Diagnostic, Edit, Fix
from archspec.repair.call_edits import SHORT
from archspec.repair.edit_costs import SYNTAX, Candidate

CONV = ("", "", "k", "s", "p", "d", "g")
POOL = ("", "s", "p")
OMITTED = "omitted"  # what archspec infers
# The op of each module, and the keywords of its positional arguments.
OPS = {
    **{f"Conv{n}d": ("conv", CONV) for n in (1, 2, 3)},
    **{
        f"ConvTranspose{n}d": (
            "conv_transpose",
            (*CONV[:5], "output_padding", "g"),
        )
        for n in (1, 2, 3)
    },
    **{f"MaxPool{n}d": ("maxpool", POOL) for n in (1, 2, 3)},
    **{f"AvgPool{n}d": ("avgpool", POOL) for n in (1, 2, 3)},
    **{f"BatchNorm{n}d": ("bn", (OMITTED, "eps", "momentum")) for n in (1, 2, 3)},
    "Linear": ("linear", ("", "")),
    "Dropout": ("dropout", ("",)),
    "Flatten": ("flatten", ()),
    "ReLU": ("relu", (OMITTED,)),
    "ReLU6": ("relu6", (OMITTED,)),
    "LeakyReLU": ("leaky_relu", ("negative_slope", OMITTED)),
    "GELU": ("gelu", ()),
    "SiLU": ("silu", (OMITTED,)),
    "Sigmoid": ("sigmoid", ()),
    "Tanh": ("tanh", ()),
}
CALL = re.compile(
    rf"(?:torch\.)?(nn\.)?({'|'.join(OPS)})\b(?:\(((?:[^()]|\([^()]*\))*)\))?"
)
COMMA = re.compile(r",(?![^()]*\))")  # not within a tuple
KEYWORDS = {  # in place of those of PyTorch
    **SHORT,
    "ceil_mode": "ceil",
    "in_channels": "",
    "out_channels": "",
    "in_features": "",
    "out_features": "",
    "num_features": OMITTED,
    "inplace": OMITTED,
}


def torch_calls(finding: Diagnostic) -> Iterator[Candidate]:
    """The modules at a finding as ops: one, or all in a line that cannot be read."""
    span = finding.primary.span
    if finding.code not in ("unknown-op", "invalid-syntax"):
        return
    source, first = span.source, span.source.line_starts[span.line - 1]
    edits = [
        Edit(source.span(first + match.start(), first + match.end()), _as_op(match))
        for match in CALL.finditer(source.line(span.line))
        if match[1] or first + match.start(2) == span.start
    ]
    if edits:
        title = f"write `{' | '.join(edit.text for edit in edits)}`"
        yield Candidate(SYNTAX, Fix(title, tuple(edits)))


def _as_op(match: re.Match[str]) -> str:
    """The call of an op: keywords of the language, without what is inferred."""
    op, keywords = OPS[match[2]]
    given = [text.strip() for text in COMMA.split(match[3] or "") if text.strip()]
    arguments = []
    for place, text in enumerate(given):
        name, sign, value = (part.strip() for part in text.rpartition("="))
        keyword = KEYWORDS.get(name, name)
        if not sign:
            keyword = keywords[place] if place < len(keywords) else ""
        if keyword != OMITTED:
            value = {"True": "true", "False": "false"}.get(value, value)
            arguments.append(f"{keyword}={value}" if keyword else value)
    return f"{op}({', '.join(arguments)})" if arguments else op
