"""A layer's output for many samples, in steps short enough to let a click through."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple

import torch

from innerview.data.indices import sample_indices
from innerview.data.padding import counted, over
from innerview.errors import DataError, UnseenLayerError
from innerview.study.outputs import Outputs, outputs_of, together

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from innerview.data.samples import Batch, Data
    from innerview.jobs.worker import Job
    from innerview.study.subject import Subject

# Elements that the layers up to the one asked for return in one forward, summed over the batch.
_ELEMENTS = 4_000_000
_ELEMENTS_ON_GPU = 400_000_000
_LARGEST_BATCH = 256
_WORTHWHILE = 64  # samples whose output has to fit into the memory for results, for any of it to be kept


class Swept(NamedTuple):
    """A layer's output for some of the samples that were asked for.

    Attributes:
        part: their positions among these.
        values: ``[n, ...]``, the batch axis in front, on the model's device.
        counts: bool, of a shape that broadcasts to ``values``: False at padding; None without any.
    """

    part: range
    values: Tensor
    counts: Tensor | None

    @property
    def padded(self) -> bool:
        """True where padding is marked."""
        return self.counts is not None

    @property
    def unpadded(self) -> Tensor:
        """The values, with zeros at padding."""
        return self.values if self.counts is None else self.values.masked_fill(~self.counts, 0)


class Means(NamedTuple):
    """The means of a layer's channels for some samples: as ``Swept``, with values float32 ``[n, C]``."""

    part: range
    values: Tensor
    padded: bool


def sweep(
    subject: Subject, layer: str, samples: Sequence[int], job: Job | None = None, *, data: Data | None = None
) -> Iterator[Swept]:
    """A layer's output for samples in the order given, in short steps; tells the job the fraction done.

    What an earlier pass left is taken from there; else the model is run, up to the layer, or to its end where that
    costs little more: then the samples are predicted too. Samples that differ in shape are run one by one.

    Raises:
        UnknownLayerError, UnseenLayerError: no such layer, or its output cannot be seen.
        DataError: no samples are asked for.
        ForwardError: the model rejects a batch.
    """
    subject.seen(layer)
    of = subject.data if data is None else data
    indices = sample_indices(samples, len(of)).tolist()
    if not indices:
        raise DataError(f"no samples were asked for: samples={samples!r}")
    size, outputs = batch_size(subject, layer), outputs_of(subject, layer, of)
    start, predicted = 0, subject.predictions.done
    while start < len(indices):
        window = _window(indices, start, size, outputs)
        missing = [sample for sample in window if sample not in outputs]
        only = len(missing) == len(window)
        fresh = Outputs(inf)  # of what is run here, to be put between what is kept
        done = start
        for places, batch in of.batches(missing) if missing else ():
            ran = missing[places.start : places.stop]
            values = _run(subject, layer, batch, ran if of is subject.data else None)
            found = Swept(range(done, done + len(ran)), values, _counts(subject, layer, batch, values))
            _leave(subject, layer, outputs, ran, found)
            if only:
                yield _told(found, job, len(indices))
                done = found.part.stop
            else:
                fresh.keep(ran, found.values, found.counts)
        while done < start + len(window):
            kept = together(window[done - start :], fresh, outputs)
            counts = None if kept.counts is None else kept.counts.to(subject.device)
            found = Swept(range(done, done + len(kept.values)), kept.values.to(subject.device), counts)
            yield _told(found, job, len(indices))
            done = found.part.stop
        start = done
    subject.cache.trim()
    if subject.predictions.done > predicted:
        subject.judged(subject.predictions.done)


def sweep_means(subject: Subject, layer: str, samples: Sequence[int], job: Job | None = None) -> Iterator[Means]:
    """The mean of each of a layer's channels: as ``sweep``, for layers too whose whole output is not kept.

    Raises:
        UnseenLayerError: as ``sweep``; or its output is complex.
    """
    subject.seen(layer)
    outputs = outputs_of(subject, layer, subject.data)
    if all(sample in outputs.means for sample in samples):
        for start in range(0, len(samples), _LARGEST_BATCH):
            part = samples[start : start + _LARGEST_BATCH]
            found = torch.stack([outputs.means[sample] for sample in part])
            yield Means(range(start, start + len(part)), found, outputs.padded)
        return
    for found in sweep(subject, layer, samples, job):
        yield Means(found.part, channel_means(subject, layer, found.values, found.counts), found.padded)


