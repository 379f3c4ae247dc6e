"""The views of many samples in a real JupyterLab: embedding, brush, similarity and quality."""

import math

import pytest
from browser.explorer import ExplorerPage
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

BRUSH = "print(inspector.brush.tolist())"
PAGES = ["Channels", "Embedding", "Similarity", "Quality"]


@pytest.fixture(scope="module")
def shared(lab, shared_page):
    shared_page.set_viewport_size({"width": 1500, "height": 1000})
    with ExplorerPage.open(shared_page, lab, "embedding.ipynb") as shown:
        yield shown


@pytest.fixture
def explorer(shared):
    shared.python("inspector.layer, inspector.sample, inspector.channel, inspector.brush = 'classifier.1', 0, None, []")
    return shared


@pytest.fixture
def scatter(explorer):
    explorer.open_tab("Embedding")
    found = explorer.output.get_by_test_id("embedding-scatter")
    expect(found.get_by_test_id("scatter-layer")).to_contain_text("classifier.1")
    expect(found).to_have_attribute("data-final", "true")
    expect(found).to_have_attribute("data-selected", "0")
    return found


def brush(explorer):
    return [int(number) for number in explorer.python(BRUSH).strip("[]").split(",") if number]


def positions(scatter, samples):
    """Where samples' points are on the screen, all at one moment: the page may move in the next."""
    canvas = scatter.get_by_test_id("scatter-canvas")
    return canvas.evaluate("(canvas, samples) => samples.map((n) => canvas.screenPosition(n))", list(samples))


def position(scatter, sample):
    return positions(scatter, [sample])[0]


def lasso(explorer, scatter, around, radius=30):
    """Draw a circle with the mouse around a sample's point."""
    scatter.get_by_test_id("lasso").click()
    x, y = position(scatter, around)
    mouse = explorer.page.mouse
    mouse.move(x + radius, y)
    mouse.down()
    for step in range(1, 33):
        mouse.move(x + radius * math.cos(step * math.pi / 16), y + radius * math.sin(step * math.pi / 16))
    mouse.up()


def test_the_points_are_there_and_a_lasso_reaches_python(explorer, scatter):
    expect(scatter.get_by_test_id("point-count")).to_contain_text("360")
    # Before: what is selected gets a panel beside the points, which then have less room.
    x, y = position(scatter, 7)
    inside = [n for n, at in enumerate(positions(scatter, range(360))) if at and math.dist(at, (x, y)) < 28]
    lasso(explorer, scatter, 7)
    expect(scatter).not_to_have_attribute("data-selected", "0")
    selected = int(scatter.get_attribute("data-selected"))
    assert 0 < selected < 360
    expect(explorer.output.get_by_test_id("brush-count")).to_contain_text(f"{selected}")
    expect(explorer.output.get_by_test_id("brush-channel").first).to_be_visible()
    expect(explorer.samples.get_by_test_id("selected-only")).to_be_checked()
    indices = brush(explorer)
    assert len(indices) == selected
    assert 7 in indices
    # And those inside the circle are the ones that were taken.
    assert 7 in inside
    assert set(inside) <= set(indices)


def test_python_selects_and_every_view_follows(explorer, scatter):
    explorer.python("inspector.brush = [3, 5, 8]")
    expect(scatter).to_have_attribute("data-selected", "3")
    expect(explorer.output.get_by_test_id("brush-count")).to_contain_text("3")
    expect(explorer.samples.get_by_test_id("thumbnail")).to_have_count(3)
    explorer.python("inspector.brush = []")
    expect(scatter).to_have_attribute("data-selected", "0")
    expect(explorer.output.get_by_test_id("place-brush")).to_be_hidden()


