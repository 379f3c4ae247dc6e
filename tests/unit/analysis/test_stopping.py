"""Intervals by other formulas, and the stopping rule on simulated judgements."""

import itertools
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from innerview.analysis.statistics.proportions import Paired, wilson_interval
from innerview.analysis.statistics.stopping import critical, parts, samples_needed, undecided

WITHIN, TOLERATED = 0.03, 0.01


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_the_inverse_of_the_score_test(counts):
    correct, evaluated = counts
    theirs = scipy.stats.binomtest(correct, evaluated).proportion_ci(0.95, "wilson")
    assert wilson_interval(correct, evaluated) == pytest.approx(tuple(theirs), abs=1e-9)


@given(st.lists(st.sampled_from([-1, 0, 0, 0, 1]), min_size=1, max_size=300), st.floats(1, 3))
def test_the_paired_interval_is_that_of_the_mean_of_the_samples_and_two_more(changes, z):
    # Half a sample in each cell is a quarter of: four samples of weight one half, of changes 1, -1, 0 and 0.
    values, weights = np.array([*changes, 1, -1, 0, 0]), np.array([1.0] * len(changes) + [0.5] * 4)
    mean = np.average(values, weights=weights)
    spread = z * math.sqrt(np.average((values - mean) ** 2, weights=weights) / weights.sum())
    found = Paired(changes.count(1), changes.count(-1), len(changes))
    assert found.change == pytest.approx(np.mean(changes))
    assert found.interval(z) == pytest.approx((max(-1, mean - spread), min(1, mean + spread)))


def test_the_interval_of_a_total_narrows_to_what_is_known():
    one = Paired(3, 9, 100)
    assert one.interval(total=100) == pytest.approx((-0.06, -0.06))
    assert one.width() > one.width(10_000) > one.width(200) > one.width(101)
    assert one.width(10**9) == pytest.approx(one.width())
    assert one.width(200) == pytest.approx(one.width() * math.sqrt(0.5))
    assert Paired(0, 0, 0).interval() == (-1, 1)


@pytest.mark.parametrize(("lost", "gained"), [(0.0, 0.0), (0.01, 0.01), (0.03, 0.0), (0.05, 0.02), (0.3, 0.05)])
@pytest.mark.parametrize("total", [None, 400])
def test_the_paired_interval_holds_as_it_says(lost, gained, total):
    random = np.random.default_rng(0)
    true, held = gained - lost, 0
    for _ in range(2000):
        drawn = random.multinomial(total or 200, [gained, lost, 1 - gained - lost])
        if total is None:
            seen = drawn
        else:
            true = (drawn[0] - drawn[1]) / total
            seen = random.multivariate_hypergeometric(drawn, 200)
        low, high = Paired(int(seen[0]), int(seen[1]), 200).interval(total=total)
        held += low <= true <= high
    assert held / 2000 > 0.93


@given(st.integers(1, 10**7))
def test_parts_grow_by_a_half_at_most_up_to_all(total):
    found = parts(total)
    assert found[-1] == total
    assert len(found) == 1 or found[0] == 32
    assert all(low < high <= 1.5 * low for low, high in itertools.pairwise(found))


def test_the_quantile_of_one_look_is_the_normal_one_and_grows():
    totals = [33, *range(40, 10**6, 997)]
    found = [critical(total) for total in totals]
    assert found[0] == pytest.approx(scipy.stats.norm.ppf(0.975), abs=1e-3)
    assert found == sorted(found)
    # Never wider than for independent looks, Bonferroni's.
    for total, z in zip(totals, found, strict=True):
        assert z <= scipy.stats.norm.ppf(1 - 0.025 / (len(parts(total)) - 1)) + 0.01


