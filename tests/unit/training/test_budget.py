"""The budget, on a clock of its own: the share of time that is spent never stays above it."""

import threading

import pytest

from innerview.training.budget import Budget, DeviceClock, Share


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def simulate(fraction, steps, *, step=1.0, cost=0.25, share=1.0):
    """Train so many steps, recording whenever it is allowed; how many were, and in which steps."""
    clock = Clock()
    budget = Budget(fraction, clock)
    part = Share(budget, share)
    budget.start()
    recorded = []
    for number in range(steps):
        clock.now += step
        if part.allows():
            recorded.append(number)
            for _ in range(2):
                with budget.spending(part):
                    clock.now += cost / 2
            part.done()
    return budget, recorded


@pytest.mark.parametrize(("fraction", "cost"), [(0.02, 0.25), (0.02, 5), (0.1, 0.01), (0.3, 0.25)])
def test_it_is_kept_and_used(fraction, cost):
    budget, recorded = simulate(fraction, 5000, cost=cost)
    assert recorded[:4] == [0, 1, 2, 3]
    assert budget.overhead <= fraction
    assert budget.overhead >= 0.9 * min(fraction, cost)
    assert budget.cost == pytest.approx(len(recorded) * cost)
    assert budget.training == pytest.approx(5000)


def test_no_limit_and_nothing():
    assert len(simulate(None, 50)[1]) == len(simulate(1, 50)[1]) == 50
    assert simulate(0, 50)[1] == []


def test_a_share_of_it():
    budget, recorded = simulate(0.1, 2000, share=0.25)
    assert budget.overhead == pytest.approx(0.025, rel=0.1)
    assert len(recorded) == pytest.approx(2000 * 0.1 * 0.25 / 0.25, rel=0.1)


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
    share = Share(budget)
    for _ in range(4):
        share.done()  # what is free
    assert budget.cost == 0
    assert share.allows()
    with budget.spending():
        clock.now += 1.5
    assert budget.cost == pytest.approx(1.5 + 1)
    assert not share.allows()


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
