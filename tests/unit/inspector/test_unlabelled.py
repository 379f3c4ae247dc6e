"""Samples without a label, -1 or -100 in the data: each measure is that of the labelled samples alone."""

import numpy as np
import pytest
import torch

from innerview.data.samples import Data
from innerview.data.thumbnails import make_thumbnail
from innerview.errors import DataError
from innerview.session.inspector import Inspector
from innerview.study.projections import divide

LAYER = "features.1"
TOTAL = 120


@pytest.fixture(scope="module")
def samples(digits):
    return digits.test.tensors[0][:TOTAL], digits.test.tensors[1][:TOTAL]


@pytest.fixture(params=[-1, -100])
def some(request, trained, samples):
    """An Inspector of digits, every third of which has no label, and the labelled samples."""
    images, labels = samples
    labels = labels.clone()
    labels[::3] = request.param
    with Inspector(trained, (images, labels), classes=[f"digit {n}" for n in range(10)]) as inspector:
        yield inspector, np.flatnonzero(labels >= 0)


@pytest.fixture
def alone(trained, samples):
    """An Inspector of only the labelled ones."""
    keep = torch.arange(TOTAL) % 3 > 0
    with Inspector(trained, (samples[0][keep], samples[1][keep])) as inspector:
        yield inspector


def test_they_are_in_no_class_and_have_no_name(some, samples):
    inspector, known = some
    assert inspector.data.labels.tolist() == [
        -1 if index % 3 == 0 else label for index, label in enumerate(samples[1].tolist())
    ]
    assert inspector.data.class_name(-1) is None
    assert make_thumbnail(inspector.data, 0).label is None
    assert make_thumbnail(inspector.data, 1).label == f"digit {samples[1][1]}"
    assert set(known) == set(np.flatnonzero(inspector.data.labels >= 0))


def test_they_are_predicted_but_not_judged(some, alone):
    inspector, known = some
    for one in (inspector, alone):
        for _ in one.predict():
            pass
    score = inspector.predictions.score
    assert (score.evaluated, score.labelled) == (TOTAL, len(known))
    assert score.correct == alone.predictions.score.correct
    inspector.brush = [0, 1, 3]
    table = inspector.brush_frame()
    assert table["label"].isna().tolist() == [True, False, True]
    assert table["correct"].isna().tolist() == [True, False, True]
    assert table["loss"].isna().tolist() == [True, False, True]
    assert table["predicted"].notna().all()


def test_the_quality_is_that_of_the_labelled_samples(some, alone):
    inspector, known = some
    for method in (None, "pca"):
        found = inspector.quality(LAYER, method, samples=None)
        assert (found.n, found.classes) == (len(known), 10)
        assert "40 samples without a label left out" in found.note
    expected = alone.quality(LAYER, samples=None)
    found = inspector.quality(LAYER, samples=None)
    assert found.knn_accuracy == pytest.approx(expected.knn_accuracy)
    assert found.same_class == pytest.approx(expected.same_class)


def test_the_similarities_are_those_of_the_labelled_samples(some, alone):
    inspector, known = some
    found, expected = (one.similarity(LAYER, samples=None) for one in (inspector, alone))
    assert found.same.sum() == expected.same.sum()
    assert found.other.sum() == expected.other.sum()
    assert found.auc == pytest.approx(expected.auc, abs=1e-6)
    assert "40 samples without a label left out" in found.note
    assert inspector.similarity(LAYER, reference=1, samples=None).pairs == len(known) - 1
    alone_in_the_dark = inspector.similarity(LAYER, reference=0, samples=None)
    assert alone_in_the_dark.pairs == TOTAL - 1
    assert alone_in_the_dark.same.sum() == 0
    assert "sample 0 has no label" in alone_in_the_dark.note


def test_a_compression_is_judged_by_the_labelled_samples(some):
    inspector, _ = some
    found = inspector.compress(LAYER, 16, fit_samples=60)
    for _ in inspector.predict():
        pass
    judged = inspector.predictions.correct[divide(inspector.subject, None, 60, 0).evaluated]
    assert found.evaluated == len(judged) > (judged >= 0).sum() == found.score.labelled == found.score.seen.sum()
    assert found.baseline_accuracy == (judged == 1).sum() / (judged >= 0).sum()


def test_where_no_sample_has_a_label_the_data_has_none(trained, samples):
    unlabelled = torch.full((TOTAL,), -1)
    assert Data((samples[0], unlabelled)).labels is None
    with Inspector(trained, (samples[0], unlabelled)) as inspector:
        with pytest.raises(DataError, match="no labels"):
            inspector.quality(LAYER)
        assert inspector.similarity(LAYER).auc is None
        assert inspector.compress(LAYER, 4, fit_samples=60).accuracy is None


def test_where_none_of_those_looked_at_has_one_the_quality_says_so(some):
    inspector, _ = some
    with pytest.raises(DataError, match="none of these 12 samples has a label"):
        inspector.quality(LAYER, samples=list(range(0, 36, 3)))
