"""The names that layers have in the state dict."""

from __future__ import annotations

from specs import spec


def paths(text):
    return [layer.path for layer in spec(text).layers]


def test_every_step_of_a_chain_is_counted():
    assert paths("net:\n  - relu | tanh\n  - [relu, tanh]\n  - relu\n") == list("01234")


def test_a_label_renames_one_layer_and_none_after_it():
    assert paths("net:\n  - relu\n  - act: relu\n  - relu\n") == ["0", "act", "2"]


def test_a_labelled_group_and_a_block_are_levels():
    text = """\
blocks:
  unit: [relu, tanh]
net:
  - stem: [relu, tanh]
  - unit
  - last: unit
"""
    assert paths(text) == ["stem.0", "stem.1", "1.0", "1.1", "last.0", "last.1"]


def test_repeats_and_branches_are_no_levels():
    text = """\
net:
  - repeat: relu
    times: 2
  - add:
      - identity
      - {side: relu}
  - repeat: {"x{i + 1}": relu}
    times: 2
"""
    assert paths(text) == ["0", "1", "2", "side", "x1", "x2"]
