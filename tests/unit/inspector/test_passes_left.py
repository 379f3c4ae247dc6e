"""What a pass over samples left is not computed again: counted in samples that go through the model."""

import numpy as np
import pytest
import torch
from torch import nn

import innerview as iv
from innerview.jobs.progress import finish
from innerview.study.projections import projecting

N = 90
IMAGES = torch.rand(N, 1, 8, 8, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(N) % 3


SEEN = {"entered": 0, "left": 0}  # not in the model, whose attributes are put back


class Counting(nn.Module):
    """A small network that counts the samples that enter it, and those that leave it."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.relu, self.pool = nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
        self.flat, self.fc = nn.Flatten(), nn.Linear(4, 3)

    def forward(self, x):
        SEEN["entered"] += len(x)
        x = self.fc(self.flat(self.pool(self.relu(self.conv(x)))))
        SEEN["left"] += len(x)
        return x


class Taps:
    """How many samples have entered and left a model since the last look."""

    def __init__(self):
        self.last = tuple(SEEN.values())

    def since(self):
        now = tuple(SEEN.values())
        since, self.last = (now[0] - self.last[0], now[1] - self.last[1]), now
        return since


@pytest.fixture(params=[1 << 29, 64 * 4 * 36 * 4 - 1], ids=["much memory", "too little for the whole output"])
def explored(request):
    model = Counting()
    with iv.Inspector(model, (IMAGES, LABELS), memory=request.param) as inspector:
        inspector.layers  # noqa: B018 - two forwards of their own
        taps = Taps()
        yield inspector, taps


def test_after_an_embedding_its_layer_and_the_predictions_are_there(explored):
    inspector, taps = explored
    inspector.embed("relu", samples=None)
    entered, left = taps.since()
    assert entered == left == N  # most of the model is before this layer's end: the rest costs little more
    list(inspector.predict())
    inspector.brush_frame()
    inspector.embed("relu", pool="mean", samples=None)
    inspector.quality("relu", samples=None)
    assert taps.since() == (0, 0)
    values = inspector.activations("relu")
    kept = inspector._live.cache.budget > N * values[0].nbytes
    assert taps.since()[0] == (0 if kept else N)
    with torch.no_grad():
        expected = inspector.model.conv(IMAGES).relu()
    assert torch.allclose(values, expected, atol=1e-6)
    means = inspector.embed("relu", pool="mean", samples=None).representation.vectors
    assert torch.allclose(means, expected.mean((2, 3))[inspector.data.order()], atol=1e-6)


def test_the_predictions_on_the_way_are_those_of_a_pass_of_their_own(explored):
    inspector, _ = explored
    inspector.embed("relu", samples=50)
    assert inspector.predictions.done == 50
    with torch.no_grad():
        expected = inspector.model(IMAGES).argmax(1).numpy()
    known = inspector.predictions.known
    assert np.array_equal(inspector.predictions.predicted[known], expected[known])
    assert inspector.judged == 50  # views hear of it
    list(inspector.predict())
    assert np.array_equal(inspector.predictions.predicted, expected)


def test_more_samples_cost_only_those_that_are_new():
    with iv.Inspector(Counting(), (IMAGES, LABELS)) as inspector:
        inspector.layers  # noqa: B018 - two forwards of their own
        taps = Taps()
        inspector.embed("fc", samples=40)
        assert taps.since()[0] == 40
        inspector.embed("fc", samples=60)
        assert taps.since()[0] == 20
        inspector.activations("fc", range(N))
        assert taps.since()[0] == N - 60
        inspector.activations("fc", [5, 80, 5])
        finish(projecting(inspector.subject, "fc", 2))
        assert taps.since()[0] == 0


def test_what_is_kept_here_and_there_makes_no_small_batches():
    sizes = []

    class Sizes(Counting):
        def forward(self, x):
            sizes.append(len(x))
            return super().forward(x)

    with iv.Inspector(Sizes(), (IMAGES, LABELS)) as inspector:
        inspector.layers  # noqa: B018 - two forwards of their own
        expected = inspector.model.conv(IMAGES).detach()
        inspector.activations("conv", range(0, N, 3))
        sizes.clear()
        values = inspector.activations("conv")
        assert sizes == [2 * N // 3]  # one batch of all that were not run before
        assert torch.allclose(values, expected, atol=1e-6)
        assert torch.equal(inspector.activations("conv", [4, 3, 4, 88]), values[[4, 3, 4, 88]])


def test_a_changed_model_is_run_again(explored):
    inspector, taps = explored
    before = inspector.activations("fc")
    taps.since()
    with torch.no_grad():
        inspector.model.fc.weight.mul_(2)
    assert not torch.allclose(inspector.activations("fc"), before)
    assert taps.since()[0] >= N


def test_a_regression_is_not_run_to_its_end_again_and_again():
    class Regression(Counting):
        def forward(self, x):
            return super().forward(x)[:, 0]

    with iv.Inspector(Regression(), IMAGES) as inspector:
        inspector.layers  # noqa: B018 - two forwards of their own
        inspector.embed("relu", samples=20)
        taps = Taps()
        inspector.embed("pool", samples=20)
        assert taps.since() == (20, 0)


def test_means_are_taken_from_what_is_kept_of_some_and_what_is_left_of_others():
    """Of a layer whose output has room for some samples only, no sample is run again for its means."""
    room = 2 * 30 * 4 * 36 * 4  # half of it is for one layer: thirty samples
    with iv.Inspector(Counting(), (IMAGES, LABELS), memory=max(room, 64 * 4 * 36 * 4)) as inspector:
        inspector.layers  # noqa: B018 - two forwards of their own
        expected = inspector.model.relu(inspector.model.conv(IMAGES)).mean((2, 3)).detach()
        taps = Taps()
        for some in (range(20), range(20, N), range(0, N, 7)):
            inspector.activations("relu", some)
        assert taps.since()[0] > N  # not all were kept
        for pooled in (
            inspector.embed("relu", pool="mean", samples=range(N)),
            inspector.embed("relu", "pca", pool="mean"),
        ):
            found = pooled.representation
            assert torch.allclose(found.vectors, expected[found.indices], atol=1e-6)
        assert taps.since()[0] == 0


def test_what_a_compression_runs_predicts_the_samples():
    with iv.Inspector(Counting(), (IMAGES, LABELS)) as inspector:
        heard = []
        inspector.observe(lambda change: heard.append(change["new"]), "judged")
        found = inspector.compress("relu", 2, samples=60)
        assert inspector.predictions.done >= 60
        assert heard[-1] == inspector.predictions.done
        score = inspector.predictions.score
        assert found.baseline_accuracy == (inspector.predictions.correct[inspector.data.order()[:60]] == 1).mean()
        inspector.compress("relu", 2)
        taps = Taps()
        list(inspector.predict())
        assert taps.since() == (0, 0)
        assert inspector.predictions.score.evaluated == N >= score.evaluated


def test_a_click_on_a_sample_that_was_run_runs_nothing():
    with iv.Inspector(Counting(), (IMAGES, LABELS)) as inspector:
        alone = inspector.look("relu", 4).values
        inspector.embed("relu", samples=None)
        taps = Taps()
        again = inspector.look("relu", 5).values
        assert torch.allclose(inspector.look("relu", 4).values, alone, atol=1e-6)
        assert taps.since() == (0, 0)
        again.zero_()  # a copy: what is kept stays as it is
        assert inspector.activations("relu", [5]).abs().sum() > 0
        with torch.no_grad():
            inspector.model.conv.weight.mul_(2)
        assert not torch.allclose(inspector.look("relu", 4).values, alone)
