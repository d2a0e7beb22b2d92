"""Random values: calls of blocks with their arguments, numbers and conditions."""

from __future__ import annotations

from random import Random
from typing import Any

from random_chains import ACTIVATIONS, KINDS
from random_scope import Block, Scope

DEFAULTS = {"number": "4", "kernel": "3", "flag": "false", "op": "relu", "pair": "(2, 3)",
            "text": '"q"', "unit": "{unit}"}  # fmt: skip


class Values:
    """Writes values that a scope allows."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.kind = KINDS[self.pick(["CHW", "CHW", "CHW", *KINDS])]
        self.blocks: list[Block] = []
        self.count = 0  # of labels and names so far
        self.steps_left = 0

    def pick(self, options: Any) -> Any:
        return self.random.choice(options)

    def happens(self, chance: float) -> bool:
        return self.random.random() < chance

    def fresh(self, name: str) -> str:
        self.count += 1
        return f"{name}{self.count}"

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

    def number(self, scope: Scope) -> str:
        a, b = self.pick(scope.numbers), self.pick(scope.numbers)
        c = self.random.randint(1, 3)
        options = [
            str(c + 1), a, a, a, f"min({a} + {c}, 9)", f"{a} // 2 + 1",
            f"min({a}, {b}) + {c}", f"max({a} - {b}, {c})", f"({a} + {b}) % 5 + 1",
            f"{a} if {self.condition(scope)} else {c}", f"round({a} * 0.5) + 1",
            f"ceil({a} / 2)", f"floor({a} / 3) + {c}", f"abs({a} - {b}) + 1",
            f"int(sqrt({a})) + {c}", f"make_divisible({a}, {c})", f"int({a} * 1.5)",
            f"len(range({a} // 9)) + 1", f"2 ** {c} - 1",
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
