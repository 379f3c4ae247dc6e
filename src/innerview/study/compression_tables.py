"""Tables of compressions, as papers print them."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from innerview.jobs.progress import silent
from innerview.study.compressions import compressing

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from innerview.study.compression_results import Compression, CompressionSpec
    from innerview.study.subject import Subject

_MODES = {"pca": "PCA"}


def tabulating(
    subject: Subject,
    layers: Sequence[str],
    ranks: Sequence[int] | None = None,
    bases: Sequence[str] = ("random", "pca"),
    axes: Sequence[str] = ("channels",),
    *,
    also: Iterable[CompressionSpec | tuple[Any, ...]] = (),
    **options: Any,
) -> Generator[None, None, Any]:
    """The accuracy curves of several layers, bases and axes as one table.

    ``ranks`` are the same for all; None: chosen for each curve. The other arguments are those of ``accuracy_curve``.

    Returns:
        A pandas DataFrame; see ``innerview.study.compression_tables.compression_table`` for its columns.
    """
    points: list[Compression] = []
    together = tuple(also)
    for layer, axis, basis in product(layers, axes, bases):
        points += yield from silent(compressing(subject, layer, ranks, basis, axis, also=together, **options))
    return compression_table(points)


def compression_table(points: Iterable[Compression]) -> Any:
    """Compressions of several layers as a table, as papers print it.

    Args:
        points: of any layers, bases and axes, such as the ``points`` of several curves.

    Returns:
        A pandas DataFrame. For each layer and axis a row "off" without compression, then a row for each compression,
        from the highest rank of each mode down: ``preceding_layer``, ``axis``, ``matrix_shape`` ("64 x 61"), ``mode``
        (off, random, PCA, ...), ``accuracy`` with ``low`` and ``high`` from 0 to 1, ``agreement``, ``loss`` and
        ``evaluated``; and ``also``, the other layers and their ranks, where some were compressed together.
    """
    import pandas as pd  # noqa: PLC0415 - slow to import

    groups: dict[tuple[Any, ...], list[Compression]] = {}
    for point in points:
        groups.setdefault((point.layer, point.axis, point.also), []).append(point)
    rows: list[tuple[Any, ...]] = []
    for (layer, axis, also), group in groups.items():
        others = ", ".join(f"{spec.layer} {spec.rank}" for spec in also)
        full = group[0]
        modes = list(dict.fromkeys(point.basis for point in group))
        agreement, off = None if full.agreement is None else 1.0, full.baseline
        off = (off.accuracy, off.low, off.high, agreement, off.loss, off.evaluated)
        rows.append((layer, axis, "", "off", *off, ""))
        for point in sorted(group, key=lambda point: (modes.index(point.basis), -point.rank)):
            shape = f"{point.rank} bits" if point.matrix_shape is None else "{} x {}".format(*point.matrix_shape)
            figures = (point.accuracy, point.low, point.high, point.agreement, point.loss, point.evaluated)
            rows.append((layer, axis, shape, _MODES.get(point.basis, point.basis), *figures, others))
    names = ("accuracy", "low", "high", "agreement", "loss", "evaluated", "also")
    table = pd.DataFrame(rows, columns=["preceding_layer", "axis", "matrix_shape", "mode", *names])
    return table if any(table["also"]) else table.drop(columns="also")
