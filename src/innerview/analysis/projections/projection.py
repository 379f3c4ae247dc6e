"""Keep less of an activation: a fitted projection, and what it costs and keeps at each rank."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any, Literal, get_args

import torch

from innerview.analysis.given import as_tensor
from innerview.analysis.precision import exact
from innerview.analysis.projections.bases import FLOAT_BITS, Chosen, Levels, Rule, Subspace, random_basis
from innerview.analysis.projections.pca import fitting_pca
from innerview.analysis.projections.pca_stream import WIDE, StreamingPCA
from innerview.analysis.projections.rows import Rows, check_floats
from innerview.analysis.projections.sums import Moments
from innerview.arguments import strict
from innerview.errors import DataError
from innerview.jobs.progress import finish

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy as np

Basis = Literal["pca", "random", "variance", "quantise"]
Axis = Literal["channels", "all"]

_LOOK = 2**20  # numbers of the samples that the curves of "random" and "quantise" are measured on: the first ones
_DEFAULT_RANK = 256  # of a basis too wide for all its columns


@dataclass(frozen=True, eq=False)
class Projection:
    """A map of activations to activations of the same shape with less in them.

    Attributes:
        basis: "pca", "random", "variance" or "quantise"; see ``fit_projection``.
        axis: "channels" or "all".
        rank: what is kept: dimensions, or bits for "quantise".
        largest: the highest rank that ``at`` can give.
        shape: of one sample when fitted, without the batch axis.
        channel_axis: the axis of a batch that holds the channels, counted with the batch axis as 0.
        curve: float64 ``[largest]``, the fraction of the variance kept at rank 1, 2, ...
        samples: the number of samples it was fitted to.
        note: a remark about the fit; often empty.
    """

    basis: Basis
    axis: Axis
    rank: int
    largest: int
    shape: tuple[int, ...]
    channel_axis: int
    curve: np.ndarray
    samples: int
    note: str
    _rule: Rule

    def at(self, rank: int) -> Projection:
        """Give the same fit another rank; nothing is computed.

        Raises:
            DataError: the rank is below 1 or above ``largest``.
        """
        if not 1 <= rank <= self.largest:
            raise DataError(f"rank {rank} of a {self.basis} projection fitted for 1 to {self.largest:,}")
        return replace(self, rank=rank)

    def apply(self, x: torch.Tensor) -> torch.Tensor:
        """Project a batch.

        Half precision is computed in float32. NaN and infinities are not looked for: they spread to all that is
        mixed with them.

        Args:
            x: ``[N, ...]``, a tensor or an array. With axis "all" the samples have the shape fitted; with "channels"
                only the number of channels has to be the same.

        Returns:
            A tensor of the same shape, dtype, device and memory format.

        Raises:
            DataError: another shape, or no real floating-point numbers.
        """
        # A tensor in its graph: a model may differentiate by what comes before the layer.
        x = x if isinstance(x, torch.Tensor) else as_tensor(x, "samples")
        check_floats(x)
        fitted = self.shape if self.axis == "all" else (self.shape[self.channel_axis - 1],)
        given = tuple(x.shape[1:]) if self.axis == "all" else tuple(x.shape[self.channel_axis : self.channel_axis + 1])
        if x.ndim == 0 or fitted != given:
            what = "samples of shape" if self.axis == "all" else f"channels in axis {self.channel_axis}:"
            raise DataError(
                f"this projection was fitted to {what} {' x '.join(map(str, fitted))}; given was {tuple(x.shape)}"
            )
        precise = torch.float64 if x.dtype == torch.float64 else torch.float32
        with torch.autocast(x.device.type, enabled=False):
            if self.axis == "all":
                found = self._rule.apply(x.reshape(len(x), -1).to(precise), self.rank).reshape(x.shape)
            else:
                last = x.movedim(self.channel_axis, -1).to(precise)
                found = self._rule.apply(last, self.rank).movedim(-1, self.channel_axis)
        # Whoever reads the output may depend on its strides, channels_last say.
        return torch.empty_like(x).copy_(found)

    @property
    def full_rank(self) -> int:
        """The rank at which nothing is lost: the number of dimensions, or 32 bits."""
        return FLOAT_BITS if self.basis == "quantise" else self._dimensions

    @property
    def matrix_shape(self) -> tuple[int, int] | None:
        """Dimensions and rank, as in 64 x 61; None for "quantise"."""
        return None if self.basis == "quantise" else (self._dimensions, self.rank)

    @property
    def explained_variance(self) -> float:
        """The fraction of the variance kept, from 0 to 1."""
        return float(self.curve[self.rank - 1])

    @property
    def parameters(self) -> int:
        """The number of numbers that the projection itself needs."""
        return self._rule.parameters(self.rank)

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes of one sample's activation, held in float32, before and after."""
        positions = prod(self.shape) // self._dimensions
        bits = self.rank * (self._dimensions if self.basis == "quantise" else FLOAT_BITS)
        return 4 * prod(self.shape), -(-positions * bits // 8)

    @property
    def _dimensions(self) -> int:
        return prod(self.shape) if self.axis == "all" else self.shape[self.channel_axis - 1]


@strict
def fit_projection(
    samples: Any,
    rank: int | None = None,
    basis: Basis = "pca",
    axis: Axis = "channels",
    *,
    channel_axis: int = 1,
    seed: int = 0,
) -> Projection:
    """Fit a projection, once for all ranks up to ``rank``: ``projection.at(k)`` is nested in it.

    Bases:
        "pca": the principal components; ``mean + (x - mean) V V.T``. Best of all subspaces for the samples.
        "random": a uniformly distributed orthonormal basis; ``x V V.T``, the mean is projected like the rest.
        "variance": the elements of highest variance are kept, the others become their mean.
        "quantise": ``rank`` is a number of bits; each dimension is rounded to ``2**rank`` even levels between the
            lowest and highest value seen. 32 bits leave values as they are.

    Args:
        samples: activations ``[N, ...]`` as a tensor, an array, a table or lists; or batches of them (any iterable,
            such as a list of tensors), which are read once and not kept.
        rank: the highest that will be asked for. None: all (for "pca" and "random" of more than 8,192
            dimensions: 256).
        basis: see above.
        axis: "channels": one d x rank matrix used at every position; "all": the elements of a sample flattened.
        channel_axis: of a batch, whose axis 0 is the samples: 1 for ``[N, C, H, W]``, -1 for tokens ``[N, T, F]``.
        seed: of the random basis.

    Raises:
        DataError: no samples, another shape in a later batch, integers, values that are not finite, an unknown basis
            or axis, or a rank below 1 or above the number of dimensions.
        TypeError: another keyword argument.
    """
    return finish(fitting_projection(samples, rank, basis, axis, channel_axis=channel_axis, seed=seed))


@exact
def fitting_projection(
    samples: Any,
    rank: int | None = None,
    basis: Basis = "pca",
    axis: Axis = "channels",
    *,
    channel_axis: int = 1,
    seed: int = 0,
) -> Generator[None, None, Projection]:
    """Fit as ``fit_projection`` does, in steps; reading the samples is as long a step as they make it."""
    for given, known, what in ((basis, get_args(Basis), "basis"), (axis, get_args(Axis), "axis")):
        if given not in known:
            raise DataError(f"there is no {what} {given!r}; there are {', '.join(map(repr, known))}")
    rows = Rows(samples, channel_axis if axis == "channels" else None)
    limit = FLOAT_BITS if basis == "quantise" else rows.dimensions
    rank = default_rank(basis, rows.dimensions) if rank is None else rank
    if not 1 <= rank <= limit:
        unit = "bits" if basis == "quantise" else f"dimensions (axis {axis!r} of {'x'.join(map(str, rows.shape))})"
        raise DataError(f"rank {rank} for the basis {basis!r}: it can be 1 to {limit:,} {unit}")
    rule, curve = yield from (_principal(rows, rank, seed) if basis == "pca" else _other(rows, basis, rank, seed))
    note = ""
    if len(curve) < rank:
        note = f"rank {rank:,} was asked for, but {rows.count:,} vectors span no more than {len(curve):,} directions"
        rank = len(curve)
    return Projection(
        basis, axis, rank, rank, rows.shape, rows.channel_axis, curve.cpu().numpy(), rows.samples, note, rule
    )


def default_rank(basis: str, dimensions: int) -> int:
    """The highest rank that a projection is fitted for if none is asked for: all, if that can be held."""
    if basis == "quantise":
        return FLOAT_BITS
    return _DEFAULT_RANK if basis in ("pca", "random") and dimensions > WIDE else dimensions


def _principal(rows: Rows, rank: int, seed: int) -> Generator[None, None, tuple[Rule, torch.Tensor]]:
    whole = rows.at_once()
    if whole is not None:
        found = yield from fitting_pca(whole, rank, seed=seed)
        return Subspace(found.components, found.mean), found.explained
    stream = StreamingPCA(rows.dimensions, rank, rows.device)
    for some in rows:
        yield from stream.adding(some)
    found = yield from stream.solving(rank, seed=seed)
    return Subspace(found.components, found.mean), found.explained


def _other(rows: Rows, basis: Basis, rank: int, seed: int) -> Generator[None, None, tuple[Rule, torch.Tensor]]:
    moments, looked = Moments(rows.dimensions, rows.device), []
    for some in rows:
        room = -(-_LOOK // rows.dimensions) - sum(map(len, looked))
        if room > 0:
            looked.append(some[:room].to(moments.device).float())
        yield from moments.adding(some)
    mean, variance = moments.mean.float(), moments.variance
    if basis == "variance":
        order = variance.argsort(descending=True, stable=True)
        return Chosen(order, mean), _fractions(variance[order][:rank].cumsum(0), variance.sum())
    sample = torch.cat(looked) - mean
    total = sample.square().sum(0).double().sum()
    if basis == "random":
        matrix = yield from random_basis(rows.dimensions, rank, seed)
        matrix = matrix.to(moments.device)
        return Subspace(matrix, None), _fractions((sample @ matrix).square().sum(0).double().cumsum(0), total)
    rule = Levels(moments.low.float(), moments.high.float())
    errors = []
    for bits in range(1, rank + 1):
        errors.append((rule.apply(sample + mean, bits) - mean - sample).square().sum(0).double().sum())
        yield
    return rule, _fractions(total - torch.stack(errors), total)


def _fractions(kept: torch.Tensor, total: torch.Tensor) -> torch.Tensor:
    # Where nothing varies, nothing is lost.
    return (kept / total).clamp(0, 1) if total > 0 else torch.ones_like(kept)
