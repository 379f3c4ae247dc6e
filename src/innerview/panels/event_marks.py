"""What happened in a run, as marks on its charts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from innerview.training.diagnosis import Finding
    from innerview.training.record import Event

_WORDS = {"epoch": "", "pause": "paused", "resume": "resumed"}  # of the other kinds: the kind
_MOST = 60  # lines, that can be told apart


class EventMark(NamedTuple):
    """One thing that happened: of the kind of an ``Event``, or a "finding"; its word is "" for a line alone."""

    step: int
    kind: str
    word: str


def marks_of(events: Iterable[Event], findings: Iterable[Finding]) -> list[EventMark]:
    """Return the marks of a run in order: its events, and its findings where they began.

    Of more than can be told apart the epochs go first, then what is oldest.
    """
    marks = [EventMark(event.step, event.kind, _WORDS.get(event.kind, event.kind)) for event in events]
    marks += [EventMark(finding.since, "finding", finding.name) for finding in findings]
    if len(marks) > _MOST:
        marks = [mark for mark in marks if mark.kind != "epoch"]
    return sorted(marks, key=lambda mark: mark.step)[-_MOST:]
