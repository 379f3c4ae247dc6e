"""Padding is not drawn: tiles, a compressed layer and the text of a sample end where the text ends."""

import numpy as np
import pytest
import torch
from torch import nn
from unit.widgets.frames import last, settle

import innerview as iv
from innerview.jobs.progress import finish
from innerview.panels.compression_frames import compressed
from innerview.study.projections import projecting

LENGTHS = [2 + 5 * i % 9 for i in range(24)]
TEXTS = [torch.arange(1, 1 + n) + i % 4 for i, n in enumerate(LENGTHS)]
# As tokenizers do it for all texts, so that padding is there for one sample alone too.
ROWS = [nn.functional.pad(text, (0, 12 - len(text))) for text in TEXTS]
SAMPLE = 3


class Text(nn.Module):
    def __init__(self, padding_idx=None, *, channels_first=False):
        super().__init__()
        torch.manual_seed(0)
        self.embed, self.fc = nn.Embedding(30, 8, padding_idx), nn.Linear(8, 3)
        self.mix = nn.Conv1d(8, 8, 1) if channels_first else nn.Linear(8, 8)
        self.first = channels_first

    def mixed(self, ids):
        embedded = self.embed(ids)
        return self.mix(embedded.mT if self.first else embedded)

    def forward(self, input_ids, attention_mask=None):  # noqa: ARG002 - fed, as to many models
        return self.fc(self.mixed(input_ids).mean(2 if self.first else 1))


@pytest.fixture(params=["mask", "padding index", "channels first"])
def inspector(request):
    feed = [{"input_ids": row, "attention_mask": (row > 0).long()} for row in ROWS]
    model = Text(channels_first=request.param == "channels first")
    if request.param == "padding index":
        feed, model = [{"input_ids": row} for row in ROWS], Text(0)
    with iv.Inspector(model, feed) as inspector:
        inspector.layer, inspector.sample = "mix", SAMPLE
        yield inspector


def test_tiles_and_text_end_where_the_text_ends(sent, inspector):
    iv.ChannelGrid(inspector)
    iv.SamplePicker(inspector)
    settle(inspector)
    (header, arrays), length = last(sent, "grid"), LENGTHS[SAMPLE]
    assert arrays["tiles"].shape == (8, 1, length)
    assert "padding is left out" in header["note"]
    with torch.no_grad():
        alone = inspector.model.mixed(TEXTS[SAMPLE][None])[0]
    low = alone.amin(1 if inspector.model.first else 0)
    np.testing.assert_allclose(arrays["low"], low, atol=1e-6)
    assert last(sent, "sample")[0]["text"].split() == [str(token) for token in TEXTS[SAMPLE].tolist()]


@pytest.mark.parametrize("axis", ["channels", "all"])
def test_a_compressed_layer_is_drawn_without_padding(inspector, axis):
    subject = inspector.subject
    projection = finish(projecting(subject, "mix", 2, "pca", axis))
    _, arrays = compressed(subject, inspector.look("mix", SAMPLE), projection)
    for name in ("before", "after", "difference"):
        assert arrays[f"{name}.tiles"].shape == (8, 1, LENGTHS[SAMPLE])
