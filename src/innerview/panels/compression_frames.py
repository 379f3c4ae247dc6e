"""Frames about a compressed layer: one sample before and after, its predictions, and the accuracy that is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from innerview.analysis.pictures.tiles import make_tiles
from innerview.errors import InnerviewError
from innerview.model.intervene import forward_with
from innerview.panels.frames import layout_header, tile_arrays
from innerview.study.class_scores import scores_of_one
from innerview.study.compressions import edits_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from innerview.analysis.projections.projection import Projection
    from innerview.data.samples import Batch
    from innerview.panels.panel import Frame
    from innerview.study.compressibility import Compressibility
    from innerview.study.compression_results import Compression
    from innerview.study.subject import Look, Subject

_PIXELS = 2**20  # of each of the three pictures: they share the width of the page
_CLASSES = 3  # the likeliest, whose probabilities are shown


def compressed(subject: Subject, look: Look, projection: Projection | None) -> Frame:
    """One sample's activation before and after, and the difference, as tiles; None changes nothing."""
    after = look.values if projection is None else projection.apply(look.values[None])[0]
    before, after = (look._replace(values=each).unpadded(subject.axes).values for each in (look.values, after))
    layout = subject.axes.layout(look.layer.name, tuple(before.shape))
    slices = [axis.size // 2 for axis in layout.slice_axes]
    pictures = {
        name: make_tiles(values, layout, slices=slices, budget=_PIXELS)
        for name, values in (("before", before), ("after", after), ("difference", after - before))
    }
    header: dict[str, Any] = {
        "kind": "compressed",
        "layer": look.layer.name,
        "basis": "off" if projection is None else projection.basis,
        "axis": "channels" if projection is None else projection.axis,
        "rank": 0 if projection is None else projection.rank,
        "layerKind": look.layer.kind,
        "sample": look.sample,
        **layout_header(layout, slices, pictures["before"]),
        "nonfinite": {name: int(tiles.nonfinite.sum()) for name, tiles in pictures.items()},
    }
    arrays: dict[str, np.ndarray] = {}
    for name, tiles in pictures.items():
        arrays |= tile_arrays(tiles, f"{name}.")
    return header, arrays


def fitted(layer: str, projection: Projection) -> Frame:
    """The cost of a projection at its rank, and the share of the variance that each rank keeps."""
    names = ("basis", "axis", "rank", "parameters", "samples", "note")
    header = {"kind": "projection", "layer": layer, "matrix": projection.matrix_shape, "bytes": projection.sizes}
    header |= {name: getattr(projection, name) for name in names}
    return header, {"curve": projection.curve.astype(np.float32)}


def decided(subject: Subject, look: Look, batch: Batch, projections: Mapping[str, Projection]) -> Frame:
    """The likeliest classes of the sample, with the layers as they are and with these compressed."""
    labels, names = subject.data.labels, subject.data
    label = -1 if labels is None or look.sample is None else int(labels[look.sample])
    header: dict[str, Any] = {
        "kind": "decided",
        "layer": look.layer.name,
        "sample": look.sample,
        "label": names.class_name(label),
        "classes": [],
        "notClassifier": "",
    }
    try:
        before = after = scores_of_one(subject.output(batch), subject.data.columns).exp()
        if projections:
            edits = edits_of(subject, projections)
            with subject.borrow_model(batch) as (model, ready, rewind):
                output = forward_with(model, ready.args, ready.kwargs, edits, restore_rng=rewind)
            after = scores_of_one(output, subject.data.columns).exp()
    except InnerviewError as error:
        header["notClassifier"] = str(error)
        return header, {}
    # The likeliest before, and the winner after where it is another one.
    likeliest = before.argsort(descending=True).tolist()[:_CLASSES]
    winner = int(after.argmax())
    header["classes"] = [
        {"label": names.class_name(index), "before": float(before[index]), "after": float(after[index])}
        for index in (likeliest if winner in likeliest else [*likeliest, winner])
    ]
    return header, {}


def accuracy(found: Compression) -> Frame:
    """The accuracy that is left, as far as it was evaluated."""
    names = ("layer", "basis", "axis", "rank", "accuracy", "low", "high", "agreement", "evaluated", "total", "note")
    header = {"kind": "accuracy", "baseline": found.baseline_accuracy, "change": found.change}
    header |= {"changeLow": found.change_low, "changeHigh": found.change_high}
    also = [spec._asdict() for spec in found.also]
    return header | {name: getattr(found, name) for name in names} | {"also": also}, {}


def compared(found: Compressibility | None) -> Frame:
    """A row for each block, the most compressible first; none for None."""
    rows = []
    for layer, curve in ({} if found is None else found.curves).items():
        kept = found.kept(layer) if found is not None else None
        point = kept or curve.points[-1]
        names = ("rank", "change", "change_low", "change_high", "evaluated", "total")
        rank, change, low, high, evaluated, total = (getattr(point, name) for name in names)
        row = {"layer": layer, "rank": rank, "kept": kept is not None, "change": change, "low": low, "high": high}
        rows.append(row | {"full": found.dimensions[layer] if found else 0, "evaluated": evaluated, "total": total})
    return {"kind": "compared", "rows": rows, "tolerated": 0.0 if found is None else found.tolerated}, {}
