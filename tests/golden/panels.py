"""Write frames.ts and wants.ts: what real panels send, and what they are asked for, as TypeScript.

Run ``python tests/golden/panels.py`` after a change of a frame or a want, and commit what it writes. ``tsc`` holds both
files against the types in js/src/frames.ts and js/src/wants.ts, and tests/unit/widgets/test_golden_panels.py against
what the panels do today: neither end can change alone.

The files hold structure only, which is the same on any processor: an integer is 2 (as dimensions can be), another
number 0.5, a truth true, and text that is no word "..."; a long list holds one item of each structure, and an array
nothing, but it has its dtype and its number of axes.
"""

from __future__ import annotations

import io
import json
import math
import re
import time
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import torch
from PIL import Image
from torch import Tensor, nn

import innerview as iv
from innerview import wire
from innerview.panels.brush_panel import BrushPanel
from innerview.panels.channel_grid import ChannelGrid
from innerview.panels.compression_panel import CompressionPanel
from innerview.panels.dashboard import Dashboard
from innerview.panels.embedding_scatter import EmbeddingScatter
from innerview.panels.layer_picker import LayerPicker
from innerview.panels.monitor_view import MonitorView
from innerview.panels.panel import Panel
from innerview.panels.quality_table import QualityTable
from innerview.panels.sample_picker import SamplePicker
from innerview.panels.similarity_view import SimilarityView
from innerview.panels.status_bar import StatusBar
from innerview.training.diagnosis import diagnose

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping

    import numpy as np

HERE = Path(__file__).parent
CONV, DENSE = "features.3", "classifier.1"
EMBEDDING = {
    "method": "pca", "dimensions": 2, "pool": "all", "samples": 90, "correctOnly": False,
    "perplexity": 10, "neighbours": 5, "distance": 0.1, "seed": 0,
}  # fmt: skip
PLAIN = {bool: True, int: 2, float: 0.5}
TUPLE = 3  # numbers at most; a longer list is none


class Golden:
    """Panels at work, and what is kept of what they send and are asked for."""

    def __init__(self) -> None:
        self.frames: dict[str, dict[str, None]] = defaultdict(dict)  # by kind, each structure once
        self.wants: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        self.sent: list[tuple[Panel, dict[str, Any], dict[str, np.ndarray]]] = []

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Catch what every panel sends, as the browser would read it."""

        def send(panel: Panel, frame: bytearray) -> None:
            self.sent.append((panel, *wire.decode(bytes(frame))))

        # Work is told of at once, not after a moment.
        soon = mock.patch("innerview.panels.inspector_panel._PATIENCE", 0.0)
        with mock.patch.object(Panel, "_send", send), soon:
            yield

    def keep(self, panel: Panel, *kinds: str, **about: Any) -> None:
        """Keep the last frame of these kinds that a panel has sent, whose header says this."""
        for kind in kinds:
            header, arrays = next(
                (header, arrays)
                for sender, header, arrays in reversed(self.sent)
                if sender is panel and header["kind"] == kind and header.items() >= about.items()
            )
            self.frames[kind][_frame(header, arrays)] = None

    def ask(self, panel: Panel, key: str, *values: Any, fails: bool = False) -> None:
        """Ask a panel for something, which it must be able to answer; with each of these values."""
        for value in values:
            before = len(self.sent)
            panel.answer(key, value)
            panel.answered()
            errors = [h["message"] for p, h, _ in self.sent[before:] if p is panel and h["kind"] == "error"]
            assert any(errors) == fails, f"{panel.view} was asked for {key}={value!r}: {errors}"
            if not fails and value not in self.wants[panel.view][key]:
                self.wants[panel.view][key].append(value)


class Tokens(nn.Module):
    """The beginning of a vision transformer: a class token, and one for each patch."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, 8, 2, stride=2)
        self.mix = nn.Linear(8, 8)

    def forward(self, images: Tensor) -> Tensor:
        """Images ``[N, 1, 8, 8]`` to 17 tokens of 8 features."""
        patches = self.patches(images).flatten(2).mT
        return self.mix(torch.cat([patches.mean(1, keepdim=True), patches], 1))


def golden() -> Golden:
    """What panels of every kind send: for a classifier, tokens and data without labels, and in a training."""
    made = Golden()
    with made.listening():
        digits = iv.datasets.digits()
        torch.manual_seed(0)
        with iv.Inspector(iv.demo.SmallCNN(), digits.test, classes=digits.classes) as inspector:
            _selection(made, inspector)
            _tiles(made, inspector)
            _samples(made, inspector)
            _brush(made, inspector)
            _embedding(made, inspector)
            _tables(made, inspector)
            _compression(made, inspector)
        with iv.Inspector(nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 4)), torch.rand(40, 6)) as inspector:
            inspector.layer = "0"
            _without_labels(made, inspector)
        with iv.Inspector(Tokens(), digits.test) as inspector:
            inspector.layer = "mix"
            grid = ChannelGrid(inspector)
            made.ask(grid, "folded", False, True)
            _settle(inspector)
            made.keep(grid, "grid")
        _training(made)
    return made


