"""Each kind of model, asked each question: the answer of a plain loop or a sentence, and nothing left behind."""

import contextlib
import functools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from kinds_of_model import KINDS, make
from kinds_of_model.plain import CHANNELS
from kinds_of_model.traces import bits, computes, state_of, state_of_torch
from torch import nn

import innerview as iv
from innerview.errors import InnerviewError
from innerview.jobs.progress import finish
from innerview.model.outputs import activation, tensors

COUNT = 24
X = torch.rand(COUNT, 1, 8, 8, generator=torch.Generator().manual_seed(0))
Y = torch.arange(COUNT) % 3
OWN = torch.rand(1, 8, 8, generator=torch.Generator().manual_seed(1))
iv.embedding_quality(X.flatten(1).numpy(), Y.numpy(), k=3)  # imports what draws a number when it is imported
pytestmark = pytest.mark.filterwarnings("ignore:.*quantiz.*", "ignore:.*use_reentrant.*", "ignore:None of the inputs.*")

# --- a plain loop ----------------------------------------------------------------------------------------------------


def made(kind):
    """A model of a kind, in training mode; what its first forward makes is made, the same each time."""
    model = make(kind)
    if kind in MADE:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(0)
            model(X.clone())
    return model


def layer_of(kind):
    return "module.hidden" if kind == "parallel" else "hidden"


@functools.cache
def by_hand(kind, *, own=False):
    """What the hidden layer ``[N, ...]`` and the model ``[N, 3]`` return, by a hook and a forward."""
    model = made(kind).eval()
    weight = next(model.parameters(), None)
    images = (OWN[None] if own else X).clone().to("cpu" if weight is None else weight.device)
    if kind == "no averages" and own:  # those over the data, which has less than 64 samples
        of_data, of_own = (model.hidden[0](given).detach() for given in (X, images))
        variance, mean = torch.var_mean(of_data, (0, 2, 3), correction=0, keepdim=True)
        return (of_own - mean) / (variance + 1e-5).sqrt(), None
    seen = []
    handle = model.get_submodule(layer_of(kind)).register_forward_hook(lambda *given: seen.append(given[2]))
    with torch.random.fork_rng(devices=[]), torch.set_grad_enabled(kind in DIFFERENTIATE), usual_settings():
        output = model(images.to(type_of(model)))
    handle.remove()
    return activation(seen[0])[0].detach().clone(), output.detach().clone().float()


@contextlib.contextmanager
def usual_settings():
    yield
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
    torch.use_deterministic_algorithms(mode=False)
    torch.autograd.set_detect_anomaly(mode=False)


def type_of(model):
    return next((p.dtype for p in model.parameters() if p.is_floating_point() and p.dtype.itemsize > 1), None)


def vectors(values):
    return values.float().flatten(1)


# --- questions -------------------------------------------------------------------------------------------------------


def near(found, expected, kind):
    # Dynamic quantisation chooses its steps by the batch.
    loose = {"bfloat16": 0.05, "float16": 5e-3, "quantised dynamically": 0.05}.get(kind, 1e-4)
    torch.testing.assert_close(
        torch.as_tensor(found).cpu(), torch.as_tensor(expected).cpu(), rtol=loose, atol=loose, check_dtype=False
    )


def layers(inspector, kind):
    values, _ = by_hand(kind)
    row = inspector.layers[layer_of(kind)]
    assert row.shape == tuple(values.shape[1:])
    assert row.dtype == str(values.dtype).removeprefix("torch.")
    assert {"hidden", "out"} <= {name.removeprefix("module.") for name in inspector.layers}


def activations(inspector, kind):
    near(inspector.activations(layer_of(kind), [3, 20]), by_hand(kind)[0][[3, 20]], kind)


def look(inspector, kind):
    values, output = by_hand(kind)
    near(inspector.look(layer_of(kind), 3).values, values[3], kind)
    near(next(tensors(inspector.output(inspector.batch(3))))[1].float(), output[[3]], kind)


def predict(inspector, kind):
    list(inspector.predict())
    assert inspector.predictions.predicted.tolist() == by_hand(kind)[1].argmax(1).tolist()


def embed(inspector, kind):
    found = inspector.embed(layer_of(kind))
    exact = vectors(by_hand(kind)[0])[torch.as_tensor(found.indices)]
    centred = exact - exact.mean(0)
    left, sizes, _ = torch.linalg.svd(centred, full_matrices=False)
    expected = left[:, :2] * sizes[:2]
    near(torch.as_tensor(np.array(found.points)).abs(), expected.abs(), kind)


