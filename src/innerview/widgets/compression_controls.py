"""The compression controls: how a layer is compressed, what that does to one sample, and to the accuracy."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from traitlets import Int

from innerview.analysis.projection import FLOAT_BITS, Axis, Basis
from innerview.compressions import Compression, compressing
from innerview.errors import DataError
from innerview.jobs import BACKGROUND, SOON
from innerview.model import state
from innerview.projections import divide, projecting
from innerview.widgets.base import View
from innerview.widgets.compression_frames import accuracy, compressed, decided, fitted
from innerview.widgets.frame_widget import static

if TYPE_CHECKING:
    from collections.abc import Generator

    from innerview.analysis.projection import Projection
    from innerview.inspector import Inspector
    from innerview.jobs import Job
    from innerview.widgets.frame_widget import Frame

OFF = "off"
_BITS = 4  # of "quantise", until the slider is moved
_EVERY = 0.7  # seconds between two drawings of a curve under way
_PART = 4  # of the dimensions one in so many is kept, until the slider is moved
# Beside the curve of a basis, the one that shows what it is worth.
_BESIDE = {"pca": ("pca", "random"), "random": ("random", "pca"), "variance": ("variance", "random")}


class Series(NamedTuple):
    """Compressions that differ by their rank only, which make a curve."""

    layer: str
    basis: str
    axis: str


@dataclass(frozen=True)
class Setting:
    """How one layer is compressed.

    Attributes:
        layer: a name in ``inspector.layers``.
        basis: "off", or as for ``innerview.fit_projection``.
        axis: likewise.
        rank: likewise.
    """

    layer: str
    basis: str
    axis: str
    rank: int

    @property
    def series(self) -> Series:
        """The curve it lies on."""
        return Series(self.layer, self.basis, self.axis)


class CompressionControls(View):
    """The controls of the compression panel, one sample's tiles before and after, and the accuracy that is left.

    Args:
        inspector: whose ``layer`` is compressed, and whose ``sample`` is shown.

    Attributes:
        studied: grows when the results change (observable).
    """

    _esm = static("compression_controls.js")

    studied = Int(0)

    def __init__(self, inspector: Inspector, **kwargs: Any) -> None:
        super().__init__(inspector, **kwargs)
        self._basis, self._axis = "pca", "channels"
        self._ranks: dict[tuple[str, str, bool], int] = {}
        self._found: dict[Series, dict[int, Compression]] = {}
        self._partial: dict[Series, dict[int, Compression]] = {}  # of curves under way
        self._fitting: Series | None = None  # what is being fitted; the slider may move meanwhile
        self._due = False  # the accuracy is to be evaluated once it is fitted
        self._model = state.fingerprint(inspector.model)
        self.observe(lambda change: None if change["new"] else self._rest(), "active")
        self.watch(lambda _: self._begin(), "layer")
        self.watch(lambda _: self._show(), "sample")
        self.watch(lambda _: self._look_again(), "version")
        self._begin()

    @property
    def setting(self) -> Setting | None:
        """How the inspector's layer is compressed now; None while none is chosen."""
        inspector = self.inspector
        if inspector is None or inspector.layer is None:
            return None
        layer, full = inspector.layer, self._full(inspector, inspector.layer)
        rank = self._ranks.get(self._place(layer), _BITS if self._basis == "quantise" else max(1, full // _PART))
        return Setting(layer, self._basis, self._axis, min(rank, full))

    @property
    def curves(self) -> dict[Series, list[Compression]]:
        """What was evaluated so far, by ascending rank."""
        both = {one: self._partial.get(one, {}) | self._found.get(one, {}) for one in {**self._found, **self._partial}}
        return {one: [points[rank] for rank in sorted(points)] for one, points in both.items()}

    def choose(self, setting: Setting) -> None:
        """Compress a layer in this way, which becomes the inspector's layer, and evaluate what accuracy is left.

        Raises:
            UnknownLayerError, UnseenLayerError: there is no such layer, or its output cannot be seen.
            DataError: an unknown basis or axis, or a rank that the layer does not have.
        """
        inspector = self.inspector
        if inspector is None:
            return
        inspector.check_layer(setting.layer)
        for given, known, what in (
            (setting.basis, (OFF, *get_args(Basis)), "basis"),
            (setting.axis, get_args(Axis), "axis"),
        ):
            if given not in known:
                raise DataError(f"there is no {what} {given!r}; there are {', '.join(map(repr, known))}")
        before = self._basis, self._axis
        self._basis, self._axis = setting.basis, setting.axis
        full = self._full(inspector, setting.layer)
        if not 1 <= setting.rank <= full:
            self._basis, self._axis = before
            raise DataError(
                f"rank {setting.rank} of {setting.layer!r}: it can be 1 to {full:,} for {setting.basis}, {setting.axis}"
            )
        self._ranks[self._place(setting.layer)] = setting.rank
        if setting.layer == inspector.layer:
            self._begin()
        else:
            inspector.layer = setting.layer  # and so to _begin

    # --- what the user asks for --------------------------------------------------------------------------------

    def want_basis(self, basis: str) -> None:
        """Another basis, or none."""
        self._basis = basis if basis in get_args(Basis) else OFF
        self._begin()

    def want_axis(self, axis: str) -> None:
        """Another axis."""
        self._axis = axis if axis in get_args(Axis) else "channels"
        self._begin()

    def want_rank(self, rank: int) -> None:
        """The slider was moved; the accuracy waits until it rests."""
        setting = self.setting
        if setting is None or self.inspector is None:
            return
        self._ranks[self._place(setting.layer)] = max(1, int(rank))
        self._due = False
        self.cancel("accuracy")
        self._show()

    def want_evaluate(self, _: object) -> None:
        """The slider rests."""
        self._due = True
        if not self._under_way():
            self._evaluate()

    def want_stop(self, _: object) -> None:
        """Evaluate no more; what was found so far stays."""
        self._due = False
        self.cancel("accuracy")
        self._stop_curves()

    def want_curve(self, _: object) -> None:
        """Evaluate this layer at many ranks, in this basis and one to compare it with."""
        setting = self.setting
        if setting is None or self.inspector is None:
            return
        basis = "pca" if setting.basis == OFF else setting.basis
        for one in (Series(setting.layer, name, setting.axis) for name in _BESIDE.get(basis, (basis,))):
            self.run(
                f"curve {one}",
                f"accuracy of {one.layer} by rank, {one.basis}",
                lambda job, one=one: self._curve(one, job),
                priority=BACKGROUND,
            )

    def want_clear(self, _: object) -> None:
        """Forget what was evaluated."""
        self._stop_curves()
        self._found, self._partial = {}, {}
        self._tell()

    # --- following ---------------------------------------------------------------------------------------------

    def activated(self) -> None:
        """Catch up."""
        self._begin()

    def _rest(self) -> None:
        """Nobody looks: what follows the selection stops until somebody does. Curves were asked for, and go on."""
        self.cancel("tiles")
        self.cancel("accuracy")

    def _begin(self) -> None:
        """Show the setting that is chosen now, and evaluate it."""
        self.cancel("accuracy")
        self._due = True
        self._show()

    def _look_again(self) -> None:
        """The model was changed, so that nothing found before holds; or there is another image of the user's own."""
        inspector = self.inspector
        if inspector is None:
            return
        model = state.fingerprint(inspector.model)
        if model != self._model:
            self._model = model
            self.want_clear(None)
            self._begin()
        else:
            self._show()

    def _show(self) -> None:
        """Send what is set now, and show the sample so compressed."""
        setting = self.setting
        if setting is None or not self.active:
            return
        self.push(*self._state(setting))
        kept = self._found.get(setting.series, {}).get(setting.rank)
        if kept is not None:
            self.push(*accuracy(kept, kept.evaluated))
        if self._fitting == setting.series and self._under_way():
            return  # once fitted, it shows the rank that is chosen then
        self._fitting = setting.series
        self.run("tiles", f"{setting.layer} compressed", self._tiles)

    def _under_way(self) -> bool:
        """Whether a projection is being fitted, after which the newest setting is shown and evaluated."""
        inspector = self.inspector
        return (
            inspector is not None
            and self._fitting is not None
            and any(job.key == (id(self), "tiles") for job in inspector.jobs.active())
        )

    # --- work --------------------------------------------------------------------------------------------------

    def _tiles(self, job: Job) -> Generator[Frame | None, None, None]:
        inspector, setting = self.inspector, self.setting
        projection: Projection | None = None
        while inspector is not None and setting is not None and setting.basis != OFF:
            projection = yield from projecting(
                inspector, setting.layer, setting.rank, setting.basis, setting.axis, job=job
            )
            before, setting = setting, self.setting
            if setting == before:
                break  # else the slider was moved meanwhile
        self._fitting = None
        if inspector is None or setting is None:
            return
        if projection is not None:
            if projection.rank < setting.rank:
                # Fewer samples than that: the slider goes back to what there is.
                self._ranks[self._place(setting.layer)] = projection.rank
                yield self._state(replace(setting, rank=projection.rank))
            yield fitted(setting.layer, projection)
        look = inspector.look(setting.layer, inspector.sample)
        yield compressed(inspector, look, projection)
        if self._due:
            self._evaluate()
        yield decided(inspector, look, {} if projection is None else {setting.layer: projection})

    def _evaluate(self) -> None:
        setting = self.setting
        self._due = False
        if setting is None or setting.basis == OFF or not self.active:
            return
        if setting.rank in self._found.get(setting.series, {}):
            return  # it was sent together with the setting
        label = f"accuracy with {setting.layer} compressed to {setting.rank:,}"
        self.run("accuracy", label, lambda job: self._estimate(setting, job), priority=SOON)

    def _estimate(self, setting: Setting, job: Job) -> Generator[Frame | None, None, None]:
        inspector = self.inspector
        if inspector is None:
            return
        total = len(divide(inspector).evaluated)
        work = compressing(inspector, setting.layer, [setting.rank], basis=setting.basis, axis=setting.axis, job=job)
        try:
            for found in work:
                self.progress("accuracy", "evaluating", job.fraction)
                yield None if found is None else accuracy(found[0], total)
                if found is not None and found[0].evaluated == total:
                    self._found.setdefault(setting.series, {})[found[0].rank] = found[0]
                    self._tell()
        finally:
            # However it ends: it may also be stopped.
            self.progress("accuracy", "", None, over=True)

    def _curve(self, series: Series, job: Job) -> Generator[Frame | None, None, None]:
        inspector = self.inspector
        if inspector is None:
            return
        told = time.monotonic()
        try:
            for found in compressing(inspector, series.layer, basis=series.basis, axis=series.axis, job=job):
                if found is not None:
                    self._partial[series] = {one.rank: one for one in found}
                    if time.monotonic() - told > _EVERY:
                        self._tell()
                        told = time.monotonic()
                self.progress("curve", job.label, job.fraction)
                yield None
            self._found[series] = self._found.get(series, {}) | self._partial.get(series, {})
        finally:
            self._partial.pop(series, None)
            self.progress("curve", "", None, over=True)
            self._tell()

    def _stop_curves(self) -> None:
        inspector = self.inspector
        for job in [] if inspector is None else inspector.jobs.active():
            if isinstance(job.key, tuple) and job.key[0] == id(self) and str(job.key[1]).startswith("curve"):
                self.cancel(str(job.key[1]))
        self.progress("curve", "", None, over=True)

    # --- frames ------------------------------------------------------------------------------------------------

    def _state(self, setting: Setting) -> Frame:
        inspector = self.inspector
        full = 1 if inspector is None else self._full(inspector, setting.layer)
        labels = inspector is not None and inspector.data.labels is not None
        return {"kind": "compression", **asdict(setting), "full": full, "labels": labels}, {}

    def _tell(self) -> None:
        """The results have changed."""
        if self.inspector is not None:
            rows = [point for points in self.curves.values() for point in points]
            self.push({"kind": "studied", "rows": [_row(point) for point in rows]})
            self.studied += 1

    def _place(self, layer: str) -> tuple[str, str, bool]:
        """What a rank is remembered by: those of a subspace count dimensions, those of "quantise" bits."""
        return layer, self._axis, self._basis == "quantise"

    def _full(self, inspector: Inspector, layer: str) -> int:
        shape = inspector.layers[layer].shape or (1,)
        if self._basis == "quantise":
            return FLOAT_BITS
        return prod(shape) if self._axis == "all" else shape[inspector.axes.layout(layer, shape).channel_axis]


def _row(point: Compression) -> dict[str, Any]:
    """A line of the table, for the front end."""
    names = ("layer", "axis", "basis", "rank", "accuracy", "low", "high", "agreement", "evaluated")
    matrix = "" if point.matrix_shape is None else " x ".join(map(str, point.matrix_shape))
    return {name: getattr(point, name) for name in names} | {"matrix": matrix, "explained": point.explained_variance}
