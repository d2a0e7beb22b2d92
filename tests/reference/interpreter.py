"""Runs a spec with torch, step by step as it is written: archspec is not asked.

The text is read by PyYAML and Python's own parser. Each layer takes its weights from a
state dict, by the name that the language's rules give it.
"""

from __future__ import annotations

import ast
import keyword
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor, nn

from .torch_ops import OPS, Bare, Value, positionals, unpartitioned

LIBRARY = Path(__file__).parents[2] / "archspec" / "library" / "blocks.yaml"
JOINS = {"concat", "add", "mul", "sub", "maximum"}
REPEATS = {"repeat", "collect", "each"}
LABEL_OPS = (
    r"\b(ref|tied|crop_like|pad_like|resize_like)\(([^(),]*(?:\([^()]*\)[^(),]*)*)"
)
COMPUTED = re.compile(r"""\{((?:[^{}'"]|'[^']*'|"[^"]*")*)\}""")  # in a label
OPERATORS = {"and", "or", "not", "if", "else"}
TAKEN = re.compile(rf"\b({'|'.join({*keyword.kwlist} - OPERATORS)})\b")


class Rejected(Exception):  # noqa: N818
    """The language does not take it."""


def make_divisible(value: float, divisor: int) -> int:
    nearest = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return nearest + divisor if nearest < 0.9 * value else nearest


FUNCTIONS = {
    "min": min, "max": max, "sum": sum, "abs": abs, "round": round, "len": len,
    "range": lambda *a: tuple(range(*a)), "int": int, "ceil": math.ceil,
    "floor": math.floor, "sqrt": math.sqrt, "make_divisible": make_divisible,
    "true": True, "false": False,
}  # fmt: skip


@dataclass(frozen=True)
class Callee:
    """An op or block, with the arguments that it has."""

    name: str
    keywords: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, **keywords: Any) -> Callee:
        return Callee(self.name, {**self.keywords, **keywords})


