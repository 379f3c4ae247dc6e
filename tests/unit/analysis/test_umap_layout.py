import threading
import time

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.manifold import trustworthiness

from innerview.analysis.layouts import umap_layout as module
from innerview.analysis.layouts import watched
from innerview.analysis.layouts.start import spectral_start
from innerview.analysis.layouts.umap_layout import umap_layout, warm_up
from innerview.analysis.spaces.neighbours import Neighbours, finding_neighbours
from innerview.errors import DataError
from innerview.jobs.progress import finish

module._compiled()  # imports umap-learn, which warns (see there)
import umap.layouts  # noqa: E402 - after that
import umap.umap_  # noqa: E402 - likewise


def clusters(n=150, size=8, seed=0, apart=4.0):
    """Five Gaussian clusters."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(5, size)) * apart
    return (centres[np.arange(n) % 5] + random.normal(size=(n, size))).astype(np.float32)


@pytest.fixture(scope="module")
def vectors():
    return clusters()


@pytest.fixture(scope="module")
def neighbours(vectors):
    return finish(finding_neighbours(vectors, 20))


def with_itself(neighbours):
    """As umap-learn wants them: each sample first among its own neighbours."""
    own = np.arange(len(neighbours.indices))[:, None]
    return np.hstack([own, neighbours.indices]), np.hstack([0.0 * own, neighbours.distances]).astype(np.float32)


def graph_of(neighbours):
    return finish(watched.watched(lambda watch: module._graph(neighbours, watch), 1))


@pytest.mark.parametrize("duplicates", [False, True])
def test_the_graph_is_umap_learns(vectors, duplicates):
    if duplicates:
        vectors = np.repeat(vectors[:50], 3, axis=0)
    nearest = finish(finding_neighbours(vectors, 14))
    indices, distances = with_itself(nearest)
    theirs, _, _ = umap.umap_.fuzzy_simplicial_set(
        vectors, 15, np.random.RandomState(0), "euclidean", knn_indices=indices, knn_dists=distances
    )
    ours = graph_of(nearest)
    np.testing.assert_allclose(ours.toarray(), theirs.toarray(), atol=1e-5)
    assert ours.nnz > 1000


@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_epochs_are_umap_learns_bit_for_bit(neighbours, dimensions):
    graph = graph_of(neighbours.first(14)).tocoo()
    begin = np.random.default_rng(0).uniform(0, 10, (150, dimensions)).astype(np.float32)
    ours = finish(
        watched.watched(
            lambda watch: module._descend(
                begin.copy(), graph, np.random.RandomState(7), watch, min_dist=0.3, rounds=30
            ),
            30,
        )
    )
    a, b = umap.umap_.find_ab_params(1.0, 0.3)
    state = np.random.RandomState(7).randint(umap.umap_.INT32_MIN, umap.umap_.INT32_MAX, 3).astype(np.int64)
    theirs = begin.copy()
    umap.layouts.optimize_layout_euclidean(
        theirs,
        theirs,
        graph.row,
        graph.col,
        30,
        150,
        umap.umap_.make_epochs_per_sample(graph.data, 30),
        a,
        b,
        state,
        move_other=True,
    )
    np.testing.assert_array_equal(ours, theirs)
    assert np.abs(ours - begin).max() > 1


def lattice(width, height):
    """A graph like a sheet of paper: its slowest vibrations are well apart."""
    line = [sparse.diags([1.0, 1.0], [-1, 1], shape=(size, size)) for size in (width, height)]
    return sparse.csr_matrix(sparse.kronsum(line[1], line[0]))


@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_start_is_made_of_the_slowest_vibrations(dimensions):
    graph = lattice(17, 23)
    degree = graph.toarray().sum(0)
    laplacian = np.eye(17 * 23) - graph.toarray() / np.sqrt(degree[:, None] * degree[None, :])
    _, vibrations = np.linalg.eigh(laplacian)
    ours = spectral_start(graph, dimensions, np.random.RandomState(0))
    for axis in range(dimensions):  # an eigenvector has no sign
        assert abs(ours[:, axis] @ vibrations[:, axis + 1]) > 0.999


def test_parts_of_a_graph_keep_their_places():
    graph = sparse.block_diag([lattice(5, 6)] * 7 + [sparse.csr_matrix(np.ones((2, 2)))]).tocsr()
    part = np.repeat(np.arange(8), [30] * 7 + [2])
    centres = np.stack([np.arange(8) * 1000.0, (np.arange(8) - 4) ** 2 * 10.0, np.zeros(8)], axis=1)
    points = spectral_start(graph, 2, np.random.RandomState(0), vectors=centres[part])
    assert np.isfinite(points).all()
    middles = np.stack([points[part == each].mean(0) for each in range(8)])
    along = np.argsort(middles[:, 0])
    assert along.tolist() in (list(range(8)), list(range(7, -1, -1)))
    for each in range(8):
        own = np.abs(points[part == each] - middles[each]).max()
        others = np.linalg.norm(np.delete(middles, each, axis=0) - middles[each], axis=1).min()
        assert 0 < own < others
    assert np.isfinite(spectral_start(graph, 3, np.random.RandomState(0))).all()


def test_the_start_can_be_stopped():
    class StopError(Exception):
        pass

    def check():
        raise StopError

    with pytest.raises(StopError):
        spectral_start(lattice(10, 10), 2, np.random.RandomState(0), check=check)


def test_a_graph_whose_vibrations_cannot_be_told_apart_starts_at_random(monkeypatch):
    monkeypatch.setattr("innerview.analysis.layouts.start._RESTARTS", 1)
    points = spectral_start(lattice(60, 60), 2, np.random.RandomState(0))
    random = np.random.RandomState(0)
    random.normal(size=3600)  # where the eigensolver began
    np.testing.assert_array_equal(points, random.uniform(-1, 1, (3600, 2)))


@pytest.mark.slow
def test_it_keeps_neighbourhoods_as_well_as_umap_learn():
    images = load_digits().data.astype(np.float32)
    ours = finish(umap_layout(finish(finding_neighbours(images, 14))))
    theirs = umap.UMAP(random_state=0, n_jobs=1).fit_transform(images)
    good, reference = (trustworthiness(images, each, n_neighbors=10) for each in (ours, theirs))
    assert reference > 0.95
    assert good > reference - 0.005


def test_clusters_stay_apart(vectors, neighbours):
    points = finish(umap_layout(neighbours, vectors=vectors, epochs=100))
    assert points.shape == (150, 2)
    assert points.dtype == np.float32
    label = np.arange(150) % 5
    near = finish(finding_neighbours(points, 10)).indices
    assert (label[near] == label[:, None]).mean() > 0.95


def test_a_seed_gives_the_same_points_and_another_seed_others(neighbours):
    first, again, other = (finish(umap_layout(neighbours, seed=seed, epochs=20)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_pause_changes_nothing(neighbours, monkeypatch):
    straight = finish(umap_layout(neighbours, epochs=40))
    monkeypatch.setattr(watched, "_UNWATCHED", 0.0)  # every report waits for the next look
    monkeypatch.setattr(watched, "_BETWEEN_PICTURES", 0.0)
    monkeypatch.setattr(module, "_EDGES_BETWEEN_REPORTS", 1)
    steps = umap_layout(neighbours, epochs=40)
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
    assert len(seen) > 5
    assert [picture.iteration for picture in seen] == sorted({picture.iteration for picture in seen})
    assert all(1 <= picture.iteration <= picture.iterations == 40 for picture in seen)


def test_closing_stops_the_descent(neighbours):
    endless = umap_layout(neighbours, epochs=10**9)
    while next(endless) is None:  # until the descent is under way
        pass
    endless.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "innerview embedding"]


def test_only_the_shape_of_the_start_matters(vectors, neighbours):
    start = vectors[:, :2]
    points, enlarged = (finish(umap_layout(neighbours, start=each, epochs=20)) for each in (start, start * 1024))
    np.testing.assert_array_equal(points, enlarged)
    for axis in range(2):
        assert np.corrcoef(start[:, axis], points[:, axis])[0, 1] > 0.5


def test_too_few_samples_or_neighbours_are_refused_with_what_would_work(neighbours):
    for options, message in [
        ({"n_neighbors": 22}, r"needs 21 neighbours of each sample, but 20 are given.*up to 21"),
        ({"n_neighbors": 151}, r"n_neighbors=151 of 150 samples; choose from 2 to 150"),
        ({"n_neighbors": 1}, r"n_neighbors=1 of 150"),
        ({"min_dist": 2.0}, r"min_dist=2; choose it from 0 to 1"),
        ({"epochs": 0}, r"epochs=0"),
        ({"dimensions": 1}, r"dimensions=1"),
        ({"start": np.zeros((3, 2))}, r"\[3, 2\].*\[150, 2\]"),
    ]:
        with pytest.raises(DataError, match=message):
            finish(umap_layout(neighbours, **options))
    with pytest.raises(DataError, match="3 samples; it needs 4"):
        finish(umap_layout(finish(finding_neighbours(np.eye(3), 2)), n_neighbors=2))


@pytest.mark.parametrize("count", [4, 5, 12])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_few_samples_are_enough(count, dimensions):
    few = finish(finding_neighbours(np.random.default_rng(0).normal(size=(count, 3)), count - 1))
    points = finish(umap_layout(few, n_neighbors=count, dimensions=dimensions, epochs=50))
    assert np.isfinite(points).all()
    assert len(np.unique(points, axis=0)) == count


@pytest.mark.parametrize("start", [None, np.ones((60, 2))])
def test_samples_that_are_all_the_same_end_somewhere(start):
    same = finish(finding_neighbours(np.ones((60, 4)), 14))
    assert np.isfinite(finish(umap_layout(same, start=start, epochs=50))).all()


@pytest.mark.parametrize("given", [False, True])
def test_islands_far_apart_end_somewhere_and_nothing_warns(given):
    islands = clusters(200, seed=1, apart=1e6)
    found = finish(finding_neighbours(islands, 4))
    points = finish(umap_layout(found, n_neighbors=5, epochs=50, vectors=islands if given else None))
    assert np.isfinite(points).all()
    label = np.arange(200) % 5
    near = finish(finding_neighbours(points, 4)).indices
    assert (label[near] == label[:, None]).mean() > 0.9


def test_warming_up_happens_once(monkeypatch):
    begun = []
    warm_up.cache_clear()
    monkeypatch.setattr(module, "_compile", lambda: begun.append(threading.current_thread()))
    for _ in range(3):
        warm_up()
    assert [thread.name for thread in begun] == ["innerview UMAP warm-up"]
    warm_up.cache_clear()


def test_what_is_warmed_up_is_what_is_used():
    module._compile()
    compiled = module._compiled()
    before = [len(each.signatures) for each in (compiled.smooth, compiled.strengths, compiled.epoch)]
    assert min(before) > 0
    nearest = Neighbours(np.array([[1, 2], [2, 3], [3, 0], [0, 1]]), np.ones((4, 2), np.float32))
    finish(umap_layout(nearest, n_neighbors=3, epochs=2))
    finish(umap_layout(nearest, n_neighbors=3, epochs=2, dimensions=3, start=np.eye(4, 3)))
    assert [len(each.signatures) for each in (compiled.smooth, compiled.strengths, compiled.epoch)] == before
