"""Curves that stop when they know, against the evaluation of all samples, on networks of twelve kinds."""

import numpy as np
import pytest
import sklearn.datasets
import torch
from torch import nn

from innerview.errors import DataError
from innerview.jobs.worker import Job
from innerview.model.blocks import blocks_of
from innerview.session.inspector import Inspector
from innerview.study.compressibility import comparing
from innerview.study.compressions import compressing

TOLERATED = 0.01


class Lambda(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Residual(nn.Module):
    def __init__(self, *inside):
        super().__init__()
        self.inside = nn.Sequential(*inside)

    def forward(self, x):
        return x + self.inside(x)


def residual(width):
    return Residual(nn.Conv2d(width, width, 3, 1, 1), nn.BatchNorm2d(width), nn.ReLU())


def mixing(width):
    return Residual(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU())


ROWS = Lambda(lambda x: x.squeeze(1))  # [N, 8 rows, 8 columns]
LAST = Lambda(lambda found: found[0][:, -1])
MEAN = Lambda(lambda x: x.mean(1))
POOL = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten())


def classifier(width):
    return [POOL, nn.Linear(width, 10)]


NETWORKS = {
    "linear": ("1", lambda: [nn.Flatten(), nn.Linear(64, 32), nn.Linear(32, 10)]),
    "perceptron": ("2", lambda: [nn.Flatten(), nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 10)]),
    "tanh": ("3", lambda: [nn.Flatten(), nn.Linear(64, 40), nn.Tanh(), nn.Linear(40, 24), nn.Linear(24, 10)]),
    "convolutions": ("2", lambda: [nn.Conv2d(1, 12, 3), nn.ReLU(), nn.Conv2d(12, 24, 3), POOL, nn.Linear(96, 10)]),
    "strided": ("0", lambda: [nn.Conv2d(1, 16, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10)]),
    "normalised": (
        "1",
        lambda: [nn.Conv2d(1, 16, 3), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 16, 3), POOL, nn.Linear(64, 10)],
    ),
    "residual": ("2", lambda: [nn.Conv2d(1, 16, 3), residual(16), residual(16), residual(16), POOL, nn.Linear(64, 10)]),
    "depthwise": (
        "1",
        lambda: (
            [nn.Conv2d(1, 24, 1), nn.Conv2d(24, 24, 3, groups=24), nn.SiLU(), nn.Conv2d(24, 16, 1), *classifier(64)]
        ),
    ),
    "recurrent": ("1", lambda: [ROWS, nn.LSTM(8, 32, batch_first=True), LAST, nn.Linear(32, 10)]),
    "gated": ("3", lambda: [ROWS, nn.GRU(8, 32, batch_first=True), LAST, nn.Linear(32, 24), nn.Linear(24, 10)]),
    "transformer": (
        "2",
        lambda: (
            [ROWS, nn.Linear(8, 16)]
            + [nn.TransformerEncoderLayer(16, 2, 32, 0.0, batch_first=True) for _ in range(2)]
            + [nn.Flatten(), nn.Linear(128, 10)]
        ),
    ),
    "mixer": ("3", lambda: [ROWS, nn.Linear(8, 24), mixing(24), mixing(24), MEAN, nn.Linear(24, 10)]),
}


@pytest.fixture(scope="module")
def images():
    x, y = sklearn.datasets.load_digits(return_X_y=True)
    return torch.tensor(x, dtype=torch.float32).view(-1, 1, 8, 8) / 16, torch.tensor(y)


def trained(name, images, epochs=12):
    x, y = images
    torch.manual_seed(sum(map(ord, name)))
    model = nn.Sequential(*NETWORKS[name][1]())
    optimizer = torch.optim.Adam(model.parameters(), 4e-3)
    for _ in range(epochs):
        for part in torch.randperm(600).split(50):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[part]), y[part]).backward()
            optimizer.step()
    return model.eval()


