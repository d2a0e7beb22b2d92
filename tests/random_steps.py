"""Random steps: every construct of the language, nested as it comes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from random_chains import ACTIVATIONS, templates
from random_scope import Scope
from random_steps_as_yaml import Step
from random_values import Values

LABELS = ["stem", "conv_", "branch", "y", "g", "g_", "G", "self_", "relu_", "channels_", "None_",
          "_l", "down-", "b-_"]  # fmt: skip


class Steps(Values):
    """Writes the steps of a body."""

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
        """A repeat that labels its steps, and steps behind it that read them."""
        if scope.needed:
            return self.merge(scope)
        label, count = self.fresh("m"), self.random.randint(2, 3)
        index = self.index(scope)
        rows: dict[str, Step] = {"times": str(count)}
        first: Step = {f"{label}{{{index}}}": self.rung(scope)}
        if self.happens(0.3):
            c = self.fresh("c")
            rows = {"for": {c: [self.number(scope) for _ in range(count)]}}
            first = {f"{label}{{{index}}}": self.rung(scope, c)}
        rest = self.chain(scope) if self.happens(0.5) else []
        down = self.repeated("repeat", [first, *rest], index, rows)
        if self.happens(0.3):
            rung = self.random.randrange(count)
            joined = self.read(scope, f"{label}{rung}")
            return [down, {self.label(scope): [self.wide(scope), *joined]}]
        read = self.pick([f"{{{index}}}", f"{{{count - 1} - {index}}}", "0"])
        up: Step = [*self.read(scope, f"{label}{read}"), self.wide(scope)]
        if self.happens(0.4):
            up = {f"{self.fresh('u')}{{{index}}}": up}
        return [down, self.repeated("repeat", up, index, {"times": str(count)})]

    def rung(self, scope: Scope, width: str = "") -> Step:
        """What a ladder labels: a layer, or a call of a block; many change the width."""
        if not width and self.blocks and scope.depth < 2 and self.happens(0.4):
            return self.call(self.pick(self.blocks), scope)
        width = width or self.pick(
            [self.number(scope), "ch + 1", "ch + 1", "min(2 * ch, 20)"]
        )
        layer = self.fixed_wide(width)
        return self.pick([layer, f"{layer} | relu", [layer, self.pick(ACTIVATIONS)]])

    def read(self, scope: Scope, label: str) -> list[Step]:
        """A join of what is here and an earlier step of another width."""
        if self.happens(0.5):
            return [{"concat": [f"ref({label})", "identity"]}]
        width, kind = self.number(scope), self.pick(["add", "maximum"])
        here = self.fixed_wide(width)
        return [{kind: [here, f"ref({label}) | {self.fixed_wide(width)}"]}]

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
        if self.happens(0.2):
            rows = {**self.each(scope, ""), "times": "2"}
            wide = self.fixed_wide(f"3 * ({self.number(scope)})")
            return [wide, {"split": ["identity", rows]}, self.fixed_wide("3")]
        self.random.shuffle(branches)
        if self.happens(0.5):
            return [self.fixed_wide(f"2 * ({self.number(scope)})"), {"split": branches}]
        one, other = self.number(scope), self.number(scope)
        sizes = [one, self.pick([other, f"ch - ({one})"])]
        wide = self.fixed_wide(f"({one}) + ({other})")
        return [wide, {"split": branches, "sizes": sizes}, self.fixed_wide("3")]

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
