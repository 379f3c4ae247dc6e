"""Copies of the model on its way through a training, and their pictures, each turned onto the one before."""

import copy
import gc
import weakref
from itertools import pairwise

import numpy as np
import pytest
import torch

import innerview as iv
from innerview.analysis.layouts.align import procrustes
from innerview.errors import DataError
from innerview.session.inspector import Inspector

LAYER = "classifier.1"


@pytest.fixture
def training(trained, digits):
    """An Inspector whose model is trained on and kept after each of two epochs; and the weights at each time."""
    model = copy.deepcopy(trained)
    weights = {}
    with Inspector(model, digits.test, classes=digits.classes) as inspector:
        for label in ("before", "epoch 1", "epoch 2"):
            if label != "before":
                iv.demo.train(model, digits.train, epochs=1)
            inspector.checkpoint(label)
            weights[label] = copy.deepcopy(model.state_dict())
        inspector.refresh()
        yield inspector, weights


def test_a_checkpoint_is_the_model_as_it_was(training, digits):
    inspector, weights = training
    assert list(inspector.checkpoints) == ["before", "epoch 1", "epoch 2"]
    for label, kept in inspector.checkpoints.items():
        expected = copy.deepcopy(inspector.model)
        expected.load_state_dict(weights[label])
        images = digits.test.tensors[0][:40]
        with torch.no_grad():
            torch.testing.assert_close(kept.output(kept.data.batch(range(40))), expected.eval()(images))
        made = kept.embed(LAYER, samples=40)
        assert made.indices.tolist() == inspector.embed(LAYER, samples=40).indices.tolist()
    accuracies = [one.quality(LAYER).knn_accuracy for one in (*inspector.checkpoints.values(), inspector)]
    assert accuracies[2] == accuracies[3]
    assert len(set(accuracies[:3])) > 1


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_each_picture_is_turned_onto_the_one_before(training, method):
    inspector, _ = training
    steps = inspector.embed_checkpoints(LAYER, method, samples=100)
    # The model has not changed since the last one, so it is no step of its own.
    assert list(steps) == ["before", "epoch 1", "epoch 2"]
    made = list(steps.values())
    for before, after in pairwise(made):
        np.testing.assert_allclose(procrustes(after.points, before.points), after.points, rtol=1e-3, atol=1e-3)


def test_the_model_itself_is_a_step_when_it_has_changed(training, digits):
    inspector, weights = training
    with torch.no_grad():
        inspector.model.classifier[1].weight.mul_(2)
    assert inspector.checkpoints.labels() == ["before", "epoch 1", "epoch 2", "now"]
    assert inspector.checkpoints.step("now") is inspector.subject
    inspector.checkpoint("before")  # the label stands for the new copy
    assert inspector.checkpoints.labels() == ["epoch 1", "epoch 2", "before"]
    assert inspector.checkpoint().samples == 360
    assert list(inspector.checkpoints)[-1] == "1"
    loaded = inspector.checkpoint("from a file", weights=weights["epoch 1"])
    assert torch.equal(loaded.model.classifier[1].weight, weights["epoch 1"]["classifier.1.weight"])
    assert not torch.equal(loaded.model.classifier[1].weight, inspector.model.classifier[1].weight)


def test_what_cannot_be_kept_or_forgotten(training):
    inspector, _ = training
    with pytest.raises(DataError, match=r"(?s)these weights do not fit SmallCNN.*Missing key"):
        inspector.checkpoint("wrong", weights={})
    with pytest.raises(DataError, match="'now' is the model itself"):
        inspector.checkpoint("now")
    with pytest.raises(DataError, match="no checkpoint 'epoch 9'; there are 'before', 'epoch 1', 'epoch 2'"):
        inspector.checkpoints.forget("epoch 9")
    assert len(inspector.checkpoints) == 3
    kept = weakref.ref(inspector.checkpoints["epoch 1"].model)
    inspector.checkpoints.forget("epoch 1")
    gc.collect()
    assert kept() is None
    inspector.checkpoints.forget()
    assert inspector.checkpoints.labels() == ["now"]


def test_copies_beyond_the_memory_go_to_files(trained, digits):
    size = sum(parameter.nbytes for parameter in trained.parameters())
    with Inspector(trained, digits.test, memory=int(1.5 * size)) as inspector:
        first, second = inspector.checkpoint(), inspector.checkpoint()
        for kept, in_memory in ((first, True), (second, False)):
            for old, new in zip(trained.parameters(), kept.model.parameters(), strict=True):
                assert torch.equal(old, new)
                assert new.data_ptr() != old.data_ptr()
                assert new.requires_grad
            # Memory that torch allocates can be resized; a mapped file cannot.
            weight = kept.model.classifier[1].weight
            assert weight.untyped_storage().resizable() is in_memory
        np.testing.assert_array_equal(first.embed(LAYER, samples=50).points, second.embed(LAYER, samples=50).points)


def test_shared_parameters_stay_shared_and_the_training_is_the_same(digits):
    torch.manual_seed(0)
    layer = torch.nn.Linear(64, 64)
    model = torch.nn.Sequential(torch.nn.Flatten(), layer, torch.nn.ReLU(), layer)
    state = torch.random.get_rng_state()
    with Inspector(model, digits.test) as inspector:
        kept = inspector.checkpoint("epoch 1").model
        assert kept[1] is kept[3]
        assert kept[1].weight is not layer.weight
        assert model.training
    assert torch.equal(torch.random.get_rng_state(), state)
