"""The quickstart notebook as a first-week student meets it: run from top to bottom, then clicked through."""

import io

import nbformat
import pytest
from browser.conftest import MNIST
from browser.explorer import ExplorerPage
from browser.lab import REPOSITORY
from PIL import Image
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

QUICKSTART = REPOSITORY / "notebooks" / "01-quickstart.ipynb"
CELLS = {cell["id"]: n for n, cell in enumerate(nbformat.read(QUICKSTART, as_version=4).cells)}


@pytest.fixture(scope="module")
def lab(torchvision_lab):
    return torchvision_lab


def shown(notebook, cell):
    return ExplorerPage(notebook.output(CELLS[cell]))


def test_from_top_to_bottom(lab, open_notebook):
    quickstart = open_notebook(lab.add(QUICKSTART))
    quickstart.run_all()
    digits = shown(quickstart, "explore")
    digits.expect_painted("relu2", 7)  # as a later cell chose
    click_through(digits)
    compare_mistakes(digits, quickstart.text(CELLS["accuracy"]))
    if MNIST:
        lenet = shown(quickstart, "lenet")
        lenet.expect_painted("conv1", 0)
        lenet.choose_layer("conv2")
        lenet.samples.get_by_test_id("next-sample").click()
        lenet.expect_painted("conv2", 1)
        expect(lenet.grid.get_by_test_id("layer-about")).to_contain_text("16 × 10 × 10")
    else:
        assert "no MNIST here" in quickstart.text(CELLS["mnist"])
    resnet = shown(quickstart, "resnet")
    resnet.expect_painted("conv1", 0)
    resnet.layers.get_by_test_id("layer-search").fill("layer4.1.conv2")
    resnet.choose_layer("layer4.1.conv2")
    resnet.expect_painted("layer4.1.conv2", 0)
    expect(resnet.grid.get_by_test_id("layer-about")).to_contain_text("512 × 2 × 2")


def click_through(explorer):
    """Layers, samples, tiles, search, colour maps and an image of one's own."""
    seen = {explorer.picture()}
    explorer.choose_layer("conv1")
    explorer.expect_painted("conv1", 7)
    seen.add(explorer.picture())
    explorer.samples.get_by_test_id("next-sample").click()
    explorer.expect_painted("conv1", 8)
    explorer.samples.locator("[data-testid='thumbnail'][data-sample='3']").click()
    explorer.expect_painted("conv1", 3)
    seen.add(explorer.picture())
    for colours in ("gray", "viridis", "magma"):
        explorer.grid.get_by_test_id("colours").select_option(colours)
        seen.add(explorer.picture())
    assert len(seen) == 6  # each of them another picture

    explorer.tile(4)
    detail = explorer.grid.get_by_test_id("detail")
    expect(detail).to_have_attribute("data-channel", "4")
    expect(detail).to_have_attribute("data-exact", "true")
    explorer.page.keyboard.press("Escape")
    expect(detail).to_be_hidden()

    explorer.layers.get_by_test_id("layer-search").fill("dense")
    expect(explorer.row("conv1")).to_have_count(0)
    explorer.choose_layer("dense2")
    explorer.expect_painted("dense2", 3)

    explorer.drop("ramp.png", png(Image.linear_gradient("L")))
    explorer.expect_painted("dense2", "null")
    expect(explorer.samples.get_by_test_id("own-name")).to_contain_text("ramp.png")
    explorer.samples.get_by_test_id("back-to-dataset").click()
    explorer.expect_painted("dense2", 3)  # the sample shown before the own image


def compare_mistakes(explorer, printed):
    """The page and the notebook's own count agree on how many digits are misread."""
    explorer.samples.get_by_test_id("misclassified").check()
    thumbnails = explorer.samples.get_by_test_id("thumbnail")
    expect(thumbnails.first).to_have_attribute("data-wrong", "")
    expect(explorer.samples.get_by_test_id("filter-progress")).to_be_hidden()
    assert f"{360 - thumbnails.count()} of 360" in printed
    thumbnails.first.click()
    expect(explorer.samples.locator(".iv-wrong")).to_be_visible()


def png(image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
