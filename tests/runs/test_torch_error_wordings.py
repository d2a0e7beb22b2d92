"""PyTorch's errors are recognized: each test provokes the real one."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import distributed, nn
from torch.distributed.fsdp import fully_shard
from torch.utils.data import DataLoader, Dataset

from archspec.runs import torch_error_wordings
from archspec.runs.torch_error_wordings import (
    is_batch_norm_of_one_value,
    is_container_without_forward,
    is_dead_worker,
    is_failed_compilation,
    is_failed_cpu_allocation,
    is_failed_write,
    is_lost_peer,
    is_missing_dataset,
    is_out_of_memory,
    is_wrong_hash,
    unsupported_onnx_op,
)

PREDICATES = [
    each for name, each in vars(torch_error_wordings).items() if name.startswith("is_")
]
Predicate = Callable[[BaseException], bool]


def assert_recognized(
    provoke: Callable[[], object], kind: type[Exception], *expected: Predicate
) -> Exception:
    """The error that a function raises; only the expected predicates hold for it."""
    with pytest.raises(kind) as raised:
        provoke()
    found = [each for each in PREDICATES if each(raised.value)]
    assert {*found} == {*expected}, str(raised.value)
    return raised.value


@pytest.mark.parametrize("size", [(1, 3), (1, 3, 1, 1)])
def test_a_batch_norm_of_one_value(size: tuple[int, ...]) -> None:
    norm = (nn.BatchNorm1d if len(size) == 2 else nn.BatchNorm2d)(3)
    assert_recognized(
        lambda: norm(torch.rand(size)), ValueError, is_batch_norm_of_one_value
    )


def test_a_tensor_that_is_larger_than_the_memory() -> None:
    assert_recognized(
        lambda: torch.empty(2**50, dtype=torch.uint8),
        RuntimeError,
        is_out_of_memory,
        is_failed_cpu_allocation,
    )


def test_a_tensor_whose_size_has_more_than_64_bits() -> None:
    assert_recognized(lambda: torch.empty(2**62, 16), RuntimeError, is_out_of_memory)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_tensor_that_is_larger_than_the_memory_of_a_gpu() -> None:
    assert_recognized(
        lambda: torch.empty(2**50, dtype=torch.uint8, device="cuda"),
        torch.OutOfMemoryError,
        is_out_of_memory,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="it needs a full device")
def test_a_disk_that_is_full() -> None:
    file = Path("/dev/full").open("wb")  # noqa: SIM115  # closing it fails
    assert_recognized(
        lambda: torch.save(torch.zeros(100_000), file), RuntimeError, is_failed_write
    )
    with suppress(OSError):
        file.close()


class NoOnnxOp(nn.Module):
    """A module with an op that ONNX lacks."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.igamma(x, x)


@pytest.mark.filterwarnings("ignore")
def test_an_op_that_onnx_lacks() -> None:
    model = NoOnnxOp().eval()
    with pytest.raises(torch.onnx.OnnxExporterError) as raised:
        torch.onnx.export(model, (torch.ones(2),), verbose=False)
    assert unsupported_onnx_op(raised.value) == "prims.igamma"
    assert unsupported_onnx_op(RuntimeError("out of memory")) == ""


@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST", "CIFAR10"])
def test_a_data_set_that_is_missing(name: str, tmp_path: Path) -> None:
    from torchvision import datasets

    assert_recognized(
        lambda: getattr(datasets, name)(tmp_path), RuntimeError, is_missing_dataset
    )


class Exiting(Dataset[int]):
    """Items that end the worker that reads them."""

    def __init__(self, end: Callable[[], object]) -> None:
        self.end = end

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> int:
        self.end()
        return index


def test_a_worker_of_a_data_loader_that_exits() -> None:
    loader = DataLoader(Exiting(partial(os._exit, 3)), num_workers=1)
    assert_recognized(lambda: list(loader), RuntimeError, is_dead_worker)


def test_a_worker_of_a_data_loader_that_is_killed() -> None:
    """torch raises in a handler of SIGCHLD, and then once more where it waited."""
    loader = DataLoader(
        Exiting(lambda: os.kill(os.getpid(), signal.SIGKILL)), num_workers=1
    )
    error = assert_recognized(lambda: list(loader), RuntimeError, is_dead_worker)
    assert error.__cause__
    assert is_dead_worker(error.__cause__)


def test_a_module_that_torch_cannot_compile() -> None:
    def graph_break(x: torch.Tensor) -> torch.Tensor:
        torch._dynamo.graph_break()
        return x

    compiled = torch.compile(graph_break, backend="eager", fullgraph=True)
    assert_recognized(lambda: compiled(torch.ones(1)), Exception, is_failed_compilation)


def gloo_groups(seconds: float) -> list[distributed.ProcessGroupGloo]:
    """Two ranks in one process, which wait so many seconds for each other."""
    store = distributed.HashStore()

    def connect(rank: int) -> distributed.ProcessGroupGloo:
        return distributed.ProcessGroupGloo(store, rank, 2, timedelta(seconds=seconds))

    with ThreadPoolExecutor() as pool:
        return [*pool.map(connect, range(2))]


def test_a_peer_that_closes_its_connections() -> None:
    groups = gloo_groups(seconds=60)
    del groups[1]
    reduce = groups[0].allreduce([torch.ones(1)])
    assert_recognized(reduce.wait, RuntimeError, is_lost_peer)


def test_a_peer_that_does_not_answer() -> None:
    groups = gloo_groups(seconds=0.5)
    reduce = groups[0].allreduce([torch.ones(1)])
    assert_recognized(reduce.wait, RuntimeError, is_lost_peer)


@pytest.mark.parametrize("container", [nn.ModuleDict, nn.ModuleList])
def test_a_container_that_fsdp_cannot_shard(container: type[nn.Module]) -> None:
    store = distributed.HashStore()
    distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    try:
        assert_recognized(
            lambda: fully_shard(container()), ValueError, is_container_without_forward
        )
    finally:
        distributed.destroy_process_group()


def test_a_download_with_another_hash_than_its_name(tmp_path: Path) -> None:
    source = tmp_path / "net-00000000.pth"
    source.write_bytes(b"weights")
    target = str(tmp_path / "copy.pth")
    assert_recognized(
        lambda: torch.hub.download_url_to_file(
            source.as_uri(), target, "00000000", progress=False
        ),
        RuntimeError,
        is_wrong_hash,
    )