def test_a_class_in_the_legend_and_words_select(explorer, scatter):
    scatter.get_by_test_id("legend-class").nth(4).click()
    expect(scatter).not_to_have_attribute("data-selected", "0")
    fours = brush(explorer)
    said = explorer.python(
        "fours = digits.test.tensors[1] == 4; print(fours[inspector.brush].sum().item(), fours.sum().item())"
    )
    assert said.split() == [str(len(fours))] * 2
    find = scatter.get_by_test_id("find")
    find.fill("sample:7")
    find.press("Enter")
    expect(scatter).to_have_attribute("data-selected", "1")
    assert brush(explorer) == [7]


def test_a_channel_of_the_brush_leads_to_the_grid(explorer, scatter):
    explorer.python("inspector.brush = range(40)")
    row = explorer.output.get_by_test_id("brush-channel").first
    channel = row.get_attribute("data-channel")
    row.click()
    expect(explorer.grid).to_be_visible()
    expect(explorer.grid.get_by_test_id("detail")).to_have_attribute("data-channel", channel)


def test_a_click_on_a_point_shows_the_sample(explorer, scatter):
    scatter.get_by_test_id("pan").click()
    card = scatter.get_by_test_id("scatter-card")
    for step in range(50):  # what is above it may still be finding its height
        x, y = position(scatter, 11)
        explorer.page.mouse.move(x + step % 2, y)
        explorer.page.wait_for_timeout(100)
        if card.is_visible():
            break
    expect(card).to_be_visible()
    explorer.page.mouse.click(x, y)
    expect(explorer.samples.get_by_test_id("sample-number")).not_to_have_value("0")


def test_tsne_runs_when_asked_and_can_be_stopped(explorer, scatter):
    scatter.get_by_test_id("method").select_option("tsne")
    expect(scatter.get_by_test_id("estimate")).to_contain_text("s")
    before = position(scatter, 7)
    scatter.get_by_test_id("run").click()
    expect(scatter.get_by_test_id("scatter-note")).to_contain_text("t-SNE", timeout=60_000)
    expect(scatter).to_have_attribute("data-final", "true", timeout=60_000)
    assert position(scatter, 7) != before


def test_the_time_line_plays_a_training(explorer, scatter):
    scatter.get_by_test_id("keep").click()
    expect(scatter.get_by_test_id("step-label")).to_have_text("1")  # else the cell may begin before it is kept
    explorer.python("loss = iv.demo.train(model, digits.train, epochs=1); kept = inspector.checkpoint('trained on')")
    label = scatter.get_by_test_id("step-label")
    expect(label).to_have_text("trained on")
    expect(scatter).to_have_attribute("data-final", "true")
    scatter.get_by_test_id("colour-by").select_option("neighbours")
    expect(scatter).to_have_attribute("data-coloured-by", "neighbours")
    expect(scatter).to_contain_text("changed since 1")
    scatter.get_by_test_id("play").click()
    expect(label).to_have_text("1")
    expect(label).to_have_text("trained on")
    expect(scatter.get_by_test_id("play")).to_have_attribute("aria-label", "Play")
    # A click or a key on the slider leads back.
    scatter.get_by_test_id("step").press("ArrowLeft")
    expect(label).to_have_text("1")
    scatter.get_by_test_id("colour-by").select_option("class")
    explorer.python("inspector.checkpoints.forget()")
    expect(scatter.get_by_test_id("timeline")).to_be_hidden()


def test_colours_change_without_moving_a_point(explorer, scatter):
    def apart():  # the plot as a whole may move when the legend below it gets another height
        (x, y), (z, w) = positions(scatter, [7, 11])
        return x - z, y - w

    def at_rest():  # the points fly to their places
        now = apart()
        for _ in range(50):
            explorer.page.wait_for_timeout(100)
            last, now = now, apart()
            if last == now:
                break
        return now

    canvas = scatter.get_by_test_id("scatter-canvas")
    before, height = at_rest(), canvas.evaluate("(canvas) => canvas.clientHeight")
    for by in ("prediction", "correct", "loss", "class"):
        scatter.get_by_test_id("colour-by").select_option(by)
        expect(scatter).to_have_attribute("data-coloured-by", by)
    expect(canvas).to_have_js_property("clientHeight", height)
    assert at_rest() == pytest.approx(before, rel=0.05)