def _settle(inspector: iv.Inspector) -> None:
    assert inspector.jobs.join(60)


def _selection(made: Golden, inspector: iv.Inspector) -> None:
    layers = LayerPicker(inspector)
    made.keep(layers, "selected", layer=inspector.layer)
    made.ask(layers, "layer", CONV)
    _settle(inspector)
    made.keep(layers, "layers", "selected")
    made.ask(layers, "stop", "layers")
    made.ask(layers, "layer", "nowhere", fails=True)
    made.keep(layers, "error")
    made.ask(layers, "layer", DENSE)
    made.keep(layers, "error", over=True)
    dashboard = Dashboard(inspector, {"Channels": ["channels"], "Embedding": ["embedding", "brush"]})
    made.ask(dashboard, "tab", "Embedding")
    made.keep(dashboard, "dashboard", "selection")

    status = StatusBar(inspector)
    _settle(inspector)

    def wait(_: Any) -> Generator[None, None, None]:
        yield None

    job = inspector.jobs.submit("golden", "waiting", wait)
    inspector.jobs.hold(job.id, held=True)
    time.sleep(0.5)
    inspector.jobs.hold(job.id, held=True)  # by now it is worth mentioning
    made.keep(status, "status")
    made.ask(status, "cancel", job.id)
    made.wants["status_bar"]["cancel"] = [1]  # the number of a job is another each time
    _settle(inspector)


def _tiles(made: Golden, inspector: iv.Inspector) -> None:
    grid = ChannelGrid(inspector)
    inspector.layer = CONV
    made.ask(grid, "channel", 2, None)
    _settle(inspector)
    made.keep(grid, "channel")
    made.ask(grid, "channel", 2)
    _settle(inspector)
    made.keep(grid, "grid", "dead", "channel")
    made.ask(grid, "stop", "grid")
    made.ask(grid, "channelAxis", 1)
    made.ask(grid, "slices", [0])
    _settle(inspector)
    picture = io.BytesIO()
    Image.new("L", (8, 8)).save(picture, "png")
    inspector.show(picture.getvalue(), "own.png")
    _settle(inspector)
    made.keep(grid, "grid", sample=None)
    inspector.layer = DENSE
    _settle(inspector)
    made.keep(grid, "grid", "channel")
    inspector.sample = 0


def _samples(made: Golden, inspector: iv.Inspector) -> None:
    samples = SamplePicker(inspector)
    made.ask(samples, "sample", 3)
    made.ask(samples, "step", 1, -1)
    made.ask(samples, "random", True)
    made.ask(samples, "label", "3", None)
    made.ask(samples, "selected", False)
    made.ask(samples, "misclassified", False)
    made.ask(samples, "offset", 48)
    _settle(inspector)
    made.keep(samples, "sample", "judged", "images", "thumbnails")
    made.ask(samples, "stop", "thumbnails")
    made.ask(samples, "again", True)
    _settle(inspector)
    made.keep(samples, "sample", "judged", sample=None)
    made.ask(samples, "dataset", True)


def _brush(made: Golden, inspector: iv.Inspector) -> None:
    brush = BrushPanel(inspector)
    _settle(inspector)
    made.keep(brush, "contrast", "current")
    inspector.brush = range(4)
    made.ask(brush, "channel", 2)
    _settle(inspector)
    made.keep(brush, "brushed", "contrast", "labels", "current")
    inspector.brush = range(100)
    made.ask(brush, "more", 64)
    _settle(inspector)
    made.keep(brush, "brushed")
    made.ask(brush, "stop", "contrast")
    made.ask(brush, "clear", True)


def _embedding(made: Golden, inspector: iv.Inspector) -> None:
    scatter = EmbeddingScatter(inspector)
    _settle(inspector)
    made.keep(scatter, "points", "embedding", "labels")
    for changes in ({"pool": 1}, {"pool": "mean"}, {"method": "umap"}, {"dimensions": 3}, {"method": "tsne"}, {}):
        made.ask(scatter, "settings", EMBEDDING | changes)
        if changes != {"pool": 1}:  # which this layer does not have
            _settle(inspector)
        if "dimensions" in changes:
            made.keep(scatter, "points")
    made.ask(scatter, "run", True)
    made.ask(scatter, "pause", True, False)
    made.ask(scatter, "images", [1, 2])
    made.ask(scatter, "sample", 5)
    made.ask(scatter, "colour", "class", "prediction", "correct", "loss")
    _settle(inspector)
    made.keep(scatter, "colours", "images")
    inspector.channel = 1
    made.ask(scatter, "colour", "channel")
    made.ask(scatter, "know", "prediction")
    _settle(inspector)
    made.keep(scatter, "colours", scope="know")
    made.keep(scatter, "busy", scope="know", over=True)
    made.ask(scatter, "keep", True)
    with torch.no_grad():
        inspector.model.classifier[3].bias.add_(1.0)
    inspector.refresh()
    _settle(inspector)
    made.keep(scatter, "colours", over=True)
    label = next(iter(inspector.checkpoints))
    made.ask(scatter, "step", label)
    made.ask(scatter, "visit", label)
    _settle(inspector)
    made.ask(scatter, "stop", "points")
    made.keep(scatter, "embedding", "points")
    made.ask(scatter, "colour", "neighbours")
    _settle(inspector)
    scatter.close()


