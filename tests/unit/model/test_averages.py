"""A BatchNorm without running averages is given those over some samples, for each of its calls, and for no longer."""

import pytest
import torch
from torch import nn

from innerview.model.averages import Averages
from innerview.model.capture import forward, run
from innerview.model.state import snapshot

X = torch.rand(20, 4, 3, generator=torch.Generator().manual_seed(0))


class Twice(nn.Module):
    """Calls one norm twice in a forward, at different scales."""

    def __init__(self, **options):
        super().__init__()
        torch.manual_seed(0)
        self.norm = nn.BatchNorm1d(4, track_running_stats=False, **options)
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        x = self.fc(self.norm(x).transpose(1, 2)).transpose(1, 2) * 100 + 7
        return self.norm(x)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
@pytest.mark.parametrize("affine", [True, False])
def test_each_sample_is_as_among_those_measured(dtype, affine):
    model, x = Twice(affine=affine).to(dtype), X.to(dtype)
    expected = forward(model, (x,), {})
    averages = Averages(model)
    assert averages.missing
    with averages.measured():
        assert torch.equal(forward(model, (x,), {}), expected)
    assert not averages.missing
    with averages.standing_in():
        run(model, (x,), {}, ["norm"])  # stops at the first of the calls
        for part in (x, x[:1], x[5:9]):
            places = {1: slice(0, 1), 4: slice(5, 9)}.get(len(part), slice(None))
            loose = 0.1 if dtype == torch.bfloat16 else 1e-4
            torch.testing.assert_close(forward(model, (part,), {}), expected[places], rtol=loose, atol=loose)
    assert torch.equal(forward(model, (x,), {}), expected)


def test_they_go_with_the_body_and_belong_to_no_copy():
    model = Twice()
    averages = Averages(model)
    with averages.measured():
        forward(model, (X,), {})
    with averages.standing_in():
        copy = snapshot(model)
    assert "forward" not in vars(copy.norm)
    with pytest.raises(KeyError), averages.standing_in():
        raise KeyError
    assert "forward" not in vars(model.norm)
    assert not model._forward_pre_hooks


def test_one_that_keeps_its_own_is_left_alone():
    averages = Averages(nn.Sequential(nn.BatchNorm1d(4), nn.InstanceNorm1d(4)))
    assert not averages.missing
