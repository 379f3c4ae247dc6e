"""A layer's output for many samples, in steps short enough to let a click through."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple

from innerview.data.indices import sample_indices
from innerview.data.padding import counted, over
from innerview.errors import DataError, UnseenLayerError
from innerview.study.outputs import Kept, Outputs, outputs_of, together

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from innerview.data.samples import Batch, Data
    from innerview.jobs.progress import Portion
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
    subject: Subject, layer: str, samples: Sequence[int], job: Job | Portion | None = None, *, data: Data | None = None
) -> Iterator[Swept]:
    """A layer's output for samples in the order given, in short steps; tells the job the fraction done.

    What an earlier pass left is taken from there; else the model is run, up to the layer, or to its end where that
    costs little more: then the samples are predicted too. Samples that differ in shape are run one by one.

    Raises:
        UnknownLayerError, UnseenLayerError: no such layer, or its output cannot be seen.
        DataError: no samples are asked for.
        ForwardError: the model rejects a batch.
    """
    of = subject.data if data is None else data
    yield from _visit(_Whole(subject, layer, of), samples, job)


def sweep_means(
    subject: Subject, layer: str, samples: Sequence[int], job: Job | Portion | None = None
) -> Iterator[Means]:
    """The mean of each of a layer's channels: as ``sweep``, for layers too whose whole output is not kept.

    Raises:
        UnseenLayerError: as ``sweep``; or its output is complex.
    """
    kept = _MeansOnly(subject, layer, subject.data)
    for found in _visit(kept, samples, job):
        yield Means(found.part, found.values, kept.outputs.padded)


class _Whole:
    """A layer's output where it is kept, and what to keep of it."""

    def __init__(self, subject: Subject, layer: str, data: Data) -> None:
        subject.seen(layer)
        self.subject, self.layer, self.data = subject, layer, data
        self.outputs = outputs_of(subject.cache, subject.state, layer, data)

    def __contains__(self, sample: int) -> bool:
        return sample in self.outputs

    def get(self, sample: int) -> Kept | None:
        return self.outputs.get(sample)

    def ready(self, samples: Sequence[int]) -> None:
        """Samples will be asked for that are here."""

    def keep(self, samples: list[int], found: Swept) -> Swept:
        """Keep what was run of these samples for the next who asks; return what was asked for."""
        alone = len(found.values) == len(samples)  # not mixed in one axis with something else
        has_means = found.values.is_floating_point() and found.values.ndim > 2  # noqa: PLR2004 - a vector has none
        if alone and not self._keep_whole(samples, found) and has_means:
            self._keep_means(samples, found)
        return found

    def _keep_whole(self, samples: list[int], found: Swept) -> bool:
        each = found.values.nbytes // len(samples)
        budget = self.subject.cache.budget
        fits = self.outputs.has_room(each * len(samples)) and each * _WORTHWHILE <= budget
        if fits:
            self.outputs.keep(samples, found.values, found.counts)
        return fits

    def _keep_means(self, samples: list[int], found: Swept) -> Swept:
        self.outputs.padded = self.outputs.padded or found.padded
        means = channel_means(self.subject, self.layer, found.values, found.counts)
        if len(means) == len(samples):
            self.outputs.keep_means(samples, means)
        return found._replace(values=means, counts=None)


class _MeansOnly(_Whole):
    """The means of a layer's channels where they are kept, or follow from what is kept."""

    def __contains__(self, sample: int) -> bool:
        return sample in self.outputs.means or sample in self.outputs

    def get(self, sample: int) -> Kept | None:
        means = self.outputs.means.get(sample)
        return None if means is None else Kept(means, None)

    def ready(self, samples: Sequence[int]) -> None:
        todo = [one for one in dict.fromkeys(samples) if one in self.outputs and one not in self.outputs.means]
        while todo:
            kept = together(todo, self.outputs)
            done, todo = todo[: len(kept.values)], todo[len(kept.values) :]
            self._keep_means(done, _placed(kept, range(len(done)), self.subject))

    def keep(self, samples: list[int], found: Swept) -> Swept:
        if len(found.values) == len(samples):
            self._keep_whole(samples, found)
        return self._keep_means(samples, found)


def _visit(kept: _Whole, samples: Sequence[int], job: Job | Portion | None) -> Iterator[Swept]:
    """Take samples from what is kept, and run those that are not there."""
    subject = kept.subject
    indices = sample_indices(samples, len(kept.data)).tolist()
    if not indices:
        raise DataError(f"no samples were asked for: samples={samples!r}")
    size = batch_size(subject, kept.layer)
    through = kept.data is subject.data and _most_is_before(subject, kept.layer)
    start, predicted = 0, subject.predictions.done
    while start < len(indices):
        window = _window(indices, start, size, kept)
        missing = [sample for sample in window if sample not in kept]
        only = len(missing) == len(window)
        fresh = Outputs(inf)  # of what is run here, to be put between what is kept
        done = start
        for places, batch in kept.data.batches(missing) if missing else ():
            ran = missing[places.start : places.stop]
            values = _run(subject, kept.layer, batch, ran if through else None)
            part = range(done, done + len(ran))
            found = kept.keep(ran, Swept(part, values, _counts(subject, kept.layer, batch, values)))
            if only:
                yield _told(found, job, len(indices))
                done = part.stop
            else:
                fresh.keep(ran, found.values, found.counts)
        kept.ready(window[done - start :])
        while done < start + len(window):
            rows = together(window[done - start :], fresh, kept)
            found = _placed(rows, range(done, done + len(rows.values)), subject)
            yield _told(found, job, len(indices))
            done = found.part.stop
        start = done
    subject.cache.trim()
    if subject.predictions.done > predicted:
        subject.judged(subject.predictions.done)


def _placed(kept: Kept, part: range, subject: Subject) -> Swept:
    """What is kept, on the model's device."""
    counts = None if kept.counts is None else kept.counts.to(subject.device)
    return Swept(part, kept.values.to(subject.device), counts)


def _window(indices: list[int], start: int, size: int, kept: _Whole) -> list[int]:
    """The next samples: as many as one step runs, and those between them whose output is kept."""
    window: list[int] = []
    missing = 0
    for sample in indices[start : start + _LARGEST_BATCH]:
        missing += sample not in kept
        if missing > size:
            break
        window.append(sample)
    return window


def _told(found: Swept, job: Job | Portion | None, total: int) -> Swept:
    if job is not None:
        job.fraction = found.part.stop / total
    return found


def _run(subject: Subject, layer: str, batch: Batch, samples: list[int] | None) -> Tensor:
    """Run a batch up to the layer, or to the end to predict its samples on the way, where they are given."""
    known = subject.predictions
    if samples is not None and known.possible and not known.known[samples].all():
        values = subject.capture_and_predict(layer, batch, samples)
    else:
        values = subject.capture(layer, batch)
    axis = subject.layers[layer].batch_axis
    return values[None] if axis is None else values.movedim(axis, 0)


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
