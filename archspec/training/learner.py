"""What training changes: the weights, their average, and the optimizer's state.

One process needs a plain module. Several share it as DDP copies, or as the parts of
FSDP2; `torch.distributed.checkpoint` puts the parts together for a checkpoint, which is
the same however many processes have written it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from archspec.training.checkpoint import Checkpoint
from archspec.training.errors import TrainingError
from archspec.training.freezing import freeze, train_mode
from archspec.training.recipes import make_optimizer
from archspec.training.settings import Settings
from archspec.training.world import World

WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)


class Learner:
    """A network on the run's device, among the processes of the run."""

    def __init__(self, network: nn.Module, settings: Settings, world: World) -> None:
        """Take a network with its first weights.

        Raises:
            TrainingError: if it has no weights to train, or the device cannot do it.
        """
        self.world = world
        is_shared = world.size > 1
        is_sharded = is_shared and settings.strategy == "fsdp"
        if settings.sync_bn:
            network = _synchronized(network, world)
        # FSDP cuts weights along their memory, which must be in order.
        layout = torch.contiguous_format if is_sharded else torch.channels_last
        network.to(world.device, memory_format=layout)  # type: ignore[call-overload]
        self.network = network
        self._frozen = freeze(network, settings.freeze)
        self.averaged: AveragedModel | None = None
        if settings.ema is not None:
            average = get_ema_multi_avg_fn(settings.ema)  # type: ignore[no-untyped-call]
            self.averaged = AveragedModel(
                network, multi_avg_fn=average, use_buffers=True
            )
        self.model = network
        if is_sharded:
            _shard(network)
            if self.averaged:
                _shard(self.averaged.module)
        elif is_shared:
            devices = [world.device] if world.device.type == "cuda" else None
            self.model = DistributedDataParallel(network, device_ids=devices)
        if settings.compile:
            network.compile()
        self._fused = not is_sharded
        self.optimizer = make_optimizer(network, settings.optimizer, fused=self._fused)
        is_scaled = settings.precision == "16"
        self.scaler = torch.amp.GradScaler(world.device.type, enabled=is_scaled)

    @property
    def evaluated(self) -> nn.Module:
        """The network whose accuracy counts: the averaged one, if there is one."""
        return self.averaged.module if self.averaged else self.network

    def train_mode(self) -> None:
        """As `module.train()`; what is frozen computes as in evaluation."""
        train_mode(self.model, self._frozen)

    def set_lr(self, lr: float) -> None:
        """Of the next update."""
        for group in self.optimizer.param_groups:
            group["lr"] = lr

    @contextmanager
    def gradients(self, *, complete: bool) -> Iterator[None]:
        """Sum gradients over the processes only once a step's are complete."""
        if isinstance(self.model, FSDPModule):
            self.model.set_requires_gradient_sync(complete)
        if isinstance(self.model, DistributedDataParallel) and not complete:
            with self.model.no_sync():
                yield
        else:
            yield

    def update(self, clip: float | None) -> None:
        """Follow the gradients, and forget them."""
        if clip is not None:
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(self.network.parameters(), clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        if self.averaged:
            self.averaged.update_parameters(self.network)

    def share_buffers(self) -> None:
        """Give all processes the running means and variances of the main one."""
        self.world.share(self._buffers())

    def _buffers(self) -> Iterator[Tensor]:
        yield from self.network.buffers()
        if self.averaged:
            yield from self.averaged.module.buffers()

    def state(self) -> dict[str, dict[str, Any]]:
        """Whole state dicts on the CPU, in the main process; all take part."""
        averaged = self.averaged and get_model_state_dict(
            self.averaged.module, options=WHOLE
        )
        return {
            "model": get_model_state_dict(self.network, options=WHOLE),
            "ema": averaged or {},
            "optimizer": get_optimizer_state_dict(
                self.network, self.optimizer, options=WHOLE
            ),
            "scaler": self.scaler.state_dict(),
        }

    def restore(self, before: Checkpoint) -> None:
        """Go on from a checkpoint; each process has the whole."""
        set_model_state_dict(self.network, before.model, options=WHOLE)
        if self.averaged:
            set_model_state_dict(self.averaged.module, before.ema, options=WHOLE)
            self.averaged.n_averaged.fill_(1)  # the average has begun
        set_optimizer_state_dict(
            self.network, self.optimizer, before.optimizer, options=WHOLE
        )
        for group in self.optimizer.param_groups:
            group["fused"] = self._fused  # not as in the processes of the checkpoint
        self.scaler.load_state_dict(before.scaler)


def _synchronized(network: nn.Module, world: World) -> nn.Module:
    if world.device.type != "cuda":
        raise TrainingError(
            "`--sync-bn` needs GPUs: torch has no batch norm over several CPU processes"
        )
    converted: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
    return converted


def _shard(network: nn.Module) -> None:
    """Share the weights out, a part of the network at a time."""
    for part in network.children():
        if any(True for _ in part.parameters()):
            fully_shard(part)
    fully_shard(network)
