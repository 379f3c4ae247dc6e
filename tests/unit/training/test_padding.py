"""Padding is in no statistic of a training: what is recorded is what the texts alone give, in every form of marking."""

import pytest
import torch
from torch import nn

import innerview as iv

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
