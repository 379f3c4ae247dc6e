"""Which tensor of a batch is the input to show."""

import pytest
import torch

from innerview.data.inputs import main_input, replace_input
from innerview.data.samples import Batch
from innerview.errors import DataError

IMAGES = torch.arange(24.0).reshape(2, 3, 2, 2)
TOKENS = torch.arange(10).reshape(2, 5)
MASK = torch.ones(2, 5, dtype=torch.long)


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        (Batch((IMAGES,), {}, None), IMAGES[0]),
        (Batch((), {"attention_mask": MASK, "input_ids": TOKENS}, None), TOKENS[0]),
        (Batch(({"attention_mask": MASK, "input_ids": TOKENS},), {}, None), TOKENS[0]),
        (Batch(([IMAGES[1], IMAGES[0]],), {}, None), IMAGES[1]),
        (Batch(("a caption", IMAGES), {}, None), IMAGES[0]),
        (Batch((), {"attention_mask": MASK}, None), MASK[0]),
    ],
)
def test_the_first_tensor_that_is_no_mask(batch, expected):
    assert torch.equal(main_input(batch), expected)
    other = expected + 1
    swapped = replace_input(batch, other)
    assert torch.equal(main_input(swapped), other)
    assert swapped.kwargs.keys() == batch.kwargs.keys()
    assert len(swapped.args) == len(batch.args)


def test_no_tensor_at_all():
    with pytest.raises(DataError, match="no tensor"):
        main_input(Batch(("text",), {"n": 3}, None))