@pytest.mark.parametrize("total", [180, 1000, 4000])
def test_looking_again_and_again_errs_no_more_often_than_said(total):
    random = np.random.default_rng(total)
    wrong = 0
    for _ in range(4000):
        values = random.permutation(random.random(total) < 0.3).astype(float)
        at = np.array(parts(total)[:-1])
        spread = values.std() * np.sqrt((1 - at / total) / at)
        away = np.abs(values.cumsum()[at - 1] / at - values.mean()) / spread
        wrong += away.max() > critical(total)
    assert wrong / 4000 < 0.06


pairs = st.integers(1, 2000).flatmap(
    lambda n: st.integers(0, n).flatmap(
        lambda lost: st.builds(Paired, st.integers(0, n - lost), st.just(lost), st.just(n))
    )
)


@given(st.lists(pairs, min_size=1, max_size=8), st.integers(2000, 9000))
def test_what_is_undecided_is_neither_narrow_nor_clear_nor_complete(found, total):
    answer = undecided(found, total, WITHIN, TOLERATED)
    for one, more in zip(found, answer, strict=True):
        low, high = one.interval(total=total)
        if more:
            assert one.samples < total
            assert high - low > WITHIN
            # One that is clearly lost by the plain interval may still be looked at with the wider one.
            assert one.interval(critical(total), total)[1] >= -TOLERATED
        elif one.samples < total and high - low > WITHIN and one.interval(1.96, total)[1] >= -TOLERATED:
            # A lower rank keeps the accuracy.
            assert any(other.samples >= one.samples and other.change >= -TOLERATED for other in found)
    # A narrower interval never takes fewer samples, and a complete evaluation is decided whatever is asked.
    narrower = undecided(found, total, WITHIN / 2, TOLERATED)
    assert all(b or not a for a, b in zip(answer, narrower, strict=True))
    assert not any(undecided([one._replace(samples=total) for one in found], total, 0.0, TOLERATED))


def raced(outcomes):
    """Judgements ``[K, N]`` of -1, 0, 1, looked at as the rule has it: how many samples each rank took."""
    total = outcomes.shape[1]
    at = [0] * len(outcomes)

    def seen(row, count):
        return Paired(int((row[:count] == 1).sum()), int((row[:count] == -1).sum()), count)

    while True:
        found = [seen(row, count) for row, count in zip(outcomes, at, strict=True)]
        open_ = [rank for rank, more in enumerate(undecided(found, total, WITHIN, TOLERATED)) if more]
        if not open_:
            return found
        least = min(at[rank] for rank in open_)
        for rank in open_:
            if at[rank] == least:
                at[rank] = next(size for size in parts(total) if size > least)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.sampled_from([150, 1000, 3000]), st.integers(2, 9))
def test_the_rule_ends_and_never_calls_a_kept_rank_lost_for_nothing(seed, total, ranks):
    random = np.random.default_rng(seed)
    losses = np.sort(random.choice([0.0, 0.005, 0.02, 0.1, 0.6], ranks))[::-1]
    outcomes = -(random.random((ranks, total)) < losses[:, None]).astype(int)
    found = raced(outcomes)
    assert all(0 < one.samples <= total for one in found)
    for one in found:
        assert one.samples == total or one.samples in parts(total)
        assert samples_needed(one, total, WITHIN) >= one.samples


def test_intervals_hold_where_the_rule_stops_and_ranks_far_below_take_few_samples():
    random = np.random.default_rng(1)
    losses = np.array([0.6, 0.3, 0.08, 0.03, 0.012, 0.004, 0.0])
    held, taken, rounds = 0, np.zeros(len(losses)), 150
    for _ in range(rounds):
        # The ranks are right and wrong on the same samples.
        outcomes = -(random.random(1000) < losses[:, None]).astype(int)
        found = raced(outcomes)
        taken += [one.samples for one in found]
        for one, row in zip(found, outcomes, strict=True):
            low, high = one.interval(total=1000)
            held += low - 1e-9 <= row.mean() <= high + 1e-9
    assert held / rounds / len(losses) > 0.93
    taken /= rounds
    assert taken[0] == 32
    assert taken[1] < 64
    assert taken[-1] <= 128
    assert taken.sum() < 0.3 * 1000 * len(losses)
