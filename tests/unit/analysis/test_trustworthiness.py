"""Trustworthiness of a picture, against scikit-learn."""

import numpy as np
import pytest
from sklearn import manifold

from innerview.analysis.spaces import trustworthiness as module
from innerview.analysis.spaces.trustworthiness import measuring_trustworthiness
from innerview.errors import DataError
from innerview.jobs.progress import finish

RANDOM = np.random.default_rng(0)
VECTORS = RANDOM.standard_normal((400, 20)).astype(np.float32)
PICTURES = {
    "the first two elements": VECTORS[:, :2],
    "at random": RANDOM.standard_normal((400, 2)),
    "the same": VECTORS.copy(),
}


def trustworthiness(*given, **options):
    return finish(measuring_trustworthiness(*given, **options))


@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize("k", [1, 10, 150])
def test_as_scikit_learn(picture, k):
    points = PICTURES[picture]
    expected = manifold.trustworthiness(VECTORS.astype(np.float64), points, n_neighbors=k)
    assert trustworthiness(VECTORS, points, k) == pytest.approx(expected, abs=1e-12)
    assert trustworthiness(VECTORS + np.float32(1e3), points, k) == pytest.approx(expected, abs=1e-3)
    assert (expected == 1) == (picture == "the same")


def test_blocks_change_nothing(monkeypatch):
    points = PICTURES["at random"]
    whole = trustworthiness(VECTORS, points)
    monkeypatch.setattr(module, "_ROW_BYTES", 7 * 8 * 400)
    monkeypatch.setattr(module, "_FLOPS", 2 * 7 * 20 * 31)
    assert trustworthiness(VECTORS, points) == whole


def test_a_sample_estimates_it_without_bias():
    points = PICTURES["the first two elements"]
    whole = trustworthiness(VECTORS, points)
    estimates = [trustworthiness(VECTORS, points, sample=50, seed=seed) for seed in range(40)]
    assert len(set(estimates)) > 30
    assert np.mean(estimates) == pytest.approx(whole, abs=3 * np.std(estimates) / 40**0.5)
    assert trustworthiness(VECTORS, points, sample=50, seed=7) == estimates[7]
    assert trustworthiness(VECTORS, points, sample=400) == trustworthiness(VECTORS, points, sample=999) == whole


def test_progress_goes_up():
    done = list(measuring_trustworthiness(VECTORS, PICTURES["at random"]))
    assert done == sorted(done)
    assert all(0 <= each <= 1 for each in done)


@pytest.mark.parametrize(
    ("points", "options", "message"),
    [
        (VECTORS[:300, :2], {}, "400 vectors, but 300 points"),
        (VECTORS[:, :2], {"k": 200}, "k=200.*400 samples.*1 to 199"),
        (VECTORS[:, :2], {"k": 0}, "k=0"),
        (VECTORS[:, :2], {"sample": 0}, "sample=0"),
        (np.where(VECTORS[:, :2] > 2, np.nan, 1), {}, "points hold NaN|vectors hold NaN"),
    ],
)
def test_bad_input_is_named(points, options, message):
    with pytest.raises(DataError, match=message):
        trustworthiness(VECTORS, points, **options)
