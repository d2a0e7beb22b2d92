"""Read text without quotes as YAML 1.2 does, and refuse what YAML 1.1 reads otherwise.

`1e-3` is 0.001, which many readers of YAML 1.1 take for text. `yes`, `010` and `12:30` are
refused, as YAML 1.1 reads them as true, 8 and 750.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from archspec.diagnostics.diagnostic import Offer, write
from archspec.frontend.yaml.tree import Plain

MAX_DIGITS = 18  # an integer fits into 64 bits
TOO_LARGE = f"write at most {MAX_DIGITS} digits"

CONSTANTS: dict[str, Plain] = {"": None, "~": None}
CONSTANTS |= dict.fromkeys(("null", "Null", "NULL"))
CONSTANTS |= dict.fromkeys(("true", "True", "TRUE"), True)
CONSTANTS |= dict.fromkeys(("false", "False", "FALSE"), False)

INTEGER = re.compile(r"[-+]?[0-9]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
SWITCH = re.compile(r"yes|no|on|off", re.IGNORECASE)
LEADING_ZERO = re.compile(r"([-+]?)0+(0|[1-9][0-9]*)")
SEXAGESIMAL = re.compile(r"[-+]?[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?")


class ScalarProblem(NamedTuple):
    """Why a scalar is refused."""

    code: str
    message: str
    help: str


def plain_value(text: str) -> Plain:
    """Return the value in YAML 1.2: `64` is 64, `1e-3` is 0.001, `relu` is text."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    if INTEGER.fullmatch(text):
        return int(text)
    return float(text) if FLOAT.fullmatch(text) else text


def find_problem(text: str) -> ScalarProblem | None:
    """Return why a text without quotes is refused, if it is."""
    code = "ambiguous-scalar"
    if SWITCH.fullmatch(text):
        truth = "true" if text.lower() in ("yes", "on") else "false"
        message = f"`{text}` is text in YAML 1.2 and {truth} in YAML 1.1"
        quoted = f'"{text}"'
        help = Offer(f"write `{truth}`, or `{quoted}` for the word", truth, quoted)
        return ScalarProblem(code, message, help)
    if zero := LEADING_ZERO.fullmatch(text):
        plain = "".join(zero.groups())
        message = f"`{text}` is {plain} in YAML 1.2, and octal in YAML 1.1"
        return ScalarProblem(code, message, write(plain))
    if SEXAGESIMAL.fullmatch(text):
        message = f"`{text}` is text in YAML 1.2 and a base-60 number in YAML 1.1"
        return ScalarProblem(code, message, write(f'"{text}"', " for text"))
    if INTEGER.fullmatch(text) and len(text.lstrip("+-")) > MAX_DIGITS:
        return ScalarProblem(
            "number-too-large", f"an integer has over {MAX_DIGITS} digits", TOO_LARGE
        )
    return None
