"""The compression panel in a real JupyterLab: the slider, what follows it, and the chart that leads back to it."""

import math

import pytest
from browser.explorer import SETUP, ExplorerPage
from browser.layout import faults
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LAYER = "features.3"  # 32 channels
CHOSEN = f"inspector.layer, inspector.sample = '{LAYER}', 0"
OPENED = f"""
from innerview.study.compression_results import CompressionSpec
explorer.compression.want_clear(None)
explorer.compression.choose(CompressionSpec('{LAYER}', 8, 'pca'))
"""
TRIED = "print(sorted({point.rank for some in explorer.compression.curves.values() for point in some}))"
WORK = "print([job.label for job in inspector.jobs.active() if 'accuracy' in job.label or 'compressed' in job.label])"


@pytest.fixture(scope="module")
def explorer(lab, shared_page):
    shared_page.set_viewport_size({"width": 1500, "height": 1400})
    with ExplorerPage.open(shared_page, lab, "compression.ipynb", setup=f"{SETUP}\n{CHOSEN}") as shown:
        shown.expect_painted(LAYER, 0)
        shown.open_tab("Compression")
        yield shown


@pytest.fixture
def panel(explorer):
    """The panel as it opens: PCA along the channels, a quarter of them kept, evaluated, nothing else tried."""
    explorer.python(f"{CHOSEN}\n{OPENED}")
    found = explorer.output.get_by_test_id("compression-panel")
    expect_shown(explorer, "pca", 8)
    return found


def expect_shown(explorer, basis, rank, layer=LAYER):
    """The tiles of this setting are painted, the controls say the same, and its accuracy is evaluated."""
    expect(explorer.output.locator(f"[data-painted='{layer}/0/{basis}/channels/{rank}']")).to_have_count(1)
    panel = explorer.output.get_by_test_id("compression-panel")
    expect(panel.get_by_test_id(f"basis-{basis}")).to_have_attribute("aria-pressed", "true")
    expect(panel.get_by_test_id("rank-number")).to_have_value(str(rank))
    expect(panel.get_by_test_id("accuracy-block")).to_have_attribute("data-done", "true")


def accuracy(explorer, basis, rank):
    """As Python computes it, in the words of the panel."""
    found = explorer.python(f"print(inspector.compress('{LAYER}', {rank}, '{basis}').accuracy)")
    return f"{100 * float(found):.1f} %"


def tiles(panel, part):
    return panel.locator(f"[data-part='{part}'] canvas").evaluate("(canvas) => canvas.toDataURL()")


def drag(explorer, panel, start, end, steps=12):
    """Drag the slider's thumb with the mouse, from one part of its length to another."""
    box = panel.get_by_test_id("rank").bounding_box()
    at = [box["x"] + 6 + part * (box["width"] - 12) for part in (start, end)]
    y = box["y"] + box["height"] / 2
    mouse = explorer.page.mouse
    mouse.move(at[0], y)
    mouse.down()
    for step in range(1, steps + 1):
        mouse.move(at[0] + (at[1] - at[0]) * step / steps, y)
    mouse.up()


def test_the_accuracy_is_that_of_python(explorer, panel):
    expect(panel.get_by_test_id("accuracy")).to_have_text(accuracy(explorer, "pca", 8))
    expect(panel.get_by_test_id("matrix")).to_have_text("32 × 8")
    kept = explorer.python(f"print(inspector.compress('{LAYER}', 8).explained_variance)")
    expect(panel.get_by_test_id("explained")).to_have_text(f"{100 * float(kept):.1f} %")


def test_a_drag_changes_tiles_prediction_and_accuracy(explorer, panel):
    after = tiles(panel, "after")
    drag(explorer, panel, 0.6, 0.2)  # 32 ** 0.2 is 2
    expect_shown(explorer, "pca", 2)
    assert tiles(panel, "after") != after
    expect(panel.get_by_test_id("accuracy")).to_have_text(accuracy(explorer, "pca", 2))
    drag(explorer, panel, 0.2, 1.0)
    expect_shown(explorer, "pca", 32)
    # Nothing is lost: what is after is what was before, to the last pixel.
    expect(panel.get_by_test_id("explained")).to_have_text("100 %")
    assert tiles(panel, "after") == tiles(panel, "before")
    expect(panel.get_by_test_id("verdict")).to_have_text("stays")
    panel.get_by_test_id("basis-off").click()
    expect(panel.get_by_test_id("rank")).to_be_disabled()
    expect(explorer.output.locator(f"[data-painted^='{LAYER}/0/off']")).to_have_count(1)
    assert tiles(panel, "after") == tiles(panel, "before")


def test_in_a_storm_the_newest_position_wins_and_older_work_stops(explorer, panel):
    panel.get_by_test_id("rank").evaluate(
        """async (slider) => {
            for (let i = 0; i < 300; i++) {
                slider.value = String(Math.abs(Math.sin(i / 7)));
                slider.dispatchEvent(new Event("input"));
                await new Promise((done) => setTimeout(done, 5));
            }
            slider.value = "0.4";  // 32 ** 0.4 is 4
            slider.dispatchEvent(new Event("input"));
            slider.dispatchEvent(new Event("change"));
        }"""
    )
    expect_shown(explorer, "pca", 4)
    # Of the 32 ranks that the slider passed none was evaluated but the one where it came to rest.
    assert explorer.python(TRIED) == "[4, 8]"
    assert explorer.python(WORK) == "[]"
    expect(panel.get_by_test_id("accuracy")).to_have_text(accuracy(explorer, "pca", 4))