@pytest.mark.slow
def test_each_point_holds_the_full_evaluation_and_the_rank_found_is_a_neighbour(images):
    held = points = taken = whole = 0
    away = []
    for name, (layer, _) in NETWORKS.items():
        with Inspector(trained(name, images), images) as inspector:
            curve = inspector.accuracy_curve(layer)
            full = inspector.accuracy_curve(layer, curve.ranks.tolist(), within=None)
        assert all(point.evaluated == point.total == 899 for point in full.points)
        # The true rank, by a plain search; neighbours are those of the ranks evaluated.
        true = next(place for place, change in enumerate(full.change) if change >= -TOLERATED)
        found = curve.ranks.tolist().index(curve.smallest_rank(TOLERATED))
        away.append(abs(found - true))
        taken += sum(point.evaluated for point in curve.points)
        whole += sum(point.evaluated for point in full.points)
        for point, reference in zip(curve.points, full.points, strict=True):
            low, high = point.paired.interval(total=point.total)
            points += 1
            held += low - 1e-9 <= reference.change <= high + 1e-9
            assert point.change_low <= low <= high <= point.change_high
            assert (point.evaluated == point.total) or high - low <= 0.03 or high < -TOLERATED or point.evaluated >= 64
    assert held / points > 0.92  # of about a hundred, at 95 %
    # Where neighbours differ by less than the interval asked for, chance decides between them.
    assert sum(one <= 1 for one in away) >= len(NETWORKS) - 1
    assert max(away) <= 2
    assert taken < 0.4 * whole


def test_the_change_is_against_the_same_samples_by_a_plain_loop(images):
    with Inspector(trained("perceptron", images), images) as inspector:
        (point,) = inspector.accuracy_curve("2", [3]).points
        assert point.evaluated < point.total
        part = inspector.data.order()[898:][: point.evaluated]
        x, y = images[0][part], images[1][part]
        with torch.no_grad():
            before = inspector.model(x).argmax(1) == y
            projection = inspector.subject.cache.get(
                next(key for key in inspector.subject.cache._held if key[0] == "projection")
            ).at(3)
            hook = inspector.model[2].register_forward_hook(lambda *given: projection.apply(given[-1]))
            after = inspector.model(x).argmax(1) == y
            hook.remove()
        assert point.paired == (int((after & ~before).sum()), int((before & ~after).sum()), len(part))
        assert point.change == pytest.approx(point.accuracy - point.baseline_accuracy)


def test_without_labels_the_agreement_decides(images):
    with Inspector(trained("perceptron", images), images[0]) as inspector:
        curve = inspector.accuracy_curve("2")
        for point in curve.points:
            assert point.change == pytest.approx(point.agreement - 1)
        assert min(point.evaluated for point in curve.points) == 32
        assert curve.smallest_rank() in curve.ranks


def test_with_a_metric_all_samples_are_evaluated(images):
    with Inspector(trained("perceptron", images), images) as inspector:
        found = inspector.accuracy_curve("2", [1, 40], metric=lambda output, _: output.amax(1))
        assert [point.evaluated for point in found.points] == [899, 899]


@pytest.mark.parametrize(("name", "value"), [("within", -0.1), ("within", 3), ("tolerated", 1.5)])
def test_what_is_no_share_is_refused(images, name, value):
    with Inspector(nn.Sequential(nn.Flatten(), nn.Linear(64, 10)), images) as inspector:
        with pytest.raises(DataError, match=rf"{name}={value}: a share of the samples from 0 to 1, so that 0.03"):
            inspector.accuracy_curve("1", **{name: value})
        with pytest.raises(TypeError, match="'withn'; did you mean 'within'"):
            inspector.accuracy_curve("1", withn=0.1)


