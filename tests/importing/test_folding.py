"""Folding: modules of one class become a block, and equal neighbors a repeat."""

import re
from pathlib import Path
from textwrap import dedent

import pytest

import archspec
from archspec.catalog import bundled
from archspec.importing.folding.fold_network import fold, folded
from archspec.importing.named_module import load_module
from archspec.importing.reading.read_module import read
from archspec.importing.steps import Call, Group, Instance, Join, Network, Ref, Split
from archspec.importing.writing.needed_labels import without_needless_labels
from archspec.importing.writing.write_network import write
from archspec.ir.shape import Shape
from archspec.passes.compare import compare
from corpus import BUNDLED, FIRST, VARIANTS
from networks.unet import UNet
from random_specs import random_spec
from second_cases import rest_slow
from specs import compiled

from .modules import BilinearUNet
from .networks import ZOO, facts, lines_of
from .unfolded import unfolded


def folded_text(network):
    return write(without_needless_labels(fold(network)))


# --- the same network ----------------------------------------------------------------


@pytest.mark.parametrize(
    "name", rest_slow([*BUNDLED, *VARIANTS, *ZOO], [*FIRST, *ZOO[::3]])
)
def test_folding_keeps_layers_shapes_and_keys(name):
    spec = archspec.load(name)
    assert facts(compiled(folded_text(unfolded(spec.graph))).require()) == facts(spec)


def check_random(seeds):
    for seed in seeds:
        spec = compiled(random_spec(seed)).require()
        again = compiled(folded_text(unfolded(spec.graph))).require()
        assert facts(again) == facts(spec), seed


def test_folding_keeps_random_networks():
    check_random(range(12))


@pytest.mark.slow
def test_folding_keeps_many_random_networks():
    check_random(range(12, 300))


# --- as short as by hand -------------------------------------------------------------

SHORT = {
    "torchvision/resnet50": "torchvision/resnet",
    "torchvision/densenet121": "torchvision/densenet",
    "torchvision/mobilenet_v2": "torchvision/mobilenet_v2",
    "torchvision/efficientnet_b0": "torchvision/efficientnet",
    "torchvision/vgg16_bn": "torchvision/vgg",
    "torchvision/googlenet": "torchvision/googlenet",
}


@pytest.mark.parametrize("name", SHORT)
def test_as_short_as_the_bundled_spec(name):
    spec = archspec.load(name)
    text = folded_text(unfolded(spec.graph))
    written = Path(bundled()[SHORT[name]]).read_text(encoding="utf-8")
    assert lines_of(text) <= 1.5 * lines_of(written)
    assert compare(spec.graph, compiled(text).require().graph) == []


def test_a_stage_for_each_row():
    """ResNet-50, from sixteen modules of one class."""
    text = folded_text(unfolded(archspec.load("torchvision/resnet50").graph))
    assert text[text.index("blocks:") :] == dedent(
        """\
        blocks:
          bottleneck(width, *, s=1):
            - add:
                - - conv(width, k=1, bias=false) | bn | relu
                  - conv(width, k=3, s=s, p=1, bias=false) | bn | relu
                  - conv(4 * width, k=1, bias=false) | bn
                - if: cin != 4 * width
                  then:
                    downsample: conv(4 * width, k=1, s=s, bias=false) | bn
                  else: identity
            - relu

        net:
          - conv1: conv(64, k=7, s=2, p=3, bias=false) -> [64, 112, 112]
          - bn1: bn
          - relu | maxpool(3, s=2, p=1) -> [64, 56, 56]
          - repeat:
              layer{i + 1}:
                repeat: bottleneck(width, s=s if j == 0 else 1)
                times: n
                as: j
            for: {width: [64, 128, 256, 512], s: [1, 2, 2, 2], n: [3, 4, 6, 3]}
          - global_avgpool | flatten -> [2048]
          - fc: linear(1000)
        """
    )


MODULES = (
    *(name.removeprefix("torchvision/") for name in SHORT),
    "regnet_y_400mf",
    "squeezenet1_0",
)


@pytest.mark.parametrize("name", rest_slow(MODULES, MODULES[::3]))
def test_a_module_of_torchvision_has_no_difference_to_the_bundled_spec(name):
    module = load_module(f"torchvision:{name}")
    text = write(folded(read(module, {"input": (3, 224, 224)}, name)))
    spec = archspec.load(f"torchvision/{name}", input="3x224x224")
    assert compare(spec.graph, compiled(text).require().graph) == []


