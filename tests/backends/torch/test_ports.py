"""Networks with several inputs and outputs, against the same networks in torch."""

from __future__ import annotations

import io
from pathlib import Path

import onnxruntime
import pytest
import torch
from torch import Tensor, nn

import archspec
from archspec.backends.torch.export import to_onnx, to_program
from archspec.runs.errors import TrainingError
from archspec.training.data.build_loaders import check_ports
from specs import spec

TWO = """
    archspec: 1
    name: two
    input: {image: 3x16x16, x: 1x16x16}
    net:
      - concat:
          - ref(x) | conv(2, k=3)
          - ref(image) | conv(4, k=3) | relu
      - flatten | linear(5)
    """
THREE = """
    archspec: 1
    name: three
    input: 3x16x16
    net:
      - p3: conv(4, k=3) | relu
      - p4: conv(6, k=3)
      - tanh
      - p5: conv(8, k=3)
    outputs: [p5, p3, p4]
    """
VAE = """
    archspec: 1
    name: vae
    input: 20
    net:
      - hidden: linear(10) | relu
      - aux: {head: linear(2)}
      - mu: linear(3)
      - log_var: ref(hidden) | linear(3)
    outputs: [mu, log_var]
    """


class Two(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 2, 3), nn.Conv2d(3, 4, 3)
        self.linear1 = nn.Linear(6 * 14 * 14, 5)

    def forward(self, image: Tensor, x: Tensor) -> tuple[Tensor, ...]:
        y = torch.cat([self.conv1(x), self.conv2(image).relu()], 1)
        return (self.linear1(y.flatten(1)),)


class Three(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.p3 = nn.Sequential(nn.Conv2d(3, 4, 3))
        self.p4, self.p5 = nn.Conv2d(4, 6, 3), nn.Conv2d(6, 8, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        p3 = self.p3(x).relu()
        p4 = self.p4(p3)
        return self.p5(p4.tanh()), p3, p4


class Vae(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Sequential(nn.Linear(20, 10))
        self.head = nn.Linear(10, 2)
        self.mu, self.log_var = nn.Linear(10, 3), nn.Linear(10, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        hidden = self.hidden(x).relu()
        outputs = self.mu(hidden), self.log_var(hidden)
        return (*outputs, self.head(hidden)) if self.training else outputs


CASES = [(TWO, Two), (THREE, Three), (VAE, Vae)]


def as_tuple(outputs: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return outputs if isinstance(outputs, tuple) else (outputs,)


@pytest.mark.parametrize(("text", "reference"), CASES)
def test_equals_the_module_written_by_hand(text: str, reference: type) -> None:
    network = spec(text)
    module, by_hand = archspec.compile(network), reference()
    by_hand.load_state_dict(module.state_dict(), strict=True)
    inputs = [torch.randn(2, *shape) for shape in network.inputs.values()]
    for training in (True, False):
        found = module.train(training)(*inputs)
        expected = by_hand.train(training)(*inputs)
        assert isinstance(found, tuple) == network.graph.returns_tuple
        torch.testing.assert_close(as_tuple(found), expected)
    shapes = [tuple(each.shape[1:]) for each in as_tuple(found)]
    assert shapes == [*network.outputs.values()]


@pytest.mark.parametrize("text", [TWO, THREE, VAE])
def test_exports_names_and_numbers(text: str) -> None:
    network = spec(text)
    module = archspec.compile(network).eval()
    session = onnxruntime.InferenceSession(to_onnx(module, network.graph))
    program = torch.export.load(io.BytesIO(to_program(module, network.graph))).module()
    assert [each.name for each in session.get_inputs()] == [*network.inputs]
    assert [each.name for each in session.get_outputs()] == [*network.outputs]
    for batch in (1, 3):
        inputs = {n: torch.randn(batch, *s) for n, s in network.inputs.items()}
        expected = as_tuple(module(*inputs.values()))
        found = session.run(None, {name: x.numpy() for name, x in inputs.items()})
        torch.testing.assert_close(
            tuple(map(torch.tensor, found)), expected, rtol=1e-4, atol=1e-4
        )
        torch.testing.assert_close(as_tuple(program(*inputs.values())), expected)


def test_shapes_have_names() -> None:
    two, three = spec(TWO), spec(THREE)
    assert two.inputs == {"image": (3, 16, 16), "x": (1, 16, 16)}
    assert two.output_shape == (5,)
    assert list(three.outputs) == ["p5", "p3", "p4"]
    with pytest.raises(ValueError, match="has 2 inputs"):
        _ = two.input_shape
    with pytest.raises(ValueError, match="has 3 outputs"):
        _ = three.output_shape


@pytest.mark.parametrize(
    "given", [["x=1x9x9", "image=3x9x9"], {"x": (1, 9, 9), "image": "3x9x9"}]
)
def test_a_caller_gives_inputs_by_name(tmp_path: Path, given: object) -> None:
    path = tmp_path / "two.yaml"
    path.write_text("\n".join(line[4:] for line in TWO.strip("\n").split("\n")))
    result = archspec.check(path, input=given)  # type: ignore[arg-type]
    assert result.require().inputs == {"image": (3, 9, 9), "x": (1, 9, 9)}


def test_a_variant_sets_inputs() -> None:
    text = THREE.replace("net:", "variants: {large: {input: 3x32x32}}\n    net:")
    assert spec(text, variant="large").input_shape == (3, 32, 32)


def test_an_input_is_a_signal_or_a_vector() -> None:
    for text, shape in (("1x160", (1, 160)), ("7", (7,))):
        network = spec(f"archspec: 1\ninput: {text}\nnet: [identity]")
        assert network.input_shape == network.output_shape == shape


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (TWO, "has 2 inputs"),
        (THREE, "3 named outputs"),
        ("archspec: 1\ninput: 20\nnet: [linear(3)]", "an input of 20"),
    ],
)
def test_training_says_what_it_needs(text: str, part: str) -> None:
    with pytest.raises(TrainingError, match=part):
        check_ports(spec(text))
