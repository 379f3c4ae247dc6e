"""A real kernel of today, spoken to as by a front end that knows no subshells: clicks are answered beside the cell."""

import pytest
from unit.widgets.kernel_client import KernelClient

SETUP = """
import threading, time
import ipywidgets, torch
import innerview as iv

explorer = iv.explore(iv.demo.SmallCNN(), (torch.rand(20, 1, 8, 8), torch.arange(20) % 10))
other = ipywidgets.IntSlider()
threads = []
explorer.inspector.observe(lambda change: threads.append(threading.current_thread()), "sample")

def train(until):
    print("begins", flush=True)
    end = time.monotonic() + 20
    while not until() and time.monotonic() < end:
        time.sleep(0.005)
    print("ends:", explorer.inspector.sample, other.value, threads[-1] is threading.main_thread())

print(explorer.comm.comm_id, other.comm.comm_id)
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    client = KernelClient(tmp_path_factory.mktemp("kernel"))
    yield client
    client.stop()


def want(kernel, page, path, value):
    wanted = {path: {"value": value, "at": f"click {value}"}}
    return kernel.say(page, {"method": "update", "state": {"want": wanted}, "buffer_paths": []})


def test_clicks_are_answered_while_a_cell_runs_and_all_else_waits(kernel):
    page, other = kernel.printed(kernel.settle(kernel.run(SETUP))).split()
    for clicks, sample in enumerate((3, 7), 1):
        kernel.heard.clear()
        cell = kernel.wait("stream", kernel.run(f"train(lambda: len(threads) == {clicks})"), text="begins\n")
        kernel.say(other, {"method": "update", "state": {"value": sample}, "buffer_paths": []})
        after = kernel.run("print('after:', other.value)")
        want(kernel, page, "samples/sample", sample)
        kernel.settle(after)
        before = 0 if sample == 3 else 3
        assert kernel.printed(cell) == f"begins\nends: {sample} {before} False\n"
        assert kernel.printed(after) == f"after: {sample}\n"
    # One thread answers all of them.
    assert kernel.printed(kernel.settle(kernel.run("print(len(set(threads)))"))).strip() == "1"
