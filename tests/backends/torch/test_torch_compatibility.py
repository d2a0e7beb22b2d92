"""A compiled network is a good citizen of PyTorch: its tools take it as it is."""

from __future__ import annotations

import copy
import pickle
import shutil
from io import BytesIO
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.feature_extraction import create_feature_extractor

import archspec
import specs
from archspec.backends.torch.module_from_source import build_with_paths
from archspec.spec import Spec
from corpus import SMALL, corpus_spec
from processes import Processes
from second_cases import rest_slow

from .agreement import leaves
from .random_weights import randomise

FORMS = ["joins", "choices", "refs", "heads"]  # every form of `forward`
PUBLISHED = ["googlenet", "resnet18", "densenet"]

pytestmark = pytest.mark.filterwarnings("ignore")


def load(name: str) -> Spec:
    return (
        archspec.load(name, input="1x32x32") if name in PUBLISHED else corpus_spec(name)
    )


def prepare(network: Spec) -> tuple[nn.Module, Tensor]:
    torch.manual_seed(0)
    module = randomise(archspec.compile(network)).eval()
    return module, torch.randn(2, *network.input_shape)


@pytest.fixture(params=[*FORMS, *PUBLISHED])
def network(request: pytest.FixtureRequest) -> Spec:
    return load(request.param)


@pytest.mark.parametrize("name", rest_slow([*FORMS, *PUBLISHED], ["joins"]))
def test_compiles_without_a_break(name: str) -> None:
    """`aot_eager` goes all the way but for writing C++."""
    module, x = prepare(load(name))
    torch.compiler.reset()
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x), module(x))


@pytest.mark.parametrize("name", rest_slow(["heads", "heads_labeled"], ["heads"]))
def test_compiles_both_modes(name: str) -> None:
    """A tuple in training mode, and a tensor in evaluation mode, as without it."""
    module, x = prepare(load(name))
    torch.compiler.reset()
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    for mode in (False, True):
        module.training = mode  # of the network alone, so that nothing is dropped
        expected = module(x)
        assert isinstance(expected, tuple) is mode
        torch.testing.assert_close(compiled(x), expected)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="torch.compile writes C++")
def test_compiles_to_machine_code() -> None:
    """A few layers, since each becomes a file in C++."""
    network = specs.spec(
        "net:\n  - residual(4) | residual(8, s=2)\n  - flatten | linear(5)\n",
        input="4x8x8",
    )
    module, x = prepare(network)
    torch.compiler.reset()
    with torch.no_grad():
        compiled = torch.compile(module, fullgraph=True)
        torch.testing.assert_close(compiled(x), module(x))


@pytest.mark.parametrize("name", rest_slow([*SMALL, *PUBLISHED], [*FORMS, "resnet18"]))
def test_traces(name: str) -> None:
    module, x = prepare(load(name))
    with torch.no_grad():
        expected = module(x)
        torch.testing.assert_close(
            torch.jit.trace(module, x, check_trace=False)(x), expected
        )
        if name not in ("library", "tied_layers"):  # attention, and parameters by path
            torch.testing.assert_close(torch.fx.symbolic_trace(module)(x), expected)


def test_copies_share_nothing(network: Spec) -> None:
    module, x = prepare(network)
    expected = module(x)
    twin = copy.deepcopy(module)
    torch.testing.assert_close(twin(x), expected)
    for tensor in [*twin.parameters(), *twin.buffers()]:
        tensor.data.zero_()
    torch.testing.assert_close(module(x), expected)


def test_a_state_dict_travels(network: Spec) -> None:
    """By pickle, and by `torch.save` without code."""
    module, x = prepare(network)
    file = BytesIO()
    torch.save(module.state_dict(), file)
    file.seek(0)
    saved = torch.load(file, weights_only=True)
    for state in (pickle.loads(pickle.dumps(module.state_dict())), saved):
        other = archspec.compile(network).eval()
        other.load_state_dict(state, strict=True)
        torch.testing.assert_close(other(x), module(x))