@dataclass
class Body:
    """A level of the state dict: what names its layers, and its labels."""

    path: str
    is_plain: bool
    outer: Body | None = None
    labels: dict[str, Value] = field(default_factory=dict)
    groups: dict[str, Body] = field(default_factory=dict)
    again: dict[str, Callable[[Value], Value]] = field(default_factory=dict)  # `tied`
    number: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def name(self, called: str, label: str | None) -> str:
        """The path of the next layer or block."""
        name = str(self.number)
        self.number += 1
        if not self.is_plain:
            self.counts[called] = self.counts.get(called, 0) + 1
            name = f"{called}{self.counts[called]}"
        return self.below(name if label is None else label)

    def below(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


class Scope(dict[str, Any]):
    """Names; what is none of them is an op, a block, or a word such as `same`."""

    blocks: Mapping[str, Block]

    def __missing__(self, name: str) -> Any:
        if name in self.blocks or name in OPS or name == "unpartition":
            return Callee(name)
        if name in FUNCTIONS:
            return FUNCTIONS[name]
        return name

    def inner(self, /, **names: Any) -> Scope:
        scope = Scope({**self, **names})
        scope.blocks = self.blocks
        return scope


@dataclass
class Block:
    positional: list[str]  # a name, or a pattern
    keyword_only: dict[str, str]
    body: Any


def readable(text: Any) -> str:
    """The text as Python reads it."""
    text = re.sub(LABEL_OPS, r'\1("\2"', str(text))
    text = re.sub(r"->\s*\[[^]]*\]", "", text)  # an assertion
    return TAKEN.sub(r"\1_", text).strip()


def unescaped(name: str) -> str:
    """A name as it is in the spec."""
    return name[:-1] if TAKEN.fullmatch(name[:-1]) else name


def parts_of(text: str) -> list[str]:
    """The parts of a signature, at its outermost commas."""
    return re.findall(r"(?:[^,()]|\((?:[^()]|\([^()]*\))*\))+", text)


class Interpreter:
    """One run of a spec. `weights` is a state dict; what is read of it is in `read`."""

    def __init__(
        self, text: str, weights: Mapping[str, Tensor], variant: str = ""
    ) -> None:
        document = yaml.load(text, yaml.CSafeLoader)
        self.weights = weights
        self.read: dict[str, Tensor] = {}
        self.layers: list[tuple[str, tuple[int, ...]]] = []
        self.heads: list[Tensor] = []
        self.partitions: list[tuple[int, int, int, bool]] = []
        self.document = document
        self.blocks: dict[str, Block] = {}
        library = yaml.load(LIBRARY.read_text("utf-8"), yaml.CSafeLoader)
        blocks = {**library["blocks"], **document.get("blocks", {})}
        for signature, body in blocks.items():
            name, _, rest = signature.partition("(")
            parts = [part.strip() for part in parts_of(rest.strip()[:-1])]
            positional = parts[: parts.index("*")] if "*" in parts else parts
            defaults = parts[len(positional) + 1 :]
            self.blocks[readable(name)] = Block(
                [readable(p) for p in positional if p],
                {readable(d.partition("=")[0]): d.partition("=")[2] for d in defaults},
                body,
            )

        self.params = Scope()
        self.params.blocks = self.blocks
        chosen = document.get("variants", {}).get(variant, {})
        for name, default in {**document.get("params", {}), **chosen}.items():
            self.params[readable(name)] = self.param(default, self.params)

    def run(
        self, inputs: Mapping[str, Tensor], axes: Mapping[str, str]
    ) -> list[Tensor]:
        """The outputs, in evaluation mode; those of heads are in `heads`."""
        scope = self.params.inner()
        body = Body("", is_plain(self.document["net"]))
        body.labels = {name: Value(x, axes[name]) for name, x in inputs.items()}
        x, *_ = body.labels.values()
        if not isinstance(self.document["input"], dict):
            scope["cin"] = x.channels
        with torch.no_grad():
            x = self.steps(self.document["net"], x, body, scope)
        names = map(str, self.document.get("outputs", ()))  # YAML reads `0` as a number
        return [self.label(n, body).tensor for n in names] or [x.tensor]

    def param(self, value: Any, scope: Scope) -> Any:
        if isinstance(value, list):
            return tuple(self.param(item, scope) for item in value)
        try:
            return self.value(value, Value(torch.empty(1, 1), "C"), scope)
        except SyntaxError:  # text
            return value

    # --- values ---

    def value(self, code: Any, x: Value, scope: Scope) -> Any:
        if isinstance(code, list):
            return tuple(self.value(item, x, scope) for item in code)
        if not isinstance(code, str):
            return code
        names = scope.inner(ch=x.channels)
        return eval(readable(code), {"__builtins__": {}}, names)

    def filled(self, label: Any, x: Value, scope: Scope) -> str:
        """A label with what `{...}` computes."""

        def compute(match: re.Match[str]) -> str:
            return str(self.value(match[1], x, scope))

        return COMPUTED.sub(compute, str(label))

    def label(self, path: str, body: Body) -> Value:
        level, name = self.found(path, body)
        return level.labels[name]

    def found(self, path: str, body: Body) -> tuple[Body, str]:
        """The body that a path leads to, and the label in it."""
        first, _, rest = path.partition(".")
        level: Body | None = body
        while level and first not in level.labels and first not in level.groups:
            level = level.outer
        assert level, path
        while rest:
            level = level.groups[first]
            first, _, rest = rest.partition(".")
        return level, first

    def tied(self, path: str, x: Value, body: Body) -> Value:
        """The layers of a step once more, which are no further layers."""
        level, name = self.found(path, body)
        before = len(self.layers)
        y = level.again[name](x)
        del self.layers[before:]
        return y

    # --- steps ---

    def steps(self, steps: Any, x: Value, body: Body, scope: Scope) -> Value:
        """A list of steps, or one."""
        if not isinstance(steps, list):
            return self.step(steps, x, body, scope)
        scope = scope.inner()
        for step in steps:
            x = self.step(step, x, body, scope)
        return x

    def step(self, step: Any, x: Value, body: Body, scope: Scope) -> Value:
        if isinstance(step, str):
            return self.chain(step, x, body, scope)
        if isinstance(step, list):
            return self.steps(step, x, body, scope)
        kind = next(iter(step))
        if kind == "let":
            for name, code in step["let"].items():
                scope[readable(name)] = self.value(code, x, scope)
            return x
        if kind == "if":
            arm = (
                step["then" if self.value(step["if"], x, scope) else "else"]
                if ("else" in step or self.value(step["if"], x, scope))
                else []
            )
            return self.steps(arm, x, body, scope.inner())
        if kind == "aux":
            for label, head in step["aux"].items():
                y = self.labeled(label, head, x, body, scope, is_head=True)
                self.heads.append(y.tensor)
            return x
        if kind in JOINS:
            return self.join(kind, step[kind], x, body, scope)
        if kind == "split":
            return self.split(step, x, body, scope)
        if kind in REPEATS:
            outputs = [x]
            for inside, inner in self.repetitions(step, kind, x, scope):
                outputs.append(self.steps(inside, outputs[-1], body, inner))
            return joined("concat", outputs) if kind == "collect" else outputs[-1]
        assert len(step) == 1, step
        return self.labeled(kind, step[kind], x, body, scope)

    def repetitions(
        self, step: Any, kind: str, x: Value, scope: Scope
    ) -> Iterator[tuple[Any, Scope]]:
        inside, index = step[kind], readable(step.get("as", "i"))
        if isinstance(inside, str) and (
            match := re.fullmatch(r"(\w+)\[(.*)\]", inside)
        ):
            rows = self.value(f"({match[2]},)", x, scope)
            for i, row in enumerate(rows):
                yield f"{match[1]}(*__row)", scope.inner(**{index: i, "__row": row})
            return
        if "times" in step:
            for i in range(self.value(step["times"], x, scope)):
                yield inside, scope.inner(**{index: i})
            return
        columns = {key: self.value(v, x, scope) for key, v in step["for"].items()}
        for i in range(len(next(iter(columns.values())))):
            names: dict[str, Any] = {index: i}
            for key, column in columns.items():
                names |= matched(readable(key), column[i])
            yield inside, scope.inner(**names)

    def join(
        self, kind: str, branches: list[Any], x: Value, body: Body, scope: Scope
    ) -> Value:
        return joined(kind, [
            self.steps(branch, x, body, inner)
            for branch, inner in self.branches(branches, x, scope)
        ])  # fmt: skip

    def branches(
        self, branches: list[Any], x: Value, scope: Scope
    ) -> Iterator[tuple[Any, Scope]]:
        """Those that are there, with the rows of `each` as neighbors."""
        for branch in branches:
            if isinstance(branch, dict) and "each" in branch:
                yield from self.repetitions(branch, "each", x, scope)
            elif not self.is_none(branch, x, scope):
                yield branch, scope.inner()

    def is_none(self, branch: Any, x: Value, scope: Scope) -> bool:
        while isinstance(branch, dict) and "if" in branch:
            holds = self.value(branch["if"], x, scope)
            branch = branch["then"] if holds else branch.get("else")
        return branch == "none"

    def split(self, step: Any, x: Value, body: Body, scope: Scope) -> Value:
        branches = [*self.branches(step["split"], x, scope)]
        sizes = [x.channels // len(branches)] * len(branches)
        if "sizes" in step:
            sizes = [*self.value(step["sizes"], x, scope)]
        chunks = x.tensor.split(sizes, x.axis)
        return joined("concat", [
            self.steps(branch, Value(chunk, x.axes), body, inner)
            for (branch, inner), chunk in zip(branches, chunks, strict=True)
        ])  # fmt: skip

    def labeled(
        self,
        label: Any,
        step: Any,
        x: Value,
        body: Body,
        scope: Scope,
        *,
        is_head: bool = False,
    ) -> Value:
        name = self.filled(label, x, scope)
        if isinstance(step, dict) and "if" in step:
            holds = self.value(step["if"], x, scope)
            if not holds and "else" not in step:
                return x
            arm = step["then" if holds else "else"]
            return self.labeled(name, arm, x, body, scope)
        calls = calls_of(step) if isinstance(step, str) else []
        if calls and called(calls[0]) == "ref":
            x = self.label(self.filled(calls[0].args[0].value, x, scope), body)
            calls = calls[1:]
        if len(calls) == 1 and called(calls[0]) == "tied":
            y = self.tied(self.filled(calls[0].args[0].value, x, scope), x, body)
        elif len(calls) == 1:
            y = self.call(calls[0], x, body, scope, name, is_head=is_head)
        else:
            plain = isinstance(step, str) or is_plain(step)
            body.number += not is_head

            def run(x: Value) -> Value:
                group = Body(body.below(name), plain, body)
                body.groups.setdefault(name, group)
                if not isinstance(step, str):
                    return self.steps(step, x, group, scope.inner())
                for call in calls:
                    x = self.call(call, x, group, scope)
                return x

            body.again[name] = run
            y = run(x)
        body.labels[name] = y
        return y

    # --- calls ---

    def chain(self, text: str, x: Value, body: Body, scope: Scope) -> Value:
        for call in calls_of(text):
            if called(call) == "ref":
                x = self.label(self.filled(call.args[0].value, x, scope), body)
            elif called(call) == "tied":
                x = self.tied(self.filled(call.args[0].value, x, scope), x, body)
            else:
                x = self.call(call, x, body, scope)
        return x

    def call(
        self,
        call: Any,
        x: Value,
        body: Body,
        scope: Scope,
        label: str | None = None,
        *,
        is_head: bool = False,
    ) -> Value:
        written = called(call)
        callee = scope[written]
        names = scope.inner(ch=x.channels)
        keywords = dict(callee.keywords)
        positional: list[Any] = []
        if isinstance(call, ast.Call):
            for argument in call.args:
                starred = isinstance(argument, ast.Starred)
                found = evaluated(argument.value if starred else argument, names)
                positional += found if starred else [found]
            for keyword in call.keywords:
                keywords[keyword.arg] = evaluated(keyword.value, names)
        if is_head:
            path = body.below(str(label))
        else:
            path = body.name(unescaped(written), label)

        def run(x: Value) -> Value:
            if callee.name in self.blocks:
                return self.block(callee.name, [*positional], keywords, x, path)
            return self.layer(
                callee.name, [*positional], keywords, x, path, body, scope
            )

        if label is not None:
            body.again[label] = run
        return run(x)

    def block(
        self, name: str, positional: list[Any], keywords: dict[str, Any], x: Value, path: str
    ) -> Value:  # fmt: skip
        block = self.blocks[name]
        states_channels = len(positional) == len(block.positional) + 1
        if states_channels and positional.pop(0) != x.channels:
            raise Rejected("the input channels are checked")
        scope = self.params.inner(cin=x.channels)
        missing = block.positional[len(positional) :]
        given = [*positional, *(keywords[name] for name in missing)]
        for pattern, value in zip(block.positional, given, strict=True):
            scope.update(matched(pattern, value))
        for key, default in block.keyword_only.items():
            scope[key] = (
                keywords[key] if key in keywords else self.value(default, x, scope)
            )
        return self.steps(block.body, x, Body(path, is_plain(block.body)), scope)

    def layer(
        self,
        op: str,
        positional: list[Any],
        keywords: dict[str, Any],
        x: Value,
        path: str,
        body: Body,
        scope: Scope,
    ) -> Value:
        for key, value in keywords.items():
            if isinstance(value, Callee):  # a word: `approximate=tanh`
                keywords[key] = value.name
        if op.endswith("_like"):
            positional[0] = self.label(self.filled(positional[0], x, scope), body)
        if op == "partition":
            grid = keywords.get("grid", False)
            self.partitions.append((*x.sizes, positional[0], grid))
        if op == "unpartition":
            *size, grid = self.partitions.pop()
            y = Value(unpartitioned(x.tensor, *size, grid=grid), "CHW")
        else:
            if (
                len(positional) - 1 == positionals(op)
                and positional.pop(0) != x.channels
            ):
                raise Rejected("the input channels are checked")
            function, axes = OPS[op](x, *positional, **keywords)
            if isinstance(function, nn.Module):
                # torchvision makes the tables of Swin v2 in 32 bits.
                self.load(function.eval().to(torch.get_default_dtype()), path)
            y = Value(function(x.tensor), axes)
        self.layers.append((path, tuple(y.tensor.shape[1:])))
        return y

    def load(self, module: nn.Module, path: str) -> None:
        """Give a layer its weights."""
        own = module.state_dict()
        names = {
            key: path if isinstance(module, Bare) else f"{path}.{key}" for key in own
        }
        found = {key: self.weights[name] for key, name in names.items()}
        module.load_state_dict(found)
        self.read |= {names[key]: value for key, value in found.items()}


def evaluated(node: ast.expr, names: Scope) -> Any:
    code = compile(ast.Expression(node), "spec", "eval")
    return eval(code, {"__builtins__": {}}, names)


def matched(pattern: str, value: Any) -> dict[str, Any]:
    """`(a, b)` matched by a tuple; a name by anything."""
    if not pattern.startswith("("):
        return {pattern: value}
    names = [part.strip() for part in pattern.strip("()").split(",")]
    return dict(zip(names, value, strict=True))


def calls_of(text: str) -> list[Any]:
    """The calls of a chain."""
    node: Any = ast.parse(readable(text), mode="eval").body
    found: list[Any] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        found.append(node.right)
        node = node.left
    return [node, *reversed(found)]


def called(call: Any) -> str:
    name = call.func if isinstance(call, ast.Call) else call
    assert isinstance(name, ast.Name), ast.dump(call)
    return name.id


def is_plain(steps: Any) -> bool:
    """Whether the text of a body has no join, `split`, `tied` or `ref`."""
    if isinstance(steps, str):
        return not re.search(r"\b(ref|tied)\(", steps)
    if isinstance(steps, list):
        return all(map(is_plain, steps))
    if not isinstance(steps, dict):
        return True
    kind = next(iter(steps))
    if kind in JOINS or kind == "split":
        return False
    if kind == "if":
        return is_plain(steps["then"]) and is_plain(steps.get("else"))
    if kind in REPEATS:
        return is_plain(steps[kind])
    if kind in ("let", "aux"):
        return True
    return is_plain_label(steps[kind])


def is_plain_label(step: Any) -> bool:
    """A labeled group is a body of its own; a `ref` in front is not part of it."""
    if isinstance(step, str):
        first, *others = map(called, calls_of(step))
        return first != "ref" and (first != "tied" or bool(others))
    if isinstance(step, dict) and "if" in step:
        return is_plain_label(step["then"]) and is_plain_label(step.get("else"))
    return True


def joined(kind: str, outputs: Sequence[Value]) -> Value:
    first = outputs[0]
    tensors = [value.tensor for value in outputs]
    assert all(value.axes == first.axes for value in outputs)
    if len(outputs) == 1:
        return first
    if kind == "concat":
        return Value(torch.cat(tensors, first.axis), first.axes)
    functions: dict[str, Callable[..., Tensor]] = {
        "add": torch.add, "sub": torch.sub, "mul": torch.mul, "maximum": torch.maximum,
    }  # fmt: skip
    return Value(reduce(functions[kind], tensors), first.axes)
