"""What a StatefulSet does next: a pure function from a set and its pods to steps.

In ordered mode (`podManagementPolicy: OrderedReady`) at most one thing happens at a time: pods come up from the lowest
ordinal, each after its predecessors are running, ready and available; they go down from the highest; a rolling update
replaces them from the highest down to the partition, each after the one above is healthy again. In parallel mode
nothing waits for anything, except that a rolling update still replaces one pod at a time. A pod that terminates holds
its identity until it is gone, in both modes.

Source: `stateful_set_control.go` `updateStatefulSet`. Not modelled: `maxUnavailable` (alpha).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from reference_impl.controllers.pod_status import (
    available_in_s,
    is_running_and_ready,
    is_terminal,
    phase_of,
)
from reference_impl.controllers.stateful_pods import (
    claim_name,
    claim_templates,
    has_identity,
    ordinal_of,
    revision_of,
)
from reference_impl.controllers.stateful_revisions import Revisions
from reference_impl.objects import is_deleting, name_of
from reference_impl.protocol import JsonObject


@dataclass(frozen=True, slots=True)
class CreatePod:
    """Create the pod of this ordinal from this revision, its claims first."""

    ordinal: int
    revision: JsonObject


@dataclass(frozen=True, slots=True)
class DeletePod:
    """Delete this very pod (by uid)."""

    pod: JsonObject
    why: str


@dataclass(frozen=True, slots=True)
class RestoreIdentity:
    """Give this pod back the labels that say who it is."""

    pod: JsonObject
    ordinal: int


@dataclass(frozen=True, slots=True)
class CreateClaims:
    """Create the claims that this pending pod waits for, should any be missing."""

    ordinal: int


Step = CreatePod | DeletePod | RestoreIdentity | CreateClaims


@dataclass(slots=True)
class Plan:
    """Steps in order, and in how many virtual seconds time alone may allow more (None: never)."""

    steps: list[Step] = field(default_factory=list)
    recheck_s: float | None = None

    def wait(self, seconds: float | None) -> None:
        if seconds and (self.recheck_s is None or seconds < self.recheck_s):
            self.recheck_s = seconds


@dataclass(slots=True)
class Scale:
    """A set's pods by ordinal: those inside the wanted range, and those beyond it, highest first."""

    ordinals: range
    replicas: dict[int, JsonObject]
    condemned: list[JsonObject]


def scale_of(set_: JsonObject, pods: Sequence[JsonObject]) -> Scale:
    """Sort pods into replicas and condemned. Pods that are not named after the set are ignored."""
    start = (set_["spec"].get("ordinals") or {}).get("start", 0)
    ordinals = range(start, start + replicas_of(set_))
    replicas: dict[int, JsonObject] = {}
    beyond: dict[int, JsonObject] = {}
    for pod in pods:
        ordinal = ordinal_of(name_of(set_), name_of(pod))
        if ordinal is not None:
            (replicas if ordinal in ordinals else beyond)[ordinal] = pod
    return Scale(ordinals, replicas, [beyond[ordinal] for ordinal in sorted(beyond, reverse=True)])


def replicas_of(set_: JsonObject) -> int:
    replicas = set_["spec"].get("replicas")
    return 1 if replicas is None else int(replicas)


def is_ordered(set_: JsonObject) -> bool:
    return bool(set_["spec"].get("podManagementPolicy", "OrderedReady") != "Parallel")


def partition_of(set_: JsonObject) -> int:
    """How many of the lowest replicas a rolling update leaves alone."""
    strategy = set_["spec"].get("updateStrategy") or {}
    return int((strategy.get("rollingUpdate") or {}).get("partition") or 0)


def make_plan(
    set_: JsonObject,
    pods: Sequence[JsonObject],
    revisions: Revisions,
    now: datetime,
    *,
    taken: Iterable[str] = (),
    claims: Iterable[str] = (),
) -> Plan:
    """Decide on the next steps.

    Args:
        pods: those the set controls.
        now: the controller's own wall clock.
        taken: names of pods in the namespace that somebody else holds: a predecessor set's, not collected yet.
        claims: names of the PersistentVolumeClaims that exist.
    """
    plan = Plan()
    if is_deleting(set_):
        return plan
    planner = _Planner(set_, scale_of(set_, pods), frozenset(taken), frozenset(claims), revisions, now, plan)
    if planner.fill() and planner.shrink():
        planner.replace()
    return plan


