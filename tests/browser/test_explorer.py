"""The Explorer in a real JupyterLab with a real kernel: every view, every way to change the selection."""

import io
from contextlib import nullcontext

import pytest
from browser.explorer import SETUP, ExplorerPage
from PIL import Image
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

STATE = "print(inspector.layer, inspector.sample, inspector.channel)"


@pytest.fixture(scope="module")
def shared(lab, shared_page):
    with ExplorerPage.open(shared_page, lab, "explorer.ipynb") as shown:
        yield shown


@pytest.fixture
def explorer(shared):
    shared.renew()
    return shared


def expect_state(explorer, expected):
    """What Python says of the selection, once the click has arrived: it takes another way than the cell that asks."""
    for _ in range(50):
        if (found := explorer.python(STATE)) == expected:
            return
        explorer.page.wait_for_timeout(100)
    assert found == expected


def test_a_click_on_a_layer_shows_its_channels(explorer):
    explorer.choose_layer("features.3")
    explorer.expect_painted("features.3", 0)
    expect(explorer.grid.get_by_test_id("layer-about")).to_contain_text("32 × 4 × 4")
    expect(explorer.status).to_contain_text("features.3")
    expect_state(explorer, "features.3 0 None")


def test_the_selection_follows_python(explorer):
    explorer.python("inspector.layer, inspector.sample, inspector.channel = 'classifier.1', 41, 7")
    explorer.expect_painted("classifier.1", 41)
    expect(explorer.samples.get_by_test_id("sample-number")).to_have_value("41")
    expect(explorer.grid.get_by_test_id("detail")).to_have_attribute("data-channel", "7")


def test_samples_by_buttons_number_and_thumbnail(explorer):
    explorer.samples.get_by_test_id("next-sample").click()
    explorer.expect_painted("features.0", 1)
    explorer.samples.get_by_test_id("previous-sample").click()
    explorer.samples.get_by_test_id("previous-sample").click()
    explorer.expect_painted("features.0", 359)
    explorer.samples.get_by_test_id("sample-number").fill("17")
    explorer.page.keyboard.press("Enter")
    explorer.expect_painted("features.0", 17)
    explorer.samples.locator("[data-testid='thumbnail'][data-sample='5']").click()
    explorer.expect_painted("features.0", 5)
    expect(explorer.samples.get_by_test_id("top").locator("li")).to_have_count(5)
    expect_state(explorer, "features.0 5 None")


def test_filters_by_class_and_mistakes(explorer):
    explorer.samples.locator("select").first.select_option(label="3")
    expect(explorer.samples.get_by_test_id("page-range")).to_contain_text("37 samples")
    explorer.samples.get_by_test_id("misclassified").check()
    explorer.samples.locator("select").first.select_option(index=0)
    explorer.samples.get_by_test_id("next-sample").click()
    expect(explorer.output.locator("[data-painted='features.0/0']")).to_have_count(0)
    # The first mistake in Python is the one on the page.
    said = explorer.python("print(int((inspector.predictions.correct == 0).argmax()), inspector.sample)")
    first, chosen = said.split()
    assert first == chosen


def test_a_tile_is_enlarged_beside_the_input(explorer):
    explorer.choose_layer("features.3")
    explorer.expect_painted("features.3", 0)
    explorer.tile(5)
    detail = explorer.grid.get_by_test_id("detail")
    expect(detail).to_have_attribute("data-channel", "5")
    expect(detail).to_have_attribute("data-exact", "true")
    expect(detail.get_by_test_id("receptive")).to_contain_text("8 × 8")
    explorer.page.keyboard.press("Escape")
    expect(detail).to_be_hidden()
    expect_state(explorer, "features.3 0 None")


def test_colours_ranges_and_order_need_no_kernel(lab, page):
    with ExplorerPage.open(page, lab, "no-kernel.ipynb") as explorer:
        explorer.expect_painted("features.0", 0)
    before = explorer.pixels()
    explorer.grid.get_by_test_id("colours").select_option("magma")
    magma = explorer.pixels()
    assert changed(before, magma) > 0.1
    explorer.grid.get_by_test_id("order").select_option("variance")
    assert changed(magma, explorer.pixels()) > 0.1
    explorer.grid.get_by_test_id("reset").click()
    assert changed(before, explorer.pixels()) < 0.001  # a number under a tile may be smoothed differently


