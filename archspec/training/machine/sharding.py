"""FSDP2: weights cut into parts, one for each process, and put together for checkpoints.

What a checkpoint holds is the same as of a plain module and its optimizer, so that a run
can go on with any number of processes.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)


def shard(network: nn.Module, device: torch.device, size: int) -> None:
    """Bring to each process's device its share of the weights, a part at a time."""
    processes = init_device_mesh(device.type, (size,))
    for part in network.children():
        if any(True for _ in part.parameters()):
            fully_shard(part, mesh=processes)
    fully_shard(network, mesh=processes)


def whole_weights(network: nn.Module) -> dict[str, Any]:
    """The state dict, in the main process; all take part."""
    return get_model_state_dict(network, options=WHOLE)


def restore_weights(network: nn.Module, state: dict[str, Any]) -> None:
    """Take each process's part of a whole state dict."""
    set_model_state_dict(network, state, options=WHOLE)


def whole_optimizer(
    network: nn.Module, optimizer: torch.optim.Optimizer
) -> dict[str, Any]:
    """The state dict as without FSDP, in the main process; all take part."""
    found = get_optimizer_state_dict(network, optimizer, options=WHOLE)
    numbers = {name: number for number, name in enumerate(_trained(network))}
    return _renamed(found, numbers) if found else {}


def restore_optimizer(
    network: nn.Module, optimizer: torch.optim.Optimizer, state: dict[str, Any]
) -> None:
    """Take each process's part of a whole state dict."""
    if not state["state"]:  # plain SGD has none, and DCP asks for some
        return
    named = _renamed(state, dict(enumerate(_trained(network))))
    set_optimizer_state_dict(network, optimizer, named, options=WHOLE)


def _trained(network: nn.Module) -> list[str]:
    """Names in the optimizer's order; it counts, and DCP names."""
    return [name for name, each in network.named_parameters() if each.requires_grad]


def _renamed(state: dict[str, Any], keys: dict[Any, Any]) -> dict[str, Any]:
    """An optimizer's state dict with other keys for its parameters, in their order."""
    groups = state["param_groups"]
    return {
        "state": {keys[key]: value for key, value in state["state"].items()},
        "param_groups": [
            {**group, "params": [keys[key] for key in keys if key in group["params"]]}
            for group in groups
        ],
    }
