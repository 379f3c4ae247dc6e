"""What is done about findings: only when asked, at most so often, told in the history, and taken back exactly."""

import pytest
import torch
from torch import nn

import innerview as iv
from innerview.errors import InnerviewError


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 3))


def steps(model, optimizer, monitor, count, *, scheduler=None, start=0):
    for step in range(start, start + count):
        generator = torch.Generator().manual_seed(step)
        x = torch.randn(32, 8, generator=generator)
        loss = nn.functional.cross_entropy(model(x), torch.randint(3, (32,), generator=generator))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        if monitor is not None:
            # What the actions are asked to react to: a loss that is no number, told to the monitor only.
            monitor.step(loss=loss if step < 4 else float("nan"))


def trained():
    model = network()
    return model, torch.optim.SGD(model.parameters(), lr=0.1)


def done(monitor):
    return [event for event in monitor.history.events if event.kind in {"action", "undo", "error"}]


def kinds(monitor):
    return [event.kind for event in done(monitor)]


def test_nothing_is_done_unless_asked():
    model, optimizer = trained()
    with iv.Monitor(model, optimizer=optimizer, budget=None) as monitor:
        steps(model, optimizer, monitor, 20)
    assert "nonfinite" in [finding.kind for finding in monitor.diagnose()]
    assert kinds(monitor) == []
    assert monitor.undo() is False


def test_when_and_how_often():
    model, optimizer = trained()
    called = []
    with iv.Monitor(model, optimizer=optimizer, budget=None) as monitor:
        monitor.on("nonfinite", lambda given, found: called.append((given, found)), hold=10, every=7, limit=3)
        steps(model, optimizer, monitor, 60)
    assert [given for given, _ in called] == [monitor] * 3
    first, second, third = (found for _, found in called)
    assert (first.since, first.step) == (4, 14)
    assert second.step - first.step == third.step - second.step == 7
    assert kinds(monitor) == ["action"] * 3
    assert "the loss is nan at step 4" in done(monitor)[0].text


@pytest.mark.parametrize(
    "schedule",
    [
        lambda o: torch.optim.lr_scheduler.StepLR(o, 3, 0.9),
        lambda o: torch.optim.lr_scheduler.LambdaLR(o, lambda step: 1 / (1 + step)),
        lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 0.1, total_steps=60),
        lambda o: torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(o, 7),
    ],
)
@pytest.mark.parametrize("tensor", [False, True])
def test_undo_gives_the_rates_of_a_run_without_the_action(schedule, tensor):
    def rates(act):
        model = network()
        lr = torch.tensor(0.1) if tensor else 0.1
        optimizer = torch.optim.SGD(
            [{"params": model[:3].parameters()}, {"params": model[3:].parameters(), "lr": lr / 2}],
            lr=lr,
        )
        scheduler = schedule(optimizer)
        with iv.Monitor(model, optimizer=optimizer, budget=None) as monitor:
            if act:
                monitor.on("nonfinite", monitor.scale_lr(0.25), limit=2, every=5)
            steps(model, optimizer, monitor, 30, scheduler=scheduler)
            assert kinds(monitor) == ["action", "action"] * act
            while monitor.undo():
                pass
            steps(model, optimizer, monitor, 10, scheduler=scheduler, start=30)
        assert kinds(monitor)[2 * act :] == ["undo", "undo"] * act
        return [float(group["lr"]) for group in optimizer.param_groups], monitor.history

    without, plain = rates(False)
    after, history = rates(True)
    assert after == without  # to the last bit
    for name in ("lr", "lr/1"):
        applied, scheduled = history.metric(name)[1], plain.metric(name)[1]
        at = [event.step for event in history.events if event.kind == "action"]
        assert (applied[: at[0]] == scheduled[: at[0]]).all()
        assert applied[at[0] : at[1]] == pytest.approx(scheduled[at[0] : at[1]] / 4)
        assert applied[at[1] : 30] == pytest.approx(scheduled[at[1] : 30] / 16)
        assert (applied[30:] == scheduled[30:]).all()


def test_the_factor_reaches_the_weights():
    one, other = network(), network()
    first, second = torch.optim.SGD(one.parameters(), lr=0.02), torch.optim.SGD(other.parameters(), lr=0.01)
    with iv.Monitor(one, optimizer=first, budget=None) as monitor:
        monitor.scale_lr(0.5)(monitor, None)
        steps(one, first, monitor, 5)
        assert first.param_groups[0]["lr"] == 0.02
    steps(other, second, None, 5)
    for mine, theirs in zip(one.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=0)
    # Outside of the `with` the rate is the optimizer's again, and no hook is left.
    assert not first._optimizer_step_pre_hooks
    assert not first._optimizer_step_post_hooks


def test_an_action_that_raises_never_breaks_the_training(caplog):
    model, optimizer = trained()
    with iv.Monitor(model, optimizer=optimizer, budget=None) as monitor:
        monitor.on("nonfinite", lambda *_: 1 / 0, limit=1)
        steps(model, optimizer, monitor, 20)
    assert kinds(monitor) == ["error"]
    assert "ZeroDivisionError: division by zero" in done(monitor)[0].text
    assert "ZeroDivisionError" in caplog.text


def test_an_optimizer_step_that_raises_leaves_the_rate():
    model, optimizer = trained()
    with iv.Monitor(model, optimizer=optimizer, budget=None) as monitor:
        monitor.scale_lr(0.5)(monitor, None)
        with pytest.raises(ZeroDivisionError):
            optimizer.step(lambda: 1 / 0)
        steps(model, optimizer, monitor, 2)
        assert optimizer.param_groups[0]["lr"] == 0.1
        assert monitor.history.metric("lr")[1].tolist() == [0.05, 0.05]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda monitor: monitor.on("vanish", print), "did you mean 'vanishing'"),
        (lambda monitor: monitor.on("dead", 0.5), "action=0.5 cannot be called"),
        (lambda monitor: monitor.on("dead", print, every=0), "every=0: a number of steps from 1"),
        (lambda monitor: monitor.scale_lr(-1), "factor=-1"),
    ],
)
def test_bad_input(call, text):
    model, optimizer = trained()
    with pytest.raises(InnerviewError, match=text):
        call(iv.Monitor(model, optimizer=optimizer))


def test_without_an_optimizer_the_event_says_so():
    model = network()
    monitor = iv.Monitor(model)
    with pytest.raises(InnerviewError, match="give the monitor its optimizer"):
        monitor.scale_lr(0.5)(monitor, None)
