"""Probabilities, the likeliest classes, and how sure an accuracy is."""

import pytest
import torch

from innerview.analysis.statistics.accuracy import wilson_interval
from innerview.errors import InnerviewError
from innerview.study.predictions import Predictions, scores, top


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


def test_logits_log_probabilities_and_probabilities_give_the_same():
    logits = torch.randn(4, 6, generator=torch.Generator().manual_seed(0)) * 3
    expected = logits.exp() / logits.exp().sum(1, keepdim=True)
    for output in (logits, logits.log_softmax(1), expected, {"logits": logits}, (logits, None)):
        torch.testing.assert_close(scores(output), expected)


@pytest.mark.parametrize("output", [torch.zeros(2, 3, 4), torch.zeros(2, 1), torch.zeros(2, 3).long(), "text"])
def test_what_is_no_classification_says_what_it_is(output):
    with pytest.raises(InnerviewError, match="not one score per class"):
        scores(output)


def test_the_likeliest_classes_in_order():
    assert [name for name, _ in top(torch.tensor([0.1, 0.6, 0.3]), ["a", "b"])] == ["b", "2", "a"]
    assert len(top(torch.rand(100), [])) == 5


def test_predictions_are_taken_in_order_and_judged():
    predictions = Predictions(5)
    assert predictions.accuracy is None
    predictions.add(0, torch.eye(3)[[0, 1]], torch.tensor([0, 2]))
    predictions.add(2, torch.eye(3)[[2]], None)
    assert predictions.predicted.tolist() == [0, 1, 2, -1, -1]
    assert predictions.correct.tolist() == [1, 0, -1, -1, -1]
    assert predictions.done == 3
    assert predictions.accuracy.value == 0.5
    assert predictions.accuracy.evaluated == 2


def test_taking_the_same_samples_again_changes_nothing():
    """As when a view and the user's own loop predict at the same time."""
    predictions = Predictions(3)
    for _ in range(2):
        predictions.add(0, torch.eye(3)[[0, 1]], torch.tensor([0, 2]))
    assert predictions.done == 2
    assert predictions.predicted.tolist() == [0, 1, -1]


def test_a_diverged_model_predicts_nothing_and_is_never_right():
    for output in (torch.full((2, 3), torch.nan), torch.tensor([[torch.inf, 0, 0], [0, torch.nan, 0]])):
        predictions = Predictions(2)
        predictions.add(0, scores(output), torch.tensor([0, 0]))
        assert predictions.predicted.tolist() == [-1, -1]
        assert predictions.accuracy.value == 0


def test_an_output_with_another_number_of_rows_is_no_classification():
    with pytest.raises(InnerviewError, match="14 rows for 2 samples"):
        scores(torch.zeros(14, 5), 2)