def test_keys_move_the_slider(explorer, panel):
    panel.get_by_test_id("rank").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        explorer.page.keyboard.press(key)
    expect_shown(explorer, "pca", 9)
    explorer.page.keyboard.press("End")
    expect_shown(explorer, "pca", 32)
    panel.get_by_test_id("rank-number").fill("3")
    explorer.page.keyboard.press("Enter")
    expect_shown(explorer, "pca", 3)


def test_a_point_of_the_curve_sets_the_slider(explorer, panel):
    panel.get_by_test_id("curve").click()
    chart = panel.get_by_test_id("curves-rank")
    expect(chart).to_contain_text(f"{LAYER}, channels, random")
    expect(panel.get_by_test_id("work")).to_be_hidden()
    curve = "c = inspector.accuracy_curve('features.3', basis='random'); b = max(p.evaluated for p in c.points)"
    told = explorer.python(
        f"{curve}; top = [p for p in c.points if p.evaluated == b][0].baseline_accuracy\n"
        "print(c.ranks[2], top + c.change[2], sep=',')"
    )
    rank, value = told.split(",")
    click_at(chart, int(rank), float(value))
    expect_shown(explorer, "random", rank)
    # Another layer, evaluated there too, and a click on a point of the first leads back to it.
    explorer.choose_layer("features.0")
    expect(explorer.output.locator("[data-painted^='features.0/0/random']")).to_have_count(1)
    expect(panel.get_by_test_id("layer")).to_have_text("features.0")
    # By keyboard: the first rank, the first curve there, chosen.
    chart.get_by_test_id("chart-surface").focus()
    for key in ("Home", "ArrowDown", "Enter"):
        explorer.page.keyboard.press(key)
    expect_shown(explorer, "pca", 1)
    explorer.expect_layer(LAYER)


def click_at(chart, rank, value):
    """Click where a rank and an accuracy are, on axes from 0.9 to 1.1 times 32, logarithmic, and from 0 to 1.02."""
    surface = chart.get_by_test_id("chart-surface")
    surface.scroll_into_view_if_needed()
    box = surface.bounding_box()
    across = math.log(rank / 0.9) / math.log(1.1 * 32 / 0.9)
    surface.click(position={"x": across * box["width"], "y": (1 - value / 1.02) * box["height"]})


def test_a_layer_stays_compressed_while_another_is_chosen(explorer, panel):
    panel.get_by_test_id("pin").click()
    expect(panel.get_by_test_id("pin")).to_have_attribute("aria-pressed", "true")
    explorer.choose_layer("features.0")
    expect_shown(explorer, "pca", 4, "features.0")
    expect(panel.get_by_test_id("also")).to_have_text(f"{LAYER} · PCA 8")
    both = explorer.python(f"print(inspector.compress([('features.0', 4), ('{LAYER}', 8)]).accuracy)")
    expect(panel.get_by_test_id("accuracy")).to_have_text(f"{100 * float(both):.1f} %")
    panel.get_by_test_id("also").locator("button").click()
    expect(panel.get_by_test_id("also")).to_be_empty()


def compare_blocks(explorer, panel):
    """Click the button, and wait for the table: the most compressible block first."""
    panel.get_by_test_id("blocks").click()
    rows = panel.get_by_test_id("compared").locator("tbody tr")
    expect(rows).to_have_count(3)  # features.0, features.3 and classifier.1: the last layer's output is the model's
    expect(panel.get_by_test_id("work")).to_be_hidden()
    return rows


def test_all_blocks_are_compared_by_one_click(explorer, panel):
    rows = compare_blocks(explorer, panel)
    table = explorer.python("print(inspector.compressibility().to_frame()[['rank', 'evaluated']].to_csv())")
    names, ranks, counts = zip(*(line.split(",") for line in table.split()[1:]), strict=True)
    cells = [row.locator("th, td").all_inner_texts() for row in rows.all()]
    assert [row[0] for row in cells] == list(names)
    for (_, rank, _, _, samples), known, evaluated in zip(cells, ranks, counts, strict=True):
        if known:
            assert rank == known
            assert samples.startswith(f"{evaluated} of ")
        else:
            assert rank.startswith("more than")
    expect(panel.get_by_test_id("curves-block")).to_contain_text(names[-1])
    best = rows.first.locator("button")
    name = best.inner_text()
    best.click()
    expect_shown(explorer, "pca", int(cells[0][1]), name)
    explorer.expect_layer(name)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_themes_at_all_widths(explorer, panel, theme, screenshot):
    explorer.notebook.change_theme(theme)
    compare_blocks(explorer, panel)
    panel.get_by_test_id("curve").click()
    expect(panel.get_by_test_id("curves-rank")).to_contain_text("random")
    expect(panel.get_by_test_id("work")).to_be_hidden()
    found = {}
    for width in (700, 1000, 1500):
        explorer.set_width(width, height=2200)
        screenshot(explorer.dashboard, f"compression-{theme}-{width}")
        found[width] = faults(explorer.dashboard)
    assert {width: what for width, what in found.items() if what} == {}
