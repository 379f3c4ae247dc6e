"""Several optimizers: parts of a model with one each, or two networks that are trained by turns."""

import numpy as np
import pytest
import torch
from torch import nn

import innerview as iv
from innerview.errors import InnerviewError

STEPS = 4


class Pair(nn.Module):
    """A generator and a discriminator."""

    def __init__(self):
        super().__init__()
        self.makes, self.tells = nn.Linear(3, 8), nn.Linear(8, 1)

    def forward(self, z):
        return self.tells(self.makes(z))


def rms(values):
    return float(values.detach().square().mean().sqrt())


def trained(monitored=True, *, every=1, factor=None):
    """Turns of a GAN; the pair, the monitor, and the rms change of each weight in each step."""
    torch.manual_seed(0)
    pair = Pair()
    tells = torch.optim.AdamW(pair.tells.parameters(), 0.01)
    makes = torch.optim.SGD([{"params": pair.makes.weight, "lr": 0.1}, {"params": pair.makes.bias, "lr": 0.2}])
    monitor = iv.Monitor(pair, optimizer=[tells, makes], budget=None) if monitored else None
    changes = []
    if monitor is not None:
        monitor.__enter__()
        if factor is not None:
            monitor._scale.multiply(factor)
    for number in range(STEPS):
        before = {name: value.detach().clone() for name, value in pair.named_parameters()}
        z = torch.randn(16, 3)
        tells.zero_grad()
        (pair(z).mean() - pair.tells(torch.ones(16, 8)).mean()).backward()
        tells.step()
        if number % every == 0:
            makes.zero_grad()
            loss = -pair(z).mean()
            loss.backward()
            makes.step()
        if monitor is not None:
            monitor.step(loss=loss)
        changes.append({name: rms(value - before[name]) / rms(before[name]) for name, value in pair.named_parameters()})
    if monitor is not None:
        monitor.close()
    return pair, monitor, changes, (tells, makes)


@pytest.mark.parametrize("every", [1, 2])
def test_the_updates_of_each(every):
    _, monitor, changes, _ = trained(every=every)
    for name in changes[0]:
        stepped = [number for number in range(STEPS) if name.startswith("tells") or number % every == 0]
        weights = monitor.history.weights(name)
        assert weights.steps[np.isfinite(weights.update_ratio)].tolist() == stepped
        found = weights.update_ratio[np.isfinite(weights.update_ratio)]
        np.testing.assert_allclose(found, [changes[n][name] for n in stepped], rtol=1e-4)
        assert np.isfinite(weights.gradient_rms[np.isfinite(weights.update_ratio)]).all()
    assert monitor.error == ""


def test_the_training_is_the_same_and_nothing_stays():
    plain, monitored = trained(monitored=False)[0], trained()
    for one, other in zip(plain.parameters(), monitored[0].parameters(), strict=True):
        assert torch.equal(one, other)
    for optimizer in monitored[3]:
        assert not optimizer._optimizer_step_pre_hooks
        assert not optimizer._optimizer_step_post_hooks


def test_learning_rates_of_all_groups():
    history = trained()[1].history
    rates = {name: history.metric(name)[1][0] for name in history.metrics if name.startswith("lr")}
    assert rates == pytest.approx({"lr": 0.01, "lr/1": 0.1, "lr/2": 0.2})


def test_an_action_scales_the_rates_of_all_and_leaves_them():
    _, monitor, changes, optimizers = trained(factor=0.5)
    _, _, usual, _ = trained()
    for name, change in changes[0].items():
        assert change < 0.8 * usual[0][name]
    history = monitor.history
    assert history.metric("lr/1")[1][0] == pytest.approx(0.05)
    assert [group["lr"] for one in optimizers for group in one.param_groups] == [0.01, 0.1, 0.2]


def test_a_parameter_of_two_optimizers_and_one_of_none():
    torch.manual_seed(0)
    pair = Pair()
    one = torch.optim.SGD([pair.tells.weight, pair.makes.weight], 0.1)
    other = torch.optim.SGD([pair.tells.weight, pair.tells.bias], 0.1)
    with iv.Monitor(pair, optimizer=(one, other), budget=None) as monitor:
        for _ in range(2):
            pair(torch.randn(16, 3)).mean().backward()
            one.step()
            other.step()
            monitor.step()
    assert set(monitor.history.parameters) == {name for name, _ in pair.named_parameters()}
    assert (monitor.history.weights("makes.bias").update_ratio == 0).all()
    assert (monitor.history.weights("tells.weight").update_ratio > 0).all()


def test_given_later_and_as_given():
    pair = Pair()
    one, other = (torch.optim.SGD(part.parameters(), 0.1) for part in (pair.makes, pair.tells))
    monitor = iv.Monitor(pair)
    assert monitor.optimizer is None
    monitor.optimizer = iter([one, other])
    assert monitor.optimizer == (one, other)
    monitor.optimizer = [one]
    assert monitor.optimizer is one
    with pytest.raises(InnerviewError, match=r"belongs to the monitored Linear.*only those that train it"):
        iv.Monitor(pair.makes, optimizer=[one, other])
