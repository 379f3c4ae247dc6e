"""Which block of a model can be compressed most: every block at equal parts of its full rank."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Any

from innerview.analysis.projections.projection import FLOAT_BITS
from innerview.analysis.projections.ranks import rising
from innerview.errors import DataError
from innerview.jobs.progress import Portion, silent
from innerview.model.blocks import blocks_of
from innerview.study.compression_results import curve_of
from innerview.study.compressions import check_goal, compressing
from innerview.study.fitting_together import fitting_together
from innerview.study.projections import FITTED_ON

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from innerview.jobs.worker import Job
    from innerview.study.compression_results import AccuracyCurve, Compression
    from innerview.study.subject import Subject

FRACTIONS = (1 / 16, 1 / 8, 1 / 4, 1 / 2)
# Of a comparison; the curve of one block is finer. Of the 64 samples that may decide, one is more than a point.
_WITHIN, _TOLERATED = 0.06, 0.02
_FITTING = 0.2  # of the time, about


@dataclass(frozen=True, eq=False)
class Compressibility:
    """Blocks at equal parts of their full rank, the most compressible first.

    Attributes:
        curves: by the block's name an AccuracyCurve, in order of the smallest part of the full rank that keeps the
            accuracy, then of the mean change.
        dimensions: by name, the full rank.
        tolerated: the loss of accuracy that counts as none, as a share.
    """

    curves: dict[str, AccuracyCurve]
    dimensions: dict[str, int]
    tolerated: float

    @classmethod
    def of(
        cls, curves: Mapping[str, AccuracyCurve], dimensions: Mapping[str, int], tolerated: float
    ) -> Compressibility:
        """Put blocks in order."""

        def place(layer: str) -> tuple[float, float]:
            curve, full = curves[layer], dimensions[layer]
            counts = [point.paired.samples for point in curve.points if point.paired]
            kept = curve.smallest_rank(tolerated)
            return 1.0 if kept is None else kept / full, -float(rising(curve.change, counts).mean())

        order = sorted(curves, key=place)
        return cls({layer: curves[layer] for layer in order}, {layer: dimensions[layer] for layer in order}, tolerated)

    def kept(self, layer: str) -> Compression | None:
        """A block at the smallest rank evaluated that keeps the accuracy; None where none does."""
        curve = self.curves[layer]
        rank = curve.smallest_rank(self.tolerated)
        return next((point for point in curve.points if point.rank == rank), None)

    def to_frame(self) -> Any:
        """A pandas DataFrame with one row a block, the most compressible first.

        ``dimensions``, the full rank; ``rank``, the smallest one evaluated that keeps the accuracy to within the loss
        tolerated, and ``part`` of the full rank that it is (missing where none does); ``change`` of the accuracy there
        with ``low`` and ``high``, the bounds of its 95 % interval, ``evaluated`` samples ``of`` so many; then the
        change at every rank, by its part of the full one, such as "1/8", and of how many samples ("1/8 evaluated").
        """
        import pandas as pd  # noqa: PLC0415 - slow to import

        rows: list[dict[str, Any]] = []
        for layer, curve in self.curves.items():
            full, rank = self.dimensions[layer], curve.smallest_rank(self.tolerated)
            row: dict[str, Any] = {"layer": layer, "dimensions": full, "rank": rank}
            row["part"] = None if rank is None else rank / full
            kept = self.kept(layer)
            names = {"change": "change", "low": "change_low", "high": "change_high", "evaluated": "evaluated"}
            row |= {name: None if kept is None else getattr(kept, of) for name, of in names.items()}
            row["of"] = curve.points[0].total
            for point in curve.points:
                part = _part(point.rank, full)
                row |= {part: point.change, f"{part} evaluated": point.evaluated}
            rows.append(row)
        table = pd.DataFrame(rows).set_index("layer")
        whole = ["rank", "evaluated", *(name for name in table if str(name).endswith(" evaluated"))]
        return table.astype(dict.fromkeys(whole, "Int64"))


def comparing(
    subject: Subject,
    layers: Sequence[str] | None = None,
    fractions: Sequence[float] = FRACTIONS,
    basis: str = "pca",
    axis: str = "channels",
    *,
    within: float | None = _WITHIN,
    tolerated: float = _TOLERATED,
    samples: int | None = None,
    fit: Any = None,
    fit_samples: int = FITTED_ON,
    seed: int = 0,
    job: Job | None = None,
) -> Generator[Compressibility | None, None, Compressibility]:
    """Compress every block at equal parts of its full rank, one block at a time, and tell which can be compressed most.

    Each rank is evaluated as ``accuracy_curve`` does it, and what was evaluated before is not evaluated again.

    Args:
        subject: whose model and data are used.
        layers: names in ``subject.layers``; None: the blocks that the model is made of, see
            ``innerview.model.blocks.blocks_of``.
        fractions: parts of the full rank, each above 0 and up to 1.
        basis: of the projection; see ``innerview.fit_projection``.
        axis: of the projection; see ``innerview.fit_projection``.
        within: as for ``accuracy_curve``; wider, as many blocks are compared.
        tolerated: as for ``accuracy_curve``.
        samples: as for ``accuracy_curve``.
        fit: as for ``accuracy_curve``.
        fit_samples: as for ``accuracy_curve``.
        seed: as for ``accuracy_curve``.
        job: told the fraction done.

    Yields:
        After each block those so far; None in between.

    Returns:
        A Compressibility; ``.to_frame()`` is its table.

    Raises:
        UnknownLayerError, UnseenLayerError: no such layer, or its output is not made of floating point numbers.
        DataError: no blocks, a fraction out of range, or as for ``accuracy_curve``.
        InnerviewError: the model is not a classifier, or it was changed meanwhile.
        ForwardError: the model rejects a batch.
    """
    parts = sorted(set(fractions))
    if not parts or not 0 < parts[0] <= parts[-1] <= 1:
        raise DataError(f"fractions={list(fractions)}: parts of the full rank, each above 0 and up to 1")
    check_goal(within, tolerated)
    names = blocks_of(subject.layers) if layers is None else list(dict.fromkeys(layers))
    if not names:
        raise DataError(f"layers={layers}: there is no block to compress; name some of inspector.layers")
    dimensions = {layer: full_rank(subject, layer, basis, axis) for layer in names}
    ranks = {layer: [max(1, round(part * dimensions[layer])) for part in parts] for layer in names}
    options = {"fit": fit, "fit_samples": fit_samples, "seed": seed}
    fitted = None if job is None else Portion(job, 0.0, _FITTING)
    highest = {layer: some[-1] for layer, some in ranks.items()}
    yield from fitting_together(subject, highest, basis, axis, job=fitted, **options)
    step = (1 - _FITTING) / len(names)
    curves: dict[str, AccuracyCurve] = {}
    found = Compressibility.of(curves, dimensions, tolerated)
    for number, layer in enumerate(names):
        part = None if job is None else Portion(job, _FITTING + number * step, _FITTING + (number + 1) * step)
        how = {"within": within, "tolerated": tolerated, "samples": samples, "job": part}
        work = compressing(subject, layer, ranks[layer], basis, axis, **how, **options)
        curves[layer] = curve_of((yield from silent(work)))
        found = Compressibility.of(curves, dimensions, tolerated)
        yield found
    return found


def full_rank(subject: Subject, layer: str, basis: str, axis: str) -> int:
    """The rank at which nothing is lost of a layer's output.

    Raises:
        UnknownLayerError, UnseenLayerError: no such layer, or its output cannot be seen.
    """
    shape = subject.seen(layer).shape or (1,)
    if basis == "quantise":
        return FLOAT_BITS
    return prod(shape) if axis == "all" else shape[subject.axes.layout(layer, shape).channel_axis]


def _part(rank: int, full: int) -> str:
    """A rank as a part of the full one, rounded to the nearest that reads well: "1/8", or "38 %"."""
    part = Fraction(rank / full).limit_denominator(16)
    return str(part) if abs(part - rank / full) < 0.02 * rank / full else f"{rank / full:.0%}"
