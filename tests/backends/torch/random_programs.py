"""Hypothesis: random programs, of which some fit together and some do not.

A program is data that is written as a spec (`text`), and that `torch_oracle` runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from random_specs import as_yaml

# --- programs ------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """A call of an op or block; arguments are texts, Python's and the language's."""

    name: str
    positional: tuple[str, ...] = ()
    keywords: Mapping[str, str] = field(default_factory=dict)
    stated: str = ""  # the input channels, where the call says them

    def __str__(self) -> str:
        parts = [self.stated] * bool(self.stated) + list(self.positional)
        parts += [f"{key}={value}" for key, value in self.keywords.items()]
        return f"{self.name}({', '.join(parts)})" if parts else self.name


@dataclass(frozen=True)
class Merge:
    kind: str
    branches: tuple[Body, ...]


@dataclass(frozen=True)
class Repeat:
    body: Body
    times: str


@dataclass(frozen=True)
class Choice:
    test: str
    then: Body
    otherwise: Body | None


Step = Call | Merge | Repeat | Choice
Body = tuple[Step, ...]


@dataclass(frozen=True)
class Block:
    positional: tuple[str, ...]
    defaults: Mapping[str, str]
    body: Body


@dataclass(frozen=True)
class Program:
    input: tuple[int, int, int]
    blocks: Mapping[str, Block]
    net: Body

    @property
    def text(self) -> str:
        """The program as a spec."""
        lines = ["archspec: 1", f"input: {'x'.join(map(str, self.input))}"]
        lines += ["blocks:"] * bool(self.blocks)
        for name, block in self.blocks.items():
            parts = [*block.positional, "*"] if block.defaults else block.positional
            parts = [*parts, *(f"{k}={v}" for k, v in block.defaults.items())]
            lines += [f"  {name}({', '.join(parts)}):", *_written(block.body, 4)]
        return "\n".join([*lines, "net:", *_written(self.net, 2)]) + "\n"


def _written(body: Body, indent: int) -> list[str]:
    return as_yaml([_step(step) for step in body], indent)


def _step(step: Step) -> Any:
    match step:
        case Call():
            return str(step)
        case Merge(kind, branches):
            return {kind: [_branch(branch) for branch in branches]}
        case Repeat(body, times):
            return {"repeat": _body(body), "times": times}
        case Choice(test, then, otherwise):
            arms = {"then": _body(then)}
            if otherwise is not None:
                arms["else"] = _body(otherwise)
            return {"if": test, **arms}


def _branch(body: Body) -> Any:
    """A branch of a join, in which an `if` has an `else`."""
    match body:
        case (Choice(test, then, None),):
            return _step(Choice(test, then, (Call("identity"),)))
    return _body(body)


def _body(body: Body) -> Any:
    steps = [_step(step) for step in body]
    return steps[0] if len(steps) == 1 else steps


# --- at random -----------------------------------------------------------------------

SAME_SHAPE = ["relu", "bn", "identity", "gelu", "ln", "dropout(0.1)"]
ANY_SIZE = ["1", "2", "3", "4", "5", "7", "(1, 3)", "(3, 2)", "(5, 1)"]
ANY_PADDING = ["0", "1", "2", "3", "(0, 1)", "(2, 0)", "same"]
ODD = ["0", "-1", "40", "(0, 2)"]
BLOCK_DEFAULTS = {"k": ["1", "3", "2"], "s": ["1", "1", "2"], "p": ["k // 2", "0", "1"],
                  "g": ["1", "cin", "2"]}  # fmt: skip


@dataclass
class _Writer:
    """Draws one program. The names that expressions may read are in `names`."""

    draw: Callable[[st.SearchStrategy[Any]], Any]
    wild: int  # in a hundred choices
    blocks: dict[str, Block] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)

    def pick(self, options: list[Any]) -> Any:
        return self.draw(st.sampled_from(options))

    def is_wild(self) -> bool:
        return self.draw(st.integers(0, 99)) < self.wild

    def program(self) -> Program:
        size = st.one_of(st.integers(6, 40), st.integers(1, 40))
        shape = (self.draw(st.integers(1, 8)), self.draw(size), self.draw(size))
        for number in range(self.draw(st.integers(0, 2))):
            self.blocks[f"block_{number}"] = self.block()
        self.names = []
        body = self.body(0)
        if self.draw(st.booleans()):
            body += self.head()
        return Program(shape, self.blocks, body)

    def block(self) -> Block:
        keys = [key for key in BLOCK_DEFAULTS if self.draw(st.booleans())]
        defaults = {key: self.pick(BLOCK_DEFAULTS[key]) for key in keys}
        if "k" not in defaults and defaults.get("p") == "k // 2":
            defaults["p"] = "0"
        self.names = ["c", *keys]
        return Block(("c",), defaults, self.body(1))

    def head(self) -> Body:
        flat = self.pick([("flatten",), ("global_avgpool", "flatten"), ("tokens",)])
        if self.is_wild():
            flat = ()
        after = self.pick(["relu", "bn", "ln", "mean(1)", "identity"])
        steps = [
            *map(_parsed, flat),
            Call("linear", (self.channels(),), {}, self.stated()),
        ]
        return (*steps, _parsed(after))

    def body(self, depth: int) -> Body:
        return tuple(self.step(depth) for _ in range(self.draw(st.integers(1, 3))))

    def step(self, depth: int) -> Step:
        kinds = [self.conv, self.conv, self.conv, self.same_shape, self.resize]
        if self.blocks and "c" not in self.names:
            kinds += [self.block_call, self.block_call]
        if depth < 3:
            kinds += [self.join, self.residual, self.repeat, self.choice]
        return self.pick(kinds)(depth)

    # --- numbers ---

    def channels(self) -> str:
        if self.is_wild():
            return self.pick(["0", "-2", "ch // 9", "ch - 3"])
        return self.pick(
            ["1", "2", "4", "6", "8", "ch", "ch * 2", "ch + 1", *self.known("c", "cin")]
        )

    def known(self, *names: str) -> list[str]:
        in_block = "c" in self.names
        return [n for n in names if n in self.names or (n == "cin" and in_block)]

    def stated(self) -> str:
        """Mostly nothing; else mostly what is so."""
        if self.draw(st.integers(0, 9)):
            return ""
        return self.pick(["ch", "ch", "ch", "ch", "3", "4"])

    def size(self, name: str, usual: list[str]) -> str:
        if self.is_wild():
            return self.pick([*usual, *ANY_SIZE, *ODD])
        return self.pick([*usual, *self.known(name) * 2])

    # --- steps ---

    def conv(self, _depth: int) -> Step:
        k = self.size("k", ["1", "3", "3", "5"])
        keywords = {"k": k}
        style = self.draw(st.integers(0, 3))
        if style < 2 and "(" not in k:
            keywords["p"] = self.pick([f"{k} // 2", "same"])
        elif style == 2:
            keywords |= {"s": self.size("s", ["1", "2", "3", "(1, 2)"]),
                         "p": self.size("p", ANY_PADDING[:6])}  # fmt: skip
        else:
            keywords |= self.some(
                {
                    "k": ANY_SIZE,
                    "s": ANY_SIZE[:4],
                    "p": ANY_PADDING,
                    "d": ["1", "2", "(1, 3)"],
                }
            )
        if not self.draw(st.integers(0, 4)):
            keywords["g"] = self.size("g", ["ch", "1", "2", "3"])
        out = keywords.get("g") if self.draw(st.booleans()) else None
        return Call("conv", (out or self.channels(),), keywords, self.stated())

    def some(self, options: dict[str, list[str]]) -> dict[str, str]:
        chosen = [key for key in options if key == "k" or self.draw(st.booleans())]
        return {key: self.size(key, options[key]) for key in chosen}

    def same_shape(self, _depth: int) -> Step:
        call = _parsed(self.pick(SAME_SHAPE))
        stated = self.stated()
        return Call(call.name, call.positional, call.keywords, stated)

    def resize(self, _depth: int) -> Step:
        kind = self.pick(["maxpool", "maxpool", "avgpool", "conv_transpose", "upsample",
                          "adaptive_avgpool", "adaptive_maxpool", "pad_channels"])  # fmt: skip
        if kind == "pad_channels":
            return Call(kind, (self.pick(["ch", "ch + 2", "8", "4"]),))
        if kind.startswith("adaptive"):
            return Call(kind, (self.size("k", ANY_SIZE),), {}, self.stated())
        if kind == "upsample":
            return Call(kind, (self.size("s", ["1", "2", "(1, 2)"]),))
        if kind == "conv_transpose":
            options = {"k": ANY_SIZE, "s": ANY_SIZE[:3], "p": ANY_PADDING[:6],
                       "output_padding": ["0", "1", "(0, 1)"], "d": ["1", "2"],
                       "g": ["1", "1", "2", "ch"]}  # fmt: skip
            return Call(kind, (self.channels(),), self.some(options), self.stated())
        options = {"s": ["1", "2", "3", "(2, 1)"], "p": ["0", "1", "(1, 0)"]}
        if kind == "maxpool":
            options["d"] = ["1", "2"]
        k = self.size("k", ["2", "3", *ANY_SIZE])
        keywords = {**self.some(options), "ceil": self.pick(["true", "false"])}
        return Call(kind, (k,), keywords, self.stated())

    def block_call(self, _depth: int) -> Step:
        name = self.pick(list(self.blocks))
        known = self.blocks[name].defaults
        keys = [key for key in known if self.draw(st.booleans())]
        options = {
            "k": ["1", "3", "5"],
            "s": ["1", "2"],
            "p": ["0", "1", "2"],
            "g": ["1", "2"],
        }
        keywords = {key: self.size(key, options[key]) for key in keys}
        return Call(name, (self.channels(),), keywords, self.stated())

    def join(self, depth: int) -> Step:
        """Branches that agree by luck."""
        kind = self.pick(["concat", "concat", "add", "mul", "split"])
        count = self.draw(st.integers(2, 3))
        return Merge(kind, tuple(self.body(depth + 1) for _ in range(count)))

    def residual(self, depth: int) -> Step:
        """Branches that are meant to agree."""
        width, stride = self.channels(), self.pick(["1", "1", "2"])
        k = self.pick(["1", "3", *self.known("k")])
        last = Call("conv", (width,), {"k": k, "s": stride, "p": f"{k} // 2"})
        shortcut: Body = (Call("conv", (width,), {"k": "1", "s": stride}),)
        if self.is_wild():
            shortcut = (Call("identity"),)
        path = (
            (self.step(depth + 1), last)
            if self.is_wild()
            else (last, self.same_shape(0))
        )
        return Merge(self.pick(["add", "mul", "concat"]), (path, shortcut))

    def repeat(self, depth: int) -> Step:
        times = "0" if self.is_wild() else self.pick(["1", "2", "3"])
        self.names.append("i")
        body = self.body(depth + 1)
        self.names.remove("i")
        return Repeat(body, times)

    def choice(self, depth: int) -> Step:
        value = self.pick(["ch", *self.known("k", "s", "i", "cin")])
        test = f"{value} {self.pick(['>', '==', '!='])} {self.pick(['1', '3', '4'])}"
        otherwise = self.body(depth + 1) if self.draw(st.booleans()) else None
        return Choice(test, self.body(depth + 1), otherwise)


def _parsed(text: str) -> Call:
    name, _, rest = text.rstrip(")").partition("(")
    return Call(name, (rest,) if rest else ())


@st.composite
def programs(draw: Any) -> Program:
    """Most are careful; even so, about half of them do not fit together."""
    return _Writer(draw, wild=draw(st.sampled_from([0, 0, 1, 4]))).program()
