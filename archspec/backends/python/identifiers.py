"""Names in emitted code: each is valid Python, and different names stay different."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable

# Names that emitted code uses itself: a parameter with such a name gets a `_`.
TAKEN = {
    *keyword.kwlist,
    *keyword.softkwlist,
    *(name for name in dir(builtins) if name.islower()),
    "in_channels",
    "make_divisible",
    "math",
    "nn",
    "params",
    "partial",
    "self",
    "torch",
    "x",
}


def python_name(name: str) -> str:
    """A variable's name in emitted code: `lambda` becomes `lambda_`.

    Different names stay different, so `lambda_` becomes `lambda__`. Names that start
    with `__` change because Python mangles them in a class, and names that start with
    a capital letter because a class may have them.
    """
    if name == "cin":
        return "in_channels"
    if name.startswith("$"):  # a param of the spec
        return python_name(name[1:])
    if re.match("p*__", name):
        return f"p{name}"
    plain = name.rstrip("_")
    return f"{name}_" if plain in TAKEN or _like_a_class(plain) else name


def is_attribute(name: str) -> bool:
    """Whether `self.name` means the submodule: a number is not an attribute.

    Python mangles names that start with `__`.
    """
    return name.isidentifier() and not name.startswith("__")


def _like_a_class(name: str) -> bool:
    return name[:1].isupper() or not name


def class_name(name: str) -> str:
    """A block's name as a class name: `nin_block` is `NinBlock`."""
    words = re.split("[_-]+", name)
    joined = "".join(word[:1].upper() + word[1:] for word in words)
    is_name = joined.isidentifier() and not keyword.iskeyword(joined)
    return joined if is_name else f"Block{joined}"


class NameAllocator:
    """Allocates names, in constant time each."""

    def __init__(self, taken: Iterable[str]) -> None:
        """`taken` are names that it must not allocate."""
        self.taken = {*taken}
        self.copies: dict[str, int] = {}  # the last number of `relu`, `relu2`, `relu3`
        self.counts: dict[str, int] = {}  # the last number of `conv1`, `conv2`

    def fresh(self, name: str) -> str:
        """A variable of this name, numbered from 2 on if it is taken."""
        return self.unique(python_name(name))

    def unique(self, name: str) -> str:
        """The name, numbered from 2 on if it is taken: `relu`, `relu2`."""
        number = self.copies.get(name, 1)
        found = name if number == 1 else f"{name}{number}"
        while found in self.taken:
            number += 1
            found = f"{name}{number}"
        self.copies[name] = number
        self.taken.add(found)
        return found

    def numbered(self, name: str) -> str:
        """The name with a number: `conv1`, `conv2`; `conv3_1` after a digit."""
        stem = f"{name}_" if name[-1].isdigit() else name
        number = self.counts.get(stem, 1)
        while f"{stem}{number}" in self.taken:
            number += 1
        self.counts[stem] = number
        return self.fresh(f"{stem}{number}")
