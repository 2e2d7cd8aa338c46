"""The scheduler as a program: one unbound pod at a time, decide, assume, bind.

The decision (read nodes and usage, choose, assume) is one step under a lock; the binding that follows is a command to
the API server and other pods are decided meanwhile. A refused binding (`Conflict`: somebody bound it; `NotFound`: it is
gone) or an ambiguous answer is settled by a live look at the pod, never by binding again blindly (kubernetes#96579).
A pod that fits nowhere says so in its PodScheduled condition and waits: for nodes and pods to change, or for its
back-off (1 s doubling to 10 s), whichever comes first.

Not modelled: preemption, priorities, profiles and plugins, volumes, the separate unschedulable pool with its five
minute flush (a pod here comes back with its back-off instead), events.
Source: `pkg/scheduler/schedule_one.go`, `backend/queue/scheduling_queue.go`.
"""

from collections import Counter

import trio

from reference_impl.controllers.meta_time import timestamp
from reference_impl.controllers.outcomes import may_have_committed, object_is_another
from reference_impl.controllers.pods import condition_of, is_terminal
from reference_impl.errors import ApiError, Conflict, NotFound
from reference_impl.objects import is_deleting, name_of, namespace_of, uid_of
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Controller, Request, Result, Retry, Watch
from reference_impl.scheduler.fit import DEFAULT_REQUESTS, limits_met, refusal, score
from reference_impl.scheduler.quantities import Resources, pod_requests, resources
from reference_impl.scheduler.usage import NodeUsage

SCHEDULER_NAME = "default-scheduler"
INITIAL_BACKOFF_S = 1.0
"""`podInitialBackoffSeconds`."""
MAX_BACKOFF_S = 10.0
"""`podMaxBackoffSeconds`."""


