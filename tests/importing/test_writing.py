"""A network of steps is written as the text that a person writes."""

from textwrap import dedent

import pytest
from torch import nn

import archspec
from archspec.importing.steps import (
    Aux,
    Block,
    Call,
    Expression,
    Group,
    If,
    Instance,
    Join,
    Let,
    Network,
    Ref,
    Repeat,
    Split,
    Tied,
)
from archspec.importing.writing.needed_labels import without_needless_labels
from archspec.importing.writing.one_off_blocks import with_one_off_blocks
from archspec.importing.writing.write_network import write
from corpus import BUNDLED, FIRST, VARIANTS
from second_cases import rest_slow
from specs import compiled

from .networks import ZOO, facts
from .unfolded import unfolded


def net(*steps, blocks=()):
    """The text below `net:`, and that of the blocks where there are some."""
    text = write(Network("a", {"input": (3, 32, 32)}, [*steps], blocks=[*blocks]))
    start = "blocks:\n" if blocks else "net:\n"
    return text[text.index(start) + len(start) :]


def conv(c, label=None, k=3):
    return Call("conv", (c,), {"k": k, "p": k // 2}, label)


STEPS = {
    "a chain has one line": (
        [conv(8), Call("bn"), Call("relu")],
        "- conv(8, k=3, p=1) | bn | relu",
    ),
    "a long chain has a line for each convolution": (
        [conv(8), Call("bn"), Call("relu"), conv(8), Call("bn"), Call("relu")],
        """
        - conv(8, k=3, p=1) | bn | relu
        - conv(8, k=3, p=1) | bn | relu
        """,
    ),
    "where norms come first, they start a line": (
        [Call("bn"), Call("relu"), conv(8), Call("bn"), Call("relu"), conv(8)],
        """
        - bn | relu | conv(8, k=3, p=1)
        - bn | relu | conv(8, k=3, p=1)
        """,
    ),
    "torch's names become short, and defaults are left out": (
        [
            Call(
                "conv",
                (8,),
                {"padding": (1, 1), "kernel_size": (3, 3), "groups": 1, "bias": False},
            ),
            Call("maxpool", (2,), {"stride": (2, 2), "ceil_mode": False}),
            Call("maxpool", ((3, 2),), {"stride": 1}),
            Call("permute", (0, 2, 3, 1)),
        ],
        """
        - conv(8, k=3, p=1, bias=false)
        - maxpool(2)
        - maxpool((3, 2), s=1) | permute(0, 2, 3, 1)
        """,
    ),
    "values": (
        [
            Call("bn", (), {"eps": 0.001}),
            Call("dropout", (0.05,)),
            Call("resize", ((64, 64),), {"mode": "nearest"}),
            Call("unit", (Expression("2 * cin"),), {"act": Call("leaky_relu")}),
            Call("unit", ((1,),), {"norm": Call("bn", (), {"eps": 1e-6})}),
        ],
        """
        - bn(eps=1e-3) | dropout(0.05) | resize(64, mode=nearest)
        - unit(2 * cin, act=leaky_relu) | unit((1,), norm=bn(eps=1e-6))
        """,
    ),
    "labels": (
        [
            conv(8, "conv1"),
            Group("stem", [conv(8), Call("relu")]),
            Group("one", [conv(8)]),
            Group("head", [conv(8, "0"), Call("relu")]),
        ],
        """
        - conv1: conv(8, k=3, p=1)
        - stem: conv(8, k=3, p=1) | relu
        - one:
            - conv(8, k=3, p=1)
        - head:
            - 0: conv(8, k=3, p=1)
            - relu
        """,
    ),
    "joins": (
        [
            Join("add", [[conv(8), Call("bn")], []]),
            Join(
                "concat",
                [[conv(4, "a"), conv(4, "b")], [Join("mul", [[], [Call("sigmoid")]])]],
            ),
            Join("concat", [[Group("branch1", [conv(4), Call("relu")])], [conv(4)]]),
        ],
        """
        - add:
            - conv(8, k=3, p=1) | bn
            - identity
        - concat:
            - - a: conv(4, k=3, p=1)
              - b: conv(4, k=3, p=1)
            - mul: [identity, sigmoid]
        - concat:
            - branch1: conv(4, k=3, p=1) | relu
            - conv(4, k=3, p=1)
        """,
    ),
    "references": (
        [
            Ref("enc.d0"),
            conv(8),
            Ref("x"),
            conv(8, "low"),
            Join("sub", [[Ref("a")], [Ref("b"), Tied("low")]]),
            Group("g", [Ref("x"), conv(8)]),
            Call("pad_like", ("down-9",)),
        ],
        """
        - ref(enc.d0) | conv(8, k=3, p=1)
        - low: ref(x) | conv(8, k=3, p=1)
        - sub: [ref(a), ref(b) | tied(low)]
        - g:
            - ref(x) | conv(8, k=3, p=1)
        - pad_like(down-9)
        """,
    ),
    "splits, heads and names": (
        [
            Split([[conv(4)], []], (4, 12)),
            Aux({"aux1": [Call("head")], "aux2": [Call("flatten"), Call("relu")]}),
            Let({"w": Expression("4 * cin")}),
        ],
        """
        - split:
            - conv(4, k=3, p=1)
            - identity
          sizes: [4, 12]
        - aux: {aux1: head, aux2: flatten | relu}
        - let: {w: 4 * cin}
        """,
    ),
    "repeats": (
        [
            Repeat([conv(8), Call("relu")], 4),
            Repeat([Call("layer", label="layer{j + 1}")], 4, index="j"),
            Repeat([Call("unit", (Expression("c"),))], None, {"c": (8, 16)}),
            Group("layers", [Repeat([Group("{i}", [Call("unit"), conv(8)])], 2)]),
        ],
        """
        - repeat: conv(8, k=3, p=1) | relu
          times: 4
        - repeat: {"layer{j + 1}": layer}
          times: 4
          as: j
        - repeat: unit(c)
          for: {c: [8, 16]}
        - layers:
            repeat:
              "{i}": unit | conv(8, k=3, p=1)
            times: 2
        """,
    ),
    "conditions": (
        [
            If(Expression("t != 1"), [Call("unit", (8,))]),
            Join(
                "add",
                [
                    [conv(8)],
                    [
                        If(
                            Expression("s != 1"),
                            [Group("downsample", [conv(8), Call("bn")])],
                            [],
                        )
                    ],
                    [If(Expression("same"), [])],
                ],
            ),
        ],
        """
        - {if: t != 1, then: unit(8)}
        - add:
            - conv(8, k=3, p=1)
            - if: s != 1
              then:
                downsample: conv(8, k=3, p=1) | bn
              else: identity
            - {if: same, then: identity, else: none}
        """,
    ),
}


@pytest.mark.parametrize(("steps", "text"), STEPS.values(), ids=STEPS)
def test_steps(steps, text):
    found = dedent(net(*steps)).strip()
    assert found == dedent(text).strip()


def test_blocks():
    unit = Block("unit", ("planes",), {"k": ..., "s": 1}, [Call("relu")], "Two\nlines.")
    empty = Block("nothing", (), {}, [])
    assert (
        net(Call("nothing"), blocks=[unit, empty]).strip()
        == dedent(
            """\
          # Two
          # lines.
          unit(planes, *, k, s=1):
            - relu

          nothing:
            - identity

        net:
          - nothing
        """
        ).strip()
    )


NAMES = {
    "MBConv": "mb_conv",
    "ConvBNReLU": "conv_bn_relu",
    "PReLULayer": "prelu_layer",
    "NiNBlock": "nin_block",
    "ViT": "vit",
    "ResNet": "resnet",
    "WideResNet": "wide_resnet",
    "MobileNetV2": "mobilenet_v2",
    "U2NET": "u2net",
    "UNetDown": "unet_down",
    "ConvNeXtBlock": "convnext_block",
    "TwoInputNet": "two_input_net",
    "NetBlock": "net_block",
    "YOLOv5": "yolov5",
}


@pytest.mark.parametrize(("class_name", "name"), NAMES.items(), ids=NAMES)
def test_a_class_gives_its_name(class_name, name):
    module = type(class_name, (nn.Sequential,), {})(nn.Linear(4, 2))
    text = archspec.from_module(module, input=(4,))
    assert f"\nname: {name}\n" in text


def test_document():
    network = Network(
        "two",
        {"image": (3, 32, 32), "depth": (1, 32, 32)},
        [Ref("image"), conv(8, "a"), Ref("depth"), conv(8, "b")],
        ("a", "b"),
        header=("From a module.",),
    )
    assert write(network) == dedent(
        """\
        # From a module.
        archspec: 1
        name: two
        input: {image: 3x32x32, depth: 1x32x32}

        net:
          - a: ref(image) | conv(8, k=3, p=1)
          - b: ref(depth) | conv(8, k=3, p=1)

        outputs: [a, b]
        """
    )


def test_lines_of_net_that_change_the_size_have_their_shape():
    steps = [
        Call("conv", (8,), {"k": 3}, None, ((3, 32, 32),), (8, 30, 30)),
        Call("relu", (), {}, None, ((8, 30, 30),), (8, 30, 30)),
        Call("bn", (), {}, "bn", ((8, 30, 30),), (8, 30, 30)),
        Call("maxpool", (2,), {}, None, ((8, 30, 30),), (8, 15, 15)),
    ]
    assert dedent(net(*steps)) == dedent(
        """\
        - conv(8, k=3) | relu -> [8, 30, 30]
        - bn: bn
        - maxpool(2) -> [8, 15, 15]
        """
    )


@pytest.mark.parametrize("name", rest_slow([*BUNDLED, *VARIANTS, *ZOO], FIRST))
def test_a_network_without_blocks_is_written_and_read_back(name):
    spec = archspec.load(name)
    network = without_needless_labels(with_one_off_blocks(unfolded(spec.graph)))
    assert facts(compiled(write(network)).require()) == facts(spec)


def test_labels_are_written_where_the_name_would_differ():
    plain = Group("plain", [conv(8, "0"), Call("relu", label="1"), conv(8, "3")])
    join = Join("add", [[conv(8, "conv1"), Call("bn", label="bn1")], [conv(8, "skip")]])
    unit = Instance("Unit", {}, [conv(8, "0")], "unit1", (), ())
    network = Network("a", {"input": (3, 8, 8)}, [plain, join, unit, conv(8, "conv3")])
    text = write(without_needless_labels(with_one_off_blocks(network)))
    assert text[text.index("net:") :] == dedent(
        """\
        net:
          - plain:
              - conv(8, k=3, p=1) | relu
              - 3: conv(8, k=3, p=1)
          - add:
              - conv(8, k=3, p=1) | bn
              - skip: conv(8, k=3, p=1)
          - unit | conv(8, k=3, p=1)
        """
    )


def test_labels_that_others_read_are_kept():
    steps = [conv(8, "0"), Call("relu", label="act"), conv(8, "2"), Call("relu")]
    steps += [Join("add", [[], [Ref("act")]])]
    network = without_needless_labels(Network("a", {"input": (3, 8, 8)}, steps))
    assert "act: relu" in write(network)
