"""The budget, on a clock of its own: the share of time that is spent never stays above it."""

import threading

import pytest

from innerview.training.budget import Budget, DeviceClock, Share


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_share_of_it():
    clock = Clock()
    budget = Budget(0.1, clock)
    share = Share(budget, 0.25)
    budget.start()
    done = 0
    for _ in range(2000):
        clock.now += 1
        if share.allows():
            done += 1
            with budget.spending(share):
                clock.now += 0.25
            share.done()
    assert budget.overhead == pytest.approx(0.025, rel=0.1)
    assert done == pytest.approx(2000 * 0.1 * 0.25 / 0.25, rel=0.1)


@pytest.mark.parametrize(("fraction", "allowed"), [(None, True), (1, True), (0, False)])
def test_no_limit_and_nothing(fraction, allowed):
    clock = Clock()
    budget = Budget(fraction, clock)
    share = Share(budget, 0.5)
    budget.start()
    with budget.spending(share):
        clock.now += 5
    assert share.allows() == allowed


def test_setting_up_is_told_apart():
    clock = Clock()
    budget = Budget(0.02, clock)
    budget.start()
    budget.setting_up = True
    with budget.spending():
        clock.now += 3
    budget.setting_up = False
    clock.now += 10
    with budget.spending():
        clock.now += 0.1
    assert (budget.setup, budget.cost) == (3, pytest.approx(0.1))
    assert budget.overhead == pytest.approx(0.1 / 10)


def test_rests_do_not_count():
    clock = Clock()
    budget = Budget(0.02, clock)
    assert budget.overhead is None
    budget.start()
    clock.now += 10
    budget.stop()
    clock.now += 1000
    budget.start()
    clock.now += 5
    with budget.spending(), budget.spending():
        clock.now += 3
    assert (budget.running, budget.training, budget.cost) == (18, 15, 3)
    assert budget.overhead == 3 / 15


def test_what_other_threads_took_is_counted():
    clock = Clock()
    budget = Budget(0.02, clock)
    budget.start()
    clock.now += 100
    threads = [threading.Thread(target=lambda: [budget.charge(0.001) for _ in range(500)]) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert budget.cost == 0
    with budget.spending():
        clock.now += 1.5
    assert budget.cost == pytest.approx(1.5 + 1)


def test_what_is_charged_when_training_ends_is_part_of_its_cost():
    clock = Clock()
    budget = Budget(0.02, clock)
    budget.start()
    clock.now += 100
    budget.charge(20.0)
    budget.stop()
    assert budget.overhead == pytest.approx(20 / 80)


@pytest.mark.parametrize("fraction", [-0.1, 2, float("nan")])
def test_no_fraction(fraction):
    with pytest.raises(ValueError, match="a fraction of the training time"):
        Budget(fraction)


def test_a_device_has_a_clock_of_its_own():
    now = [0.0]

    class Event:
        """As torch.cuda.Event: milliseconds, readable once the device came to it."""

        def record(self):
            self.at = now[0]

        def synchronize(self):
            self.read = True

        def elapsed_time(self, other):
            return other.at - self.at

    clock = DeviceClock(Event)
    assert clock.extra() == 0
    for number in range(11):
        now[0] += 1000 if number % 5 else 1300
        clock.mark(recorded=number % 5 == 0)
    # The first mark is only a start; two more recorded steps took 0.3 s longer than the plain ones.
    assert clock.extra() == pytest.approx(0.6)
    assert clock.extra() == 0
    now[0] += 1100
    clock.mark(recorded=True)
    assert clock.extra() == pytest.approx(0.1)
