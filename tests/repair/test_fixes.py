"""The fixes that are proposed where branches, kernels or groups do not fit, and help."""

from __future__ import annotations

import copy
import pickle
import time

import pytest

from deadline import deadline
from specs import check


def helps(text, size="3x32x32"):
    return list(check(text, inputs=[size]).diagnostics[0].help)


def fixes(text, size="3x32x32"):
    """The titles of the first finding's fixes, the likeliest first."""
    return [fix.title for fix in check(text, inputs=[size]).diagnostics[0].fixes]


def test_a_block_keeps_its_parameter():
    """A number that fits one call would not fit the next."""
    found = fixes("""
        blocks:
          unit(cout):
            - add: ["conv(cout, k=3, p=1)", "conv(64, k=1)"]
        net:
          - unit(32) | unit(48)
    """)
    assert found[0] == "write `conv(cout, k=1)`"


BRANCHES = {
    "padding": (
        "concat",
        ["conv(8, k=1)", "conv(4, k=1) | relu | conv(8, k=5)", "identity"],
        "write `conv(8, k=5, p=2)` in line 7",
    ),
    "padding of a label": (
        "concat",
        ["conv(8, k=1)", "{side: 'conv(8, k=(1, 7))'}"],
        "write `conv(8, k=(1, 7), p=(0, 3))` in line 7",
    ),
    "paddings of a chain": (
        "concat",
        ["conv(8, k=1)", "conv(4, k=3) | relu | conv(8, k=5)", "identity"],
        "pad all by half the kernel",
    ),
    "the stride of a shortcut": (
        "add",
        ["conv(8, k=3, s=2, p=1) | bn | relu | conv(8, k=3, p=1)", "conv(8, k=1)"],
        "write `conv(8, k=1, s=2)` in line 7",
    ),
    "a stride beside the identity": (
        "add",
        ["conv(3, k=3, s=2, p=1) | bn", "identity"],
        "write `conv(3, k=1, s=2)` in place of `identity`",
    ),
    "a stride and channels beside the identity": (
        "add",
        ["identity", "conv(8, k=3, s=4, p=1) | bn"],
        "write `conv(8, k=1, s=4)` in place of `identity`",
    ),
    "the rounding of a pool": (
        "concat",
        ["conv(8, k=1, s=6)", "conv(8, k=1, s=3) | maxpool(2)"],
        "write `maxpool(2, ceil=true)` in line 7",
    ),
    "a kernel": (
        "concat",
        ["conv(8, k=3, p=1)", "conv(8, k=2, p=1)"],
        "write `conv(8, k=3, p=1)` in line 7",
    ),
    "a block's padding": (
        "add",
        ["nin_block(16, k=5, s=2)", "residual(16, s=2)"],
        "write `nin_block(16, k=5, s=2, p=2)` in line 6",
    ),
    "channels": (
        "add",
        ["conv(8, k=3, p=1) | bn", "identity"],
        "write `conv(8, k=1)` in place of `identity`",
    ),
    "the channels of one among three": (
        "add",
        ["conv(8, k=1)", "conv(6, k=1) | relu", "conv(8, k=3, p=1)"],
        "write `conv(8, k=1)` in line 7",
    ),
    "the channels of a gate": (
        "mul",
        ["identity", "global_avgpool | conv(2, k=1) | relu | conv(8, k=1) | sigmoid"],
        "write `conv(3, k=1)` in line 7",
    ),
    "a pool that keeps the size": (
        "concat",
        ["conv(8, k=1)", "avgpool(3)", "conv(8, k=3, p=1)"],
        "write `avgpool(3, s=1, p=1)` in line 7",
    ),
    "the padding of a pool with a stride": (
        "concat",
        ["conv(8, k=1)", "maxpool(3, s=1) | conv(8, k=1)", "conv(8, k=3, p=1)"],
        "write `maxpool(3, s=1, p=1)` in line 7",
    ),
    "a stride and a padding": (
        "concat",
        ["conv(8, k=2, s=2)", "maxpool(3)"],
        "write `maxpool(3, s=2, p=1)` in line 7",
    ),
    "two and two": (
        "concat",
        ["conv(8, k=3)", "identity", "conv(4, k=3)", "relu"],
        "pad all by half the kernel",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BRANCHES)
def test_branches(name):
    kind, branches, expected = BRANCHES[name]
    lines = "".join(f"      - {branch}\n" for branch in branches)
    found = fixes(f"net:\n  - {kind}:\n{lines}")
    assert expected in found
    assert not any("pool(1" in each or "k=1, p=1" in each for each in found)


@pytest.mark.parametrize(
    ("step", "size", "expected"),
    [
        ("conv(8, k=5)", "3x4x4", "conv(8, k=3)"),
        ("maxpool(3, s=2)", "3x2x9", "maxpool(2, s=2)"),
        ("maxpool(3, p=2)", "3x9x9", "maxpool(3, p=1)"),
        ("conv(8, k=3, s=2, p=same)", "3x9x9", "conv(8, k=3, s=1, p=same)"),
        ("conv_transpose(8, k=3, p=7)", "3x4x4", "conv_transpose(8, k=3, p=1)"),
        ("conv(8, k=3, g=5)", "6x9x9", "conv(8, k=3, g=2)"),
    ],
)  # fmt: skip
def test_kernels_and_groups(step, size, expected):
    assert f"write `{expected}`" in fixes(f"net:\n  - {step}\n", size)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("nin_block(3, 96, s=4)", "write `nin_block(3, 96, k=3, s=4)`, with your own values"),
        ("nin_block(96, 3, s=4)", "write `nin_block(96, k=3, s=4)`: `96` is read as the input channels here"),
        ("repeat: inception[(8, (8, 8), (8, 8))]", "a row is `(c1, (r3, c3), (r5, c5), cp)`"),
        ("repeat: vgg_block[(8, 8, 1, 3)]", "a row is `(cout, n)`"),
        ("repeat: vgg_block[(8, 8, 1)]", "write `(3, 8, 1)`, or omit the input channels"),
        ("repeat: nin_block[(8,), (9,)]", "a row has no keywords: use `for:`, which names its columns"),
        ("leaky_relu(0.1)", "write `leaky_relu(negative_slope=0.1)`"),
        ("conv(8, k=11 s=4)", "write a comma before `s`"),
        ("conv(8, k=3), relu", "chain steps with `|`: `conv(64, k=3) | relu`"),
    ],
)  # fmt: skip
def test_arguments(step, expected):
    assert helps(f"net:\n  - {step}\n") == [expected]


