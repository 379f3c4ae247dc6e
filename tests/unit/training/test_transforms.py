"""Loops that differentiate by torch.func: what can be read is recorded, and what cannot is said once."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call, grad, jacrev, vmap

import innerview as iv

X, Y = torch.randn(6, 1, 4, 4, generator=torch.Generator().manual_seed(1)), torch.arange(6) % 3


def trained(gradients, *, monitored=True, limit=None):
    """Three steps by the gradients that a function of model, loss and parameters finds; the model and its monitor."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    monitor = iv.Monitor(model, optimizer=optimizer, budget=None)
    monitor._watcher._train.turns.limit = limit

    def loss(parameters, x, y):
        return nn.functional.cross_entropy(functional_call(model, parameters, (x,)), y)

    def step():
        found = gradients(model, loss, {name: p.detach() for name, p in model.named_parameters()})
        for name, p in model.named_parameters():
            p.grad = found[name]
        optimizer.step()

    if not monitored:
        for _ in range(3):
            step()
        return model, None
    with monitor:
        for _ in range(3):
            step()
            monitor.step(loss=1.0)
    return model, monitor


def backward(model, _loss, _parameters):
    model.zero_grad()
    nn.functional.cross_entropy(model(X), Y).backward()
    return {name: p.grad for name, p in model.named_parameters()}


def by_grad(_model, loss, parameters):
    return grad(loss)(parameters, X, Y)


def by_jacrev(_model, loss, parameters):
    return jacrev(loss)(parameters, X, Y)


def per_sample(_model, loss, parameters):
    def one(parameters, x, y):
        return grad(loss)(parameters, x[None], y[None])

    return {name: each.mean(0) for name, each in vmap(one, (None, 0, 0))(parameters, X, Y).items()}


def per_sample_of_few(_model, loss, parameters):
    def one(parameters, x, y):
        return grad(loss)(parameters, x[None], y[None])

    found = vmap(one, (None, 0, 0), chunk_size=2)(parameters, X, Y)
    return {name: each.mean(0) for name, each in found.items()}


@pytest.mark.parametrize("gradients", [by_grad, by_jacrev, per_sample, per_sample_of_few])
def test_the_training_is_the_same_and_weights_are_recorded(gradients):
    plain, _ = trained(gradients, monitored=False)
    model, monitor = trained(gradients)
    for one, other in zip(plain.parameters(), model.parameters(), strict=True):
        assert torch.equal(one, other)
    assert monitor.error == ""
    usual = trained(backward)[1].history.weights("1.weight")
    np.testing.assert_allclose(monitor.history.weights("1.weight").update_ratio, usual.update_ratio, rtol=1e-3)
    assert monitor.history.step == 3


@pytest.mark.parametrize("limit", [None, 30])
@pytest.mark.parametrize("gradients", [by_grad, by_jacrev])
def test_layers_are_those_of_an_ordinary_loop(gradients, limit):
    _, usual = trained(backward, limit=limit)
    _, monitor = trained(gradients, limit=limit)
    for layer in usual.history.layers:
        one, other = usual.history.series(layer), monitor.history.series(layer)
        np.testing.assert_array_equal(one.count, other.count)
        np.testing.assert_allclose(one.mean, other.mean, rtol=1e-3, atol=1e-6)
        if gradients is by_grad:
            np.testing.assert_allclose(one.gradient_std, other.gradient_std, rtol=1e-3)


@pytest.mark.parametrize("gradients", [per_sample, per_sample_of_few])
def test_what_vmap_hides_is_said_once(gradients):
    _, monitor = trained(gradients)
    assert [event.kind for event in monitor.history.events] == ["note"]
    assert "vmap" in monitor.history.events[0].text
    assert monitor.history.layers == ()
