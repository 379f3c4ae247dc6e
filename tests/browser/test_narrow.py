"""Views on their own, wide and narrow: nothing is out of sight, and what is shortened has its whole in a title."""

import json

import numpy as np
import pytest
from browser.lab import REPOSITORY

pytestmark = pytest.mark.browser

STATIC = REPOSITORY / "src" / "innerview" / "static"
FILES = json.loads((STATIC / "manifest.json").read_text())
# A view fed with frames, without Jupyter. Arrays come as lists, with the name of their type.
PAGE = """<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="/STYLE">
<body style="margin: 0"><div id="view" class="innerview"></div><script type="module">
import { create } from "/VIEW";
const view = create(document.getElementById("view"), { want() {}, upload() {}, mount: () => () => {}, lost() {} });
window.show = (header, arrays) => {
  const typed = Object.entries(arrays).map(([name, { type, shape, data }]) =>
    [name, { shape, data: globalThis[type].from(data) }]);
  view.takes[header.kind]({ header, arrays: Object.fromEntries(typed) });
};
</script>""".replace("STYLE", FILES["style"])
TYPES = {"uint8": "Uint8Array", "float32": "Float32Array", "float64": "Float64Array"}
# Controls, heads and names that end beyond the view, or are cut without an ellipsis and a title.
LOST = """() => {
  const view = document.getElementById("view");
  const edge = view.getBoundingClientRect().right + 1;
  const seen = [...view.querySelectorAll("button, input, select, h3, h4, th, td, dd, label, bdi")].filter(
    (one) => one.checkVisibility() && !one.closest(".iv-unseen"));
  const beyond = seen.filter((one) => one.getBoundingClientRect().right > edge);
  const cut = seen.filter((one) => {
    const style = getComputedStyle(one);
    if (style.overflowX === "visible" || style.display === "inline" || one.scrollWidth <= one.clientWidth + 1) {
      return false;
    }
    return style.textOverflow !== "ellipsis" || !(one.closest("[title]") || one.querySelector("[title]"));
  });
  if (seen.length < 8) return ["hardly anything is drawn"];
  return [...beyond, ...cut].map((one) => `${one.tagName} ${one.textContent}`);
}"""

NAMES = [f"class number {i} of the hierarchy" for i in range(10)]
LAYERS = [f"encoder.layers.encoder_layer_{i}.self_attention" for i in range(4)]
SETTING = {"layer": LAYERS[0], "basis": "pca", "axis": "channels", "rank": 4}
COMPARED = {"layer": LAYERS[1], "full": 64, "rank": 8, "kept": False, "change": -0.04, "low": -0.05, "high": -0.03}
RUN = {
    "step": 1234, "state": "training", "live": True, "budget": 0.02, "overhead": 0.012, "recorded": 321, "few": None,
    "undo": "lr 0.1 to 0.05", "metrics": ["loss", "accuracy", "lr"], "findings": [],
    "verdicts": {name: ["exploding", 3] for name in LAYERS},
    "chosen": {"layers": LAYERS[:1], "channel": None, "between": None, "missing": ""}, "follows": False, "tracks": [],
    "can": {"weights": True, "compared": False, "layers": 3},
    "rows": [[name, "MultiheadAttention"] for name in LAYERS],
}  # fmt: skip
COLUMN = np.full(4, 0.1234567, np.float32)
FRAMES = {
    "monitor_view": [
        (
            {"kind": "monitor", **RUN},
            {
                "values": np.array([0.1, 0.9, 0.001]),
                **dict.fromkeys(("mean", "std", "nearZeros", "dead"), COLUMN),
                "sparks": np.ones((4, 40), np.uint8),
                "strips": np.full((4, 64), 99, np.uint8),
            },
        )
    ],
    "sample_picker": [
        (
            {
                "kind": "sample", "sample": 3, "total": 60_000, "input": "image", "text": "values 0 to 16", "name": "",
                "shape": [1, 8, 8], "label": NAMES[3],
            },
            {"image": np.full((8, 8, 3), 99, np.uint8)},
        ),
        (
            {
                "kind": "judged", "sample": 3, "predicted": NAMES[4], "notClassifier": "",
                "top": [{"label": name, "probability": 0.2} for name in NAMES[:5]],
            },
            {},
        ),
    ],
    "compression_panel": [
        ({"kind": "compression", **SETTING, "full": 64, "also": [], "pinned": False, "labels": True}, {}),
        ({"kind": "compared", "tolerated": 0.01, "rows": [COMPARED | {"evaluated": 640, "total": 10_000}]}, {}),
    ],
    "brush_panel": [
        (
            {
                "kind": "contrast", "layer": LAYERS[0], "selected": 180, "rest": 1617, "channelCount": 2, "note": "",
                "classes": [{"name": name, "selected": 18, "rest": 150} for name in NAMES],
                "channels": [{"channel": 511, "selected": -12.34, "rest": 0.4567, "difference": -3.21}],
            },
            {},
        )
    ],
}  # fmt: skip


def serve(route):
    path = STATIC / route.request.url.rpartition("/")[2]
    route.fulfill(path=path, content_type="text/css" if path.suffix == ".css" else "text/javascript")


@pytest.mark.parametrize("width", [264, 360, 420, 640, 900, 1280])
@pytest.mark.parametrize("view", FRAMES)
def test_nothing_is_out_of_sight(browser, view, width):
    if width < 360 and view in {"monitor_view", "compression_panel"}:
        pytest.skip("this view is never so narrow")
    with browser.new_context(viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        page.route("**/*.*", serve)
        html = PAGE.replace("VIEW", FILES[view])
        page.route("**/", lambda route: route.fulfill(body=html, content_type="text/html"))
        page.goto("http://narrow.test/")
        page.wait_for_function("() => 'show' in window")
        for header, arrays in FRAMES[view]:
            sent = {
                name: {"type": TYPES[one.dtype.name], "shape": one.shape, "data": one.ravel().tolist()}
                for name, one in arrays.items()
            }
            page.evaluate("([header, arrays]) => show(header, arrays)", [header, sent])
        page.wait_for_timeout(100)
        assert page.evaluate(LOST) == []
