"""How good a layer's representation is, in its own space and as a picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from innerview.analysis.spaces.quality import EmbeddingQuality, measuring_quality
from innerview.analysis.spaces.trustworthiness import measuring_trustworthiness
from innerview.errors import DataError, InnerviewError
from innerview.jobs.progress import relay, silent
from innerview.study.embeddings import embedding
from innerview.study.representations import representing

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from innerview.session.inspector import Inspector

MEASURES = (
    "samples",
    "same_class",
    "different_class",
    "to_centroid",
    "between_centroids",
    "knn_accuracy",
    "leave_one_out",
    "trustworthiness",
)
_TRUST_SAMPLE = 2000  # points whose neighbours are looked up in both spaces; their ranks are among all points
_OPTIONS = ("pool", "samples", "correct_only", "seed", "job")


def quality(
    inspector: Inspector, layer: str, method: str | None = None, *, k: int = 10, bootstrap: int = 0, **options: Any
) -> Generator[None, None, EmbeddingQuality]:
    """Score a layer's samples by their labels; those without a label are left out.

    Args:
        inspector: whose model and data are used.
        layer: a name in ``inspector.layers``.
        method: None scores the vectors in the layer's own space; "pca", "tsne" or "umap" their picture, together with
            its trustworthiness: whether neighbours in the picture are neighbours in the layer's own space.
        k: neighbours that vote.
        bootstrap: how often the samples are drawn again for intervals; 0: no intervals.
        options: as for ``embeddings.embedding``.

    Yields:
        None, now and then.

    Raises:
        DataError: no sample has a label, or there are too few for k.
        UnknownLayerError, UnseenLayerError, ForwardError: as ``embedding``.
    """
    if inspector.data.labels is None:
        raise DataError("the quality of a representation is told by its classes, and this data has no labels")
    if method is None:
        vectors = yield from silent(
            representing(inspector, layer, **{name: options[name] for name in _OPTIONS if name in options})
        )
        points: Any = vectors.vectors
    else:
        picture = yield from silent(embedding(inspector, layer, method, **options))
        vectors, points = picture.representation, picture.points
    labels = inspector.data.labels[vectors.indices]
    known = labels >= 0
    if not known.any():
        raise DataError(f"none of these {len(labels):,} samples has a label, and the quality is told by the classes")
    neighbours = None
    if method is None and known.all():
        neighbours = yield from silent(vectors.finding_neighbours(k))
    measured = yield from silent(
        measuring_quality(
            points if known.all() else points[known], labels[known], k, neighbours=neighbours, bootstrap=bootstrap
        )
    )
    if not known.all():
        left_out = f"{(~known).sum():,} samples without a label left out"
        measured = replace(measured, note="; ".join(filter(None, [measured.note, left_out])))
    if method is None:
        return measured
    if 2 * k >= len(points):
        return replace(measured, note="; ".join(filter(None, [measured.note, f"too few points for k={k}"])))
    trust = yield from silent(measuring_trustworthiness(vectors.vectors, points, k, sample=_TRUST_SAMPLE))
    return replace(measured, trustworthiness=trust)


@dataclass(frozen=True)
class Row:
    """One line of the table of qualities.

    Attributes:
        layer: name of the layer.
        model: "" or, beside a baseline, "trained" and "untrained".
        space: "own space", "pca", "tsne" or "umap".
        quality: what was measured.
        note: how the vectors were made, or why nothing could be measured.
    """

    layer: str
    model: str
    space: str
    quality: EmbeddingQuality | None
    note: str

    def measures(self) -> dict[str, float | None]:
        """The numbers by name, in the order of the table."""
        found = self.quality
        if found is None:
            return dict.fromkeys(MEASURES)
        return {name: found.n if name == "samples" else getattr(found, name) for name in MEASURES}


class Step(NamedTuple):
    """Progress of a table: what is being measured, and the fraction done."""

    label: str
    fraction: float


def leaves(inspector: Inspector) -> list[str]:
    """The layers without layers inside them whose output can be seen, in execution order."""
    rows = [row for row in inspector.layers.values() if row.shape is not None and row.size]
    parents = {row.path.rsplit(".", depth)[0] for row in rows for depth in range(1, row.depth + 1)}
    return [row.name for row in rows if row.path not in parents]


def measuring_table(
    inspector: Inspector,
    layers: Sequence[str] | None = None,
    methods: Sequence[str | None] = (None, "pca"),
    *,
    k: int = 10,
    **options: Any,
) -> Generator[Row | Step, None, list[Row]]:
    """Measure layers, in the model and in its baseline, in their own space and in pictures of it.

    Args:
        inspector: whose model and baseline are measured.
        layers: names in ``inspector.layers``; all that have no layers inside when None.
        methods: None for the own space, "pca", "tsne", "umap".
        k: as for ``quality``.
        options: likewise.

    Yields:
        A Row when one is done, and a Step now and then.

    Returns:
        All rows. A layer that cannot be measured has a row that says why.
    """
    names = leaves(inspector) if layers is None else list(layers)
    models = [(inspector, "")]
    if inspector.baseline is not None:
        models = [(inspector, "trained"), (inspector.baseline, "untrained")]
    wanted = [(layer, one, model, method) for layer in names for one, model in models for method in methods]
    options.setdefault("samples", inspector.sample_size)
    rows = []
    for number, (layer, one, model, method) in enumerate(wanted):
        space = method or "own space"
        step = Step(f"{layer}{f', {model}' if model else ''}, {space}", number / len(wanted))
        yield step
        try:
            measured = yield from relay(quality(one, layer, method, k=k, **options), lambda _, step=step: step)
            rows.append(Row(layer, model, space, measured, measured.note))
        except InnerviewError as error:
            rows.append(Row(layer, model, space, None, str(error)))
        yield rows[-1]
    return rows


def table(rows: Sequence[Row]) -> Any:
    """Rows as a pandas DataFrame, indexed by layer, model and space."""
    import pandas as pd  # noqa: PLC0415 - slow to import

    lines = [{"layer": row.layer, "model": row.model, "space": row.space} | row.measures() for row in rows]
    return pd.DataFrame(lines, columns=["layer", "model", "space", *MEASURES]).set_index(["layer", "model", "space"])
