"""The brush: which samples are selected, however they are given."""

import numpy as np
import pytest
import torch
from traitlets import TraitError

from innerview.errors import DataError


def test_any_way_of_naming_samples_becomes_ascending_numbers(explored):
    for given in ([7, 3, 3, 5], np.array([5, 3, 7], np.uint32), torch.tensor([7, 5, 3]), (3, 5, 7)):
        explored.brush = []
        explored.brush = given
        assert explored.brush.tolist() == [3, 5, 7]
        assert explored.brush.dtype == np.int64
    mask = np.zeros(len(explored.data), bool)
    mask[[1, 4]] = True
    explored.brush = mask
    assert explored.brush.tolist() == [1, 4]


def test_the_same_samples_again_tell_nobody(explored):
    heard = []
    explored.observe(lambda change: heard.append(change["new"].tolist()), "brush")
    explored.brush = [2, 1]
    explored.brush = [1, 2, 2]
    explored.brush = []
    explored.brush = ()
    assert heard == [[1, 2], []]


def test_the_brush_is_nobodys_to_change(explored):
    mine = np.array([1, 2, 3])
    explored.brush = mine
    mine[0] = 99
    assert explored.brush.tolist() == [1, 2, 3]
    taken = explored.brush
    taken[0] = 5
    assert explored.brush.tolist() == [1, 2, 3]
    assert torch.arange(9)[explored.brush].tolist() == [1, 2, 3]  # no warning of an array that cannot be written to


@pytest.mark.parametrize("given", [[-1], [0, 360], np.ones(7, bool)])
def test_samples_that_do_not_exist(explored, given):
    explored.brush = [4]
    with pytest.raises(DataError, match=r"360|359"):
        explored.brush = given
    assert explored.brush.tolist() == [4]


@pytest.mark.parametrize("given", ["many", [1.5], [[1, 2], [3, 4]], None])
def test_what_is_no_list_of_samples(explored, given):
    with pytest.raises((TraitError, DataError)):
        explored.brush = given


def test_a_large_brush_is_set_as_a_whole(explored):
    explored.brush = range(360)
    assert np.array_equal(explored.brush, np.arange(360))
