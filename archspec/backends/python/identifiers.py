"""Names in emitted code: none breaks Python, and no two become one."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Container

# What emitted code uses itself; a parameter of such a name gets a `_`.
TAKEN = {
    *keyword.kwlist,
    *keyword.softkwlist,
    *(name for name in dir(builtins) if name.islower()),
    "in_channels",
    "nn",
    "self",
    "torch",
    "x",
}


def python_name(name: str) -> str:
    """A parameter's name in emitted code: different names stay different.

    `lambda` is `lambda_`, and so `lambda_` is `lambda__`. A class mangles names that
    start with `__`, and its own name starts with a capital letter.
    """
    if name == "cin":
        return "in_channels"
    if re.match("p*__", name):
        return f"p{name}"
    plain = name.rstrip("_")
    return f"{name}_" if plain in TAKEN or _like_a_class(plain) else name


def _like_a_class(name: str) -> bool:
    return name[:1].isupper() or not name


def class_name(name: str) -> str:
    """`nin_block` as `NinBlock`."""
    words = re.split("[_-]+", name)
    joined = "".join(word[:1].upper() + word[1:] for word in words)
    is_name = joined.isidentifier() and not keyword.iskeyword(joined)
    return joined if is_name else f"Block{joined}"


def unique(name: str, taken: Container[str]) -> str:
    """The name, numbered from 2 on if it is taken."""
    number, fresh = 1, name
    while fresh in taken:
        number += 1
        fresh = f"{name}{number}"
    return fresh
