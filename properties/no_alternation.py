"""No field goes to and fro between two values without a reason from outside, even if it comes to rest at last.

Two writers that take back what the other wrote, or one that takes back its own, may stop when the one who was behind
has caught up: then the end is right, no livelock is left to see, and meanwhile everything that hangs on the field was
shaken. Judged at rest, from all that was committed. A field that returns to the value before the last one more than
`returns_most` times in a row, while controllers under test do nothing else than that, is a violation.

Counted anew after every commit of a user or of the weather, every change by a component that is not under test (a pod
that comes and goes is a reason to change one's mind), every restart of a writer, which may come back into the past and
has to find its way, every pass that did not simply end well, and everything that gets anywhere: an object made or
deleted, any field changed to what it was not before. Only what is wanted is judged: `spec`, `data` and whatever else an
object has at its top, its labels and annotations; a status tells of what happens to go up and down. Volatile fields are
left out.

Whoever sets a mark, is refused something (a permission that was taken away, a quota) and clears the mark again is right
to do so, and to try again. A request's failure is not shown to properties, its pass's outcome is: an error, or the wish
to come back. Only a pass that lost a race (`Conflict`) before it wrote anything is no reason, as those who fight over a
field meet in just that way. Of a write that no reconcile sent nobody knows what else failed, so it begins anew too.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Change, Judgement, ObjectRef, ReconcileRecord, View
from properties.subject import ABSENT, is_full_rest
from reference_impl.errors import Conflict

_NOT_WANTED = ("status", "metadata.")
_WANTED = ("metadata.labels", "metadata.annotations")

_PASSING = frozenset({"resourceVersion", "generation", "observedGeneration", "managedFields"})
"""What changes because something else did; and times do, whose names end so by the API's conventions."""
_TIMES = ("Time", "Timestamp")

Field = tuple[ObjectRef, str]


@dataclass(frozen=True, slots=True)
class _Course:
    """How one field has gone: its last change, and how often in a row it went back during one `stretch`."""

    before: Any
    after: Any
    stretch: int
    returns: int
    writers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Troubled:
    """The times during which passes ran that did not simply end well: disjoint, in order."""

    begins_s: list[float]
    ends_s: list[float]

    @classmethod
    def of(cls, records: list[ReconcileRecord]) -> "_Troubled":
        troubled = cls([], [])
        # Of one that still runs, or died, nothing is known yet; a restart counts by itself.
        times_s = [(r.started_s, r.finished_s) for r in records if r.finished_s is not None and _failed(r)]
        for begin_s, end_s in sorted(times_s):
            if troubled.ends_s and begin_s <= troubled.ends_s[-1]:
                troubled.ends_s[-1] = max(troubled.ends_s[-1], end_s)
            else:
                troubled.begins_s.append(begin_s)
                troubled.ends_s.append(end_s)
        return troubled

    def touches(self, from_s: float, to_s: float) -> bool:
        last = bisect_right(self.begins_s, to_s) - 1
        return last >= 0 and self.ends_s[last] >= from_s


def _failed(record: ReconcileRecord) -> bool:
    lost_a_race = record.error is not None and record.error.startswith(f"{Conflict.__name__}:")
    return record.outcome != "done" and (not lost_a_race or record.writes > 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAlternation:
    name: str = "no_alternation"
    source: str = "Kivi (no oscillation); kubernetes#36327, kubernetes#90541 (controllers that fight over one field)"
    voided_by: tuple[str, ...] = (
        "external_drift",
        "fields declared volatile",
        "a field that follows a clock",
        "passes that fail or ask to come back",
    )
    when: str = "at_rest"
    returns_most: int = 10
    """Five times there and back; arbitrary, generous: a wrong picture costs one or two."""

    def applies(self, trial: Any) -> bool:
        return True

    def judge(self, view: View) -> Judgement:
        if not is_full_rest(view) or view.fault_fired("external_drift"):
            return ABSENT
        under_test = [c.name for c in view.components() if c.under_test]
        written: dict[ObjectRef, int] = {}
        for change in view.changes():
            if change.component in under_test:
                written[change.ref] = written.get(change.ref, 0) + 1
        if not written:
            return ABSENT
        # Cheap, and nearly always the answer.
        if max(written.values()) <= self.returns_most:
            return HOLDS
        return _judge_courses(view, under_test, self.returns_most)


def _judge_courses(view: View, under_test: list[str], most: int) -> Judgement:
    volatile = [path for path in getattr(view.trial, "volatile", ()) if "." in path]
    courses: dict[Field, _Course] = {}
    incarnations: dict[str, int] = {}
    troubled = _Troubled.of([record for name in under_test for record in view.reconciles(name)])
    stretch, last_s = 0, 0.0
    for change in view.changes():
        incarnation, sent_s = change.request.incarnation, change.request.sent_s
        if (
            change.component not in under_test
            or incarnations.get(change.component, incarnation) != incarnation
            or change.request.reconcile is None
            or troubled.touches(min(last_s, sent_s), max(last_s, sent_s))
        ):
            stretch += 1
        incarnations[change.component], last_s = incarnation, sent_s
        fields = _changed(change)
        if not all(_goes_back(courses.get((change.ref, path)), before, after) for path, before, after in fields):
            stretch += 1
        for path, before, after in fields:
            known = courses.get((change.ref, path))
            course = _course(known, before, after, stretch, change.component)
            courses[change.ref, path] = course
            if course.returns > most and _is_wanted(path) and not _is_muted(change.ref, path, volatile):
                return _violated(change.ref, path, course)
    return HOLDS


def _goes_back(known: _Course | None, before: Any, after: Any) -> bool:
    return known is not None and (known.before, known.after) == (after, before)


def _course(known: _Course | None, before: Any, after: Any, stretch: int, writer: str) -> _Course:
    if known is None or not _goes_back(known, before, after) or known.stretch != stretch:
        return _Course(before, after, stretch, 0, (writer,))
    writers = known.writers if writer in known.writers else (*known.writers, writer)
    return _Course(before, after, stretch, known.returns + 1, writers)


def _changed(change: Change) -> list[tuple[str, Any, Any]]:
    """The fields that this commit changed: (path, before, after). All of an object that comes or goes are one."""
    if change.before is None or change.after is None:
        return [("", change.before, change.after)]
    return list(_differences(change.before, change.after, ""))


def _differences(before: Any, after: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Lists are taken whole."""
    if before is after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            if key not in _PASSING and not key.endswith(_TIMES):
                yield from _differences(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif before != after:
        yield path, before, after


def _is_wanted(path: str) -> bool:
    return path.startswith(_WANTED) or not path.startswith(_NOT_WANTED)


def _is_muted(ref: ObjectRef, path: str, volatile: list[str]) -> bool:
    return any(f"{ref.kind}.{path}".startswith(f"{mute}.") or f"{ref.kind}.{path}" == mute for mute in volatile)


def _violated(ref: ObjectRef, path: str, course: _Course) -> Judgement:
    writers = " and ".join(sorted(course.writers))
    return Judgement.violated(
        f"{path} of {ref} went back {course.returns} times in a row, from {course.before!r} to {course.after!r} and "
        f"the other way round, written by {writers}, while nobody did anything else",
        [ref],
        key=f"{ref.kind} {writers}",
    )
