"""Courses over the steps of a run: sent piece by piece, thinned where they are long."""

import numpy as np
import pytest

from innerview.analysis.statistics.accumulators import BINS, EDGES
from innerview.panels.event_marks import EventMark, marks_of
from innerview.panels.tracks import Sent, Track, thinned
from innerview.panels.value_codes import codes, filled, value_ticks
from innerview.training.record import Event
from innerview.training.series import gaps, interval

# Each 12th step, with a rest from 60 to 180.
STEPS = np.array([*range(0, 61, 12), *range(180, 241, 12)])
SPANS = np.ones(len(STEPS), int)


def track(count, *, spans=None, histogram=None):
    steps = np.arange(count)
    values = np.sin(steps / 500)
    return Track(steps, np.ones(count, int) if spans is None else spans, {"mean": values}, histogram)


def test_only_what_is_new_is_sent():
    sent = Sent()
    (header,), gone, arrays = sent.changes({"a": track(5)})
    assert (header["name"], header["from"], gone) == ("a", 0, [])
    assert arrays["0.steps"].tolist() == [0, 1, 2, 3, 4]
    assert sent.changes({"a": track(5)}) == ([], [], {})
    (header,), _, arrays = sent.changes({"a": track(7)})
    assert (header["from"], arrays["0.steps"].tolist()) == (5, [5, 6])
    np.testing.assert_allclose(arrays["0.numbers"][0], np.sin(np.array([5, 6]) / 500), rtol=1e-6)
    # The last record stands for more steps now; old ones were merged; the run is another one.
    longer = track(7, spans=np.array([1, 1, 1, 1, 1, 1, 3]))
    assert sent.changes({"a": longer})[0][0]["from"] == 6
    merged = Track(np.array([0, 2, 4]), np.array([2, 2, 3]), {"mean": np.zeros(3)})
    (header,), _, arrays = sent.changes({"a": merged})
    assert (header["from"], len(arrays["0.steps"])) == (0, 3)
    assert sent.changes({"a": Track(*(values[:2] for values in merged[:2]), {"mean": np.zeros(2)})})[0][0]["from"] == 2
    assert sent.changes({}) == ([], ["a"], {})


def test_long_ones_are_thinned_to_means_over_all_the_same_steps():
    count = 10_000
    whole = track(count, histogram=np.ones((count, BINS), np.float32))
    whole.numbers["mean"][-2000:] = np.nan
    few = thinned(whole)
    assert 512 < len(few.steps) <= 1024
    each = few.steps[1] - few.steps[0]
    assert each == 16
    np.testing.assert_allclose(few.numbers["mean"][:5], whole.numbers["mean"][: 5 * 16].reshape(5, 16).mean(1))
    assert np.isnan(few.numbers["mean"][-1])
    assert few.spans.sum() == count
    assert (few.histogram[0] == 16).all()
    # One more record changes the last of them only.
    sent = Sent()
    sent.changes({"a": whole})
    (header,), _, _ = sent.changes({"a": track(count + 1)})
    assert header["from"] == len(few.steps)


def test_gaps_are_longer_than_a_few_usual_intervals():
    assert interval(STEPS, SPANS) == 12
    assert np.flatnonzero(gaps(STEPS, SPANS)).tolist() == [6]
    assert not gaps(np.arange(50), np.ones(50, int)).any()
    # Old records are merged: what they stand for is no gap.
    assert not gaps(np.array([0, 64, 96, 97, 98]), np.array([64, 32, 1, 1, 1])).any()
    assert gaps(STEPS[:1], SPANS[:1]).tolist() == [False]
    assert gaps(STEPS[:0], SPANS[:0]).tolist() == []
    (header,), _, _ = Sent().changes({"a": Track(STEPS, SPANS, {"mean": np.ones(len(STEPS))})})
    assert (header["anew"], header["interval"]) == ([6], 12)


def test_codes_are_shares_on_a_logarithmic_scale():
    counts = np.zeros((3, BINS), np.float32)
    counts[0, 80] = 10
    counts[1, [80, 90]] = 500  # merged: more values, the same shares as of one
    made = codes(counts)
    assert (made[0, 80], made[2].any()) == (255, False)
    expected = 1 + round(254 * np.log1p(1e4 * 0.5) / np.log1p(1e4))
    assert made[1, [80, 90]].tolist() == [expected, expected]
    assert filled(counts) == (79, 92)
    assert filled(counts[2:]) is None


def test_only_the_bins_with_something_in_them_cross():
    counts = np.zeros((2, BINS), np.float32)
    counts[0, 70], counts[1, 90] = 5, 5
    sent = Sent()
    (header,), _, arrays = sent.changes({"a": track(2, histogram=counts)})
    assert (header["bins"], header["shown"], arrays["0.codes"].shape) == ([69, 92], [69, 92], (2, 23))
    more = np.concatenate([counts, counts[1:]])
    (header,), _, arrays = sent.changes({"a": track(3, histogram=more)})
    assert (header["bins"], arrays["0.codes"].tolist()) == ([89, 92], [[0, 255, 0]])
    assert "shown" not in header  # as before
    wider = np.concatenate([more, counts[:1]])
    wider[3, 100] = 1
    (header,), _, _ = sent.changes({"a": track(4, histogram=wider)})
    assert header["shown"] == [69, 102]


def test_value_ticks_are_where_the_values_are():
    ticks = value_ticks(0, BINS)
    assert ticks["0"] == BINS / 2
    for text, at in ticks.items():
        value = float(text.replace("\u2212", "-"))
        if value:
            low, high = EDGES[int(at)], EDGES[int(at) + 1]
            assert low <= value <= high
    assert 3 <= len(ticks) <= 7


@pytest.mark.parametrize("epochs", [3, 100])
def test_of_too_many_marks_the_epochs_go_first(epochs):
    events = [Event(10 * n, "epoch", f"epoch {n}") for n in range(epochs)] + [Event(5, "pause", "recording rests")]
    marks = marks_of(events, ())
    assert EventMark(5, "pause", "paused") in marks
    assert (EventMark(0, "epoch", "") in marks) == (epochs == 3)
    assert marks == sorted(marks, key=lambda mark: mark.step)
    assert len(marks) <= 60
