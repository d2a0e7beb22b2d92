"""Which names an expression can read, and what they mean there."""

from __future__ import annotations

from specs import codes, spec


def test_library_blocks_do_not_see_a_specs_own():
    """`vgg_block` calls `conv` and `relu`, whatever a spec calls so."""
    text = "blocks:\n  conv(cout): relu\n  relu: tanh\nnet:\n  - vgg_block(8, 1)\n"
    assert [layer.op for layer in spec(text).layers] == ["conv", "relu", "maxpool"]


def test_a_block_sees_the_params_of_its_document_and_no_others():
    text = """\
params: {width: 4}
blocks:
  unit: conv(width, k=1)
net:
  - let: {width: 9}
  - unit
"""
    assert spec(text).output_shape == (4, 32, 32)


def test_cin_stays_and_ch_moves():
    text = """\
blocks:
  unit:
    - conv(8, k=1)
    - conv(cin * 2, k=1)
    - conv(ch + 1, k=1)
    - conv(cin + ch, k=1)
net:
  - unit
"""
    shapes = [layer.output.shape[0] for layer in spec(text).layers]
    assert shapes == [8, 6, 7, 10]


def test_a_let_holds_for_the_rest_of_its_list():
    text = """\
blocks:
  unit:
    - let: {w: 5}
    - conv(w, k=1)
    - let: {w: w + 1}
    - add:
        - conv(w, k=1)
        - [{let: {w: 6}}, "conv(w, k=1)"]
    - conv(w, k=1)
net: [unit]
"""
    assert [layer.output.shape[0] for layer in spec(text).layers] == [5, 6, 6, 6]


def test_a_default_sees_the_parameters_before_it_and_the_channels():
    text = """\
blocks:
  unit(a, *, b=a * 2, c=b + cin, d=ch): conv(c + d, k=1)
net:
  - unit(2)
"""
    assert spec(text).output_shape == (2 * 2 + 3 + 3, 32, 32)


def test_the_index_counts_from_zero_and_inner_repeats_have_their_own():
    text = """\
net:
  - repeat:
      - repeat: conv(j + 1, k=1)
        times: i + 1
        as: j
      - conv(10 * (i + 1), k=1)
    times: 2
"""
    assert [layer.output.shape[0] for layer in spec(text).layers] == [1, 10, 1, 2, 20]


def test_ref_reads_what_the_label_made():
    text = """\
net:
  - a: conv(4, k=1)
  - b: [relu, "conv(6, k=1)"]
  - concat: [ref(a), ref(b), identity]
  - concat: [identity, ref(a)]
"""
    assert spec(text).output_shape == (20, 32, 32)


def test_an_if_without_else_has_no_label_where_it_does_not_hold():
    text = """\
params: {wide: true}
net:
  - if: wide
    then: {side: "conv(8, k=1)"}
  - ref(side) | relu
"""
    assert spec(text).output_shape == (8, 32, 32)
    assert codes(text, params={"wide": False}) == ["dangling-ref"]
