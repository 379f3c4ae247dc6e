"""The monitor records what the layers did, and leaves the training as it would have been without it."""

import numpy as np
import torch
from torch import nn

import innerview as iv


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 10))


def train(model, steps=5, monitor=None):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    generator = torch.Generator().manual_seed(1)
    for _ in range(steps):
        x = torch.randn(8, 1, 8, 8, generator=generator)
        loss = model(x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if monitor is not None:
            monitor.step(loss=loss)


def test_a_plain_loop():
    model = net()
    called = []
    with iv.Monitor(model) as monitor:
        monitor.listen(lambda: called.append(monitor.history.copy().step))
        train(model, 5, monitor)
    history = monitor.history
    assert history.layers == ("0", "1", "2", "3")
    assert history.step == 5
    assert called[-1] == 5
    relu = history.series("1")
    assert relu.kind == "ReLU"
    np.testing.assert_array_equal(relu.steps, range(5))
    assert (relu.low == 0).all()
    assert relu.channel_high.shape == (5, 4)
    assert (history.series("0").gradient_std > 0).all()
    steps, values = history.metric("loss")
    assert len(steps) == len(values) == 5
    assert history.series("0", "eval").steps.shape == (0,)
    assert not model._forward_hooks
