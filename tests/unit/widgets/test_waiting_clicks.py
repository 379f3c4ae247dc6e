"""Real kernels, spoken to as a browser without subshells does: the cell that runs answers clicks, and nothing else."""

import signal

import pytest
from unit.widgets.kernels import KERNELS, Browser

from innerview.widgets import waiting_clicks

# The file alone: what imports torch beside it takes longer than all that is done here.
SETUP = f"""
import runpy, threading, time
import ipywidgets

WaitingClicks = runpy.run_path({waiting_clicks.__file__!r})["WaitingClicks"]
WaitingClicks._tell.__globals__["_PATIENCE"] = patience = 0.5
button, slider, other = ipywidgets.Button(), ipywidgets.IntSlider(), ipywidgets.IntSlider()
view = ipywidgets.VBox([ipywidgets.HBox([button]), ipywidgets.Accordion([slider])])
clicks = WaitingClicks(view)
heard, answer = [], lambda: None

def hear(what):
    heard.append(what)
    assert threading.current_thread() is not threading.main_thread()
    answer()

button.on_click(lambda _: hear("click"))
slider.observe(lambda change: hear(change["new"]), "value")
executions = []
get_ipython().events.register("post_execute", lambda: executions.append(1))

def train(until):
    heard.clear()
    executions.clear()
    print("begins", flush=True)
    end = time.monotonic() + 20
    while not until() and time.monotonic() < end:
        clicks.answer()
        time.sleep(0.005)
    print("ends:", *heard, len(executions), other.value)

print(button.comm.comm_id, slider.comm.comm_id, other.comm.comm_id)
"""


class Page(Browser):
    """The page of the widgets above."""

    def __init__(self, folder, kernel):
        super().__init__(folder, kernel)
        self.button, self.slider, self.other = self.printed(self.settle(self.run(SETUP))).split()

    def click(self):
        return self.say(self.button, {"method": "custom", "content": {"event": "click"}})

    def slide(self, comm, value):
        return self.set(comm, value=value)

    def begin(self, until):
        """A cell that trains until something is so."""
        self.heard.clear()
        return self.wait_for_words(self.run(f"train(lambda: {until})"), "begins\n")


@pytest.fixture(scope="module", params=KERNELS)
def kernel(request, tmp_path_factory):
    page = Page(tmp_path_factory.mktemp("kernel"), request.param)
    yield page
    page.stop()


def test_clicks_are_answered_while_the_cell_runs_and_all_else_waits(kernel):
    cell = kernel.begin("len(heard) == 4")
    waits = kernel.slide(kernel.other, 9)
    after = kernel.run("print('after:', other.value)")
    last = kernel.run("print('last')")
    said = [kernel.slide(kernel.slider, 1), kernel.click(), kernel.slide(kernel.slider, 2), kernel.click()]
    kernel.settle(last)
    assert kernel.printed(cell) == "begins\nends: 1 click 2 click 0 0\n"
    assert kernel.printed(after) == "after: 9\n"
    assert not [content for kind, content, _ in kernel.heard if kind == "error"]

    # Each click is busy and idle in its turn, within the cell, which is busy again after each; then comes what waited.
    told = [(content["execution_state"], of) for kind, content, of in kernel.heard if kind == "status"]
    told = told[told.index(("busy", said[0])) :]
    inner = [one for number in said for one in [("busy", number), ("idle", number), ("busy", cell)]]
    outer = [one for number in (waits, after, last) for one in [("busy", number), ("idle", number)]]
    assert told == [*inner, ("idle", cell), *outer]
    # What a click has changed is told as its answer.
    echoes = [of for kind, content, of in kernel.heard if kind == "comm_msg" if content["comm_id"] == kernel.slider]
    assert echoes == [said[0], said[2]]


def test_cells_that_wait_behind_one_that_fails_are_not_run(kernel):
    cell = kernel.begin("len(heard) == 1 and 1 / 0")
    slides = kernel.slide(kernel.other, 3)
    waiting = [kernel.run(f"print('not run', {n})") for n in range(3)]
    kernel.click()
    assert kernel.reply(cell)["ename"] == "ZeroDivisionError"
    assert [kernel.reply(number)["status"] for number in waiting] == ["aborted"] * 3
    kernel.settle(waiting[-1])
    assert ("comm_msg", slides) in [(kind, of) for kind, _, of in kernel.heard]
    after = kernel.settle(kernel.run("print(other.value)"))
    assert kernel.printed(after) == "3\n"


def test_an_error_in_an_answer_does_not_reach_the_cell(kernel):
    kernel.settle(kernel.run("def answer(): 1 / 0"))
    cell = kernel.begin("len(heard) == 2")
    kernel.click()
    kernel.click()
    kernel.settle(cell)
    assert "ends: click click" in kernel.printed(cell)
    assert [content["ename"] for kind, content, _ in kernel.heard if kind == "error"] == ["ZeroDivisionError"] * 2
    assert kernel.reply(cell)["status"] == "ok"


def test_the_cell_waits_for_a_slow_answer_no_longer_than_it_is_patient(kernel):
    """And the next click for the answer before."""
    kernel.settle(kernel.run("seen, gone = [], threading.Event(); answer = lambda: gone.wait(20)"))
    cell = kernel.begin("(seen.append(len(heard)), len(seen) > 20 and gone.set(), len(heard) == 2)[-1]")
    kernel.click()
    kernel.slide(kernel.slider, 7)
    kernel.settle(cell)
    assert "ends: click 7" in kernel.printed(cell)
    after = kernel.settle(kernel.run("print(seen.count(1) > 5)"))
    assert kernel.printed(after) == "True\n"


def test_an_interrupt_amid_an_answer_ends_the_cell_and_only_that(kernel):
    kernel.settle(kernel.run("answer = lambda: (print('slow', flush=True), time.sleep(0.3))"))
    cell = kernel.begin("False")
    kernel.click()
    kernel.wait("stream", cell, text="slow\n")
    kernel.process.send_signal(signal.SIGINT)
    kernel.settle(cell)
    assert kernel.reply(cell)["ename"] == "KeyboardInterrupt"
    after = kernel.run("print('still', get_ipython().kernel.shell_stream.closed())")
    kernel.settle(after)
    assert kernel.printed(after) == "still False\n"
