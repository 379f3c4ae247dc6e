"""A layer's samples as points in the plane: PCA at once, t-SNE and UMAP step by step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np

from innerview.analysis.layouts.align import procrustes
from innerview.analysis.layouts.embedding_cost import neighbours_needed
from innerview.analysis.layouts.tsne import tsne
from innerview.analysis.layouts.umap_layout import umap_layout
from innerview.analysis.projections.pca import fitting_pca
from innerview.errors import DataError
from innerview.jobs.progress import finish, relay, silent
from innerview.study.representations import SAMPLES, Pool, Representation, representing

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from innerview.analysis.layouts.watched import Picture
    from innerview.jobs.worker import Job
    from innerview.study.subject import Subject

Method = Literal["pca", "tsne", "umap"]
METHODS: tuple[str, ...] = get_args(Method)
NAMES = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
_FEWEST = 3  # samples that make a picture


class Places(NamedTuple):
    """The positions of some samples in a picture, ``[N, 2]`` or ``[N, 3]``, and their indices, int64 ``[N]``."""

    points: np.ndarray
    indices: np.ndarray

    @property
    def places(self) -> Places:
        """Itself: an embedding has places too."""
        return self

    @property
    def digest(self) -> int:
        """A number that tells these places from others."""
        return hash((self.points.shape, self.points.tobytes(), self.indices.tobytes()))


@dataclass(frozen=True, eq=False)
class Embedding:
    """The samples of a layer as points.

    Attributes:
        points: float32 ``[N, 2]`` or ``[N, 3]``; float64 if turned onto another embedding.
        labels: int64 ``[N]``, -1 where none is known; None when the data has no labels.
        indices: int64 ``[N]``: the sample of each point.
        layer: name of the layer.
        method: "pca", "tsne" or "umap".
        note: how the vectors were made, a sentence for the reader.
        representation: the vectors that were embedded.
        stage: how far the computation has come; empty at its end.
        fraction: of the computation done, 0 to 1; None while unknown.
    """

    points: np.ndarray
    labels: np.ndarray | None
    indices: np.ndarray
    layer: str
    method: str
    note: str
    representation: Representation
    stage: str = ""
    fraction: float | None = 1.0

    @property
    def places(self) -> Places:
        """The points and their samples, without the vectors."""
        return Places(self.points, self.indices)

    def to_frame(self) -> Any:
        """A pandas DataFrame with one row a sample: x, y (and z), and the label where there is one."""
        import pandas as pd  # noqa: PLC0415 - slow to import

        table = pd.DataFrame(self.points, columns=list("xyz"[: self.points.shape[1]]))
        table.index = pd.Index(self.indices, name="sample")
        if self.labels is not None:
            table["label"] = self.labels
        return table


def embedding(  # noqa: C901 - the stages of one picture
    subject: Subject,
    layer: str,
    method: str = "pca",
    *,
    dimensions: int = 2,
    pool: Pool = "all",
    samples: int | Sequence[int] | None = SAMPLES,
    correct_only: bool = False,
    perplexity: float = 30.0,
    neighbours: int = 15,
    distance: float = 0.1,
    seed: int = 0,
    onto: Embedding | Places | None = None,
    reuse: bool = False,
    job: Job | None = None,
) -> Generator[Embedding | None, None, Embedding]:
    """A layer's samples as points in the plane, or in space.

    Args:
        subject: whose model and data are used.
        layer: a name in ``subject.layers``.
        method: "pca", "tsne" or "umap".
        dimensions: 2 or 3.
        pool: how an activation becomes a vector; "all" elements, the "mean" of each channel, or the number of a token.
        samples: how many, or which ones; None: all.
        correct_only: only samples that the model gets right.
        perplexity: t-SNE's; lowered when there are too few samples for it.
        neighbours: UMAP's ``n_neighbors``.
        distance: UMAP's ``min_dist``.
        seed: for everything that is drawn at random; the same seed gives the same points.
        onto: an embedding, or its places, to start from and to turn the points onto, so that only real differences
            move.
        reuse: take points that are known for these settings wherever they began, and only turn them.
        job: told the fraction done.

    Yields:
        The points as they come into place, or None.

    Raises:
        UnknownLayerError, UnseenLayerError: no such layer, or its output cannot be seen.
        ForwardError: the model rejects a batch.
        DataError: an unknown method, a setting out of its range, or fewer than three samples.
    """
    check_picture(method, dimensions)

    def shown(vectors: Representation, how: str, points: np.ndarray, stage: str, fraction: float | None) -> Embedding:
        return Embedding(
            np.ascontiguousarray(_turned(points, vectors.indices, onto)),
            None if subject.data.labels is None else subject.data.labels[vectors.indices],
            vectors.indices,
            layer,
            how,
            vectors.note,
            vectors,
            stage,
            fraction,
        )

    def preview(part: Representation | None) -> Embedding | None:
        if part is None:
            return None
        stage = f"the first {len(part.indices):,} samples, by PCA"
        return shown(part, "pca", finish(_plane(part, dimensions, seed)), stage, None if job is None else job.fraction)

    vectors = yield from relay(
        representing(subject, layer, pool=pool, samples=samples, correct_only=correct_only, seed=seed, job=job),
        preview,
    )
    count = len(vectors.indices)
    if count < _FEWEST:
        raise DataError(f"{count} samples are too few for a picture of {layer!r}: at least {_FEWEST} are needed")
    options, note = _options(
        method, count, dimensions, seed, perplexity=perplexity, neighbours=neighbours, distance=distance
    )
    alike = bool((vectors.vectors == vectors.vectors[0]).all())
    if alike:
        note += f"; all {count:,} samples have the same activations here, so all points are in one place"
    # PCA has no starting points, so its picture does not depend on what it is turned onto.
    begun = None if onto is None or method == "pca" else onto.places.digest
    key = (method, *options.values())
    points = vectors.pictures.get((*key, begun))
    if points is None and reuse:
        points = next((known for (*settings, _), known in vectors.pictures.items() if (*settings,) == key), None)
    if points is None:
        plane = yield from _plane(vectors, dimensions, seed)
        if method == "pca" or alike:
            points = plane
        else:
            yield shown(vectors, "pca", plane, "finding neighbours", None)
            start = onto.points if onto is not None and _same_samples(onto, vectors, dimensions) else None
            if start is None and method == "tsne":
                start = plane
            points = yield from relay(
                _optimising(vectors, method, start, options, job),
                lambda step: None if step is None else shown(vectors, method, *step),
            )
        vectors.pictures[(*key, begun)] = points
    made = shown(vectors, method, points, "", 1.0)
    if begun is not None:
        # Asked for again and begun where it has ended, it stays where it is.
        vectors.pictures[(*key, made.places.digest)] = points
    subject.cache.trim()
    return replace(made, note=made.note + note)


def is_known(vectors: Representation, method: str, dimensions: int, seed: int, **sizes: float) -> bool:
    """Tell whether a picture of these vectors is there already: by PCA always, else by just these settings.

    The settings are those of ``embedding``; ``sizes`` are ``perplexity``, ``neighbours`` and ``distance``.
    """
    if method == "pca":
        return True
    options, _ = _options(method, len(vectors.indices), dimensions, seed, **sizes)
    return any(key[:-1] == (method, *options.values()) for key in vectors.pictures)


def _options(
    method: str, count: int, dimensions: int, seed: int, *, perplexity: float, neighbours: float, distance: float
) -> tuple[dict[str, Any], str]:
    """The arguments of a method for so many samples, and a note where they differ from those asked for."""
    note = ""
    largest = (count - 1) // 3
    if method == "tsne" and perplexity > largest >= 1:
        perplexity = largest
        note = f"; perplexity lowered to {perplexity:g}, the most for {count:,} samples"
    options = {"dimensions": dimensions, "seed": seed} | {
        "pca": {},
        "tsne": {"perplexity": perplexity},
        "umap": {"n_neighbors": min(int(neighbours), count - 1), "min_dist": distance},
    }[method]
    return options, note


def embedding_steps(
    subjects: Mapping[str, Subject],
    layer: str,
    method: str = "pca",
    *,
    onto: Embedding | Places | None = None,
    **options: Any,
) -> Generator[None, None, dict[str, Embedding]]:
    """``embed`` of each checkpoint and of the model itself, each started from and turned onto the one before.

    The arguments are those of ``embed``; ``onto`` is what the first one is turned onto.

    Returns:
        An Embedding for each label, oldest first; under "now" the model itself where it has changed since the last
        checkpoint.
    """
    made: dict[str, Embedding] = {}
    for label, subject in subjects.items():
        onto = made[label] = yield from silent(embedding(subject, layer, method, onto=onto, **options))
    return made


def _optimising(
    vectors: Representation, method: str, start: np.ndarray | None, options: dict[str, Any], job: Job | None
) -> Generator[tuple[np.ndarray, str, float] | None, None, np.ndarray]:
    """Find neighbours, then positions; yields the points, stage and fraction done of each step worth showing."""

    def done(fraction: float) -> None:
        if job is not None:
            job.fraction = fraction

    def step(picture: Picture | None) -> tuple[np.ndarray, str, float] | None:
        if picture is None:
            return None
        fraction = picture.iteration / max(1, picture.iterations)
        done(fraction)
        return picture.points, f"{NAMES[method]}: iteration {picture.iteration} of {picture.iterations}", fraction

    # One search serves t-SNE, UMAP and the quality scores of this representation.
    sizes = {name: options[name] for name in ("perplexity", "n_neighbors") if name in options}
    k = neighbours_needed(method, len(vectors.indices), **sizes)
    found = yield from relay(vectors.finding_neighbours(k), done)
    if method == "tsne":
        work = tsne(found, start=start, **options)
    else:
        work = umap_layout(found, start=start, vectors=vectors.vectors.numpy(), **options)
    return (yield from relay(work, step))


def _same_samples(onto: Embedding | Places, vectors: Representation, dimensions: int) -> bool:
    return onto.points.shape[1] == dimensions and np.array_equal(onto.indices, vectors.indices)


def _plane(vectors: Representation, dimensions: int, seed: int) -> Generator[None, None, np.ndarray]:
    """The coordinates along the first principal components, ``[N, dimensions]``."""
    rank = min(dimensions, *vectors.vectors.shape)
    fitted = yield from fitting_pca(vectors.vectors, rank, seed=seed)
    points = fitted.coordinates(vectors.vectors).cpu().numpy()
    return np.pad(points, ((0, 0), (0, dimensions - rank)))


def _turned(points: np.ndarray, indices: np.ndarray, onto: Embedding | Places | None) -> np.ndarray:
    """The points as near as they come to those of the same samples in another embedding."""
    if onto is None or onto.points.shape[1] != points.shape[1]:
        return points
    _, mine, theirs = np.intersect1d(indices, onto.indices, assume_unique=True, return_indices=True)
    return procrustes(points, onto.points, rows=mine, onto_rows=theirs) if len(mine) else points


def check_picture(method: str, dimensions: int) -> None:
    """Raise DataError for a method or a number of dimensions that no picture has."""
    if method not in METHODS:
        raise DataError(f"there is no embedding method {method!r}; use one of {', '.join(map(repr, METHODS))}")
    if dimensions not in (2, 3):
        raise DataError(f"dimensions={dimensions!r}: a picture has 2 or 3 dimensions")
