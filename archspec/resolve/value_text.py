"""A value in words, for a message."""

from typing import Any

from archspec.ops.op import Op
from archspec.resolve.partial_call import PartialCall
from archspec.resolve.scope import Block


def describe(value: Any) -> str:
    """Such as "the op `relu`", "a tuple of 3", "`true`"."""
    match value:
        case Op():
            return f"the op `{value.name}`"
        case Block():
            return f"the block `{value.name}`"
        case PartialCall():
            noun = "op" if isinstance(value.callee, Op) else "block"
            return f"the {noun} `{value}`"
        case bool():
            return f"`{str(value).lower()}`"
        case str():
            return f"the text `{value}`"
        case tuple() if len(value) == 2 and all(type(v) is int for v in value):
            return f"{value}"
        case tuple():
            return f"a tuple of {len(value)}"
        case _:
            return f"{value}"
