"""The callbacks in the real libraries: a step for each step of the optimizer, with its loss; nothing stays behind."""

import numpy as np
import pytest
import torch
from torch import nn

import innerview as iv

BATCH, BATCHES, ACCUMULATED, EPOCHS = 8, 6, 3, 2
STEPS = EPOCHS * BATCHES // ACCUMULATED


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))


def samples():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(BATCH * BATCHES, 4, generator=generator), torch.arange(BATCH * BATCHES) % 3


def by_hand(lr=0.1):
    """The loss of each step and the weights in the end, of a plain loop."""
    model, losses = network(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    x, y = samples()
    for number in range(EPOCHS * BATCHES):
        at = slice(number % BATCHES * BATCH, (number % BATCHES + 1) * BATCH)
        loss = nn.functional.cross_entropy(model(x[at]), y[at])
        (loss / ACCUMULATED).backward()
        losses.append(loss.item())
        if (number + 1) % ACCUMULATED == 0:
            optimizer.step()
            optimizer.zero_grad()
    return np.reshape(losses, (-1, ACCUMULATED)).mean(1), model


def check(monitor, model, *, inside="", optimizer=True):
    losses, expected = by_hand()
    history = monitor.history
    assert history.step == STEPS
    steps, values = history.metric("loss")
    assert steps.tolist() == list(range(STEPS))
    np.testing.assert_allclose(values, losses, rtol=1e-5)
    np.testing.assert_allclose(history.metric("lr")[1], 0.1)
    assert [event.kind for event in history.events].count("epoch") == EPOCHS
    assert len(history.series(f"{inside}1").steps) == STEPS
    assert bool(len(history.parameters)) or not optimizer
    for mine, theirs in zip(model.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(mine.cpu(), theirs, rtol=1e-5, atol=1e-6)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


@pytest.mark.filterwarnings("ignore")  # what the library warns of is not ours
def test_lightning(tmp_path):
    library = pytest.importorskip("pytorch_lightning")

    class Module(library.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = network()

        def training_step(self, batch):
            return nn.functional.cross_entropy(self.net(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)

    module = Module()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*samples()), batch_size=BATCH)
    monitor = iv.Monitor(module.net, budget=None)
    shown = ("logger", "enable_progress_bar", "enable_model_summary", "enable_checkpointing")
    trainer = library.Trainer(
        max_epochs=EPOCHS,
        accumulate_grad_batches=ACCUMULATED,
        callbacks=[iv.training.callbacks.lightning(monitor)],
        accelerator="cpu",
        default_root_dir=tmp_path,
        **dict.fromkeys(shown, False),
    )
    trainer.fit(module, loader)
    check(monitor, module.net)


class Failing(torch.utils.data.Dataset):
    """Rows, one of which cannot be read."""

    def __init__(self, rows, error):
        self.rows, self.error = rows, error

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        if self.error and index == 46:
            raise self.error
        return self.rows[index]


def check_left(monitor, model):
    assert monitor.history.step > 0
    assert not monitor.recording
    assert monitor.history.events[-1].kind == "error"
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


class Classifier(nn.Module):
    """As the Trainer wants it: takes the labels, returns the loss."""

    def __init__(self):
        super().__init__()
        self.net = network()

    def forward(self, x, labels):
        logits = self.net(x)
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("failing", [None, ZeroDivisionError, KeyboardInterrupt])
def test_huggingface(tmp_path, failing):
    library = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    model = Classifier()
    x, y = samples()
    rows = [{"x": a, "labels": b} for a, b in zip(x, y, strict=True)]
    monitor = iv.Monitor(model, budget=None)
    if failing:
        rows = Failing(rows, failing)
    arguments = library.TrainingArguments(
        output_dir=str(tmp_path),
        num_train_epochs=EPOCHS,
        per_device_train_batch_size=BATCH,
        gradient_accumulation_steps=ACCUMULATED,
        learning_rate=0.1,
        lr_scheduler_type="constant",
        max_grad_norm=0,
        optim="sgd",
        report_to=[],
        save_strategy="no",
        disable_tqdm=True,
        use_cpu=True,
        train_sampling_strategy="sequential",
    )
    callbacks = [iv.training.callbacks.huggingface(monitor)]
    trainer = library.Trainer(model, arguments, train_dataset=rows, callbacks=callbacks)
    if failing:
        with pytest.raises(failing):
            trainer.train()
        check_left(monitor, model)
        rows.error = None
    trainer.train()
    if failing:
        return
    check(monitor, model.net, inside="net.")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("failing", [None, ZeroDivisionError])
def test_fastai(failing):
    library = pytest.importorskip("fastai.basics")
    accumulation = pytest.importorskip("fastai.callback.training").GradientAccumulation

    model = network()
    rows = torch.utils.data.TensorDataset(*samples())
    if failing:
        rows = Failing(rows, failing)
    loader = torch.utils.data.DataLoader(rows, batch_size=BATCH)
    loaders = library.DataLoaders(loader, loader, device="cpu")
    monitor = iv.Monitor(model, budget=None)
    learner = library.Learner(
        loaders,
        model,
        loss_func=nn.CrossEntropyLoss(),
        opt_func=library.SGD,
        cbs=[accumulation(ACCUMULATED * BATCH), iv.training.callbacks.fastai(monitor)],
    )
    if failing:
        with learner.no_bar(), learner.no_logging(), pytest.raises(failing):
            learner.fit(EPOCHS, lr=0.1, wd=0)
        check_left(monitor, model)
        return
    with learner.no_bar(), learner.no_logging():
        learner.fit(EPOCHS, lr=0.1, wd=0)
    check(monitor, model, optimizer=False)


def test_an_optimizer_can_be_given_later():
    model = network()
    monitor = iv.Monitor(model)
    monitor.optimizer = optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with monitor:
        nn.functional.cross_entropy(model(samples()[0]), samples()[1]).backward()
        optimizer.step()
        monitor.step()
        with pytest.raises(iv.errors.InnerviewError, match="is recording"):
            monitor.optimizer = optimizer
    assert monitor.history.parameters
