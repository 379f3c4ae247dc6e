"""Two real processes train one model by DistributedDataParallel over gloo; their statistics are brought together."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import innerview as iv
from innerview.training.history import History

STEPS = 3

RANK = """
import sys
from contextlib import nullcontext
import torch
from torch import distributed, nn
import innerview as iv

torch.set_num_threads(1)
rank, folder = int(sys.argv[1]), sys.argv[2]
distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
inputs = torch.randn(3, 8, 6, generator=torch.Generator().manual_seed(1))
for how in ("plain", "monitored"):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))
    parallel = nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.SGD(parallel.parameters(), lr=0.1)
    monitor = iv.Monitor(parallel, optimizer=optimizer, budget=None) if how == "monitored" else None
    with monitor or nullcontext():
        for batch in inputs[:, rank::2]:
            loss = parallel(batch).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if monitor is not None:
                monitor.step(loss=loss)
        if monitor is not None:
            monitor.gather().save(f"{folder}/{rank}.npz")
    torch.save(model.state_dict(), f"{folder}/{rank} {how}.pt")
distributed.destroy_process_group()
"""


@pytest.mark.slow  # two processes load torch
def test_two_ranks(tmp_path):
    script = tmp_path / "rank.py"
    script.write_text(RANK)
    source = str(Path(iv.__file__).parents[1])
    environment = os.environ | {"PYTHONPATH": source, "GLOO_SOCKET_IFNAME": "lo"}
    ranks = [subprocess.Popen([sys.executable, script, str(rank), tmp_path], env=environment) for rank in range(2)]
    assert [rank.wait(200) for rank in ranks] == [0, 0]
    histories = [History.load(tmp_path / f"{rank}.npz") for rank in range(2)]
    # The same in one process: all samples of both.
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    alone = iv.Monitor(model, optimizer=optimizer, budget=None)
    with alone:
        for batch in torch.randn(STEPS, 8, 6, generator=torch.Generator().manual_seed(1)):
            loss = model(batch).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            alone.step(loss=loss)
    for history in histories:
        assert history.layers == ("0", "1", "2")
        for layer in history.layers:
            one, other = history.series(layer), alone.history.series(layer)
            np.testing.assert_array_equal(one.count, other.count)
            np.testing.assert_array_equal(one.histogram.sum(1), other.histogram.sum(1))
            for name in ("mean", "std", "low", "high", "zeros", "channel_mean", "channel_std", "channel_high"):
                np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(history.metric("loss")[1], alone.history.metric("loss")[1], rtol=1e-5)
        np.testing.assert_allclose(
            history.weights("0.weight").update_ratio, alone.history.weights("0.weight").update_ratio, rtol=1e-3
        )
    states = [
        torch.load(tmp_path / f"{rank} {how}.pt", weights_only=True)
        for rank in range(2)
        for how in ("plain", "monitored")
    ]
    for name, value in states[0].items():
        assert all(torch.equal(value, state[name]) for state in states[1:])


def test_without_a_job_it_is_a_copy(loop):
    run = loop(budget=None).run(2)
    gathered = run.monitor.gather()
    assert gathered is not run.history
    np.testing.assert_array_equal(gathered.series("conv").mean, run.history.series("conv").mean)
