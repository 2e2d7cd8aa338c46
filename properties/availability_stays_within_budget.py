"""No controller under test takes down more members of a group at once than the group declares it can spare.

Counted are ready Pods that the controller itself deleted and for which no other has become ready yet, in any of its
lives; a member that fails by itself is not its doing. Budgets: a PodDisruptionBudget's (`minAvailable`,
`maxUnavailable`), a StatefulSet's rolling update (one at a time, or its `maxUnavailable`), and a Deployment's
`maxUnavailable`. A cached count does not excuse it: to take something down needs a live look. Excused is what no look
could have shown: a deletion that committed after its sender had given it up, until the sender sees it.

Opt-in: that a group says so binds its own controller and evictions, and there may be reasons to restart all at once.
`evictions_respect_the_budget` asks what a budget's status allowed; this claim counts for itself.

Not judged: members that are too many (somebody scales down), a StatefulSet with strategy OnDelete, and groups that are
being deleted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Change, Judgement, ObjectRef, View
from properties.knowledge import knew
from properties.ownership import is_condemned, living_owner
from properties.pod import is_active, is_covered, is_ready
from properties.subject import ABSENT, has_kind, is_deletion, is_under_test
from reference_impl.objects import controller_of, is_deleting, namespace_of, uid_of
from reference_impl.protocol import JsonObject

_DEPLOYMENT_DEFAULT = "25%"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Members under one budget: those of `owners` (uids of their controllers), or those that `budget` selects."""

    ref: ObjectRef
    owners: tuple[str, ...]
    budget: JsonObject | None
    wanted_count: int
    spare_count: int

    def has(self, pod: JsonObject) -> bool:
        if self.budget is not None:
            return namespace_of(pod) == self.ref.namespace and is_covered(pod, self.budget)
        owner = controller_of(pod)
        return owner is not None and owner["uid"] in self.owners


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailabilityStaysWithinBudget:
    name: str = "availability_stays_within_budget"
    source: str = (
        "https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#rolling-updates; "
        "https://kubernetes.io/docs/concepts/workloads/pods/disruptions/; m3db-operator#271"
    )
    voided_by: tuple[str, ...] = ("a pod that is not ready", "a deletion that commits after its sender has given it up")
    when: str = "always"
    on: frozenset[str] = frozenset({"create", "update", "delete"})
    opt_in: bool = True

    def applies(self, trial: Any) -> bool:
        return has_kind(trial, "PodDisruptionBudget", "StatefulSet", "Deployment")

    def judge(self, view: View) -> Judgement:
        change = view.change
        if change is None or not is_under_test(view, change.component):
            return ABSENT
        pod = change.before
        if pod is None or change.ref.kind != "Pod" or not is_deletion(change) or not _serves(pod):
            return HOLDS
        if _is_surplus(view, change):
            return HOLDS
        for group in _groups(view, pod):
            down = _taken_down(view, change, group)
            if not change.late and len(down) > group.spare_count and _missing(view, group) > group.spare_count:
                names = ", ".join(past.ref.name for past in down)
                reason = (
                    f"{change.component} deleted the ready {change.ref}: of {group.ref} it has now taken down "
                    f"{len(down)} ({names}) that are not back, and {group.spare_count} may be missing"
                )
                return Judgement.violated(reason, [change.ref, group.ref], key=f"Pod {change.component}")
        return HOLDS


def _serves(pod: JsonObject) -> bool:
    return is_active(pod) and is_ready(pod)


def _is_surplus(view: View, change: Change) -> bool:
    """Are there more members than their owner wants, or wanted when its deleter last looked; or is it going?"""
    assert change.before is not None
    reference = controller_of(change.before)
    if reference is None:
        return False
    if is_condemned(view, change.before):
        return True
    owner = view.by_uid(reference["uid"])
    assert owner is not None
    ref = ObjectRef.to(owner)
    seen = view.observed(change.component, ref.api_version, ref.kind, ref.name, ref.namespace)
    left = [other for other in view.owned(reference["uid"]) if other["kind"] == "Pod" and is_active(other)]
    return len(left) >= min(_replicas(known) for known in (owner, seen) if known is not None)


