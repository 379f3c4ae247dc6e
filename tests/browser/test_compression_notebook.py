"""The third lesson as a student meets it: run from top to bottom, then the panel."""

import nbformat
import pytest
from browser.conftest import MNIST
from browser.lab import REPOSITORY
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LESSON = REPOSITORY / "notebooks" / "03-compression.ipynb"
CELLS = {cell["id"]: n for n, cell in enumerate(nbformat.read(LESSON, as_version=4).cells)}
LONG = 60_000  # milliseconds that a computation may take on a busy machine


def test_from_top_to_bottom(lab, open_notebook):
    lesson = open_notebook(lab.add(LESSON))
    lesson.run_all(timeout=300)

    first, *_ = lesson.text(CELLS["one"]).splitlines()
    full = first.split("PCA ")[1].split(",")[0]
    assert first.endswith(f"random {full}"), "full rank is off, whatever the basis"
    assert f"uncompressed: {full}" in lesson.text(CELLS["result"])
    assert "fitted to 1,000 samples of the training data" in lesson.text(CELLS["result"])
    assert lesson.text(CELLS["curves"]).count("features") == 2

    panel = lesson.output(CELLS["panel"]).get_by_test_id("compression-panel")
    expect(panel.get_by_test_id("layer")).to_contain_text("features.3", timeout=LONG)

    if MNIST:
        assert "2048 x 2048" in lesson.text(CELLS["table"])
        last, best = (float(line.split(":")[1].strip(" %")) for line in lesson.text(CELLS["wrong"]).splitlines())
        assert best < last - 5
    else:
        assert "no MNIST here" in lesson.text(CELLS["mnist"])
