"""One model, one data set, one selection."""

import gc
import threading
import weakref

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

import innerview as iv
from innerview.errors import DataError, ForwardError, ImageError, InnerviewError, UnknownLayerError, UnseenLayerError
from innerview.session.inspector import Inspector

IMAGES = torch.rand(20, 1, 8, 8, generator=torch.Generator().manual_seed(1))
LABELS = torch.arange(20) % 10


@pytest.fixture
def model():
    torch.manual_seed(0)
    return iv.demo.SmallCNN()


@pytest.fixture
def inspector(model):
    with Inspector(model, (IMAGES, LABELS)) as made:
        yield made


def test_activations_are_what_the_layers_return(model, inspector):
    model.eval()
    with torch.no_grad():
        expected = model.features[0](IMAGES)
        relu = expected.relu()
    assert torch.equal(inspector.activations("features.0"), expected)
    assert torch.equal(inspector.activations("features.1", [7, 3]), relu[[7, 3]])
    with pytest.raises(DataError, match="got int: 7"):
        inspector.activations("features.0", 7)


def test_one_look_is_one_sample_without_its_batch_axis(model, inspector):
    look = inspector.look("features.3", 5)
    assert look.values.shape == (32, 4, 4)
    # A batch of one may be computed by another algorithm than a batch of twenty: equal to rounding.
    torch.testing.assert_close(look.values, inspector.activations("features.3", [5])[0])


def test_a_look_sees_the_weights_of_this_moment(model, inspector):
    before = inspector.look("features.0", 0).values
    assert inspector.look("features.0", 0).values is before
    with torch.no_grad():
        model.features[0].weight.mul_(2)
        model.features[0].bias.mul_(2)
    torch.testing.assert_close(inspector.look("features.0", 0).values, before * 2)


def test_the_selection_is_checked_where_it_is_set(inspector):
    inspector.layer = "features.0"
    inspector.channel = 3
    with pytest.raises(UnknownLayerError, match=r"featurs\.0.*features\.0"):
        inspector.layer = "featurs.0"
    with pytest.raises(DataError, match=r"no sample 20.*0 to 19"):
        inspector.sample = 20
    with pytest.raises(DataError, match="no channel -1"):
        inspector.channel = -1
    assert (inspector.layer, inspector.sample, inspector.channel) == ("features.0", 0, 3)
    inspector.layer = "features.1"
    assert inspector.channel is None


def test_the_selection_can_be_observed(inspector):
    seen = []
    inspector.observe(lambda change: seen.append((change["name"], change["new"])), ["layer", "sample", "channel"])
    inspector.layer = "features.0"
    inspector.sample = 4
    inspector.channel = 2
    assert seen == [("layer", "features.0"), ("sample", 4), ("channel", 2)]


def test_predictions_agree_with_a_plain_loop(model, inspector):
    model.eval()
    with torch.no_grad():
        expected = model(IMAGES).argmax(1)
    for _ in inspector.predict():
        pass
    assert inspector.predictions.predicted.tolist() == expected.tolist()
    assert inspector.predictions.score.accuracy == pytest.approx((expected == LABELS).float().mean().item())


def test_two_who_ask_for_predictions_share_them(inspector):
    first, second = inspector.predict(), inspector.predict()
    next(first)
    next(second)
    for _ in first:
        pass
    for _ in second:
        pass
    assert inspector.predictions.done == 20
    assert inspector.predictions.score.labelled == 20


def test_a_changed_model_is_predicted_anew(model, inspector):
    for _ in inspector.predict():
        pass
    with torch.no_grad():
        model.classifier[3].bias[4] = 1000.0
    inspector.refresh()
    assert inspector.version == 1
    for _ in inspector.predict():
        pass
    assert set(inspector.predictions.predicted.tolist()) == {4}
    inspector.refresh()
    assert inspector.version == 1


def test_an_image_of_ones_own(inspector):
    inspector.layer = "features.0"
    inspector.show(IMAGES[3])
    assert inspector.sample is None
    torch.testing.assert_close(inspector.look("features.0", None).values, inspector.look("features.0", 3).values)
    with pytest.raises(ImageError, match="not an image"):
        inspector.show(b"not an image")
    inspector.sample = 2


def test_without_an_image_of_ones_own_there_is_nothing_to_look_at(inspector):
    inspector.sample = None
    with pytest.raises(DataError, match=r"inspector\.show"):
        inspector.look("features.0", None)


def test_lstm_activations_have_the_batch_in_front():
    model = nn.LSTM(5, 7)

    class Wrapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = model

        def forward(self, x):
            return self.lstm(x.transpose(0, 1))[0][-1]

    inputs = torch.rand(6, 11, 5)
    with Inspector(Wrapped(), inputs) as inspector:
        assert inspector.layers["lstm"].batch_axis == 1
        activations = inspector.activations("lstm")
    with torch.no_grad():
        expected = model(inputs.transpose(0, 1))[0].transpose(0, 1)
    torch.testing.assert_close(activations, expected)


def test_half_precision_is_fed_half_precision(model):
    with Inspector(model.bfloat16(), IMAGES) as inspector:
        assert inspector.activations("features.0", [0]).dtype == torch.bfloat16


def test_a_model_without_parameters():
    with Inspector(nn.Sequential(nn.ReLU(), nn.Flatten()), IMAGES - 0.5) as inspector:
        assert inspector.device == "cpu"
        assert torch.equal(inspector.activations("0"), (IMAGES - 0.5).relu())