def _groups(view: View, pod: JsonObject) -> Iterator[_Group]:
    for budget in view.list("policy/v1", "PodDisruptionBudget", namespace_of(pod)):
        if not is_deleting(budget) and is_covered(pod, budget):
            yield _of_budget(view, budget)
    reference = controller_of(pod)
    owner = living_owner(view, pod, reference) if reference is not None else None
    if owner is not None and owner["kind"] == "StatefulSet":
        strategy = owner["spec"].get("updateStrategy") or {}
        if strategy.get("type") != "OnDelete":
            bound = (strategy.get("rollingUpdate") or {}).get("maxUnavailable", 1)
            yield _of_owner(owner, (uid_of(owner),), max(1, _count(bound, _replicas(owner), round_up=True)))
    elif owner is not None and owner["kind"] == "ReplicaSet":
        above = controller_of(owner)
        deployment = living_owner(view, owner, above) if above is not None else None
        if deployment is not None and deployment["kind"] == "Deployment":
            rolling = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
            spare = _count(rolling.get("maxUnavailable", _DEPLOYMENT_DEFAULT), _replicas(deployment))
            sets = tuple(uid_of(other) for other in view.owned(uid_of(deployment)) if other["kind"] == "ReplicaSet")
            # Both zero would allow nothing at all: then one may be unavailable (`ResolveFenceposts`).
            yield _of_owner(deployment, sets, max(1, spare))


def _of_owner(owner: JsonObject, uids: tuple[str, ...], spare_count: int) -> _Group:
    return _Group(
        ref=ObjectRef.to(owner), owners=uids, budget=None, wanted_count=_replicas(owner), spare_count=spare_count
    )


def _of_budget(view: View, budget: JsonObject) -> _Group:
    """Source: `getExpectedPodCount`: how many there should be is what the pods' controllers want."""
    ref, spec = ObjectRef.to(budget), budget.get("spec") or {}
    pods = [pod for pod in view.list("v1", "Pod", ref.namespace) if is_covered(pod, budget)]
    owners = {reference["uid"]: None for pod in pods if (reference := controller_of(pod)) is not None}
    scales = [_replicas(owner) for uid in owners if (owner := view.by_uid(uid)) is not None]
    wanted = sum(scales) if scales else len(pods)
    if "maxUnavailable" in spec:
        spare = _count(spec["maxUnavailable"], wanted, round_up=True)
    else:
        spare = wanted - _count(spec.get("minAvailable", 1), wanted, round_up=True)
    return _Group(ref=ref, owners=(), budget=budget, wanted_count=wanted, spare_count=max(0, spare))


def _taken_down(view: View, change: Change, group: _Group) -> list[Change]:
    """What this component deleted of the group, with no other member having become ready in its place."""
    down: list[Change] = []
    for past in view.changes():
        if past.ref.kind != "Pod" or not group.has(past.after or past.before or {}):
            continue
        was, serves = past.before is not None and _serves(past.before), past.after is not None and _serves(past.after)
        if serves and not was:
            down = down[1:]
        elif was and is_deletion(past) and past.component == change.component and _is_known(view, change, past):
            down.append(past)
    return down


def _is_known(view: View, change: Change, past: Change) -> bool:
    """Could whoever sends this know of that deletion? Not of one that was given up and took effect afterwards."""
    assert past.before is not None
    return past is change or not past.late or knew(view, change.request, uid_of(past.before), past.revision)


def _missing(view: View, group: _Group) -> int:
    pods = view.list("v1", "Pod", group.ref.namespace)
    return group.wanted_count - sum(_serves(pod) for pod in pods if group.has(pod))


def _replicas(owner: JsonObject) -> int:
    replicas = (owner.get("spec") or {}).get("replicas")
    return replicas if isinstance(replicas, int) else 1


def _count(bound: Any, total: int, *, round_up: bool = False) -> int:
    """A number, or a percentage of the total (`GetScaledValueFromIntOrPercent`)."""
    if isinstance(bound, str) and bound.endswith("%"):
        share = int(bound[:-1]) * total
        return -(-share // 100) if round_up else share // 100
    return int(bound)