class Scheduler:
    """What it remembers: usage per node, and which pods have found no room, how often. All lost in a crash."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.usage = NodeUsage(client.monotonic_s)
        self._deciding = trio.Lock()
        self._waiting: dict[str, tuple[Request, int]] = {}
        self._in_doubt: dict[str, None] = {}

    async def reconcile(self, request: Request) -> Result | None:
        try:
            pod = await self.client.get("v1", "Pod", request.name, request.namespace)
        except NotFound:
            return None
        uid = uid_of(pod)
        if not _is_ours_to_place(pod):
            self._waiting.pop(uid, None)
            return None
        if uid in self._in_doubt:
            await self._settle(pod)
            return None
        if self.usage.node_of(uid) is not None:
            return None  # bound already; the cache has yet to show it
        why_not = limits_met(pod)
        if why_not is None:
            async with self._deciding:
                node, why_not = await self._decide(pod)
            if node is not None:
                await self._bind(pod, node)
                return None
        return await self._wait(request, pod, why_not or "")

    # ------------------------------------------------------------------------------------------------------- deciding

    async def _decide(self, pod: JsonObject) -> tuple[str | None, str]:
        """The node to take, already assumed; or None and why not."""
        await self._confirm_overdue()
        nodes = await self.client.list("v1", "Node")
        requests = pod_requests(pod)
        best: tuple[int, str] | None = None
        refusals: Counter[str] = Counter()
        for node in sorted(nodes, key=name_of):
            allocatable = resources((node.get("status") or {}).get("allocatable"))
            taken = self.usage.taken(name_of(node))
            free = {name: amount - taken.get(name, 0) for name, amount in allocatable.items()}
            why_not = refusal(pod, node, requests, free)
            if why_not is not None:
                refusals[why_not] += 1
                continue
            points = score(self._with(requests, name_of(node)), allocatable)
            if best is None or points > best[0]:
                best = (points, name_of(node))
        if best is None:
            reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(refusals.items()))
            return None, f"0/{len(nodes)} nodes are available: {reasons or 'no nodes'}."
        self.usage.assume(pod, best[1])
        return best[1], ""

    def _with(self, requests: Resources, node: str) -> Resources:
        scored = self.usage.scored(node)
        return {name: scored.get(name, 0) + requests.get(name, default) for name, default in DEFAULT_REQUESTS.items()}

    async def _confirm_overdue(self) -> None:
        """Look live at pods whose binding was accepted and that the cache has not shown for long."""
        for uid, placement in self.usage.overdue():
            namespace, name = placement.pod
            try:
                pod = await self.client.live.get("v1", "Pod", name, namespace)
            except NotFound:
                self.usage.forget(uid)
                continue
            except ApiError:
                continue  # keep counting it: too careful beats too bold
            if uid_of(pod) == uid and not is_terminal(pod) and pod["spec"].get("nodeName"):
                self.usage.assume(pod, pod["spec"]["nodeName"])
            else:
                self.usage.forget(uid)

    # -------------------------------------------------------------------------------------------------------- binding

    async def _bind(self, pod: JsonObject, node: str) -> None:
        metadata = {"name": name_of(pod), "namespace": namespace_of(pod), "uid": uid_of(pod)}
        binding = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": metadata,
            "target": {"apiVersion": "v1", "kind": "Node", "name": node},
        }
        try:
            await self.client.create(binding, subresource="binding")
        except NotFound:
            self._forget(uid_of(pod))
        except ApiError as error:
            if not isinstance(error, Conflict) and not may_have_committed(error):
                self._forget(uid_of(pod))
                raise
            self._in_doubt[uid_of(pod)] = None
            await self._settle(pod)
        else:
            self._waiting.pop(uid_of(pod), None)

    async def _settle(self, pod: JsonObject) -> None:
        """Did an answered-with-an-error binding happen? Until a live look succeeds the pod stays assumed.

        Raises:
            ApiError, Retry: not known yet, or it did not happen: come back.
        """
        uid = uid_of(pod)
        try:
            fresh = await self.client.live.get("v1", "Pod", name_of(pod), namespace_of(pod))
        except NotFound:
            self._forget(uid)
            return
        if uid_of(fresh) != uid or is_deleting(fresh) or is_terminal(fresh):
            self._forget(uid)
            return
        node = fresh["spec"].get("nodeName")
        if not node:
            self._forget(uid)
            raise Retry(reason=f"pod {name_of(pod)} is still unbound: decide again")
        self._in_doubt.pop(uid, None)
        self._waiting.pop(uid, None)
        if self.usage.node_of(uid) != node:
            self.usage.assume(fresh, node)

    def _forget(self, uid: str) -> None:
        self._in_doubt.pop(uid, None)
        self.usage.forget(uid)

    # -------------------------------------------------------------------------------------------------------- waiting

    async def _wait(self, request: Request, pod: JsonObject, why_not: str) -> Result:
        attempts = self._waiting.get(uid_of(pod), (request, 0))[1]
        self._waiting[uid_of(pod)] = (request, attempts + 1)
        await self._say_unschedulable(pod, why_not)
        return Result(requeue_after_s=min(INITIAL_BACKOFF_S * 2.0 ** min(attempts, 10), MAX_BACKOFF_S))

    async def _say_unschedulable(self, pod: JsonObject, message: str) -> None:
        old = condition_of(pod, "PodScheduled") or {}
        if old.get("status") == "False" and old.get("message") == message:
            return
        unchanged = old.get("status") == "False" and old.get("lastTransitionTime")
        condition = {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": message,
            "lastTransitionTime": old["lastTransitionTime"] if unchanged else timestamp(self.client.now()),
        }
        body = {"metadata": {"uid": uid_of(pod)}, "status": {"conditions": [condition]}}
        try:
            await self.client.patch(
                "v1", "Pod", name_of(pod), namespace_of(pod), body=body, type="strategic", subresource="status"
            )
        except ApiError as error:
            if not object_is_another(error):
                raise

    def waiting_pods(self, _: JsonObject) -> list[Request]:
        """Everything that found no room so far: something has changed, so look again."""
        return [request for request, _attempts in self._waiting.values()]

    # -------------------------------------------------------------------------------------------------- what is heard

    def pod_changed(self, event_type: str, old: JsonObject | None, new: JsonObject | None) -> bool:
        """Keeps the books. True if the event may have made room for a pod that waits."""
        ended = old is not None and (new is None or uid_of(new) != uid_of(old))
        if ended and old is not None:
            self._waiting.pop(uid_of(old), None)
            self._forget(uid_of(old))
        return self.usage.observe(event_type, old, new)


def _is_ours_to_place(pod: JsonObject) -> bool:
    spec = pod["spec"]
    return (
        not spec.get("nodeName")
        and not spec.get("schedulingGates")
        and (spec.get("schedulerName") or SCHEDULER_NAME) == SCHEDULER_NAME
        and not is_deleting(pod)
        and not is_terminal(pod)
    )


def pod_to_place(event_type: str, old: JsonObject | None, new: JsonObject | None) -> bool:
    """Only pods without a node are queued."""
    return new is not None and _is_ours_to_place(new)


def node_made_room(event_type: str, old: JsonObject | None, new: JsonObject | None) -> bool:
    """A node appeared, or changed in what decides who fits there; heartbeats do not count."""
    return new is not None and (old is None or _deciding_part(old) != _deciding_part(new))


def _deciding_part(node: JsonObject) -> tuple[object, ...]:
    spec = node.get("spec") or {}
    return (
        (node.get("status") or {}).get("allocatable"),
        node["metadata"].get("labels"),
        spec.get("taints"),
        spec.get("unschedulable"),
    )


def scheduler(client: Client) -> Controller:
    """Factory of the scheduler."""
    program = Scheduler(client)
    return Controller(
        name="scheduler",
        reconcile=program.reconcile,
        watches=[
            Watch("v1", "Pod", map=program.waiting_pods, predicate=program.pod_changed),
            Watch("v1", "Pod", predicate=pod_to_place),
            Watch("v1", "Node", map=program.waiting_pods, predicate=node_made_room),
        ],
        workers=4,
    )