def test_what_was_stopped_early_goes_on_to_all_samples(images):
    model = trained("perceptron", images)
    with Inspector(model, images) as inspector:
        early = inspector.accuracy_curve("2", [2]).points[0]
        late = inspector.compress("2", 2)
        assert early.evaluated < late.evaluated == late.total
        assert inspector.compress("2", 2, within=0.03).evaluated == 899  # what is known is not thrown away
    with Inspector(model, images) as inspector:
        assert inspector.compress("2", 2).paired == late.paired


@pytest.mark.slow
def test_the_fraction_told_never_falls_and_ends_at_one(images):
    with Inspector(trained("residual", images), images) as inspector:
        for study in (
            lambda job: compressing(inspector.subject, "2", job=job),
            lambda job: comparing(inspector.subject, job=job),
        ):
            job = Job("key", "label", 0)
            told = [job.fraction or 0.0 for _ in study(job)]
            assert told == sorted(told)
            assert job.fraction == 1
            assert len({round(one, 2) for one in told}) > 8
            assert 0 < told[0] < 0.2  # also while it fits, before anything is evaluated


# --- every block at once -------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_block_is_compared_as_its_own_curve_would_be(images):
    with Inspector(trained("residual", images), images) as inspector:
        found = inspector.compressibility(fractions=[0.25, 0.5])
        assert set(found.curves) == {"1", "2", "3"}
        table = found.to_frame()
        assert table["dimensions"].tolist() == [16, 16, 16]
        inspector.subject.cache.clear()
        for layer, curve in found.curves.items():
            alone = inspector.accuracy_curve(layer, [4, 8], within=0.06, tolerated=0.02)
            np.testing.assert_array_equal(alone.change, curve.change)
            assert [point.evaluated for point in alone.points] == [point.evaluated for point in curve.points]
            assert table.loc[layer, "1/4"] == curve.change[0]
            assert table.loc[layer, "1/2 evaluated"] == curve.points[1].evaluated
            assert (table.loc[layer, "rank"] if curve.smallest_rank(0.02) else None) == curve.smallest_rank(0.02)
        parts = table["part"].fillna(1.0).tolist()
        assert parts == sorted(parts)


def forwards(model, function):
    count = 0

    def counted(*_):
        nonlocal count
        count += 1

    hook = model[0].register_forward_hook(counted)
    function()
    hook.remove()
    return count


@pytest.mark.slow
def test_blocks_are_fitted_to_one_sweep(images):
    with Inspector(trained("residual", images), images) as inspector:
        one = forwards(inspector.model, lambda: inspector.compressibility(["2"], samples=32))
        inspector.subject.cache.clear()
        three = forwards(inspector.model, lambda: inspector.compressibility(samples=32))
        inspector.subject.cache.clear()
        apart = sum(
            forwards(inspector.model, lambda layer=layer: inspector.compressibility([layer], samples=32))
            for layer in "123"
        )
        assert one < three < apart


@pytest.mark.parametrize(
    ("name", "blocks"),
    [
        ("residual", ["1", "2", "3"]),
        ("transformer", ["2", "3"]),
        ("mixer", ["2", "3"]),
        ("tanh", ["1", "3"]),
        ("convolutions", ["0", "2"]),
    ],
)
def test_the_blocks_of_a_model(images, name, blocks):
    with Inspector(nn.Sequential(*NETWORKS[name][1]()), images) as inspector:
        assert blocks_of(inspector.layers) == blocks


@pytest.mark.parametrize("fractions", [[], [0.0, 0.5], [0.5, 1.5]])
def test_parts_of_a_rank_that_do_not_exist(images, fractions):
    with (
        Inspector(nn.Sequential(nn.Flatten(), nn.Linear(64, 10)), images) as inspector,
        pytest.raises(DataError, match="parts of the full rank, each above 0 and up to 1"),
    ):
        inspector.compressibility(["1"], fractions)


def test_a_model_without_blocks_says_so(images):
    with (
        Inspector(nn.Sequential(nn.Flatten(), nn.Linear(64, 10)), images) as inspector,
        pytest.raises(DataError, match="no block to compress; name some"),
    ):
        inspector.compressibility()
