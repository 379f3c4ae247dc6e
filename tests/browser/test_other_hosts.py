"""The Explorer where it is no JupyterLab: in Notebook 7 and in marimo, each in a real browser."""

import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from browser.conftest import PICTURES
from browser.explorer import SETUP, ExplorerPage
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

APP = """
import marimo

app = marimo.App(width="full")


@app.cell
def _():
{source}
    explorer
    return
"""


def look_through(explorer):
    """Samples, layers and tabs: what is clicked is shown, the charts and the points too."""
    explorer.expect_painted("features.0", 0)
    explorer.samples.get_by_test_id("next-sample").click()
    explorer.expect_painted("features.0", 1)
    explorer.choose_layer("features.3")
    explorer.expect_painted("features.3", 1)
    expect(explorer.status).to_contain_text("features.3")
    scatter = explorer.open_tab("Embedding").get_by_test_id("embedding-scatter")
    expect(scatter).to_have_attribute("data-final", "true")
    expect(scatter.get_by_test_id("point-count")).to_contain_text("360")
    expect(explorer.open_tab("Similarity").get_by_test_id("chart-title")).to_contain_text("features.3 · AUC")
    compression = explorer.open_tab("Compression")
    expect(compression.get_by_test_id("accuracy-block")).to_have_attribute("data-done", "true")
    explorer.open_tab("Quality").get_by_test_id("measure").click()
    expect(explorer.output.get_by_test_id("quality-row").first).to_be_visible()


def test_notebook_7(lab, page, console):
    # Its menus look for a setting and for commands that only JupyterLab has; nothing of ours is drawn yet.
    console.allow(r"Cannot read properties of undefined \(reading 'schema'\)")
    console.allow(r"Command '[a-z-]+:[a-z-]+' not registered")
    path = lab.write_notebook("seven.ipynb", [SETUP, "explorer"])
    page.goto(f"{lab.url}notebooks/{path}")
    cells = page.locator(".jp-Notebook .jp-Cell")
    expect(cells).to_have_count(2, timeout=60_000)
    expect(page.get_by_text("Python 3 (ipykernel)").first).to_be_visible(timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    explorer = ExplorerPage(page.locator("body"))
    expect(explorer.dashboard).to_be_visible(timeout=120_000)
    look_through(explorer)
    page.screenshot(path=PICTURES / "notebook-7.png")


@contextmanager
def marimo_running(path):
    """A marimo server that shows this app; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["run", str(path), "--headless", "--no-token", "--host", "127.0.0.1", "--port", str(port)]
    with path.with_suffix(".log").open("w") as log:
        server = subprocess.Popen([sys.executable, "-m", "marimo", *command], stdout=log, stderr=log, cwd=path.parent)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > deadline or server.poll() is not None:
                    raise
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait(30)


def test_marimo(page, tmp_path):
    app = tmp_path / "app.py"
    app.write_text(APP.format(source="\n".join(f"    {line}" for line in SETUP.splitlines())))
    with marimo_running(app) as address:
        page.goto(address)
        explorer = ExplorerPage(page.locator("body"))
        expect(explorer.dashboard).to_be_visible(timeout=120_000)
        look_through(explorer)
        PICTURES.mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / "marimo.png")
        page.goto("about:blank")  # before the server ends, so that the page misses nothing