def test_a_name_in_many_places_is_one_mistake():
    text = "net:\n  - conv(w, k=3) | conv(w, k=3)\n  - conv(w * 2, k=3)\n  - relu\n"
    (found,) = check(text).diagnostics
    assert found.primary.span.column == 10
    assert found.notes == ("also used in lines 5, 6",)


def test_a_block_is_renamed_where_it_is_called():
    assert fixes(
        "blocks:\n  my-unit(c):\n    - conv(c, k=1)\nnet:\n  - my-unit(8)\n"
    ) == ["write `my_unit`, and in line 8 write `my_unit`"]


def test_all_assertions_take_the_shapes_of_another_input():
    text = (
        "net:\n  - conv(8, k=3, s=2, p=1) -> [8, 16, 16]\n"
        "  - conv(8, k=3, s=2, p=1) -> [8, 8, 8]\n"
    )
    (found,) = check(text, input="3x64x64").diagnostics
    titles = [fix.title for fix in found.fixes]
    assert "write the shapes that are found in all 2 assertions" in titles
    (alone,) = check(text.replace("16, 16", "16, 17"), input="3x32x32").diagnostics
    assert not any("in all" in fix.title for fix in alone.fixes)


def test_the_library_is_not_mended():
    assert helps("net:\n  - transition(8)\n", "3x1x1") == [
        "pool less before, or start from a larger input"
    ]


def test_in_a_block_its_own_parameter_is_offered():
    text = """\
    blocks:
      unit(c, *, s):
        - add: ["conv(c, k=3, p=1, s=s)", "conv(c, k=1)"]
    net:
      - unit(8, s=2)
    """
    assert fixes(text)[0] == "write `conv(c, k=1, s=s)`"


def test_in_a_block_the_padding_follows_its_kernel():
    text = """\
    blocks:
      unit(c, *, k):
        - concat: ["conv(c, k=k)", "conv(c, k=1)"]
    net:
      - unit(8, k=5)
    """
    assert fixes(text)[0] == "write `conv(c, k=k, p=k // 2)`"


def test_what_is_computed_from_names_is_left_alone():
    text = """\
    params: {k: 9, c: 8}
    net:
      - conv(c, k=k, p=k // 9)
    """
    assert not any("k // 9" not in title for title in fixes(text, "3x4x4"))


def test_the_search_is_bounded():
    """Many mismatches of long branches take little longer than as many that fit."""
    branch = " | ".join(["conv(8, k=3)", *["relu"] * 40])
    text = f"  - ref(x)\n  - concat:\n      - {branch}\n      - maxpool(5)\n" * 40
    started = time.process_time()
    assert helps("net:\n  - x: relu\n" + text)
    assert time.process_time() - started < 8


def test_the_search_is_bounded_where_values_are_costly():
    ranges = " + ".join(["len(range(1000))"] * 40)
    costly = " | ".join([f"dropout(({ranges})*0 + 0.1)"] * 4)
    convs = " | ".join(["conv(8, k=3)"] * 11)
    with deadline(8):  # a second, and half a minute without the bound
        check(
            f"""
            net:
              - conv(8, k=3, p=1)
              - add:
                  - a: {convs} | {costly}
                  - conv(9, k=1) | conv(7, k=30) | {convs}
            """,
            inputs=["3x64x64"],
        )


def test_a_finding_holds_texts_and_places_only():
    """An editor keeps findings: they must not keep the lowering alive."""
    result = check("net:\n  - add: ['conv(8, k=3)', 'conv(8, k=5)']")
    assert not result.ok
    assert pickle.loads(pickle.dumps(result.diagnostics)) == result.diagnostics
    assert copy.deepcopy(result) == result
