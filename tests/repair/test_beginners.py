"""What beginners write in YAML and in calls, and what they are told."""

from __future__ import annotations

import pytest

from specs import check

HEAD = "archspec: 1\ninput: 3x32x32\n"


def net(step: str) -> str:
    return f"{HEAD}net:\n  - {step}\n"


ADVICE = {
    "no colon": (f"{HEAD}net\n  - relu\n", "`net:`"),
    "a Python loop": (net("for i in range(3): relu"), "`times: 3`"),
    "a count of a repeat": (net("repeat(3): relu"), "`times: 3`"),
    "a param with a sign": (
        f"{HEAD}params: {{classes=10}}\nnet: [relu]\n",
        "write `classes: 10`",
    ),
    "a join as a call": (net("concat(dim=1): [relu, identity]"), "`concat:`"),
    "a block in a body": (net("inner(c): conv(c, k=1)"), "under `blocks:`"),
    "an arrow as a bar": (net("conv(8, k=3) -> relu"), "`- conv(8, k=3) | relu`"),
    "an arm outside": (
        f"{HEAD}net:\n  - if: ch > 1\n    then: relu\n   else: tanh\n",
        "`else: tanh`",
    ),
    "one equals sign": (net("if: ch = 3\n    then: relu"), "`- if: ch == 3`"),
    "an activation": (net("conv(8, k=3, activation='relu')"), "`| relu`"),
    "a name that is missing": (net("repeat: relu\n    times: n"), "in `params`"),
    "a learning rate": (
        f"{net('flatten')}train: {{lr: 0.1}}\n",
        "`optimizer: adam(lr=0.1)`",
    ),
    "an axis": (net("flatten(1)"), "no axis argument"),
    "an axis by name": (net("flatten(start_dim=1)"), "no axis argument"),
    "a comma at the end": (net("relu,"), "write `- relu`"),
    "a value with a comma": (net("let: {c: max(8, 3)}"), '`"max(8, 3)"`'),
    "both": (net("repeat: relu\n    times: 2\n    for: {c: [1]}"), "one of them"),
    "squeeze and excite": (net("se(1)"), "`squeeze_excite`"),
    "an op of one axis": (net("conv1d(8, k=3)"), "`conv`"),
    "depth to space": (net("depth_to_space(2)"), "`pixel_shuffle`"),
    "squeeze": (net("squeeze"), "`flatten`"),
    "view": (net("view"), "`unflatten`"),
    "cat": (net("cat"), "`concat:`"),
    "groupnorm": (net("groupnorm(1)"), "`group_norm`"),
    "separable": (net("separable_conv(8, k=3)"), "`depthwise_separable`"),
    "curly quotes": (f"{HEAD}name: “a”\nnet: [relu]\n", '`name: "a"`'),
    "a batch": (
        net("conv(8, k=3)").replace("3x32x32", "32x1x28x28"),
        "`input: 1x28x28`",
    ),
    "an open bracket": (net("conv(8, k=3 | relu"), "`- conv(8, k=3) | relu`"),
    "in place": (net("relu(inplace=True)"), "omit it"),
    "a comment": (net("relu // act"), "`- relu # act`"),
    "no space": (net("conv1:conv(8, k=3)"), "`- conv1: conv(8, k=3)`"),
    "a star": (f"{HEAD}net:\n  * relu\n", "`- relu`"),
    "branches that are not indented": (
        net("add:\n  - identity\n  - relu"),
        "indent the branches below it",
    ),
    "a computed label": (
        net(
            'repeat: {"down{i}": relu}\n    times: 2\n  - add: [identity, "ref(dwon{1})"]'
        ),
        "did you mean `down{1}`?",
    ),
    "a kernel by position": (
        f"{HEAD}blocks:\n  unit(c, *, k=1): conv(c, k=k) | bn\nnet:\n  - unit(8, 3)\n",
        "write `unit(8, k=3)`",
    ),
    "a label of a label": (net("stem: body: relu"), "put `body: relu` on a line"),
    "a function": (net("lambda x: 2 * x"), "not a function of Python"),
    "an empty join": (net("add: []"), "write each branch on a line of its own"),
    "null": (f"{HEAD}params: {{n: null}}\nnet: [relu]\n", "specs have no `null`"),
    "is not None": (net("if: ch is not None\n    then: relu"), "compare with"),
    "a pattern in braces": (
        net("repeat: conv(c, k=n)\n    for: {(n, c): [[1, 8]]}"),
        '`"(n, c)"` in quotes',
    ),
    "heads that do not divide": (net("tokens | attention(8)"), "write `3`"),
    "a list of inputs": (
        "archspec: 1\ninput: [3x8x8, 1x8x8]\nnet: [relu]\n",
        "`{input1: 3x8x8, input2: 1x8x8}`",
    ),
    "braces": (net("conv{64, k=7}"), "write `conv(64, k=7)`"),
    "a size": (net("split: [relu, tanh]\n    sizes: 2"), "write `[2, 1]`"),
    "a bracket of a list": (net("add: [conv(3, k=1, relu]"), "close it"),
    "a wide bracket": (net("conv（8, k=3)"), "`- conv(8, k=3)`"),
}


@pytest.mark.parametrize("name", ADVICE)
def test_advice(name):
    text, expected = ADVICE[name]
    found = check(text).diagnostics
    told = [line for d in found for line in (*d.help, *(f.title for f in d.fixes))]
    assert expected in "\n".join(told)
