"""The training monitor in a real JupyterLab: it draws and answers while a cell trains, and changes no weight."""

import re
from contextlib import nullcontext

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

SETUP = """
import time
from pathlib import Path
import torch
from torch import nn
import innerview as iv

torch.set_num_threads(1)
digits = iv.datasets.digits()
inputs, labels = digits.train.tensors

def train(steps, seconds=0, monitor=None, enough=""):
    torch.manual_seed(0)
    model = iv.demo.SmallCNN()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    monitor = iv.Monitor(model, optimizer=optimizer) if monitor else None
    if monitor:
        display(monitor)
        monitor.__enter__()
    for step in range(steps):
        chosen = torch.randint(len(inputs), (32,))
        loss = nn.functional.cross_entropy(model(inputs[chosen]), labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if monitor:
            monitor.step(loss=loss)
            if (step + 1) % (steps // 5) == 0:
                monitor.epoch()
                print("epoch", (step + 1) // (steps // 5))
        if not Path(enough).is_file():  # slow towards its end, until it was seen enough of
            time.sleep(seconds / steps * (10 if step > 0.7 * steps else 1))
    if monitor:
        monitor.close()
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()]), monitor
"""
TRAIN = "watched, monitor = train(400, seconds=12, monitor=True, enough={enough!r})"
SAME = """
rest, on = (event.step for event in monitor.history.events if event.kind in ("pause", "resume"))
print(torch.equal(watched, train(400)[0]), monitor.history.step, monitor.budget, 0 < rest < on < 400)
"""


class MonitorPage:
    """The monitor inside one output of a notebook."""

    def __init__(self, output):
        self.output = output
        self.page = output.page
        self.view = output.get_by_test_id("monitor-view")

    def row(self, layer):
        return self.view.locator(f"[data-testid='monitor-row'][data-layer='{layer}']")

    def step(self):
        return int(self.view.get_by_test_id("step").inner_text().replace(",", ""))

    def chart(self, what):
        """The chart of the loss, the std, the mean or the near zeros."""
        return self.view.get_by_test_id(f"chart-{what}")

    def heat(self, layer):
        """The heat map of a layer."""
        title = self.page.get_by_test_id("chart-title").filter(has_text=re.compile(f"^{re.escape(layer)}$"))
        return self.view.get_by_test_id("chart-heat").filter(has=title)

    def drawn(self, chart):
        """What a chart shows: a picture that changes with it."""
        return chart.locator("canvas").first.evaluate("(canvas) => canvas.toDataURL()")


def zoom_and_back(shown):
    """An interval brushed in one chart is shown in all, and the kernel knows it; a double click shows the whole run."""
    whole = shown.view.get_by_test_id("whole-run")
    expect(whole).to_be_hidden()
    charts = [shown.chart("std"), shown.chart("mean"), shown.heat("features.0")]
    before = [shown.drawn(chart) for chart in charts]
    # A quarter of the run from the middle on.
    surface = shown.chart("std").get_by_test_id("chart-surface")
    surface.scroll_into_view_if_needed()
    box = surface.bounding_box()
    left, width = box["x"], box["width"]
    mouse, y = shown.page.mouse, box["y"] + box["height"] / 2
    mouse.move(left + width / 2, y)
    mouse.down()
    mouse.move(left + 0.75 * width, y, steps=5)
    mouse.up()
    mouse.move(left, 0)
    expect(whole).to_be_visible()
    for chart, picture in zip(charts, before, strict=True):
        assert shown.drawn(chart) != picture
    mouse.dblclick(left + width / 2, y)
    mouse.move(left, 0)
    expect(whole).to_be_hidden()
    for chart, picture in zip(charts, before, strict=True):
        assert shown.drawn(chart) == picture


@pytest.mark.parametrize(("kernel", "subshells"), [("python3", True), ("python3", False), ("ipykernel6", True)])
def test_it_draws_and_answers_while_the_cell_trains(kernel, subshells, lab, open_notebook):
    """A kernel with subshells answers clicks by itself, an older one at the next step; the weights are the same."""
    enough = lab.root / f"{kernel}-{subshells}.watched"
    with nullcontext() if subshells else lab.without_subshells():
        notebook = open_notebook(
            lab.write_notebook("monitor.ipynb", [SETUP, TRAIN.format(enough=enough.name), SAME], kernel)
        )
    notebook.run_cell(0)
    notebook.start_cell(1)
    shown = MonitorPage(notebook.output(1))
    running = notebook.page.locator(".jp-InputPrompt", has_text="[*]")
    expect(shown.row("features.0")).to_be_visible()
    expect(shown.heat("features.0")).to_be_visible()
    notebook.start_cell(2)  # waits for its turn

    # What is drawn changes while the cell runs.
    std, heat = shown.chart("std"), shown.heat("features.0")
    first = (shown.step(), shown.drawn(std), shown.drawn(heat))
    for at, now in enumerate((shown.step, lambda: shown.drawn(std), lambda: shown.drawn(heat))):
        while now() == first[at]:  # until the cell ends at the latest
            expect(running).to_have_count(2)
            shown.page.wait_for_timeout(100)
    expect(running).to_have_count(2)

    # A storm of clicks.
    shown.view.get_by_test_id("weights-now").click()
    for layer in ("features.1", "classifier.1", "features.3", "features.0"):
        shown.row(layer).locator("button").click()
    shown.row("classifier.3").locator("button").click(modifiers=["Control"])
    shown.view.get_by_test_id("pause").click()
    shown.view.get_by_test_id("budget").select_option("0.05")
    chosen = ["features.0", "classifier.3"]
    weights = shown.output.locator("[data-painted^='features.0.weight/']")
    expect(shown.view.get_by_test_id("state")).to_have_text("paused")
    expect(weights).to_have_count(1)
    for layer in chosen:
        expect(shown.heat(layer)).to_be_visible()
    expect(running).to_have_count(2)
    shown.view.get_by_test_id("pause").click()
    expect(shown.view.get_by_test_id("state")).to_have_text("training")
    expect(shown.view.get_by_test_id("told")).to_contain_text("recording rests")
    expect(running).to_have_count(2)
    enough.touch()
    expect(running).to_have_count(0, timeout=60_000)
    expect(weights).to_have_count(1)
    for layer in chosen:
        expect(shown.heat(layer)).to_be_visible()
    expect(shown.view.get_by_test_id("state")).to_have_text("ended")
    expect(shown.view.get_by_test_id("step")).to_have_text("400")
    zoom_and_back(shown)
    printed = "".join(f"epoch {n}\n" for n in range(1, 6))
    assert notebook.text(1).endswith(printed)
    assert notebook.text(2) == "True 400 0.05 True\n"
