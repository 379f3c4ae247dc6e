"""The browser tests' fixtures: a JupyterLab for each process, a page for each test or for all tests of a file.

To open JupyterLab, start a kernel and train a network takes ten times as long as what most tests do then. So tests of
one file share a page and a kernel, and each makes the views anew; a test that ends a kernel, trains for seconds or
needs another kernel asks for `open_notebook` instead:

    @pytest.fixture(scope="module")
    def shared(lab, shared_page):
        with ExplorerPage.open(shared_page, lab, "my-file.ipynb") as shown:
            yield shown

    @pytest.fixture
    def explorer(shared):
        shared.renew()                # a new Explorer of the same network; what the test before did is gone
        return shared

    def test_something(explorer):
        assert explorer.python("print(inspector.layer)") == "features.0"

A test waits for what it expects (`expect(...)`), never for a time. The files run side by side (`--dist loadfile`): each
is run by one process, in the ORDER below, and each process has a server of its own.
"""

import os
import re
from contextlib import contextmanager

import pytest
from browser import chromium
from browser.lab import REPOSITORY, Lab
from browser.notebook import Notebook
from playwright.sync_api import expect, sync_playwright

# In this order two processes end together. Files of one or two long tests come first: xdist gives a process its next
# file when two tests are left, and that one would wait behind them. After those the longest, and last what is short.
ORDER = [
    "test_embeddings_notebook.py",
    "test_screenshots.py",
    "test_compression_notebook.py",
    "test_quickstart.py",
    "test_monitor.py",
    "test_explorer.py",
    "test_page.py",
    "test_compression.py",
    "test_embedding.py",
    "test_other_hosts.py",
    "test_emulated_hosts.py",
    "test_traffic.py",
    "test_harness.py",
    "test_strict_page.py",
    "test_contrast.py",
    "test_narrow.py",
    "test_forced_colors.py",
]
PICTURES = REPOSITORY / "test-output"
MNIST = os.environ.get("INNERVIEW_MNIST")

# Playwright waits 5 s for what a test expects, which two busy cores can need for one picture of a large page.
expect.set_options(timeout=20_000)


# What others report on the console of a page on which nothing is wrong.
HARMLESS = (
    # JupyterLab 4 asks a kernel things of its own (is a debugger on? what is it called?). When the notebook is closed
    # or the page reloaded before the answer, `KernelFutureHandler.dispose` rejects the request, and that is reported.
    r"Canceled future for \w+_request message before replies were done",
)


class Console:
    """What the page's console has to say. `allow` names, by a regular expression, an error that the test provokes."""

    def __init__(self):
        self.errors = []
        self._allowed = [re.compile(pattern) for pattern in HARMLESS]

    def watch(self, page):
        page.on("console", lambda message: self._add(message) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))

    def _add(self, message):
        self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def allow(self, pattern):
        self._allowed.append(re.compile(pattern))

    @property
    def unexpected(self):
        return [error for error in self.errors if not any(allowed.search(error) for allowed in self._allowed)]


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: ORDER.index(item.path.name) if item.path.name in ORDER else len(ORDER))


@contextmanager
def running_lab(name, **options):
    """A JupyterLab whose log is kept in test-output."""
    # The kernels start in another folder, where a relative path would lead nowhere.
    with Lab(environ={"INNERVIEW_MNIST": str(REPOSITORY / MNIST)} if MNIST else {}, **options) as lab:
        yield lab
        PICTURES.mkdir(exist_ok=True)
        process = os.environ.get("PYTEST_XDIST_WORKER", "main")
        (PICTURES / f"{name}-{process}.log").write_text(lab.log)


@pytest.fixture(scope="session")
def lab():
    with running_lab("jupyterlab") as lab:
        yield lab


@pytest.fixture(scope="session")
def torchvision_lab():
    """One whose kernels have a torchvision that can be imported; a file that wants it makes it its `lab`."""
    tests = str(REPOSITORY / "tests")
    with running_lab(
        "torchvision", startup=f"import sys; sys.path.append({tests!r}); import torchvision_on_cpu"
    ) as lab:
        yield lab


# Not for the session: while Playwright's synchronous interface is open, an event loop runs in this thread and
# tests of other folders could not start theirs.
@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        yield browser
        browser.close()


@contextmanager
def watched_page(browser, console):
    """A page of 1400 x 1000; an AssertionError at its end if it has reported an error that `console` does not allow."""
    with browser.new_context(viewport={"width": 1400, "height": 1000}, accept_downloads=True) as context:
        page = context.new_page()
        console.watch(page)
        yield page
        page.wait_for_timeout(100)  # what the page is just about to report
    assert console.unexpected == []


@pytest.fixture
def console():
    return Console()


@pytest.fixture
def page(browser, console):
    """A page for one test."""
    with watched_page(browser, console) as page:
        yield page


@pytest.fixture(scope="module")
def shared_page(browser):
    """A page for all tests of a file; the last of them fails if the page has reported an error."""
    with watched_page(browser, Console()) as page:
        yield page


@pytest.fixture
def open_notebook(page, lab):
    """`open_notebook(path, theme="light")` opens a notebook of `lab` in `page`; its kernel ends with the test."""
    opened = []

    def open_one(path, **options):
        opened.append(Notebook(page, lab, path, **options))
        return opened[-1]

    yield open_one
    for notebook in opened:
        notebook.shut_down_kernels()


@pytest.fixture
def screenshot():
    """`screenshot(page_or_locator, "name")` saves test-output/name.png."""

    def save(target, name):
        PICTURES.mkdir(exist_ok=True)
        path = PICTURES / f"{name}.png"
        target.screenshot(path=path)
        return path

    return save
