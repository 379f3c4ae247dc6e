"""Where nothing was recorded nothing is drawn."""

import io

import numpy as np
from PIL import Image

from innerview.analysis.statistics.accumulators import BINS
from innerview.training.series import gaps, interval
from innerview.widgets.histogram_picture import COLUMNS, histogram_picture
from innerview.widgets.line_marks import Line, Ordinate
from innerview.widgets.monitor_charts import MonitorCharts
from innerview.widgets.time_axis import TimeAxis

# Each 12th step, with a rest from 60 to 180.
STEPS = np.array([*range(0, 61, 12), *range(180, 241, 12)])
SPANS = np.ones(len(STEPS), int)


def test_gaps_are_longer_than_a_few_usual_intervals():
    assert interval(STEPS, SPANS) == 12
    assert np.flatnonzero(gaps(STEPS, SPANS)).tolist() == [6]
    assert not gaps(np.arange(50), np.ones(50, int)).any()
    # Old records are merged: what they stand for is no gap.
    assert not gaps(np.array([0, 64, 96, 97, 98]), np.array([64, 32, 1, 1, 1])).any()
    assert gaps(STEPS[:1], SPANS[:1]).tolist() == [False]
    assert gaps(STEPS[:0], SPANS[:0]).tolist() == []


def test_lines_break():
    ordinate = Ordinate(TimeAxis(lambda _: None), logarithmic=False)
    ordinate.show([Line(STEPS, np.ones(len(STEPS)), "red", gaps(STEPS, SPANS))], (), ())
    drawn = ordinate.marks[-1]
    assert np.flatnonzero(np.isnan(drawn.y)).tolist() == [6]
    assert len(drawn.y) == len(STEPS) + 1
    many = np.arange(2000)
    ordinate.show([Line(many, np.ones(2000), "red", many == 1000)], (), ())
    assert np.isnan(ordinate.marks[-1].y).sum() == 1


def test_columns_are_blank():
    counts = np.zeros((len(STEPS), BINS), np.float32)
    counts[:, 80:90] = 5
    picture = histogram_picture(STEPS, SPANS, counts)
    pixels = np.asarray(Image.open(io.BytesIO(picture.png)))
    moments = (np.arange(COLUMNS) + 0.5) * (STEPS[-1] + 1) / COLUMNS
    blank = ~pixels.any(axis=0)
    np.testing.assert_array_equal(blank, (moments >= 60 + 12) & (moments < 180))


def test_ticks_of_a_fraction_have_the_digits_that_tell_them_apart():
    charts = MonitorCharts(lambda _: None)
    formats = [axis.tick_format for axis in charts.near.figure.axes]
    assert ".6~%" in formats  # d3: up to six digits, without zeros at the end
    charts.close()
