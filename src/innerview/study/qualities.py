"""The quality of a layer's representation, in its own space and as a picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from innerview.analysis.spaces.quality import EmbeddingQuality, measuring_quality
from innerview.analysis.spaces.trustworthiness import measuring_trustworthiness
from innerview.errors import DataError, InnerviewError
from innerview.jobs.progress import relay, silent
from innerview.study.embeddings import embedding
from innerview.study.representations import SAMPLES, Pool, representing

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from innerview.jobs.worker import Job
    from innerview.study.subject import Subject

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


def quality(
    subject: Subject,
    layer: str,
    method: str | None = None,
    k: int = 10,
    *,
    dimensions: int = 2,
    pool: Pool = "all",
    samples: int | Sequence[int] | None = SAMPLES,
    correct_only: bool = False,
    perplexity: float = 30.0,
    neighbours: int = 15,
    distance: float = 0.1,
    seed: int = 0,
    job: Job | None = None,
) -> Generator[None, None, EmbeddingQuality]:
    """Score a layer's samples by their labels; those without a label are left out.

    With ``method`` None the vectors are scored in the layer's own space; with "pca", "tsne" or "umap" their picture is,
    together with its trustworthiness: whether neighbours in the picture are neighbours in the layer's own space. ``k``
    neighbours vote. The other arguments are those of ``embed``.

    Raises:
        DataError: no sample has a label, or there are too few for k.
        UnknownLayerError, UnseenLayerError, ForwardError: as ``embed``.
    """
    if subject.data.labels is None:
        raise DataError("the quality of a representation is measured by its classes, and this data has no labels")
    drawn: dict[str, Any] = {"pool": pool, "samples": samples, "correct_only": correct_only, "seed": seed, "job": job}
    if method is None:
        vectors = yield from silent(representing(subject, layer, **drawn))
        points: Any = vectors.vectors
    else:
        how = {"dimensions": dimensions, "perplexity": perplexity, "neighbours": neighbours, "distance": distance}
        picture = yield from silent(embedding(subject, layer, method, **drawn, **how))
        vectors, points = picture.representation, picture.points
    labels = subject.data.labels[vectors.indices]
    known = labels >= 0
    if not known.any():
        raise DataError(
            f"none of these {len(labels):,} samples has a label, and the quality is measured by the classes"
        )
    found = None
    if method is None and known.all():
        found = yield from silent(vectors.finding_neighbours(k))
        subject.cache.trim()
    measured = yield from silent(
        measuring_quality(points if known.all() else points[known], labels[known], k, neighbours=found)
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
        quality: the measures; None where nothing could be measured.
        note: a sentence on how the vectors were made, or why nothing could be measured.
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


class TableProgress(NamedTuple):
    """The progress of a table: a label of what is being measured, and the fraction done."""

    label: str
    fraction: float


def leaves(subject: Subject) -> list[str]:
    """The layers without layers inside them whose output can be seen, in execution order."""
    rows = [row for row in subject.layers.values() if row.shape is not None and row.size]
    parents = {row.path.rsplit(".", depth)[0] for row in rows for depth in range(1, row.depth + 1)}
    return [row.name for row in rows if row.path not in parents]


def measuring_table(
    subject: Subject,
    layers: Sequence[str] | None = None,
    methods: Sequence[str | None] = (None, "pca"),
    k: int = 10,
    *,
    baseline: Subject | None = None,
    **options: Any,
) -> Generator[Row | TableProgress, None, list[Row]]:
    """Measure layers, in the model and in its baseline, in their own space and in pictures of it.

    When ``layers`` is None, all without layers inside are measured; a method of None stands for the layer's own space,
    and ``baseline`` is another model to measure. The other arguments are those of ``quality``.

    Yields:
        A Row when one is done, and a TableProgress now and then.

    Returns:
        All rows. A layer that cannot be measured has a row that says why.
    """
    names = leaves(subject) if layers is None else list(layers)
    models = [(subject, "")]
    if baseline is not None:
        models = [(subject, "trained"), (baseline, "untrained")]
    wanted = [(layer, one, model, method) for layer in names for one, model in models for method in methods]
    rows = []
    for number, (layer, one, model, method) in enumerate(wanted):
        space = method or "own space"
        step = TableProgress(f"{layer}{f', {model}' if model else ''}, {space}", number / len(wanted))
        yield step
        try:
            measured = yield from relay(quality(one, layer, method, k, **options), lambda _, step=step: step)
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
