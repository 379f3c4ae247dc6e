"""Results as bqplot figures: what is drawn is what was measured."""

import numpy as np
import pytest
import torch
from torch import nn

import innerview as iv


def lines(figure):
    return [mark for mark in figure.marks if type(mark).__name__ == "Lines"]


def test_a_cosine_histogram_has_area_one_and_begins_where_something_is():
    images = torch.rand(60, 8, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(60) % 4
    positive = iv.cosine_histogram(images, labels).figure("conv1")
    grey, pink = lines(positive)
    assert positive.title == "conv1"
    for mark in (grey, pink):
        assert np.trapezoid(mark.y, mark.x) == pytest.approx(1.0)
    assert grey.scales["x"].min == 0
    both = iv.cosine_histogram(images - images.mean()).figure()
    assert len(lines(both)) == 1  # without labels
    assert lines(both)[0].scales["x"].min == -1


def test_accuracy_by_rank_lies_below_its_baseline(trained, digits):
    with iv.Inspector(trained, digits.test) as inspector:
        curve = inspector.accuracy_curve("features.3", ranks=[1, 4, 32])
        figure = curve.figure()
    across, band, line = lines(figure)
    assert figure.title == "features.3"
    assert set(across.y) == {curve.baseline_accuracy}
    np.testing.assert_array_equal(line.x, [1, 4, 32])
    np.testing.assert_allclose(line.y, curve.baseline_accuracy + curve.change)
    assert (band.y[0] <= line.y).all()
    assert (band.y[1] >= line.y).all()


def test_a_course_has_a_band_of_one_standard_deviation():
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
    with iv.Monitor(model, budget=None) as monitor:
        for _ in range(5):
            model(torch.randn(8, 4)).sum().backward()
            monitor.step()
    series = monitor.history.series("0")
    band, line = lines(monitor.history.figure("0"))
    np.testing.assert_allclose(line.y, series.mean)
    np.testing.assert_allclose(band.y, [series.mean - series.std, series.mean + series.std])
    with pytest.raises(iv.errors.UnknownLayerError):
        monitor.history.figure("nowhere")
