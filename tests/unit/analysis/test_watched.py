import gc
import threading
import time

import numpy as np
import pytest

from innerview.analysis.layouts import watched as module
from innerview.analysis.layouts.watched import Picture, Stopped, watched
from innerview.jobs.progress import finish


def counting(limit=None):
    """A computation that counts its reports in its one point, and the number so far."""
    so_far = [0]

    def work(watch):
        points = np.zeros((1, 2))
        while limit is None or so_far[0] < limit:
            points[0, 0] += 1
            so_far[0] += 1
            watch.report(points, so_far[0])
        return points

    return work, so_far


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "innerview embedding"]


def test_the_result_is_what_the_computation_returns():
    work, _ = counting(1000)
    assert finish(watched(work, 1000)).tolist() == [[1000, 0]]
    assert threads() == []


def test_pictures_are_copies_in_the_order_of_the_iterations(monkeypatch):
    monkeypatch.setattr(module, "_BETWEEN_PICTURES", 0.0)
    work, so_far = counting()
    generator = watched(work, 10**9)
    pictures = []
    while len(pictures) < 5:
        picture = next(generator)
        if picture is not None:
            pictures.append(picture)
    generator.close()
    assert all(isinstance(picture, Picture) and picture.points.dtype == np.float32 for picture in pictures)
    seen = [picture.iteration for picture in pictures]
    assert seen == sorted(set(seen))
    # Though the computation went on, each still shows the points of its own iteration.
    assert [picture.points[0, 0] for picture in pictures] == seen
    assert {picture.iterations for picture in pictures} == {10**9}
    assert so_far[0] >= seen[-1]


def test_none_is_yielded_while_there_is_no_picture():
    started = threading.Event()
    go_on = threading.Event()

    def work(watch):
        started.set()
        go_on.wait()
        return np.ones((1, 2))

    generator = watched(work, 1)
    assert [next(generator) for _ in range(3)] == [None] * 3
    assert started.is_set()
    go_on.set()
    assert finish(generator).tolist() == [[1, 1]]


def test_pictures_keep_their_distance(monkeypatch):
    monkeypatch.setattr(module, "_BETWEEN_PICTURES", 1e9)
    work, _ = counting(1000)
    pictures = [picture for picture in watched(work, 1000) if picture is not None]
    assert [picture.iteration for picture in pictures] in ([1], [])  # the second is due in thirty years


def test_closing_ends_the_computation_and_its_thread():
    ended = []

    def work(watch):
        try:
            while True:
                watch.report(np.zeros((1, 2)), 1)
        except Stopped:
            ended.append(True)
            raise

    generator = watched(work, 1)
    next(generator)
    assert len(threads()) == 1
    generator.close()  # would wait for ever if the computation went on
    assert ended == [True]
    assert threads() == []


def test_a_generator_that_is_thrown_away_ends_the_computation():
    work, _ = counting()
    generator = watched(work, 1)
    next(generator)
    del generator
    gc.collect()
    assert threads() == []


def test_one_that_was_never_advanced_starts_nothing():
    work, so_far = counting()
    generator = watched(work, 1)
    generator.close()
    assert so_far == [0]
    assert threads() == []


def test_an_error_of_the_computation_is_raised_by_the_generator():
    def work(watch):
        watch.check()
        raise ZeroDivisionError("by its own fault")

    with pytest.raises(ZeroDivisionError, match="by its own fault"):
        finish(watched(work, 1))
    assert threads() == []


def test_the_computation_waits_while_nobody_looks_and_goes_on_after(monkeypatch):
    monkeypatch.setattr(module, "_UNWATCHED", 0.01)
    work, so_far = counting()
    generator = watched(work, 10**9)
    next(generator)
    paused = None
    while so_far[0] != paused:  # for ever, if it went on: there are thousands of them in that time
        paused = so_far[0]
        time.sleep(0.05)
    while so_far[0] == paused:
        next(generator)
    generator.close()


def test_a_computation_that_waits_can_be_closed(monkeypatch):
    monkeypatch.setattr(module, "_UNWATCHED", 0.01)
    work, _ = counting()
    generator = watched(work, 10**9)
    next(generator)
    time.sleep(0.1)
    generator.close()
    assert threads() == []


def test_a_generator_that_is_closed_on_its_own_thread_ends_quietly():
    """As when the garbage collector happens to run there."""
    held, errors = [], []

    def work(watch):
        while not held:
            watch.check()
        try:
            held.pop().close()
        except RuntimeError as error:
            errors.append(error)
        return np.zeros((1, 2))

    generator = watched(work, 1)
    next(generator)
    held.append(generator)
    deadline = time.monotonic() + 20
    while threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threads() == errors == []
