"""Samples, however they are named, as numbers: held against Python's own indexing of a list."""

import numpy as np
import pandas as pd
import pytest
import torch

from innerview.data.indices import sample_indices
from innerview.errors import DataError

MASK = [index in (1, 4) for index in range(10)]


@pytest.mark.parametrize("numbers", [[7, 3, 3], [], [0, 9]])
@pytest.mark.parametrize(
    "form",
    [
        list,
        tuple,
        torch.LongTensor,
        lambda numbers: torch.tensor(numbers, dtype=torch.uint8),
        lambda numbers: np.array(numbers, np.uint32),
        lambda numbers: np.array(numbers, object),
        lambda numbers: [torch.tensor(number) for number in numbers],
        lambda numbers: pd.Series(numbers, dtype="int16"),
        lambda numbers: pd.Series(numbers, dtype="Int64"),
        lambda numbers: pd.Index(numbers, dtype="int64"),
    ],
)
def test_numbers_keep_their_order_and_doubles(numbers, form):
    indices = sample_indices(form(numbers), 10)
    assert indices.tolist() == numbers
    assert indices.dtype == np.int64


@pytest.mark.parametrize(
    "form",
    [
        list,
        np.array,
        torch.tensor,
        pd.Series,
        lambda mask: pd.Series(mask, dtype="boolean"),
        lambda mask: np.array(mask, object),
    ],
)
def test_a_mask_names_the_samples_where_it_is_true(form):
    assert sample_indices(form(MASK), 10).tolist() == [1, 4]
    with pytest.raises(DataError, match="each of the 11 samples; this one has 10"):
        sample_indices(form(MASK), 11)


@pytest.mark.parametrize("part", [slice(None), slice(-3, None), slice(0, 99, 4), slice(None, None, -1)])
def test_slices_and_ranges_are_pythons(part):
    assert sample_indices(part, 10).tolist() == list(range(10))[part]
    assert sample_indices(range(10)[part], 10).tolist() == list(range(10))[part]


def test_the_numbers_are_a_copy():
    mine = np.array([1, 2, 3])
    sample_indices(mine, 10)[0] = 9
    assert mine.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ([1.0, 2.5], r"\[1.0, 2.5\]"),
        (torch.tensor([1.0]), r"tensor\(\[1.\]\)"),
        (pd.Series([1, None]), "float64"),
        ([1, None], "None"),
        ("many", "'many'"),
        (["1"], r"\['1'\]"),
        (5, "int: 5"),
        (np.int64(5), "5"),
        (torch.tensor(5), r"tensor\(5\)"),
        (True, "True"),
        (None, "NoneType"),
        ({1, 2}, r"\{1, 2\}"),
        ({1: 2}, "dict"),
        ([[1, 2], [3, 4]], r"\[\[1, 2\], \[3, 4\]\]"),
        ([[1], [2, 3]], r"\[\[1\], \[2, 3\]\]"),
        (np.ones((10, 1), bool), r"\[10, 1\]"),
        (slice(0.5, 2), "0.5"),
        ([2**70], str(2**70)),
        ([-1, 3, 12], "no sample -1, 12: the samples are 0 to 9"),
        (range(10, 20), "no sample 10, 11, 12, 13, 14 ...: the samples are 0 to 9"),
        (np.array([2**63], np.uint64), str(2**63)),
    ],
)
def test_what_names_no_samples_is_refused_with_what_was_given(given, named):
    with pytest.raises(DataError, match=named):
        sample_indices(given, 10)