def quality(inspector, kind):
    found = inspector.quality(layer_of(kind), k=3)
    expected = iv.embedding_quality(vectors(by_hand(kind)[0]).numpy(), Y.numpy(), k=3)
    assert found.knn_accuracy == pytest.approx(expected.knn_accuracy, abs=0.1)
    assert found.same_class == pytest.approx(expected.same_class, rel=1e-2)


def similarity(inspector, kind):
    found = inspector.similarity(layer_of(kind))
    assert found.auc == pytest.approx(iv.cosine_histogram(vectors(by_hand(kind)[0]), Y).auc, abs=1e-2)


def compress(inspector, kind):
    whole = inspector.compress(layer_of(kind), CHANNELS)
    assert whole.agreement == 1
    right = by_hand(kind)[1].argmax(1) == Y
    assert whole.baseline_accuracy * whole.evaluated <= int(right.sum())


def accuracy_curve(inspector, kind):
    curve = inspector.accuracy_curve(layer_of(kind), [1, CHANNELS], fit=X[:8], basis="random")
    right = by_hand(kind)[1].argmax(1) == Y
    assert curve.accuracy[-1] == pytest.approx(float(right.float().mean()))


def show(inspector, kind):
    inspector.show(OWN)
    found = inspector.look(layer_of(kind), None).values
    near(found, by_hand(kind, own=True)[0][0], kind)


def brush(inspector, kind):
    inspector.brush = [1, 7, 8]
    frame = inspector.brush_frame()
    assert frame["label"].tolist() == ["1", "1", "2"]
    if kind == "meta":  # no values, no losses
        return
    loss = nn.functional.cross_entropy(by_hand(kind)[1], Y, reduction="none")
    near(torch.tensor(frame["loss"].to_numpy(float)), loss[[1, 7, 8]], kind)


def checkpoint(inspector, kind):
    kept = inspector.checkpoint("one")
    near(kept.activations(layer_of(kind), [3, 20]), by_hand(kind)[0][[3, 20]], kind)


def untrained(inspector, kind):
    with iv.Inspector(inspector.model, (X, Y), baseline="untrained") as both:
        assert both.baseline.activations(layer_of(kind), [3]).shape == by_hand(kind)[0][:1].shape


def field(inspector, kind):
    found = finish(inspector.subject.receptive_field(layer_of(kind), inspector.batch(0), channel_last=False))
    if kind == "quantised":
        assert found is None  # no gradient passes
    elif kind == "complex":
        assert found.size == (8, 8)
    else:
        assert (found.size, found.stride, found.origin) == ((3, 3), (1, 1), (-1, -1))


QUESTIONS = [
    layers,
    activations,
    look,
    predict,
    embed,
    quality,
    similarity,
    compress,
    accuracy_curve,
    show,
    brush,
    checkpoint,
    untrained,
    field,
]

DIFFERENTIATE = {"goes backward", "saliency", "hooks on tensors", "gradients set"}
MADE = {"makes modules", "lazy"}  # the first forward makes what no look can unmake
# What each cannot be asked, and the sentence.
VALUES = [question.__name__ for question in QUESTIONS if question not in (layers, brush)]
REFUSED = {
    "meta": [(VALUES, "holds no values: its weights are on the device 'meta'")],
    "complex": [
        (["embed", "quality", "similarity"], "returns complex numbers"),
        (["compress", "accuracy_curve"], "output is complex64 .* it takes floating point numbers"),
    ],
    "sparse": [(["compress", "accuracy_curve"], "returns a sparse or quantised tensor")],
    "quantised": [(["compress", "accuracy_curve"], "returns a sparse or quantised tensor")],
}
for kind in (
    "float8",
    "scripted",
    *(f"{how} norm{older}" for how in ("weight", "spectral") for older in ("", ", older")),
):
    REFUSED[kind] = [(["untrained"], "belong to a module without reset_parameters.*baseline=YourModel")]


