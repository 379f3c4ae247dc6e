"""The job runner: order, cancelling, errors, and nothing left behind."""

import asyncio
import gc
import threading
import time
import weakref

import pytest

from innerview.jobs.worker import BACKGROUND, URGENT, Jobs, steps


@pytest.fixture
def jobs():
    runner = Jobs()
    yield runner
    runner.close()


def test_every_partial_result_is_delivered_in_order(jobs):
    seen = []
    jobs.submit("k", "count", lambda _: iter_of(range(5)), deliver=seen.append)
    assert jobs.join(5)
    assert seen == [0, 1, 2, 3, 4]


def test_the_newest_job_of_a_key_wins(jobs):
    started, release, seen = threading.Event(), threading.Event(), []

    def slow(_):
        started.set()
        release.wait(5)
        yield "old"
        yield "older still"

    old = jobs.submit("k", "old", slow, deliver=seen.append)
    assert started.wait(5)
    jobs.submit("k", "new", lambda _: iter_of(["new"]), deliver=seen.append)
    release.set()
    assert jobs.join(5)
    assert seen == ["new"]
    assert old.cancelled


def test_an_urgent_job_overtakes_a_background_one_between_two_steps(jobs):
    seen, first = [], threading.Event()
    release = threading.Event()

    def background(_):
        for step in range(3):
            yield f"background {step}"
            first.set()
            release.wait(5)

    jobs.submit("b", "background", background, deliver=seen.append, priority=BACKGROUND)
    assert first.wait(5)
    jobs.submit("u", "urgent", lambda _: iter_of(["urgent"]), deliver=seen.append, priority=URGENT)
    release.set()
    assert jobs.join(5)
    assert seen.index("urgent") < seen.index("background 2")


def test_an_error_is_reported_once_and_the_runner_goes_on(jobs):
    errors, seen = [], []

    def broken(_):
        yield 1
        raise ValueError("no")

    jobs.submit("a", "broken", broken, deliver=seen.append, fail=errors.append)
    jobs.submit("b", "fine", lambda _: iter_of([2]), deliver=seen.append)
    assert jobs.join(5)
    assert [str(error) for error in errors] == ["no"]
    assert sorted(seen) == [1, 2]


def test_an_error_in_the_delivery_ends_the_job_and_is_reported(jobs):
    errors = []

    def refuse(_):
        raise RuntimeError("cannot be drawn")

    jobs.submit("a", "fine", lambda _: iter_of([1, 2]), deliver=refuse, fail=errors.append)
    assert jobs.join(5)
    assert [str(error) for error in errors] == ["cannot be drawn"]


def test_a_cancelled_job_runs_its_clean_up_and_delivers_nothing_more(jobs):
    started, release, cleaned, seen = threading.Event(), threading.Event(), threading.Event(), []

    def work(_):
        try:
            while True:
                started.set()
                release.wait(5)
                yield 1
        finally:
            cleaned.set()

    job = jobs.submit("k", "endless", work, deliver=seen.append)
    assert started.wait(5)
    jobs.cancel(job.id)
    release.set()
    assert jobs.join(5)
    assert cleaned.wait(5)
    assert seen == []


def test_a_job_cancelled_between_its_steps_runs_its_clean_up_too(jobs):
    """Not only when it is collected: while another job runs it is left by the loop, and somebody may hold it."""
    begun, other, go, ended = (threading.Event() for _ in range(4))

    def work(_):
        try:
            while True:
                begun.set()
                yield
        finally:
            ended.set()

    def urgent(_):
        other.set()
        go.wait(10)
        yield

    held = jobs.submit("a", "a", work, priority=BACKGROUND)
    assert begun.wait(10)
    jobs.submit("b", "b", urgent)
    assert other.wait(10)
    jobs.cancel(held.id)
    go.set()
    assert ended.wait(10)
    assert held.steps is None


