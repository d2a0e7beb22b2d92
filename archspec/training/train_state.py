"""The state that training changes: the weights, their average, and the optimizer.

One process trains a plain module. Several train replicas of it (DDP) or shards (FSDP).
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
from archspec.runs.torch_error_wordings import is_container_without_forward
from archspec.settings.settings import Settings
from archspec.training.checkpoint import Checkpoint
from archspec.training.distributed.world import World
from archspec.training.ema import update_ema, warmed_up
from archspec.training.optimizer import make_optimizer
from archspec.training.weights.earlier_names import with_present_names
from archspec.training.weights.freezing import freeze, train_mode


class TrainState:
    """A network with its optimizer, on the device of this process."""

    def __init__(self, network: nn.Module, settings: Settings, world: World) -> None:
        """Move a network with its initial weights to the device; `distribute` follows.

        Raises:
            TrainingError: if there are no weights to train, or the device lacks a
                feature that the settings need.
        """
        self.settings, self.world = settings, world
        self._is_sharded = world.size > 1 and settings.strategy == "fsdp"
        if settings.sync_bn:
            network = _with_sync_batch_norm(network, world)
        if not self._is_sharded:  # FSDP moves each shard to its device
            network.to(world.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network = network
        self._frozen = freeze(network, settings.freeze)
        check_trainable(network)
        self.ema = None if settings.ema is None else deepcopy(network)
        self.ema_updates: int | None = 0
        is_scaled = settings.precision == "16"
        self.scaler = torch.amp.GradScaler(world.device.type, enabled=is_scaled)

    def distribute(self) -> None:
        """Distribute the network over the processes, and make the optimizer."""
        if self._is_sharded:
            self._shard()
        # Not `network.compile()`, which does not compile an `nn.Sequential` (torch 2.11).
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
            self.trained_parameters,
            self.settings.optimizer,
            fused=not self._is_sharded,
        )

    def _shard(self) -> None:
        from archspec.training.distributed.fsdp import shard  # 0.8 s

        try:
            shard(self.network, self.world.device, self.world.size)
            if self.ema:
                shard(self.ema, self.world.device, self.world.size)
        except ValueError as error:
            if not is_container_without_forward(error):
                raise
            raise self.world.error(
                "this version of torch cannot cut the network into parts: use a newer "
                "one, or `--strategy ddp`"
            ) from error

    @property
    def evaluated_model(self) -> nn.Module:
        """The network that is evaluated: the average of the weights, if there is one."""
        return self.ema or self._local

    @property
    def trained_parameters(self) -> list[nn.Parameter]:
        """The parameters that are not frozen."""
        return [each for each in self.network.parameters() if each.requires_grad]

    def train_mode(self) -> None:
        """Set training mode, except for frozen modules."""
        train_mode(self.model, self._frozen)

    def set_lr(self, lr: float) -> None:
        """Set the learning rate for the next update."""
        for group in self.optimizer.param_groups:
            group["lr"] = lr

    @contextmanager
    def micro_batch(self, *, is_last: bool) -> Iterator[None]:
        """Accumulate gradients; only the last micro-batch reduces them over processes."""
        if self._is_sharded:
            self.model.set_requires_gradient_sync(is_last)  # type: ignore[operator]
        if isinstance(self.model, DistributedDataParallel) and not is_last:
            with self.model.no_sync():
                yield
        else:
            yield

    def update(self, max_norm: float | None) -> None:
        """Take a step of the optimizer with clipped gradients, and reset the gradients."""
        if max_norm is not None:
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(self.network.parameters(), max_norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        if self.ema and self.settings.ema is not None:
            self._update_ema(self.ema, self.settings.ema)

    def _update_ema(self, ema: nn.Module, decay: float) -> None:
        if self.ema_updates is not None:
            decay = warmed_up(decay, self.ema_updates)
            self.ema_updates += 1
        update_ema(ema, self.network, decay)

    def broadcast_buffers(self) -> None:
        """Give all processes the running means and variances of the main process."""
        self.world.broadcast_tensors(self._buffers())

    def _buffers(self) -> Iterator[Tensor]:
        yield from self.network.buffers()
        if self.ema:
            yield from self.ema.buffers()

    def state_dicts(self) -> dict[str, dict[str, Any]]:
        """The unsharded state dicts for a checkpoint. All processes call this."""
        if not self._is_sharded:
            model = self.network.state_dict()
            ema = self.ema.state_dict() if self.ema else {}
            optimizer = self.optimizer.state_dict()
        else:
            from archspec.training.distributed.fsdp import (
                full_model_state,
                full_optimizer_state,
            )

            model = full_model_state(self.network)
            ema = full_model_state(self.ema) if self.ema else {}
            optimizer = full_optimizer_state(self.network, self.optimizer)
        scaler = self.scaler.state_dict()
        return {"model": model, "ema": ema, "optimizer": optimizer, "scaler": scaler}

    def restore(self, checkpoint: Checkpoint) -> None:
        """Load the state dicts of a checkpoint. All processes call this."""
        fused = {"fused": not self._is_sharded}  # the strategy may have changed
        groups = [group | fused for group in checkpoint.optimizer["param_groups"]]
        optimizer = checkpoint.optimizer | {"param_groups": groups}
        model = with_present_names(checkpoint.model, self.network)
        ema = with_present_names(checkpoint.ema, self.network)
        if not self._is_sharded:
            self.network.load_state_dict(model)
            if self.ema:
                self.ema.load_state_dict(ema)
            self.optimizer.load_state_dict(optimizer)
            _match_memory_format(self.optimizer)
        else:
            from archspec.training.distributed.fsdp import (
                load_model_state,
                load_optimizer_state,
            )

            load_model_state(self.network, model)
            if self.ema:
                load_model_state(self.ema, ema)
            load_optimizer_state(self.network, self.optimizer, optimizer)
        self.ema_updates = checkpoint.ema_updates
        if checkpoint.scaler:  # empty if the run had another precision
            self.scaler.load_state_dict(checkpoint.scaler)


def check_trainable(model: nn.Module) -> None:
    """Check that a network has parameters to train.

    Raises:
        TrainingError: if it has none.
    """
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise TrainingError(
            "the network has no parameters to train: add a layer that has"
        )


def _match_memory_format(optimizer: torch.optim.Optimizer) -> None:
    """Give the moments of the optimizer the memory format of their weights.

    Those from a checkpoint of FSDP are contiguous. Fused kernels visit both in the order
    of memory, without a check.
    """
    for weight, state in optimizer.state.items():
        for name, value in state.items():
            if value is not None and value.shape == weight.shape:
                state[name] = torch.empty_like(weight, dtype=value.dtype).copy_(value)


def _with_sync_batch_norm(network: nn.Module, world: World) -> nn.Module:
    if world.device.type != "cuda":
        raise TrainingError(
            "`--sync-bn` needs GPUs: torch has no batch norm over several CPU processes"
        )
    converted: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
    return converted
