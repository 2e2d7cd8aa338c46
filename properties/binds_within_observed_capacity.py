"""A pod is bound to a node only if it fits beside the pods that its binder knew there.

Judged as the binding is sent. Counted are pods that are truly bound to the node and have not finished, and of those
only the ones that the sender had seen bound or that this very life bound: a binding of its own it has to remember, also
when the answer was lost. The node's room is the largest allocatable of any of its states since the first one seen.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from harness.contract import HOLDS, Judgement, ObjectRef, SentRequest, View
from properties.knowledge import knew
from properties.pod import Resources, is_finished, node_of, quantity, requests_of
from properties.subject import ABSENT, has_kind, is_command
from reference_impl.objects import name_of, namespace_of, uid_of
from reference_impl.protocol import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class BindsWithinObservedCapacity:
    name: str = "binds_within_observed_capacity"
    source: str = (
        "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/"
        "#how-pods-with-resource-requests-are-scheduled; kubernetes#26043"
    )
    voided_by: tuple[str, ...] = ("pods bound by others that the sender never saw", "a node the sender never saw")
    when: str = "always"
    on: frozenset[str] = frozenset({"request"})

    def applies(self, trial: Any) -> bool:
        return has_kind(trial, "Pod")

    def judge(self, view: View) -> Judgement:
        sent = view.request
        if sent is None or sent.request.kind != "Pod" or not is_command(sent):
            return ABSENT
        if sent.request.subresource != "binding":
            return HOLDS
        body = sent.request.body
        name = sent.request.name or (body["metadata"]["name"] if isinstance(body, dict) else None)
        node_name = (body.get("target") or {}).get("name") if isinstance(body, dict) else None
        if name is None or node_name is None:
            return HOLDS
        pod = view.get("v1", "Pod", name, sent.request.namespace)
        first_seen = view.first_observed(sent.component, "v1", "Node", node_name)
        if pod is None or node_of(pod) is not None or first_seen is None:
            return HOLDS
        room = _room(view, node_name, first_seen)
        bound = [
            other
            for other in view.list("v1", "Pod")
            if node_of(other) == node_name and not is_finished(other) and uid_of(other) != uid_of(pod)
        ]
        if _excess([pod, *bound], room) is None:
            return HOLDS
        known = [other for other in bound if _is_known(view, sent, other)]
        excess = _excess([pod, *known], room)
        if excess is None:
            return HOLDS
        ref = ObjectRef.to(pod)
        reason = f"{sent.component} binds {ref} to node {node_name}, where by what it knew it does not fit: {excess}"
        return Judgement.violated(reason, [ref, ObjectRef("v1", "Node", None, node_name)], key=f"Pod {sent.component}")


def _room(view: View, node_name: str, first_seen: JsonObject) -> Resources:
    since = int(first_seen["metadata"]["resourceVersion"])
    states = [first_seen] + [
        event.object for event in view.history(ObjectRef("v1", "Node", None, node_name)) if event.revision >= since
    ]
    room: Resources = {}
    for state in states:
        for resource, value in ((state.get("status") or {}).get("allocatable") or {}).items():
            room[resource] = max(room.get(resource, Decimal(0)), quantity(value))
    return room


def _excess(pods: list[JsonObject], room: Resources) -> str | None:
    """The first resource that does not suffice, in words. What a node does not list is not limited by it (pods), or
    absent (extended resources): only what is listed is judged."""
    total: Resources = {}
    for pod in pods:
        for resource, value in requests_of(pod).items():
            total[resource] = total.get(resource, Decimal(0)) + value
    own = requests_of(pods[0])
    for resource in sorted(room):
        # A pod that asks for none of it does not make an overfull node worse.
        if own.get(resource, Decimal(0)) > 0 and total[resource] > room[resource]:
            return f"{total[resource].normalize():f} of {room[resource].normalize():f} {resource}"
    return None


def _is_known(view: View, sent: SentRequest, pod: JsonObject) -> bool:
    ref = ObjectRef("v1", "Pod", namespace_of(pod), name_of(pod))
    revision = next(
        (e.revision for e in view.history(ref) if uid_of(e.object) == uid_of(pod) and node_of(e.object) is not None),
        None,
    )
    if revision is None:
        return False
    if knew(view, sent, uid_of(pod), revision):
        return True
    return any(
        change.revision == revision
        and (change.request.component, change.request.incarnation) == (sent.component, sent.incarnation)
        for change in view.changes()
    )
