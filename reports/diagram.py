"""What the browser draws from: the run as compact JSON, in columns, with every text said once.

There is one drawing code, in the browser (`templates/diagram.js`): whatever is unfolded has to be drawn there anyway,
and a second one in Python for readers without JavaScript would be a second thing to be wrong. They get the causal slice
as a table instead.

A large run is told in less detail (`DETAILS`), until it fits `DATA_MAX_BYTES`; what was left out is said in the page.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reports.beliefs import Update, updates_of, whole_kinds
from reports.facts import datum
from reports.labels import label_of, plain_words, wrong_tag
from reports.lanes import bands_of, lanes_of
from reports.shown import script_json, shown, shown_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.trace import TraceEvent
    from reports.run import Run

DATA_MAX_BYTES = 12_000_000
"""The whole page is to stay under 15 MB; the rest is markup, and what escaping adds."""

KINDS = (
    "note", "workload", "request", "commit", "reply", "stream", "event", "external", "reconcile", "reconciled", "fault",
    "crash", "restart", "pause", "resume", "settle", "violation",
)  # fmt: skip
"""Kinds of trace events; a kind from the future is drawn as a note."""

INDEFINITE = ("reply_lost", "external_reply_lost")
"""Weather that loses an answer: the arrow ends on its way."""


SILENCES = ("Unreachable", "ConnectionLost", "Timeout")
"""Errors that no server sent: what a sender makes of hearing nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """How much is told of events that do not belong to the causal slice."""

    changes: int
    """Changed fields of one commit."""
    values_bytes: int
    """Of objects' contents, slice first."""
    text: int
    """Characters of one line."""
    events: int
    """Events that are kept at all: those of the slice, and the last ones."""


DETAILS = (
    Detail(changes=20, values_bytes=4_000_000, text=160, events=200_000),
    Detail(changes=3, values_bytes=2_000_000, text=80, events=200_000),
    Detail(changes=0, values_bytes=1_000_000, text=60, events=100_000),
    Detail(changes=0, values_bytes=500_000, text=60, events=20_000),
)


def data_of(run: "Run") -> tuple[str, list[str]]:
    """(JSON for a script element, what was left out in plain sentences)."""
    updates = updates_of(run.trace)
    for detail in DETAILS:
        writer = _Writer(run, detail, updates)
        text = script_json(writer.data())
        if len(text.encode()) <= DATA_MAX_BYTES:
            break
    return text, writer.left_out


@dataclass
class _Names:
    """Texts, each said once and from then on called by its number. Two that look alike when shown stay two."""

    texts: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    def number(self, raw: str, most: int = 200) -> int:
        if raw not in self.numbers:
            self.numbers[raw] = len(self.texts)
            self.texts.append(shown(raw, most))
        return self.numbers[raw]


