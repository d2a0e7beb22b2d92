"""Weights, updates, learning rates and losses mean what their names say."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import archspec
from archspec.checker import check_source
from archspec.diagnostics.source import Source
from archspec.runs.errors import TrainingError
from archspec.signatures.recipes import INITS, Recipe
from archspec.training.initialization import initialize
from archspec.training.loss import Loss, make_loss
from archspec.training.optimizer import make_optimizer
from archspec.training.schedule import learning_rate
from archspec.training.train_state import check_trainable


@pytest.mark.parametrize("name", sorted(set(INITS) - {"default"}))
def test_an_init_draws_weights_anew_and_sets_biases_to_zero(name: str) -> None:
    torch.manual_seed(0)
    text = (
        "archspec: 1\nname: a\ninput: 3x6x7\n"
        "net:\n  - conv(50, k=5) | bn | flatten | linear(200)\n"
    )
    spec = check_source(Source("spec.yaml", text)).require()
    model = archspec.compile(spec)
    before = [parameter.clone() for parameter in model.parameters()]
    initialize(model, spec.graph, Recipe(name, {}))
    conv, norm, _, linear = model
    assert not torch.equal(conv.weight, before[0])
    assert torch.equal(norm.weight, before[2])
    assert conv.bias.abs().max() == linear.bias.abs().max() == 0
    fan = 300 if name.startswith("kaiming") else (300 + 200) / 2
    gain = 2 if name.startswith("kaiming") else 1
    assert linear.weight.var().item() == pytest.approx(gain / fan, rel=0.05)


def test_the_default_init_is_torch_s() -> None:
    spec = archspec.load("lenet")
    model = archspec.compile(spec)
    before = [parameter.clone() for parameter in model.parameters()]
    initialize(model, spec.graph, Recipe("default", {}))
    assert all(map(torch.equal, model.parameters(), before))


def test_cosine_rises_over_its_warmup_and_falls_to_zero() -> None:
    schedule = Recipe("cosine", {"warmup": 2})
    moments = [0.5, 1.0, 2.0, 6.0, 10.0]
    rates = [learning_rate(schedule, 0.1, moment, 10) for moment in moments]
    assert rates == pytest.approx([0.025, 0.05, 0.1, 0.05, 0.0])


def test_a_warmup_as_long_as_the_run_only_rises() -> None:
    schedule = Recipe("cosine", {"warmup": 3})
    assert learning_rate(schedule, 0.3, 0.9, 1) == pytest.approx(0.09)


def test_step_falls_after_every_so_many_epochs() -> None:
    schedule = Recipe("step", {"every": 3, "gamma": 0.1})
    rates = [learning_rate(schedule, 1.0, moment, 9) for moment in (0.0, 2.9, 3.0, 6.5)]
    assert rates == pytest.approx([1, 1, 0.1, 0.01])


def test_constant_stays() -> None:
    assert learning_rate(Recipe("constant", {}), 0.3, 5.0, 9) == 0.3


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("sgd", torch.optim.SGD),
        ("adam", torch.optim.Adam),
        ("adamw", torch.optim.AdamW),
    ],
)
def test_an_optimizer_has_the_arguments_of_its_recipe(name: str, kind: type) -> None:
    recipe = Recipe(name, {"lr": 0.3, "weight_decay": 0.2})
    optimizer = make_optimizer(nn.Linear(2, 2).parameters(), recipe)
    assert isinstance(optimizer, kind)
    assert optimizer.defaults["weight_decay"] == 0.2


def test_an_optimizer_that_torch_refuses_is_one_sentence() -> None:
    recipe = Recipe("sgd", {"lr": 0.1, "momentum": 0.0, "nesterov": True})
    with pytest.raises(
        TrainingError, match="cannot make the optimizer `sgd`: Nesterov"
    ):
        make_optimizer(nn.Linear(2, 2).parameters(), recipe)


def test_a_network_without_parameters_cannot_be_trained() -> None:
    with pytest.raises(TrainingError, match="no parameters to train"):
        check_trainable(nn.Flatten())


def cross_entropy(**arguments: float) -> Loss:
    """The loss with some of its arguments."""
    defaults = {"label_smoothing": 0.0, "aux": 0.3}
    return make_loss(Recipe("cross_entropy", defaults | arguments))


def test_label_smoothing_reaches_the_loss() -> None:
    logits, labels = torch.tensor([[4.0, 0.0]]), torch.tensor([0])
    plain = cross_entropy()(logits, [], labels)
    smooth = cross_entropy(label_smoothing=0.5)(logits, [], labels)
    assert smooth - plain == pytest.approx(1.0)


def test_the_loss_is_a_sum_over_images_and_over_weighted_outputs() -> None:
    logits, labels = torch.randn(3, 5, 4).unbind(), torch.tensor([0, 3, 1, 1, 2])
    main, *aux = (nn.CrossEntropyLoss()(each, labels) * 5 for each in logits)
    loss = cross_entropy(aux=0.25)(logits[0], logits[1:], labels)
    assert loss == pytest.approx((main + 0.25 * sum(aux)).item())