def test_a_unet_is_at_most_twice_as_long_as_the_recursive_one():
    text = write(folded(read(UNet(), {"input": (3, 256, 256)}, "unet")))
    written = Path(bundled()["unet"]).read_text(encoding="utf-8")
    assert lines_of(text) <= 2 * lines_of(written)


def test_levels_that_a_computed_label_reads_are_folded():
    text = write(folded(read(BilinearUNet(), {"input": (3, 32, 32)}, "unet")))
    assert text[text.index("net:") :] == dedent(
        """\
        net:
          - inc: widened_conv(8, 8)
          - repeat: {"down{i + 1}": widened_down(cout)}
            for: {cout: [16, 32, 64, 64]}
          - repeat:
              - upsample(2, mode=bilinear, align_corners=true)
              - concat:
                  - ref(down{3 - i})
                  - identity
              - up{i + 1}:
                  - conv: widened_conv(width, cout)
            for: {width: [64, 32, 16], cout: [32, 16, 8]}
          - upsample(2, mode=bilinear, align_corners=true) -> [8, 32, 32]
          - concat: [ref(inc), identity]
          - up4:
              - conv: widened_conv(8, 8)
          - outc: conv(2, k=1)
        """
    )


def test_a_class_that_holds_itself_is_a_block_that_calls_itself():
    spec = archspec.load("unet")
    text = write(folded(unfolded(spec.graph)))
    assert compare(spec.graph, compiled(text).require().graph) == []
    assert text[text.index("blocks:") :] == dedent(
        """\
        blocks:
          level(cout, depth):
            - encode: double_conv(cout)
            - if: depth > 0
              then:
                - concat:
                    - identity
                    - - maxpool(2)
                      - level(2 * cout, depth - 1)
                      - conv_transpose(cout, k=2, s=2) | pad_like(encode)
                - decode: double_conv(cout)

        net:
          - level(64, 4)
          - head: conv(2, k=1)
        """
    )


# --- rule by rule --------------------------------------------------------------------


def conv(c, k=1, label=None, cin=8, **keywords):
    output = Shape((c, 8, 8), "CHW")
    inputs = (Shape((cin, 8, 8), "CHW"),)
    return Call("conv", (c,), {"k": k, **keywords}, label, inputs, output)


def module(*body, cin=8, cout=8, name="Unit", label="0", **arguments):
    inputs = (Shape((cin, 8, 8), "CHW"),)
    output = Shape((cout, 8, 8), "CHW")
    return Instance(name, arguments, [*body], label, inputs, output)


def sequence(*modules):
    """Modules in a list, named by their number."""
    for number, instance in enumerate(modules):
        instance.label = str(number)
    return [Group("body", [*modules])]


def encoders_and_skips(*order):
    """Three labeled groups, and layers that read them in this order."""
    steps = [Group(f"enc{n}", [conv(8, 1, "0"), Call("relu")]) for n in (1, 2, 3)]
    for number, n in enumerate(order, 1):
        steps.append(Join("concat", [[], [Ref(f"enc{n}")]]))
        steps.append(conv(8, 1, f"d{number}"))
    return steps


