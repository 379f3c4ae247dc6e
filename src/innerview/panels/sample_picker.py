"""The sample picker: the sample that the views show, and the model's prediction for it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np

from innerview.analysis.pictures.picture import display_pixels, lean
from innerview.data.inputs import as_text, main_input, picture
from innerview.data.padding import counted, shortened
from innerview.data.thumbnails import Thumbnail, make_thumbnail
from innerview.errors import InnerviewError
from innerview.jobs.worker import BACKGROUND, SOON, steps
from innerview.panels.frames import images
from innerview.panels.inspector_panel import InspectorPanel
from innerview.study.class_scores import scores_of_one, top

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from torch import Tensor

    from innerview.jobs.worker import Job
    from innerview.panels.panel import Frame
    from innerview.session.inspector import Inspector

_PAGE = 48
_TEXT = 400  # numbers of a sample that is shown as text


class SamplePicker(InspectorPanel):
    """The inspector's sample with the model's five likeliest classes, and thumbnails of the others to choose from.

    Args:
        inspector: whose ``sample`` is shown and set.
    """

    view = "sample_picker"

    def __init__(self, inspector: Inspector, **kwargs: Any) -> None:
        super().__init__(inspector, **kwargs)
        self._label: str | None = None
        self._misclassified = False
        self._selected = False
        self._offset = 0
        self._last = inspector.sample or 0
        self._shown: dict[int, Thumbnail] = {}
        self._random = random.Random(0)  # noqa: S311 - picks a picture, guards nothing
        self.watch(lambda _: self._show_sample(), "sample", "version")
        self.watch(lambda _: self._show_page(), "version", "judged")
        self.watch(self._brushed, "brush")
        self._show_sample()
        self._show_page()

    def want_step(self, step: int) -> None:
        """Show the next (1) or previous (-1) of the samples that pass the filter."""

        def beside(order: np.ndarray, at: int) -> int:
            place = np.searchsorted(order, at, side="right") if step > 0 else np.searchsorted(order, at) - 1
            return order[int(place) % len(order)]

        self._go(beside)

    def want_random(self, _: object) -> None:
        """Show another of the samples that pass the filter, drawn at random."""

        def other(order: np.ndarray, at: int) -> int:
            others = order[order != at]
            return self._random.choice(others if len(others) else order)

        self._go(other)

    def want_label(self, label: str | None) -> None:
        """List only samples of this class; None for all."""
        self._label = label
        self.want_offset(0)

    def want_misclassified(self, misclassified: bool) -> None:  # noqa: FBT001 - a want carries one value
        """List only samples that the model gets wrong; predicts the ones not predicted yet."""
        self._misclassified = bool(misclassified)
        self.want_offset(0)

    def want_selected(self, selected: bool) -> None:  # noqa: FBT001 - a want carries one value
        """List only the brushed samples."""
        self._selected = bool(selected)
        self.want_offset(0)

    def want_offset(self, offset: int) -> None:
        """Show another page of thumbnails."""
        self._offset = max(0, int(offset))
        self._show_page()

    def want_dataset(self, _: object) -> None:
        """Go back from the user's own image to the sample shown before."""
        self._inspector.sample = self._last

    def want_again(self, _: object) -> None:
        """Go back to the user's own image."""
        self._inspector.sample = None

    def upload(self, header: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        """Show an image that the user dropped or picked."""
        self._inspector.show(arrays["bytes"].tobytes(), name=str(header.get("name", ""))[:200])

    def _go(self, choose: Callable[[np.ndarray, int], int]) -> None:
        inspector = self._inspector
        order = self._filtered(inspector)
        if not len(order):
            raise InnerviewError("no sample passes the filter; choose another class, or all samples")
        inspector.sample = int(choose(order, -1 if inspector.sample is None else inspector.sample))

    def _brushed(self, change: Any) -> None:
        # A user who selects samples wants to see them.
        self.want_selected(len(change["new"]) > 0)

    def _show_sample(self) -> None:
        self.run("sample", "the chosen sample", self._sample)

    def _show_page(self) -> None:
        label = "looking for misclassified samples" if self._misclassified else "thumbnails"
        self.run("thumbnails", label, self._page, priority=SOON)

    def _sample(self, inspector: Inspector, _: Job) -> Generator[Frame, None, None]:
        data, sample = inspector.data, inspector.sample
        if sample is not None:
            self._last = sample
        batch = inspector.batch(sample)
        value = main_input(batch)
        unpadded = shortened(counted(batch, 1, inspector.model), value, -1)
        kind, text, arrays = _display(unpadded, data.mean, data.std)
        name, how = inspector.own_image if sample is None else ("", text)
        label = None if batch.labels is None or sample is None else data.class_name(int(batch.labels[0]))
        header: dict[str, Any] = {
            "kind": "sample",
            "sample": sample,
            "total": len(data),
            "input": kind,
            "text": how,
            "name": name,
            "shape": list(value.shape),
            "label": label,
        }
        # The picture first: the prediction needs a whole forward.
        yield header, arrays
        judged: dict[str, Any] = {
            "kind": "judged",
            "sample": sample,
            "predicted": None,
            "top": [],
            "notClassifier": "",
        }
        try:
            best = top(scores_of_one(inspector.output(batch), data.columns), data.classes)
        except InnerviewError as error:
            judged["notClassifier"] = str(error)
        else:
            judged["top"] = [{"label": name, "probability": value} for name, value in best]
            judged["predicted"] = best[0][0]
        yield judged, {}

    def _page(self, inspector: Inspector, job: Job) -> Generator[Frame | None, None, None]:
        yield from self._thumbnails(inspector)
        labels = inspector.data.labels
        needs_labels = self._label is not None and labels is not None and (labels < 0).any()
        if not (self._misclassified or needs_labels):
            return
        job.priority = BACKGROUND
        for count, _ in enumerate(inspector.predict(job)):
            # The page fills as samples are judged; a picture of every step would be more than anyone can see.
            if count % 8 == 0:
                yield from self._thumbnails(inspector)
            else:
                yield None
        yield from self._thumbnails(inspector)

    def _filtered(self, inspector: Inspector) -> np.ndarray:
        data = inspector.data
        chosen = np.ones(len(data), bool)
        if self._label is not None and data.labels is not None:
            numbers = [n for n, name in enumerate(data.classes) if name == self._label]
            chosen &= np.isin(data.labels, numbers)
        if self._misclassified:
            chosen &= inspector.predictions.correct == 0
        if self._selected:
            chosen &= np.isin(np.arange(len(data)), inspector.brush, assume_unique=True)
        return np.flatnonzero(chosen)

    def _thumbnails(self, inspector: Inspector) -> Generator[Frame | None, None, None]:
        """One page; yields None between the pictures, which may have to be read from files one by one."""
        data, predictions = inspector.data, inspector.predictions
        order = self._filtered(inspector)
        offset = min(self._offset, max(0, (len(order) - 1) // _PAGE * _PAGE))
        indices = [int(index) for index in order[offset : offset + _PAGE]]
        # Thumbnails of the page before are kept: a page is sent again while predictions come in.
        shown = {index: self._shown[index] for index in indices if index in self._shown}
        for part in steps(len(indices)):
            for index in indices[part.start : part.stop]:
                if index not in shown:
                    shown[index] = make_thumbnail(data, index)
            if part.stop < len(indices):
                yield None
        if shown.keys() != self._shown.keys():
            yield images(indices, [shown[index] for index in indices])
        self._shown = shown
        header = {
            "kind": "thumbnails",
            "indices": indices,
            "labels": [shown[index].label for index in indices],
            "correct": [None if (c := int(predictions.correct[index])) < 0 else bool(c) for index in indices],
            "offset": offset,
            "count": len(order),
            "pageSize": _PAGE,
            "classes": data.classes if data.labels is not None else [],
            "filter": {"label": self._label, "misclassified": self._misclassified, "selected": self._selected},
            "selected": len(inspector.brush),
            "predictedUpTo": predictions.done,
            "total": len(data),
        }
        yield header, {}


def _display(value: Tensor, mean: Any, std: Any) -> tuple[str, str, dict[str, np.ndarray]]:
    shown = picture(value)
    if shown is not None:
        pixels, how = display_pixels(shown, mean, std)
        return "image", how, {"image": lean(pixels)}
    if value.is_floating_point() and value.ndim in (1, 2) and value.shape[-1] > 1:
        signal = value.reshape(-1, value.shape[-1]).float().cpu().numpy()
        return "signal", f"{signal.shape[0]} x {signal.shape[1]} values", {"signal": signal}
    if value.ndim == 1 and not value.is_floating_point():
        return "tokens", as_text(value, _TEXT), {}
    return "values", as_text(value, _TEXT), {}
