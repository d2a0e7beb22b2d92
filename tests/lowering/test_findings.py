"""What findings in blocks, branches and expressions show."""

from __future__ import annotations

from specs import check, codes


def test_a_finding_in_a_block_names_the_call():
    text = """\
blocks:
  inner(cout): conv(cout, k=50)
  outer: inner(8)
net:
  - outer
"""
    (found,) = check(text).diagnostics
    assert found.primary.span.text == "50"
    labels = [(label.span.text, label.message) for label in found.related]
    assert labels == [
        ("3x32x32", "input [3, 32, 32]"),
        ("inner(8)", "in `inner`, called here"),
        ("outer", "which this step expands to"),
    ]


def test_branches_that_do_not_fit_are_all_named():
    (found,) = check("net:\n  - add: [identity, maxpool(2), relu]\n").diagnostics
    labels = [(label.span.text, label.message) for label in found.related]
    assert labels == [
        ("identity", "output [3, 32, 32]"),
        ("maxpool(2)", "output [3, 16, 16]"),
        ("relu", "output [3, 32, 32]"),
        ("3x32x32", "input [3, 32, 32]"),
    ]


def test_the_producer_of_channels_is_the_step_that_made_them():
    """Not the activation or the pooling in between."""
    text = "net:\n  - conv(8, k=3)\n  - relu | bn | maxpool(2)\n  - conv(3, 8, k=3)\n"
    (found,) = check(text).diagnostics
    assert [label.span.text for label in found.related] == ["conv(8, k=3)"]


def test_what_fails_in_two_calls_is_said_once():
    text = "blocks:\n  unit(k): conv(8, k=k) | cnov(1)\nnet: [unit(3), unit(5)]\n"
    assert codes(text) == ["unknown-op"]


def test_all_mistakes_of_an_expression_are_named():
    """In a block whose values nobody knows, as in one that is called."""
    text = "blocks:\n  unit(n): conv(n * nn + mm, k=1)\nnet: [relu]\n"
    found = check(text).diagnostics
    assert [d.primary.span.text for d in found] == ["nn", "mm"]


def test_an_arm_that_guards_is_no_mistake():
    text = """\
params: {n: 0, act: 3}
net:
  - if: n > 0
    then: conv(8 // n, k=1) | act
  - relu
"""
    assert codes(text) == []


def test_a_label_below_is_said_to_come_later():
    """Not one of another body, nor that of the step itself."""
    text = """\
net:
  - group:
      - late: relu
      - conv(3, k=1)
  - add: [identity, ref(late)]
  - late: [tanh, ref(late) | relu]
"""
    found = [*check(text).diagnostics]
    assert [d.code for d in found] == ["dangling-ref"] * 2
    assert found[0].help == ("`late` is defined later, on line 9: move that step up",)
    assert "later" not in str(found[1].help)


def test_help_for_tied_names_steps_with_layers():
    text = "net:\n  - a: relu\n  - b: ref(a)\n  - tied(nothing)\n"
    (found,) = check(text).diagnostics
    assert found.help == ("the labels so far are `a`",)


def test_labels_of_a_faulty_step_are_not_missed():
    text = """\
params: {n: 2}
net:
  - dec:
      repeat:
        - u{i}: conv(c, k=3, p=1)
      for: {c: "n[0]"}
  - if: undefined
    then: {low: relu}
    else: {low: tanh}
  - add: [ref(dec.u0), ref(low)]
  - high: tied(dec.u1)
outputs: [dec.u1, low, high]
"""
    assert codes(text) == ["invalid-argument-type", "undefined-name"]