def _window(indices: list[int], start: int, size: int, outputs: Outputs) -> list[int]:
    """The next samples: as many as one step runs, and those between them whose output is kept."""
    window: list[int] = []
    missing = 0
    for sample in indices[start : start + _LARGEST_BATCH]:
        missing += sample not in outputs
        if missing > size:
            break
        window.append(sample)
    return window


def _told(found: Swept, job: Job | None, total: int) -> Swept:
    if job is not None:
        job.fraction = found.part.stop / total
    return found


def _run(subject: Subject, layer: str, batch: Batch, samples: list[int] | None) -> Tensor:
    """Run a batch up to the layer, or to the end where its samples are worth predicting on the way."""
    known = subject.predictions
    if samples is not None and known.possible and not known.known[samples].all() and _most_is_before(subject, layer):
        values = subject.capture_and_predict(layer, batch, samples)
    else:
        values = subject.capture(layer, batch)
    axis = subject.layers[layer].batch_axis
    return values[None] if axis is None else values.movedim(axis, 0)


def _leave(subject: Subject, layer: str, outputs: Outputs, samples: list[int], found: Swept) -> None:
    """Keep what was run for the next who asks: the whole of it, or else the means of the channels."""
    if len(found.values) != len(samples):
        return  # the samples are mixed in one axis
    each = found.values.nbytes // len(samples)
    if outputs.has_room(each * len(samples)) and each * _WORTHWHILE <= subject.cache.budget:
        outputs.keep(samples, found.values, found.counts)
    elif found.values.is_floating_point() and found.values.ndim > 2:  # noqa: PLR2004 - a vector has no means
        outputs.padded = outputs.padded or found.padded
        outputs.keep_means(samples, channel_means(subject, layer, found.values, found.counts))


def channel_means(subject: Subject, layer: str, values: Tensor, counts: Tensor | None) -> Tensor:
    """The mean of each channel over the positions that count: ``[N, ...]`` to float32 ``[N, C]``.

    A vector has one position: it is its own mean. ``counts`` is as in ``Swept``.

    Raises:
        UnseenLayerError: the values are complex.
    """
    check_real(layer, values)
    values = (values if counts is None else values.masked_fill(~counts, 0)).float()
    if values.ndim <= 2:  # noqa: PLR2004 - a vector, or a number
        return values.reshape(len(values), -1)
    channel = subject.axes.layout(layer, tuple(values.shape[1:])).channel_axis + 1
    of_all = values.movedim(channel, 1).flatten(2)
    if counts is None:
        return of_all.mean(2)
    many = counts.expand_as(values).movedim(channel, 1).flatten(2).sum(2)
    return of_all.sum(2) / many.clamp(min=1)


def check_real(layer: str, values: Tensor) -> None:
    """Raise UnseenLayerError for complex values."""
    if values.is_complex():
        raise UnseenLayerError(f"{layer!r} returns complex numbers, which have no place among real vectors")


def _most_is_before(subject: Subject, layer: str) -> bool:
    """Tell whether what comes after a layer costs no more than what comes before, as far as their sizes tell."""
    sizes = [row.size or 0 for row in subject.layers.values()]
    place = list(subject.layers).index(layer)
    return 2 * sum(sizes[: place + 1]) >= sum(sizes)


def _counts(subject: Subject, layer: str, batch: Batch, values: Tensor) -> Tensor | None:
    found = counted(batch, len(values), subject.model)
    if found is None or values.ndim < 2:  # noqa: PLR2004 - the samples and their positions
        return None
    return over(found, values, subject.axes.layout(layer, tuple(values.shape[1:])).channel_axis + 1)


def batch_size(subject: Subject, layer: str, steps: int = 1) -> int:
    """The number of samples for one forward up to a layer: a step of some 50 ms, or as long as so many steps.

    The amount of work decides it, not the clock: another batch size may round another way, and an embedding would not
    come out the same twice.
    """
    if subject.layers[layer].batch_axis is None:
        return 1  # rows of several samples mixed in one axis can only be told apart by running one at a time
    elements = 0
    for row in subject.layers.values():
        elements += row.size or 0
        if row.name == layer:
            break
    most = _ELEMENTS if subject.device == "cpu" else _ELEMENTS_ON_GPU
    return max(1, min(_LARGEST_BATCH, steps * most // max(1, elements)))
