"""The training monitor in a real JupyterLab: it draws and answers while a cell trains, and changes no weight."""

import re

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
STD = "standard deviation of the activations"
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
        self.table = output.get_by_test_id("monitor-table")

    def row(self, layer):
        return self.table.locator(f"[data-testid='monitor-row'][data-layer='{layer}']")

    def step(self):
        return int(self.table.get_by_test_id("step").inner_text().replace(",", ""))

    def titles(self):
        return self.output.locator(".bqplot .mainheading").all_inner_texts()

    def chart(self, title):
        return self.output.locator(
            ".bqplot", has=self.page.locator(".mainheading", has_text=re.compile(f"^{re.escape(title)}$"))
        )

    def drawn(self, title):
        """What a chart shows, as text that changes with it."""
        return self.chart(title).evaluate(
            """(figure) => [...figure.querySelectorAll('.curve .line, image')]
                .map((part) => part.getAttribute('d') ?? part.getAttribute('href')).join('|')"""
        )


def zoom_and_back(shown):
    """An interval brushed in one chart is shown in all; a click shows the whole run again."""
    whole = shown.output.get_by_role("button", name="Whole run")
    expect(whole).to_be_hidden()
    # A quarter of the run from the middle on.
    box = shown.chart(STD).locator(".plotarea_background").bounding_box()
    left, width = box["x"], box["width"]
    mouse, y = shown.page.mouse, box["y"] + box["height"] / 2
    mouse.move(left + width / 2, y)
    mouse.down()
    mouse.move(left + 0.75 * width, y, steps=5)
    mouse.up()
    expect(whole).to_be_visible()
    for title in (STD, "mean of the activations", "features.0"):
        ticks = shown.chart(title).locator(".axis text", has_text=re.compile("^2[0-9]0$"))
        expect(ticks.first).to_be_visible()
    shown.page.mouse.click(left + width / 2, y)
    expect(whole).to_be_hidden()
    expect(shown.chart("features.0").locator(".axis text", has_text=re.compile("^400$"))).to_be_visible()


@pytest.mark.parametrize("kernel", ["python3", "ipykernel6"])
def test_it_draws_and_answers_while_the_cell_trains(kernel, lab, open_notebook):
    """A kernel with subshells answers clicks by itself, an older one at the next step; the weights are the same."""
    enough = lab.root / f"{kernel}.watched"
    notebook = open_notebook(
        lab.write_notebook("monitor.ipynb", [SETUP, TRAIN.format(enough=enough.name), SAME], kernel)
    )
    notebook.run_cell(0)
    notebook.start_cell(1)
    shown = MonitorPage(notebook.output(1))
    running = notebook.page.locator(".jp-InputPrompt", has_text="[*]")
    expect(shown.row("features.0")).to_be_visible()
    expect(shown.chart(STD)).to_be_visible()
    expect(shown.chart(STD).locator(".curve").first).to_be_attached()
    notebook.start_cell(2)  # waits for its turn

    # What is drawn changes while the cell runs.
    first = (shown.step(), shown.drawn(STD), shown.drawn("features.0"))
    for at, now in enumerate((shown.step, lambda: shown.drawn(STD), lambda: shown.drawn("features.0"))):
        while now() == first[at]:  # until the cell ends at the latest
            expect(running).to_have_count(2)
            shown.page.wait_for_timeout(100)
    expect(running).to_have_count(2)

    # A storm of clicks. The weights first: a button's word may overtake that of the table.
    shown.output.get_by_role("button", name="Weights now").click()
    for layer in ("features.1", "classifier.1", "features.3", "features.0"):
        shown.row(layer).locator("button").click()
    shown.row("classifier.3").locator("button").click(modifiers=["Control"])
    shown.table.get_by_test_id("pause").click()
    shown.table.get_by_test_id("budget").select_option("0.05")
    chosen = ["features.0", "classifier.3"]
    weights = shown.output.locator("[data-painted^='features.0.weight/']")
    expect(shown.table.get_by_test_id("state")).to_have_text("paused")
    expect(weights).to_have_count(1)
    for layer in chosen:
        expect(shown.chart(layer)).to_be_visible()
    expect(running).to_have_count(2)
    shown.table.get_by_test_id("pause").click()
    expect(shown.table.get_by_test_id("state")).to_have_text("training")
    # What happened is written on every chart.
    for title in (STD, "features.0"):
        expect(shown.chart(title).locator(".label:visible", has_text="paused")).to_be_visible()
    expect(running).to_have_count(2)
    enough.touch()
    expect(running).to_have_count(0, timeout=60_000)
    expect(weights).to_have_count(1)
    for layer in chosen:
        expect(shown.chart(layer)).to_be_visible()
    expect(shown.table.get_by_test_id("state")).to_have_text("ended")
    expect(shown.table.get_by_test_id("step")).to_have_text("400")
    zoom_and_back(shown)
    printed = "".join(f"epoch {n}\n" for n in range(1, 6))
    assert notebook.text(1).endswith(printed)
    assert notebook.text(2) == "True 400 0.05 True\n"