class _Writer:
    """One attempt at one level of detail."""

    def __init__(self, run: "Run", detail: Detail, updates: dict[str, list[Update]]) -> None:
        self.run = run
        self.detail = detail
        self.updates = updates
        self.slice = {*run.slice, *(told.step for told in run.story)}
        self.told = {told.step: plain_words(told.text) for told in run.story if told.mark == "fault"}
        if run.blame.step is not None and run.blame.missing:
            self.told[run.blame.step] = plain_words(run.blame.text)
        self.texts = _Names()
        self.objects = _Names()
        self.lanes = lanes_of(run.trace, run.facts.under_test)
        self.lane_numbers = {lane.name: number for number, lane in enumerate(self.lanes)}
        self.left_out: list[str] = []

        if any(_list_untold(event) for event in run.trace.events):
            self.left_out.append(
                "This trace does not say what lists returned: beliefs are of watch events and gets only."
            )

    def data(self) -> dict[str, Any]:
        events = self._kept()
        bands = bands_of(self.run.trace, self.run.facts.under_test, self.updates)
        facts = self.run.facts
        data = {
            "kinds": KINDS,
            "lanes": [[shown(lane.name, 60), lane.group] for lane in self.lanes],
            "events": self._columns(events),
            "slice": sorted(self.slice),
            "story": [[told.number, told.step, told.mark] for told in self.run.story],
            "wrong": self.run.blame.step,
            "missing": self.run.blame.missing,
            "tag": wrong_tag(self.run),
            "faults": list(self.run.blame.faults),
            "violation": facts.violation.step if facts.violation is not None else None,
            "bands": [
                [number, band.begin, band.end, band.kind, band.text]
                for band in bands
                if (number := self.lane_numbers.get(band.lane)) is not None
            ],
            "beliefs": self._beliefs(),
            "whole": {shown(name, 60): kinds for name, kinds in whole_kinds(self.run.trace).items()},
            "believer": self._believer(),
            "moment": self._moment(),
            "commits": self._commits(),
            "values": self._values(),
        }
        return {**data, "objects": self.objects.texts, "texts": self.texts.texts}

    def _kept(self) -> "list[TraceEvent]":
        events = self.run.trace.events
        if len(events) <= self.detail.events:
            return events
        first = len(events) - self.detail.events
        kept = [event for event in events if event.step >= first or event.step in self.slice]
        self.left_out.append(
            f"The diagram has the causal slice and the last {self.detail.events:,} of {len(events):,} events."
        )
        return kept

    def _columns(self, events: "Sequence[TraceEvent]") -> dict[str, list[Any]]:
        kinds = {kind: number for number, kind in enumerate(KINDS)}
        return {
            "step": [event.step for event in events],
            "time": [round(event.time_s, 3) for event in events],
            "kind": [kinds.get(event.kind, 0) for event in events],
            "lane": [self.lane_numbers.get(event.component, -1) for event in events],
            "peer": [self.lane_numbers.get(event.peer, -1) for event in events],
            "object": [self.objects.number(event.object) if event.object else -1 for event in events],
            "rv": [event.resource_version or 0 for event in events],
            "cause": [_causes(event) for event in events],
            "text": [self._text(event) for event in events],
            "flag": [_flag(event) for event in events],
        }

    def _text(self, event: "TraceEvent") -> int:
        text = self.told.get(event.step) or label_of(event)
        return self.texts.number(text, 400 if event.step in self.slice else self.detail.text)

    def _beliefs(self) -> dict[str, list[list[int]]]:
        return {
            shown(name, 60): [[one.step, self.objects.number(one.object), one.revision or 0] for one in updates]
            for name, updates in self.updates.items()
        }

    def _believer(self) -> str | None:
        """Whose belief is shown first: the writer's of the wrong write, else who is on trial."""
        step = self.run.blame.step
        names = [] if step is None else [self.run.trace.events[step].component, self.run.trace.events[step].peer]
        names.extend(self.run.facts.under_test)
        return next((shown(name, 60) for name in names if name in self.updates), None)

    def _moment(self) -> int:
        """The step before which beliefs are shown first: of the wrong write, or of the pass that should have written;
        else the violation, else the end."""
        violation = self.run.facts.violation
        if self.run.blame.step is not None:
            return self.run.blame.step
        return violation.step if violation is not None else len(self.run.trace.events)

    def _commits(self) -> list[list[Any]]:
        """[step, object, revision, deleted, writer, changes] of every commit."""
        rows = []
        left_out = 0
        for event in self.run.trace.events:
            if event.kind != "commit":
                continue
            changed = [str(change) for change in datum(event, "changed") or ()]
            most = 40 if event.step in self.slice else self.detail.changes
            left_out += max(0, len(changed) - most)
            numbers = [self.texts.number(change) for change in changed[:most]]
            deleted = int("DELETED" in (datum(event, "type"), datum(event, "fact")))
            writer = self.texts.number(event.peer or event.component, 60)
            rows.append(
                [event.step, self.objects.number(event.object), event.resource_version or 0, deleted, writer, numbers]
            )
        if left_out:
            self.left_out.append(f"{left_out:,} changed fields of commits outside the slice are not told.")
        return rows

    def _values(self) -> dict[str, Any]:
        """Contents by "object number:revision"; of the slice first, then the newest, until the budget is spent."""
        commits = [event for event in self.run.trace.events if event.kind == "commit"]
        commits.sort(key=lambda event: (event.step not in self.slice, -event.step))
        values: dict[str, Any] = {}
        left_bytes = self.detail.values_bytes
        left_out = 0
        for event in commits:
            value = datum(event, "value") if left_bytes > 0 else None
            if value is None:
                left_out += left_bytes <= 0
                continue
            fit = shown_value(_without_managed_fields(value))
            left_bytes -= len(script_json(fit))
            values[f"{self.objects.number(event.object)}:{event.resource_version or 0}"] = fit
        if left_out:
            self.left_out.append(f"The contents of objects after {left_out:,} commits are not told, only what changed.")
        return values


FAILED, LOST, PHASE_EFFECT, PHASE_ANSWER, SILENT = 1, 2, 4, 8, 16
"""What the drawing needs to know of one event."""


_PHASES = {"effect": PHASE_EFFECT, "drift": PHASE_EFFECT, "answer": PHASE_ANSWER}


def _flag(event: "TraceEvent") -> int:
    flag = FAILED if datum(event, "error") else 0
    if datum(event, "error") in SILENCES:
        flag |= SILENT
    if event.kind == "fault" and datum(event, "name") in INDEFINITE:
        flag |= LOST
    if event.kind == "external":
        flag |= _PHASES.get(str(datum(event, "phase")), 0)
    return flag


def _list_untold(event: "TraceEvent") -> bool:
    """A list reply as older versions wrote it down."""
    listed = event.kind == "reply" and datum(event, "verb") == "list" and not datum(event, "error")
    return listed and datum(event, "seen") is None


def _causes(event: "TraceEvent") -> int | list[int]:
    causes = [cause for cause in event.caused_by if isinstance(cause, int) and 0 <= cause < event.step]
    return causes[0] if len(causes) == 1 else causes[:20]


def _without_managed_fields(value: Any) -> Any:
    metadata = value.get("metadata") if isinstance(value, dict) else None
    if not isinstance(metadata, dict) or "managedFields" not in metadata:
        return value
    return {**value, "metadata": {key: inner for key, inner in metadata.items() if key != "managedFields"}}