def test_closing_ends_the_thread_and_refuses_new_work():
    runner = Jobs()
    runner.submit("k", "work", lambda _: iter_of([1]))
    assert runner.join(5)
    runner.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "innerview" and thread is runner._thread]
    late = runner.submit("k", "late", lambda _: iter_of([1]))
    assert late.cancelled


def test_a_finished_job_does_not_keep_what_it_worked_on(jobs):
    class Big:
        pass

    big = Big()
    gone = weakref.ref(big)

    def work(_, big=big):
        yield big

    jobs.submit("k", "work", work)
    assert jobs.join(5)
    del work, big
    gc.collect()
    assert gone() is None


def test_listeners_hear_of_start_and_end(jobs):
    counts = []
    jobs.on_change(lambda: counts.append(len(jobs.active())))
    jobs.submit("k", "work", lambda _: iter_of([1]))
    assert jobs.join(5)
    jobs.close()
    assert counts[0] == 1
    assert counts[-1] == 0


def test_steps_cover_every_item_once_and_tell_the_fraction(jobs):
    job = jobs.submit("k", "work", lambda _: iter_of([]))
    parts = list(steps(1000, job, start=7))
    assert [item for part in parts for item in part] == list(range(7, 1000))
    assert job.fraction == 1
    assert len(parts) < 100  # steps grow while they take no time


def iter_of(values):
    yield from values


def test_a_failing_listener_or_clean_up_does_not_stop_the_work(jobs):
    seen = []

    def refuse():
        raise RuntimeError("cannot be shown")

    def untidy(job):
        try:
            yield 1
            jobs.cancel(job.id)
            yield 2
        finally:
            raise RuntimeError("cannot be tidied up")

    jobs.on_change(refuse)
    jobs.submit("a", "untidy", untidy)
    assert jobs.join(5)
    jobs.submit("b", "fine", lambda _: iter_of([3]), deliver=seen.append)
    assert jobs.join(5)
    assert seen == [3]


def test_a_listener_that_left_hears_nothing(jobs):
    seen = []

    def listener():
        seen.append(1)

    jobs.on_change(listener)
    jobs.off_change(listener)
    jobs.off_change(listener)
    jobs.submit("k", "work", lambda _: iter_of([1]))
    assert jobs.join(5)
    assert seen == []


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit, asyncio.CancelledError, MemoryError])
def test_whatever_a_job_raises_is_reported_and_the_next_job_runs(jobs, error):
    """A model may call sys.exit(), or let an interrupt through: later clicks are still answered."""
    failed, seen = [], []

    def failing(_):
        yield 1
        raise error("out of a model")

    jobs.submit("bad", "bad", failing, fail=failed.append)
    assert jobs.join(5)
    jobs.submit("good", "good", lambda _: iter_of([2]), deliver=seen.append)
    assert jobs.join(5)
    assert [type(one) for one in failed] == [error]
    assert seen == [2]


def test_a_job_that_is_held_costs_nothing_and_goes_on(jobs):
    steps_taken, others = [], []

    def counting(_):
        for number in range(1000):
            steps_taken.append(number)
            yield number

    job = jobs.submit("k", "counting", counting)
    while not steps_taken:
        time.sleep(0.001)
    jobs.hold(job.id, held=True)
    jobs.submit("other", "other", lambda _: iter_of("abc"), deliver=others.append)
    while len(others) < 3:
        time.sleep(0.001)
    held_at = len(steps_taken)
    time.sleep(0.05)
    assert len(steps_taken) == held_at < 1000
    assert not jobs.join(0.01)
    jobs.hold(job.id, held=False)
    assert jobs.join(10)
    assert steps_taken == list(range(1000))


def test_a_job_that_is_held_can_be_cancelled(jobs):
    job = jobs.submit("k", "k", lambda _: iter_of(range(10**6)))
    jobs.hold(job.id, held=True)
    jobs.cancel(job.id)
    assert jobs.join(5)
    assert job.cancelled