def test_a_theme_that_changes_behind_another_page(explorer):
    notebook = explorer.notebook
    is_light = """(light) => document.querySelector("[data-testid='channels'] canvas").toDataURL() === light"""
    light = explorer.picture()
    notebook.change_theme("dark")
    explorer.page.wait_for_function(f"(light) => !({is_light})(light)", arg=light)
    explorer.open_tab("Quality")
    expect(explorer.grid).to_be_hidden()
    notebook.change_theme("light")
    explorer.open_tab("Channels")
    explorer.page.wait_for_function(is_light, arg=light)


def changed(before, after):
    """The fraction of the canvas that differs."""
    assert len(before) == len(after)
    return sum(one != other for one, other in zip(before, after, strict=True)) / len(before)


def test_the_search_finds_layers_by_name_and_kind(explorer):
    search = explorer.layers.get_by_test_id("layer-search")
    search.fill("linear")
    expect(explorer.row("classifier.1")).to_be_visible()
    expect(explorer.row("features.0")).to_have_count(0)
    search.fill("no such layer")
    expect(explorer.layers.get_by_test_id("no-match")).to_be_visible()
    search.press("Escape")
    expect(explorer.row("features.0")).to_be_visible()


def test_layers_by_keyboard(explorer):
    explorer.choose_layer("features.0")
    explorer.page.keyboard.press("ArrowDown")
    explorer.page.keyboard.press("ArrowDown")
    explorer.page.keyboard.press("Enter")
    explorer.expect_painted("features.2", 0)
    # JupyterLab's own shortcuts stayed quiet: no cell was added, removed or run.
    assert len(explorer.notebook._evaluate("return panel.content.widgets.map((cell) => cell.id);")) == 5


def test_a_dropped_image_and_a_file_that_is_none(explorer):
    picture = io.BytesIO()
    Image.linear_gradient("L").save(picture, "PNG")
    explorer.samples.get_by_test_id("file-input").set_input_files(
        {"name": "gradient.png", "mimeType": "image/png", "buffer": picture.getvalue()}
    )
    explorer.expect_painted("features.0", "null")
    expect(explorer.samples.get_by_test_id("own-name")).to_contain_text("gradient.png")
    explorer.drop("notes.png", b"these are no pixels")
    expect(explorer.samples.get_by_role("alert")).to_contain_text("'notes.png', a file of 19 bytes, is not an image")
    explorer.samples.get_by_test_id("back-to-dataset").click()
    explorer.expect_painted("features.0", 0)
    explorer.drop("again.png", picture.getvalue())
    explorer.expect_painted("features.0", "null")


def test_reload_close_and_reopen(explorer):
    explorer.choose_layer("features.3")
    explorer.samples.get_by_test_id("next-sample").click()
    explorer.expect_painted("features.3", 1)
    explorer.notebook.save()
    explorer.notebook.reload()
    again = ExplorerPage(explorer.notebook.output(1))
    again.expect_painted("features.3", 1)
    again.choose_layer("features.1")
    again.expect_painted("features.1", 1)
    explorer.notebook.close()
    explorer.notebook.reopen()
    again = ExplorerPage(explorer.notebook.output(1))
    again.expect_painted("features.1", 1)
    again.samples.get_by_test_id("next-sample").click()
    again.expect_painted("features.1", 2)


def test_nothing_large_lands_in_the_saved_notebook(explorer, lab):
    explorer.python("inspector.layer, inspector.sample = 'features.3', 5")
    explorer.expect_painted("features.3", 5)
    explorer.notebook.save()
    size = (lab.root / explorer.notebook.path).stat().st_size
    assert size < 20_000


def test_two_views_of_one_inspector_show_the_same(explorer):
    for cell, source in ((2, "explorer"), (3, "iv.ChannelGrid(inspector)")):
        explorer.notebook.set_source(cell, source)
        explorer.notebook.run_cell(cell)
    explorer.notebook.cell(1)
    explorer.choose_layer("features.4")
    explorer.expect_painted("features.4", 0)
    second = ExplorerPage(explorer.notebook.output(2))
    second.expect_painted("features.4", 0)
    second.samples.get_by_test_id("next-sample").click()
    second.expect_painted("features.4", 1)
    alone = explorer.notebook.output(3)
    expect(alone.locator("[data-painted='features.4/1']")).to_have_count(1)


