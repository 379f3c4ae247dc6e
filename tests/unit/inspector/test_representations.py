"""A layer's activations as vectors, against the activations themselves."""

import gc
import weakref

import numpy as np
import pytest
import torch
from torch import nn

from innerview.errors import DataError, UnseenLayerError
from innerview.jobs.progress import finish
from innerview.session.inspector import Inspector
from innerview.study.representations import representing


def test_all_elements(explored):
    made = finish(representing(explored.subject, "features.3", samples=50))
    assert sorted(set(made.indices.tolist())) == sorted(made.indices.tolist())
    expected = explored.activations("features.3", made.indices.tolist()).flatten(1)
    torch.testing.assert_close(made.vectors, expected)
    assert made.elements == expected.shape[1]
    assert f"all {expected.shape[1]:,} elements" in made.note


def test_the_mean_over_positions(explored):
    made = finish(representing(explored.subject, "features.3", pool="mean", samples=[5, 1, 9]))
    expected = explored.activations("features.3", [5, 1, 9]).mean((2, 3))
    assert made.indices.tolist() == [5, 1, 9]
    torch.testing.assert_close(made.vectors, expected)


class Tokens(nn.Module):
    """Twelve tokens of four features each; the first is not finite for dark inputs."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(5, 4)

    def forward(self, tokens):
        return self.embed(tokens / (tokens.abs().sum((1, 2), keepdim=True)))


def token_inspector(count=30):
    inputs = torch.rand(count, 12, 5, generator=torch.Generator().manual_seed(2))
    inputs[[3, 8]] = 0  # 0 / 0
    torch.manual_seed(0)
    return Inspector(Tokens(), inputs)


def test_one_token_and_samples_that_are_not_finite():
    with token_inspector() as inspector:
        made = finish(representing(inspector.subject, "embed", pool=7, samples=None))
        assert made.excluded.tolist() == [3, 8]
        assert "2 samples with NaN" in made.note
        assert len(made.indices) == 28
        torch.testing.assert_close(made.vectors, inspector.activations("embed", made.indices.tolist())[:, 7])
        with pytest.raises(DataError, match="no token 12: its tokens are 0 to 11"):
            finish(representing(inspector.subject, "embed", pool=12))


def test_no_tokens_in_maps(explored):
    with pytest.raises(DataError, match=r"'features\.3' has no tokens to choose token 0 from"):
        finish(representing(explored.subject, "features.3", pool=0))


def test_nothing_finite():
    with Inspector(Tokens(), torch.zeros(4, 12, 5)) as inspector, pytest.raises(DataError, match="all 4 have NaN"):
        finish(representing(inspector.subject, "embed"))


def test_the_draw_is_seeded_and_the_first_stand_for_all(explored):
    one, again = (finish(representing(explored.subject, "classifier.1", samples=40, seed=3)) for _ in range(2))
    assert one is again  # kept
    other = finish(representing(explored.subject, "classifier.1", samples=40, seed=4))
    assert one.indices.tolist() != other.indices.tolist()
    more = finish(representing(explored.subject, "classifier.1", samples=80, seed=3))
    assert more.indices[:40].tolist() == one.indices.tolist()


def test_only_correct_ones(explored):
    made = finish(representing(explored.subject, "classifier.1", samples=None, correct_only=True))
    assert (explored.predictions.correct[made.indices] == 1).all()
    assert len(made.indices) == (explored.predictions.correct == 1).sum()


def test_correct_ones_need_labels(trained, digits):
    images = torch.stack([digits.test[index][0] for index in range(5)])
    with Inspector(trained, images) as inspector, pytest.raises(DataError, match="no labels"):
        finish(representing(inspector.subject, "features.0", correct_only=True))


def test_changed_weights_are_looked_at_again(explored):
    before = finish(representing(explored.subject, "features.0", samples=10))
    weight = explored.model.features[0].weight
    with torch.no_grad():
        weight.mul_(2)
        after = finish(representing(explored.subject, "features.0", samples=10))
        weight.div_(2)
    assert not torch.allclose(before.vectors, after.vectors)


class Wide(nn.Module):
    """Makes 20,000 elements of each input."""

    def __init__(self):
        super().__init__()
        self.out = nn.Linear(10, 20_000)

    def forward(self, inputs):
        return self.out(inputs)


def test_long_vectors_are_reduced_with_their_distances_kept():
    torch.manual_seed(0)
    with Inspector(Wide(), torch.randn(30, 10)) as inspector:
        made = finish(representing(inspector.subject, "out"))
        whole = inspector.activations("out", made.indices.tolist())
        assert made.vectors.shape == (30, 2048)
        assert made.elements == 20_000
        assert "all 20,000 elements, reduced to 2,048 by a random projection" in made.note
        ratio = torch.pdist(made.vectors) / torch.pdist(whole)
        assert (ratio - 1).abs().max() < 0.12
        assert (ratio - 1).abs().mean() < 0.03


def test_past_the_memory_budget_the_vectors_go_to_a_file_without_a_name(trained, digits, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Inspector(trained, digits.test, memory=1000) as inspector:
        made = finish(representing(inspector.subject, "features.3", samples=60))
        assert made.note.endswith("kept in a file")
        assert list(tmp_path.iterdir()) == []
        expected = inspector.activations("features.3", made.indices.tolist()).flatten(1)
        torch.testing.assert_close(made.vectors, expected)


def test_the_cache_keeps_the_newest_within_its_budget(trained, digits):
    size = 100 * 64 * 4
    # What passes left of the layer takes half of it, at most.
    with Inspector(trained, digits.test, memory=int(5 * size)) as inspector:
        kept = [
            weakref.ref(finish(representing(inspector.subject, "classifier.1", samples=100, seed=seed)))
            for seed in range(4)
        ]
        gc.collect()
        assert [reference() is not None for reference in kept] == [False, False, True, True]


class Ragged(nn.Module):
    """Its output grows with the input's first number."""

    def forward(self, inputs):
        return inputs[:, : 1 + int(inputs[0, 0]) % 7]


class RaggedModel(nn.Module):
    """A layer whose shape varies from sample to sample."""

    def __init__(self):
        super().__init__()
        self.ragged = Ragged()

    def forward(self, inputs):
        return self.ragged(inputs).sum(1)


def test_a_layer_of_varying_shape():
    inputs = torch.arange(1000.0)[:, None].repeat(1, 8)
    with Inspector(RaggedModel(), inputs) as inspector, pytest.raises(UnseenLayerError, match="cannot be compared"):
        finish(representing(inspector.subject, "ragged"))


def test_previews_hold_the_first_samples(explored, monkeypatch):
    monkeypatch.setattr("innerview.study.representations._FIRST_LOOK", 0)
    monkeypatch.setattr("innerview.study.sweep._LARGEST_BATCH", 16)
    work = representing(explored.subject, "features.0", samples=300)
    parts = [part for part in work if part is not None]
    assert len(parts) >= 2
    sizes = [len(part.indices) for part in parts]
    assert sizes == sorted(sizes)
    assert sizes[-1] < 300
    for part in parts:
        torch.testing.assert_close(part.vectors, explored.activations("features.0", part.indices.tolist()).flatten(1))


def test_neighbours_are_searched_once(explored):
    made = finish(representing(explored.subject, "classifier.1", samples=100))
    wide = finish(made.finding_neighbours(20))
    narrow = finish(made.finding_neighbours(5))
    assert np.array_equal(narrow.indices, wide.indices[:, :5])
    assert np.shares_memory(narrow.distances, wide.distances)