def test_classes_have_their_names_where_they_lie_from_afar(scatter):
    drawn = scatter.locator("[data-labels]")
    expect(drawn).not_to_have_attribute("data-labels", "0")
    names = scatter.get_by_test_id("names")
    names.click()
    expect(names).to_have_attribute("aria-pressed", "false")
    expect(drawn).to_have_attribute("data-labels", "0")
    names.click()
    expect(drawn).not_to_have_attribute("data-labels", "0")
    for _ in range(4):
        scatter.get_by_test_id("zoom-in").click()
    expect(drawn).to_have_attribute("data-labels", "0")
    scatter.get_by_test_id("fit").click()
    expect(drawn).not_to_have_attribute("data-labels", "0")


def test_similarity_follows_the_layer(explorer):
    explorer.open_tab("Similarity")
    view = explorer.output.get_by_test_id("similarity-view")
    title = view.get_by_test_id("chart-title")
    auc = "print(f'{inspector.similarity(inspector.layer).auc:.3f}')"
    expect(title).to_have_text(f"classifier.1 · AUC {explorer.python(auc)}")
    explorer.choose_layer("features.0")
    expect(title).to_contain_text("features.0")
    expect(title).to_have_text(f"features.0 · AUC {explorer.python(auc)}")
    # Away from the page while its next chart is made.
    for layer in ("features.3", "classifier.1", "features.0", "classifier.3"):
        explorer.open_tab("Similarity")
        explorer.choose_layer(layer)
        explorer.open_tab("Quality")
        explorer.page.wait_for_timeout(400)


def test_quality_of_a_layer(explorer):
    explorer.open_tab("Quality")
    explorer.output.get_by_test_id("measure").click()
    row = explorer.output.locator("[data-testid='quality-row'][data-method='own space']")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(explorer.python("print(f'{inspector.quality(\"classifier.1\").same_class:.4f}')"))


def test_a_hidden_page_comes_back_as_it_was(explorer, scatter):
    explorer.python("inspector.brush = [3, 5, 8]")
    explorer.open_tab("Channels")
    explorer.choose_layer("features.3")
    explorer.expect_painted("features.3", 0)
    explorer.open_tab("Embedding")
    expect(scatter.get_by_test_id("scatter-layer")).to_contain_text("features.3")
    expect(scatter).to_have_attribute("data-selected", "3")


MILLION = """
import numpy as np, torch
import innerview as iv
points = torch.randn(1_000_000, 2, generator=torch.Generator().manual_seed(0))
points[500_000:] += 6
labels = (torch.arange(1_000_000) >= 500_000).long()
inspector = iv.Inspector(torch.nn.Sequential(torch.nn.Identity()), (points, labels))
inspector.layer, inspector.sample_size = "0", 1_000_000
iv.EmbeddingScatter(inspector)
"""


@pytest.mark.slow
def test_a_million_points(lab, open_notebook):
    notebook = open_notebook(lab.write_notebook("million.ipynb", [MILLION, "print(len(inspector.brush))", "", ""]))
    notebook.run_cell(0)
    shown = ExplorerPage(notebook.output(0))
    scatter = shown.output.get_by_test_id("embedding-scatter")
    expect(scatter).to_have_attribute("data-final", "true", timeout=120_000)
    expect(scatter.get_by_test_id("point-count")).to_contain_text("1,000,000")
    lasso(shown, scatter, 0, radius=60)
    expect(scatter).not_to_have_attribute("data-selected", "0")
    for _ in range(50):
        notebook.run_cell(1)
        if notebook.text(1).strip() == scatter.get_attribute("data-selected"):
            break
        shown.page.wait_for_timeout(100)
    assert notebook.text(1).strip() == scatter.get_attribute("data-selected")
    assert int(notebook.text(1)) > 1000