def test_rejected_data_says_what_was_fed(model):
    with Inspector(model, torch.rand(4, 3, 8, 8)) as inspector, pytest.raises(ForwardError, match="2, 3, 8, 8"):
        inspector.layers  # noqa: B018 - found when first asked for


def test_a_layer_that_cannot_be_seen_says_why():
    class Unused(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.unused = nn.ReLU(), nn.ReLU()

        def forward(self, x):
            return self.used(x)

    with Inspector(Unused(), IMAGES) as inspector, pytest.raises(UnseenLayerError, match="never called"):
        inspector.layer = "unused"


def test_what_is_no_model_is_refused():
    with pytest.raises(TypeError, match=r"torch\.nn\.Module; got int"):
        Inspector(3, IMAGES)


def test_nothing_of_the_model_is_changed(model):
    model.train()
    model.features.eval()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    torch.manual_seed(5)
    expected = torch.rand(2)
    torch.manual_seed(5)
    with Inspector(model, (IMAGES, LABELS)) as inspector:
        inspector.layer = "features.0"
        inspector.activations("classifier.3")
        for _ in inspector.predict():
            pass
    assert torch.equal(torch.rand(2), expected)
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_closing_frees_model_data_and_activations():
    model = iv.demo.SmallCNN()
    data = TensorDataset(IMAGES.clone(), LABELS)
    inspector = Inspector(model, data)
    inspector.layer = "features.0"
    values = inspector.look("features.0", 0).values
    gone = [weakref.ref(model), weakref.ref(data), weakref.ref(values)]
    inspector.close()
    del model, data, values
    gc.collect()
    assert [ref() for ref in gone] == [None, None, None]
    with pytest.raises(InnerviewError, match="closed"):
        inspector.model  # noqa: B018 - raises


def test_a_forgotten_inspector_frees_everything_too():
    model = iv.demo.SmallCNN()
    inspector = Inspector(model, IMAGES)
    inspector.look("features.0", 0)
    gone = [weakref.ref(model), weakref.ref(inspector)]
    del model, inspector
    gc.collect()
    assert [ref() for ref in gone] == [None, None]


def test_looking_from_another_thread_does_not_disturb_training(model):
    """As when the user clicks while a cell trains: same seeds, same weights, bit for bit."""

    def train(storm):
        torch.manual_seed(3)
        trained = iv.demo.SmallCNN()
        inspector = Inspector(trained, (IMAGES, LABELS))
        inspector.layers  # noqa: B018 - traced before the cell runs
        inspector.cell_begins(True)  # a cell is running on this thread
        done = threading.Event()

        def click():
            sample = 0
            while not done.wait(0.001):  # rests, or it would starve the training
                inspector.look("features.3", sample % 20)
                next(inspector.predict(), None)
                sample += 1

        clicks = threading.Thread(target=click)
        if storm:
            clicks.start()
        iv.demo.train(trained, TensorDataset(IMAGES, LABELS), epochs=40)
        done.set()
        if storm:
            clicks.join()
        inspector.close()
        return trained.state_dict()

    quiet, stormy = train(storm=False), train(storm=True)
    assert all(torch.equal(quiet[name], stormy[name]) for name in quiet)


def test_samples_of_different_shapes_are_looked_at_and_predicted_one_by_one():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    samples = [(torch.rand(1, size, size), 0) for size in (8, 12, 16, 20)]
    with Inspector(model, samples) as inspector:
        assert inspector.look("0", 3).values.shape == (4, 18, 18)
        for _ in inspector.predict():
            pass
        assert inspector.predictions.done == 4


def test_a_replaced_module_is_seen(model, inspector):
    assert inspector.layers["features.0"].shape == (16, 8, 8)
    model.features[0] = nn.Conv2d(1, 16, 5, padding=2, stride=1)
    model.features[0].extra = nn.Identity()
    inspector.refresh()
    assert "features.0.extra" in inspector.layers


def test_the_receptive_field_leaves_the_model_free_between_its_steps(inspector):
    def take(free):
        free.append(inspector._gate._lock.acquire(blocking=False))
        if free[0]:
            inspector._gate._lock.release()

    batch = inspector.batch(0)
    assert not inspector.subject.field_known("features.3", batch, channel_last=False)
    measuring = inspector.subject.receptive_field("features.3", batch, channel_last=False)
    count = 0
    for _ in measuring:
        count += 1
        free: list[bool] = []
        other = threading.Thread(target=take, args=(free,))
        other.start()
        other.join()
        assert free == [True]
    assert count > 5
    assert inspector.subject.field_known("features.3", batch, channel_last=False)
    larger = batch._replace(args=(torch.rand(1, 1, 12, 12),))
    assert not inspector.subject.field_known("features.3", larger, channel_last=False)


def test_the_users_tensor_may_change_after_it_was_shown(inspector):
    image = IMAGES[3].clone().requires_grad_()
    inspector.show(image)
    with torch.no_grad():
        image.zero_()
    torch.testing.assert_close(inspector.look("features.0", None).values, inspector.look("features.0", 3).values)


def test_a_closed_inspector_says_so_to_whoever_still_asks(model):
    inspector = Inspector(model, IMAGES)
    inspector.close()
    for ask in (lambda: setattr(inspector, "sample", 3), lambda: inspector.show(IMAGES[0]), lambda: inspector.layers):
        with pytest.raises(InnerviewError, match="closed"):
            ask()
