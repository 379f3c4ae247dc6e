"""One model, one data set, one selection: what every view looks at."""

from __future__ import annotations

import threading
import weakref
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn
from traitlets import Bool, HasTraits, Int, Unicode, validate

from innerview.cell import Cell
from innerview.data import Batch, Data, forward_parameters
from innerview.errors import DataError, InnerviewError, UnseenLayerError
from innerview.image import open_image, to_input
from innerview.inputs import main_input, placed, replace_input
from innerview.jobs import Job, Jobs, steps
from innerview.model import capture, state
from innerview.model.layers import Layer, Layers, trace_layers
from innerview.model.receptive import ReceptiveField, measuring
from innerview.predictions import Predictions, scores

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from types import TracebackType

    from typing_extensions import Self


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


class Inspector(HasTraits):
    """Wraps a model and its data; holds the selection that all views share.

    Args:
        model: any ``torch.nn.Module``. It is used where it is: nothing of it is changed.
        data: a DataLoader, a Dataset, a tensor of inputs, a pair ``(inputs, labels)``, or a dict of tensors.
        classes: a name for each label.
        mean, std: the normalisation of the inputs per channel, undone for display; found in the data's transform
            when it has one.
        unpack: turns a collated batch into ``(args, kwargs, labels)`` for data of an unusual form.

    Attributes:
        layer: name of the chosen layer (observable; None before one is chosen).
        sample: index of the chosen sample (observable; None while the user's own image is shown).
        channel: index of the chosen channel (observable; None: none).
        version: grows when the model was found changed after a cell ran (observable).
        judged: how many samples were predicted when predicting last came to an end (observable).
        running: whether a notebook cell is running (observable).

    Raises:
        DataError: data that cannot be used as given.
        ForwardError: the model rejects the data; says what was fed.
        UnknownLayerError: on setting ``layer`` to a name that the model does not have.
    """

    layer = Unicode(None, allow_none=True)
    sample = Int(0, allow_none=True)
    channel = Int(None, allow_none=True)
    version = Int(0)
    judged = Int(0)
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
    ) -> None:
        if not isinstance(model, nn.Module):
            raise TypeError(f"a model is a torch.nn.Module; got {type(model).__name__}: {model!r:.80}")
        self._model: nn.Module | None = model
        self._model_lock = threading.RLock()
        accepts = forward_parameters(model.forward)
        self._data: Data | None = Data(data, classes=classes, mean=mean, std=std, unpack=unpack, accepts=accepts)
        self.jobs = Jobs()
        self._layers: Layers | None = None
        self._own: tuple[Batch, str, str] | None = None
        self._shown = 0  # how many images of the user's own were shown so far
        self._last_look: tuple[object, Look] | None = None
        self._fields: dict[tuple[Any, ...], ReceptiveField | None] = {}
        self.predictions: Predictions = Predictions(len(self.data))
        super().__init__()
        self._fingerprint = state.fingerprint(model)
        self._modules = _modules(model)
        weakref.finalize(self, self.jobs.close)
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
            with self._running(batch) as (model, ready, rewind):
                layers = trace_layers(model, ready.args, ready.kwargs, batch=count, restore_rng=rewind)
            self._layers = layers
        return layers

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
        row = self.seen(layer)
        indices = list(range(len(self.data))) if samples is None else [int(index) for index in samples]
        if not indices:
            raise DataError(f"no samples were asked for: samples={samples!r}")
        # Rows of several samples mixed in one axis can only be told apart by running one sample at a time.
        size = 1 if row.batch_axis is None else 64
        parts = []
        for start in range(0, len(indices), size):
            chosen = indices[start : start + size]
            values = self._run(self.data.batch(chosen), row)
            parts.append(values[None] if row.batch_axis is None else values.movedim(row.batch_axis, 0).cpu())
        try:
            return torch.cat([part.cpu() for part in parts])
        except RuntimeError as error:
            shapes = sorted({tuple(part.shape[1:]) for part in parts})
            raise UnseenLayerError(f"{layer!r} returns another shape for other samples: {shapes[:4]}") from error

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
        with self._running(batch) as (model, ready, rewind):
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
            with self._running(batch) as (model, ready, rewind):
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
        return self._own[0]

    @property
    def own_image(self) -> tuple[str, str]:
        """Name of the user's own image, and how it became an input; both empty when there is none."""
        return ("", "") if self._own is None else self._own[1:]

    def show(self, image: Any, name: str = "") -> None:
        """Show the model an image that is not in the data.

        Args:
            image: a path, the bytes of a file, a PIL image, an array ``[H, W]`` or ``[H, W, 3]``, or a tensor of the
                same shape as the model's inputs.
            name: shown beside it.

        Raises:
            ImageError: it is no image, or the model's inputs are none.
        """
        first = self.data.batch([0])
        example = main_input(first)
        if isinstance(image, Tensor):
            # A copy: what the user does to the tensor later is not shown.
            image = image.detach().cpu().clone()
        if isinstance(image, Tensor) and image.shape == example.shape:
            value, how = image.to(example.dtype), "your own input"
        else:
            value, how = to_input(
                open_image(image, name),
                example,
                transform=self.data.transform,
                mean=self.data.mean,
                std=self.data.std,
            )
        given = name or (Path(image).name if isinstance(image, (str, Path)) else "your image")
        self._own = (replace_input(first, value), given, how)
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
        predictions = self.predictions
        for part in steps(len(self.data), job, start=predictions.done):
            if predictions is not self.predictions:
                return  # the model was changed meanwhile: what is left would mix two models
            # Two may ask at once, on two threads even: each continues where the other has come to.
            start = predictions.done
            for first, count, batch in self._batches(start, part.stop):
                predictions.add(first, scores(self.output(batch), count), batch.labels)
            yield predictions
        self.judged = predictions.done

    def _batches(self, start: int, stop: int) -> Iterator[tuple[int, int, Batch]]:
        """First index, number of samples and batch: all at once, or one by one where they differ in shape."""
        if stop <= start:
            return
        try:
            batches = [(start, stop - start, self.data.batch(range(start, stop)))]
        except DataError:
            if stop - start == 1:
                raise
            batches = ((index, 1, self.data.batch([index])) for index in range(start, stop))
        yield from batches

    # --- the selection -----------------------------------------------------------------------------------------

    # traitlets does not ask for None: it is allowed everywhere here, and means that nothing is chosen.

    @validate("layer")
    def _check_layer(self, proposal: Any) -> str:
        name = proposal["value"]
        self.seen(name)
        if name != self.layer:
            # A channel of one layer means nothing in another.
            self.channel = None
        return name

    @validate("sample")
    def _check_sample(self, proposal: Any) -> int:
        sample = proposal["value"]
        if not 0 <= sample < len(self.data):
            raise DataError(f"there is no sample {sample}: {self.data.name} has samples 0 to {len(self.data) - 1}")
        return sample

    @validate("channel")
    def _check_channel(self, proposal: Any) -> int:
        channel = proposal["value"]
        if channel < 0:
            raise DataError(f"there is no channel {channel}: channels are counted from 0")
        return channel

    # --- life --------------------------------------------------------------------------------------------------

    def cell_begins(self) -> None:
        """Wait for the step that has the model in its hands; those that come while the cell runs take a snapshot."""
        with self._model_lock:
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
            self.predictions = Predictions(len(self.data))
            self.judged = 0
            self.version += 1

    def close(self) -> None:
        """Stop all work and let go of the model, the data and everything computed from them."""
        self._cell.close()
        self.jobs.close()
        self.unobserve_all()
        self._model = self._layers = self._own = self._last_look = None
        self._data = None
        self._fields = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, batch: Batch, row: Layer) -> Tensor:
        with self._running(batch) as (model, ready, rewind):
            return capture.run(model, ready.args, ready.kwargs, [row.name], restore_rng=rewind)[row.name]

    @contextmanager
    def _running(self, batch: Batch) -> Iterator[tuple[nn.Module, Batch, bool]]:
        """The model to run now, the batch on its device, and whether the random state may be rewound afterwards."""
        with self._model_lock:
            # A running cell may be training the model: switching it to evaluation mode, or rewinding the random numbers
            # it draws, would change that training.
            elsewhere = self.busy
            model = state.snapshot(self.model) if elsewhere else self.model
            yield model, placed(batch, model), not elsewhere


def _modules(model: nn.Module) -> list[tuple[str, int]]:
    """Which modules a model consists of: a list that changes when one is added, replaced or removed."""
    return [(name, id(module)) for name, module in model.named_modules()]
