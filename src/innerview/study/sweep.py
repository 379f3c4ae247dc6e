"""A layer's output for many samples, in steps short enough to let a click through."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from innerview.data.indices import sample_indices
from innerview.data.padding import counted, over
from innerview.errors import DataError

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
    def unpadded(self) -> Tensor:
        """The values, with zeros at padding."""
        return self.values if self.counts is None else self.values.masked_fill(~self.counts, 0)


def sweep(
    subject: Subject, layer: str, samples: Sequence[int], job: Job | None = None, *, data: Data | None = None
) -> Iterator[Swept]:
    """Run the model over samples in the order given, each forward ending after the layer; tells the job the fraction.

    Samples that differ in shape are run one by one.

    Raises:
        UnknownLayerError, UnseenLayerError: no such layer, or its output cannot be seen.
        DataError: no samples are asked for.
        ForwardError: the model rejects a batch.
    """
    row = subject.seen(layer)
    indices = sample_indices(samples, len(subject.data if data is None else data)).tolist()
    if not indices:
        raise DataError(f"no samples were asked for: samples={samples!r}")
    axis = row.batch_axis
    size = batch_size(subject, layer)
    for start in range(0, len(indices), size):
        part = range(start, min(start + size, len(indices)))
        for places, batch in (subject.data if data is None else data).batches(indices[part.start : part.stop]):
            values = subject.capture(layer, batch)
            values = values[None] if axis is None else values.movedim(axis, 0)
            here = range(start + places.start, start + places.stop)
            if job is not None:
                job.fraction = here.stop / len(indices)
            yield Swept(here, values, _counts(subject, layer, batch, values))


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
