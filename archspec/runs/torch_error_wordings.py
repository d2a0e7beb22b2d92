"""The errors of PyTorch that are recognized by their wording, since they have no type.

Each function says where the text comes from. `tests/runs/test_torch_error_wordings.py` provokes
the errors, so that a version of PyTorch that words them differently fails a test.
"""

from __future__ import annotations

import re


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a tensor did not fit into the memory of its device.

    `torch.OutOfMemoryError` of CUDA: "CUDA out of memory. Tried to allocate ...".
    A plain `RuntimeError` elsewhere: "MPS backend out of memory ..." (MPSAllocator.mm),
    "DefaultCPUAllocator: can't allocate memory" on Linux and macOS and "...: not enough
    memory" on Windows (c10/core/impl/alloc_cpu.cpp), and "Storage size calculation
    overflowed" of a size beyond 64 bits (aten/src/ATen/EmptyTensor.cpp).
    """
    return _mentions(
        error,
        "out of memory",
        "can't allocate memory",
        "not enough memory",
        "Storage size calculation overflowed",
    )


def is_failed_cpu_allocation(error: BaseException) -> bool:
    """Whether the CPU had no memory left for a tensor of a possible size.

    A corrupt file can ask for an impossible size: "Storage size calculation overflowed"
    is not among these (c10/core/impl/alloc_cpu.cpp).
    """
    return _mentions(error, "DefaultCPUAllocator")


def is_failed_write(error: BaseException) -> bool:
    """Whether `torch.save` could not write its file, as to a full disk.

    A `RuntimeError`: "[enforce fail at inline_container.cc:672] . unexpected pos ..."
    (caffe2/serialize/inline_container.cc). It hides the `OSError` of the file.
    """
    return isinstance(error, RuntimeError) and _mentions(error, "inline_container")


def is_dead_worker(error: BaseException) -> bool:
    """Whether a worker process of a `DataLoader` died.

    A `RuntimeError`: "DataLoader worker (pid 7) is killed by signal: Killed." of the
    SIGCHLD handler (torch/csrc/DataLoader.cpp), or "DataLoader worker (pid(s) 7) exited
    unexpectedly" (torch/utils/data/dataloader.py).
    """
    return _mentions(error, ") is killed by signal", ") exited unexpectedly")


def is_lost_peer(error: BaseException) -> bool:
    """Whether Gloo lost the connection to another process.

    A `RuntimeError` of gloo/transport/tcp: "Connection closed by peer [...]",
    "...: Connection reset by peer", "... pair closure", "Timed out waiting ..." or
    "... timed out".
    """
    return _mentions(
        error, "closed by peer", "reset by peer", "pair closure", "imed out"
    )


def is_batch_norm_of_one_value(error: BaseException) -> bool:
    """Whether a batch norm in training mode met channels of a single value.

    A `ValueError`: "Expected more than 1 value per channel when training, got input
    size ..." (torch/nn/functional.py).
    """
    return _mentions(error, "more than 1 value per channel")


def is_container_without_forward(error: BaseException) -> bool:
    """Whether FSDP refused to shard an `nn.ModuleDict` or `nn.ModuleList`.

    A `ValueError` of torch 2.11 to 2.14: "fully_shard does not support containers that
    do not implement forward: ..." (torch/distributed/fsdp/_fully_shard).
    """
    return _mentions(error, "does not support containers")


def is_missing_dataset(error: BaseException) -> bool:
    """Whether the files of a data set of torchvision are not there.

    A `RuntimeError`: "Dataset not found. You can use download=True to download it", or
    "Dataset not found or corrupted. ..." (torchvision/datasets/mnist.py, cifar.py).
    """
    return _mentions(error, "not found")


def is_wrong_hash(error: BaseException) -> bool:
    """Whether a downloaded file has another hash than the one in its name.

    A `RuntimeError` of `torch.hub.download_url_to_file`: "invalid hash value (expected
    ..., got ...)". A file that was cut short has another hash, too.
    """
    return isinstance(error, RuntimeError) and _mentions(error, "invalid hash value")


def is_failed_compilation(error: BaseException) -> bool:
    """Whether `torch.compile` failed: it raises types of its own private modules.

    Such as `torch._dynamo.exc.BackendCompilerFailed` and `torch._inductor.exc...`.
    """
    return type(error).__module__.startswith("torch._")


def unsupported_onnx_op(error: BaseException) -> str:
    """The op of torch that this version cannot export to ONNX, as `aten.igamma`, or "".

    A `torch.onnx.OnnxExporterError` that quotes its cause: "No ONNX function found for
    <OpOverload(op='aten.igamma', overload='default')>" (torch/onnx/_internal/exporter).
    """
    found = re.search(
        r"No ONNX function found for <OpOverload\(op='([\w.]+)'", str(error)
    )
    return found[1] if found else ""


def _mentions(error: BaseException, *wordings: str) -> bool:
    return any(wording in str(error) for wording in wordings)
