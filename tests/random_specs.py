"""Random valid specs, from a seed: every construct, nested as it comes."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

# A step: a chain as text, a list of steps, or a mapping with one key or several.
Step = Any

ACTIVATIONS = ["relu", "sigmoid", "tanh", "gelu", "identity", "leaky_relu"]
NAMES = ["cout", "n", "width", "lambda", "len", "x", "nn", "self", "in_channels", "Conv",
         "torch", "class", "relu1", "chunk1", "_", "__a", "range", "forward", "channels"]  # fmt: skip
# Blocks, networks and labels whose classes would share a name, or take one in use.
BLOCK_NAMES = ["ab", "Ab", "a_b", "ab_2", "Ab2", "net", "net_g1", "NetG1", "tensor", "Tensor_",
                "None", "Module", "sequential", "random", "permute", "LayerNorm2d"]  # fmt: skip
NETWORK_NAMES = ["random", "net", "net_g1", "ab", "Tensor", "None", "nn"]
LABELS = ["stem", "conv_", "branch", "y", "g", "g_", "G", "self_", "relu_", "channels_", "None"]  # fmt: skip


@dataclass
class Block:
    """A block: its parameters by kind, and its body."""

    name: str
    kinds: dict[str, str]
    keyword_only: list[str]
    body: list[Step]


@dataclass
class Scope:
    """The names that expressions may read, by kind."""

    numbers: list[str]
    kernels: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    labels: list[tuple[str, str]] = field(default_factory=list)  # with their channels
    in_block: bool = True
    repeats: int = 0
    has_index: bool = False

    def inner(self, **changes: Any) -> Scope:
        copied = {key: value[:] if isinstance(value, list) else value
                  for key, value in vars(self).items()}  # fmt: skip
        return Scope(**{**copied, **changes})


class Generator:
    """Writes one spec. Every step keeps the size of an image, so that all fits."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.blocks: list[Block] = []
        self.labels = 0
        self.steps = 0

    def text(self) -> str:
        """The spec."""
        self.blocks = []
        for name in self.random.sample(BLOCK_NAMES, self.random.randint(1, 4)):
            self.blocks.append(self.block(name))
        scope = Scope(
            ["classes"], ["kernel"], ["deep"], ["act"], ["tag"], in_block=False
        )
        net = [
            step for _ in range(self.random.randint(1, 3)) for step in self.outer(scope)
        ]
        if self.random.random() < 0.5:
            net.append("flatten | linear(classes)")
            for number in range(self.random.choice([0, 0, 1, 2])):
                at = self.random.randint(0, len(net) - 1)
                net.insert(at, self.aux(number))
        name = self.random.choice(NETWORK_NAMES)
        input = "3x9x8"
        if self.random.random() < 0.2:
            input = "{image: 1x9x8, x: 2x9x8}"
            net.insert(0, {"concat": ["ref(image)", "ref(x)"]})
        lines = ["archspec: 1", f"name: {name}", f"input: {input}"]
        lines.append('params: {classes: 5, kernel: 3, deep: true, act: relu, tag: "t"}')
        lines.append("blocks:")
        for block in self.blocks:
            lines += [f"  {self.signature(block)}:", *as_yaml(block.body, 4)]
        return "\n".join([*lines, "net:", *as_yaml(net, 2)]) + "\n"

    def aux(self, number: int) -> Step:
        """A head, or two of them; they stand where images go by."""
        heads: dict[str, Step] = {f"head{number}": "flatten | linear(classes)"}
        if self.random.random() < 0.5:
            heads[f"x{number}"] = ["conv(2, k=1)", {"way": "flatten"}, "linear(5)"]
        step = {"aux": heads}
        if self.random.random() < 0.3:
            return {"if": self.random.choice(["deep", "not deep"]), "then": step}
        return step

    # --- blocks ---

    def block(self, name: str) -> Block:
        names = self.random.sample(NAMES, self.random.randint(1, 4))
        kinds = {names[0]: "number"}
        for other in names[1:]:
            kinds[other] = self.random.choice(
                ["number", "kernel", "flag", "op", "pair", "text"]
            )
        keyword_only = [n for n in names[1:] if self.random.random() < 0.5]
        scope = Scope(["cin"])
        for key, kind in kinds.items():
            if kind == "pair":
                scope.numbers += [f"{key}[0]", f"{key}[1]"]
                continue
            of_kind = {"number": scope.numbers, "kernel": scope.kernels,
                       "flag": scope.flags, "op": scope.calls, "text": scope.texts}[kind]  # fmt: skip
            of_kind.append(key)
        self.steps = 0
        body = self.body(scope, 0)
        return Block(name, kinds, keyword_only, body)

    def signature(self, block: Block) -> str:
        parts = [name for name in block.kinds if name not in block.keyword_only]
        if block.keyword_only:
            defaults = {"number": "4", "kernel": "3", "flag": "false", "op": "relu",
                        "pair": "(2, 3)", "text": '"q"'}  # fmt: skip
            parts += ["*"]
            parts += [f"{n}={defaults[block.kinds[n]]}" for n in block.keyword_only]
        return f"{block.name}({', '.join(parts)})"

    def call(self, block: Block, scope: Scope) -> str:
        positional = [n for n in block.kinds if n not in block.keyword_only]
        arguments = [self.argument(block.kinds[name], scope) for name in positional]
        chosen = [name for name in block.keyword_only if self.random.random() < 0.6]
        arguments += [f"{n}={self.argument(block.kinds[n], scope)}" for n in chosen]
        return f"{block.name}({', '.join(arguments)})"

    def argument(self, kind: str, scope: Scope) -> str:
        if kind == "number":
            return self.number(scope)
        if kind == "kernel":
            return self.kernel(scope)
        if kind == "flag":
            return self.condition(scope)
        if kind == "pair":
            return f"({self.number(scope)}, {self.number(scope)})"
        if kind == "text":
            return self.random.choice(['"q"', '"w2"', *scope.texts])
        return self.random.choice([*ACTIVATIONS, *scope.calls])

    # --- expressions, small and positive ---

    def number(self, scope: Scope) -> str:
        a = self.random.choice(scope.numbers)
        b = self.random.choice(scope.numbers)
        c = self.random.randint(1, 3)
        return self.random.choice(
            [str(c + 1), a, a, a, f"min({a} + {c}, 9)", f"{a} // 2 + 1",
             f"min({a}, {b}) + {c}", f"max({a} - {b}, {c})", f"({a} + {b}) % 5 + 1",
             f"{a} if {self.condition(scope)} else {c}", f"round({a} * 0.5) + 1"]
        )  # fmt: skip

    def kernel(self, scope: Scope) -> str:
        return self.random.choice(["1", "3", "5", *scope.kernels])

    def condition(self, scope: Scope) -> str:
        a = self.random.choice(scope.numbers)
        b = self.random.choice([n for n in scope.numbers if n != a] or ["3"])
        return self.random.choice(
            ["true", "false", f"{a} > 4", f"{a} != {b}", f"{a} > 2 and {b} < 6",
             f"not {a} == 3", *scope.flags, *(f'{t} == "q"' for t in scope.texts),
             *(f'{t} != "it\'s"' for t in scope.texts)]
        )  # fmt: skip

    # --- steps ---

    def outer(self, scope: Scope) -> list[Step]:
        """Calls of a block with different arguments, and what only a net may do."""
        block = self.random.choice(self.blocks)
        steps: list[Step] = [
            self.call(block, scope) for _ in range(self.random.randint(1, 3))
        ]
        if self.random.random() < 0.3:
            steps.append(
                self.random.choice(
                    ["maxpool(3, s=1, p=1)", "ln", "avgpool((1, 2), s=1)"]
                )
            )
        steps += self.body(scope.inner(), 1)
        return steps

    def body(self, scope: Scope, depth: int) -> list[Step]:
        steps: list[Step] = []
        for _ in range(self.random.randint(1, 3)):
            steps += self.step(scope, depth)
        return steps

    def step(self, scope: Scope, depth: int) -> list[Step]:
        self.steps += 1
        simple = [self.chain, self.chain, self.let]
        if scope.repeats < 2:
            simple.append(self.labelled)
        nested = [self.merge, self.split, self.repeat, self.choice, self.group]
        if scope.labels and not scope.repeats:
            simple.append(self.reference)
        if self.blocks and depth < 2:
            simple.append(self.block_call)
        options = simple + (nested if depth < 3 and self.steps < 12 else [])
        return self.random.choice(options)(scope, depth)

    def conv(self, scope: Scope, channels: str = "") -> str:
        k = self.kernel(scope)
        padding = self.random.choice(["same", f"{k} // 2"])
        return f"conv({channels or self.number(scope)}, k={k}, p={padding})"

    def chain(self, scope: Scope, _depth: int) -> list[Step]:
        calls = [self.conv(scope)]
        calls += self.random.sample(["bn", "relu", "dropout(0.1)", *scope.calls], 1)
        if self.random.random() < 0.3:
            width = f"ch + {self.random.randint(1, 2)}"
            if self.random.random() < 0.3:
                width += f" if {self.condition(scope)} else ch"
            calls.append(f"conv({width}, k=1)")
        self.random.shuffle(calls)
        return [" | ".join(calls)]

    def label(self, *, may_be_integer: bool = False) -> str:
        self.labels += 1
        if may_be_integer and self.random.random() < 0.2:
            return str(100 + self.labels)
        return f"{self.random.choice(LABELS)}{self.labels}"

    def labelled(self, scope: Scope, depth: int) -> list[Step]:
        label = self.label(may_be_integer=True)
        if scope.texts and not label.isdigit() and self.random.random() < 0.2:
            label += f"{{{self.random.choice(scope.texts)}}}"
        if scope.repeats or (scope.has_index and self.random.random() < 0.5):
            label += "{i}" if label.isdigit() else "_{i}"
        if "{" not in label and self.random.random() < 0.2:
            return [{label: self.choice(scope, depth)[0]}]
        if self.random.random() < 0.6:
            channels = self.number(scope)
            if "{" not in label:
                scope.labels.append((label, channels))
            return [{label: self.conv(scope, channels)}]
        return [{label: self.body(scope.inner(labels=[], repeats=0), depth + 1)}]

    def group(self, scope: Scope, depth: int) -> list[Step]:
        return [self.body(scope.inner(), depth + 1)]

    def let(self, scope: Scope, depth: int) -> list[Step]:
        name = self.random.choice(["w", "v", "nn", "print"])
        others = [*scope.kernels, *scope.flags, *scope.calls, *scope.texts]
        if depth or name in others or f"{name}[0]" in scope.numbers:
            # What others read must not change its value, nor its kind.
            self.labels += 1
            name += str(self.labels)
        step = {"let": {name: self.number(scope)}}
        if name not in scope.numbers:
            scope.numbers.append(name)
        return [step]

    def block_call(self, scope: Scope, _depth: int) -> list[Step]:
        return [self.call(self.random.choice(self.blocks), scope)]

    def reference(self, scope: Scope, _depth: int) -> list[Step]:
        """A sum of what is here and what was, both made as wide as each other."""
        label, _ = self.random.choice(scope.labels)
        width = self.number(scope)
        chain = f"ref({label}) | conv({width}, k=1)"
        if self.random.random() < 0.5:
            chain += " | bn"
        branch = {self.label(may_be_integer=True): chain}
        is_labelled = self.random.random() < 0.5
        return [{"add": [f"conv({width}, k=1)", branch if is_labelled else chain]}]

    def merge(self, scope: Scope, depth: int) -> list[Step]:
        kind = self.random.choice(["concat", "add", "mul"])
        width = self.number(scope)
        branches: list[Step] = []
        for _ in range(self.random.randint(2, 3)):
            is_labelled = self.random.random() < 0.3 and not scope.repeats
            inside = scope.inner(labels=[]) if is_labelled else scope.inner()
            branch = self.body(inside, depth + 1)
            if kind != "concat":
                branch.append(self.conv(scope, width))
            if is_labelled:
                index = "{i}" if scope.has_index and self.random.random() < 0.5 else ""
                branch = [{self.label() + index: branch}]
            branches.append(branch if len(branch) > 1 else branch[0])
        if kind == "concat" and self.random.random() < 0.5:
            branches.insert(0, "identity")
        if kind != "concat" and self.random.random() < 0.5:
            return [self.conv(scope, width), {kind: ["identity", *branches]}]
        return (
            [{kind: branches}, "conv(4, k=1)"]
            if kind == "concat"
            else [{kind: branches}]
        )

    def split(self, scope: Scope, depth: int) -> list[Step]:
        branches = ["identity", self.body(scope.inner(), depth + 1)]
        self.random.shuffle(branches)
        return [f"conv(2 * ({self.number(scope)}), k=1)", {"split": branches}]

    def repeat(self, scope: Scope, depth: int) -> list[Step]:
        inside = scope.inner(repeats=scope.repeats + 1, has_index=True)
        if self.random.random() < 0.5:
            inside.numbers.append("i + 1")
            body = self.body(inside, depth + 1)
            times = self.random.choice(["2", "3", f"min({self.number(scope)}, 3)"])
            return [{"repeat": body, "times": times}]
        inside.numbers.append("c")
        inside.calls.append("f")
        body = self.body(inside, depth + 1)
        columns = {"c": [self.number(scope), "4"], "f": ["relu", "tanh"]}
        if self.random.random() < 0.5:
            inside.kernels.append("q")
            columns["q"] = ["3", "1"]
        return [{"repeat": body, "for": columns}]

    def choice(self, scope: Scope, depth: int) -> list[Step]:
        step = {"if": self.condition(scope), "then": self.arm(scope, depth)}
        if self.random.random() < 0.6:
            step["else"] = self.arm(scope, depth)
        return [step]

    def arm(self, scope: Scope, depth: int) -> Step:
        body = self.body(scope.inner(labels=[]), depth + 1)
        return body if len(body) > 1 else body[0]


def random_spec(seed: int) -> str:
    """A valid spec; the same seed gives the same text."""
    return Generator(seed).text()


# --- as YAML -------------------------------------------------------------------------


def as_yaml(steps: list[Step], indent: int) -> list[str]:
    return [line for step in steps for line in _item(step, indent)]


def _item(step: Step, indent: int) -> list[str]:
    lines = _node(step, indent + 2)
    return [f"{' ' * indent}- {lines[0].lstrip()}", *lines[1:]]


def _node(step: Step, indent: int) -> list[str]:
    pad = " " * indent
    if isinstance(step, str):
        return [pad + step]
    if isinstance(step, list):
        return as_yaml(step, indent)
    lines = []
    for key, value in step.items():
        if isinstance(value, str):
            lines.append(f"{pad}{key}: {value}")
        elif key in ("let", "for"):
            lines += [f"{pad}{key}:", *_node(value, indent + 2)]
        else:
            lines += [f"{pad}{key}:", *_node(value, indent + 2)]
    return lines
