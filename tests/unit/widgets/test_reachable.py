"""A page without subshells while a cell runs: the monitor's view is answered, with ipykernel 7.4 every view."""

import pytest
from unit.widgets.kernels import KERNELS, Browser

SETUP = """
import time
import torch
import innerview as iv

digits = iv.datasets.digits()
torch.manual_seed(0)
model = iv.demo.SmallCNN()
explorer = iv.explore(model, digits.test)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
monitor = iv.Monitor(model, optimizer=optimizer)
view = iv.MonitorView(monitor)

def train(until, seconds):
    print("begins", flush=True)
    end = time.monotonic() + seconds
    with monitor:
        while not until() and time.monotonic() < end:
            model(digits.test[0][0][None]).sum().backward()
            optimizer.step()
            monitor.step()
    print("answered" if until() else "not answered", end="")

print(explorer.comm.comm_id, view.comm.comm_id, end="")
"""


class Page(Browser):
    """The page of the views above."""

    def __init__(self, folder, kernel):
        super().__init__(folder, kernel)
        self.kernel = kernel
        self.explorer, self.view = self.printed(self.settle(self.run(SETUP))).split()

    def train(self, until, seconds):
        self.heard.clear()
        return self.wait_for_words(self.run(f"train(lambda: {until}, {seconds})"), "begins\n")

    def want(self, comm, path, value):
        return self.set(comm, want={path: {"value": value, "at": path}})

    def said(self, cell):
        return self.printed(self.settle(cell)).removeprefix("begins\n")


@pytest.fixture(scope="module", params=KERNELS)
def page(request, tmp_path_factory):
    page = Page(tmp_path_factory.mktemp("kernel"), request.param)
    yield page
    page.stop()


def test_the_view_of_a_training_is_answered_while_the_cell_trains(page):
    cell = page.train("monitor.paused", 20)
    after = page.run("print(monitor.paused, end='')")  # waits, although it came first
    page.want(page.view, "monitor/paused", True)
    assert page.said(cell) == "answered"
    assert page.said(after) == "True"


def test_every_view_is_answered_while_a_cell_runs_if_the_kernel_can_hear(page):
    hears = page.kernel == "python3"
    cell = page.train("explorer.inspector.sample == 1", 20 if hears else 0.5)
    click = page.want(page.explorer, "samples/step", 1)
    assert page.said(cell) == ("answered" if hears else "not answered")
    if not hears:
        page.settle(click)
    assert page.said(page.run("print(explorer.inspector.sample, end='')")) == "1"
