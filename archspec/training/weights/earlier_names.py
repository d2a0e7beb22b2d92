"""Weights of runs whose archspec named layers in another way.

Until layers in a body with joins were named by their op and a count, they had numbers
there: `1.conv2.weight` was `1.3.weight`. The order and the shapes of the weights are
the same, and a checkpoint has the text of its spec, so the names follow from the order.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from archspec.backends.torch.module_from_source import build
from archspec.spec import Spec

State = dict[str, Tensor]


def with_present_names(state: State, network: nn.Module) -> State:
    """The state dict of a network, under the names that the network has now.

    It stays as it is if its weights are not those of the network, one by one.
    """
    ours = network.state_dict()
    if state.keys() == ours.keys() or _kinds(state) != _kinds(ours):
        return state
    return dict(zip(ours, state.values(), strict=True))


def with_names_by_its_spec(state: State, spec: Spec) -> State:
    """The weights of a checkpoint, under the names that its spec gives them now."""
    with torch.device("meta"):
        return with_present_names(state, build(spec.graph))


def _kinds(state: State) -> list[tuple[str, torch.Size]]:
    """What the weights are, whatever their layers are called: `weight`, [64, 3, 7, 7]."""
    return [(name.rpartition(".")[2], each.shape) for name, each in state.items()]
