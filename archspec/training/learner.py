"""What training changes: the weights, their average, and the optimizer's state.

One process needs a plain module. Several share it as copies, DDP, or as parts, FSDP.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from archspec.runs.errors import TrainingError
from archspec.runs.torch_errors import is_container_without_forward
from archspec.settings.settings import Settings
from archspec.training.averaging import update_average
from archspec.training.checkpoint import Checkpoint
from archspec.training.machine.world import World
from archspec.training.recipes import check_trainable, make_optimizer
from archspec.training.weights.freezing import freeze, train_mode


class Learner:
    """A network on the run's device, among the processes of the run."""

    def __init__(self, network: nn.Module, settings: Settings, world: World) -> None:
        """Take a network with its first weights; `join` makes it ready.

        Raises:
            TrainingError: if it has no weights to train, or the device cannot do it.
        """
        self.settings, self.world = settings, world
        self._is_sharded = world.size > 1 and settings.strategy == "fsdp"
        if settings.sync_bn:
            network = _synchronized(network, world)
        if not self._is_sharded:  # whose parts go to the device one by one
            network.to(world.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network = network
        self._frozen = freeze(network, settings.freeze)
        check_trainable(network)
        self.averaged = None if settings.ema is None else deepcopy(network)
        is_scaled = settings.precision == "16"
        self.scaler = torch.amp.GradScaler(world.device.type, enabled=is_scaled)

    def join(self) -> None:
        """Share the network among the processes, all together; make the optimizer."""
        if self._is_sharded:
            from archspec.training.machine.sharding import shard  # 0.8 s

            try:
                shard(self.network, self.world.device, self.world.size)
                if self.averaged:
                    shard(self.averaged, self.world.device, self.world.size)
            except ValueError as error:  # torch 2.11's, of every `nn.ModuleDict`
                if not is_container_without_forward(error):
                    raise
                raise self.world.failure(
                    "this version of torch cannot cut the network into parts: use a newer "
                    "one, or `--strategy ddp`"
                ) from error
        # Not `network.compile()`, which leaves an `nn.Sequential` as it is (torch 2.11).
        self._local = (
            cast("nn.Module", torch.compile(self.network))
            if self.settings.compile
            else self.network
        )
        self.model = self._local
        if self.world.size > 1 and not self._is_sharded:
            devices = [self.world.device] if self.world.device.type == "cuda" else None
            self.model = DistributedDataParallel(self._local, device_ids=devices)
        self.optimizer = make_optimizer(
            self.trained, self.settings.optimizer, fused=not self._is_sharded
        )

    @property
    def evaluated(self) -> nn.Module:
        """The network whose accuracy counts: the averaged one, if there is one."""
        return self.averaged or self._local

    @property
    def trained(self) -> list[nn.Parameter]:
        """The weights that updates change."""
        return [each for each in self.network.parameters() if each.requires_grad]

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
        if self._is_sharded:
            self.model.set_requires_gradient_sync(complete)  # type: ignore[operator]
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
        if self.averaged and self.settings.ema is not None:
            update_average(self.averaged, self.network, self.settings.ema)

    def share_buffers(self) -> None:
        """Give all processes the running means and variances of the main one."""
        self.world.share(self._buffers())

    def _buffers(self) -> Iterator[Tensor]:
        yield from self.network.buffers()
        if self.averaged:
            yield from self.averaged.buffers()

    def state(self) -> dict[str, dict[str, Any]]:
        """Whole state dicts for a checkpoint; where weights are cut, all take part."""
        if not self._is_sharded:
            model = self.network.state_dict()
            ema = self.averaged.state_dict() if self.averaged else {}
            optimizer = self.optimizer.state_dict()
        else:
            from archspec.training.machine.sharding import (
                whole_optimizer,
                whole_weights,
            )

            model = whole_weights(self.network)
            ema = whole_weights(self.averaged) if self.averaged else {}
            optimizer = whole_optimizer(self.network, self.optimizer)
        scaler = self.scaler.state_dict()
        return {"model": model, "ema": ema, "optimizer": optimizer, "scaler": scaler}

    def restore(self, before: Checkpoint) -> None:
        """Go on from a checkpoint; each process has the whole."""
        fused = {"fused": not self._is_sharded}  # as here, not as it was before
        groups = [group | fused for group in before.optimizer["param_groups"]]
        optimizer = before.optimizer | {"param_groups": groups}
        if not self._is_sharded:
            self.network.load_state_dict(before.model)
            if self.averaged:
                self.averaged.load_state_dict(before.ema)
            self.optimizer.load_state_dict(optimizer)
            _lay_out_as_weights(self.optimizer)
        else:
            from archspec.training.machine.sharding import (
                restore_optimizer,
                restore_weights,
            )

            restore_weights(self.network, before.model)
            if self.averaged:
                restore_weights(self.averaged, before.ema)
            restore_optimizer(self.network, self.optimizer, optimizer)
        if before.scaler:  # the precision may have been another
            self.scaler.load_state_dict(before.scaler)


def _lay_out_as_weights(optimizer: torch.optim.Optimizer) -> None:
    """Give moments the memory layout of their weights, which FSDP's do not have.

    Fused kernels go through both in the order of memory, and do not look.
    """
    for weight, state in optimizer.state.items():
        for name, value in state.items():
            if value is not None and value.shape == weight.shape:
                state[name] = torch.empty_like(weight, dtype=value.dtype).copy_(value)


def _synchronized(network: nn.Module, world: World) -> nn.Module:
    if world.device.type != "cuda":
        raise TrainingError(
            "`--sync-bn` needs GPUs: torch has no batch norm over several CPU processes"
        )
    converted: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
    return converted
