"""One model, one data set, one selection: what every view looks at."""

from __future__ import annotations

import threading
import weakref
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import torch
from torch import Tensor, nn
from traitlets import Bool, Int

from innerview.data.inputs import main_input, placed
from innerview.data.own_input import OwnInput, own_input
from innerview.data.samples import Batch, Data, forward_parameters
from innerview.errors import DataError, InnerviewError, UnseenLayerError
from innerview.jobs.progress import finish
from innerview.jobs.worker import Job, Jobs
from innerview.model import capture, state
from innerview.model.layers import Layer, Layers, trace_layers
from innerview.model.receptive import ReceptiveField, measuring
from innerview.model.untrained import untrained
from innerview.session.cell import Cell
from innerview.session.checkpoints import Checkpoints, embedding_steps
from innerview.session.selection import Selection
from innerview.study.axes import Axes
from innerview.study.compressions import (
    AccuracyCurve,
    Compression,
    Step,
    compressing,
    compression_table,
    curve_of,
    steps_of,
)
from innerview.study.embeddings import Embedding, embedding
from innerview.study.predictions import Predictions, predicting
from innerview.study.qualities import measuring_table, quality, table
from innerview.study.representations import Cache
from innerview.study.similarities import similarity
from innerview.study.sweep import sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
    from types import TracebackType

    from typing_extensions import Self

    from innerview.analysis.spaces.quality import EmbeddingQuality
    from innerview.analysis.spaces.similarity import CosineHistogram


class Look(NamedTuple):
    """What one layer returned for one sample.

    Attributes:
        layer: the row of the layer table.
        sample: index in the data; None for the user's own image.
        values: the activation without its batch axis, a copy on the model's device.
    """

    layer: Layer
    sample: int | None
    values: Tensor