@pytest.fixture(scope="module")
def worker():
    """One thread that everything is asked on, too."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.mark.parametrize("ask", QUESTIONS, ids=lambda ask: ask.__name__)
@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_of_a_plain_loop_or_a_sentence_and_nothing_left_behind(kind, ask, worker):
    says = next((says for asked, says in REFUSED.get(kind, ()) if ask.__name__ in asked), None)
    model = made(kind)
    with iv.Inspector(model, (X, Y)) as inspector:
        for on in (lambda work, *given: work(*given), lambda work, *given: worker.submit(work, *given).result()):
            before, around = state_of(model), on(state_of_torch)
            if says is None:
                on(ask, inspector, kind)
            else:
                with pytest.raises(InnerviewError, match=says):
                    on(ask, inspector, kind)
            after = state_of(model)
            assert after.keys() == before.keys()
            assert [name for name in before if before[name] != after[name]] == []
            now = on(state_of_torch)
            assert [name for name in around if around[name] != now[name]] == []
            on(computes)


# --- other surroundings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_while_a_cell_runs_and_when_the_model_was_never_called(kind):
    """What is looked at is a copy then; what the first forward makes is made by a look."""
    model = make(kind)
    before = None if kind in MADE else state_of(model)
    with iv.Inspector(model, (X, Y)) as inspector:
        assert inspector.layers[layer_of(kind)].shape
        around = state_of_torch()
        inspector.cell_begins(here=False)
        if kind == "meta":
            with pytest.raises(InnerviewError, match="holds no values"):
                inspector.look(layer_of(kind), 0)
        else:
            if kind not in MADE:
                look(inspector, kind)
            predicted = list(inspector.predict())[-1].predicted
            assert kind in MADE or predicted.tolist() == by_hand(kind)[1].argmax(1).tolist()
        inspector.cell_ended()
        assert state_of_torch() == around
        computes()
        assert before is None or state_of(model) == before


def trained(kind, doing):
    """Weights after a step of a training in which something is done between forward and backward; or why it fails."""
    model = made(kind)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.is_floating_point()], lr=0.1)
    with torch.random.fork_rng(devices=[]), doing(model, optimizer) as does:
        torch.manual_seed(0)
        try:
            for _ in range(2):
                loss = nn.functional.cross_entropy(model(X.clone().to(type_of(model))).float(), Y)
                does(loss)
                loss.backward()
                optimizer.step()
                optimizer.zero_grad(set_to_none=False)
        except (RuntimeError, NotImplementedError) as error:
            return str(error)
        return [bits(parameter) for parameter in model.parameters()], torch.get_rng_state().tolist()


@contextlib.contextmanager
def alone(*_):
    yield lambda _: None


@contextlib.contextmanager
def looked_at(model, _):
    with iv.Inspector(model, (X, Y)) as inspector:
        yield lambda _: (inspector.look(inspector.layers["hidden"].name, 0), inspector.embed("hidden"))


@contextlib.contextmanager
def monitored(model, optimizer):
    with iv.Monitor(model, optimizer=optimizer, budget=None) as monitor:
        yield lambda loss: monitor.step(loss=loss)
    assert not monitor.error or "none of its layers can be recorded" in monitor.error


@pytest.mark.parametrize("doing", [looked_at, monitored])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("meta", "settings", "parallel", "complex")])
def test_a_training_is_the_same_when_it_is_looked_at(kind, doing):
    assert trained(kind, doing) == trained(kind, alone)


SETTINGS = {
    "float64": (torch.set_default_dtype, torch.float64, torch.float32),
    "meta": (torch.set_default_device, "meta", None),
    "cpu": (torch.set_default_device, "cpu", None),
}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("kind", ["inference mode in part", "saliency", "writes buffers", "no averages", "float16"])
def test_defaults_in_force_change_no_answer(kind, setting):
    def answers():
        with iv.Inspector(model, (X, Y), baseline="untrained") as inspector:
            list(inspector.predict())
            found = [inspector.activations("hidden"), inspector.baseline.activations("hidden", [0])]
            found += [abs(inspector.embed("hidden").points), inspector.predictions.loss]
            found += [inspector.quality("hidden").knn_accuracy, inspector.similarity("hidden").auc]
            found += [inspector.compress("hidden", 2).accuracy]
            field(inspector, kind)
            return [np.asarray(each) for each in found]

    model = make(kind)
    expected = answers()
    choose, chosen, usual = SETTINGS[setting]
    try:
        choose(chosen)
        around = state_of_torch()
        for answer, usually in zip(answers(), expected, strict=True):
            np.testing.assert_allclose(answer, usually, rtol=1e-4, atol=1e-5)
        assert state_of_torch() == around
        computes()
    finally:
        choose(usual)


@pytest.mark.filterwarnings("ignore:.*torch.jit")
def test_a_model_that_is_scripted_as_a_whole_predicts():
    with iv.Inspector(torch.jit.script(make("plain")), (X, Y)) as inspector:
        predict(inspector, "plain")


def test_weights_in_eight_bits_cannot_be_drawn_anew():
    model = make("plain").to(torch.float8_e4m3fn)
    with pytest.raises(InnerviewError, match=r"Conv2d raised NotImplementedError.*baseline=YourModel\(\)"):
        iv.Inspector(model, (X, Y), baseline="untrained")
