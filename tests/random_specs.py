"""Random valid specs, from a seed: every construct and op, nested as it comes.

What goes by keeps its axes and sizes from step to step, so that all fits; its channels
change, and are known to the spec's own expressions alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from random_chains import ACTIVATIONS, KINDS, templates

# A step: a chain as text, a list of steps, or a mapping with one key or several.
Step = Any

NAMES = ["cout", "n", "width", "lambda", "len", "x", "nn", "self", "in_channels", "Conv",
         "torch", "class", "relu1", "chunk1", "_", "__a", "range", "forward", "channels"]  # fmt: skip
# Blocks, networks and labels whose classes would share a name, or take one in use.
BLOCK_NAMES = ["ab", "Ab", "a_b", "ab_2", "Ab2", "net", "net_g1", "NetG1", "tensor", "Tensor_",
                "None", "Module", "sequential", "random", "Permute", "LayerNorm2d"]  # fmt: skip
NETWORK_NAMES = ["random", "net", "net_g1", "ab", "Tensor", "None", "nn"]
LABELS = ["stem", "conv_", "branch", "y", "g", "g_", "G", "self_", "relu_", "channels_", "None_",
          "_l", "down-", "b-_"]  # fmt: skip
INPUT_NAMES = ["image", "x", "depth", "self_in", "torch", "forward"]
DEFAULTS = {"number": "4", "kernel": "3", "flag": "false", "op": "relu", "pair": "(2, 3)",
            "text": '"q"', "unit": "{unit}"}  # fmt: skip
STEPS = 16  # in a program, about


@dataclass
class Block:
    """A block: its parameters by kind, and its body."""

    name: str
    kinds: dict[str, str]
    keyword_only: list[str]
    body: list[Step] = field(default_factory=list)

    @property
    def positional(self) -> list[str]:
        return [name for name in self.kinds if name not in self.keyword_only]


@dataclass
class Scope:
    """The names that expressions may read, by kind, and the labels that `ref` may."""

    numbers: list[str]
    kernels: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    units: list[str] = field(default_factory=list)  # layers that take their channels
    texts: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)  # tuples of numbers
    labels: list[str] = field(default_factory=list)
    names: tuple[str, ...] = ()  # of parameters
    indices: tuple[str, ...] = ()  # of the repeats around, the innermost last
    needed: tuple[str, ...] = ()  # of the repeats around in this body
    depth: int = 0

    def inner(self, **changes: Any) -> Scope:
        """The scope of a list within, whose names end with it."""
        copied = {key: value[:] if isinstance(value, list) else value
                  for key, value in vars(self).items()}  # fmt: skip
        return Scope(**{**copied, "depth": self.depth + 1, **changes})


class Generator:
    """Writes one spec."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.kind = KINDS[self.pick(["CHW", "CHW", "CHW", *KINDS])]
        self.blocks: list[Block] = []
        self.count = 0  # of labels and names so far
        self.steps_left = 0

    # --- choices ---

    def pick(self, options: Any) -> Any:
        return self.random.choice(options)

    def happens(self, chance: float) -> bool:
        return self.random.random() < chance

    def fresh(self, name: str) -> str:
        self.count += 1
        return f"{name}{self.count}"

    # --- the document ---

    def text(self) -> str:
        """The spec."""
        for name in self.random.sample(BLOCK_NAMES, self.random.randint(1, 3)):
            self.blocks.append(self.block(name))
        if self.happens(0.3):
            self.blocks.append(self.recursive_block())
        scope = Scope(["classes", "widths[1]"], ["kernel"], ["deep"], ["act"], ["unit"],
                      ["tag"], ["widths"])  # fmt: skip
        lines, net = self.inputs(scope)
        self.steps_left = STEPS
        for _ in range(self.random.randint(1, 2)):
            net += self.outer(scope)
        head = self.head(net, scope)
        params = {
            "classes": "5", "kernel": self.pick("13"), "deep": self.pick(["true", "false"]),
            "act": self.pick(["relu", "leaky_relu(negative_slope=0.1)"]), "unit": self.unit(),
            "tag": '"t"', "widths": "[2, 4, 3]",
        }  # fmt: skip
        lines += [
            "params:",
            *(f"  {name}: {value}" for name, value in params.items()),
            "blocks:",
        ]
        for block in self.blocks:
            lines += [f"  {self.signature(block)}:", *as_yaml(block.body, 4)]
        return "\n".join([*lines, "net:", *as_yaml(net, 2), *head]) + "\n"

    def inputs(self, scope: Scope) -> tuple[list[str], list[Step]]:
        """The first lines, and the first steps, which join the inputs."""
        lines = ["archspec: 1", f"name: {self.pick(NETWORK_NAMES)}"]
        shape = self.kind.input(3)
        start = ["tokens"] if self.kind.axes == "LC" else []
        if self.happens(0.7):
            return [*lines, f"input: {shape}"], [*start]
        names = self.random.sample(INPUT_NAMES, self.random.randint(1, 3))
        vector = self.fresh("v") if self.kind.is_spatial and self.happens(0.5) else ""
        shapes = dict.fromkeys(names, shape) | ({vector: "7"} if vector else {})
        lines.append(f"input: {{{', '.join(f'{n}: {s}' for n, s in shapes.items())}}}")
        chains = [f"ref({name})" + "".join(f" | {s}" for s in start) for name in names]
        if vector and self.kind.axes == "CHW":
            chains.append(f"ref({vector}) | linear(30) | unflatten(1, 6, 5)")
        elif vector:
            names_of_axes = ", ".join(
                ["0", "1", *map(str, range(3, 2 + len(self.kind.sizes)))]
            )
            del shapes[vector]
            lines[-1] = (
                f"input: {{{', '.join(f'{n}: {s}' for n, s in shapes.items())}}}"
            )
            assert names_of_axes
        if self.kind.axes != "LC":
            scope.labels += names
        if len(chains) == 1:
            return lines, chains
        return lines, [{self.pick(["concat", "concat"]): chains}]

    def outer(self, scope: Scope) -> list[Step]:
        """Calls of a block with different arguments, and steps."""
        block = self.pick(self.blocks)
        steps: list[Step] = [
            self.call(block, scope) for _ in range(self.random.randint(1, 3))
        ]
        return [*steps, *self.body(scope)]

    def head(self, net: list[Step], scope: Scope) -> list[str]:
        """How the net ends: as it is, in a classifier with heads, or in outputs."""
        if self.happens(0.4):
            net.append("flatten | linear(classes)")
            for number in range(self.pick([0, 0, 1, 2])):
                net.insert(self.random.randint(1, len(net) - 1), self.aux(number))
            return []
        if self.happens(0.4):
            labels = [s for s in scope.labels if "{" not in s and s not in INPUT_NAMES]
            last = self.fresh("last")
            net.append({last: self.wide(scope)})
            chosen = self.random.sample(
                labels, min(len(labels), self.random.randint(0, 2))
            )
            outputs = [last, *chosen]
            self.random.shuffle(outputs)
            return [f"outputs: [{', '.join(outputs)}]"]
        return []

    def aux(self, number: int) -> Step:
        """A head, or two of them."""
        heads: dict[str, Step] = {f"head{number}": "flatten | linear(classes)"}
        if self.happens(0.5):
            heads[f"x{number}"] = [
                self.fixed_wide("2"),
                {"way": "flatten"},
                "linear(5)",
            ]
        step = {"aux": heads}
        if self.happens(0.3):
            return {"if": self.pick(["deep", "not deep"]), "then": step}
        return step

    # --- blocks ---

    def block(self, name: str) -> Block:
        names = self.random.sample(NAMES, self.random.randint(1, 4))
        kinds = {names[0]: "number"}
        for other in names[1:]:
            kinds[other] = self.pick(
                ["number", "kernel", "flag", "op", "pair", "text", "unit"]
            )
        keyword_only = [n for n in names[1:] if self.happens(0.5)]
        self.steps_left = STEPS // 3
        block = Block(name, kinds, keyword_only)
        block.body = self.body(self.block_scope(block))
        return block

    def recursive_block(self) -> Block:
        """A block that calls itself, under a condition that ends."""
        block = Block(self.fresh("rec"), {"depth": "depth", "n": "number"}, [])
        if self.happens(0.5):
            block.kinds["act"] = "op"
            block.keyword_only.append("act")
        scope = self.block_scope(block)
        self.steps_left = STEPS // 4
        itself = f"{block.name}(depth - 1, {self.pick(['n', 'n + 1', 'n'])}"
        itself += (
            ", act=act" if block.keyword_only and self.happens(0.7) else ""
        ) + ")"
        if self.happens(0.5):
            inner: list[Step] = [
                {"concat": ["identity", [itself, self.fixed_wide("n")]]}
            ]
        elif self.happens(0.5):
            inner = [{"add": [self.fixed_wide("n"), [itself, self.fixed_wide("n")]]}]
        else:
            inner = [self.fixed_wide("n"), {self.label(scope): itself}]
        if self.happens(0.4):
            inner += self.chain(scope)
        step: dict[str, Step] = {"if": "depth > 0", "then": inner}
        if self.happens(0.3):
            step["else"] = self.fixed_wide("n")
        block.body = [
            *self.body(scope),
            step,
            *(self.chain(scope) if self.happens(0.5) else []),
        ]
        return block

    def block_scope(self, block: Block) -> Scope:
        scope = Scope(["cin"], names=tuple(block.kinds))
        lists = {"number": scope.numbers, "depth": scope.numbers, "kernel": scope.kernels,
                 "flag": scope.flags, "op": scope.calls, "text": scope.texts,
                 "unit": scope.units}  # fmt: skip
        for key, kind in block.kinds.items():
            if kind == "pair":
                scope.numbers += [f"{key}[0]", f"{key}[1]"]
                scope.rows.append(key)
            else:
                lists[kind].append(f"({key} + 1)" if kind == "depth" else key)
        return scope

    def signature(self, block: Block) -> str:
        parts = block.positional
        if block.keyword_only:
            parts += ["*"]
            for name in block.keyword_only:
                default = DEFAULTS[block.kinds[name]].replace("{unit}", self.unit())
                parts.append(f"{name}={default}")
        return f"{block.name}({', '.join(parts)})"

    def call(self, block: Block, scope: Scope) -> str:
        arguments = [self.argument(block.kinds[n], scope) for n in block.positional]
        if self.happens(0.1):
            arguments.insert(0, "ch")
        chosen = [name for name in block.keyword_only if self.happens(0.6)]
        arguments += [f"{n}={self.argument(block.kinds[n], scope)}" for n in chosen]
        return f"{block.name}({', '.join(arguments)})"

    def argument(self, kind: str, scope: Scope) -> str:
        match kind:
            case "number":
                return self.number(scope)
            case "depth":
                return self.pick("0123")
            case "kernel":
                return self.kernel(scope)
            case "flag":
                return self.condition(scope)
            case "pair":
                return f"({self.number(scope)}, {self.number(scope)})"
            case "text":
                return self.pick(['"q"', '"w2"', *scope.texts])
            case "unit":
                return self.pick([self.unit(), *scope.units])
        one, other = self.pick(ACTIVATIONS), self.pick(["identity", *scope.calls])
        return self.pick([one, other, f"{one} if {self.condition(scope)} else {other}"])

    def unit(self) -> str:
        """A layer as a value, which takes its channels where it is called."""
        if not self.kind.is_spatial:
            return self.pick(["linear", "linear(bias=false)"])
        return self.pick(
            ["conv(k=1)", "conv(k=3, p=1)", "conv_transpose(k=1, bias=false)"]
        )

    # --- expressions, small and positive ---

    def number(self, scope: Scope) -> str:
        a, b = self.pick(scope.numbers), self.pick(scope.numbers)
        c = self.random.randint(1, 3)
        options = [
            str(c + 1), a, a, a, f"min({a} + {c}, 9)", f"{a} // 2 + 1",
            f"min({a}, {b}) + {c}", f"max({a} - {b}, {c})", f"({a} + {b}) % 5 + 1",
            f"{a} if {self.condition(scope)} else {c}", f"round({a} * 0.5) + 1",
            f"ceil({a} / 2)", f"floor({a} / 3) + {c}", f"abs({a} - {b}) + 1",
            f"int(sqrt({a})) + {c}", f"make_divisible({a}, {c})", f"int({a} * 1.5)",
            f"len(range({a})) + 1", f"2 ** {c} - 1",
        ]  # fmt: skip
        for row in scope.rows:
            options += [f"sum({row}[:2]) % 7 + 1", f"{row}[-1]", f"len({row}) + {c}",
                        f"max({row}[1:])"]  # fmt: skip
        shadowed = [name for name in ("len", "range") if name in scope.names]
        return self.pick(
            [o for o in options if not any(f"{s}(" in o for s in shadowed)]
        )

    def kernel(self, scope: Scope) -> str:
        return self.pick(["1", "3", "3", *scope.kernels])

    def condition(self, scope: Scope) -> str:
        a = self.pick(scope.numbers)
        b = self.pick([n for n in scope.numbers if n != a] or ["3"])
        return self.pick(
            ["true", "false", f"{a} > 4", f"{a} != {b}", f"{a} > 2 and {b} < 6",
             f"not {a} == 3", *scope.flags, *(f'{t} == "q"' for t in scope.texts),
             *(f'{t} != "it\'s"' for t in scope.texts)]
        )  # fmt: skip

    # --- steps ---

    def body(self, scope: Scope) -> list[Step]:
        """The steps of a list; their names and labels are in the scope afterwards."""
        steps: list[Step] = []
        for _ in range(self.random.randint(1, 3 if scope.depth < 2 else 2)):
            steps += self.step(scope)
        return steps

    def inner_body(self, scope: Scope, **changes: Any) -> list[Step]:
        return self.body(scope.inner(**changes))

    def step(self, scope: Scope) -> list[Step]:
        self.steps_left -= 1
        simple = [
            self.chain,
            self.chain,
            self.let,
            self.labeled,
            self.op_chain,
            self.op_chain,
        ]
        if scope.labels:
            simple += [self.reference, self.like]
        if scope.depth < 3:
            simple.append(self.tied)
        if self.blocks and scope.depth < 2:
            simple += [self.block_call, self.block_call]
        nested = [self.merge, self.merge, self.split, self.repeat, self.choice, self.group,
                  self.collect, self.ladder, self.rows]  # fmt: skip
        can_nest = scope.depth < 3 and self.steps_left > 0
        options: list[Callable[[Scope], list[Step]]] = simple
        if can_nest and self.happens(0.5):
            options = nested
        return self.pick(options)(scope)

    def fixed_wide(self, channels: str) -> str:
        """The shortest layer that makes a number of channels."""
        if self.kind.is_spatial:
            return f"conv({channels}, k=1)"
        return f"linear({channels})"

    def wide(self, scope: Scope, channels: str = "") -> str:
        """A layer that makes a number of channels."""
        channels = channels or self.number(scope)
        if self.happens(0.1) and scope.units:
            return f"{self.pick(scope.units)}({channels})"
        if not self.kind.is_spatial:
            return f"linear({channels})"
        k = self.kernel(scope)
        padding = self.pick(["same", f"{k} // 2"])
        return f"conv({channels}, k={k}, p={padding})"

    def chain(self, scope: Scope) -> list[Step]:
        calls = [self.wide(scope), self.pick(["relu", "dropout(0.1)", *scope.calls])]
        if self.happens(0.3):
            width = f"ch + {self.random.randint(1, 2)}"
            if self.happens(0.3):
                width += f" if {self.condition(scope)} else ch"
            calls.append(self.fixed_wide(width))
        self.random.shuffle(calls)
        return [" | ".join(calls)]

    def op_chain(self, scope: Scope) -> list[Step]:
        """Ops in a chain that makes the same sizes again."""
        template = self.pick(self.pick(templates(self.kind)))

        def filled(match: re.Match[str]) -> str:
            what, _, channels = match[1].partition(" ")
            if what == "wide":
                return self.fixed_wide(filled_channels(channels))
            return {"size": self.kind.size}.get(what, filled_channels(what))

        def filled_channels(what: str) -> str:
            number = self.number(scope)
            if what == "even":
                return f"2 * ({number})"
            return re.sub(
                r"\bn\b", lambda _: f"({number})" if what != "n" else number, what
            )

        return [re.sub(r"\[((?:wide )?[a-z][^\]]*|wide 3|wide 8)\]", filled, template)]

    def label(self, scope: Scope, *, may_be_integer: bool = False) -> str:
        """A new label, with what makes it new in each repetition."""
        if may_be_integer and self.happens(0.2):
            self.count += 1
            label = str(100 + self.count)
        else:
            label = self.fresh(self.pick(LABELS))
            if scope.texts and self.happens(0.2):
                label += f"{{{self.pick(scope.texts)}}}"
        for index in scope.needed:
            label += self.pick(["_{%s}", "_{%s + 1}", "-{%s}"]) % index
        return label

    def labeled(self, scope: Scope) -> list[Step]:
        label = self.label(scope, may_be_integer=True)
        if label[0].isdigit() and "{" in label:
            label = f"l{label}"
        way = self.random.random()
        if way < 0.15 and scope.depth < 3:
            return [{label: self.choice(scope)[0]}]
        if way < 0.6 or scope.depth > 2:
            step: Step = (
                self.wide(scope) if self.happens(0.7) else self.op_chain(scope)[0]
            )
        else:
            inside = scope.inner(needed=())
            step = self.body(inside)
            new = inside.labels[len(scope.labels) :]
            if "{" not in label:
                scope.labels += [f"{label}.{inner}" for inner in new]
        if "{" not in label:
            scope.labels.append(label)
        return [{label: step}]

    def group(self, scope: Scope) -> list[Step]:
        return [self.inner_body(scope)]

    def let(self, scope: Scope) -> list[Step]:
        name = self.pick(["w", "v", "nn", "print"])
        taken = [
            *scope.kernels,
            *scope.flags,
            *scope.calls,
            *scope.texts,
            *scope.units,
            *scope.rows,
        ]
        if scope.depth or name in taken:
            # What others read must not change its value, nor its kind.
            name = self.fresh(name)
        if self.happens(0.15):
            name = self.fresh("u")
            scope.units.append(name)
            unit = f"{self.unit()} if {self.condition(scope)} else {self.unit()}"
            return [{"let": {name: self.pick([self.unit(), unit])}}]
        if self.happens(0.15):
            name = self.fresh("t")
            row = f"({self.number(scope)}, {self.number(scope)})"
            scope.rows.append(name)
            return [{"let": {name: row}}]
        step = {"let": {name: self.number(scope)}}
        if name not in scope.numbers:
            scope.numbers.append(name)
        return [step]

    def block_call(self, scope: Scope) -> list[Step]:
        return [self.call(self.pick(self.blocks), scope)]

    # --- labels that are read ---

    def reference(self, scope: Scope) -> list[Step]:
        """A join of what is here and what was, both made as wide as each other."""
        kind = self.pick(["add", "sub", "maximum", "mul"])
        width = self.number(scope)
        chain = f"ref({self.pick(scope.labels)}) | {self.fixed_wide(width)}"
        if self.happens(0.5):
            chain += " | relu"
        branch = {self.label(scope): chain}
        here = self.fixed_wide(width)
        return [{kind: [here, branch if self.happens(0.5) else chain]}]

    def like(self, scope: Scope) -> list[Step]:
        """An op that takes a label."""
        if not self.kind.is_spatial:
            return self.reference(scope)
        label, n = self.pick(scope.labels), self.number(scope)
        return [self.pick([
            f"conv({n}, k=3, p=2) | crop_like({label})",
            f"conv({n}, k=3) | pad_like({label})",
            f"conv({n}, k=2) | resize_like({label})",
            f"maxpool(2) | resize_like({label}, mode=nearest)",
        ])]  # fmt: skip

    def tied(self, scope: Scope) -> list[Step]:
        """Layers that keep the channels, and then the same layers once more."""
        label, again = self.label(scope), self.label(scope)
        layer, act = self.fixed_wide("ch"), self.pick(ACTIVATIONS)
        tied = f"tied({label})"
        return [
            {label: self.pick([layer, [layer, act], f"{layer} | {act}"])},
            self.pick([tied, {"add": ["identity", tied]}, {again: tied}]),
        ]

    def ladder(self, scope: Scope) -> list[Step]:
        """A repeat that labels its steps, and another that reads them."""
        if scope.needed:
            return self.merge(scope)
        label, width, count = (
            self.fresh("m"),
            self.number(scope),
            self.random.randint(2, 3),
        )
        index = self.index(scope)
        first: Step = {f"{label}{{{index}}}": self.fixed_wide(width)}
        down = self.repeated(
            "repeat", [first, *self.chain(scope)], index, {"times": str(count)}
        )
        read = self.pick([f"{{{index}}}", f"{{{count - 1} - {index}}}", "0"])
        joined = {
            self.pick(["add", "maximum"]): [
                self.fixed_wide(width),
                f"ref({label}{read})",
            ]
        }
        up = self.repeated("repeat", joined, index, {"times": str(count)})
        return [down, up]

    # --- joins ---

    def merge(self, scope: Scope) -> list[Step]:
        kind = self.pick(["concat", "concat", "add", "mul", "sub", "maximum"])
        width = self.number(scope) if kind != "concat" else ""
        count = 2 if kind == "sub" else self.random.randint(2, 3)
        branches = [self.branch(scope, width) for _ in range(count)]
        if kind != "sub" and self.happens(0.25):
            branches.append(self.each(scope, width))
        if kind != "sub" and self.happens(0.25):
            arms = [self.branch(scope, width, may_be_labeled=False), "none"]
            self.random.shuffle(arms)
            choice = {"if": self.condition(scope), "then": arms[0], "else": arms[1]}
            branches.insert(1, choice)
        steps: list[Step] = []
        if kind == "mul" and self.kind.is_spatial and self.happens(0.3):
            branches.append(f"global_avgpool | {self.fixed_wide(width)} | sigmoid")
        if self.happens(0.4) and kind != "sub":
            branches.insert(0, "identity")
            steps += [self.fixed_wide(width)] * bool(width)
        steps.append({kind: branches})
        if kind == "mul":
            steps.append("softsign")  # products of products would overflow
        return [*steps, self.fixed_wide("4")] if kind == "concat" else steps

    def branch(self, scope: Scope, width: str, *, may_be_labeled: bool = True) -> Step:
        """A branch, which makes a number of channels if one is given."""
        is_labeled = may_be_labeled and self.happens(0.3)
        branch = self.inner_body(scope, **({"needed": ()} if is_labeled else {}))
        if width:
            branch.append(self.fixed_wide(width))
        if is_labeled:
            return {self.label(scope): branch}
        return _with_else(branch if len(branch) > 1 else branch[0])

    def each(self, scope: Scope, width: str) -> Step:
        index = self.index(scope)
        inside = self.within(scope, index)
        branch = self.branch(inside, width)
        return self.repeated("each", branch, index, self.times(scope))

    def split(self, scope: Scope) -> list[Step]:
        branches: list[Step] = ["identity", self.branch(scope, "")]
        self.random.shuffle(branches)
        if self.happens(0.5):
            return [self.fixed_wide(f"2 * ({self.number(scope)})"), {"split": branches}]
        one, other = self.number(scope), self.number(scope)
        sizes = [one, self.pick([other, f"ch - ({one})"])]
        wide = self.fixed_wide(f"({one}) + ({other})")
        return [wide, {"split": branches, "sizes": sizes}, self.fixed_wide("3")]

    # --- repeats and choices ---

    def index(self, scope: Scope) -> str:
        """The name of an index; two in each other have different ones."""
        if "i" not in scope.indices and self.happens(0.8):
            return "i"
        return self.pick([name for name in "jkpqr" if name not in scope.indices])

    def within(self, scope: Scope, index: str, **changes: Any) -> Scope:
        """The scope in a repeat."""
        indices, needed = (*scope.indices, index), (*scope.needed, index)
        inside = scope.inner(indices=indices, needed=needed, **changes)
        inside.numbers.append(f"({index} + 1)")
        return inside

    def times(self, scope: Scope) -> dict[str, Step]:
        return {"times": self.pick(["2", "3", "1", f"min({self.number(scope)}, 3)"])}

    def repeated(self, key: str, body: Step, index: str, rows: dict[str, Step]) -> Step:
        if isinstance(body, list) and len(body) == 1:
            body = body[0]
        named = {"as": index} if index != "i" else {}
        return {key: body, **rows, **named}

    def repeat(self, scope: Scope) -> list[Step]:
        index = self.index(scope)
        inside = self.within(scope, index)
        if self.happens(0.5):
            return [
                self.repeated("repeat", self.body(inside), index, self.times(scope))
            ]
        c, f, q = (self.fresh(name) for name in "cfq")
        columns: dict[str, Step] = {c: [self.number(scope), "4"]}
        inside.numbers.append(c)
        if self.happens(0.5):
            inside.calls.append(f)
            columns[f] = ["relu", self.pick(["tanh", "elu(alpha=0.5)"])]
        if self.happens(0.3):
            inside.kernels.append(q)
            columns[q] = ["3", "1"]
        if self.happens(0.3):
            a, b = self.fresh("a"), self.fresh("b")
            inside.numbers += [a, b]
            columns[f"({a}, {b})"] = [
                f"({self.number(scope)}, 2)",
                f"(3, {self.number(scope)})",
            ]
        return [self.repeated("repeat", self.body(inside), index, {"for": columns})]

    def collect(self, scope: Scope) -> list[Step]:
        index = self.index(scope)
        body = self.body(self.within(scope, index))
        step = self.repeated("collect", body, index, self.times(scope))
        if self.happens(0.4):
            inside = self.within(scope.inner(needed=()), index)
            body = self.body(inside)
            step = {
                self.label(scope): self.repeated(
                    "collect", body, index, self.times(scope)
                )
            }
        return [step, self.fixed_wide("4")]

    def rows(self, scope: Scope) -> list[Step]:
        """A block once for each tuple of its positional arguments."""
        blocks = [b for b in self.blocks if len(b.positional) > 1]
        if not blocks or scope.depth > 1:
            return self.repeat(scope)
        block = self.pick(blocks)
        rows = [
            [self.argument(block.kinds[n], scope) for n in block.positional]
            for _ in range(2)
        ]
        if self.happens(0.5):
            tuples = ", ".join(f"({', '.join(row)})" for row in rows)
            return [{"repeat": f"{block.name}[{tuples}]"}]
        row = self.fresh("row")
        columns = {row: [f"({', '.join(row)})" for row in rows]}
        return [{"repeat": f"{block.name}(*{row})", "for": columns}]

    def choice(self, scope: Scope) -> list[Step]:
        step = {"if": self.condition(scope), "then": self.arm(scope)}
        if self.happens(0.5):
            step["else"] = self.arm(scope)
        return [step]

    def arm(self, scope: Scope) -> Step:
        body = self.inner_body(scope)
        return body if len(body) > 1 else body[0]


def _is_choice(step: Step) -> bool:
    return isinstance(step, dict) and "if" in step


def _with_else(branch: Step) -> Step:
    """A branch whose `if` says what else there is."""
    if isinstance(branch, list) and len(branch) == 1:
        return _with_else(branch[0])
    if isinstance(branch, dict) and len(branch) == 1:
        return {key: _with_else(step) if _is_choice(step) else step
                for key, step in branch.items()}  # fmt: skip
    if _is_choice(branch):
        arms = {"then": branch["then"], "else": branch.get("else", "identity")}
        return {"if": branch["if"]} | {
            key: _with_else(arm) for key, arm in arms.items()
        }
    return branch


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
        else:
            lines += [f"{pad}{key}:", *_node(value, indent + 2)]
    return lines
