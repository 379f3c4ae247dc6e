"""The compression panel: a layer compressed, the difference it makes, and accuracy against rank."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

from innerview.analysis.projections.projection import Axis, Basis
from innerview.errors import InnerviewError
from innerview.jobs.progress import relay, silent
from innerview.jobs.worker import BACKGROUND, SOON
from innerview.panels.compression_frames import accuracy, compared, compressed, decided, fitted
from innerview.panels.compression_settings import OFF, CompressionSettings, Series
from innerview.panels.curve_frames import Curves, point_of
from innerview.panels.inspector_panel import InspectorPanel
from innerview.panels.similarity_frames import histogram
from innerview.study.compressibility import comparing
from innerview.study.compression_results import CompressionSpec, compression_table
from innerview.study.compressions import WITHIN, compressing
from innerview.study.projections import projecting
from innerview.study.similarities import COMPARED, compressed_similarity, similarity

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from innerview.analysis.projections.projection import Projection
    from innerview.jobs.worker import Job
    from innerview.panels.panel import Frame
    from innerview.session.inspector import Inspector
    from innerview.study.compressibility import Compressibility
    from innerview.study.compression_results import Compression
    from innerview.study.subject import Subject

_SIMILARITY = "similarity"  # the scope of its work and of its frame
_EVERY = 0.7  # seconds between two drawings of a curve under way
# The bases whose curves are drawn together: the one chosen, and one to judge it by.
_BESIDE = {"pca": ("pca", "random"), "random": ("random", "pca"), "variance": ("variance", "random")}


class CompressionPanel(InspectorPanel):
    """Compresses the inspector's layer: one sample before and after, the accuracy that is left, curves by rank."""

    view = "compression_panel"

    def __init__(self, inspector: Inspector, **kwargs: Any) -> None:
        super().__init__(inspector, **kwargs)
        self.settings = CompressionSettings(inspector)
        self._found: dict[Series, dict[int, Compression]] = {}
        self._partial: dict[Series, dict[int, Compression]] = {}  # of curves under way
        self.compared: Compressibility | None = None  # every block, so far
        self._fitting: Series | None = None  # being fitted; the slider may move meanwhile
        self._due = False  # the accuracy is to be evaluated once it is fitted
        self._model = inspector.subject.state
        self._sent = Curves()
        self._compares = False  # the samples' similarity at the slider's rank is shown too
        self.observe(lambda change: None if change["new"] else self._rest(), "active")
        self.watch(lambda _: self._begin(), "layer")
        self.watch(lambda _: self._show(), "sample")
        self.watch(lambda _: self._look_again(), "version")
        self._begin()

    @property
    def curves(self) -> dict[Series, list[Compression]]:
        """The results so far, by ascending rank."""
        both = {one: self._partial.get(one, {}) | self._found.get(one, {}) for one in {**self._found, **self._partial}}
        return {one: [points[rank] for rank in sorted(points)] for one, points in both.items()}

    def choose(self, spec: CompressionSpec, also: Iterable[CompressionSpec] = ()) -> None:
        """Compress a layer in this way, which becomes the inspector's layer, and evaluate what accuracy is left.

        Args:
            spec: the layer, its rank, basis ("off" for none) and axis.
            also: other layers to compress with it.

        Raises:
            UnknownLayerError, UnseenLayerError: there is no such layer, or its output cannot be seen.
            DataError: an unknown basis or axis, or a rank that the layer does not have.
        """
        self.settings.choose(spec, also)
        if spec.layer == self._inspector.layer:
            self._begin()
        else:
            self._inspector.layer = spec.layer  # and so to _begin

    def to_frame(self) -> Any:
        """The results so far as a pandas DataFrame; see ``innerview.study.compression_results.compression_table``."""
        return compression_table(point for points in self.curves.values() for point in points)

    def want_basis(self, basis: str) -> None:
        """Choose another basis, or none."""
        self.settings.basis = basis if basis in get_args(Basis) else OFF
        self._begin()

    def want_axis(self, axis: str) -> None:
        """Choose another axis."""
        self.settings.axis = axis if axis in get_args(Axis) else "channels"
        self._begin()

    def want_rank(self, rank: int) -> None:
        """Follow the slider; the accuracy waits until it rests."""
        self.settings.move(int(rank))
        self._due = False
        self.cancel("accuracy")
        self._show()

    def want_evaluate(self, _: object) -> None:
        """Evaluate the accuracy: the slider rests."""
        self._due = True
        if not self._under_way():
            self._evaluate()

    def want_pin(self, _: object) -> None:
        """Keep this layer compressed as it is now while others are chosen."""
        spec = self.settings.now
        if spec is not None and spec.basis != OFF:
            self.settings.pinned = {**self.settings.pinned, spec.layer: spec}
            self._begin()

    def want_unpin(self, layer: str) -> None:
        """Stop compressing a layer while others are chosen."""
        self.settings.pinned = {name: spec for name, spec in self.settings.pinned.items() if name != layer}
        self._begin()

    def want_stop(self, scope: str) -> None:
        """Stop evaluating one rank ("accuracy") or many ("curve"); the results so far stay."""
        if scope == "accuracy":
            self._due = False
        super().want_stop(scope)

    def want_curve(self, _: object) -> None:
        """Evaluate this layer at many ranks, in this basis and one to compare it with."""
        spec = self.settings.now
        if spec is None or spec.basis == OFF:
            return
        series = self.settings.series(spec)
        for one in (series._replace(basis=basis) for basis in _BESIDE.get(spec.basis, (spec.basis,))):
            label = f"accuracy of {one.layer} by rank, {one.basis}"
            self.run(f"curve {one}", label, partial(self._curve, one), priority=BACKGROUND)

    def want_blocks(self, _: object) -> None:
        """Compare every block of the model at equal parts of its full rank, in the basis and axis chosen."""
        if self.settings.basis != OFF:
            label = f"every block by rank, {self.settings.basis}"
            work = partial(self._compare_blocks, self.settings.basis, self.settings.axis)
            self.run("curve of every block", label, work, priority=BACKGROUND)

    def want_block(self, chosen: dict[str, Any]) -> None:
        """Compress a block that was compared, as it was there."""
        curves = {} if self.compared is None else self.compared.curves
        if chosen.get("layer") in curves:
            point = curves[chosen["layer"]].points[0]
            self.choose(CompressionSpec(point.layer, int(chosen["rank"]), point.basis, point.axis))

    def want_point(self, chosen: dict[str, Any]) -> None:
        """A point of a curve was clicked: compress as it was compressed there."""
        found = point_of(self.curves, str(chosen.get("scope")), int(chosen.get("index", -1)))
        if found is not None:
            series, point = found
            self.choose(CompressionSpec(point.layer, point.rank, point.basis, point.axis), series.also)

    def want_similarity(self, shown: bool) -> None:  # noqa: FBT001 - a want carries one value
        """The cosine similarity of samples at this rank is to be shown, or not any more."""
        self._compares = bool(shown)
        self._compare_samples()

    def want_clear(self, _: object) -> None:
        """Forget the results."""
        self.cancel("curve")
        self._found, self._partial, self.compared = {}, {}, None
        self.push(*compared(None))
        self._tell()

    def activated(self) -> None:
        """Catch up."""
        self._begin()

    def _rest(self) -> None:
        """Stop the work that follows the selection until the view is looked at; curves, which were asked for, go on."""
        self.cancel("tiles")
        self.cancel("accuracy")

    def _begin(self) -> None:
        """Show the setting that is chosen now, and evaluate it."""
        self.cancel("accuracy")
        self._due = True
        self._show()

    def _look_again(self) -> None:
        """Start again if the model was changed; else there is another image of the user's own to show."""
        model = self._inspector.subject.state
        if model != self._model:
            self._model = model
            self.want_clear(None)
            self._begin()
        else:
            self._show()

    def _show(self) -> None:
        """Send the present settings, and show the sample compressed by them."""
        spec = self.settings.now
        if spec is None or not self.active:
            return
        series = self.settings.series(spec)
        self.push(*self._state(spec))
        kept = self._found.get(series, {}).get(spec.rank)
        if kept is not None:
            self.push(*accuracy(kept))
        if self._fitting == series and self._under_way():
            return  # once fitted, it shows the rank that is chosen then
        self._fitting = series
        self.run("tiles", f"{spec.layer} compressed", self._tiles)

    def _under_way(self) -> bool:
        """Tell whether a projection is being fitted, after which the newest setting is shown and evaluated."""
        return self._fitting is not None and self.working("tiles")

    def _tiles(self, inspector: Inspector, job: Job) -> Generator[Frame | None, None, None]:
        spec, subject = self.settings.now, inspector.subject
        projection: Projection | None = None
        while spec is not None and spec.basis != OFF:
            projection = yield from projecting(subject, spec.layer, spec.rank, spec.basis, spec.axis, job=job)
            before, spec = spec, self.settings.now
            if spec == before:
                break  # else the slider was moved meanwhile
        self._fitting = None
        if spec is None:
            return
        if projection is not None:
            if projection.rank < spec.rank:
                # Fewer samples than that: the slider goes back to what there is.
                self.settings.move(projection.rank)
                yield self._state(spec._replace(rank=projection.rank))
            yield fitted(spec.layer, projection)
        look = inspector.look(spec.layer, inspector.sample, subject)
        yield compressed(subject, look, projection)
        if self._due:
            self._evaluate()
        projections = {} if projection is None else {spec.layer: projection}
        for other in self.settings.also:
            projections[other.layer] = yield from projecting(subject, *other)
        yield decided(subject, look, inspector.batch(look.sample), projections)

    def _evaluate(self) -> None:
        spec = self.settings.now
        self._due = False
        if spec is None or not self.active:
            return
        self._compare_samples()
        if spec.basis == OFF:
            return
        series = self.settings.series(spec)
        known = self._found.get(series, {}).get(spec.rank)
        if known is not None and known.evaluated == known.total:
            return  # it was sent together with the setting; one that a curve stopped at goes on
        label = f"accuracy with {spec.layer} compressed to {spec.rank:,}"
        self.run("accuracy", label, partial(self._estimate, series, spec.rank), priority=SOON)

    def _estimate(
        self, series: Series, rank: int, inspector: Inspector, job: Job
    ) -> Generator[Frame | None, None, None]:
        subject = inspector.subject

        def estimate(found: list[Compression] | None) -> Frame | None:
            return accuracy(found[0]) if found else None

        (found,) = yield from relay(_compressing(subject, series, [rank], job, None), estimate)
        self._found.setdefault(series, {})[found.rank] = found
        yield accuracy(found)
        self._tell()

    def _curve(self, series: Series, inspector: Inspector, job: Job) -> Generator[Frame | None, None, None]:
        told = time.monotonic()

        def follow(found: list[Compression] | None) -> None:
            nonlocal told
            if found:
                self._partial[series] = {point.rank: point for point in found}
                if time.monotonic() - told > _EVERY:
                    told = time.monotonic()
                    self._tell()

        try:
            found = yield from relay(_compressing(inspector.subject, series, None, job, WITHIN), follow)
            self._found[series] = self._found.get(series, {}) | {point.rank: point for point in found}
        finally:
            self._partial.pop(series, None)
            self._tell()

    def _compare_blocks(
        self, basis: str, axis: str, inspector: Inspector, job: Job
    ) -> Generator[Frame | None, None, None]:
        def follow(found: Compressibility | None) -> Frame | None:
            if found is None:
                return None
            self.compared = found
            self._tell()
            return compared(found)

        yield from relay(comparing(inspector.subject, None, basis=basis, axis=axis, job=job), follow)

    def _compare_samples(self) -> None:
        """Send the cosine similarities of samples at the slider's rank, if they are to be shown."""
        self.cancel(_SIMILARITY)
        spec = self.settings.now
        if self._compares and spec is not None:
            label = f"similarity of samples in {spec.layer} at rank {spec.rank}"
            self.run(_SIMILARITY, label, partial(self._similarity, spec), priority=BACKGROUND)

    def _similarity(self, spec: CompressionSpec, inspector: Inspector, job: Job) -> Generator[Frame | None, None, None]:
        try:
            if spec.basis == OFF:
                work = similarity(inspector.subject, spec.layer, samples=COMPARED, job=job)
            else:
                work = compressed_similarity(inspector.subject, *spec, job=job)
            found = yield from silent(work)
        except InnerviewError as error:
            found = error
        yield histogram(_SIMILARITY, found, layer=spec.layer, rank=None if spec.basis == OFF else spec.rank, run=0)

    def _state(self, spec: CompressionSpec) -> Frame:
        also = [other._asdict() for other in self.settings.also]
        header = {"kind": "compression", **spec._asdict(), "full": self.settings.full(spec.layer), "also": also}
        labels = self._inspector.data.labels is not None
        return {**header, "pinned": self.settings.pinned.get(spec.layer) == spec, "labels": labels}, {}

    def _tell(self) -> None:
        """The results have changed."""
        if self.inspector is not None:
            points = sum(map(len, self.curves.values()))
            text = self.to_frame().to_csv(sep="\t", index=False) if points else ""
            self.push({"kind": "studied", "ranks": points, "text": text})
            for frame in self._sent.frames(self.curves, self.compared):
                self.push(*frame)


def _compressing(
    subject: Subject, series: Series, ranks: list[int] | None, job: Job, within: float | None
) -> Generator[list[Compression] | None, None, list[Compression]]:
    how = {"basis": series.basis, "axis": series.axis, "also": series.also, "within": within}
    return compressing(subject, series.layer, ranks, job=job, **how)
