"""Text and marks stand out from what they lie on, in JupyterLab's light and dark theme (WCAG 2.2, 1.4.3 and 1.4.11)."""

import json

import pytest
from browser.lab import REPOSITORY

pytestmark = pytest.mark.browser

STATIC = REPOSITORY / "src" / "innerview" / "static"
STYLE = STATIC / json.loads((STATIC / "manifest.json").read_text())["style"]
# As @jupyterlab/theme-light-extension and theme-dark-extension of JupyterLab 4.4 define them.
THEMES = {
    "light": {
        "layout-color1": "#fff", "layout-color2": "#eee", "ui-font-color1": "rgba(0, 0, 0, 0.87)",
        "brand-color1": "#1976d2", "error-color1": "#d32f2f", "warn-color1": "#f57c00", "success-color1": "#388e3c",
    },
    "dark": {
        "layout-color1": "#212121", "layout-color2": "#424242", "ui-font-color1": "rgba(255, 255, 255, 0.87)",
        "brand-color1": "#2196f3", "error-color1": "#f44336", "warn-color1": "#ff9800", "success-color1": "#4caf50",
    },
}  # fmt: skip
CHOSEN = "color-mix(in srgb, var(--iv-accent) 8%, var(--iv-surface))"
SURFACES = ["var(--iv-surface)", "var(--iv-surface-2)", CHOSEN]
SIGNALS = ["error", "warn", "good"]
FINDINGS = {name: f"color-mix(in srgb, var(--iv-{name}) 9%, var(--iv-surface))" for name in SIGNALS}
# What lies on what, and its least contrast.
RULES = [
    (["ink", "ink-2"], [*SURFACES, *FINDINGS.values()], 4.5),
    *(([name], ["var(--iv-surface)", CHOSEN, FINDINGS[name]], 4.5) for name in SIGNALS),
    (["mark", "accent"], SURFACES, 3),
    (["same"], ["var(--iv-surface)", CHOSEN], 3),
]
# Painted, and read back pixel by pixel: whatever a colour is written as.
MEASURE = """([inks, grounds]) => {
  const probe = document.getElementById("probe");
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const resolve = (colour) => { probe.style.color = colour; return getComputedStyle(probe).color; };
  const painted = (...colours) => {
    for (const colour of colours) { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); }
    return context.getImageData(0, 0, 1, 1).data;
  };
  const linear = (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  return inks.flatMap((ink) => grounds.map((ground) => {
    const under = resolve(ground);
    const [a, b] = [light(painted(under)), light(painted(under, resolve(`var(--iv-${ink})`)))];
    return [ink, ground, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
  }));
}"""


@pytest.mark.parametrize("theme", THEMES)
def test_inks_and_marks(browser, theme):
    variables = "".join(f"--jp-{name}: {value};" for name, value in THEMES[theme].items())
    with browser.new_context() as context:
        page = context.new_page()
        page.set_content(f"<div style='{variables}'><div class=innerview><i id=probe></i></div></div>")
        page.add_style_tag(path=STYLE)
        for inks, grounds, least in RULES:
            found = page.evaluate(MEASURE, [inks, grounds])
            assert len(found) == len(inks) * len(grounds)
            assert [one for one in found if one[2] < least] == []
