"""The browser tests' fixtures: one JupyterLab for all of them, a fresh page for each."""

import re

import pytest
from browser import chromium
from browser.lab import REPOSITORY, Lab
from browser.notebook import Notebook
from playwright.sync_api import expect, sync_playwright

PICTURES = REPOSITORY / "test-output"

# Playwright waits 5 s for what a test expects, which two busy cores can need for one picture of a large page.
expect.set_options(timeout=20_000)


# bqplot 0.13 draws once more into a figure that has lost its size, as when JupyterLab takes a cell that was scrolled
# away out of the page: a rectangle as wide as the figure less its margins. Nothing is to be seen of it.
HARMLESS = r"<rect> attribute (width|height): A negative value is not valid.*bqplot"


class Console:
    """What the page's console has to say. `allow` names, by a regular expression, an error that the test provokes."""

    def __init__(self):
        self.errors = []
        self._allowed = [re.compile(HARMLESS)]

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


@pytest.fixture(scope="session")
def lab():
    with Lab() as lab:
        yield lab
        PICTURES.mkdir(exist_ok=True)
        (PICTURES / "jupyterlab.log").write_text(lab.log)


# Not for the session: while Playwright's synchronous interface is open, an event loop runs in this thread and
# tests of other folders could not start theirs.
@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def console():
    return Console()


@pytest.fixture
def page(browser, console):
    """A page of 1400 x 1000; the test fails if the page reports an error that `console.allow` does not name."""
    with browser.new_context(viewport={"width": 1400, "height": 1000}, accept_downloads=True) as context:
        page = context.new_page()
        console.watch(page)
        yield page
        page.wait_for_timeout(100)  # what the page is just about to report
    assert console.unexpected == []


@pytest.fixture
def open_notebook(page, lab):
    """`open_notebook(path, theme="light")` opens a notebook of `lab`; its kernel ends with the test."""
    opened = []

    def open_one(path, **options):
        opened.append(Notebook(page, lab, path, **options))
        return opened[-1]

    yield open_one
    if opened:
        opened[-1].shut_down_kernels()


@pytest.fixture
def screenshot():
    """`screenshot(page_or_locator, "name")` saves test-output/name.png."""

    def save(target, name):
        PICTURES.mkdir(exist_ok=True)
        path = PICTURES / f"{name}.png"
        target.screenshot(path=path)
        return path

    return save
