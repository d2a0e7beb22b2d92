"""Exported networks: other programs read from them the numbers that torch makes."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import onnxruntime
import pytest
import torch
from torch import Tensor, nn

import archspec
from archspec.backends.torch.export import to_onnx, to_program
from archspec.runs.torch_error_wordings import unsupported_onnx_op
from archspec.spec import Spec
from corpus import BUNDLED, OWN, corpus_spec

from .random_weights import randomise

SMALLER: dict[str, dict[str, Any]] = {
    "alexnet": {"input": "1x67x67"},
    "densenet": {"input": "1x32x32"},
    "googlenet": {"input": "1x32x32"},
    "mlp_mixer": {"input": "3x64x64", "dim": 32, "channel_dim": 64, "depth": 2},
    "nin": {"input": "1x67x67"},
    "resnet18": {"input": "1x32x32"},
    "resunits": {"n": 2, "variant": "shortcut_only_gating"},
    "vgg": {"input": "1x32x32", "width": 0.25},
}

FORMS = ["every_op", "heads", "joins", "choices", "refs"]  # of ops and of `forward`
# ONNX files are made from programs, so that the forms of `forward` are those of these.
BY_DEFAULT = [("heads", to_onnx), ("choices", to_program)]

Reader = Callable[[bytes], Callable[[Tensor], Tensor]]


def read_onnx(data: bytes) -> Callable[[Tensor], Tensor]:
    session = onnxruntime.InferenceSession(data)
    (input_,) = session.get_inputs()
    assert input_.shape[0] == "batch"
    return lambda x: torch.from_numpy(session.run(["output"], {"input": x.numpy()})[0])


def read_program(data: bytes) -> Callable[[Tensor], Tensor]:
    return torch.export.load(BytesIO(data)).module()


def trained(spec: Spec) -> nn.Module:
    torch.manual_seed(0)
    return randomise(archspec.compile(spec)).eval()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "write", "read"),
    [
        pytest.param(
            name,
            *(write, read),
            marks=[pytest.mark.slow] * ((name, write) not in BY_DEFAULT),
        )
        for name in [*FORMS, *BUNDLED]
        for write, read in ((to_onnx, read_onnx), (to_program, read_program))
    ],
)
def test_makes_the_same_numbers(name: str, write: Any, read: Reader) -> None:
    """For one image and for three."""
    spec = (
        corpus_spec(name)
        if name in OWN
        else archspec.load(name, **SMALLER.get(name, {}))
    )
    model = trained(spec)
    try:
        data = write(model, spec.graph)
    except torch.onnx.OnnxExporterError as error:
        op = unsupported_onnx_op(error)
        assert (op, torch.__version__ < "2.12") == ("aten.adaptive_max_pool2d", True)
        pytest.skip(f"this version of torch cannot export `{op}` to ONNX")
    assert (
        str(Path(torch.__file__).parent).encode() not in data
    )  # no path of the machine gets out
    exported = read(data)
    for batch in (1, 3):
        images = torch.randn(batch, *spec.input_shape)
        with torch.no_grad():
            expected, found = model(images), exported(images)
        size = expected.abs().max().item()
        assert expected.std() > 0.01 * size  # there is something to compare
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-4 * size)


@pytest.mark.filterwarnings("ignore")
def test_exports_what_is_evaluated() -> None:
    """A network in training mode is exported without its dropout."""
    spec = archspec.load("mlp_mixer", **SMALLER["mlp_mixer"])
    model = nn.Sequential(trained(spec), nn.Dropout(0.9)).train()
    exported = read_program(to_program(model, spec.graph))
    images = torch.randn(3, *spec.input_shape)
    torch.testing.assert_close(exported(images), model.eval()(images))
