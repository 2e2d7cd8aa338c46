"""What is taken on each node: pods that the cache shows as bound, and pods that are assumed to be.

Between a binding that was sent and the event that confirms it, the pod is *assumed* on its node, so that the next
decision counts it. An assumption ends when the cache shows the pod bound, ended or deleted, or when it is forgotten
because the binding was refused. An assumption whose confirmation never comes (bound and deleted while the stream was
cut) grows old; `overdue` names it, so that the scheduler can look live instead of guessing.

Source: `pkg/scheduler/backend/cache/cache.go` (AssumePod, FinishBinding, ForgetPod).
"""

from collections.abc import Callable
from dataclasses import dataclass

from reference_impl.controllers.pods import is_terminal
from reference_impl.objects import uid_of
from reference_impl.protocol import JsonObject
from reference_impl.scheduler.fit import DEFAULT_REQUESTS
from reference_impl.scheduler.quantities import Resources, pod_requests

CONFIRM_WITHIN_S = 30.0
"""The original's first `durationToExpireAssumedPod`: 30 s (later "never", which leaks capacity)."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A pod on a node. `requests` in thousandths; `deadline_s` is set while it is only assumed."""

    pod: tuple[str | None, str]
    node: str
    requests: Resources
    deadline_s: float | None = None


class NodeUsage:
    """Sums per node, kept up to date one pod at a time.

    Args:
        monotonic_s: this process's clock, virtual seconds.
    """

    def __init__(self, monotonic_s: Callable[[], float]) -> None:
        self._monotonic_s = monotonic_s
        self._placements: dict[str, Placement] = {}
        self._taken: dict[str, Resources] = {}
        self._scored: dict[str, Resources] = {}

    def observe(self, event_type: str, old: JsonObject | None, new: JsonObject | None) -> bool:
        """What the cache has just been told about a pod. True if that may have freed room, or placed a pod."""
        changed = False
        if old is not None and (new is None or uid_of(old) != uid_of(new)):
            changed = self._remove(uid_of(old))
        if new is not None:
            if is_terminal(new):
                changed = self._remove(uid_of(new)) or changed
            elif new["spec"].get("nodeName"):
                self._confirm(new)
        return changed

    def assume(self, pod: JsonObject, node: str) -> None:
        """Count the pod on the node from now on."""
        deadline_s = self._monotonic_s() + CONFIRM_WITHIN_S
        self._place(uid_of(pod), Placement(_key(pod), node, pod_requests(pod), deadline_s))

    def forget(self, uid: str) -> None:
        """The binding was refused. A pod that the cache shows as bound stays counted."""
        placement = self._placements.get(uid)
        if placement is not None and placement.deadline_s is not None:
            self._remove(uid)

    def node_of(self, uid: str) -> str | None:
        """Where the pod is, or is assumed to be."""
        placement = self._placements.get(uid)
        return placement.node if placement else None

    def overdue(self) -> list[tuple[str, Placement]]:
        """Assumptions that should have been confirmed by now, oldest first: (uid, placement)."""
        now_s = self._monotonic_s()
        return [
            (uid, placement)
            for uid, placement in self._placements.items()
            if placement.deadline_s is not None and placement.deadline_s <= now_s
        ]

    def taken(self, node: str) -> Resources:
        """Requests of all pods on the node, thousandths. Shared: do not change it."""
        return self._taken.get(node, {})

    def scored(self, node: str) -> Resources:
        """The same for scoring: pods that ask for nothing count as `DEFAULT_REQUESTS`."""
        return self._scored.get(node, {})

    def _confirm(self, pod: JsonObject) -> None:
        uid, node = uid_of(pod), pod["spec"]["nodeName"]
        known = self._placements.get(uid)
        if known is None or known.node != node or known.deadline_s is not None:
            self._place(uid, Placement(_key(pod), node, pod_requests(pod)))

    def _place(self, uid: str, placement: Placement) -> None:
        self._remove(uid)
        self._placements[uid] = placement
        self._count(placement, 1)

    def _remove(self, uid: str) -> bool:
        placement = self._placements.pop(uid, None)
        if placement is None:
            return False
        self._count(placement, -1)
        return True

    def _count(self, placement: Placement, sign: int) -> None:
        taken = self._taken.setdefault(placement.node, {})
        scored = self._scored.setdefault(placement.node, {})
        for name, amount in placement.requests.items():
            taken[name] = taken.get(name, 0) + sign * amount
        for name, default in DEFAULT_REQUESTS.items():
            scored[name] = scored.get(name, 0) + sign * placement.requests.get(name, default)


def _key(pod: JsonObject) -> tuple[str | None, str]:
    return pod["metadata"].get("namespace"), pod["metadata"]["name"]
