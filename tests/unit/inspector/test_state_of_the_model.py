"""Every result is of the model as it is: in a script, after any kind of change, and while another thread trains."""

import copy
import threading
import time

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

import innerview as iv
from innerview.errors import ChangedError
from innerview.model.state import Fingerprint, fingerprint
from innerview.session.inspector import Inspector
from innerview.study.embeddings import embedding

LAYER = "classifier.1"


def zeroed(model):
    with torch.no_grad():
        model.classifier[3].weight.zero_()


def written_through_data(model):
    model.classifier[3].weight.data.add_(0.2 * torch.randn(10, 64))


def loaded(model):
    torch.manual_seed(1)
    model.load_state_dict(iv.demo.SmallCNN().state_dict())


def stepped(model):
    optimizer = torch.optim.SGD(model.parameters(), lr=5.0)
    model(torch.rand(8, 1, 8, 8)).square().mean().backward()
    optimizer.step()
    optimizer.zero_grad()


def replaced(model):
    torch.manual_seed(2)
    model.classifier[3] = nn.Linear(64, 10)


def buffer_written(model):
    model.features[0] = nn.Sequential(model.features[0], nn.BatchNorm2d(16))
    model.features[0][1].running_mean.add_(0.5)


CHANGES = [zeroed, written_through_data, loaded, stepped, replaced, buffer_written]


def results(inspector, layer):
    """Everything that depends on the weights, by name, as plain numbers."""
    inspector.brush = range(40)
    frame = inspector.brush_frame()
    return {
        "layers": [(row.name, row.kind, row.parameters) for row in inspector.layers.values()],
        "activations": inspector.activations(layer, range(20)).numpy(),
        "look": inspector.look(layer, 3).values.numpy(),
        "output": inspector.output(inspector.batch(3)).numpy(),
        "predictions": inspector.predictions.predicted.copy(),
        "brush_frame": frame[["correct", "loss"]].to_numpy(float),
        "embed": inspector.embed(layer, samples=60).points,
        "correct_only": np.sort(inspector.embed(layer, samples=None, correct_only=True).indices),
        "quality": inspector.quality(layer, samples=60).knn_accuracy,
        "quality_table": inspector.quality_table([layer], (None,)).to_numpy(float),
        "similarity": inspector.similarity(layer, samples=60).same,
        "curve": inspector.accuracy_curve(layer, [1, 4], samples=60).accuracy,
        "compress": inspector.compress(layer, 2, samples=60).accuracy,
    }


