"""What a finding shows beside its own place: who made the shape, who called the block."""

from __future__ import annotations

import textwrap

from archspec.diagnostics.render import render_full
from specs import check


def report(spec: str) -> str:
    """What checking a text prints."""
    return render_full(check(spec, file="net.yaml").diagnostics)


def text(expected: str) -> str:
    return textwrap.dedent(expected).strip("\n")


def test_a_layer_in_a_block_shows_its_line_and_the_calls_around_it():
    """The line in the block, the call of the block, and the step of the network."""
    spec = """
        archspec: 1
        input: 3x8x8
        blocks:
          inner(n):
            - conv(n, k=9)
          outer(n):
            - relu
            - inner(n)
        net:
          - outer(4)
    """
    assert report(spec) == text("""
        error[empty-output]: a 9x9 kernel does not fit into 8x8
          --> net.yaml:5:17
           |
         5 |     - conv(n, k=9)
           |                 ^
           ...
         7 |     - relu
           |       ---- output [3, 8, 8]
         8 |     - inner(n)
           |       -------- in `inner`, called here
           ...
        10 |   - outer(4)
           |     -------- which this step expands to
           |
           = help: make the kernel smaller, pad with `p`, or shrink the input less before
           = fix: write `input: 3x9x9`
    """)


def test_a_layer_in_a_block_of_the_library_is_a_mistake_in_the_spec():
    spec = """
        archspec: 1
        input: 3x1x1
        net:
          - transition(8)
    """
    found = report(spec)
    assert "\n  --> net.yaml:4:5\n" in found
    assert "   - transition(8)\n" in found
    _, _, below = found.partition(" ::: library/blocks.yaml:")
    assert "- bn | relu | conv(cout, k=1) | avgpool(2)\n" in below
    assert "- in `transition`\n" in below
    assert "help: write `" not in found  # nobody changes the library


def test_an_argument_that_blocks_hand_on_is_a_mistake_where_it_is_written():
    spec = """
        archspec: 1
        input: 3x8x8
        blocks:
          inner(n, (a, b)):
            - conv(n, k=b) | dropout(a)
          outer(m, p):
            - inner(m // 2, (p, 1))
        net:
          - outer(4, 0.5)
          - outer(4, 2)
    """
    assert report(spec) == text("""
        error[invalid-argument]: `p` of `dropout` expects a number from 0 to 1, found 2
          --> net.yaml:10:14
           |
         5 |     - conv(n, k=b) | dropout(a)
           |                              - in `inner`
           ...
        10 |   - outer(4, 2)
           |              ^
           |
           = help: give the block another value
           = fix: write `outer(4, 0.5)`
    """)


def test_an_argument_that_a_block_computes_is_a_mistake_in_the_block():
    spec = """
        archspec: 1
        input: 3x8x8
        blocks:
          unit(n):
            - let: {m: n}
            - conv(m // 2, k=1)
          other(n):
            - let: {n: 0}
            - conv(n, k=1)
        net:
          - unit(1)
          - other(8)
    """
    found = report(spec)
    assert "--> net.yaml:6:12" in found
    assert "--> net.yaml:9:12" in found


def test_the_signature_of_a_block_is_shown_where_it_stands():
    spec = """
        archspec: 1
        input: 3x8x8
        blocks:
          unit(n, *, act=relu):
            - conv(n, k=3) | act
        net:
          - unit(4, atc=tanh)
    """
    assert report(spec) == text("""
        error[unknown-argument]: `unit` has no parameter `atc`
         --> net.yaml:7:13
          |
        4 |   unit(n, *, act=relu):
          |   -------------------- the signature
          ...
        7 |   - unit(4, atc=tanh)
          |             ^^^
          |
          = help: did you mean `act`?
    """)


def test_the_signature_of_a_block_in_another_file_names_it():
    spec = """
        archspec: 1
        input: 3x8x8
        net:
          - dense_block(12)
    """
    found = report(spec)
    assert "  ::: library/blocks.yaml:" in found
    assert "dense_block(n, growth):" in found
    assert found.count("- the signature") == 1


def test_the_signature_of_an_op_is_a_note():
    spec = """
        archspec: 1
        input: 3x8x8
        net:
          - conv(8, kernal=3)
    """
    assert report(spec) == text("""
        error[unknown-argument]: `conv` has no parameter `kernal`
         --> net.yaml:4:13
          |
        4 |   - conv(8, kernal=3)
          |             ^^^^^^
          |
          = note: the signature is `conv(out_channels, *, k, s=1, p=0, d=1, g=1, bias=true, padding_mode=zeros)`
          = help: did you mean `kernel_size`?
    """)


def test_a_mismatch_of_channels_shows_who_made_them():
    """Not the pool between, which has only passed them on."""
    spec = """
        archspec: 1
        input: 3x8x8
        net:
          - conv(8, k=3)
          - relu | maxpool(2)
          - conv(4, 16, k=1)
    """
    assert report(spec) == text("""
        error[channel-mismatch]: expected 4 input channels for `conv`, found 8
         --> net.yaml:6:10
          |
        4 |   - conv(8, k=3)
          |     ------------ output [8, 6, 6]
          ...
        6 |   - conv(4, 16, k=1)
          |          ^ given 4
          |
          = fix 1: write `conv(8, 16, k=1)`, or omit the input channels
          = fix 2: write `conv(4, k=3)` in line 4
    """)


def test_a_mismatch_of_rank_shows_the_shape_that_comes_in():
    """The last step's, not that of the one that made the channels."""
    spec = """
        archspec: 1
        input: 3x8x8
        net:
          - conv(8, k=3) | relu | maxpool(2)
          - linear(10)
    """
    assert report(spec) == text("""
        error[unflattened-input]: `linear` expects the channels last, found [8, 3, 3], an image [C, H, W]
         --> net.yaml:5:5
          |
        4 |   - conv(8, k=3) | relu | maxpool(2)
          |                           ---------- output [8, 3, 3]
        5 |   - linear(10)
          |     ^^^^^^^^^^
          |
          = help: write `flatten | linear(10)`, or `global_avgpool | flatten | linear(10)`
          = fix 1: write `flatten | linear(10)` (output [10], 954 parameters)
          = fix 2: write `tokens | linear(10)` (output [9, 10], 314 parameters)
    """)


def test_branches_that_differ_show_what_each_makes():
    spec = """
        archspec: 1
        input: 3x8x8
        net:
          - concat:
              - conv(8, k=3)
              - identity
    """
    found = report(spec)
    assert (
        text("""
        5 |       - conv(8, k=3)
          |         ------------ output [8, 6, 6]
        6 |       - identity
          |         -------- output [3, 8, 8]
    """)
        in found
    )
