import statistics

import numpy as np
import pytest
import torch

from innerview.analysis.statistics.channels import active_channels, contrast


def test_active_channels_agree_with_a_plain_loop():
    values = torch.randn(6, 4, 3, 5, generator=torch.Generator().manual_seed(0)).relu()
    values[:, 2] = 0
    values[:, 3] = torch.nan
    expected = [any(v > 0 for v in values[:, channel].flatten().tolist()) for channel in range(4)]
    assert active_channels(values, 0).tolist() == expected == [True, True, False, False]
    assert active_channels(values.movedim(1, 3), 2).tolist() == expected
    assert active_channels(torch.tensor([0.0, -1.0]), 0).tolist() == [False]


def test_the_contrast_is_the_standardised_mean_difference():
    values = torch.randn(40, 5, generator=torch.Generator().manual_seed(0)).to(torch.bfloat16) * 3 + 1
    selected = np.random.default_rng(0).random(40) < 0.3
    found = contrast(values, selected)
    for channel in range(5):
        mine = [float(v) for v, chosen in zip(values[:, channel], selected, strict=True) if chosen]
        others = [float(v) for v, chosen in zip(values[:, channel], selected, strict=True) if not chosen]
        assert found.selected[channel] == pytest.approx(statistics.fmean(mine))
        assert found.rest[channel] == pytest.approx(statistics.fmean(others))
        spread = ((statistics.pvariance(mine) + statistics.pvariance(others)) / 2) ** 0.5
        expected = (statistics.fmean(mine) - statistics.fmean(others)) / spread
        assert found.difference[channel] == pytest.approx(expected)


def test_the_contrast_of_channels_that_do_not_vary():
    values = torch.tensor([[1.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
    assert contrast(values, np.array([True, True, False])).difference.tolist() == [0, 1000]
