"""Same seeds, same final weights, bit for bit: with and without a monitor, whatever it is asked meanwhile."""

import threading

import pytest
import torch

from innerview.model import capture, state

STEPS = 6


def identical(one, other):
    one, other = one.state(), other.state()
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


@pytest.mark.parametrize("budget", [None, 0.02, 0.0])
@pytest.mark.parametrize("how", [{}, {"amp": True}, {"parts": 3}], ids=["plain", "bfloat16", "accumulated"])
def test_with_and_without(loop, how, budget):
    identical(loop(monitored=False).run(STEPS, **how), loop(budget=budget).run(STEPS, **how))


@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpointing(loop, net, reentrant):
    runs = []
    for monitored in (False, True):
        torch.manual_seed(0)
        model = net(checkpointed=True, reentrant=reentrant)
        runs.append(loop(model, monitored=monitored, **({"budget": None} if monitored else {})).run(STEPS))
    identical(*runs)


def test_probes_and_evaluation(loop):
    probes = torch.randn(2, 1, 8, 8)
    runs = [loop(monitored=False), loop(budget=None, probes=probes, probe_every=2)]
    for run in runs:
        torch.manual_seed(3)
        with run.monitor or torch.enable_grad():
            for _ in range(STEPS):
                run.step()
                run.evaluate()
                if run.monitor is not None:
                    run.monitor.epoch()
    identical(*runs)
    assert runs[1].history.probes == 2


def test_a_storm_of_reads_and_requests(loop):
    run = loop(budget=None, memory=200_000)
    stop, errors, reads = threading.Event(), [], [0]

    def storm():
        try:
            while not stop.is_set():
                history = run.history.copy()
                for layer in history.layers:
                    series = history.series(layer)
                    assert len(series.steps) == len(series.histogram) == len(series.channel_mean)
                    assert (series.steps[1:] > series.steps[:-1]).all()
                run.monitor.budget = (None, 0.5)[reads[0] % 2]
                run.monitor.layers = (None, ["conv", "head"])[reads[0] // 2 % 2]
                (run.monitor.pause, run.monitor.resume)[reads[0] % 2]()
                reads[0] += 1
                # A thread that never rests gives Python's lock away every 5 ms only; each call of torch asks for it.
                stop.wait(0.001)
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            errors.append(error)

    thread = threading.Thread(target=storm)
    thread.start()
    try:
        run.run(60)
    finally:
        stop.set()
        thread.join()
    assert errors == []
    assert reads[0] > 5
    identical(loop(monitored=False).run(60), run)


def test_another_thread_looks_at_the_model_meanwhile(loop):
    """A view's snapshot of the model has the monitor's hooks in it; what it runs is not recorded."""
    run, plain = loop(budget=None), loop(monitored=False).run(STEPS)
    x = torch.randn(5, 1, 8, 8, generator=torch.Generator().manual_seed(9))
    seen = []

    def look():
        seen.append(capture.run(state.snapshot(run.model), (x,), {}, ["conv"], restore_rng=False))

    torch.manual_seed(2)
    with run.monitor:
        for _ in range(STEPS):
            looking = threading.Thread(target=look)
            looking.start()
            run.step()
            looking.join()
    assert len(seen) == STEPS
    assert (run.history.series("conv").count == 8 * 4 * 36).all()
    assert not len(run.history.series("conv", "eval").steps)
    identical(plain, run)
