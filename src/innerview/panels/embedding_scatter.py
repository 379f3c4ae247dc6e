"""The embedding scatter: a layer's samples as points, to be brushed."""

from __future__ import annotations

import time
import uuid
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from traitlets import Instance

from innerview.analysis.layouts.embedding_cost import estimate_seconds
from innerview.analysis.layouts.umap_layout import warm_up
from innerview.data.thumbnails import make_thumbnail
from innerview.jobs.progress import relay, silent
from innerview.jobs.worker import SOON, steps
from innerview.panels.checkpoint_steps import CheckpointSteps
from innerview.panels.embedding_settings import EmbeddingSettings
from innerview.panels.frames import Labels, brush_of, brushed, current, images
from innerview.panels.inspector_panel import InspectorPanel, jobs_of
from innerview.panels.point_colours import Before, colouring
from innerview.session.inspector import Inspector
from innerview.study.embeddings import Embedding, Places, embedding, is_known
from innerview.study.representations import representing

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from innerview.jobs.worker import Job
    from innerview.panels.panel import Frame
    from innerview.study.subject import Subject

_EVERY = 0.1  # seconds between two pictures of a computation under way
_SOON = 10.0  # seconds that a method which was run here may take for another layer without being asked for again
_MOST_IMAGES = 64  # in one frame


