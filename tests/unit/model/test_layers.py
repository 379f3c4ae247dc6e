"""The layer table as a mapping, a frame and a text."""

from __future__ import annotations

import gc
import importlib
import pkgutil
import subprocess
import sys
import weakref

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

import innerview.model
from innerview.errors import InnerviewError, UnknownLayerError
from innerview.model import capture
from innerview.model.layers import Status, trace_layers


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True))
        self.unused = nn.Dropout()
        self.classifier = nn.Linear(4, 2)

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


@pytest.fixture
def table():
    return trace_layers(Small(), (torch.randn(2, 1, 8, 8),), {})


def test_rows_by_name_in_order(table):
    assert list(table) == ["features", "features.0", "features.1", "unused", "classifier"]
    row = table["features.0"]
    assert (row.path, row.call, row.kind, row.depth) == ("features.0", 1, "Conv2d", 1)
    assert (row.shape, row.batch_axis, row.dtype, row.size) == ((4, 6, 6), 0, "float32", 144)
    assert (row.parameters, row.calls, row.status, row.note) == (40, 1, Status.SEEN, "")
    dead = table["unused"]
    assert (dead.shape, dead.size, dead.dtype, dead.calls) == (None, None, None, 0)
    assert dead.status is Status.NEVER_CALLED


@pytest.mark.parametrize(
    ("wrong", "offered"),
    [("clasifier", "classifier"), ("Features.0", "features.0"), ("feat", "features"), ("1", "features.1")],
)
def test_unknown_name_offers_the_nearest(table, wrong, offered):
    with pytest.raises(UnknownLayerError) as caught:
        table[wrong]
    assert str(caught.value).startswith(f"there is no layer {wrong!r}; the nearest of 5 names: '{offered}'")
    with pytest.raises(UnknownLayerError, match=offered):
        capture.run(Small(), (torch.randn(2, 1, 8, 8),), {}, [wrong])


@pytest.mark.parametrize("wrong", [None, 3, ["features"], "", "features#0", "features#two", "#1"])
def test_what_is_no_name_at_all(table, wrong):
    assert wrong not in table if not isinstance(wrong, list) else True
    with pytest.raises(UnknownLayerError):
        table[wrong]


def test_it_is_a_mapping(table):
    assert "features" in table
    assert "nothing" not in table
    assert table.get("nothing") is None
    assert len(dict(table)) == 5


def test_frame(table):
    frame = table.to_frame()
    assert list(frame.index) == list(table)
    assert frame.loc["features.0", "shape"] == (4, 6, 6)
    assert frame.loc["unused", "status"] == "never called"
    assert frame["parameters"].sum() == 40 + 40 + 10


def test_frame_without_pandas_says_what_to_install(table, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(InnerviewError, match="pip install pandas"):
        table.to_frame()


def test_text_is_an_aligned_table(table):
    lines = repr(table).splitlines()
    assert len(lines) == 6
    assert "  features.0  Conv2d" in lines[2]
    assert "4 x 6 x 6" in lines[2]
    assert lines[4].endswith("never called in this forward (in evaluation mode)")
    assert len({line.index(kind) for line, kind in zip(lines[1:3], ("Sequential", "Conv2d"), strict=True)}) == 1


def test_rows_hold_nothing_of_the_model():
    model = Small()
    alive = weakref.ref(model)
    table = trace_layers(model, (torch.randn(2, 1, 8, 8),), {})
    del model
    gc.collect()
    assert alive() is None
    assert len(table) == 5


def test_batch_axis_of_a_single_sample_and_of_none():
    class Windows(nn.Module):
        def __init__(self):
            super().__init__()
            self.cut, self.total = nn.Unflatten(0, (-1, 1)), nn.Flatten(0)

        def forward(self, x):
            return self.total(self.cut(x).repeat(3, 1, 1))

    one = trace_layers(Windows(), (torch.randn(1, 4),), {})
    assert (one["cut"].batch_axis, one["cut"].shape) == (0, (1, 4))
    assert (one["total"].batch_axis, one["total"].shape) == (None, (12,))
    two = trace_layers(Windows(), (torch.randn(2, 4),), {})
    assert (two["total"].batch_axis, two["total"].shape, two["total"].size) == (None, (24,), 24)
    assert "no axis has the length of the batch (2)" in two["total"].note


def test_a_model_that_catches_the_error_of_its_layer():
    class Tries(nn.Module):
        def __init__(self):
            super().__init__()
            self.wrong, self.right = nn.Linear(3, 2), nn.Linear(4, 2)

        def forward(self, x):
            try:
                return self.wrong(x)
            except RuntimeError:
                return self.right(x)

    table = trace_layers(Tries(), (torch.randn(2, 4),), {})
    assert table["wrong"].status is Status.NO_TENSOR
    assert "the model caught" in table["wrong"].note
    assert table["right"].status is Status.SEEN


def test_a_table_needs_no_compiler():
    # torch._dynamo takes seconds to load; looking at a plain model must not pay for it.
    code = (
        "import sys, torch; from innerview.model.layers import trace_layers;"
        "trace_layers(torch.nn.Linear(2, 2), (torch.ones(1, 2),), {}); print('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_no_mode_of_ours_loads_the_compiler():
    for module in pkgutil.iter_modules(innerview.model.__path__, "innerview.model."):
        importlib.import_module(module.name)
    modes = [mode for mode in TorchDispatchMode.__subclasses__() if mode.__module__.startswith("innerview.")]
    assert len(modes) >= 3
    assert not [mode for mode in modes if mode._should_skip_dynamo()]
