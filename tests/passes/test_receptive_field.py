"""Receptive fields, compared with the inputs that have a gradient."""

from __future__ import annotations

import math

import pytest
import torch

import archspec
from archspec.passes.receptive_field import receptive_fields
from archspec.passes.summarize import summarize
from archspec.spec import Spec

NETS = {
    "chain": ["conv(2, k=3)", "conv(2, k=5, s=2, p=2)", "avgpool(2)", "conv(2, k=3)"],
    "rectangle": ["conv(2, k=(1, 7))", "conv(2, k=(5, 3), s=(1, 2))"],
    "dilated": ["conv(2, k=3, d=4, p=4)", "avgpool(3, s=2, p=1)", "conv(2, k=3, d=2)"],
    "branches": [{"add": ["conv(2, k=3, p=1) | conv(2, k=3, p=1)", "conv(2, k=1)"]}, "avgpool(2)"],
    "up": ["avgpool(2)", "conv(2, k=3, p=1)", "upsample(2)", "conv(2, k=3)"],
    "gate": ["conv(2, k=3, s=2, p=1)", {"mul": ["identity", "global_avgpool | conv(2, k=1)"]}],
    "permuted": ["avgpool(2)", "permute(0, 2, 3, 1)", "linear(3)", "permute(0, 3, 1, 2)", "conv(2, k=3)"],
    "shuffled": ["conv(8, k=3, p=1)", "pixel_shuffle(2)", "pixel_unshuffle(2)", "conv(2, k=3)"],
    "padded": ["pad(2)", "conv(2, k=5)", "crop(20, 20)"],
}  # fmt: skip
SIZE = 48


def load(tmp_path, net) -> Spec:
    path = tmp_path / "net.yaml"
    text = f"archspec: 1\ninput: 2x{SIZE}x{SIZE}\nnet: {archspec_list(net)}\n"
    path.write_text(text)
    return archspec.load(path)


def archspec_list(net) -> str:
    """The steps as a flow list of quoted calls."""
    shown = []
    for step in net:
        if isinstance(step, dict):
            ((join, branches),) = step.items()
            shown.append(f"{{{join}: {archspec_list(branches)}}}")
        else:
            shown.append(f'"{step}"')
    return f"[{', '.join(shown)}]"


def measured(spec: Spec) -> tuple[int, int]:
    """The height and width of the inputs on which the middle of the output depends."""
    model = archspec.compile(spec)
    for parameter in model.parameters():  # nothing cancels
        torch.nn.init.constant_(parameter, 1.0)
    x = torch.ones(1, 2, SIZE, SIZE, requires_grad=True)
    y = model.eval()(x)
    y[0, 0, y.shape[2] // 2, y.shape[3] // 2].backward()
    assert x.grad is not None
    rows, columns = (x.grad[0, 0] != 0).nonzero(as_tuple=True)
    return tuple(int(each.max() - each.min()) + 1 for each in (rows, columns))


@pytest.mark.parametrize("name", [name for name in NETS if name != "gate"])
def test_the_field_is_where_the_gradient_is(tmp_path, name):
    spec = load(tmp_path, NETS[name])
    *_, last = receptive_fields(spec.graph).values()
    # What is enlarged sees more or less by a position, depending on which one it is.
    slack = {"up": 2, "shuffled": 1}.get(name, 0)
    for axis, size in zip("HW", measured(spec), strict=True):
        assert abs(math.ceil(last[axis].size) - size) <= slack


def test_a_gate_sees_the_whole_input(tmp_path):
    spec = load(tmp_path, NETS["gate"])
    assert measured(spec) == (SIZE, SIZE)
    *_, last = receptive_fields(spec.graph).values()
    assert last["H"].size >= SIZE
    assert last["H"].stride == 2


def test_a_transposed_convolution_undoes_the_stride(tmp_path):
    spec = load(tmp_path, ["conv(2, k=4, s=4)", "conv_transpose(2, k=4, s=4)"])
    *_, last = receptive_fields(spec.graph).values()
    assert last["H"] == last["W"] == (4, 1)
    assert measured(spec) == (4, 4)


def test_vgg16_is_as_in_the_literature():
    """Araujo, Norris and Sim (Distill, 2019), table 1."""
    spec = archspec.load("torchvision/vgg16")
    rows = {row.path: row for row in summarize(spec.graph, spec.document.source)}
    last = rows["features.30"]
    assert (last.receptive_field, last.stride) == ((212, 212), (32, 32))
    assert rows["classifier.0"].receptive_field is None
