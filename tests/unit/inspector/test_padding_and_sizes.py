"""Padding is part of no mean, no fit and no vector; samples that differ in shape are run one by one in every study."""

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

import innerview as iv

N = 24
LENGTHS = [2 + 5 * i % 9 for i in range(N)]
TEXTS = [torch.arange(1, 1 + n) + i % 4 for i, n in enumerate(LENGTHS)]
LABELS = [i % 3 for i in range(N)]


class Rows(Dataset):
    def __init__(self, get):
        self.get = get

    def __len__(self):
        return N

    def __getitem__(self, i):
        return self.get(i)


class Text(nn.Module):
    """What marks the padding is a mask, lengths, or nothing but the embedding's padding index."""

    def __init__(self, padding_idx=None, *, first=True):
        super().__init__()
        torch.manual_seed(0)
        self.embed, self.mix, self.fc = nn.Embedding(30, 8, padding_idx), nn.Linear(8, 8), nn.Linear(8, 3)
        self.embed.weight.data[0] = 3.0  # padding that would be seen
        self.axis = 1 if first else 0

    def forward(self, input_ids, attention_mask=None, lengths=None):  # noqa: ARG002 - fed, as to many models
        # A bias: padding has values of its own here.
        return self.fc(self.mix(self.embed(input_ids)).mean(self.axis))


def pad(rows, *, first=True):
    return nn.utils.rnn.pad_sequence([TEXTS[i] for i in rows], batch_first=first)


def masked(rows):
    ids = pad(rows)
    return {"input_ids": ids, "attention_mask": (ids > 0).long(), "labels": torch.tensor([LABELS[i] for i in rows])}


def by_position(rows):
    found = masked(rows)
    return found["input_ids"], found["attention_mask"], found["labels"]


def with_lengths(rows):
    return {
        "input_ids": pad(rows),
        "lengths": torch.tensor([LENGTHS[i] for i in rows]),
        "labels": torch.tensor([LABELS[i] for i in rows]),
    }


def marked_by_index(rows):
    return pad(rows), torch.tensor([LABELS[i] for i in rows])


def time_first(rows):
    return pad(rows, first=False), torch.tensor([LABELS[i] for i in rows])


FORMS = {
    "mask": (masked, Text()),
    "mask, by position": (by_position, Text()),
    "lengths": (with_lengths, Text()),
    "padding index": (marked_by_index, Text(0)),
    "padding index, time first": (time_first, Text(0, first=False)),
}


@pytest.fixture(params=FORMS)
def inspector(request):
    collate, model = FORMS[request.param]
    with iv.Inspector(model, DataLoader(Rows(lambda i: i), batch_size=4, collate_fn=collate)) as inspector:
        yield inspector


def alone(inspector, i):
    """The layer's values for a text alone, which needs no padding: ``[T, 8]``."""
    with torch.no_grad():
        return inspector.model.mix(inspector.model.embed(TEXTS[i]))


def test_a_mean_is_that_of_the_text_alone(inspector):
    found = inspector.embed("mix", pool="mean")
    for i, vector in zip(found.indices, found.representation.vectors, strict=True):
        assert torch.allclose(vector, alone(inspector, i).mean(0), atol=1e-5)
    assert "padding is left out" in found.note


def test_the_last_token_is_that_of_the_text(inspector):
    found = inspector.embed("mix", pool=-1)
    for i, vector in zip(found.indices, found.representation.vectors, strict=True):
        assert torch.allclose(vector, alone(inspector, i)[-1], atol=1e-5)


def test_a_projection_is_not_fitted_to_padding(inspector):
    found = inspector.compress("mix", 2, fit=None)
    # About the same from a plain loop over the texts; it was fitted to a part of them.
    vectors = torch.cat([alone(inspector, i) for i in range(N)])
    values = torch.linalg.eigvalsh(torch.cov(vectors.T)).flip(0)
    everything = float(values[:2].sum() / values.sum())
    assert found.explained_variance == pytest.approx(everything, abs=0.05)
    padded = torch.cat([inspector.model.mix(inspector.model.embed(pad([i, 8])[0])) for i in range(N)]).detach()
    values = torch.linalg.eigvalsh(torch.cov(padded.T)).flip(0)
    assert abs(float(values[:2].sum() / values.sum()) - everything) > 0.05  # it would have shown


def test_the_whole_text_is_shown():
    collate, model = FORMS["padding index, time first"]
    with iv.Inspector(model, DataLoader(Rows(lambda i: i), batch_size=4, collate_fn=collate)) as inspector:
        batch = inspector.batch(3)
        assert batch.args[0].select(batch.axis, 0).tolist() == TEXTS[3].tolist()


def test_samples_of_different_sizes_are_run_one_by_one_in_every_study():
    images = [torch.rand(1, 6 + i % 5, 8, generator=torch.Generator().manual_seed(i)) for i in range(N)]
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 3)).eval()
    with iv.Inspector(model, Rows(lambda i: (images[i], LABELS[i]))) as inspector, torch.no_grad():
        pooled = torch.stack([model[:2](image[None])[0] for image in images])
        assert torch.allclose(inspector.activations("1"), pooled)
        assert torch.allclose(inspector.activations("1", [7, 2]), pooled[[7, 2]])
        assert inspector.embed("1").points.shape == (N, 2)
        assert inspector.quality("1", k=3).knn_accuracy >= 0
        assert inspector.similarity("1").same.sum() >= 0
        right = torch.tensor(
            [int(model(image[None]).argmax()) == label for image, label in zip(images, LABELS, strict=True)]
        )
        list(inspector.predict())
        assert inspector.predictions.accuracy.value == pytest.approx(float(right.float().mean()))
        assert inspector.compress("1", 4).agreement == 1
        assert inspector.embed("0", pool="mean").points.shape == (N, 2)
        # Whole maps of several sizes cannot be compared, and the error says what can.
        with pytest.raises(iv.errors.InnerviewError, match="pool='mean'"):
            inspector.embed("0")