def test_channels_last(network: Spec) -> None:
    """The format holds from the first convolution to the last."""
    module, x = prepare(network)
    expected = module(x)
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    strides = {}

    def note(layer: nn.Module, _inputs: object, output: Tensor) -> None:
        strides[layer] = output.is_contiguous(memory_format=torch.channels_last)

    convolutions = [m for m in module.modules() if isinstance(m, nn.Conv2d)]
    for layer in convolutions:
        layer.register_forward_hook(note)
    found = module(x.to(memory_format=torch.channels_last))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    heads = [getattr(module, head.name, nn.Identity()) for head in network.graph.heads]
    left_out = {layer for head in heads for layer in head.modules()}
    ran = [layer for layer in convolutions if layer not in left_out]
    assert [strides[layer] for layer in ran] == [True] * len(ran)


def test_bf16(network: Spec) -> None:
    """Nothing is made in float32 on the way: the whole network computes in bf16."""
    module, x = prepare(network)
    expected = module(x)
    found = module.to(torch.bfloat16)(x.bfloat16())
    assert found.dtype == torch.bfloat16
    error = (found.float() - expected).norm() / expected.norm()
    assert error < 0.05


def test_moves_to_meta(network: Spec) -> None:
    """Nothing is made on the CPU on the way: shapes come without arithmetic."""
    module, x = prepare(network)
    assert module.to("meta")(x.to("meta")).shape == (2, *network.output_shape)
    assert all(parameter.is_meta for parameter in module.parameters())


def test_features_by_name(network: Spec) -> None:
    """Layers give their outputs under their paths in the spec, and so do blocks."""
    module, x = prepare(network)
    children = [name for name, _ in module.named_children()]
    with torch.no_grad():
        for names in (leaves(network, build_with_paths(network.graph)), children):
            expected = outputs(module, names, x)
            found = create_feature_extractor(module, [*expected])(x)
            torch.testing.assert_close(found, expected)


def outputs(module: nn.Module, names: list[str], x: Tensor) -> dict[str, Tensor]:
    """What the named modules give, those that run once."""
    found: dict[str, list[Tensor]] = {}
    hooks = [
        module.get_submodule(name).register_forward_hook(
            lambda _module, _inputs, y, name=name: found.setdefault(name, []).append(y)
        )
        for name in names
    ]
    module(x)
    for hook in hooks:
        hook.remove()
    assert found
    return {name: values[0] for name, values in found.items() if len(values) == 1}


# --- two processes -------------------------------------------------------------------

WORKER = f"""
import torch
from torch.distributed import destroy_process_group, get_rank, init_process_group
from torch.nn.parallel import DistributedDataParallel
import archspec

init_process_group("gloo")
rank = get_rank()
for name in {PUBLISHED}:
    torch.manual_seed(rank)  # the weights of rank 0 are those of both
    model = archspec.compile(archspec.load(name, input="1x32x32"))
    parallel = DistributedDataParallel(model).eval()  # no statistics of half a batch
    images = torch.load("images.pt")[2 * rank : 2 * rank + 2]
    for _ in range(2):  # the second fails where the first left a weight unused
        model.zero_grad()
        parallel(images).square().mean().backward()
    gradients = {{key: weight.grad for key, weight in model.named_parameters()}}
    torch.save((model.state_dict(), gradients), f"{{name}}{{rank}}.pt")
destroy_process_group()
"""


@pytest.mark.slow
def test_trains_in_two_processes(tmp_path: Path) -> None:
    """Two halves of a batch give the gradients of the whole, in both processes."""
    images = torch.randn(4, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    torch.save(images, tmp_path / "images.pt")
    ended = Processes(2, folder=tmp_path, before=WORKER).end()
    assert [each.code for each in ended] == [0, 0], ended
    for name in PUBLISHED:
        model = archspec.compile(load(name)).eval()
        states = [torch.load(tmp_path / f"{name}{rank}.pt") for rank in (0, 1)]
        model.load_state_dict(states[0][0])
        model(images).square().mean().backward()
        expected = {key: weight.grad for key, weight in model.named_parameters()}
        for _, gradients in states:
            torch.testing.assert_close(gradients, expected, rtol=1e-3, atol=1e-5)