CASES = {
    "what is constant is a literal": (
        sequence(*(module(conv(8, k=3, p=1, label="0")) for _ in range(3))),
        """
        blocks:
          unit:
            - conv(8, k=3, p=1)
        net:
          - body:
              repeat: unit
              times: 3
        """,
    ),
    "what equals the input channels, or a multiple, is an expression": (
        sequence(
            module(conv(8, 1, "0"), conv(32, 1, "1", 8)),
            module(conv(16, 1, "0", 16), conv(64, 1, "1", 16), cin=16, cout=64),
            module(conv(24, 1, "0", 24), conv(96, 1, "1", 24), cin=24, cout=96),
        ),
        """
        blocks:
          unit:
            - conv(cin, k=1) | conv(4 * cin, k=1)
        """,
    ),
    "a parameter has the name of the constructor's argument": (
        sequence(
            module(conv(5, 3, "0", s=1), planes=5, stride=1, cout=5),
            module(conv(7, 3, "0", s=2), planes=7, stride=2, cout=7),
            module(conv(9, 3, "0", s=1), planes=9, stride=1, cout=9),
        ),
        """
        blocks:
          unit(planes, *, s=1):
            - conv(planes, k=3, s=s)
        """,
    ),
    "an argument that is called as an op gives another name": (
        sequence(
            *(
                module(conv(8, 1, "0"), Call("dropout", (p,)), dropout=p)
                for p in (0.1, 0.2, 0.5)
            )
        ),
        """
        blocks:
          unit(*, p=0.1):
            - conv(8, k=1) | dropout(p)
        """,
    ),
    "without one it has the field's name": (
        sequence(
            module(conv(5, 3, "0", p=1), Call("dropout", (0.1,)), cout=5),
            module(conv(7, 5, "0", p=2), Call("dropout", (0.2,)), cout=7),
            module(conv(9, 3, "0", p=1), Call("dropout", (0.3,)), cout=9),
        ),
        """
        blocks:
          unit(cout, *, k=3, p=0.1):
            - conv(cout, k=k, p=k // 2) | dropout(p)
        """,
    ),
    "a part that some have is conditional": (
        sequence(
            module(Join("add", [[conv(8, 3, "conv1", p=1)], []])),
            module(
                Join(
                    "add",
                    [
                        [conv(16, 3, "conv1", 8, p=1, s=2)],
                        [Group("down", [conv(16, 1, "0", 8, s=2)])],
                    ],
                ),
                cout=16,
            ),
            module(Join("add", [[conv(16, 3, "conv1", 16, p=1)], []]), cin=16, cout=16),
        ),
        """
        blocks:
          unit(cout, *, s=1):
            - add:
                - conv(cout, k=3, s=s, p=1)
                - if: s != 1 or cin != cout
                  then:
                    down:
                      - conv(cout, k=1, s=s)
                  else: identity
        """,
    ),
    "a join that some have is one with `none`": (
        sequence(
            module(conv(16, 3, "conv1", p=1), cout=16),
            module(Join("add", [[conv(16, 3, "conv1", 16, p=1)], []]), cin=16, cout=16),
        ),
        """
        blocks:
          unit:
            - add:
                - conv(16, k=3, p=1)
                - {if: cin == 16, then: identity, else: none}
        """,
    ),
    "an activation that some lack is a parameter": (
        sequence(
            module(conv(8, 1, "0"), Call("relu")),
            module(conv(8, 1, "0"), Call("relu")),
            module(conv(8, 1, "0")),
            module(conv(8, 1, "0"), Call("hardswish")),
        ),
        """
        blocks:
          unit(*, act=relu):
            - conv(8, k=1) | act
        net:
          - body: unit | unit | unit(act=identity) | unit(act=hardswish)
        """,
    ),
    "modules of one class that have nothing in common are groups": (
        sequence(
            module(conv(8, 1, "0"), Call("bn", label="1"), Call("relu")),
            module(Call("ln", label="0"), Call("linear", (8,), label="1")),
        ),
        """
        net:
          - body:
              - 0: conv(8, k=1) | bn | relu
              - 1: ln | linear(8)
        """,
    ),
    "modules of one class that have little in common are blocks of their own": (
        sequence(
            module(conv(8, 1, "0"), Call("bn", label="1"), Call("relu")),
            module(Call("ln", label="0"), Call("linear", (8,), label="1")),
            module(Call("ln", label="0"), Call("linear", (8,), label="1")),
        ),
        """
        blocks:
          unit:
            - conv(8, k=1) | bn | relu

          unit_2:
            - ln | linear(8)
        """,
    ),
    "neighbors that differ in the first iteration": (
        sequence(*(module(conv(8, 3, "0", p=1, s=s), stride=s) for s in (2, 1, 1, 1))),
        """
        net:
          - body:
              repeat: unit(s=2 if i == 0 else 1)
              times: 4
        """,
    ),
    "neighbors that differ in numbers are rows": (
        [
            Group(
                "body",
                [
                    step
                    for n, c in enumerate((16, 24, 40, 80))
                    for step in (
                        conv(c, 3, f"{3 * n}", p=1),
                        Call("bn", label=f"{3 * n + 1}"),
                        Call("relu"),
                    )
                ],
            )
        ],
        """
        net:
          - body:
              repeat: conv(c, k=3, p=1) | bn | relu
              for: {c: [16, 24, 40, 80]}
        """,
    ),
    "labels and references that count": (
        encoders_and_skips(1, 2, 3),
        """
        net:
          - repeat:
              enc{i + 1}: conv(8, k=1) | relu
            times: 3
          - repeat:
              - concat:
                  - identity
                  - ref(enc{i + 1})
              - d{i + 1}: conv(8, k=1)
            times: 3
        """,
    ),
    "a module of the library is a call of its block": (
        sequence(
            *(
                module(
                    conv(c, k, "0", p=k // 2, bias=False),
                    Call("bn", label="1"),
                    Call(act),
                    cout=c,
                )
                for c, k, act in ((8, 1, "relu"), (16, 3, "relu"), (24, 3, "silu"))
            )
        ),
        """
        net:
          - body:
              - conv_bn_act(8)
              - conv_bn_act(16, k=3)
              - conv_bn_act(24, k=3, act=silu)
        """,
    ),
    "a short one that needs an argument in each call is written out": (
        sequence(
            *(
                module(
                    conv(c, 1, "0", bias=False),
                    Call("bn", label="1"),
                    Call("relu6"),
                    cout=c,
                )
                for c in (8, 17, 23)
            )
        ),
        """
        blocks:
          conv_bn_act(cout):
            - conv(cout, k=1, bias=false) | bn | relu6
        """,
    ),
    "references that count down": (
        encoders_and_skips(3, 2, 1),
        """
        net:
          - repeat:
              enc{i + 1}: conv(8, k=1) | relu
            times: 3
          - repeat:
              - concat:
                  - identity
                  - ref(enc{3 - i})
              - d{i + 1}: conv(8, k=1)
            times: 3
        """,
    ),
    "a value of every layer that grows with its number": (
        sequence(
            *(
                module(
                    Join(
                        "add",
                        [[], [conv(8, 1, "conv1"), Call("stochastic_depth", (p,))]],
                    )
                )
                for p in (0.0, 0.2 * 1 / 4, 0.2 * 2 / 4, 0.2 * 3 / 4)
            )
        ),
        """
        blocks:
          unit(number):
            - add:
                - identity
                - conv(8, k=1) | stochastic_depth(0.2 * number / 4)
        net:
          - body:
              repeat: unit(i)
              times: 4
        """,
    ),
    "a part that only the first layer lacks has a condition on the number": (
        sequence(
            *(
                module(
                    conv(8, 1, "0"),
                    *([Call("stochastic_depth", (0.1 * n / 3,))] if n else []),
                )
                for n in range(4)
            )
        ),
        """
        blocks:
          unit(number):
            - conv(8, k=1)
            - {if: number > 0, then: stochastic_depth(0.1 * number / 3)}
        net:
          - body:
              repeat: unit(i)
              times: 4
        """,
    ),
    "a part that widens the channels has a ratio": (
        sequence(
            *(
                module(
                    *([conv(6 * c, 1, "0", c)] if wide else []),
                    conv(
                        6 * c if wide else c,
                        3,
                        str(int(wide)),
                        6 * c if wide else c,
                        p=1,
                    ),
                    conv(c, 1, str(1 + wide), 6 * c if wide else c),
                    cin=c,
                    cout=c,
                )
                for c, wide in ((8, False), (16, True), (24, True))
            )
        ),
        """
        blocks:
          unit(t):
            - if: t != 1
              then: conv(t * cin, k=1)
            - conv(ch, k=3, p=1) | conv(cin, k=1)
        """,
    ),
    "a concat around each module of a class is a part of it": (
        [
            Group(
                "body",
                [
                    Join(
                        "concat",
                        [
                            [],
                            [module(conv(8, 1, "0", 8 * n), cin=8 * n, label=f"m{n}")],
                        ],
                    )
                    for n in (1, 2, 3)
                ],
            )
        ],
        """
        blocks:
          unit:
            - concat:
                - identity
                - 0: conv(8, k=1)
        net:
          - body:
              repeat: {"m{i + 1}": unit}
              times: 3
        """,
    ),
    "an activation with which all branches end is behind the join": (
        [
            Join(
                "concat",
                [
                    [conv(8, 1, "one"), Call("relu")],
                    [conv(8, 3, "three", p=1), Call("relu")],
                ],
            )
        ],
        """
        net:
          - concat:
              - one: conv(8, k=1)
              - three: conv(8, k=3, p=1)
          - relu
        """,
    ),
    "a split": (
        sequence(
            *(
                module(Split([[], [conv(c // 2, 1, "conv1", c // 2)]]), cin=c, cout=c)
                for c in (8, 16, 24)
            )
        ),
        """
        blocks:
          unit:
            - split:
                - identity
                - conv(ch, k=1)
        """,
    ),
}


@pytest.mark.parametrize(("steps", "text"), CASES.values(), ids=CASES)
def test_rules(steps, text):
    network = Network("a", {"input": (8, 8, 8)}, steps)
    found = without_blank_lines(folded_text(network))
    assert without_blank_lines(dedent(text)).strip("\n") in found


def without_blank_lines(text):
    return re.sub(r"\n+", "\n", text)