TRAIN = """
from pathlib import Path
print("it trains")
while not Path("{enough}").exists():
    iv.demo.train(model, digits.train, epochs=1)
"""


@pytest.mark.parametrize(("kernel", "subshells"), [("python3", True), ("python3", False), ("ipykernel6", True)])
def test_clicks_while_a_cell_trains(kernel, subshells, lab, open_notebook):
    """A kernel with subshells answers while the cell runs, whether the page uses them or not; an older one afterwards.

    Both end with the right picture.
    """
    enough = lab.root / f"{kernel}-{subshells}.enough"  # the cell trains until there is such a file
    cells = [SETUP, "explorer", TRAIN.format(enough=enough.name), STATE]
    with nullcontext() if subshells else lab.without_subshells():
        notebook = open_notebook(lab.write_notebook("train.ipynb", cells, kernel))
    assert notebook.uses_subshells() == subshells
    notebook.run_cell(0)
    notebook.run_cell(1)
    shown = ExplorerPage(notebook.output(1))
    shown.expect_painted("features.0", 0)
    notebook.start_cell(2)
    expect(notebook.output(2)).to_contain_text("it trains")
    shown = ExplorerPage(notebook.output(1))
    shown.choose_layer("features.4")
    shown.samples.get_by_test_id("next-sample").click()
    # Not the kernel's status: that says "idle" whenever a subshell has answered.
    running = notebook.page.locator(".jp-InputPrompt", has_text="[*]")
    if kernel == "python3":
        shown.expect_painted("features.4", 1)
    expect(running).to_have_count(1)
    enough.touch()
    expect(running).to_have_count(0)
    shown.expect_painted("features.4", 1)
    assert notebook.run_cell(3)[0]["text"].startswith("features.4 1")
    assert not [output for output in notebook.outputs(2) if output["output_type"] == "error"]


def test_running_the_cell_again_leaves_one_explorer_at_work(lab, open_notebook):
    """Five runs of the cell that explores: only the one that is shown looks at the model after a cell."""
    cells = [
        SETUP,
        "made = []",
        "explorer = iv.explore(model, digits.test, classes=digits.classes)\nmade.append(explorer)\nexplorer",
        "iv.demo.train(model, digits.train, epochs=1)",
        "[one.inspector.resting for one in made], [one.inspector.version for one in made]",
        "made[0]",
    ]
    notebook = open_notebook(lab.write_notebook("again.ipynb", cells, "python3"))
    for n in (0, 1, 2, 2, 2, 2, 2, 3):
        notebook.run_cell(n)
    ExplorerPage(notebook.output(2)).expect_painted("features.0", 0)
    assert notebook.run_cell(4)[0]["data"]["text/plain"] == str(([True] * 4 + [False], [0] * 4 + [1]))
    # Shown again, it catches up. Its old picture is on the page at once: only the kernel tells when it has heard.
    notebook.run_cell(5)
    ExplorerPage(notebook.output(5)).expect_painted("features.0", 0)
    caught_up = str(([False, True, True, True, False], [1, 0, 0, 0, 1]))
    for _ in range(50):
        if (seen := notebook.run_cell(4)[0]["data"]["text/plain"]) == caught_up:
            break
        notebook.page.wait_for_timeout(100)
    assert seen == caught_up


BAD = {
    "iv.explore(model, torch.rand(4, 3, 8, 8))": "2, 3, 8, 8",
    "inspector.layer = 'featurs.0'": "'features.0'",
    "iv.explore(model, [])": "empty",
    "iv.explore(model, (digits.test.tensors[0], digits.test.tensors[1][:5]))": "360 inputs, 5 labels",
}


def test_bad_input_is_an_error_in_the_cell(explorer):
    for source, words in BAD.items():
        explorer.notebook.set_source(2, source)
        outputs = explorer.notebook.run_cell(2, may_raise=True)
        errors = [output["evalue"] for output in outputs if output["output_type"] == "error"]
        assert words in errors[0]
        assert len(outputs) == 1, outputs
