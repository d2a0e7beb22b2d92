"""What a text without quotes reads as in YAML, and where its versions differ.

Scalars read as in YAML 1.2: `1e-3` is a float, and `yes`, `010` and `12:30`, which
YAML 1.1 reads as true, 8 and 750, are findings instead of surprises.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from archspec.frontend.yaml.tree import Plain

MAX_DIGITS = 18  # an integer fits into 64 bits

CONSTANTS: dict[str, Plain] = {"": None, "~": None}
CONSTANTS |= dict.fromkeys(("null", "Null", "NULL"))
CONSTANTS |= dict.fromkeys(("true", "True", "TRUE"), True)
CONSTANTS |= dict.fromkeys(("false", "False", "FALSE"), False)

INTEGER = re.compile(r"[-+]?[0-9]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
SWITCH = re.compile(r"yes|no|on|off", re.IGNORECASE)
LEADING_ZERO = re.compile(r"([-+]?)0+(0|[1-9][0-9]*)")
SEXAGESIMAL = re.compile(r"[-+]?[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?")


class Fault(NamedTuple):
    """Why a scalar cannot be taken as it stands."""

    code: str
    message: str
    help: str


def plain_value(text: str) -> Plain:
    """What a text without quotes reads as in YAML 1.2."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    if INTEGER.fullmatch(text):
        return int(text)
    return float(text) if FLOAT.fullmatch(text) else text


def scalar_fault(text: str) -> Fault | None:
    """What is wrong with a text without quotes, if readers of YAML differ about it."""
    code = "ambiguous-scalar"
    if SWITCH.fullmatch(text):
        truth = "true" if text.lower() in ("yes", "on") else "false"
        message = f"`{text}` is text in YAML 1.2 and {truth} in YAML 1.1"
        return Fault(code, message, f'write `{truth}`, or `"{text}"` for the word')
    if zero := LEADING_ZERO.fullmatch(text):
        plain = "".join(zero.groups())
        message = f"`{text}` is {plain} in YAML 1.2, and octal in YAML 1.1"
        return Fault(code, message, f"write `{plain}`")
    if SEXAGESIMAL.fullmatch(text):
        message = f"`{text}` is text in YAML 1.2 and a base-60 number in YAML 1.1"
        return Fault(code, message, f'write `"{text}"` for text')
    if INTEGER.fullmatch(text) and len(text.lstrip("+-")) > MAX_DIGITS:
        return Fault("number-too-large", f"an integer has over {MAX_DIGITS} digits", "")
    return None
