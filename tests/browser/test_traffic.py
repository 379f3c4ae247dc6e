"""What crosses between kernel and page, counted on the page's own websocket: bytes and messages, never times."""

import pytest
from browser.explorer import SETUP, ExplorerPage
from browser.traffic import Traffic
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def traffic(page):
    return Traffic(page)


def open_explorer(notebook, cell):
    notebook.run_cell(cell)
    shown = ExplorerPage(notebook.output(cell))
    shown.expect_painted("features.0", 0)
    expect(shown.output.locator("[data-judged]")).to_have_count(1)
    expect(shown.grid.get_by_test_id("dead")).to_be_visible()
    return shown


def test_opening_the_explorer_takes_little(lab, traffic, open_notebook):
    again = "iv.explore(model, digits.test, classes=digits.classes)"
    notebook = open_notebook(lab.write_notebook("traffic.ipynb", [SETUP, "explorer", again]))
    notebook.run_cell(0)
    open_explorer(notebook, 1)
    opens = len(traffic.of("comm_open"))
    print("first", traffic.bytes, opens, len(traffic.messages))
    assert opens <= 3
    assert traffic.bytes <= 350_000
    # The modules are on the page now.
    traffic.restart()
    open_explorer(notebook, 2)
    print("second", traffic.bytes, len(traffic.of("comm_open")), len(traffic.messages))
    assert traffic.bytes <= 120_000
