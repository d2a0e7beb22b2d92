"""Each image once in an epoch, whoever takes it, and the same ones whenever asked."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from archspec.training.data.sampling import StepSampler
from archspec.training.distributed.world import World


def shares(
    num_images: int, batch_size: int, size: int, seed: int | None
) -> list[StepSampler]:
    """The order of each process."""
    worlds = [World(rank=rank, size=size) for rank in range(size)]
    return [StepSampler(num_images, batch_size, world, seed) for world in worlds]


@given(st.integers(1, 90), st.integers(1, 40), st.integers(1, 4))
def test_an_evaluation_has_each_image_once(
    num_images: int, batch_size: int, size: int
) -> None:
    orders = shares(num_images, batch_size, size, None)
    taken = [
        order.local_indices(order.order(1), step)
        for order in orders
        for step in range(len(order))
    ]
    assert sorted(torch.cat(taken).tolist()) == list(range(num_images))


@given(st.integers(1, 90), st.integers(1, 40), st.integers(1, 4), st.integers(1, 9))
def test_steps_are_even_and_the_same_for_any_number_of_processes(
    num_images: int, batch_size: int, size: int, epoch: int
) -> None:
    alone = StepSampler(num_images, batch_size, World(), 0)
    orders = shares(num_images, batch_size, size, 0)
    sizes = [alone.step_size(step) for step in range(len(alone))]
    assert sum(sizes) == num_images
    assert batch_size >= max(sizes) >= min(sizes) >= max(sizes) - 1
    for step in range(len(alone)):
        together = torch.cat(
            [each.local_indices(each.order(epoch), step) for each in orders]
        )
        whole = alone.local_indices(alone.order(epoch), step)
        assert len(whole) == sizes[step]
        assert sorted(together.tolist()) == sorted(whole.tolist())
    assert {len(each) for each in orders} == {len(alone)}


def test_an_order_is_of_its_seed_and_epoch_alone() -> None:
    one, other = StepSampler(50, 8, World(), 3), StepSampler(50, 8, World(), 4)
    torch.manual_seed(1)
    first = one.order(2)
    torch.manual_seed(2)
    assert torch.equal(one.order(2), first)
    assert not torch.equal(one.order(3), first)
    assert not torch.equal(other.order(2), first)
