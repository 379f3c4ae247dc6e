"""Embeddings, qualities and similarities of a layer, against scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.neighbors import KNeighborsClassifier

from innerview.analysis.layouts.align import procrustes
from innerview.errors import DataError, InnerviewError, UnknownLayerError
from innerview.jobs.progress import finish
from innerview.model.untrained import untrained
from innerview.session.inspector import Inspector
from innerview.study.embeddings import embedding
from innerview.study.qualities import Row, leaves, measuring_table, table
from innerview.study.similarities import ranks, similarity

LAYER = "classifier.1"


def test_pca_is_scikit_learns_up_to_signs(explored):
    made = explored.embed(LAYER, samples=None)
    vectors = explored.activations(LAYER, made.indices.tolist()).numpy()
    expected = PCA(2, svd_solver="full").fit_transform(vectors)
    for axis in range(2):
        assert abs(np.corrcoef(made.points[:, axis], expected[:, axis])[0, 1]) > 0.9999
    np.testing.assert_allclose(made.points.std(0), expected.std(0), rtol=1e-3)
    assert made.points.dtype == np.float32
    assert made.points.shape == (360, 2)
    assert made.labels is not None
    assert made.labels.tolist() == [int(explored.data.batch([index]).labels[0]) for index in made.indices]


def test_as_a_table(explored):
    made = explored.embed(LAYER, samples=[4, 2, 9], dimensions=3)
    frame = made.to_frame()
    assert list(frame.columns) == ["x", "y", "z", "label"]
    assert frame.index.tolist() == [4, 2, 9]
    np.testing.assert_array_equal(frame[["x", "y", "z"]].to_numpy(), made.points)


def score(points, labels):
    return KNeighborsClassifier(10).fit(points, labels).score(points, labels)


@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_neighbours_in_the_picture_are_of_one_class(explored, method):
    made = explored.embed(LAYER, method, samples=None)
    own = explored.activations(LAYER, made.indices.tolist()).numpy()
    plane = explored.embed(LAYER, samples=None)
    # Two dimensions lose some of the many, but not as many as PCA's two.
    assert score(made.points, made.labels) > score(own, made.labels) - 0.1
    assert score(made.points, made.labels) > score(plane.points, plane.labels) + 0.1
    again = explored.embed(LAYER, method, samples=None)
    assert again.points is not None
    np.testing.assert_array_equal(again.points, made.points)


def test_the_brushed_samples_as_a_table(explored, trained, digits):
    explored.brush = [2, 30, 31]
    frame = explored.brush_frame()
    images, labels = digits.test.tensors
    with torch.no_grad():
        logits = trained.eval()(images[[2, 30, 31]])
    assert frame.index.tolist() == [2, 30, 31]
    assert frame["label"].tolist() == [str(int(label)) for label in labels[[2, 30, 31]]]
    assert frame["predicted"].tolist() == [str(int(label)) for label in logits.argmax(1)]
    losses = torch.nn.functional.cross_entropy(logits, labels[[2, 30, 31]], reduction="none")
    np.testing.assert_allclose(frame["loss"], losses, rtol=1e-3, atol=1e-5)
    with Inspector(torch.nn.Flatten(), images[:5]) as inspector:
        inspector.brush = [1]
        assert inspector.brush_frame().shape[0] == 1
        assert "label" not in inspector.brush_frame()


@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_the_same_seed_gives_the_same_points(trained, digits, method):
    points = []
    for _ in range(2):
        with Inspector(trained, digits.test) as inspector:
            points.append(inspector.embed(LAYER, method, samples=120, seed=5).points)
    np.testing.assert_array_equal(*points)


def test_points_move_into_place(explored):
    stages = [step.stage for step in embedding(explored.subject, LAYER, "tsne", samples=200) if step is not None]
    assert any(stage.startswith("t-SNE: iteration") for stage in stages)
    assert "finding neighbours" in stages


def test_too_few_samples_for_the_perplexity_lower_it(explored):
    made = explored.embed(LAYER, "tsne", samples=40, perplexity=30)
    assert "perplexity lowered to 13" in made.note
    assert np.isfinite(made.points).all()


def test_a_layer_is_turned_onto_the_one_before(explored):
    first = explored.embed("features.3", samples=100)
    free = explored.embed(LAYER, samples=100)
    turned = explored.embed(LAYER, samples=100, onto=first)
    np.testing.assert_allclose(turned.points, procrustes(free.points, first.points), rtol=1e-4, atol=1e-4)
    before = np.linalg.norm(free.points - first.points)
    assert np.linalg.norm(turned.points - first.points) <= before + 1e-3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "isomap"}, "no embedding method 'isomap'; use one of 'pca', 'tsne', 'umap'"),
        ({"dimensions": 4}, "dimensions=4: a picture has 2 or 3 dimensions"),
        ({"samples": [1, 2]}, "2 samples are too few for a picture"),
        ({"samples": 0}, "samples=0: at least one sample"),
        ({"samples": [400]}, "no sample 400"),
    ],
)
def test_what_cannot_be_embedded(explored, options, message):
    with pytest.raises(DataError, match=message):
        explored.embed(LAYER, **options)
    with pytest.raises(UnknownLayerError, match="classifier"):
        explored.embed("clasifier.1")


def test_constant_activations_make_a_picture(trained):
    with Inspector(trained, torch.ones(20, 1, 8, 8)) as inspector:
        assert np.isfinite(inspector.embed(LAYER).points).all()


# --- the baseline ---------------------------------------------------------------------------------------------


def test_an_untrained_copy_is_drawn_anew_and_by_seed(trained):
    state = torch.random.get_rng_state()
    one, again, other = untrained(trained), untrained(trained), untrained(trained, seed=1)
    assert torch.equal(torch.random.get_rng_state(), state)
    for mine, same, third, old in zip(
        one.parameters(), again.parameters(), other.parameters(), trained.parameters(), strict=True
    ):
        assert torch.equal(mine, same)
        assert not torch.equal(mine, third)
        assert not torch.equal(mine, old)


def test_parameters_that_nobody_can_draw_are_named():
    model = torch.nn.Module()
    model.token = torch.nn.Parameter(torch.zeros(3))
    with pytest.raises(InnerviewError, match="token belong to a module without reset_parameters"):
        untrained(model)


def test_the_baseline_shares_sample_and_brush(trained, digits):
    with Inspector(trained, digits.test, baseline="untrained") as inspector:
        baseline = inspector.baseline
        assert baseline is not None
        inspector.brush = [1, 2]
        assert baseline.brush.tolist() == [1, 2]
        baseline.sample = 5
        assert inspector.sample == 5
        one, other = inspector.embed(LAYER, samples=50), baseline.embed(LAYER, samples=50)
        assert one.indices.tolist() == other.indices.tolist()
        assert not np.allclose(one.points, other.points)
    assert inspector.baseline is None
    with pytest.raises(TypeError, match=r"baseline is a torch.nn.Module"):
        Inspector(trained, digits.test, baseline="random")


# --- quality ---------------------------------------------------------------------------------------------------


def test_quality_in_the_own_space_and_in_the_plane(explored):
    own = explored.quality(LAYER, samples=None)
    made = explored.embed(LAYER, samples=None)
    vectors = explored.activations(LAYER, made.indices.tolist()).numpy()
    voter = KNeighborsClassifier(10).fit(vectors, made.labels)
    assert own.knn_accuracy == pytest.approx(voter.score(vectors, made.labels))
    assert own.trustworthiness is None
    plane = explored.quality(LAYER, "pca", samples=None)
    assert plane.knn_accuracy < own.knn_accuracy
    assert 0.5 < plane.trustworthiness < 1
    assert own.same_class < 1 < own.different_class


def test_a_table_over_layers_models_and_spaces(trained, digits):
    with Inspector(trained, digits.test, baseline="untrained") as inspector:
        steps = list(
            measuring_table(
                inspector.subject,
                ["features.0", LAYER],
                (None, "pca"),
                baseline=inspector.baseline.subject,
                samples=200,
            )
        )
        rows = [step for step in steps if isinstance(step, Row)]
        frame = table(rows)
        assert frame.index.tolist() == [
            (layer, model, space)
            for layer in ("features.0", LAYER)
            for model in ("trained", "untrained")
            for space in ("own space", "pca")
        ]
        assert (
            frame.loc[(LAYER, "trained", "own space"), "same_class"]
            < (frame.loc[(LAYER, "untrained", "own space"), "same_class"])
        )
        assert "knn" in frame.to_latex()


def test_a_table_from_the_inspector(trained, digits):
    with Inspector(trained, digits.test, baseline="untrained") as inspector:
        frame = inspector.quality_table([LAYER], k=5, samples=100)
        assert frame.index.tolist() == [
            (LAYER, model, space) for model in ("trained", "untrained") for space in ("own space", "pca")
        ]
        for model, one in (("trained", inspector), ("untrained", inspector.baseline)):
            expected = one.quality(LAYER, k=5, samples=100)
            assert frame.loc[(LAYER, model, "own space"), "knn_accuracy"] == expected.knn_accuracy
    with Inspector(trained, digits.test) as inspector:
        frame = inspector.quality_table(methods=(None,), samples=50)
        assert frame.index.get_level_values("layer").tolist() == leaves(inspector.subject)


def test_the_leaves_are_the_layers_without_layers_inside(explored):
    assert leaves(explored.subject) == [f"features.{i}" for i in range(6)] + [f"classifier.{i}" for i in range(4)]


def test_a_layer_that_cannot_be_measured_has_a_row_that_says_why(trained):
    inputs = torch.full((12, 1, 8, 8), torch.nan)
    with Inspector(trained, (inputs, torch.arange(12) % 2)) as inspector:
        rows = finish(measuring_table(inspector.subject, [LAYER], (None,)))
        assert rows[0].quality is None
        assert "all 12 have NaN" in rows[0].note


def test_quality_needs_labels(trained, digits):
    images = torch.stack([digits.test[index][0] for index in range(12)])
    with Inspector(trained, images) as inspector, pytest.raises(DataError, match="no labels"):
        inspector.quality(LAYER)


# --- similarity ------------------------------------------------------------------------------------------------


def of_class(made, vectors):
    cosines = cosine_similarity(vectors.astype(np.float64))
    upper = np.triu_indices(len(vectors), 1)
    return cosines[upper], (made.labels[:, None] == made.labels)[upper]


def test_all_pairs_of_a_layer(explored):
    found = explored.similarity(LAYER, samples=None, bins=40)
    made = explored.embed(LAYER, samples=None)
    cosines, same = of_class(made, explored.activations(LAYER, made.indices.tolist()).numpy())
    assert found.same.sum() == same.sum()
    assert found.other.sum() == (~same).sum()
    assert np.abs(found.same - np.histogram(cosines[same], found.edges)[0]).sum() <= 4  # rounding at the edges
    assert found.auc == pytest.approx(roc_auc_score(same, cosines), abs=1e-3)


@pytest.mark.parametrize("reference", [0, 359])
def test_one_sample_against_the_others(explored, reference):
    made = explored.embed(LAYER, samples=100)
    found = explored.similarity(LAYER, reference, samples=100, bins=20)
    others = [index for index in made.indices.tolist() if index != reference]
    assert (found.same + found.other).sum() == len(others)
    vectors = explored.activations(LAYER, [reference, *others]).numpy()
    cosines = cosine_similarity(vectors[:1], vectors[1:])[0]
    assert np.abs((found.same + found.other) - np.histogram(cosines, found.edges)[0]).sum() <= 2


def test_pca_ranks_are_fitted_on_other_samples(explored):
    made = explored.embed(LAYER, samples=None)
    vectors = explored.activations(LAYER, made.indices.tolist()).numpy()
    half = len(vectors) // 2
    fitted = PCA(8, svd_solver="full").fit(vectors[:half])
    kept = fitted.inverse_transform(fitted.transform(vectors[half:]))
    found = explored.similarity(LAYER, rank=8, samples=None, bins=20)
    cosines = cosine_similarity(kept)[np.triu_indices(len(kept), 1)]
    assert np.abs((found.same + found.other) - np.histogram(cosines, found.edges)[0]).sum() <= 6


def test_ranks_to_compare(explored):
    assert ranks(explored.subject, LAYER) == [64, 32, 16, 8]
    assert ranks(explored.subject, "features.0", 100) == [49, 32, 16, 8]
    with pytest.raises(DataError, match=r"rank=65.*64 elements each, so the rank is 1 to 64"):
        explored.similarity(LAYER, rank=65, samples=None)


def test_the_estimate_comes_before_the_exact_histogram(trained):
    data = torch.rand(1200, 1, 8, 8, generator=torch.Generator().manual_seed(3)), torch.arange(1200) % 10
    with Inspector(trained, data) as inspector:
        work = similarity(inspector.subject, LAYER, samples=None)
        steps = [step for step in work if step is not None]
        assert [step.sampled for step in steps] == [True]
        exact = finish(similarity(inspector.subject, LAYER, samples=None))
        assert not exact.sampled
        assert exact.pairs == 1200 * 1199 // 2
        assert 0 < steps[0].pairs < exact.pairs


@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_each_thing_to_begin_from_makes_a_picture_of_its_own(explored, method):
    """Asked onto B after A, the points are turned onto B, as if A had never been asked."""
    first = explored.embed("features.0", samples=90)
    second = explored.embed("features.3", samples=90)
    onto_first = explored.embed(LAYER, method, samples=90, onto=first)
    onto_second = explored.embed(LAYER, method, samples=90, onto=second)
    explored.subject.cache.clear()
    np.testing.assert_array_equal(explored.embed(LAYER, method, samples=90, onto=second).points, onto_second.points)
    assert not np.allclose(onto_first.points, onto_second.points, atol=0.05)
    for made, onto in ((onto_first, first), (onto_second, second)):
        np.testing.assert_allclose(procrustes(made.points, onto.points), made.points, rtol=1e-3, atol=1e-3)
    # Where it has ended it stays, so that going back and forth between two steps moves nothing.
    again = explored.embed(LAYER, method, samples=90, onto=onto_second)
    np.testing.assert_allclose(again.points, onto_second.points, atol=1e-5)


def test_a_sample_compared_is_not_among_those_the_components_are_fitted_to(explored):
    """Against a PCA by scikit-learn of the first half without the reference."""
    layer, rank = "classifier.1", 5
    vectors = explored.embed(layer, samples=100).representation
    indices, values = vectors.indices, vectors.vectors.numpy().astype(float)
    reference = int(indices[3])  # in the half that is fitted
    found = explored.similarity(layer, reference, rank, samples=100, bins=50)
    half = [row for row in range(50) if row != 3]
    fitted = PCA(rank).fit(values[half])
    compressed = fitted.inverse_transform(fitted.transform(values[[3, *range(50, 100)]]))
    cosines = cosine_similarity(compressed[:1], compressed[1:])[0]
    assert found.same.sum() + found.other.sum() == pytest.approx(50)
    labels = explored.data.labels[indices]
    same = labels[50:] == labels[3]
    assert found.same.sum() == same.sum()
    middles = (found.edges[:-1] + found.edges[1:]) / 2
    assert (found.same * middles).sum() / same.sum() == pytest.approx(cosines[same].mean(), abs=0.03)


def test_an_untrained_copy_leaves_every_generator_as_it_was(trained):
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002 - the global state is the point
    expected = torch.rand(2), np.random.rand(2)  # noqa: NPY002 - as above
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002 - as above
    untrained(trained)
    assert torch.equal(torch.rand(2), expected[0])
    np.testing.assert_array_equal(np.random.rand(2), expected[1])  # noqa: NPY002 - as above
