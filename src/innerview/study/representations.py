"""A layer's activations over many samples, as one vector a sample."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from innerview.analysis.projections.sketch import Sketch
from innerview.analysis.spaces.neighbours import Neighbours, finding_neighbours
from innerview.analysis.statistics.vanished import vanished
from innerview.data.indices import sample_indices
from innerview.errors import DataError, UnseenLayerError
from innerview.study.predicting import predicting
from innerview.study.sweep import Means, Swept, check_real, sweep, sweep_means

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from torch import Tensor

    from innerview.analysis.projections.pca import PCA
    from innerview.jobs.worker import Job
    from innerview.study.subject import Subject

Pool = Literal["all", "mean"] | int

SAMPLES = 2000  # unless asked for more: what a first look at a data set needs, in seconds
MOST_ELEMENTS = 4096  # of one vector; longer ones are reduced
_SKETCHED = 2048  # elements of a vector that was reduced: squared lengths keep to about sqrt(2 / 2048) = 3 %
_FIRST_LOOK, _LOOK_AGAIN = 0.25, 2.0  # seconds until the first part is shown; how many times as many samples next


@dataclass(eq=False)
class Representation:
    """A layer's activations for N samples, as points in the layer's own space.

    Attributes:
        layer: name of the layer.
        indices: int64 ``[N]``: the sample of each vector, in the order in which they were visited, which is random.
        vectors: float32 ``[N, D]`` on the CPU; a memory-mapped file where they exceed the memory budget.
        elements: of one activation, before it was pooled or reduced.
        excluded: int64: samples left out because their activation is not finite.
        note: a sentence for the reader on how the vectors were made.
        in_file: whether the vectors are in a file.
        pictures: points computed from them, by method, settings and what they were turned onto.
        components: the sample left out of the first half of them, and the principal components of that half.
    """

    layer: str
    indices: np.ndarray
    vectors: Tensor
    elements: int
    excluded: np.ndarray
    note: str
    in_file: bool = False
    pictures: dict[tuple[Any, ...], np.ndarray] = field(default_factory=dict, repr=False)
    components: tuple[int | None, PCA] | None = field(default=None, repr=False)
    _neighbours: Neighbours | None = field(default=None, repr=False)

    @property
    def nbytes(self) -> int:
        """Bytes of memory that this takes, with the results computed from it; vectors in a file take none."""
        parts = [self.indices, self.excluded, *self.pictures.values()]
        if self._neighbours is not None:
            parts += self._neighbours
        tensors = [] if self.in_file else [self.vectors]
        if self.components is not None:
            tensors += [value for value in vars(self.components[1]).values() if isinstance(value, torch.Tensor)]
        return sum(part.nbytes for part in parts) + sum(tensor.nbytes for tensor in tensors)

    def finding_neighbours(self, k: int) -> Generator[float, None, Neighbours]:
        """The k nearest neighbours of every vector; computed once and shared by all that ask. Yields the fraction done.

        Raises:
            DataError: k is not smaller than the number of vectors.
        """
        known = self._neighbours
        if known is None or known.indices.shape[1] < k:
            known = yield from finding_neighbours(self.vectors, k)
            self._neighbours = known
        return Neighbours(known.indices[:, :k], known.distances[:, :k])


def representing(
    subject: Subject,
    layer: str,
    *,
    pool: Pool = "all",
    samples: int | Sequence[int] | None = SAMPLES,
    correct_only: bool = False,
    seed: int = 0,
    job: Job | None = None,
) -> Generator[Representation | None, None, Representation]:
    """A layer's activations as vectors, one a sample.

    Args:
        subject: whose model and data are used.
        layer: a name in ``subject.layers``.
        pool: "all": every element; "mean": each channel's mean over its positions; a number: that token.
        samples: how many, drawn at random; or which ones; None: all.
        correct_only: leave out samples that the model gets wrong; predicts first those not predicted yet.
        seed: for the draw, and for the random projection.
        job: told the fraction done.

    Yields:
        Now and then the representation of the samples seen so far, else None.

    Raises:
        UnknownLayerError, UnseenLayerError: no such layer, its output cannot be seen, or varies in shape.
        DataError: no labels for ``correct_only``, no such token, or no finite activation at all.
        ForwardError: the model rejects a batch.
    """
    chosen = yield from _choose(subject, samples, correct_only=correct_only, seed=seed, job=job)
    key = (layer, pool, seed, chosen.tobytes(), subject.state)
    known: Representation | None = subject.cache.get(key)
    if known is not None:
        return known
    making = _Making(subject, layer, pool, len(chosen), seed)
    begun, next_look = time.perf_counter(), 0
    visit = sweep_means if pool == "mean" else sweep
    for found in visit(subject, layer, chosen.tolist(), job):
        part = found.part
        making.add(chosen[part.start : part.stop], found)
        if making.count >= max(next_look, 3) and time.perf_counter() - begun > _FIRST_LOOK and part.stop < len(chosen):
            next_look = int(making.count * _LOOK_AGAIN)
            yield making.made()
        else:
            yield None
    made = making.made()
    if not making.count:
        raise DataError(f"no sample has finite activations in {layer!r}: all {len(chosen)} have NaN or infinite values")
    subject.cache.put(key, made)
    return made


def _choose(
    subject: Subject, samples: int | Sequence[int] | None, *, correct_only: bool, seed: int, job: Job | None
) -> Generator[None, None, np.ndarray]:
    """Choose samples, in their visiting order, so that the first of them stand for all."""
    total = len(subject.data)
    if samples is None or isinstance(samples, (int, np.integer)):
        if samples is not None and samples < 1:
            raise DataError(f"samples={samples}: at least one sample is needed, or None for all")
        candidates = subject.data.order(seed)
    else:
        candidates = sample_indices(samples, total)
    if correct_only:
        if subject.data.labels is None:
            raise DataError("only samples with labels can be told correct from wrong; this data has no labels")
        for _ in predicting(subject, job):
            yield None
        candidates = candidates[subject.predictions.correct[candidates] == 1]
        if not len(candidates):
            raise DataError(
                "the model gets none of these samples right, so there are none left; use correct_only=False"
            )
    return candidates[:samples] if isinstance(samples, (int, np.integer)) else candidates


class _Making:
    """Vectors under way: pools, reduces and stores the activations that come in."""

    def __init__(self, subject: Subject, layer: str, pool: Pool, samples: int, seed: int) -> None:
        self.subject, self.layer, self.pool, self.samples, self.seed = subject, layer, pool, samples, seed
        self.count = 0
        self.elements = 0
        self._largest = 0.0
        self._size = subject.layers[layer].size or 0
        self._in_file = self._padded = False
        self._note = ""
        self._sketch: Sketch | None = None
        self._vectors: Tensor | None = None
        self._indices = np.empty(samples, np.int64)
        self._excluded: list[np.ndarray] = []

    def add(self, indices: np.ndarray, found: Swept | Means) -> None:
        """Take the activations of some samples."""
        vectors = self._pooled(found) if isinstance(found, Swept) else found.values
        self._padded = self._padded or found.padded
        finite = torch.isfinite(vectors).all(1)
        if self._vectors is None:
            self.elements = prod(found.values.shape[1:]) if isinstance(found, Swept) else self._size
            self._begin(vectors.shape[1])
        if vectors.shape[1] != self._width:
            raise UnseenLayerError(
                f"{self.layer!r} returns vectors of {self._width:,} elements for some samples and of "
                f"{vectors.shape[1]:,} for others, which cannot be compared; pool='mean' may help"
            )
        kept = finite.cpu().numpy()
        if not kept.all():
            vectors = vectors[finite]
            self._excluded.append(indices[~kept])
            indices = indices[kept]
        if self._sketch is not None:
            vectors = self._sketch.apply(vectors)
        if len(indices):
            self._largest = max(self._largest, float(vectors.abs().amax()))
        stop = self.count + len(indices)
        assert self._vectors is not None  # noqa: S101 - for the type checker; _begin has just made it
        self._vectors[self.count : stop] = vectors.cpu()
        self._indices[self.count : stop] = indices
        self.count = stop

    def made(self) -> Representation:
        """The representation of the samples taken so far."""
        excluded = np.sort(np.concatenate(self._excluded)) if self._excluded else np.empty(0, np.int64)
        note = "; ".join(filter(None, [self._note, self.subject.note]))
        if self._padded:
            note += "; padding is left out"
        if self.count and (gone := vanished(self._largest)):
            note += f"; {gone}"
        if len(excluded):
            note += f"; {len(excluded):,} samples with NaN or infinite values are left out"
        vectors = (
            torch.empty(0, 0, dtype=torch.float32, device="cpu")
            if self._vectors is None
            else self._vectors[: self.count]
        )
        return Representation(
            self.layer, self._indices[: self.count], vectors, self.elements, excluded, note, self._in_file
        )

    def _begin(self, width: int) -> None:
        self._width = width
        what = {"all": f"all {width:,} elements", "mean": f"the means of {width:,} channels"}
        self._note = what.get(str(self.pool), f"the {width:,} features of token {self.pool}")
        if width > MOST_ELEMENTS:
            self._sketch = Sketch(width, _SKETCHED, self.seed)
            self._note += f", reduced to {_SKETCHED:,} by a random projection"
            width = _SKETCHED
        size = self.samples * width * 4
        if size > self.subject.cache.budget:
            # The file has no name, so nothing is left behind when the vectors are freed.
            with tempfile.TemporaryFile(prefix="innerview-") as file:
                mapped = np.memmap(file, np.float32, "w+", shape=(self.samples, width))
            self._vectors = torch.from_numpy(mapped)
            self._note += "; kept in a file"
            self._in_file = True
        else:
            self._vectors = torch.empty(self.samples, width, dtype=torch.float32, device="cpu")

    def _pooled(self, found: Swept) -> Tensor:
        """``[n, D]`` float32 on the model's device; padding counts as zero."""
        check_real(self.layer, found.values)
        values, counts = found.unpadded.float(), found.counts
        if self.pool == "all" or values.ndim < 2:  # noqa: PLR2004 - the samples and one axis more
            return values.reshape(len(values), -1)
        layout = self.subject.axes.layout(self.layer, tuple(values.shape[1:]))
        channel = layout.channel_axis + 1
        if not isinstance(self.pool, int):
            raise DataError(f"pool={self.pool!r}: use 'all', 'mean' or the number of a token")
        if layout.kind != "tokens" and not layout.foldable:
            raise DataError(f"{self.layer!r} has no tokens to choose token {self.pool} from; use pool='mean' or 'all'")
        tokens = values.movedim(channel, -1)
        if not -tokens.shape[1] <= self.pool < tokens.shape[1]:
            raise DataError(f"{self.layer!r} has no token {self.pool}: its tokens are 0 to {tokens.shape[1] - 1}")
        if counts is None or self.pool >= 0:
            return tokens[:, self.pool]
        # Counted from the end: of a padded text its last words, not the padding after them.
        last = counts.flatten(1).shape[1] - counts.flatten(1).flip(1).int().argmax(1)
        return tokens[
            torch.arange(len(tokens), dtype=torch.int64, device=tokens.device), (last + self.pool).clamp(min=0)
        ]
