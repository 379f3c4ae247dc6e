"""The README's pictures, and what must be true of them: nothing blank, nothing cut off, no text over other text.

`make screenshots` writes them to docs/images; other runs to test-output.
"""

import os
from pathlib import Path

import numpy as np
import pytest
from browser.conftest import PICTURES
from browser.explorer import ExplorerPage
from browser.lab import REPOSITORY, Lab
from browser.layout import faults
from PIL import Image
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

FOLDER = REPOSITORY / os.environ.get("INNERVIEW_SCREENSHOTS", PICTURES)
MNIST = os.environ.get("INNERVIEW_MNIST")

STARTUP = f"""
import sys
sys.path.append({str(REPOSITORY / "tests")!r})
import torchvision_on_cpu
"""

DIGITS = """
import torch
import innerview as iv

torch.manual_seed(0)
torch.set_num_threads(1)  # sums in a fixed order: the same weights, the same pictures
digits = iv.datasets.mnist() if MNIST else iv.datasets.digits()
samples = torch.utils.data.Subset(digits.train, range(min(6000, len(digits.train))))
model = iv.demo.SmallCNN(size=digits.train[0][0].shape[-1])
loss = iv.demo.train(model, samples, epochs=2 if MNIST else 8)
test = [tensor[:1000] for tensor in digits.test.tensors]
explorer = iv.explore(model, tuple(test), classes=digits.classes)
inspector = explorer.inspector
"""

# Two photographs come with scikit-learn. The networks are not trained.
PHOTOGRAPHS = """
import torch, torchvision
from sklearn.datasets import load_sample_images
import innerview as iv

torch.manual_seed(0)
photographs = torch.stack([torch.from_numpy(image.copy()) for image in load_sample_images().images])
photographs = torch.nn.functional.interpolate(photographs.movedim(-1, 1)[:, :, :420, :420] / 255, size=224)
explorer = iv.explore(getattr(torchvision.models, MODEL)(weights=None), photographs)
inspector = explorer.inspector
"""


@pytest.fixture(scope="module")
def lab():
    environ = {"INNERVIEW_MNIST": str(REPOSITORY / MNIST)} if MNIST else {}
    with Lab(startup=STARTUP, environ=environ) as lab:
        yield lab


@pytest.fixture
def show(lab, open_notebook):
    """`show(setup, selection, theme)` opens an Explorer."""

    def show(setup, selection="", theme="light"):
        notebook = open_notebook(lab.write_notebook("picture.ipynb", [f"{setup}\n{selection}", "explorer"]), theme=theme)
        notebook.run_cell(0)
        notebook.run_cell(1)
        explorer = ExplorerPage(notebook.output(1))
        expect(explorer.output.locator("[data-painted*='/']")).to_have_count(1)
        explorer.notebook = notebook
        return explorer

    return show


def take(explorer, name, *, settle=True):
    """Save the Explorer's picture, and look at it: it must show something."""
    if settle:
        expect(explorer.output.locator(".iv-busy:visible")).to_have_count(0)
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.png"
    explorer.page.mouse.move(0, 0)
    explorer.page.evaluate("() => document.activeElement?.blur()")
    explorer.dashboard.screenshot(path=path)
    shrink(path)
    pixels = np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3)
    colours = np.unique(pixels, axis=0)
    assert len(colours) > 100, f"{path} is nearly blank: {len(colours)} colours"
    assert path.stat().st_size < 250_000
    return pixels


def shrink(path):
    # A palette of 256 colours halves the file, and nobody sees it.
    Image.open(path).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_explorer_at_all_widths(theme, show):
    setup = f"MNIST = {bool(MNIST)}\n{DIGITS}"
    explorer = show(setup, "inspector.layer, inspector.sample = 'features.3', 7", theme)
    explorer.expect_painted("features.3", 7)
    explorer.samples.get_by_test_id("thumbnail").first.wait_for()
    found = {}
    for width in (560, 700, 760, 1000, 1400, 2000):
        explorer.set_width(width)
        for channel in (None, 5):
            if channel is not None:
                explorer.tile(channel)
                expect(explorer.grid.get_by_test_id("detail")).to_have_attribute("data-exact", "true")
            pixels = take(explorer, f"explorer-{theme}-{width}{'' if channel is None else '-channel'}")
            found[width, channel] = faults(explorer.dashboard)
        bright = pixels.mean()
        assert bright > 150 if theme == "light" else bright < 110
        explorer.grid.get_by_test_id("close-channel").click()
    assert {where: what for where, what in found.items() if what} == {}


@pytest.mark.parametrize("model", ["resnet18", "vit_b_16"])
def test_photographs(model, show):
    layer = {"resnet18": "layer1.0.conv1", "vit_b_16": "encoder.layers.encoder_layer_0.mlp.0"}[model]
    explorer = show(f"MODEL = {model!r}\n{PHOTOGRAPHS}", f"inspector.layer, inspector.sample = {layer!r}, 1")
    explorer.expect_painted(layer, 1)
    explorer.set_width(1400)
    take(explorer, model)
    assert faults(explorer.dashboard) == []
