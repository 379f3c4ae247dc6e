"""Claim: with the server extension a widget's round trip takes at most half the time it takes without.

A bare widget in a real JupyterLab sends a message when it is clicked, and the kernel answers with one. Two servers
run side by side, one with TCP_NODELAY on its kernel websockets and one without, and take turns. "page"
is the time in the page from the click to the answer; "socket" is a request to the kernel over a bare websocket, from
sending it to the kernel's "idle", without a browser.

The pause before each click matters: TCP delays acknowledgements only while both sides send within about 40 ms of
each other, as in a drag, a held key, or an answer that makes the page ask for more. That is what the claim is about;
the rows with longer pauses (single clicks) show the rest of the truth.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import sys
import time
import urllib.request
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import websocket
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from browser import chromium
from browser.lab import Lab
from browser.notebook import Notebook

if TYPE_CHECKING:
    from collections.abc import Callable

    # Takes the pause in milliseconds before each of CLICKS clicks; gives their times in milliseconds.
    Measure = Callable[[float], list[float]]

TARGET = 0.5
ROUNDS, CLICKS = 6, 10
PAUSES = (0, 20, 100)  # milliseconds

WIDGET = '''
import anywidget

class Bare(anywidget.AnyWidget):
    _esm = """
    export default {
      render({ model, el }) {
        const button = document.createElement("button");
        button.className = "bare";
        let clicked = 0;
        button.onclick = () => { clicked = performance.now(); model.send({}); };
        model.on("msg:custom", () => button.dispatchEvent(
          new CustomEvent("answer", { detail: performance.now() - clicked })));
        el.append(button);
      },
    };
    """

    def __init__(self):
        super().__init__()
        self.on_msg(lambda widget, content, buffers: widget.send({}))

Bare()
'''

CLICK = """async ([clicks, pause]) => {
  const button = document.querySelector("button.bare"), times = [];
  for (let i = 0; i < clicks; i++) {
    if (pause) await new Promise((resolve) => setTimeout(resolve, pause));
    const answer = new Promise((resolve) =>
      button.addEventListener("answer", (event) => resolve(event.detail), { once: true }));
    button.click();
    times.push(await answer);
  }
  return times;
}"""


def start(stack: contextlib.ExitStack, *, tcp_nodelay: bool) -> Lab:
    return stack.enter_context(
        Lab(
            config={
                "InnerviewServer": {"tcp_nodelay": tcp_nodelay},
                "ServerApp": {"disable_check_xsrf": True},  # a kernel is started without a page
            }
        )
    )


def in_page(stack: contextlib.ExitStack, labs: list[Lab]) -> list[Measure]:
    browser = chromium.launch(stack.enter_context(sync_playwright()))
    stack.callback(browser.close)
    pages = []
    for lab in labs:
        notebook = Notebook(browser.new_page(), lab, lab.write_notebook("bare.ipynb", [WIDGET]))
        notebook.run_cell(0)
        notebook.page.wait_for_selector("button.bare")
        stack.callback(notebook.shut_down_kernels)
        pages.append(notebook.page)
    return [lambda pause, page=page: page.evaluate(CLICK, [CLICKS, pause]) for page in pages]


def at_socket(stack: contextlib.ExitStack, labs: list[Lab]) -> list[Measure]:
    sockets = [open_socket(stack, lab) for lab in labs]
    return [lambda pause, socket=socket: [ask(socket, pause) for _ in range(CLICKS)] for socket in sockets]


def open_socket(stack: contextlib.ExitStack, lab: Lab) -> websocket.WebSocket:
    # A bare opener, because a proxy in the environment would be asked for the loopback address too.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    start_kernel = urllib.request.Request(f"{lab.url}api/kernels", method="POST")  # noqa: S310 - loopback
    with opener.open(start_kernel, timeout=60) as answer:
        kernel = json.load(answer)["id"]
    url = f"{lab.url.replace('http', 'ws', 1)}api/kernels/{kernel}/channels?session_id={uuid.uuid4().hex}"
    connection = websocket.create_connection(url, timeout=60)
    stack.callback(connection.close)
    return connection


def ask(connection: websocket.WebSocket, pause: float) -> float:
    """After `pause` milliseconds: how many it takes from a kernel_info_request to the kernel's idle status."""
    header = {"msg_id": uuid.uuid4().hex, "msg_type": "kernel_info_request", "session": "round-trip"}
    header |= {"username": "", "version": "5.3", "date": "2020-01-01T00:00:00Z"}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": {}, "channel": "shell"}
    time.sleep(pause / 1000)
    started = time.perf_counter()
    connection.send(json.dumps(message))
    while True:
        answer = json.loads(connection.recv())
        mine = answer["parent_header"].get("msg_id") == header["msg_id"]
        if mine and answer["content"].get("execution_state") == "idle":
            return 1000 * (time.perf_counter() - started)


def compare(name: str, measures: list[Measure], pause: float) -> None:
    times: list[list[float]] = [[] for _ in measures]
    for measure in measures:
        measure(pause)  # first clicks compile, fill caches, and find TCP still acknowledging at once
    for _ in range(ROUNDS):
        for found, measure in zip(times, measures, strict=True):
            found.extend(measure(pause))
    (with50, with90), (without50, without90) = ((statistics.median(t), quantile90(t)) for t in times)
    ratio = with50 / without50
    verdict = ("met" if ratio <= TARGET else "MISSED") if pause == 0 else ""
    figures = f"{with50:10.1f}{with90:8.1f}  {without50:10.1f}{without90:8.1f}{ratio:10.2f}"
    print(f"{name:<8}{pause:>6.0f} ms{figures}   {verdict}")


def quantile90(times: list[float]) -> float:
    return statistics.quantiles(times, n=10)[-1]


def main() -> None:
    print(f"{'':<8}{'pause':>9}{'with, ms':>18}  {'without, ms':>18}{'ratio':>10}   target")
    print(f"{'':<8}{'':>9}{'p50':>10}{'p90':>8}  {'p50':>10}{'p90':>8}{'p50':>10}   <= {TARGET}")
    with contextlib.ExitStack() as stack:
        labs = [start(stack, tcp_nodelay=True), start(stack, tcp_nodelay=False)]
        for name, measures in (("page", in_page(stack, labs)), ("socket", at_socket(stack, labs))):
            for pause in PAUSES:
                compare(name, measures, pause)


if __name__ == "__main__":
    main()