def _tables(made: Golden, inspector: iv.Inspector) -> None:
    quality = QualityTable(inspector)
    made.ask(quality, "layer", DENSE)
    made.keep(quality, "quality")
    made.ask(quality, "measure", {"layers": "chosen", "methods": ["own space", "pca"]})
    _settle(inspector)
    made.keep(quality, "quality")
    made.keep(quality, "busy", over=False)
    made.ask(quality, "measure", {"layers": "all", "methods": ["tsne", "umap"]})
    made.ask(quality, "stop", "measure")

    similarity = SimilarityView(inspector)
    settings = {"pairs": "all", "of": "layers", "layers": [CONV, DENSE], "samples": 90, "correctOnly": False}
    made.ask(similarity, "settings", settings)
    _settle(inspector)
    made.keep(similarity, "similarity", "histogram")
    made.ask(similarity, "settings", settings | {"of": "ranks"})
    made.keep(similarity, "histogram", over=True)
    made.ask(similarity, "stop", "similarity")
    made.ask(similarity, "again", True)
    _settle(inspector)
    made.keep(similarity, "similarity", "histogram")
    made.ask(similarity, "settings", settings | {"pairs": "one", "of": "layer"})
    _settle(inspector)
    quality.close()
    similarity.close()


def _compression(made: Golden, inspector: iv.Inspector) -> None:
    inspector.layer = CONV
    panel = CompressionPanel(inspector)
    _settle(inspector)
    made.keep(panel, "compression", "projection", "compressed", "decided", "accuracy", "studied")
    made.keep(panel, "busy", scope="accuracy", over=True)
    made.ask(panel, "rank", 4)
    made.ask(panel, "evaluate", True)
    made.ask(panel, "pin", True)
    made.ask(panel, "curve", True)
    made.ask(panel, "similarity", True)
    _settle(inspector)
    made.keep(panel, "compression", "curve", "histogram")
    scope = next(header["scope"] for sender, header, _ in made.sent if sender is panel and header["kind"] == "curve")
    made.ask(panel, "point", {"scope": scope, "index": 0})
    made.ask(panel, "blocks", True)
    _settle(inspector)
    made.keep(panel, "compared")
    made.keep(panel, "curve", of="block")
    made.ask(panel, "block", {"layer": DENSE, "rank": 2})
    _settle(inspector)
    made.keep(panel, "compression", "accuracy")  # with another layer compressed
    made.ask(panel, "unpin", CONV)
    made.ask(panel, "stop", "accuracy", "curve")
    made.ask(panel, "clear", True)
    made.keep(panel, "compared")
    made.keep(panel, "curve", over=True)
    made.ask(panel, "axis", "all", "channels")
    for basis in ("pca", "random", "variance", "quantise", "off"):
        made.ask(panel, "basis", basis)
        _settle(inspector)
        made.keep(panel, "compression", "compressed")
        if basis != "off":
            made.keep(panel, "projection")


def _without_labels(made: Golden, inspector: iv.Inspector) -> None:
    kinds = {
        ChannelGrid: ["grid", "dead"],
        SamplePicker: ["sample", "judged", "images", "thumbnails"],
        EmbeddingScatter: ["embedding", "points", "labels"],
        QualityTable: ["quality"],
        SimilarityView: ["similarity", "histogram"],
        CompressionPanel: ["compression", "decided", "accuracy"],
        StatusBar: ["status"],
        BrushPanel: ["contrast"],
    }
    inspector.brush = [1, 2]
    for panel, names in kinds.items():
        one = panel(inspector)
        _settle(inspector)
        made.keep(one, *names)
    nn.init.constant_(inspector.model[0].bias, math.nan)
    inspector.refresh()
    similarity = SimilarityView(inspector)
    _settle(inspector)
    made.keep(similarity, "histogram")
    words = iv.Inspector(
        nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(20, 2)), torch.arange(60).view(-1, 5) % 9
    )
    with words:
        samples = SamplePicker(words)
        words.layer = "0"
        scatter = EmbeddingScatter(words)
        _settle(words)
        made.ask(scatter, "images", [1])
        _settle(words)
        made.keep(samples, "sample", "images", "thumbnails")
        made.keep(scatter, "embedding", "images")


