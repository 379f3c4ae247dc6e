import threading
import time

import numpy as np
import openTSNE
import pytest
from openTSNE.nearest_neighbors import PrecomputedNeighbors
from sklearn.manifold import TSNE, trustworthiness

from innerview.analysis.layouts import tsne as module
from innerview.analysis.layouts import watched
from innerview.analysis.layouts.tsne import Phase, tsne
from innerview.analysis.spaces.neighbours import Neighbours, finding_neighbours
from innerview.errors import DataError
from innerview.jobs.progress import finish

SHORT = (Phase(20, 12.0, 0.8), Phase(20, 1.0, 0.8))


def clusters(n=150, size=8, seed=0):
    """Five Gaussian clusters: vectors and which each is of."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % 5
    return (random.normal(size=(5, size)) * 4)[labels] + random.normal(size=(n, size)), labels


@pytest.fixture(scope="module")
def vectors():
    return clusters()[0].astype(np.float32)


@pytest.fixture(scope="module")
def neighbours(vectors):
    return finish(finding_neighbours(vectors, 30))


def affinities_of(neighbours):
    return finish(watched.watched(lambda watch: module._affinities(neighbours, 10, watch), 1))


def test_it_keeps_neighbourhoods_as_well_as_scikit_learn(vectors, neighbours):
    points = finish(tsne(neighbours, perplexity=10))
    assert points.shape == (150, 2)
    assert points.dtype == np.float32
    theirs = TSNE(perplexity=10, init="pca", random_state=0).fit_transform(vectors)
    ours, scikit = (trustworthiness(vectors, each, n_neighbors=10) for each in (points, theirs))
    assert scikit > 0.85
    assert ours > scikit - 0.01


def test_affinities_are_those_of_opentsne(neighbours, monkeypatch):
    monkeypatch.setattr(module, "_ROWS", 40)  # in four parts
    theirs = openTSNE.affinity.PerplexityBasedNN(knn_index=PrecomputedNeighbors(*neighbours), perplexity=10).P
    ours = affinities_of(neighbours).P
    np.testing.assert_allclose(ours.toarray(), theirs.toarray(), rtol=1e-12)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_watching_changes_nothing_of_what_opentsne_does(neighbours, dimensions):
    points = finish(tsne(neighbours, perplexity=10, dimensions=dimensions, schedule=SHORT, seed=5))
    affinities = affinities_of(neighbours)
    origin = module._origin(None, 150, dimensions, 5)
    plain = openTSNE.TSNEEmbedding(origin, affinities, negative_gradient_method="bh")
    for phase in SHORT:
        plain = plain.optimize(phase.iterations, exaggeration=phase.exaggeration, momentum=phase.momentum)
    np.testing.assert_array_equal(points, np.asarray(plain, dtype=np.float32))


def test_the_plane_goes_by_interpolation_when_there_are_many(neighbours, monkeypatch):
    used = []
    original = openTSNE.tsne.kl_divergence_fft
    monkeypatch.setattr(openTSNE.tsne, "kl_divergence_fft", lambda *a, **k: used.append(True) or original(*a, **k))
    n = 10_000
    ring = Neighbours((np.arange(n)[:, None] + [1, 2, 3]) % n, np.ones((n, 3), np.float32))
    points = finish(tsne(ring, perplexity=1, schedule=[Phase(2, 1.0, 0.8)]))
    assert used
    assert np.isfinite(points).all()


def test_a_seed_gives_the_same_points_and_another_seed_others(neighbours):
    first, again, other = (finish(tsne(neighbours, perplexity=10, seed=seed, schedule=SHORT)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_pause_changes_nothing(neighbours, monkeypatch):
    straight = finish(tsne(neighbours, perplexity=10, schedule=SHORT))
    monkeypatch.setattr(watched, "_UNWATCHED", 0.0)  # every report waits for the next look
    monkeypatch.setattr(watched, "_BETWEEN_PICTURES", 0.0)
    steps = tsne(neighbours, perplexity=10, schedule=SHORT)
    seen = []
    while True:
        try:
            picture = next(steps)
        except StopIteration as end:
            result = end.value
            break
        if picture is not None:
            seen.append(picture)
        time.sleep(0.001)
    np.testing.assert_array_equal(result, straight)
    assert len(seen) > 1  # how many, is a matter of the machine
    assert [picture.iteration for picture in seen] == sorted({picture.iteration for picture in seen})
    assert {picture.iterations for picture in seen} == {40}
    assert all(0 <= picture.iteration < 40 and picture.points.shape == (150, 2) for picture in seen)


def test_closing_stops_the_descent(neighbours):
    endless = tsne(neighbours, perplexity=10, schedule=[Phase(10**9, 1.0, 0.8)])
    while next(endless) is None:  # until the descent is under way
        pass
    endless.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "innerview embedding"]


def test_only_the_shape_of_the_start_matters(vectors, neighbours):
    start = vectors[:, :2]
    points, enlarged = (
        finish(tsne(neighbours, perplexity=10, schedule=SHORT, start=each)) for each in (start, start * 1024)
    )
    np.testing.assert_array_equal(points, enlarged)


def test_the_arrangement_of_the_start_is_kept(neighbours):
    start = finish(tsne(neighbours, perplexity=10))
    for mirror in ([1, 1], [-1, 1], [1, -1]):
        again = finish(tsne(neighbours, perplexity=10, start=start * mirror))
        for axis in range(2):
            assert np.corrcoef(start[:, axis] * mirror[axis], again[:, axis])[0, 1] > 0.5


def test_too_few_samples_or_neighbours_are_refused_with_what_would_work(neighbours):
    with pytest.raises(DataError, match=r"perplexity=50 of 150 samples; choose one from 1 to 49\.6:"):
        finish(tsne(neighbours, perplexity=50))
    with pytest.raises(DataError, match=r"needs 60 neighbours of each sample, but 30 are given.*up to 10"):
        finish(tsne(neighbours, perplexity=20))
    with pytest.raises(DataError, match=r"perplexity=nan"):
        finish(tsne(neighbours, perplexity=float("nan")))
    three = finish(finding_neighbours(np.eye(3), 2))
    with pytest.raises(DataError, match="3 samples; it needs 4"):
        finish(tsne(three, perplexity=1))


def test_positions_that_do_not_fit_are_refused(neighbours):
    with pytest.raises(DataError, match=r"\[150, 3\].*\[150, 2\]"):
        finish(tsne(neighbours, perplexity=10, start=np.zeros((150, 3))))
    with pytest.raises(DataError, match="not finite"):
        finish(tsne(neighbours, perplexity=10, start=np.full((150, 2), np.inf)))
    with pytest.raises(DataError, match="dimensions=4"):
        finish(tsne(neighbours, perplexity=10, dimensions=4))


@pytest.mark.parametrize("count", [4, 5, 12])
def test_a_few_samples_are_enough(count):
    few = finish(finding_neighbours(np.random.default_rng(0).normal(size=(count, 3)), count - 1))
    points = finish(tsne(few, perplexity=(count - 1) / 3))
    assert np.isfinite(points).all()
    assert len(np.unique(points, axis=0)) == count


@pytest.mark.parametrize("start", [None, np.ones((60, 2))])
def test_samples_that_are_all_the_same_end_somewhere(start):
    same = finish(finding_neighbours(np.ones((60, 4)), 15))
    points = finish(tsne(same, perplexity=5, start=start))
    assert np.isfinite(points).all()


def test_duplicates_stay_together():
    vectors = np.repeat(clusters(40)[0], 3, axis=0)
    found = finish(finding_neighbours(vectors, 30))
    points = finish(tsne(found, perplexity=10, start=vectors[:, :2])).reshape(40, 3, 2)
    assert np.isfinite(points).all()
    apart = np.linalg.norm(points - points.mean(1, keepdims=True), axis=2).mean()
    assert apart < 0.1 * points.std()
