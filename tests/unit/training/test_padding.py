"""Padding is in no statistic of a training: what is recorded is what the texts alone give, in every form of marking."""

import pytest
import torch
from torch import nn

import innerview as iv
from innerview.data.padding import Counts, without_padding

WIDTH, CLASSES = 6, 3
LENGTHS = [2, 7, 4, 5]
TEXTS = [torch.arange(1, 1 + n) + i for i, n in enumerate(LENGTHS)]
LABELS = torch.tensor([0, 1, 2, 1])


class Text(nn.Module):
    def __init__(self, padding_idx=None, *, first=True, swapped=False):
        super().__init__()
        torch.manual_seed(0)
        self.embed, self.mix, self.fc = (
            nn.Embedding(20, WIDTH, padding_idx),
            nn.Linear(WIDTH, WIDTH),
            nn.Linear(WIDTH, 3),
        )
        self.embed.weight.data[0] = 5.0  # padding that would be seen
        self.first, self.swapped = first, swapped

    def forward(self, ids, attention_mask=None, lengths=None):
        mixed = self.mix(self.embed(ids.T) if self.swapped else self.embed(ids))
        first = self.first != self.swapped
        mixed = mixed if first else mixed.transpose(0, 1)
        kept = (ids if self.first else ids.T) > 0
        assert attention_mask is None or lengths is None
        return self.fc((mixed * kept[..., None]).sum(1) / kept.sum(1, keepdim=True))


def ids(*, first=True):
    return nn.utils.rnn.pad_sequence(TEXTS, batch_first=first)


FORMS = {
    "padding index": (Text(0), (ids(),), {}),
    "padding index, time first": (Text(0, first=False), (ids(first=False),), {}),
    "mask": (Text(), (), {"ids": ids(), "attention_mask": (ids() > 0).long()}),
    "mask, by position": (Text(), (ids(), (ids() > 0).long()), {}),
    "lengths": (Text(), (ids(),), {"lengths": torch.tensor(LENGTHS)}),
    "lengths, time first": (Text(first=False), (ids(first=False),), {"lengths": torch.tensor(LENGTHS)}),
    "swapped inside": (Text(0, swapped=True), (ids(),), {}),
}


@pytest.mark.parametrize("form", FORMS)
def test_statistics_are_those_of_the_texts_alone(form):
    model, args, kwargs = FORMS[form]
    seen = {}

    def keep(_module, _args, output):
        output.retain_grad()
        seen["mix"] = output

    handle = model.mix.register_forward_hook(keep)
    with iv.Monitor(model, budget=None) as monitor:
        nn.functional.cross_entropy(model(*args, **kwargs), LABELS).backward()
        monitor.step()
    handle.remove()
    series = monitor.history.series("mix")
    # By hand: each text on its own, and its part of the gradient.
    with torch.no_grad():
        alone = torch.cat([model.mix(model.embed(text)) for text in TEXTS])
    assert series.count[0] == sum(LENGTHS) * WIDTH
    assert series.mean[0] == pytest.approx(alone.mean().item(), abs=1e-5)
    assert series.std[0] == pytest.approx(alone.std(correction=0).item(), rel=1e-4)
    assert series.channel_mean[0] == pytest.approx(alone.mean(0).numpy(), abs=1e-5)
    gradient, kept = seen["mix"].grad, ids() > 0
    gradient = gradient if gradient.shape[:2] == kept.shape else gradient.transpose(0, 1)
    assert series.gradient_std[0] == pytest.approx(gradient[kept].std(correction=0).item(), rel=1e-4)
    assert not gradient[~kept].any()  # which would have made the gradients seem smaller
    # What has no positions is counted whole.
    assert monitor.history.series("fc").count[0] == len(TEXTS) * CLASSES


def test_evaluation_passes_leave_padding_out_too():
    model = Text(0).eval()
    with iv.Monitor(model, budget=None) as monitor, torch.no_grad():
        model(ids())
        monitor.epoch()
    assert monitor.history.series("mix", phase="eval").count[0] == sum(LENGTHS) * WIDTH


@pytest.mark.parametrize("first", [True, False], ids=["samples first", "time first"])
@pytest.mark.parametrize("most", [None, 1, 40, 10**6])
def test_of_a_part_only_positions_that_count_are_taken_of_all_samples(first, most):
    kept = torch.arange(9)[None] < torch.tensor([9, 3, 5, 1, 9, 9])[:, None]
    values = torch.arange(54.0).reshape(6, 9, 1).expand(6, 9, 4)
    marks, whole = (kept, values) if first else (kept.T, values.transpose(0, 1))
    for counts in (Counts(marks), Counts(marks.T)):
        taken, axis = without_padding(counts, whole, 2, most)
        assert axis == 1
        rows = taken[:, 0].sort().values
        assert set(rows.tolist()) <= set(values[kept][:, 0].tolist())
        assert len(rows) == {None: 36, 1: 1, 40: 9, 10**6: 36}[most]
        if most == 40:
            assert len({int(row) // 9 for row in rows}) >= 4  # texts


def test_of_samples_without_padding_a_part_is_taken_evenly():
    values = torch.arange(60.0).reshape(20, 3)
    assert without_padding(None, values, 1, 15)[0][:, 0].tolist() == [0, 12, 24, 36, 48]
    assert torch.equal(without_padding(None, values, 1)[0], values)
    assert without_padding(None, torch.tensor(3.0), 0, 1)[0] == 3


def test_of_a_layer_without_positions_the_gradient_is_looked_at_of_all_samples():
    """Padded texts, of whose scores a part is read: every third sample has no gradient, and stands for no other."""
    torch.manual_seed(0)
    model = Text(0)
    model.fc = nn.Linear(WIDTH, 40)
    texts = torch.randint(1, 20, (64, 7))
    texts[:, 5:] = 0
    wanted = torch.arange(64) % 3 > 0
    with iv.Monitor(model, budget=None) as monitor:
        monitor._watcher._train.turns.limit = 1024
        output = model(texts)
        output.retain_grad()
        (output.square().sum(1) * wanted).sum().backward()
        monitor.step()
    expected = output.grad.std(correction=0).item()
    assert monitor.history.series("fc").gradient_std[0] == pytest.approx(expected, rel=0.2)
