"""One model, one data set, one selection: what every view looks at."""

from __future__ import annotations

import sys
import threading
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map
from traitlets import Bool, HasTraits, Int, Unicode, validate

from innerview.data import Batch, Data, forward_parameters
from innerview.errors import DataError, InnerviewError, UnseenLayerError
from innerview.image import open_image, to_input
from innerview.jobs import Job, Jobs, steps
from innerview.model import capture, state
from innerview.model.layers import Layer, Layers, trace_layers
from innerview.model.receptive import ReceptiveField, receptive_field
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
        self.data: Data = Data(data, classes=classes, mean=mean, std=std, unpack=unpack, accepts=accepts)
        self.jobs = Jobs()
        self._layers: Layers | None = None
        self._own: tuple[Batch, str, str] | None = None
        self._last_look: tuple[object, Look] | None = None
        self._fields: dict[tuple[str, bool], ReceptiveField | None] = {}
        self.predictions: Predictions = Predictions(len(self.data))
        super().__init__()
        self._fingerprint = state.fingerprint(model)
        weakref.finalize(self, self.jobs.close)
        # Last, so that data that is refused leaves nobody behind who listens for cells.
        self._cell = _Cell(self)

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
    def layers(self) -> Layers:
        """Every layer by name, in execution order; found with one forward of the first two samples."""
        if self._layers is None:
            batch = self.data.batch(range(min(2, len(self.data))))
            with self._running(batch) as (model, ready, rewind):
                self._layers = trace_layers(
                    model, ready.args, ready.kwargs, batch=min(2, len(self.data)), restore_rng=rewind
                )
        return self._layers

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
        key = (layer, sample, id(self._own), state.fingerprint(self.model))
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

    def receptive_field(self, layer: str, sample: int | None, *, channel_last: bool) -> ReceptiveField | None:
        """Where a layer's maps look on the input image; see ``innerview.model.receptive``. Measured once a layer."""
        key = (layer, channel_last)
        if key not in self._fields:
            with self._running(self.batch(sample)) as (model, ready, rewind):
                self._fields[key] = receptive_field(
                    model, ready.args, ready.kwargs, layer, channel_last=channel_last, restore_rng=rewind
                )
        return self._fields[key]

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
        given = name or (str(image).rsplit("/", 1)[-1] if isinstance(image, str) else "your image")
        self._own = (_replace_input(first, value), given, how)
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
            # Two views may ask at once: each continues where the other has come to.
            if part.stop > predictions.done:
                batch = self.data.batch(range(predictions.done, part.stop))
                predictions.add(scores(self.output(batch)), batch.labels)
            yield predictions
        self.judged = predictions.done

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

    def refresh(self) -> None:
        """Look again if the model was changed since the last look; called after each cell of a notebook."""
        now = state.fingerprint(self.model)
        if now != self._fingerprint:
            self._fingerprint = now
            self._last_look = None
            self.predictions = Predictions(len(self.data))
            self.judged = 0
            self.version += 1

    def close(self) -> None:
        """Stop all work and let go of the model, the data and everything computed from them."""
        self._cell.close()
        self.jobs.close()
        self.unobserve_all()
        self._model = self._layers = self._own = self._last_look = None
        self.data = self.predictions = None  # pyright: ignore[reportAttributeAccessIssue] - nothing may use them now

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
            yield model, _placed(batch, model), not elsewhere


class _Cell:
    """Knows whether a notebook cell is running, and refreshes the inspector after each."""

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = weakref.ref(inspector)
        self._thread: int | None = None
        ipython = sys.modules.get("IPython")
        shell = ipython.get_ipython() if ipython is not None else None
        self._events = getattr(shell, "events", None)
        if self._events is not None:
            self._events.register("pre_run_cell", self._begin)
            self._events.register("post_run_cell", self._end)
            # An Inspector is made in a cell: that one is running now.
            self._thread = threading.get_ident()

    def runs_elsewhere(self) -> bool:
        return self._thread is not None and self._thread != threading.get_ident()

    def close(self) -> None:
        if self._events is not None:
            self._events.unregister("pre_run_cell", self._begin)
            self._events.unregister("post_run_cell", self._end)
            self._events = None

    def _begin(self, *_: object) -> None:
        inspector = self._inspector()
        if inspector is None:
            self.close()
            return
        # Wait for the step that has the model in its hands; later ones take a snapshot.
        with inspector._model_lock:  # noqa: SLF001 - the two halves of one thing
            self._thread = threading.get_ident()
        inspector.running = True

    def _end(self, *_: object) -> None:
        self._thread = None
        inspector = self._inspector()
        if inspector is not None and inspector._model is not None:  # noqa: SLF001 - likewise
            inspector.running = False
            inspector.refresh()


def main_input(batch: Batch) -> Tensor:
    """The first tensor fed for the first sample of a batch, without the batch axis.

    Raises:
        DataError: no tensor is fed.
    """
    for value in (*batch.args, *batch.kwargs.values()):
        if isinstance(value, Tensor) and value.ndim:
            return value[0]
        if isinstance(value, (list, tuple)) and value and isinstance(value[0], Tensor):
            return value[0]
    raise DataError("this data feeds no tensor to the model, so there is no input to show")


def is_image(value: Tensor) -> bool:
    """Whether an input ``[C, H, W]`` or ``[H, W]`` can be shown as a picture."""
    if not (value.is_floating_point() or str(value.dtype) == "torch.uint8"):
        return False
    return (value.ndim == 3 and value.shape[0] in (1, 3, 4) and min(value.shape[1:]) > 1) or (  # noqa: PLR2004 - axes
        value.ndim == 2 and min(value.shape) >= 8  # noqa: PLR2004 - a smaller [H, W] is rather a few features
    )


def _replace_input(batch: Batch, value: Tensor) -> Batch:
    replaced = False

    def swap(entry: Any) -> Any:
        nonlocal replaced
        if replaced:
            return entry
        if isinstance(entry, Tensor) and entry.ndim:
            replaced = True
            return value[None].to(entry.dtype)
        if isinstance(entry, (list, tuple)) and entry and isinstance(entry[0], Tensor):
            replaced = True
            return type(entry)([value, *entry[1:]])
        return entry

    args = tuple(swap(entry) for entry in batch.args)
    return Batch(args, {name: swap(entry) for name, entry in batch.kwargs.items()}, None)


def _placed(batch: Batch, model: nn.Module) -> Batch:
    """The batch on the model's device; floats in half precision where the model's are."""
    weight = next((p for p in model.parameters() if p.is_floating_point()), None)
    weight = next(model.buffers(), None) if weight is None else weight
    if weight is None:
        return batch

    def move(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        half = value.dtype == torch.float32 and weight.dtype in (torch.float16, torch.bfloat16)
        return value.to(weight.device, weight.dtype if half else None)

    return Batch(tree_map(move, batch.args), tree_map(move, batch.kwargs), batch.labels)
