"""Random valid specs, from a seed: every construct and op, nested as it comes.

What goes by keeps its axes and sizes from step to step, so that all fits; its channels
change, and are known to the spec's own expressions alone.
"""

from __future__ import annotations

from random_scope import Block, Scope
from random_steps import Steps
from random_steps_as_yaml import Step, as_yaml

NAMES = ["cout", "n", "width", "lambda", "len", "x", "nn", "self", "in_channels", "Conv",
         "torch", "class", "relu1", "chunk1", "_", "__a", "range", "forward", "channels"]  # fmt: skip
# Blocks, networks and labels whose classes would share a name, or take one in use.
BLOCK_NAMES = ["ab", "Ab", "a_b", "ab_2", "Ab2", "net", "net_g1", "NetG1", "tensor", "Tensor_",
                "None", "Module", "sequential", "random", "Permute", "LayerNorm2d"]  # fmt: skip
NETWORK_NAMES = ["random", "net", "net_g1", "ab", "Tensor", "None", "nn"]
INPUT_NAMES = ["image", "x", "depth", "self_in", "torch", "forward"]
STEPS = 16  # in a program, about


class Generator(Steps):
    """Writes one spec."""

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


def random_spec(seed: int) -> str:
    """A valid spec; the same seed gives the same text."""
    return Generator(seed).text()
