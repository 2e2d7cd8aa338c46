"""Who elects a leader sends nothing once its own clock says that its lease ran out.

Judged as the request is sent, on the sender's own clock: it cannot know better. A command sent in time that commits
late is unfenced and no fault of its sender. Excused: requests about Leases (that is how leadership is won), Events, and
what leaves a process in the very instant in which it wakes from a pause: a process may be stopped between any look at
its clock and the write that follows, so no leader can help that first one (client-go: "does not guarantee that only one
client is acting as a leader"); it can stop before the next.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Judgement, ObjectRef, View
from properties.subject import ABSENT, has_electors


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderWritesInsideItsLease:
    name: str = "leader_writes_inside_its_lease"
    source: str = (
        "https://pkg.go.dev/k8s.io/client-go/tools/leaderelection (RenewDeadline, OnStoppedLeading); kubernetes#23731, "
        "kubernetes#125761"
    )
    voided_by: tuple[str, ...] = ("a component that does not elect", "the instant of waking from a pause")
    when: str = "always"
    on: frozenset[str] = frozenset({"request"})

    def applies(self, trial: Any) -> bool:
        return has_electors(trial)

    def judge(self, view: View) -> Judgement:
        sent = view.request
        if sent is None or sent.lease_until_s is None or view.change is not None:
            return ABSENT
        request = sent.request
        if request.is_read or request.dry_run or request.kind in ("Lease", "Event"):
            return ABSENT
        if sent.sent_monotonic_s <= sent.lease_until_s or sent.just_woke:
            return HOLDS
        late_s = sent.sent_monotonic_s - sent.lease_until_s
        body = request.body if isinstance(request.body, dict) else {}
        name = request.name or (body.get("metadata") or {}).get("name") or "(generated)"
        ref = ObjectRef(request.api_version, request.kind, request.namespace, name)
        since = f"{late_s:.3f} s after its lease ran out" if late_s < float("inf") else "without ever holding its lease"
        return Judgement.violated(
            f"{sent.component} sent {request.verb} {ref} {since}, by its own clock",
            [ref],
            key=f"{request.kind} {sent.component}",
        )
