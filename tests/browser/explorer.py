"""The Explorer on a page, as a person uses it."""

from __future__ import annotations

import base64
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from browser.notebook import Notebook
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from browser.lab import Lab
    from playwright.sync_api import Locator, Page

# The built-in digits and network, trained for about a second.
SETUP = """
import torch
import innerview as iv

torch.manual_seed(0)
digits = iv.datasets.digits()
model = iv.demo.SmallCNN()
loss = iv.demo.train(model, digits.train, epochs=5)
explorer = iv.explore(model, digits.test, classes=digits.classes)
inspector = explorer.inspector
"""

# A new Explorer, whatever became of the one before.
RENEWED = """
explorer.close()
explorer = {explorer}
inspector = explorer.inspector
{then}
explorer
"""
AGAIN = "iv.explore(model, digits.test, classes=digits.classes)"  # as in SETUP
SHOWN, TYPED = 1, 2  # cells of the notebook that `ExplorerPage.open` writes


class ExplorerPage:
    """The views inside one output of a notebook.

    Attributes:
        notebook: the notebook of an Explorer made by `open`.
    """

    notebook: Notebook

    def __init__(self, output: Locator) -> None:
        self.output = output
        self.page = output.page
        self.layers = output.get_by_test_id("layer-picker")
        self.grid = output.get_by_test_id("channel-grid")
        self.samples = output.get_by_test_id("sample-picker")
        self.status = output.get_by_test_id("status-bar")
        self.dashboard = output.get_by_test_id("dashboard")

    @classmethod
    @contextmanager
    def open(cls, page: Page, lab: Lab, name: str, *, setup: str = SETUP) -> Iterator[ExplorerPage]:
        """Show the Explorer that `setup` makes in a notebook `name` whose kernel ends with the `with`."""
        notebook = Notebook(page, lab, lab.write_notebook(name, [setup, "explorer", *[""] * 3]))
        try:
            notebook.run_cell(0)
            notebook.run_cell(SHOWN)
            shown = cls(notebook.output(SHOWN))
            shown.notebook = notebook
            yield shown
        finally:
            notebook.shut_down_kernels()

    def renew(self, explorer: str = AGAIN, *, then: str = "", layer: str = "features.0", sample: int = 0) -> None:
        """Show another Explorer in place of this one: by itself a new one of the same network.

        Args:
            explorer: Python that makes it.
            then: Python that is run before it is shown; may select by `inspector`.
            layer: what it shows first.
            sample: likewise.
        """
        for cell in range(TYPED, TYPED + 3):
            self.notebook.set_source(cell, "")
        self.notebook.set_source(SHOWN, RENEWED.format(explorer=explorer, then=then))
        self.notebook.run_cell(SHOWN)
        self.notebook.cell(SHOWN)
        self.expect_painted(layer, sample)

    def python(self, source: str) -> str:
        """Type a line into an empty cell and run it, as a person would; what it said. Back at the output afterwards."""
        self.notebook.cell(TYPED)
        self.notebook.set_source(TYPED, source)
        self.notebook.run_cell(TYPED)
        said = self.notebook.text(TYPED).strip()
        self.notebook.cell(SHOWN)
        return said

    def row(self, layer: str) -> Locator:
        return self.layers.locator(f".iv-layer[data-layer='{layer}']")

    def open_tab(self, title: str) -> Locator:
        """Look at a tab; its page."""
        self.output.get_by_test_id(f"tab-{title.lower()}").click()
        page = self.output.get_by_test_id(f"page-{title.lower()}")
        expect(page).to_be_visible()
        return page

    def choose_layer(self, layer: str) -> None:
        """Click a layer's name: in a row's middle, where Playwright clicks by itself, may be the button that copies."""
        drop_down = self.output.get_by_test_id("layers-button")
        if drop_down.is_visible() and not self.layers.is_visible():
            drop_down.click()
        self.row(layer).locator(".iv-layer-label").click()

    def expect_layer(self, layer: str) -> None:
        expect(self.row(layer)).to_have_attribute("aria-selected", "true")
        expect(self.grid.get_by_test_id("layer")).to_have_text(layer)

    def expect_painted(self, layer: str, sample: Any) -> None:
        """The tiles of this layer and sample are on the canvas, and the other views say the same."""
        painted = self.output.locator(f"[data-painted='{layer}/{sample}']")
        expect(painted).to_have_count(1)
        self.expect_layer(layer)

    def set_width(self, width: int, *, height: int = 1000) -> None:
        """Make the dashboard `width` pixels wide, in a window with room for it, and wait until it is laid out."""
        self.page.set_viewport_size({"width": width + 300, "height": height})
        self.dashboard.evaluate("(element, width) => element.style.setProperty('width', `${width}px`)", width)
        self.dashboard.evaluate("(element) => element.style.setProperty('flex', 'none')")
        expect(self.dashboard).to_have_js_property("clientWidth", width)
        self.page.wait_for_timeout(200)  # ResizeObservers, and the frames that they draw

    def tile(self, channel: int) -> None:
        """Click a tile, counted in reading order from the first; the grid is one canvas."""
        stage = self.grid.get_by_test_id("channels")
        stage.focus()
        self.page.keyboard.press("Home")
        for _ in range(channel):
            self.page.keyboard.press("ArrowRight")
        self.page.keyboard.press("Enter")

    def picture(self) -> str:
        """The tiles' canvas as a PNG in a data URL: equal for equal pictures, and quick to get."""
        return self.grid.get_by_test_id("channels").locator("canvas").first.evaluate("(canvas) => canvas.toDataURL()")

    def pixels(self) -> list[int]:
        """Every 17th number of the colours of the tiles' canvas."""
        return (
            self.grid.get_by_test_id("channels")
            .locator("canvas")
            .first.evaluate(
                """(canvas) => {
                const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
                return [...data].filter((_, i) => i % 17 === 0);  // all of them take seconds to arrive
            }"""
            )
        )

    def drop(self, name: str, content: bytes) -> None:
        """Drop a file on the sample, with the events a browser sends."""
        self.samples.evaluate(
            """(element, { name, content }) => {
                const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
                const dataTransfer = new DataTransfer();
                dataTransfer.items.add(new File([bytes], name, { type: "image/png" }));
                for (const type of ["dragenter", "dragover", "drop"])
                  element.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
            }""",
            {"name": name, "content": base64.b64encode(content).decode()},
        )
