"""What happened during a run, on its charts: which lines, and which words where."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.training.diagnosis import KINDS
from innerview.training.diagnosis.finding import NAMES, Finding
from innerview.training.record import Event
from innerview.widgets.event_marks import EventMark, marks_of, place
from innerview.widgets.line_marks import Line
from innerview.widgets.live_charts import LiveChart
from innerview.widgets.time_axis import TimeAxis

PLOT = 190  # pixels: the narrowest plot
KIND_OF = {"error": "error", "action": "action", "dead units": "finding", "note": "note"}


def finding(kind, since):
    return Finding("fc1", kind, "", "", "", since + 50, since, 2)


def test_every_kind_of_finding_has_a_name_for_people():
    assert set(NAMES) == set(KINDS)
    assert not [name for name in NAMES.values() if "_" in name]
    assert finding("batch_norm", 0).name == "batch norm dies"


def test_events_and_findings_are_marked_in_order_and_of_too_many_the_epochs_go():
    events = [
        Event(10, "epoch", "epoch 1 ended"),
        Event(30, "action", "learning rate times 0.5"),
        Event(40, "pause", ""),
    ]
    assert marks_of(events, [finding("learning_rate", 25)]) == [
        EventMark(10, "epoch", ""),
        EventMark(25, "finding", "learning rate"),
        EventMark(30, "action", "action"),
        EventMark(40, "pause", "paused"),
    ]
    epochs = [Event(step, "epoch", "") for step in range(100)]
    assert marks_of([*epochs, events[1]], []) == [EventMark(30, "action", "action")]
    many = marks_of([Event(step, "note", "") for step in range(100)], [])
    assert [mark.step for mark in many] == list(range(40, 100))


def test_words_stand_where_it_happened_and_what_repeats_is_counted():
    marks = [EventMark(step, "action", "action") for step in (100, 110, 120, 600)]
    assert place(marks, 0, 1000) == [(100, 0, "action ×3", False), (600, 0, "action", False)]
    # Closer to see, there is room for each.
    assert [word.text for word in place(marks, 99, 121)] == ["action"] * 3
    assert place(marks, 200, 500) == []
    # At the right end it ends at its line.
    assert place([EventMark(1000, "undo", "undo")], 0, 1000) == [(1000, 0, "undo", True)]


def test_of_too_many_words_the_most_telling_are_kept():
    marks = [
        EventMark(500, "note", "note"),
        EventMark(500, "finding", "learning rate"),
        EventMark(500, "action", "action"),
        EventMark(500, "error", "error"),
        EventMark(500, "undo", "undo"),
    ]
    assert {(word.text, word.row) for word in place(marks, 0, 1000)} == {
        ("error", 0),
        ("action", 1),
        ("learning rate", 2),
        ("undo", 3),
    }


@given(st.lists(st.tuples(st.integers(0, 1000), st.sampled_from(list(KIND_OF))), max_size=40))
def test_no_two_words_overlap(found):
    marks = [EventMark(step, KIND_OF[word], word) for step, word in sorted(found)]
    words = place(marks, 0, 1000)
    assert bool(words) == bool(marks)
    for row in range(4):
        widths = [(word, 5 * len(word.text) * 1000 / PLOT) for word in words if word.row == row]
        spans = sorted((word.step - width * word.ends, word.step + width * (not word.ends)) for word, width in widths)
        assert all(end < begin for (_, end), (begin, _) in pairwise(spans))
        assert all(end <= 1000 + 15 * 1000 / PLOT for _, end in spans)  # the margin is 16 pixels wide
    assert {word.row for word in words} <= {0, 1, 2, 3}


@pytest.fixture
def time():
    time = TimeAxis(lambda _: None)
    time.show(1000)
    yield time
    time.close()


def test_they_are_drawn_and_follow_the_zoom(time):
    chart = LiveChart(time, "loss")
    lines, words, last_words = chart._events.marks
    line = Line(np.arange(1001), np.ones(1001), "red")
    top = chart.figure.fig_margin["top"]
    chart.show([line])
    assert (lines.visible, words.visible) == (False, False)
    marks = [EventMark(100, "epoch", ""), EventMark(100, "error", "error"), EventMark(110, "undo", "undo")]
    chart.show([line], events=marks)
    np.testing.assert_array_equal(lines.x, [[100, 100], [100, 100], [110, 110]])
    assert len(set(lines.colors)) == 3
    assert list(words.text) == ["error", "undo"]
    assert (words.visible, list(words.x)) == (True, [100, 110])
    # Where they stand, the plot makes room: its height and the two rows are what there was before.
    margin = chart.figure.fig_margin
    row = margin["top"] - top
    height = int(chart.figure.layout.height[:-2]) - margin["top"] - margin["bottom"]
    np.testing.assert_allclose(words.y, [1, 1 + row / 2 / height])
    assert not last_words.visible
    time.zoom((105, 110))
    chart.show([line], events=marks)
    assert (words.visible, last_words.visible, np.ravel(last_words.text).tolist()) == (False, True, ["undo"])
    time.zoom((105, 300))
    chart.show([line], events=marks)
    assert np.ravel(words.text).tolist() == ["undo"]
    assert chart.figure.fig_margin["top"] == top + row / 2
    chart.show([line])
    assert (lines.visible, words.visible) == (False, False)
    assert chart.figure.fig_margin["top"] == top
    chart.close()