class Inspector(Selection):
    """Wraps a model and its data; holds the selection that all views share.

    Args:
        model: any ``torch.nn.Module``. It is used where it is: nothing of it is changed.
        data: a DataLoader, a Dataset, a tensor of inputs, a pair ``(inputs, labels)``, or a dict of tensors.
        classes: a name for each label.
        mean, std: the normalisation of the inputs per channel, undone for display; found in the data's transform
            when it has one.
        unpack: turns a collated batch into ``(args, kwargs, labels)`` for data of an unusual form.
        baseline: a model to compare with, of the same layers, such as this one before training; "untrained" makes
            one by drawing all parameters anew.
        training: samples like those of ``data``, in any of its forms, that projections are fitted to; None: a part of
            ``data``, and only the rest of it is evaluated then.
        memory: bytes that activations over many samples may take; beyond them they go to a file that is removed.

    Attributes:
        baseline: an Inspector of the baseline on the same data, sharing ``sample`` and ``brush``; None without one.
        layer, sample, channel, brush: the selection; see ``Selection``.
        version: grows when the model was found changed after a cell ran (observable).
        judged: how many samples were predicted when predicting last came to an end (observable).
        checkpoints: copies of the model made by ``checkpoint``, by label: an Inspector each, to ask for embeddings,
            quality and similarity as the model itself.
        kept: grows when a checkpoint was made or forgotten (observable).
        running: whether a notebook cell is running (observable).

    Raises:
        DataError: data that cannot be used as given.
        ForwardError: the model rejects the data; says what was fed.
        UnknownLayerError: on setting ``layer`` to a name that the model does not have.
    """

    version = Int(0)
    judged = Int(0)
    kept = Int(0)
    running = Bool(default_value=False)

    def __init__(
        self,
        model: nn.Module,
        data: Any,
        *,
        classes: Sequence[str] | None = None,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        unpack: Callable[[Any], tuple[tuple[Any, ...], dict[str, Any], Tensor | None]] | None = None,
        baseline: nn.Module | Literal["untrained"] | None = None,
        training: Any = None,
        memory: int = 1 << 29,
    ) -> None:
        if not isinstance(model, nn.Module):
            raise TypeError(f"a model is a torch.nn.Module; got {type(model).__name__}: {model!r:.80}")
        self._model: nn.Module | None = model
        self.model_lock = threading.RLock()
        accepts = forward_parameters(model.forward)
        # A baseline's Inspector shares the data it is given.
        self._data: Data | None = (
            data
            if isinstance(data, Data)
            else Data(data, classes=classes, mean=mean, std=std, unpack=unpack, accepts=accepts)
        )
        self.training: Data | None = None if training is None else self.data.alike(training)
        other = _baseline(model, baseline)
        self.jobs = Jobs()
        self.cache = Cache(memory)
        self._layers: Layers | None = None
        self._axes: Axes | None = None
        self._own: OwnInput | None = None
        self._shown = 0  # how many images of the user's own were shown so far
        self._last_look: tuple[object, Look] | None = None
        self._fields: dict[tuple[Any, ...], ReceptiveField | None] = {}
        self.predictions: Predictions = Predictions(len(self.data))
        super().__init__()
        self.checkpoints = Checkpoints(self)
        self._fingerprint = state.fingerprint(model)
        self._modules = _modules(model)
        weakref.finalize(self, self.jobs.close)
        self.baseline: Inspector | None = (
            None if other is None else Inspector(other, self.data, training=self.training, memory=memory)
        )
        if self.baseline is not None:
            self._share(self.baseline)
        # Last, so that data that is refused leaves nobody behind who listens for cells.
        self._cell = Cell(self)

    # --- the model ---------------------------------------------------------------------------------------------

    @property
    def model(self) -> nn.Module:
        """The wrapped model.

        Raises:
            InnerviewError: after ``close()``.
        """
        if self._model is None:
            raise InnerviewError("this Inspector is closed; make a new one to look at the model again")
        return self._model

    @property
    def data(self) -> Data:
        """The data, as samples by index.

        Raises:
            InnerviewError: after ``close()``.
        """
        if self._data is None:
            raise InnerviewError("this Inspector is closed; make a new one to look at the data again")
        return self._data

    @property
    def layers(self) -> Layers:
        """Every layer by name, in execution order; found with one forward of the first two samples."""
        layers = self._layers
        if layers is None:
            count = min(2, len(self.data))
            try:
                batch = self.data.batch(range(count))
            except DataError:
                # Samples of different shapes make no batch; each can still be looked at.
                count = 1
                batch = self.data.batch([0])
            with self.lent(batch) as (model, ready, rewind):
                layers = trace_layers(model, ready.args, ready.kwargs, batch=count, restore_rng=rewind)
            self._layers = layers
        return layers

    @property
    def axes(self) -> Axes:
        """How the axes of each layer's output are read."""
        layers, axes = self.layers, self._axes
        if axes is None or axes.layers is not layers:
            self._axes = axes = Axes(layers)
        return axes

    @property
    def busy(self) -> bool:
        """Whether a cell is running, on another thread than the caller's: views then look at a snapshot."""
        return self._cell.runs_elsewhere()

    @property
    def device(self) -> str:
        """The device of the model's first parameter; "cpu" for a model without any."""
        weight = next(self.model.parameters(), None)
        return "cpu" if weight is None else str(weight.device)

    def activations(self, layer: str, samples: Sequence[int] | None = None) -> Tensor:
        """What a layer returned, for many samples.

        Args:
            layer: a name in ``layers``.
            samples: N indices; all samples when None.

        Returns:
            ``[N, ...]`` on the CPU: the layer's output with the batch axis in front, in its own dtype.

        Raises:
            UnknownLayerError, UnseenLayerError: no such layer, or its output cannot be seen.
            ForwardError: the model rejects a batch.
        """
        indices = range(len(self.data)) if samples is None else samples
        parts = [values.cpu() for _, values in sweep(self, layer, indices)]
        try:
            return torch.cat(parts)
        except RuntimeError as error:
            shapes = sorted({tuple(part.shape[1:]) for part in parts})
            raise UnseenLayerError(f"{layer!r} returns another shape for other samples: {shapes[:4]}") from error

    def embed(self, layer: str, method: str = "pca", **options: Any) -> Embedding:
        """A layer's samples as points in the plane; see ``innerview.study.embeddings.embedding`` for the options."""
        return finish(embedding(self, layer, method, **options))

    def checkpoint(self, label: str = "", weights: Mapping[str, Tensor] | None = None) -> Inspector:
        """Keep a copy of the model as it is now, such as after each epoch: a step of the embedding's time line.

        Quick: it only copies the weights. See ``innerview.session.checkpoints.Checkpoints.add`` for the arguments.
        """
        return self.checkpoints.add(label, weights)

    def embed_checkpoints(self, layer: str, method: str = "pca", **options: Any) -> dict[str, Embedding]:
        """``embed`` of each checkpoint and of the model itself, each started from and turned onto the one before.

        See ``innerview.session.checkpoints.embedding_steps`` for the options.
        """
        return finish(embedding_steps(self, layer, method, **options))

    def quality(self, layer: str, method: str | None = None, k: int = 10, **options: Any) -> EmbeddingQuality:
        """How well a layer tells the classes apart, in its own space or in the picture that a method makes of it.

        See ``innerview.study.qualities.quality`` for the options.
        """
        return finish(quality(self, layer, method, k=k, **options))

    def quality_table(
        self,
        layers: Sequence[str] | None = None,
        methods: Sequence[str | None] = (None, "pca"),
        k: int = 10,
        **options: Any,
    ) -> Any:
        """The quality of several layers, here and in the baseline, as a pandas DataFrame.

        Args:
            layers: names in ``layers``; None: all that have no layers inside.
            methods: None for the layer's own space, "pca", "tsne", "umap".
            k: neighbours that vote.
            options: as for ``innerview.study.qualities.quality``.

        Returns:
            A row for each layer, model and space. A layer that cannot be measured has a row without numbers.
        """
        return table(finish(measuring_table(self, layers, methods, k=k, **options)))

    def similarity(
        self, layer: str, reference: int | None = None, rank: int | None = None, bins: int = 200, **options: Any
    ) -> CosineHistogram:
        """The cosine similarities of a layer's samples; see ``innerview.study.similarities.similarity``."""
        return finish(similarity(self, layer, reference=reference, rank=rank, bins=bins, **options))

    def brush_frame(self) -> Any:
        """The brushed samples as a pandas DataFrame: label, prediction, whether it is right, and the loss.

        Predicts first what was not predicted yet. A column is left out where there are no labels or no class scores.

        Returns:
            One row a sample, indexed by its number. A sample without a label has None as its label, NA as whether it
            is right, and NaN as its loss.
        """
        import pandas as pd  # noqa: PLC0415 - slow to import

        brush = self.brush
        table = pd.DataFrame(index=pd.Index(brush, name="sample"))
        with suppress(InnerviewError):
            finish(self.predict())
        predicted = self.predictions.done == len(self.data)
        if self.data.labels is not None:
            table["label"] = [self.data.class_name(int(label)) for label in self.data.labels[brush]]
        if predicted:
            table["predicted"] = [self.data.class_name(int(label)) for label in self.predictions.predicted[brush]]
        if predicted and self.data.labels is not None:
            correct = self.predictions.correct[brush]
            table["correct"] = pd.arrays.BooleanArray(correct == 1, correct < 0)
            table["loss"] = self.predictions.loss[brush]
        return table

    def compress(
        self,
        layer: str | Sequence[Step | tuple[Any, ...]],
        rank: int | None = None,
        basis: str = "pca",
        axis: str = "channels",
        **options: Any,
    ) -> Compression:
        """What the model still gets right when a layer's output is projected on ``rank`` dimensions.

        Several layers are compressed together by a list in place of the layer:
        ``compress([("layer2", 64), ("layer3", 32, "pca", "all")])``. The result is that of the first of them, with the
        others in ``also``. See ``innerview.study.compressions.compressing`` for the options.
        """
        first, *others = steps_of([(layer, rank, basis, axis)] if isinstance(layer, str) else layer)
        options["also"] = [*others, *options.get("also", ())]
        return finish(compressing(self, first.layer, [first.rank], basis=first.basis, axis=first.axis, **options))[0]

    def accuracy_curve(
        self,
        layer: str,
        ranks: Sequence[int] | None = None,
        basis: str = "pca",
        axis: str = "channels",
        **options: Any,
    ) -> AccuracyCurve:
        """Accuracy against rank; without ``ranks``, powers of two and then where it rises. Options as ``compress``."""
        return curve_of(finish(compressing(self, layer, ranks, basis=basis, axis=axis, **options)))

    def compression_table(
        self,
        layers: Sequence[str],
        ranks: Sequence[int] | None = None,
        bases: Sequence[str] = ("random", "pca"),
        axes: Sequence[str] = ("channels",),
        **options: Any,
    ) -> Any:
        """The accuracy curves of several layers as one pandas DataFrame; see ``compressions.compression_table``.

        Args:
            layers: names in ``layers``.
            ranks: the same for all; None: chosen for each curve.
            bases: see ``innerview.fit_projection``.
            axes: likewise.
            options: as for ``compress``.
        """
        curves = [
            self.accuracy_curve(layer, ranks, basis, axis, **options)
            for layer in layers
            for axis in axes
            for basis in bases
        ]
        return compression_table(point for curve in curves for point in curve.points)

    def capture(self, layer: str, samples: Sequence[int], data: Data | None = None) -> Tensor:
        """What a layer returned for one batch, as it returned it: its own axes, on the model's device.

        Args:
            layer: a name in ``layers``.
            samples: indices in ``data``.
            data: None: the Inspector's own.

        Raises:
            UnknownLayerError, UnseenLayerError, ForwardError: as ``activations``.
        """
        return self._run((self.data if data is None else data).batch(samples), self.seen(layer))

    def look(self, layer: str, sample: int | None) -> Look:
        """What a layer returned for one sample; the forward stops after that layer.

        Args:
            layer: a name in ``layers``.
            sample: an index, or None for the image given to ``show``.

        Raises:
            UnknownLayerError, UnseenLayerError, ForwardError: as ``activations``.
        """
        row = self.seen(layer)
        key = (layer, sample, self._shown if sample is None else None, state.fingerprint(self.model))
        last = self._last_look
        if last is not None and last[0] == key:
            return last[1]
        values = self._run(self.batch(sample), row)
        axis = row.batch_axis
        if axis is not None and axis < values.ndim and values.shape[axis] == 1:
            values = values.select(axis, 0)
        look = Look(row, sample, values)
        self._last_look = (key, look)
        return look

    def seen(self, layer: str) -> Layer:
        """The row of a layer whose output can be seen.

        Raises:
            UnknownLayerError: no such layer; the nearest names are offered.
            UnseenLayerError: its output cannot be seen; says why.
        """
        row = self.layers[layer]
        if row.shape is None:
            raise UnseenLayerError(f"the output of {layer!r} cannot be seen: {row.note or row.status.value}")
        return row

    def output(self, batch: Batch) -> Any:
        """The model's output for a batch, in evaluation mode, without gradients."""
        with self.lent(batch) as (model, ready, rewind):
            return capture.forward(model, ready.args, ready.kwargs, restore_rng=rewind)

    def field_known(self, layer: str, batch: Batch, *, channel_last: bool) -> bool:
        """Whether ``receptive_field`` was already measured for this layer and inputs of this shape."""
        return (layer, channel_last, main_input(batch).shape) in self._fields

    def receptive_field(
        self, layer: str, batch: Batch, *, channel_last: bool
    ) -> Generator[None, None, ReceptiveField | None]:
        """Where a layer's maps look on the input image; see ``innerview.model.receptive``.

        Measured once a layer and shape of the input, in steps of one small forward and backward each, between which
        the model is free.
        """
        key = (layer, channel_last, main_input(batch).shape)
        fields = self._fields

        @contextmanager
        def running() -> Iterator[tuple[nn.Module, tuple[Any, ...], dict[str, Any], bool]]:
            with self.lent(batch) as (model, ready, rewind):
                yield model, ready.args, ready.kwargs, rewind

        if key not in fields:
            field = yield from measuring(running, layer, channel_last=channel_last)
            if field is None and self.busy:
                # A cell that trains may have changed the weights between a forward and its backward: try again later.
                return None
            fields[key] = field
        return fields[key]

    # --- the data ----------------------------------------------------------------------------------------------

    def batch(self, sample: int | None) -> Batch:
        """One sample as a batch of one; None for the user's own image."""
        if sample is not None:
            return self.data.batch([sample])
        if self._own is None:
            raise DataError("no image of your own was given yet: inspector.show(image)")
        return self._own.batch

    @property
    def own_image(self) -> tuple[str, str]:
        """Name of the user's own image, and how it became an input; both empty when there is none."""
        return ("", "") if self._own is None else (self._own.name, self._own.how)

    def show(self, image: Any, name: str = "") -> None:
        """Show the model an image that is not in the data.

        Args:
            image: a path, the bytes of a file, a PIL image, an array ``[H, W]`` or ``[H, W, 3]``, or a tensor of the
                same shape as the model's inputs.
            name: shown beside it.

        Raises:
            ImageError: it is no image, or the model's inputs are none.
        """
        self._own = own_input(self.data, image, name)
        self._shown += 1
        if self.sample is None:
            self.version += 1
        else:
            self.sample = None

    def predict(self, job: Job | None = None) -> Generator[Predictions, None, None]:
        """Predict every sample that was not predicted yet, in steps short enough to let a click through.

        Yields:
            ``self.predictions`` after each step.
        """
        yield from predicting(self, job)

    # --- the selection -----------------------------------------------------------------------------------------

    @property
    def samples(self) -> int:
        """How many samples the data has."""
        return len(self.data)

    def check_layer(self, name: str) -> None:
        """Raise UnknownLayerError or UnseenLayerError for a layer that cannot be chosen."""
        self.seen(name)

    def beside(self, model: nn.Module) -> Inspector:
        """An Inspector of another model on the same data, which no cell trains; both are run in turn."""
        other = Inspector(model, self.data, training=self.training, memory=self.cache.budget)
        other._cell.follow(self._cell)
        other.model_lock = self.model_lock
        return other

    def _share(self, other: Inspector) -> None:
        """Keep sample and brush the same in both."""
        # traitlets' own link compares values by !=, which arrays refuse.
        for one, two in ((self, other), (other, self)):
            one.observe(lambda change, two=two: setattr(two, change["name"], change["new"]), ["sample", "brush"])

    # --- life --------------------------------------------------------------------------------------------------

    def cell_begins(self) -> None:
        """Wait for the step that has the model in its hands; those that come while the cell runs take a snapshot."""
        with self.model_lock:
            self._cell.enter()
        self.running = True

    def cell_ended(self) -> None:
        """Follow what the cell may have done to the model."""
        if self._model is not None:
            self.running = False
            self.refresh()

    def refresh(self) -> None:
        """Look again if the model was changed since the last look; called after each cell of a notebook."""
        now = state.fingerprint(self.model)
        if now != self._fingerprint:
            self._fingerprint = now
            self._last_look = None
            modules = _modules(self.model)
            if modules != self._modules:
                self._modules, self._layers, self._fields = modules, None, {}
            self.cache.clear()
            self.predictions = Predictions(len(self.data))
            self.judged = 0
            self.version += 1

    def close(self) -> None:
        """Stop all work and let go of the model, the data and everything computed from them."""
        self._cell.close()
        self.jobs.close()
        self.checkpoints.close()
        if self.baseline is not None:
            self.baseline.close()
            self.baseline = None
        self.unobserve_all()
        self.cache.clear()
        self._model = self._layers = self._axes = self._own = self._last_look = None
        self._data = self.training = None
        self._fields = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, batch: Batch, row: Layer) -> Tensor:
        with self.lent(batch) as (model, ready, rewind):
            return capture.run(model, ready.args, ready.kwargs, [row.name], restore_rng=rewind)[row.name]

    @contextmanager
    def lent(self, batch: Batch) -> Iterator[tuple[nn.Module, Batch, bool]]:
        """The model to run now, the batch on its device, and whether the random state may be rewound afterwards."""
        with self.model_lock:
            # A running cell may be training the model: switching it to evaluation mode, or rewinding the random numbers
            # it draws, would change that training.
            elsewhere = self.busy
            model = state.snapshot(self.model) if elsewhere else self.model
            yield model, placed(batch, model), not elsewhere


def _baseline(model: nn.Module, baseline: Any) -> nn.Module | None:
    if baseline is None or isinstance(baseline, nn.Module):
        return baseline
    if baseline == "untrained":
        return untrained(model)
    raise TypeError(
        f'baseline is a torch.nn.Module, "untrained" or None; got {type(baseline).__name__}: {baseline!r:.80}'
    )


def _modules(model: nn.Module) -> list[tuple[str, int]]:
    """Which modules a model consists of: a list that changes when one is added, replaced or removed."""
    return [(name, id(module)) for name, module in model.named_modules()]
