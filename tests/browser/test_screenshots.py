"""The README's pictures, and what must be true of them: nothing blank, nothing cut off, no text over other text.

`make screenshots` writes them to docs/images; other runs to test-output.
"""

import os

import numpy as np
import pytest
from browser.conftest import MNIST, PICTURES
from browser.explorer import SHOWN, ExplorerPage
from browser.lab import REPOSITORY
from browser.layout import faults
from PIL import Image
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

FOLDER = REPOSITORY / os.environ.get("INNERVIEW_SCREENSHOTS", PICTURES)

CHANNEL = 5
LARGEST = 250_000  # bytes of a picture in the repository; above it, fewer colours have to do
STACKED = 1000  # below this width the columns of the dashboard stack

SETUP = f"""
from collections import OrderedDict
import torch, torchvision
from sklearn.datasets import load_sample_images
from torch import nn
import innerview as iv

MNIST = {bool(MNIST)}
torch.manual_seed(0)
torch.set_num_threads(1)  # sums in a fixed order: the same weights, the same pictures
digits = iv.datasets.mnist() if MNIST else iv.datasets.digits()
samples = torch.utils.data.Subset(digits.train, range(min(6000, len(digits.train))))
model = nn.Sequential(
    OrderedDict(
        conv1=nn.Conv2d(1, 16, kernel_size=3, padding=1), relu1=nn.ReLU(), pool1=nn.MaxPool2d(2),
        conv2=nn.Conv2d(16, 32, kernel_size=3, padding=1), relu2=nn.ReLU(), pool2=nn.MaxPool2d(2),
        flatten=nn.Flatten(), dense1=nn.LazyLinear(64), relu3=nn.ReLU(), dense2=nn.Linear(64, 10),
    )
)
model(digits.train[0][0][None])
loss = iv.demo.train(model, samples, epochs=2 if MNIST else 8)
test = tuple(tensor[:1000] for tensor in digits.test.tensors)
explorer = iv.explore(model, test, classes=digits.classes)
"""
DIGITS = "iv.explore(model, test, classes=digits.classes)"
BESIDE_UNTRAINED = "iv.explore(model, test, classes=digits.classes, baseline='untrained')"

# Two photographs come with scikit-learn. The networks are not trained.
PHOTOGRAPHS = """
torch.manual_seed(0)
photographs = torch.stack([torch.from_numpy(image.copy()) for image in load_sample_images().images])
photographs = torch.nn.functional.interpolate(photographs.movedim(-1, 1)[:, :, :420, :420] / 255, size=224)
network = getattr(torchvision.models, MODEL)(weights=None)
"""


@pytest.fixture(scope="module")
def lab(torchvision_lab):
    return torchvision_lab


@pytest.fixture(scope="module")
def shared(lab, shared_page):
    with ExplorerPage.open(shared_page, lab, "pictures.ipynb", setup=SETUP) as shown:
        yield shown


@pytest.fixture
def explorer(shared):
    shared.page.set_viewport_size({"width": 1400, "height": 1000})
    return shared


# Those of the README: (theme, width, channel) -> name.
README = {
    ("light", 1400, None): "explorer-light",
    ("dark", 1400, None): "explorer-dark",
    ("light", 760, None): "explorer-narrow",
    ("light", 1400, CHANNEL): "channel",
}


def take(explorer, part, path):
    """Save a part of the Explorer once it is complete; its pixels [height, width, 3]."""
    for part_that_comes_last in ("[data-judged]", "[data-testid='thumbnail'][aria-selected='true']"):
        expect(explorer.output.locator(part_that_comes_last)).to_have_count(1)
    expect(explorer.grid.get_by_test_id("dead")).to_be_visible()
    expect(explorer.status.get_by_test_id("jobs-button")).to_be_hidden()
    expect(explorer.output.locator(".iv-busy:visible")).to_have_count(0)
    explorer.page.mouse.move(0, 0)
    explorer.page.evaluate("() => document.activeElement?.blur()")
    return save(part, path)


