"""Each image once in an epoch, whoever takes it, and the same ones whenever asked."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from archspec.training.order import Order
from archspec.training.world import World


def shares(
    num_images: int, batch_size: int, size: int, seed: int | None
) -> list[Order]:
    """The order of each process."""
    worlds = [World(rank=rank, size=size) for rank in range(size)]
    return [Order(num_images, batch_size, world, seed) for world in worlds]


@given(st.integers(1, 90), st.integers(1, 40), st.integers(1, 4))
def test_an_evaluation_has_each_image_once(
    num_images: int, batch_size: int, size: int
) -> None:
    orders = shares(num_images, batch_size, size, None)
    taken = [
        order.share(order.indices(1), step)
        for order in orders
        for step in range(len(order))
    ]
    assert sorted(torch.cat(taken).tolist()) == list(range(num_images))


@given(st.integers(1, 90), st.integers(1, 40), st.integers(1, 4), st.integers(1, 9))
def test_training_leaves_out_no_more_than_a_step_too_small_for_batch_norm(
    num_images: int, batch_size: int, size: int, epoch: int
) -> None:
    orders = shares(num_images, batch_size, size, 0)
    steps = range(len(orders[0]))
    taken = [
        [order.share(order.indices(epoch), step) for order in orders] for step in steps
    ]
    sizes = [sum(len(share) for share in step) for step in taken]
    assert sizes == [orders[0].size(step) for step in steps]
    together = torch.cat([share for step in taken for share in step])
    assert len(together.unique()) == len(together) == sum(sizes)
    left = num_images - sum(sizes)
    assert left == 0 or left == num_images % batch_size < 2 * size
    assert len(steps) >= 1


def test_an_order_is_of_its_seed_and_epoch_alone() -> None:
    one, other = Order(50, 8, World(), 3), Order(50, 8, World(), 4)
    torch.manual_seed(1)
    first = one.indices(2)
    torch.manual_seed(2)
    assert torch.equal(one.indices(2), first)
    assert not torch.equal(one.indices(3), first)
    assert not torch.equal(other.indices(2), first)


def test_several_processes_take_the_images_that_one_would() -> None:
    alone = Order(50, 8, World(), 3)
    orders = shares(50, 8, 3, 3)
    for step in range(len(alone)):
        together = torch.cat([each.share(each.indices(5), step) for each in orders])
        assert set(together.tolist()) == set(
            alone.share(alone.indices(5), step).tolist()
        )
