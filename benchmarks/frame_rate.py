"""Moving the points: the time of a frame while the mouse drags the plot, against bqplot's Scatter and jupyter-scatter.

In a real JupyterLab each plot in turn holds the same points in the same browser, 600 pixels wide. The mouse drags it
in small steps; after each step the page waits for two animation frames, so that a step is no shorter than what the
browser needs to draw it. "nothing" is the same drag over an empty box. bqplot draws SVG, an element a point, and gets
few points only. jupyter-scatter is measured where it is installed (`pip install innerview[bench]`).

Without a graphics card WebGL is drawn by software: the milliseconds are then those of SwiftShader, not of a screen's
card. Above 50,000 points innerview moves the finished picture while the mouse drags and draws a sharp one when it
rests; "drawn again" is the time until that picture is there, after the button is let go.
"""

from __future__ import annotations

import importlib.util
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Page

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from browser import chromium
from browser.lab import Lab
from browser.notebook import Notebook

STEPS = 40
WARM_UP = 5
WEBGL = (5_000, 20_000, 200_000, 1_000_000)
SIZES = {"innerview": WEBGL, "jupyter-scatter": WEBGL, "bqplot": (5_000, 20_000)}

SETUP = """
import ipywidgets, numpy, torch
import innerview as iv
points = torch.randn(1_000_000, 2, generator=torch.Generator().manual_seed(0))

def box(content):
    held = ipywidgets.Box([content], layout=dict(width="600px", height="520px", overflow="hidden"))
    held.add_class("bench")
    return held

def innerview(n):
    inspector = iv.Inspector(torch.nn.Sequential(torch.nn.Identity()), points[:n])
    inspector.layer, inspector.sample_size = "0", n
    return iv.EmbeddingScatter(inspector)

def jupyter_scatter(n):
    import jscatter
    x, y = points[:n].numpy().T
    return jscatter.Scatter(x=x, y=y, width=600, height=480).show()

def bqplot(n):
    from bqplot import Figure, LinearScale, PanZoom, Scatter
    x, y = points[:n].numpy().T
    scales = {"x": LinearScale(min=-5, max=5), "y": LinearScale(min=-5, max=5)}
    pan = PanZoom(scales={"x": [scales["x"]], "y": [scales["y"]]})
    marks = [Scatter(x=x, y=y, scales=scales, default_size=4)]
    return Figure(marks=marks, interaction=pan, layout=dict(width="600px", height="480px"))

def nothing(n):
    return ipywidgets.HTML("")
"""

# Where to drag, and what says that the points are there.
READY = {
    "innerview": "() => document.querySelector('.bench [data-final=true] [data-testid=scatter-canvas]')",
    "jupyter-scatter": "() => document.querySelector('.bench canvas')",
    "bqplot": "(n) => document.querySelectorAll('.bench svg path.dot').length >= n",
    "nothing": "() => document.querySelector('.bench')",
}
TARGET = {"innerview": "[data-testid=scatter-canvas]", "jupyter-scatter": "canvas", "bqplot": "svg", "nothing": ""}
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def drag(page: Page, plot: str) -> tuple[float, float, bool]:
    """Milliseconds of a step of a drag, until the points are drawn again afterwards, and whether they have moved."""
    held = page.locator(".bench")
    held.scroll_into_view_if_needed()
    area = (held.locator(TARGET[plot]).first if TARGET[plot] else held).bounding_box() or {}
    x, y = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    clip = {"x": x - 100, "y": y - 60, "width": 200, "height": 120}
    before = page.screenshot(clip=clip)
    page.mouse.move(x, y)
    page.mouse.down()
    steps = []
    for step in range(STEPS + WARM_UP):
        begun = time.perf_counter()
        page.mouse.move(x + 2 * (step + 1), y + (step % 2))
        page.evaluate(FRAMES)
        steps.append(1000 * (time.perf_counter() - begun))
    begun = time.perf_counter()
    page.mouse.up()
    page.wait_for_timeout(300)  # innerview rests for 250 ms before it draws a heavy picture anew
    page.evaluate(FRAMES)
    page.evaluate(FRAMES)
    after = 1000 * (time.perf_counter() - begun)
    page.mouse.move(5, 5)
    return statistics.median(steps[WARM_UP:]), after, page.screenshot(clip=clip) != before


def main() -> None:
    plots = ["nothing", *SIZES]
    if importlib.util.find_spec("jscatter") is None:
        plots.remove("jupyter-scatter")
        print("jupyter-scatter is not installed and left out: pip install innerview[bench]")
    with Lab() as lab, sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        print(
            f"{'points':>10}  {'':<16}{'a frame':>10}{'less nothing':>14}{'drawn again':>13}{'against innerview':>19}"
        )
        reference: dict[int, float] = {}
        bare = 0.0
        for plot in plots:
            for n in SIZES.get(plot, (0,)):
                page = browser.new_page(viewport={"width": 1200, "height": 1400})
                cell = f"box({plot.replace('-', '_')}({n}))"
                notebook = Notebook(page, lab, lab.write_notebook(f"{plot}-{n}.ipynb", [SETUP, cell]))
                notebook.run_cell(0)
                notebook.run_cell(1)
                page.wait_for_function(READY[plot], arg=n, timeout=240_000)
                page.wait_for_timeout(3000)  # what is still being drawn
                a_frame, again, moved = drag(page, plot)
                if moved is (plot == "nothing"):
                    raise SystemExit(
                        f"{plot} with {n:,} points: the drag moved {'an empty box' if moved else 'nothing'}"
                    )
                notebook.shut_down_kernels()
                page.close()
                bare = bare or a_frame
                own = max(a_frame - bare, 0.1)
                reference.setdefault(n, own)
                ratio = f"{own / reference[n]:.1f}" if n else ""
                print(
                    f"{n:>10,}  {plot:<16}{a_frame:>8.1f}ms{own if n else 0:>12.1f}ms{again:>11.0f}ms{ratio:>19}",
                    flush=True,
                )
        browser.close()


if __name__ == "__main__":
    main()