@pytest.mark.parametrize("change", CHANGES)
def test_every_result_follows_the_model_in_a_script(trained, digits, change):
    model = copy.deepcopy(trained)
    with Inspector(model, digits.test, classes=digits.classes) as inspector:
        results(inspector, LAYER)
        seen = []
        inspector.observe(lambda change: seen.append(change["new"]), "version")
        torch.manual_seed(0)
        change(model)
        found = results(inspector, LAYER)
        assert len(seen) == 1
    # The same model looked at for the first time: nothing can be left of the one before.
    with Inspector(model, digits.test, classes=digits.classes) as fresh:
        for name, expected in results(fresh, LAYER).items():
            if name == "layers":
                assert found[name] == expected
            else:  # a batch of another size may round another way in the last bits
                np.testing.assert_allclose(found[name], expected, rtol=1e-4, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("change", CHANGES)
def test_a_fingerprint_that_is_kept_sees_what_a_new_one_sees(trained, change):
    model = copy.deepcopy(trained)
    kept = Fingerprint(model)
    before, written = kept(), kept.written()
    assert kept() == before == fingerprint(model)
    torch.manual_seed(0)
    change(model)
    assert kept() != before
    assert kept() == fingerprint(model)
    assert (kept.written() == written) is (change is written_through_data)


def test_looking_is_not_taken_for_a_change(trained, digits):
    with Inspector(trained, digits.test) as inspector:
        subject = inspector.subject
        results(inspector, LAYER)
        assert inspector.subject is subject
        assert inspector.version == 0


def test_a_study_that_the_model_changes_under_says_so(trained, digits):
    model = copy.deepcopy(trained)
    with Inspector(model, digits.test) as inspector:
        work = embedding(inspector.subject, LAYER, samples=None)
        next(work)
        zeroed(model)
        with pytest.raises(ChangedError, match="SmallCNN was changed while it was looked at; ask again"):
            list(work)


class Stepping(nn.Module):
    """Both layers always have the same weights after a step, and all samples the same activation."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
        self.register_buffer("steps", torch.zeros(()))
        with torch.no_grad():
            self.first.weight.fill_(1.0)
            self.second.weight.fill_(1.0)

    def forward(self, x):
        return self.second(self.first(x)) / self.first.weight.square()


class Slow(torch.optim.SGD):
    """Writes one parameter after the other, with time in between: an optimizer in the middle of its step."""

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.add_(1.0)
                time.sleep(0.002)


def assert_of_one_step(subject):
    assert torch.equal(subject.model.first.weight, subject.model.second.weight)
    assert torch.equal(subject.output(subject.data.batch([0])), torch.ones(1, 1))


def test_what_is_looked_at_while_another_thread_trains_is_of_one_step():
    """The ratio of the two layers is 1 after each step, and is not in the middle of one."""
    model = Stepping()
    with Inspector(model, torch.ones(512, 1)) as inspector:
        inspector.layers  # noqa: B018 - traced before
        done = threading.Event()
        steps = 0

        def train():
            nonlocal steps
            inspector.cell_begins(True)
            optimizer = Slow(model.parameters(), lr=1.0)
            while not done.is_set():
                optimizer.step()
                steps += 1
                time.sleep(0.001)
            inspector.cell_ended()

        training = threading.Thread(target=train)
        training.start()
        while not inspector.busy:
            time.sleep(0.001)
        try:
            seen = set()
            for _ in range(10):
                assert_of_one_step(inspector.subject)
                made = inspector.embed("first", samples=None)
                values = made.representation.vectors.unique()
                assert len(values) == 1  # all samples were run with the same weights
                assert "several training steps" not in made.note
                seen.add(float(values))
        finally:
            done.set()
            training.join()
        assert len(seen) > 1  # the training went on meanwhile
        assert steps > 10
        assert inspector.subject.model is model


def test_work_under_way_when_a_cell_begins_goes_on_with_the_weights_it_began_with(trained, digits):
    model = copy.deepcopy(trained)
    with Inspector(model, digits.test) as inspector:
        expected = inspector.embed(LAYER, samples=None).points
        inspector.subject.cache.clear()
        begun, made = threading.Event(), []

        def work(_):
            work = embedding(inspector.subject, LAYER, samples=None)
            while True:
                try:
                    yield next(work)
                except StopIteration as end:
                    made.append(end.value)
                    return
                begun.set()
                time.sleep(0.01)

        inspector.jobs.submit("points", "points", work)
        assert begun.wait(10)
        inspector.cell_begins(True)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(3)
        assert inspector.jobs.join(30)
        inspector.cell_ended()
        np.testing.assert_array_equal(made[0].points, expected)


def test_a_thread_that_trains_on_after_its_cell_keeps_its_batch_statistics(digits):
    """Looks from the worker must not switch the modes, or put back the buffers, of a model in training."""
    torch.manual_seed(0)

    def train(look):
        torch.manual_seed(3)
        model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
        images, labels = digits.train.tensors[0][:256], digits.train.tensors[1][:256]
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        inspector = Inspector(model, digits.test)
        inspector.layers  # noqa: B018 - traced before
        done = threading.Event()
        looks = []

        def steps():
            for _ in range(60):
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(images), labels).backward()
                optimizer.step()
            done.set()

        def click():
            while not done.is_set():
                looks.append(inspector.look("1", 3).values)
                time.sleep(0.002)

        training = threading.Thread(target=steps)
        training.start()
        time.sleep(0.03)  # a step or two: the model is found changed though no cell is running
        if look:
            clicks = threading.Thread(target=click)
            clicks.start()
            clicks.join()
        training.join()
        inspector.close()
        return model.state_dict(), len(looks)

    (quiet, _), (looked, count) = train(look=False), train(look=True)
    assert count > 3
    assert all(torch.equal(quiet[name], looked[name]) for name in quiet)


class Augmented(TensorDataset):
    """Draws from all three generators, as augmentations do."""

    def __getitem__(self, index):
        import random  # noqa: PLC0415 - looked up when it is called, as in any module

        image, label = super().__getitem__(index)
        noise = torch.rand(1) + float(np.random.rand()) + random.random()  # noqa: NPY002, S311 - as users do
        return image + 0.1 * noise * torch.randn_like(image), label


@pytest.mark.parametrize("workers", [0, 2])
def test_clicks_while_a_cell_trains_on_augmented_data_leave_the_weights_as_they_are(digits, workers):
    """Same seeds, same weights, bit for bit, with clicks that read and run samples and without."""
    import random  # noqa: PLC0415 - as above

    def train(clicks):
        torch.manual_seed(3)
        np.random.seed(3)  # noqa: NPY002 - the global state is the point
        random.seed(3)
        model = iv.demo.SmallCNN()
        data = Augmented(*(tensor[:200] for tensor in digits.train.tensors))
        inspector = Inspector(model, data)
        inspector.cell_begins(True)
        loader = torch.utils.data.DataLoader(data, batch_size=40, shuffle=True, num_workers=workers)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        done = threading.Event()
        count = 0

        def click():
            nonlocal count
            while not done.is_set():
                inspector.look("features.3", count % 200)
                inspector.data.batch([0, 1, 2])
                count += 1
                time.sleep(0.001)

        clicking = threading.Thread(target=click)
        if clicks:
            clicking.start()
        for _ in range(3 if workers else 8):
            for images, labels in loader:
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(images), labels).backward()
                optimizer.step()
        done.set()
        if clicks:
            clicking.join()
            assert count > 3
        inspector.cell_ended()
        inspector.close()
        return model.state_dict()

    quiet, clicked = train(clicks=False), train(clicks=True)
    assert all(torch.equal(quiet[name], clicked[name]) for name in quiet)