class EmbeddingScatter(InspectorPanel):
    """A layer's samples as points, coloured by class; lasso some, and every view shows what they are.

    PCA is drawn at once; t-SNE and UMAP start when asked for, here or in the view.

    Args:
        inspector: whose ``layer`` is embedded, and whose ``brush`` and ``sample`` are shown and set.
        layer: show this layer whatever the inspector's is.
        method: "pca", "tsne" or "umap".
        model: a word for the inspector's model where two are compared, such as "untrained".
        beside: the scatter of the other model, onto whose points these are turned.

    Attributes:
        embedding: the ``innerview.study.embeddings.Embedding`` drawn; None before there is one (observable).
        settings: the choices made in the view.
    """

    view = "embedding_scatter"

    _beside: EmbeddingScatter | None = None  # also where its making fails

    embedding: Any = Instance(Embedding, allow_none=True)

    def __init__(
        self,
        inspector: Inspector,
        *,
        layer: str | None = None,
        method: str = "pca",
        model: str = "",
        beside: EmbeddingScatter | None = None,
        **kwargs: Any,
    ) -> None:
        if layer is not None and isinstance(inspector, Inspector):
            inspector.check_layer(layer)
        super().__init__(inspector, **kwargs)
        self.settings = EmbeddingSettings(method=method, samples=inspector.sample_size)
        self._may_take_long = method != "pca"  # asked for by whoever made the view
        self._wished: set[str] = set()  # methods that were run here: another layer or step is shown by them, too
        self.led: list[EmbeddingScatter] = []  # those beside it, of other models: they do as this one does
        self._pinned = layer
        self._model = model
        self._colour = "class"
        self._before: Embedding | None = None  # the one shown before, of the same samples
        self._settled: dict[str, Embedding] = {}  # the last finished one of each method
        self._steps = CheckpointSteps(inspector)
        self._beside = beside
        self._paused = False
        self._id, self._runs = uuid.uuid4().hex[:8], 0  # no other panel's, nor of another kernel
        self._labels = Labels()
        self._asked: list[int] = []
        self._predicted: tuple[str, int] | None = None  # step and version of the predictions that the view knows
        self.watch(lambda _: self._follow(elsewhere=True), "layer", "version")
        self.watch(lambda _: self._follow(), "sample_size")
        self.watch(lambda _: self._new_step(), "kept")
        self.watch(lambda _: self._show_colours(), "channel", "judged")
        self._follow()
        if beside is not None:
            beside.observe(self._other_moved, "embedding")
            beside.led.append(self)
        self.follow(brushed, "brush")
        self.follow(current, "sample", "channel")

    def want_settings(self, chosen: Mapping[str, Any]) -> None:
        """Apply a choice made in the tool bar."""
        self.settings = settings = EmbeddingSettings.of(chosen)
        if settings.method == "umap":
            warm_up()  # compiles for seconds, aside, while the user looks at the settings
        if self._inspector.sample_size != settings.samples:
            self._inspector.sample_size = settings.samples  # and so to _follow
        else:
            self._follow()
        for one in self.led:
            one.want_settings(chosen)

    def want_run(self, _: object) -> None:
        """Compute the chosen embedding, however long it takes."""
        self._paused = False
        self._wished.add(self.settings.method)
        self._draw(self.settings)
        for one in self.led:
            one.want_run(None)

    def want_pause(self, paused: bool) -> None:  # noqa: FBT001 - a want carries one value
        """Hold the computation, or go on with it."""
        for one in self.led:
            one.want_pause(paused)
        self._paused = bool(paused)
        for job in jobs_of(self._inspector, self, "points"):
            self._inspector.jobs.hold(job.id, held=self._paused)
        self._push_settings()

    def want_stop(self, scope: str) -> None:
        """End the work of a scope; of "points" those so far stay."""
        super().want_stop(scope)
        if scope != "points":
            return
        for one in self.led:
            one.want_stop(scope)
        self._paused = False
        if self.embedding is not None:
            note, stage = self.embedding.note, self.embedding.stage
            note = f"{note}; stopped ({stage})" if stage else note
            self.embedding = replace(self.embedding, stage="", note=note)
            self.push(*self._points(self._inspector, self.embedding, self._steps.now()))
        self._push_settings()

    def want_step(self, label: str) -> None:
        """A step of the time line was chosen: shown at once."""
        self._steps.go(label)
        self._follow(elsewhere=True)

    def want_visit(self, label: str) -> None:
        """A step came up while the time line plays: computed by the method chosen."""
        self._may_take_long = True
        self.want_step(label)

    def want_keep(self, _: object) -> None:
        """Make the model as it is now a step of the time line."""
        self._steps.keep()

    def want_colour(self, by: str) -> None:
        """Colour the points by something else."""
        self._colour = by
        self._show_colours()

    def want_know(self, _: object) -> None:
        """What is predicted is to be known, to find samples by; the colours stay as they are."""
        self.run("know", "predictions", self._know, priority=SOON)

    def want_images(self, indices: list[int]) -> None:
        """Pictures of these samples are needed."""
        self._asked = [*self._asked, *(int(index) for index in indices)]
        self.run("images", "thumbnails", self._images, priority=SOON)

    def upload(self, header: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        """Take the samples inside a lasso."""
        if header.get("kind") == "brush":
            self._inspector.brush = brush_of(arrays, len(self._inspector.data))

    def close(self) -> None:
        """Close the view, and follow the other one no longer."""
        beside, self._beside = self._beside, None
        if beside is not None:
            beside.unobserve(self._other_moved, "embedding")
            beside.led.remove(self)
        super().close()

    @property
    def _layer(self) -> str | None:
        return self._inspector.layer if self._pinned is None else self._pinned

    def activated(self) -> None:
        """Draw the changes made while nobody looked."""
        self._follow()

    def _new_step(self) -> None:
        """Follow a training from checkpoint to checkpoint, unless an earlier one is looked at."""
        if self._steps.newest:
            self._follow(elsewhere=True)
        else:
            self._push_settings()

    def _other_moved(self, change: Any) -> None:
        """Turn the points onto those of the other model, once it has settled."""
        made = change["new"]
        settled = made is not None and not made.stage and made.layer == self._layer
        if settled and not self.working("points"):
            self._follow()

    def _follow(self, *, elsewhere: bool = False) -> None:
        """Show the layer at once: by the method chosen if its result is known, else by PCA.

        ``elsewhere``: another layer or step is looked at, for which a method that was run here goes on, if it is quick.
        """
        if self._layer is None or not self.active:
            return
        self.settings = replace(self.settings, samples=self._inspector.sample_size)
        self._paused = False
        method = self.settings.method
        soon = elsewhere and method in self._wished and self._estimates().get(method, 0.0) <= _SOON
        only_if_known, self._may_take_long = not (self._may_take_long or soon), False
        self._draw(self.settings, only_if_known=only_if_known)

    def _draw(self, settings: EmbeddingSettings, *, only_if_known: bool = False) -> None:
        layer = self._layer
        if layer is None:
            return
        work = partial(self._embed, layer, settings, only_if_known=only_if_known)
        self.run("points", f"embedding of {layer}", work, priority=SOON)
        self._push_settings()

    def _embed(
        self, layer: str, settings: EmbeddingSettings, inspector: Inspector, job: Job, *, only_if_known: bool
    ) -> Generator[Frame | None, None, None]:
        self._runs += 1
        shown = 0.0
        label = self._steps.now()
        source = self._steps.subject(label)

        def options(method: str) -> dict[str, Any]:
            onto = self._onto(method, settings.dimensions, layer, label)
            return asdict(settings) | {"method": method, "onto": onto, "reuse": True, "job": job}

        def frame(made: Embedding | None) -> Frame | None:
            nonlocal shown
            if made is None or (made.stage and time.monotonic() - shown < _EVERY):
                return None
            shown = time.monotonic()
            self.embedding = made
            return self._points(inspector, made, label)

        other = self._other(settings.dimensions, layer)
        method = settings.method
        if only_if_known and not (yield from self._known(source, layer, settings, job)):
            method = "pca"
        final = yield from relay(embedding(source, layer, **options(method)), frame)
        self._steps.remember(label, final)
        previous = self._settled.get(final.method)
        if previous is not None and previous.representation is not final.representation:
            self._before = previous
        self._settled[final.method] = final
        self.embedding = final
        labels = self._labels.frame(inspector)
        if labels is not None:
            yield labels
        yield self._outdated(inspector)
        yield self._points(inspector, final, label)
        self._push_settings(running=False)
        if self._colour != "class":
            self._show_colours()
        if self._other(settings.dimensions, layer) is not other:
            self._follow()  # it has settled meanwhile: these points are turned onto its

    def _onto(self, method: str, dimensions: int, layer: str, label: str) -> Embedding | Places | None:
        """The points to start from and to turn onto: of a step before, of the other model, or drawn before."""
        places = self._steps.onto(label, method, dimensions, layer)
        return places or self._other(dimensions, layer) or self._settled.get(method) or self.embedding

    def _other(self, dimensions: int, layer: str) -> Embedding | None:
        """The picture of the other model, once it has settled."""
        other = None if self._beside is None else self._beside.embedding
        fits = other is not None and not other.stage and other.layer == layer and other.points.shape[1] == dimensions
        return other if fits else None

    def _known(self, source: Subject, layer: str, settings: EmbeddingSettings, job: Job) -> Generator[None, None, bool]:
        """Find out whether the result of just these settings is there already."""
        if settings.method == "pca":
            return True
        vectors = yield from silent(
            representing(source, layer, samples=settings.samples, job=job, **settings.of_vectors())
        )
        return is_known(vectors, **settings.of_picture())

    def _points(self, inspector: Inspector, made: Embedding, step: str) -> Frame:
        # Around zero, where float32 resolves the distances of points that are small beside their centre.
        points = (made.points - made.points.mean(0)).astype(np.float32)
        return {
            "kind": "points",
            "run": f"{self._id}-{self._runs}-{len(made.indices)}",
            **{name: getattr(made, name) for name in ("layer", "method", "stage", "fraction", "note")},
            "model": self._model,
            "step": step,
            "final": not made.stage,
            "total": len(inspector.data),
        }, {"points": points, "indices": made.indices.astype(np.uint32)}

    def _push_settings(self, *, running: bool | None = None) -> None:
        inspector, layer = self._inspector, self._layer
        row = None if layer is None else inspector.layers.get(layer)
        layout = None if row is None or row.shape is None else inspector.axes.layout(row.name, row.shape)
        tokens = layout is not None and (layout.kind == "tokens" or layout.foldable)
        settings = self.settings
        if running is None:
            running = self.working("points")
        self.push(
            {
                "kind": "embedding",
                "layer": layer,
                "settings": settings.for_view(),
                "tokens": row.shape[0] if tokens and row is not None and row.shape else 0,
                "maps": layout is not None and bool(layout.spatial_axes),
                "running": running,
                "paused": self._paused,
                "estimate": self._estimates(),
                "led": self._beside is not None,
                "steps": self._steps.steps(),
                "step": self._steps.now(),
                "correctOnly": "" if inspector.data.labels is not None else "the data has no labels",
            }
        )

    def _estimates(self) -> dict[str, float]:
        """Seconds that each method would take, roughly."""
        settings = self.settings
        count = min(settings.samples, len(self._inspector.data))
        dimensions = settings.dimensions
        return {
            "tsne": estimate_seconds("tsne", count, perplexity=settings.perplexity, dimensions=dimensions),
            "umap": estimate_seconds("umap", count, n_neighbors=settings.neighbours, dimensions=dimensions),
        }

    def _show_colours(self) -> None:
        self.run("colours", f"colours by {self._colour}", self._colours, priority=SOON)

    def _colours(self, inspector: Inspector, job: Job) -> Generator[Frame | None, None, None]:
        now = self.embedding
        if now is None:
            return
        options = self.settings.of_vectors()
        before = yield from self._steps.before(now.layer, job, samples=now.indices.tolist(), **options)
        if before is None and self._before is not None:
            name = self._before.layer
            before = Before("the picture before" if name == now.layer else name, self._before.representation)
        channel = inspector.channel if inspector.layer == now.layer else None
        step = self._steps.now()
        if self._colour in ("prediction", "correct", "loss"):
            self._predicted = (step, inspector.version)
        source = self._steps.subject(step)
        yield from colouring(source, now, self._colour, channel=channel, before=before, job=job)

    def _know(self, inspector: Inspector, job: Job) -> Generator[Frame | None, None, None]:
        now = self.embedding
        if now is None:
            return
        step = self._steps.now()
        self._predicted = (step, inspector.version)
        for frame in colouring(self._steps.subject(step), now, "prediction", channel=None, before=None, job=job):
            if frame is None:
                yield None
            else:
                header, arrays = frame
                yield header | {"scope": "know"}, arrays

    def _outdated(self, inspector: Inspector) -> Frame | None:
        """Take back what the view knows of the predictions, where they were another step's or another state's."""
        if self._predicted in (None, (self._steps.now(), inspector.version)):
            return None
        self._predicted = None
        nothing = {"by": "prediction", "label": "", "names": [], "low": 0.0, "high": 0.0, "unavailable": {}}
        return {"kind": "colours", "scope": "know", "over": True} | nothing, {}

    def _images(self, inspector: Inspector, _: Job) -> Generator[Frame | None, None, None]:
        while self._asked:
            asked = list(dict.fromkeys(self._asked[:_MOST_IMAGES]))
            made = []
            for part in steps(len(asked)):
                made += [make_thumbnail(inspector.data, asked[position]) for position in part]
                yield None
            self._asked = self._asked[_MOST_IMAGES:]
            yield images(asked, made)
