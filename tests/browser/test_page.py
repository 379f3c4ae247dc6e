"""The Explorer's page itself: room for the view, small and large windows, a restart, and what axe has to say."""

import pytest
from browser.explorer import SETUP, SHOWN, ExplorerPage
from browser.lab import REPOSITORY
from browser.layout import faults
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

AXE = REPOSITORY / "js" / "node_modules" / "axe-core" / "axe.min.js"
TABS = ["Channels", "Embedding", "Similarity", "Compression", "Quality"]
# What scrolls sideways; only a wide table may, within its own bounds.
SIDEWAYS = "(all) => all.filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => `${e.className} scrolls sideways`)"


@pytest.fixture(scope="module")
def shared(lab, shared_page):
    with ExplorerPage.open(shared_page, lab, "page.ipynb") as shown:
        yield shown


@pytest.fixture
def explorer(shared):
    set_window(shared, 1400, 900)
    shared.renew()
    return shared


def set_window(explorer, width, height):
    """A window of this size, in the middle of which the dashboard stands."""
    explorer.page.set_viewport_size({"width": width, "height": height})
    explorer.page.wait_for_timeout(200)
    if explorer.dashboard.count():
        explorer.dashboard.evaluate("(element) => element.scrollIntoView({ block: 'center' })")


def area(locator):
    box = locator.bounding_box()
    return box["width"] * box["height"]


def settled(explorer, tab):
    """Open a tab, and wait until it shows what it has to show."""
    page = explorer.open_tab(tab)
    if tab == "Channels":
        explorer.expect_painted("features.0", 0)
    elif tab == "Embedding":
        expect(page.get_by_test_id("embedding-scatter")).to_have_attribute("data-final", "true")
    elif tab == "Similarity":
        expect(page.get_by_test_id("similarity-view")).to_have_attribute("data-done", "true")
    elif tab == "Compression":
        expect(page.get_by_test_id("accuracy-block")).to_have_attribute("data-done", "true")
    else:
        page.get_by_test_id("measure").click()
        expect(page.get_by_test_id("quality-row").first).to_be_visible()
    return page


def test_the_scatter_has_half_of_the_page_and_nearly_the_whole_window(explorer):
    settled(explorer, "Embedding")
    points = explorer.output.get_by_test_id("scatter-canvas")
    assert area(points) >= 0.45 * area(explorer.dashboard)
    button = explorer.output.get_by_test_id("whole-window")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    explorer.page.wait_for_timeout(200)
    assert area(points) >= 0.85 * 1400 * 900
    explorer.page.keyboard.press("Escape")
    expect(button).to_have_attribute("aria-pressed", "false")
    explorer.page.keyboard.press("f")
    expect(button).to_have_attribute("aria-pressed", "true")
    # What is open inside closes first.
    points.focus()
    explorer.page.keyboard.press("Escape")
    expect(button).to_have_attribute("aria-pressed", "false")


def test_columns_fold_and_can_be_dragged(explorer):
    output, mouse = explorer.output, explorer.page.mouse
    before = explorer.grid.bounding_box()["width"]
    output.get_by_test_id("fold-left").click()
    expect(explorer.layers).to_be_hidden()
    assert explorer.grid.bounding_box()["width"] > before + 100
    output.get_by_test_id("unfold-left").click()
    expect(explorer.layers).to_be_visible()
    edge = output.get_by_test_id("edge-right").bounding_box()
    x, y = edge["x"] + edge["width"] / 2, edge["y"] + 40
    wide = explorer.samples.bounding_box()["width"]
    mouse.move(x, y)
    mouse.down()
    mouse.move(x - 120, y, steps=4)
    mouse.up()
    assert explorer.samples.bounding_box()["width"] == pytest.approx(wide + 120, abs=4)
    output.get_by_test_id("edge-right").dblclick(position={"x": 4, "y": 40})
    assert explorer.samples.bounding_box()["width"] == pytest.approx(wide, abs=1)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (853, 480)])
def test_on_a_projector_tabs_view_and_sample_fit_one_screen(explorer, width, height):
    set_window(explorer, width, height)
    expect(explorer.output.get_by_test_id("layers-button")).to_be_visible()
    for part in (explorer.output.get_by_role("tablist"), explorer.grid, explorer.samples):
        box = part.bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= height
        assert box["height"] > 20
    explorer.choose_layer("features.3")
    explorer.expect_painted("features.3", 0)
    expect(explorer.output.get_by_test_id("layers-button")).to_contain_text("features.3")
    expect(explorer.layers).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_cut_off_at_any_width(explorer, theme, screenshot):
    explorer.notebook.change_theme(theme)
    for tab in TABS:
        settled(explorer, tab)
    found = {}
    for width in (360, 420, 640, 900, 1280, 1900, 2560):
        explorer.set_width(width, height=1400 if width < 640 else 900)
        for tab in TABS:
            explorer.open_tab(tab)
            explorer.page.wait_for_timeout(150)
            screenshot(explorer.dashboard, f"page-{theme}-{width}-{tab.lower()}")
            sideways = explorer.output.locator(".iv-tabs:visible, .iv-place:visible").evaluate_all(SIDEWAYS)
            found[tab, width] = faults(explorer.dashboard) + sideways
    assert {where: what for where, what in found.items() if what} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(explorer, theme):
    explorer.notebook.change_theme(theme)
    explorer.page.evaluate(AXE.read_text())
    found = {}
    for tab in TABS:
        settled(explorer, tab)
        explorer.page.mouse.move(0, 0)
        explorer.page.wait_for_timeout(300)
        found[tab] = explorer.dashboard.evaluate(
            """async (element) => {
                const { violations } = await axe.run(element);
                return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`));
            }"""
        )
    assert {tab: what for tab, what in found.items() if what} == {}


def test_after_a_restart_the_page_stays_and_says_what_to_do(lab, open_notebook, console):
    console.allow("a view could not be drawn quality Error: the kernel is gone")
    notebook = open_notebook(lab.write_notebook("restart.ipynb", [SETUP, "explorer"]))
    for cell in (0, SHOWN):
        notebook.run_cell(cell)
    explorer = ExplorerPage(notebook.output(SHOWN))
    settled(explorer, "Embedding")
    settled(explorer, "Channels")
    explorer.page.evaluate(
        """async () => {
            const panel = [...window.jupyterapp.shell.widgets('main')].find((widget) => widget.context);
            await panel.sessionContext.restartKernel();
        }"""
    )
    notice = explorer.output.get_by_text("The kernel was restarted or is gone: run the cell again")
    expect(notice).to_be_visible()
    # What was there can be looked at; what would need the kernel leaves all views as they were, together.
    explorer.expect_painted("features.0", 0)
    explorer.samples.get_by_test_id("next-sample").click()
    expect(explorer.samples.get_by_test_id("sample-number")).to_have_value("0")
    explorer.expect_painted("features.0", 0)
    explorer.grid.get_by_test_id("colours").select_option("magma")
    scatter = explorer.open_tab("Embedding").get_by_test_id("embedding-scatter")
    expect(scatter.get_by_test_id("point-count")).to_contain_text("360")
    page = explorer.open_tab("Quality")
    expect(page).to_contain_text("the kernel is gone, and it was not opened before")
    notebook.wait_until_idle()
    for cell in (0, SHOWN):
        notebook.run_cell(cell)
    notebook.cell(SHOWN)
    explorer.expect_painted("features.0", 0)
    expect(notice).to_be_hidden()