def save(part, path):
    """Save a part of the page, not blank, as a picture small enough for a repository; its pixels [height, width, 3]."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part.evaluate("(element) => element.scrollIntoView({ block: 'center' })")  # clear of the notebook's toolbar
    part.screenshot(path=path)
    picture = Image.open(path).convert("RGB")
    for colours in (256, 192, 128):  # photographs are large
        if path.stat().st_size > LARGEST:
            picture.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
    assert picture.getcolors(maxcolors=100) is None, f"{path} is nearly blank: it has 100 colours or fewer"
    assert path.stat().st_size <= LARGEST
    return np.asarray(picture)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_explorer_at_all_widths(theme, explorer):
    explorer.notebook.change_theme(theme)
    explorer.renew(DIGITS, then="inspector.layer, inspector.sample = 'conv2', 7", layer="conv2", sample=7)
    found = {}
    for width in (560, 700, 760, 1000, 1400, 2000):
        explorer.set_width(width, height=2200 if width < STACKED else 1000)
        for channel in (None, CHANNEL):
            if channel is not None:
                explorer.tile(channel)
                expect(explorer.grid.get_by_test_id("detail")).to_have_attribute("data-exact", "true")
            name = f"explorer-{theme}-{width}{'' if channel is None else '-channel'}"
            pixels = take(explorer, explorer.dashboard, PICTURES / f"{name}.png")
            assert pixels.mean() > 150 if theme == "light" else pixels.mean() < 110
            found[width, channel] = faults(explorer.dashboard)
            if name := README.get((theme, width, channel)):
                part = explorer.dashboard if channel is None else explorer.grid
                take(explorer, part, FOLDER / f"{name}.png")
        explorer.grid.get_by_test_id("close-channel").click()
    assert {where: what for where, what in found.items() if what} == {}


SELECTION = """
inspector.layer, inspector.sample = 'dense1', 7
points = inspector.embed("dense1", "tsne", samples=1000)
inspector.brush = points.indices[(points.labels == 4) | (points.labels == 9)]
"""


def set_height(explorer, height):
    """Make the body of the dashboard so many pixels high; None: as it is by itself."""
    explorer.page.set_viewport_size({"width": 1700, "height": 1200})
    body = explorer.output.locator(".iv-dashboard-body")
    body.evaluate("(element, height) => { element.style.height = height ? `${height}px` : ''; }", height)
    explorer.page.wait_for_timeout(500)


def compress(explorer, body, layer, rank):
    """Drag the rank of a layer, draw the curves of two layers, and compare all blocks."""
    for name in ("dense1", layer):
        explorer.choose_layer(name)
        expect(body.get_by_test_id("layer")).to_have_text(name)
        expect(body.get_by_test_id("accuracy-block")).to_have_attribute("data-done", "true", timeout=60_000)
        body.get_by_test_id("curve").click()
        expect(body.get_by_test_id("curves-rank")).to_contain_text(f"{name}, channels, random")
        expect(body.get_by_test_id("work")).to_be_hidden(timeout=60_000)
    body.get_by_test_id("blocks").click()
    expect(body.get_by_test_id("compared").locator("tbody tr")).to_have_count(3, timeout=60_000)
    body.get_by_test_id("rank-number").fill(str(rank))
    explorer.page.keyboard.press("Enter")
    expect(body.get_by_test_id("accuracy-block")).to_have_attribute("data-done", "true", timeout=60_000)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_of_many_samples(theme, explorer):
    """Embedding, similarity, compression and quality; in the dark, two models side by side."""
    explorer.notebook.change_theme(theme)
    made = {"light": DIGITS, "dark": BESIDE_UNTRAINED}[theme]
    explorer.renew(made, then=SELECTION, layer="dense1", sample=7)
    found = {}
    for page in ("Embedding", "Similarity", "Compression", "Quality"):
        body = explorer.open_tab(page)
        if page == "Embedding":
            scatter = body.get_by_test_id("embedding-scatter").first
            expect(scatter).to_have_attribute("data-final", "true")
            scatter.get_by_test_id("method").select_option("tsne")
            scatter.get_by_test_id("run").click()
            expect(scatter.get_by_test_id("scatter-note")).to_contain_text("t-SNE")
            expect(body.get_by_test_id("brush-channel").first).to_be_visible()
        elif page == "Similarity":
            body.get_by_test_id("of").select_option("layers")
            expect(body.get_by_test_id("similarity-view")).to_have_attribute("data-done", "true", timeout=60_000)
        elif page == "Compression":
            compress(explorer, body, "conv2", 6)
        else:
            body.get_by_test_id("measure").click()
            rows = 4 if theme == "dark" else 2
            expect(body.get_by_test_id("quality-row")).to_have_count(rows, timeout=60_000)
        expect(explorer.output.locator(".iv-busy:visible")).to_have_count(0, timeout=60_000)
        for width in (400, 700, 1000, 1400):
            explorer.set_width(width, height=2200 if width < STACKED else 1000)
            explorer.page.wait_for_timeout(500)  # the points fly to their new places
            name = f"{page.lower()}-{theme}-{width}"
            save(explorer.dashboard, PICTURES / f"{name}.png")
            found[page, width] = faults(explorer.dashboard)
            if width == 1400 and (page == "Embedding" or theme == "light"):
                if page in ("Compression", "Similarity"):
                    set_height(explorer, 1000)
                save(explorer.dashboard, FOLDER / f"{page.lower()}-{theme}.png")
                set_height(explorer, None)
    assert {where: what for where, what in found.items() if what} == {}


# A rate at which a part of the network is lost.
TRAINING = """
torch.manual_seed(0)
few, STEPS, REST = iv.datasets.digits(), 480, range(0)
inputs, labels = few.train.tensors
lost = iv.demo.SmallCNN()
optimizer = torch.optim.SGD(lost.parameters(), lr=0.2, momentum=0.9)
monitor = iv.Monitor(lost, optimizer=optimizer, budget=None, classes=10, probes=inputs[:2])
with monitor:
    for step in range(STEPS):
        (monitor.pause if step in REST else monitor.resume)()
        chosen = torch.randint(len(inputs), (64,))
        loss = nn.functional.cross_entropy(lost(inputs[chosen]), labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        monitor.step(loss=loss)
        if step % 60 == 59:
            monitor.epoch()
view = iv.MonitorView(monitor)
view.layers = ["features.0", "features.1", "features.4", "classifier.2"]
"""


@pytest.fixture(scope="module")
def monitor(shared):
    """The kernel has a monitor of a training that has ended."""
    shared.python(TRAINING)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_training_monitor_at_all_widths(theme, monitor, explorer):
    notebook = explorer.notebook
    notebook.change_theme(theme)
    notebook.set_source(SHOWN, "view")
    notebook.run_cell(SHOWN)
    view = notebook.output(SHOWN).get_by_test_id("monitor-view")
    expect(view.get_by_test_id("state")).to_have_text("ended")
    expect(view.get_by_test_id("chart-heat")).to_have_count(4)
    found = {}
    for width in (700, 1000, 1400):
        notebook.page.set_viewport_size({"width": width + 300, "height": 1800})
        view.evaluate("(element, width) => Object.assign(element.style, { width: `${width}px`, flex: 'none' })", width)
        notebook.page.wait_for_timeout(300)  # ResizeObservers, and the frames that they draw
        save(view, PICTURES / f"training-{theme}-{width}.png")
        found[width] = faults(view)
    save(view, FOLDER / f"training-{theme}.png")
    assert {width: what for width, what in found.items() if what} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_training_of_which_a_part_was_not_recorded(theme, explorer):
    """The charts have a gap where nothing was recorded, and the view says how many steps were."""
    notebook = explorer.notebook
    notebook.change_theme(theme)
    explorer.python(TRAINING.replace("range(0)", "range(100, 170)").replace("480", "240"))
    notebook.set_source(SHOWN, "view")
    notebook.run_cell(SHOWN)
    view = notebook.output(SHOWN).get_by_test_id("monitor-view")
    expect(view.get_by_test_id("state")).to_have_text("ended")
    expect(view.get_by_test_id("chart-heat")).to_have_count(4)
    notebook.page.set_viewport_size({"width": 1500, "height": 1800})
    notebook.page.wait_for_timeout(1000)
    save(view, PICTURES / f"training-gap-{theme}.png")
    assert faults(view) == []
    expect(view).to_contain_text("170 of 240 steps")


@pytest.mark.parametrize("model", ["resnet18", "vit_b_16"])
def test_photographs(model, explorer):
    layer = {"resnet18": "layer1.0.conv1", "vit_b_16": "encoder.layers.encoder_layer_0.mlp.0"}[model]
    explorer.notebook.change_theme("light")
    explorer.python(PHOTOGRAPHS.replace("MODEL", repr(model)))
    chosen = f"inspector.layer, inspector.sample = {layer!r}, 1"
    explorer.renew("iv.explore(network, photographs)", then=chosen, layer=layer, sample=1)
    explorer.set_width(1200)
    take(explorer, explorer.dashboard, FOLDER / f"{model}.png")
    assert faults(explorer.dashboard) == []