@dataclass(slots=True)
class _Planner:
    """The three phases of one sync. Each returns whether the next may run."""

    set_: JsonObject
    scale: Scale
    taken: frozenset[str]
    claims: frozenset[str]
    revisions: Revisions
    now: datetime
    plan: Plan

    def fill(self) -> bool:
        """Create what is missing, lowest ordinal first."""
        ordered = is_ordered(self.set_)
        return not any(self._fill_one(ordinal) and ordered for ordinal in self.scale.ordinals)

    def _fill_one(self, ordinal: int) -> bool:
        """Plan for one ordinal; True if an ordered set has to wait for it."""
        pod = self.scale.replicas.get(ordinal)
        if pod is None:
            if f"{name_of(self.set_)}-{ordinal}" not in self.taken:
                self.plan.steps.append(CreatePod(ordinal, self._revision_for(ordinal)))
            return True
        if is_terminal(pod):
            if not is_deleting(pod):
                self.plan.steps.append(DeletePod(pod, "it has ended and a new one takes its place"))
            return True
        if phase_of(pod) == "Pending" and self._lacks_claims(ordinal):
            self.plan.steps.append(CreateClaims(ordinal))
        if is_ordered(self.set_) and not self._is_settled(pod):
            return True
        if not has_identity(pod, ordinal):
            self.plan.steps.append(RestoreIdentity(pod, ordinal))
        return False

    def shrink(self) -> bool:
        """Delete what is beyond the range, highest ordinal first."""
        ordered, condemned = is_ordered(self.set_), self.scale.condemned
        # Of several unhealthy pods only the lowest may be deleted out of health (`firstUnhealthyPod`).
        unhealthy = [pod for pod in condemned if not self._is_healthy(pod)]
        for pod in condemned:
            if is_deleting(pod):
                if ordered:
                    return False
                continue
            if ordered and not self._is_settled(pod) and not (unhealthy and pod is unhealthy[-1]):
                return False
            self.plan.steps.append(DeletePod(pod, "the set was scaled down"))
            if ordered:
                return False
        return True

    def replace(self) -> None:
        """Delete the highest pod of another revision, if those above it are healthy."""
        strategy = (self.set_["spec"].get("updateStrategy") or {}).get("type", "RollingUpdate")
        if strategy != "RollingUpdate":
            return
        ordinals = self.scale.ordinals
        for ordinal in reversed(ordinals[partition_of(self.set_) :]):
            pod = self.scale.replicas.get(ordinal)
            if pod is None or is_terminal(pod):
                return  # Not healthy, and dealt with above.
            if revision_of(pod) != name_of(self.revisions.update) and not is_deleting(pod):
                self.plan.steps.append(DeletePod(pod, "a rolling update replaces it"))
                return
            if not self._is_healthy(pod):
                return

    def _revision_for(self, ordinal: int) -> JsonObject:
        """Below the partition of a rolling update pods keep the current revision, even when they are created anew."""
        strategy = (self.set_["spec"].get("updateStrategy") or {}).get("type", "RollingUpdate")
        is_held = strategy == "RollingUpdate" and ordinal < self.scale.ordinals.start + partition_of(self.set_)
        return self.revisions.current if is_held else self.revisions.update

    def _lacks_claims(self, ordinal: int) -> bool:
        names = (claim_name(self.set_, template, ordinal) for template in claim_templates(self.set_))
        return any(name not in self.claims for name in names)

    def _is_healthy(self, pod: JsonObject) -> bool:
        return is_running_and_ready(pod) and not is_deleting(pod)

    def _is_settled(self, pod: JsonObject) -> bool:
        """Healthy, and for at least minReadySeconds."""
        if not self._is_healthy(pod):
            return False
        wait_s = available_in_s(pod, self.set_["spec"].get("minReadySeconds") or 0, self.now)
        self.plan.wait(wait_s)
        return wait_s == 0


def make_status(set_: JsonObject, pods: Sequence[JsonObject], revisions: Revisions, now: datetime) -> JsonObject:
    """The status that these pods amount to (`computeReplicaStatus`, `completeRollingUpdate`)."""
    spec, old = set_["spec"], set_.get("status") or {}
    current, update = name_of(revisions.current), name_of(revisions.update)
    scale = scale_of(set_, pods)
    members = [*scale.replicas.values(), *scale.condemned]
    created = [pod for pod in members if phase_of(pod)]
    staying = [revision_of(pod) for pod in created if not is_deleting(pod)]
    min_ready_s = spec.get("minReadySeconds") or 0
    status: JsonObject = {
        **{key: value for key, value in old.items() if key == "conditions"},
        "observedGeneration": set_["metadata"].get("generation", 0),
        "replicas": len(created),
        "readyReplicas": sum(is_running_and_ready(pod) for pod in created),
        "availableReplicas": sum(available_in_s(pod, min_ready_s, now) == 0 for pod in created),
        "currentReplicas": staying.count(current),
        "updatedReplicas": staying.count(update),
        "currentRevision": current,
        "updateRevision": update,
        "collisionCount": old.get("collisionCount") or 0,
    }
    wanted = replicas_of(set_)
    rolling = (spec.get("updateStrategy") or {}).get("type", "RollingUpdate") == "RollingUpdate"
    if rolling and status["updatedReplicas"] == status["readyReplicas"] == status["replicas"] == wanted:
        status["currentReplicas"] = status["updatedReplicas"]
        status["currentRevision"] = update
    return status


def unavailable_for_s(set_: JsonObject, pods: Sequence[JsonObject], now: datetime) -> float | None:
    """Virtual seconds until the next pod counts as available by the mere passing of time, or None."""
    min_ready_s = set_["spec"].get("minReadySeconds") or 0
    waits = [available_in_s(pod, min_ready_s, now) for pod in pods]
    return min((wait_s for wait_s in waits if wait_s), default=None)
