"""Events of a run on its charts: vertical lines with a word above each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from innerview.widgets.bqplot_parts import COLOURS, GREY, INK, RED, bqplot
from innerview.widgets.line_marks import PRESERVED, Line, draw_lines, make_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from innerview.training.diagnosis import Finding
    from innerview.training.record import Event
    from innerview.widgets.time_axis import TimeAxis

# From the most telling to the least; what is not named here comes last.
_COLOURS = {"error": RED, "action": COLOURS[2], "finding": COLOURS[1], "undo": COLOURS[3]}
_WORDS = {"epoch": "", "pause": "paused", "resume": "resumed"}  # of the other kinds: the kind
_MOST = 60  # lines, that can be told apart

# In pixels. How wide a chart is only the page knows: so much at least.
_PLOT = 190
_BEYOND = 12  # a word may reach into the margin
_LETTER, _GAP = 5.8, 3
_FONT, ROW = 10, 11
_MOST_ROWS = 4


class EventMark(NamedTuple):
    """One thing that happened: of the kind of an ``Event``, or a "finding"; its word is "" for a line alone."""

    step: int
    kind: str
    word: str


class Word(NamedTuple):
    """A word above a chart, that begins at a step, or ends there; row 0 is next to the plot."""

    step: float
    row: int
    text: str
    ends: bool = False


def marks_of(events: Iterable[Event], findings: Iterable[Finding]) -> list[EventMark]:
    """Return the marks of a run in order: its events, and its findings where they began.

    Of more than can be told apart the epochs go first, then what is oldest.
    """
    marks = [EventMark(event.step, event.kind, _WORDS.get(event.kind, event.kind)) for event in events]
    marks += [EventMark(finding.since, "finding", finding.name) for finding in findings]
    if len(marks) > _MOST:
        marks = [mark for mark in marks if mark.kind != "epoch"]
    return sorted(marks, key=lambda mark: mark.step)[-_MOST:]


def place(marks: Sequence[EventMark], first: float, last: float) -> list[Word]:
    """Place words above the steps shown so that none overlap; where there is no room, the less important are left out.

    The same word again, where it would overlap, is counted instead. The marks are in order.
    """
    steps = (last - first) / _PLOT  # of a pixel
    rows: list[list[tuple[float, float]]] = [[] for _ in range(_MOST_ROWS)]
    words = []
    for _, at, text in sorted(_counted(marks, first, last, steps)):
        width, gap = _width(text) * steps, _GAP * steps
        # The last ones end at their line, and so within the figure.
        ends = at + width > last + _BEYOND * steps
        left, right = (at - width, at + gap) if ends else (at - gap, at + width)
        for row, taken in enumerate(rows):
            if all(right <= begin or end <= left for begin, end in taken):
                taken.append((left, right))
                words.append(Word(at, row, text, ends))
                break
    return words


class EventMarks:
    """Lines and words in one figure."""

    def __init__(self, time: TimeAxis) -> None:
        self._time = time
        bq = bqplot()
        self.upright = bq.LinearScale(min=0.0, max=1.0, allow_padding=False)
        scales = {"x": time.scale, "y": self.upright}
        self._lines = make_lines(scales, stroke_width=1.0)
        self._words = {
            ends: bq.Label(
                x=np.zeros(1),
                y=np.zeros(1),
                text=np.array([""]),
                scales=scales,
                colors=[INK],
                default_size=_FONT,
                font_weight="normal",
                align="end" if ends else "start",
                x_offset=1 if ends else -1,
                y_offset=-ROW // 2 - 1,
                apply_clip=False,  # they stand outside of the plot
                visible=False,
                preserve_domain=PRESERVED,
                interactions={},
            )
            for ends in (False, True)
        }
        self.marks: list[Any] = [self._lines, *self._words.values()]
        self._drawn: list[EventMark] = []
        self._placed: list[Word] = []

    def place(self, marks: Sequence[EventMark]) -> list[Word]:
        """The words above the steps that are shown now."""
        return place(marks, *(self._time.between or (0.0, self._time.end)))

    def show(self, marks: Sequence[EventMark], words: Sequence[Word], height: float) -> None:
        """Draw these in place of what was drawn before, around a plot that is ``height`` pixels high."""
        if list(marks) != self._drawn:
            self._drawn = list(marks)
            upright = np.array([0.0, 1.0])
            with self._lines.hold_sync():
                self._lines.opacities = [0.9 if mark.word else 0.5 for mark in marks]
                draw_lines(
                    self._lines,
                    [Line(np.full(2, float(mark.step)), upright, _COLOURS.get(mark.kind, GREY)) for mark in marks],
                )
        if list(words) != self._placed:
            self._placed = list(words)
            for ends, label in self._words.items():
                here = [word for word in words if word.ends == ends]
                with label.hold_sync():
                    if here:
                        label.x = np.array([word.step for word in here])
                        label.y = np.array([1.0 + word.row * ROW / height for word in here])
                        label.text = np.array([word.text for word in here])
                    label.visible = bool(here)


def _counted(marks: Sequence[EventMark], first: float, last: float, steps: float) -> Iterable[tuple[int, float, str]]:
    """Yield rank, step and word of each mark, or of several with the same word that stand close together."""
    telling = list(_COLOURS)
    near: dict[tuple[int, str], list[list[int]]] = {}
    for mark in marks:
        if mark.word and first <= mark.step <= last:
            rank = telling.index(mark.kind) if mark.kind in telling else len(telling)
            groups = near.setdefault((rank, mark.word), [])
            if groups and mark.step - groups[-1][0] < _width(f"{mark.word} \u00d79") * steps:
                groups[-1].append(mark.step)
            else:
                groups.append([mark.step])
    for (rank, word), groups in near.items():
        for group in groups:
            yield rank, float(group[0]), word if len(group) == 1 else f"{word} \u00d7{len(group)}"


def _width(text: str) -> float:
    return _LETTER * len(text) + _GAP
