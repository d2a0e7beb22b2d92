"""The names that layers have in the state dict."""

from __future__ import annotations

import pytest

from specs import check, spec


def paths(text, **options):
    return " ".join(layer.path for layer in spec(text, **options).layers)


def codes_and_names(text):
    """The code of each finding, and its lines: of the second layer, then of the first."""
    found = check(text).diagnostics
    return [(d.code, d.primary.span.line, d.related[0].span.line) for d in found]


# --- a plain chain -------------------------------------------------------------------


def test_every_step_of_a_chain_is_counted():
    assert (
        paths("net:\n  - relu | tanh\n  - [relu, identity]\n  - relu\n") == "0 1 2 3 4"
    )


def test_a_label_renames_one_layer_and_none_after_it():
    assert paths("net:\n  - relu\n  - act: relu\n  - relu\n") == "0 act 2"


def test_a_labeled_group_and_a_block_are_levels():
    text = """
        blocks:
          unit: [relu, tanh]
        net:
          - stem: [relu, tanh]
          - unit
          - last: unit
          - one: [relu]
    """
    assert paths(text) == "stem.0 stem.1 1.0 1.1 last.0 last.1 one.0"


def test_heads_have_no_number_and_leave_a_chain_plain():
    text = """
        net:
          - relu
          - aux: {head: flatten | linear(10)}
          - flatten | linear(10)
    """
    assert paths(text) == "0 head.0 head.1 1 2"


def test_repeats_are_no_levels():
    text = """
        net:
          - repeat: relu
            times: 2
          - repeat: {"x{i + 1}": relu}
            times: 2
          - tanh
    """
    assert paths(text) == "0 1 x1 x2 4"


# --- a body with a join or a `ref` ---------------------------------------------------


def test_layers_have_the_name_they_are_called_by_and_a_count():
    text = """
        blocks:
          unit(c, *, norm=bn):
            - add:
                - conv(c, k=3, p=1) | norm | conv(c, k=1)
                - identity
            - norm
        net:
          - unit(3)
          - unit(3)
    """
    names = "conv1 norm1 conv2 identity1 norm2"
    assert paths(text) == " ".join(
        f"{n}.{name}" for n in "01" for name in names.split()
    )


def test_a_labeled_call_counts():
    text = """
        net:
          - conv(3, k=1)
          - stem: conv(3, k=1)
          - conv(3, k=1)
          - add: [relu, identity]
    """
    assert paths(text) == "conv1 stem conv3 relu1 identity1"


def test_a_labeled_group_is_a_body_of_its_own():
    text = """
        net:
          - stem: conv(3, k=1) | relu
          - add: [{side: [relu, conv(3)]}, relu]
          - mixed:
              - relu
              - mul: [relu, tanh]
    """.replace("conv(3)", "bn")
    names = "stem.0 stem.1 side.0 side.1 relu1 mixed.relu1 mixed.relu2 mixed.tanh1"
    assert paths(text) == names


def test_a_group_with_a_join_leaves_the_chain_around_it_plain():
    text = "net:\n  - relu\n  - both: {add: [relu, tanh]}\n  - relu\n"
    assert paths(text) == "0 both.relu1 both.tanh1 2"


def test_a_repeat_goes_on_counting():
    text = """
        net:
          - repeat: [relu, {add: [relu, identity]}]
            times: 2
    """
    assert paths(text) == "relu1 relu2 identity1 relu3 relu4 identity2"


@pytest.mark.parametrize(
    "step", ["{if: false, then: {add: [relu, relu]}}", "{split: [relu, relu]}"]
)
def test_what_makes_a_body_more_than_a_chain_is_its_text(step):
    """Whichever arm of an `if` is taken, the names are the same."""
    assert paths(f"net:\n  - tanh\n  - {step}\n", input="4x8x8").startswith("tanh1")


# --- labels where they belong --------------------------------------------------------


def test_a_label_before_an_if_is_that_of_the_arm_taken():
    text = """
        blocks:
          unit(n):
            - side:
                if: n == 1
                then: relu
                else: {if: n == 2, then: relu | tanh}
            - tanh
        net:
          - unit(1)
          - unit(2)
          - unit(3)
    """
    assert paths(text) == "0.side 0.1 1.side.0 1.side.1 1.1 2.0"


def test_an_if_without_an_arm_to_take_has_no_number():
    text = "net:\n  - relu\n  - {if: false, then: tanh}\n  - relu\n"
    assert paths(text) == "0 1"


def test_a_label_before_an_if_of_heads():
    text = """
        net:
          - aux:
              a: {if: true, then: flatten, else: relu}
              b: {if: false, then: flatten}
              c: [{if: true, then: flatten}]
          - flatten
    """
    assert paths(text) == "a c.0 0"


def test_the_ref_that_starts_a_labeled_chain_is_not_part_of_it():
    text = """
        net:
          - stem: relu
          - low: ref(stem) | conv(8, k=1)
          - side: ref(stem) | bn | relu
          - same: ref(side)
          - last: conv(4, k=1)
          - concat: [ref(same), ref(low), ref(last)]
    """
    assert paths(text) == "stem low side.0 side.1 last"


def test_labels_are_integers_too():
    text = """
        net:
          - 3: relu
          - repeat: {"{i + 7}": relu}
            times: 2
          - group: [{1: relu}, {0: relu}]
          - relu
    """
    assert paths(text) == "3 7 8 group.1 group.0 4"


# --- two layers of one name ----------------------------------------------------------


def test_a_label_after_the_count():
    text = "net:\n  - conv(3, k=1)\n  - conv1: relu\n  - add: [relu, tanh]\n"
    assert codes_and_names(text) == [("duplicate-label", 6, 5)]


def test_a_count_after_the_label():
    text = "net:\n  - conv1: relu\n  - conv(3, k=1)\n  - add: [relu, tanh]\n"
    assert codes_and_names(text) == [("duplicate-label", 6, 5)]


def test_a_number_and_an_integer_label():
    assert codes_and_names("net:\n  - relu\n  - 0: relu\n") == [
        ("duplicate-label", 6, 5)
    ]
    assert codes_and_names("net:\n  - 1: relu\n  - relu\n") == [
        ("duplicate-label", 6, 5)
    ]


def test_two_counts():
    """`relu61` is the first of `relu6`, and the 61st of `relu`."""
    text = """
        net:
          - add: [relu6, identity]
          - repeat: relu
            times: 61
    """
    assert codes_and_names(text) == [("duplicate-label", 6, 5)]


def test_names_in_an_arm_that_is_not_taken_are_free():
    text = """
        net:
          - conv1: relu
          - if: false
            then: [{1: relu}, relu]
          - add: [tanh, identity]
    """
    assert paths(text) == "conv1 tanh1 identity1"


def test_a_name_of_torch():
    text = """
        blocks:
          bfloat: [relu]
        net:
          - add: [relu, identity]
          - repeat: bfloat
            times: 16
    """
    assert [d.code for d in check(text).diagnostics] == ["invalid-label"]
