"""No accuracy of what is no classifier; among several outputs the class scores are found."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

import innerview as iv
from innerview.errors import InnerviewError

X = torch.rand(60, 1, 8, 8, generator=torch.Generator().manual_seed(0))
Y = torch.arange(60) % 10
NAMES = [str(number) for number in range(10)]


class Net(nn.Module):
    """Returns what ``give`` makes of its features h ``[N, 32]`` and its scores s ``[N, 10]``."""

    def __init__(self, give):
        super().__init__()
        torch.manual_seed(0)
        self.features, self.fc, self.give = nn.Linear(64, 32), nn.Linear(32, 10), give

    def forward(self, x):
        h = self.features(x.flatten(1)).relu()
        return self.give(SimpleNamespace(h=h, s=self.fc(h)))


OUTPUTS = {
    "scores": lambda o: o.s,
    "features and scores": lambda o: (o.h, o.s),
    "scores and features": lambda o: (o.s, o.h),
    "a list": lambda o: [o.h, o.s],
    "a dict": lambda o: {"hidden": o.h, "logits": o.s},
    "a map beside": lambda o: (o.h.reshape(-1, 2, 4, 4), o.s),
    "an auxiliary head": lambda o: (o.s, -o.s),
    "a loss in front": lambda o: (o.s.mean(), o.s),
}


@pytest.mark.parametrize("labels", [Y, None], ids=["labelled", "unlabelled"])
@pytest.mark.parametrize("output", OUTPUTS)
def test_the_scores_are_found_among_the_outputs(output, labels):
    model = Net(OUTPUTS[output]).eval()
    truth = model.fc(model.features(X.flatten(1)).relu()).argmax(1)
    data = X if labels is None else (X, torch.where(Y < 5, truth, (truth + 1) % 10))
    with iv.Inspector(model, data, classes=NAMES) as inspector:
        list(inspector.predict())
        assert inspector.predictions.predicted.tolist() == truth.tolist()
        if labels is not None:
            assert inspector.predictions.accuracy.value == pytest.approx(0.5)
            assert inspector.compress("features", 32).agreement == 1


@pytest.mark.parametrize(
    ("give", "says"),
    [
        (lambda o: o.h, "32 columns"),
        (lambda o: torch.cat([o.h, o.h], 1), "64 columns"),
        (lambda o: o.h.reshape(-1, 1, 4, 8), "not one score per class"),
        (lambda o: o.s[:, :1], "not one score per class"),
        (lambda o: o.s[:, :7], "7 columns"),
        (lambda o: (o.h, torch.cat([o.h, o.h], 1)), "32 or 64 columns"),
    ],
    ids=["features", "reconstruction", "map", "one value", "too few", "two kinds of features"],
)
@pytest.mark.parametrize("classes", [NAMES, None])
def test_what_is_no_classifier_has_no_accuracy_and_a_sentence(give, says, classes):
    with iv.Inspector(Net(give), (X, Y), classes=classes) as inspector:
        with pytest.raises(InnerviewError, match=f"no class probabilities.*{says}"):
            list(inspector.predict())
        assert inspector.predictions.accuracy is None
        with pytest.raises(InnerviewError, match="metric="):
            inspector.compress("features", 4)
        # What does not need classes goes on.
        assert inspector.embed("features").points.shape == (60, 2)


def test_several_outputs_that_could_be_scores_are_not_guessed_at():
    with (
        iv.Inspector(Net(lambda o: (o.h, o.s)), X) as inspector,
        pytest.raises(InnerviewError, match=r"\[0\] with 32 columns and \[1\] with 10 columns.*classes="),
    ):
        list(inspector.predict())


def test_labels_that_count_from_one_are_known_by_the_output():
    model = Net(lambda o: o.s).eval()
    truth = model.fc(model.features(X.flatten(1)).relu()).argmax(1)
    truth[0] = 9 if int(truth.max()) < 9 else truth[0]
    with iv.Inspector(model, (X, truth + 1)) as inspector:
        list(inspector.predict())
        assert inspector.predictions.accuracy.value >= 59 / 60
        assert "count from 1" in inspector.data.note
        assert inspector.data.classes[0] == "1"


def test_a_metric_is_a_function():
    with (
        iv.Inspector(Net(lambda o: o.s), (X, Y)) as inspector,
        pytest.raises(InnerviewError, match=r"metric='mse'.*metric=lambda output, target"),
    ):
        inspector.compress("features", 4, metric="mse")


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
def test_a_layer_that_is_the_same_for_all_samples_is_one_point(method):
    model = Net(lambda o: o.s)
    nn.init.zeros_(model.features.weight)
    with iv.Inspector(model, (X, Y)) as inspector:
        found = inspector.embed("features", method)
        assert found.points.std(0).max() == 0
        assert "all 60 samples have the same activations" in found.note
