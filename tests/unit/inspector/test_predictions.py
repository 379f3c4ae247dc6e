"""Probabilities, the likeliest classes, and how sure an accuracy is."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss
from torch import nn

from innerview.analysis.statistics.proportions import wilson_interval
from innerview.data.samples import Batch
from innerview.errors import InnerviewError
from innerview.study.class_scores import scores, top, verdict
from innerview.study.judging import judge
from innerview.study.predictions import Predictions
from innerview.study.score import Score


def test_wilson_interval_matches_published_values():
    # R. G. Newcombe, Statistics in Medicine 17 (1998), table I: 81/263, 15/148, 0/20, 1/29.
    published = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (hits, trials), interval in published.items():
        assert wilson_interval(hits, trials) == pytest.approx(interval, abs=5e-5)
    assert wilson_interval(0, 0) == (0, 1)
    assert wilson_interval(20, 20)[1] == 1


DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
FORMS = {
    "logits": lambda logits: logits,
    "log-probabilities": lambda logits: logits.log_softmax(1),
    "probabilities": lambda logits: logits.softmax(1),
    "probabilities by hand": lambda logits: logits.exp() / logits.exp().sum(1, keepdim=True),
    "a dict": lambda logits: {"logits": logits},
    "a tuple": lambda logits: (logits, None),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("classes", [2, 10, 1000])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_output_gives_the_same_log_probabilities(form, classes, dtype):
    logits = (torch.randn(64, classes, generator=torch.Generator().manual_seed(0)) * 2).to(dtype)
    found = scores(FORMS[form](logits))
    assert found.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    # A log-probability of -14 is held with a relative error of eps, a probability likewise.
    tolerance = {"rtol": 1e-6, "atol": 1e-5} if dtype.itemsize > 2 else {"rtol": 0.01, "atol": 0.02}
    likely = logits.double().log_softmax(1) > -9  # float16 holds smaller probabilities with one or two digits
    torch.testing.assert_close(found.double()[likely], logits.double().log_softmax(1)[likely], **tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_sure_model_that_ends_in_a_softmax_stays_sure(dtype):
    """A second softmax would make 0.23 of a confidence of 1 among ten classes."""
    probabilities = (torch.eye(10) * 40).to(dtype).softmax(1)
    assert scores(probabilities).exp().diagonal().tolist() == pytest.approx([1.0] * 10, abs=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("classes", [2, 10, 1000, 50_000])
def test_a_softmax_is_told_from_logits_by_the_rounding_of_its_dtype(classes, dtype):
    generator = torch.Generator().manual_seed(classes)
    for spread in (0.1, 1, 5, 20):
        logits = (torch.randn(50, classes, generator=generator) * spread).to(dtype)
        probabilities = logits.softmax(1)
        given = scores(probabilities).exp()[probabilities > 0]
        torch.testing.assert_close(given.to(dtype), probabilities[probabilities > 0])
        # Logits that are shares of almost one are none: here they add up to 0.9.
        torch.testing.assert_close(scores(probabilities * 0.9), (probabilities * 0.9).to(given.dtype).log_softmax(1))


def test_a_broken_sample_does_not_change_how_the_others_are_read():
    probabilities = torch.tensor([[0.9, 0.1], [torch.nan, torch.nan], [0.2, 0.8]])
    torch.testing.assert_close(scores(probabilities).exp(), probabilities, equal_nan=True)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_probability_of_zero_counts_as_the_smallest_of_its_dtype(dtype):
    found = scores(torch.tensor([[1.0, 0.0]], dtype=dtype))
    smallest = torch.nextafter(torch.zeros((), dtype=dtype), torch.ones((), dtype=dtype))
    assert found[0, 1].item() == pytest.approx(math.log(float(smallest.double())), rel=1e-6)


def plain(output, labels, form):
    """Count sample by sample, in float64 and without the code under test."""
    output = output.double()
    losses, right, five = [], [], []
    seen = np.zeros(output.shape[1])
    hits = np.zeros(output.shape[1])
    for row, label in zip(output, labels.tolist(), strict=True):
        if label < 0:
            continue
        order = row.argsort(descending=True).tolist()
        right.append(order[0] == label)
        # Rounded scores have ties: whether the label is among the five for any order of them, and for some order.
        own = float(row[label]) if label < len(row) else -math.inf
        five.append((int((row >= own).sum()) <= 5, int((row > own).sum()) < 5))
        if label < len(row):
            seen[label] += 1
            hits[label] += right[-1]
            target = torch.tensor(label)
            losses.append(
                float(-row[label].log() if form.startswith("prob") else nn.functional.cross_entropy(row, target))
            )
    with np.errstate(invalid="ignore"):
        return np.mean(right), np.mean(five, 0), hits / seen, np.mean(losses), len(right)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", ["logits", "log-probabilities", "probabilities"])
@pytest.mark.parametrize(("lowest", "highest"), [(0, 8), (-1, 8), (-100, 8), (-2, 11)])
def test_a_score_counts_as_a_plain_loop_does(form, lowest, highest, dtype):
    """Negative labels are none, and a label beyond the classes is never right."""
    generator = torch.Generator().manual_seed(3)
    labels = torch.randint(-1, highest, (200,), generator=generator)
    labels[labels < 0] = lowest
    logits = torch.randn(200, 8, generator=generator) * 2
    logits[torch.arange(150), labels[:150].clamp(0, 7)] += 2
    output = FORMS[form](logits.to(dtype))
    batch = Batch((), {}, labels)
    whole = judge(output, batch, 200).score
    parts = [judge(output[a:b], Batch((), {}, labels[a:b]), b - a).score for a, b in ((0, 1), (1, 90), (90, 200))]
    accuracy, five, per_class, loss, labelled = plain(output, labels, form)
    for score in (whole, parts[0] + parts[1] + parts[2], sum(parts, Score())):
        assert (score.evaluated, score.labelled) == (200, labelled)
        assert score.accuracy == pytest.approx(accuracy, abs=0)
        assert (score.low, score.high) == wilson_interval(score.correct, labelled)
        assert five[0] <= score.top5 <= five[1]
        np.testing.assert_allclose(score.per_class, per_class)
        assert score.loss == pytest.approx(loss, rel=1e-5)
        assert score.metric is None
    predictions = Predictions(np.arange(200))
    predictions.add(range(len(output)), verdict(scores(output), labels))
    assert predictions.score.accuracy == whole.accuracy
    assert (predictions.correct < 0).tolist() == (labels < 0).tolist()
    assert np.nansum(predictions.loss) == pytest.approx(whole.total_loss, rel=1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_loss_of_sure_and_wrong_logits_is_neither_infinite_nor_cut(dtype):
    generator = torch.Generator().manual_seed(0)
    logits = (torch.randn(200, 10, generator=generator) * 200).to(dtype)
    labels = torch.randint(10, (200,), generator=generator)
    expected = nn.functional.cross_entropy(logits.double(), labels, reduction="none")
    assert expected.max() > 300
    predictions = Predictions(np.arange(200))
    predictions.add(range(200), verdict(scores(logits), labels))
    np.testing.assert_allclose(predictions.loss, expected.numpy(), rtol=1e-6, atol=1e-4)
    assert judge(logits, Batch((), {}, labels), 200).score.loss == pytest.approx(float(expected.mean()), rel=1e-6)
    # scikit-learn cuts probabilities off; with its logits in float64 and labels that are likely it agrees.
    likely = expected < 30
    assert judge(logits[likely], Batch((), {}, labels[likely]), int(likely.sum())).score.loss == pytest.approx(
        log_loss(labels[likely], logits[likely].double().softmax(1), labels=range(10)), rel=1e-4
    )


def test_a_score_without_labels_has_no_figure_but_the_metric():
    score = judge(torch.zeros(4, 9), Batch((), {}, None, torch.arange(4)), 4, lambda _, target: target.float()).score
    assert (score.evaluated, score.labelled, score.metric) == (4, 0, 1.5)
    assert [score.accuracy, score.low, score.high, score.top5, score.per_class, score.loss] == [None] * 6
    both = score + judge(torch.eye(9), Batch((), {}, torch.arange(9)), 9, lambda *_: torch.full((9,), 2.0)).score
    assert (both.evaluated, both.labelled, both.accuracy, both.metric) == (13, 9, 1.0, pytest.approx(24 / 13))


@pytest.mark.parametrize("output", [torch.zeros(2, 3, 4), torch.zeros(2, 1), torch.zeros(2, 3).long(), "text"])
def test_what_is_no_classification_says_what_it_is(output):
    with pytest.raises(InnerviewError, match="not one score per class"):
        scores(output)


def test_the_likeliest_classes_in_order():
    found = top(torch.tensor([0.1, 0.6, 0.3]).log(), ["a", "b"])
    assert [name for name, _ in found] == ["b", "2", "a"]
    assert [value for _, value in found] == pytest.approx([0.6, 0.3, 0.1])
    assert len(top(torch.rand(100).log(), [])) == 5


def test_predictions_are_taken_in_any_order_and_judged():
    predictions = Predictions(np.arange(5))
    assert predictions.score.accuracy is None
    predictions.add([0, 1], verdict(torch.eye(3)[[0, 1]].log(), torch.tensor([0, 2])))
    predictions.add([4], verdict(torch.eye(3)[[2]].log(), None))
    assert predictions.predicted.tolist() == [0, 1, -1, -1, 2]
    assert predictions.correct.tolist() == [1, 0, -1, -1, -1]
    assert predictions.known.tolist() == [True, True, False, False, True]
    assert predictions.done == 3
    assert predictions.score.accuracy == 0.5
    assert (predictions.score.evaluated, predictions.score.labelled) == (2, 2)  # up to the first not known yet
    predictions.add([2, 3], verdict(torch.eye(3)[[2, 0]].log(), None))
    assert (predictions.score.evaluated, predictions.score.labelled) == (5, 2)


def test_the_accuracy_is_of_the_beginning_of_the_visiting_order():
    """Ten samples asked for by themselves, all of the class that the model knows, say nothing of the others."""
    truth = torch.arange(100) // 50
    wrong = verdict(torch.eye(2)[torch.zeros(100, dtype=torch.int64)].log(), truth)
    order = np.random.default_rng(0).permutation(100)
    predictions = Predictions(order)
    predictions.add(range(10), verdict(torch.eye(2)[torch.zeros(10, dtype=torch.int64)].log(), truth[:10]))
    assert predictions.done == 10
    assert predictions.score.labelled < 5
    predictions.add(range(100), wrong)
    assert predictions.score.labelled == 100
    assert predictions.score.accuracy == 0.5


def test_taking_the_same_samples_again_changes_nothing():
    """As when a view and the user's own loop predict at the same time."""
    predictions = Predictions(np.arange(3))
    for _ in range(2):
        predictions.add([0, 1], verdict(torch.eye(3)[[0, 1]].log(), torch.tensor([0, 2])))
    assert predictions.done == 2
    assert predictions.predicted.tolist() == [0, 1, -1]


def test_a_diverged_model_predicts_nothing_and_is_never_right():
    for output in (torch.full((2, 3), torch.nan), torch.tensor([[torch.inf, 0, 0], [0, torch.nan, 0]])):
        predictions = Predictions(np.arange(2))
        predictions.add([0, 1], verdict(scores(output), torch.tensor([0, 0])))
        assert predictions.predicted.tolist() == [-1, -1]
        assert predictions.score.accuracy == 0


def test_an_output_with_another_number_of_rows_is_no_classification():
    with pytest.raises(InnerviewError, match="14 rows for 2 samples"):
        scores(torch.zeros(14, 5), 2)
