"""The second lesson as a student meets it: run from top to bottom, then a lasso with the mouse."""

import nbformat
import pytest
from browser.conftest import MNIST
from browser.explorer import ExplorerPage
from browser.lab import REPOSITORY
from browser.test_embedding import lasso
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LESSON = REPOSITORY / "notebooks" / "02-embeddings.ipynb"
CELLS = {cell["id"]: n for n, cell in enumerate(nbformat.read(LESSON, as_version=4).cells)}
LONG = 120_000  # milliseconds that a computation may take on a busy machine


@pytest.fixture(scope="module")
def lab(torchvision_lab):
    return torchvision_lab


def test_from_top_to_bottom(lab, open_notebook):
    lesson = open_notebook(lab.add(LESSON))
    lesson.run_all(timeout=600)
    misread = int(lesson.text(CELLS["train"]).split()[0])
    assert 0 < misread < 36

    # By hand in the text, by the library below it.
    assert "same_class=0.25, different_class=1.5, to_centroid=0.125" in lesson.text(CELLS["six-points"])
    assert "knn_accuracy=0.8333" in lesson.text(CELLS["moved"])

    brush = lesson.output(CELLS["brush"])
    expect(brush.get_by_test_id("brush-count")).to_contain_text(str(misread))
    expect(brush.get_by_test_id("brush-channel").first).to_be_visible()

    tsne = lesson.output(CELLS["tsne"]).get_by_test_id("embedding-scatter")
    expect(tsne.get_by_test_id("scatter-note")).to_contain_text("t-SNE")
    expect(tsne).to_have_attribute("data-final", "true", timeout=LONG)
    expect(tsne).to_have_attribute("data-selected", str(misread))

    charts = lesson.output(CELLS["similarity"])
    expect(charts.get_by_test_id("histogram").locator("canvas").first).to_be_visible()
    expect(charts).to_contain_text("AUC 0.9")

    measuring = lesson.output(CELLS["quality-view"])
    measuring.get_by_test_id("measure").click()
    expect(measuring.get_by_test_id("quality-row").first).to_contain_text("classifier.2", timeout=LONG)

    growing = lesson.output(CELLS["epochs"]).get_by_test_id("embedding-scatter")
    expect(growing.get_by_test_id("step-label")).to_have_text("epoch 6")
    expect(growing).to_have_attribute("data-final", "true", timeout=LONG)
    assert "untrained" in lesson.text(CELLS["epochs-table"])

    if MNIST:
        on_mnist(lesson)
    else:
        assert "no MNIST here" in lesson.text(CELLS["mnist"])
    assert "avgpool" in lesson.text(CELLS["resnet"])
    last = lesson.output(CELLS["resnet-picture"]).get_by_test_id("embedding-scatter")
    expect(last).to_have_attribute("data-final", "true", timeout=LONG)

    compare_by_lasso(lesson)


def on_mnist(lesson):
    assert lesson.text(CELLS["published"]).count("layer 3") == 4
    gallery = lesson.output(CELLS["lenet"]).get_by_test_id("embedding-scatter")
    expect(gallery).to_have_count(4)
    for view, layer in enumerate(["input", "pool1", "pool2", "tanh4"]):
        expect(gallery.nth(view).get_by_test_id("scatter-layer")).to_have_text(layer)
        expect(gallery.nth(view)).to_have_attribute("data-final", "true", timeout=LONG)
        expect(gallery.nth(view).get_by_test_id("scatter-note")).to_contain_text("t-SNE")


def compare_by_lasso(lesson):
    """Draw around a cluster of the trained network: the untrained one and the other cells select the same digits."""
    explorer = ExplorerPage(lesson.output(CELLS["explore"]))
    explorer.open_tab("Embedding")
    explorer.choose_layer("classifier.2")
    trained, untrained = (explorer.output.get_by_test_id("embedding-scatter").nth(n) for n in (0, 1))
    for view, name in ((trained, "trained"), (untrained, "untrained")):
        expect(view.get_by_test_id("scatter-layer")).to_have_text("classifier.2")
        expect(view.get_by_test_id("scatter-model")).to_have_text(name)
        expect(view).to_have_attribute("data-final", "true")
    before = trained.get_attribute("data-selected") or ""
    trained.scroll_into_view_if_needed()
    lasso(explorer, trained, 100, radius=40)
    expect(trained).not_to_have_attribute("data-selected", before)
    selected = trained.get_attribute("data-selected") or ""
    assert 0 < int(selected) < 360
    expect(untrained).to_have_attribute("data-selected", selected)
    expect(explorer.output.get_by_test_id("brush-count")).to_contain_text(selected)
    tsne = lesson.output(CELLS["tsne"]).get_by_test_id("embedding-scatter")
    expect(tsne).to_have_attribute("data-selected", selected)
