"""Projections of several layers, fitted to what one forward a batch returns for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from innerview.data.padding import counted
from innerview.model import capture
from innerview.study.projections import divide, is_fitted, projecting
from innerview.study.sweep import Swept, batch_size

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from innerview.jobs.progress import Portion
    from innerview.study.projections import Parts
    from innerview.study.subject import Subject

_NUMBER = 4  # bytes


def fitting_together(
    subject: Subject, ranks: Mapping[str, int], basis: str, axis: str, *, job: Portion | None, **options: Any
) -> Generator[None, None, None]:
    """Fit the projections of several layers, each to this rank at least; ``projecting`` finds them afterwards.

    As many layers are captured in one sweep as have room; what does not fit is left to ``projecting``, one by one.
    ``options`` are ``fit``, ``fit_samples`` and ``seed`` as there; errors too.
    """
    parts = divide(subject, **options)
    room = subject.cache.budget // 2
    todo = {
        layer: _NUMBER * (subject.layers[layer].size or 0) * len(parts.fitted)
        for layer, rank in ranks.items()
        if not is_fitted(subject, layer, rank, basis, axis, **options)
    }
    groups: list[list[str]] = []
    free = 0
    for layer in (name for name in subject.layers if todo.get(name, room + 1) <= room):
        if not groups or todo[layer] > free:
            groups.append([])
            free = room
        groups[-1].append(layer)
        free -= todo[layer]
    for number, group in enumerate(groups):
        captured: dict[str, list[Swept]] = {layer: [] for layer in group}
        for done in _capturing(subject, parts, captured):
            if job is not None:
                job.fraction = (number + done) / len(groups)
            yield
        for layer in group if captured[group[0]] else []:
            batches = captured.pop(layer)
            yield from projecting(subject, layer, ranks[layer], basis, axis, captured=batches, **options)


def _capturing(subject: Subject, parts: Parts, into: dict[str, list[Swept]]) -> Generator[float, None, None]:
    """Fill in each layer's output, batch by batch; nothing where there is padding: each layer has it elsewhere."""
    size, samples = batch_size(subject, list(into)[-1]), parts.fitted.tolist()
    for start in range(0, len(samples), size):
        for places, batch in parts.data.batches(samples[start : start + size]):
            with subject.borrow_model(batch) as (model, ready, alone):
                found = capture.run(model, ready.args, ready.kwargs, list(into), restore_rng=alone)
                padded = counted(ready, len(places), model) is not None
            if padded:
                for some in into.values():
                    some.clear()
                return
            for layer, values in found.items():
                part = range(start + places.start, start + places.stop)
                into[layer].append(Swept(part, values.movedim(subject.layers[layer].batch_axis or 0, 0), None))
        yield min(1.0, (start + size) / len(samples))
