"""No key is reconciled again and again without anything new to look at.

Counted from the last effective change on, since what comes before has reasons. Two limits, both arbitrary and far
above honest work: `burst_count` passes over one key within a virtual second (plus what late deliveries of all earlier
changes could cause), and, a minute later, when every message has long arrived, `idle_count` within a virtual second.
Item back-off (5 ms doubling) makes 8 passes in its first second; a poll that asks for `requeue_after_s` is slower.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Change, Judgement, ObjectRef, ReconcileRecord, View
from properties.subject import ABSENT, final_rest, has_controllers, is_program

_LONGEST_JOURNEY_S = 60.0
"""By then every event and answer of the last change has come: latency is at most 8 s, a request times out in 60 s."""

_WINDOW_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoHotLoop:
    name: str = "no_hot_loop"
    source: str = "kubernetes#56261, kubernetes#96579, airflow#30425; controller-runtime's rate limiting work queue"
    voided_by: tuple[str, ...] = ("input that really keeps coming",)
    when: str = "at_rest"
    burst_count: int = 200
    idle_count: int = 30
    write_count: int = 100
    """Writes of one component to one object within a virtual second, when a run never came to rest."""

    def applies(self, trial: Any) -> bool:
        return has_controllers(trial)

    def judge(self, view: View) -> Judgement:
        changes = view.changes()
        if not final_rest(view):
            return ABSENT
        if view.phase == "end":
            rewriting = _rewriting(view, changes, self.write_count)
            if rewriting is not ABSENT:
                return rewriting
        last_s = changes[-1].request.sent_s if changes else 0.0
        # Each change reaches an informer once more or less; a relist repeats what is stored, which no change count
        # bounds, hence the generous factor.
        burst_count = self.burst_count + 3 * len(changes)
        judged = False
        for component in view.components():
            records = [record for record in view.reconciles(component.name) if record.started_s >= last_s]
            judged = judged or bool(records) or bool(view.reconciles(component.name))
            for key, passes in _by_key(records).items():
                idle = [record for record in passes if record.started_s > last_s + _LONGEST_JOURNEY_S]
                for some, limit in ((passes, burst_count), (idle, self.idle_count)):
                    if _busiest(some) > limit:
                        return _violated(component.name, key, _busiest(some), passes[-1])
        return HOLDS if judged else ABSENT


def _rewriting(view: View, changes: list[Change], limit: int) -> Judgement:
    """In a run that does not come to rest: who keeps rewriting one object, because its own write wakes it up again?

    Such a loop need not go round in circles (a counter, a timestamp), so `no_livelock` cannot show it.
    """
    times: dict[tuple[str, ObjectRef], list[float]] = {}
    for change in changes:
        if is_program(view, change.component):
            times.setdefault((change.component, change.ref), []).append(change.request.sent_s)
    for (component, ref), sent in times.items():
        count = _busiest_window(sent)
        if count > limit:
            reason = f"{component} wrote {ref} {count} times within {_WINDOW_S:.0f} s and does not stop"
            return Judgement.violated(reason, [ref], key=f"{ref.kind} {component}")
    return ABSENT


def _by_key(records: Iterable[ReconcileRecord]) -> dict[tuple[str, str, str, int], list[ReconcileRecord]]:
    keys: dict[tuple[str, str, str, int], list[ReconcileRecord]] = {}
    for record in records:
        key = (record.controller, record.namespace or "", record.name, record.incarnation)
        keys.setdefault(key, []).append(record)
    return keys


def _busiest(records: list[ReconcileRecord]) -> int:
    """The most passes that began within one window."""
    return _busiest_window([record.started_s for record in records])


def _busiest_window(times_s: list[float]) -> int:
    """The most of these times within one window."""
    most, begin = 0, 0
    for end, time_s in enumerate(times_s):
        while time_s - times_s[begin] >= _WINDOW_S:
            begin += 1
        most = max(most, end - begin + 1)
    return most


def _violated(component: str, key: tuple[str, str, str, int], count: int, last: ReconcileRecord) -> Judgement:
    where = f"{key[1]}/{key[2]}" if key[1] else key[2]
    ending = last.error or last.outcome or "no outcome"
    reason = f"{key[0]} reconciled {where} {count} times within {_WINDOW_S:.0f} s, unprompted; last: {ending}"
    return Judgement.violated(reason, key=f"{key[0]} {component}")
