"""FSDP2: shard the weights over the processes, and gather them for checkpoints.

A checkpoint contains the same state dicts as one of an unsharded network, so that a run
can be resumed with any number of processes. The functions are collective: all processes
call them.
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

FULL = StateDictOptions(full_state_dict=True, cpu_offload=True)


def shard(network: nn.Module, device: torch.device, world_size: int) -> None:
    """Shard a network, one child module at a time, and move the shards to the devices."""
    mesh = init_device_mesh(device.type, (world_size,))
    for child in network.children():
        if any(True for _ in child.parameters()):
            fully_shard(child, mesh=mesh)
    fully_shard(network, mesh=mesh)


def full_model_state(network: nn.Module) -> dict[str, Any]:
    """The unsharded state dict in the main process, an empty one elsewhere."""
    return get_model_state_dict(network, options=FULL)


def load_model_state(network: nn.Module, state: dict[str, Any]) -> None:
    """Load an unsharded state dict, which each process has."""
    set_model_state_dict(network, state, options=FULL)


def full_optimizer_state(
    network: nn.Module, optimizer: torch.optim.Optimizer
) -> dict[str, Any]:
    """The unsharded state dict in the main process, an empty one elsewhere."""
    found = get_optimizer_state_dict(network, optimizer, options=FULL)
    indices = {name: index for index, name in enumerate(_trained_names(network))}
    return _with_keys(found, indices) if found else {}


def load_optimizer_state(
    network: nn.Module, optimizer: torch.optim.Optimizer, state: dict[str, Any]
) -> None:
    """Load an unsharded state dict, which each process has."""
    if not state["state"]:  # plain SGD has no state, which torch's function rejects
        return
    named = _with_keys(state, dict(enumerate(_trained_names(network))))
    set_optimizer_state_dict(network, optimizer, named, options=FULL)


def _trained_names(network: nn.Module) -> list[str]:
    """The names of the trained parameters, in the order of the optimizer."""
    return [name for name, each in network.named_parameters() if each.requires_grad]


def _with_keys(state: dict[str, Any], keys: dict[Any, Any]) -> dict[str, Any]:
    """An optimizer's state dict with other keys for its parameters.

    A plain optimizer counts its parameters, FSDP names them: the keys `{0: "0.weight"}`
    turn `{"state": {0: ...}}` into `{"state": {"0.weight": ...}}`.
    """
    groups = state["param_groups"]
    return {
        "state": {keys[key]: value for key, value in state["state"].items()},
        "param_groups": [
            {**group, "params": [keys[key] for key in keys if key in group["params"]]}
            for group in groups
        ],
    }