def _training(made: Golden) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
    nn.init.constant_(model[0].bias, -100.0)  # no unit is ever above zero
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def train(steps: int) -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            loss = model(torch.rand(8, 1, 8, 8)).square().mean()
            loss.backward()
            optimizer.step()
            monitor.step(loss=loss)

    # Drawn here, not on a thread of its own: a frame holds what is new since the one before.
    quiet = mock.patch("innerview.panels.monitor_view.Refresher")
    # The one finding that is sure.
    sure = mock.patch(
        "innerview.panels.monitor_view.diagnose",
        lambda history, **how: [finding for finding in diagnose(history, **how) if finding.kind == "dead"],
    )
    with quiet, sure, iv.Monitor(model, optimizer=optimizer, budget=None, probes=torch.rand(2, 1, 8, 8)) as monitor:
        empty = MonitorView(monitor)
        made.keep(empty, "monitor")
        monitor.on("dead", monitor.scale_lr(0.5), hold=0, limit=1)
        train(60)
        monitor.epoch()
        view = MonitorView(monitor, compare=monitor.history.copy())
        made.keep(view, "monitor")
        made.ask(view, "layers", ["1", "0"])
        made.ask(view, "channel", None, 1)
        made.ask(view, "zoom", None, [1.0, 20.5])
        made.ask(view, "budget", 0.05, None)
        made.ask(view, "paused", True)
        train(3)
        made.ask(view, "paused", False)
        made.ask(view, "undo", True)
        made.ask(view, "weights", True)
        train(3)
        view._judging = 0.0  # it judges now, however long that took before
        view._refresh()
        made.keep(view, "monitor")
        made.ask(view, "layers", ["0"])
        view._judging = 0.0  # it judges now, however long that took before
        view._refresh()
        made.keep(view, "monitor")
        made.ask(view.weights, "slices", [0])
        made.ask(view.weights, "channel", 1)
        made.keep(view.weights, "grid", "channel")
    made.keep(MonitorView(monitor.history), "monitor")


def _plain(value: Any) -> Any:
    """What a value is, without what it happens to be."""
    if isinstance(value, str):
        return value if re.fullmatch(r"[A-Za-z_ ]{0,30}", value) else "..."
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        items = [_plain(each) for each in value]
        if len(items) <= TUPLE and not any(isinstance(each, dict | list) for each in items):
            return items
        return [json.loads(text) for text in sorted({json.dumps(each) for each in items})]
    return PLAIN.get(type(value), value)


def _frame(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> str:
    """A frame as TypeScript."""
    each = [f"{json.dumps(name)}: {a.dtype.name}({', '.join('0' * a.ndim)})" for name, a in arrays.items()]
    return f"{{ header: {json.dumps(_plain(header))}, arrays: {{ {', '.join(each)} }} }}"


def texts(made: Golden) -> dict[str, str]:
    """What the files hold, by name."""
    frames = [line for kind in sorted(made.frames) for line in (f"  {kind}: [", *_lines(made.frames[kind]), "  ],")]
    used = [dtype for dtype in wire.DTYPES if any(f" {dtype}(" in line for line in frames)]
    arrays = [f"const {n} = (...shape: number[]) => ({{ shape, data: new {n.title()}Array() }});" for n in used]
    wants = []
    for view in sorted(made.wants):
        asked = made.wants[view]
        each = [f"    {key}: {json.dumps(asked[key])}," for key in sorted(asked)]
        wants += [f"  {view}: {{", *each, "  },"]
    return {
        "frames.ts": "\n".join(
            [
                "// Written by panels.py: of each kind, the structures of frames that real panels sent.",
                'import type { FrameOf, Kind } from "../../js/src/frames";',
                "",
                *arrays,
                "",
                "export const FRAMES = {",
                *frames,
                "} satisfies { [K in Kind]: FrameOf<K>[] };",
                "",
            ]
        ),
        "wants.ts": "\n".join(
            [
                "// Written by panels.py: what real panels were asked for, and could answer.",
                'import type { Wants } from "../../js/src/wants";',
                "",
                "export const WANTS = {",
                *wants,
                "} satisfies { [V in keyof Wants]: { [K in keyof Wants[V]]: Wants[V][K][] } };",
                "",
            ]
        ),
    }


def _lines(frames: Iterable[str]) -> list[str]:
    return [f"    {frame}," for frame in frames]


if __name__ == "__main__":
    for name, text in texts(golden()).items():
        (HERE / name).write_text(text, encoding="utf-8")
