"""The kubelet as a program: brings what runs on its node in line with the pods that are bound to it.

    bound ──► ContainerCreating ──1 s──► Running, Ready ──► Succeeded | Failed
                                             │ deleted: SIGTERM, 1 s, terminal status
                                             └──► containers removed ──► object deleted (grace 0, this uid)

Everything is by uid. Containers are an outside world that survives the process, so a restart begins by asking the
runtime what runs. A cache can be older than what this kubelet knew before it restarted; therefore nothing is *started*
before a live look has found this very pod bound here and not being deleted (kubernetes#59848), and nothing is *killed*
because the cache lacks it before a live look has agreed. A uid seen deleted is never started again.

Not modelled: probes, init containers' order, volumes, eviction under pressure, admission of pods that do not fit
(OutOfcpu), static pods, events. Source: `pkg/kubelet/{kubelet.go,pod_workers.go,status/status_manager.go}`.
"""

from collections.abc import Callable

import trio

from reference_impl.controllers.key_loop import insist, work
from reference_impl.controllers.meta_time import timestamp
from reference_impl.controllers.outcomes import object_is_another
from reference_impl.controllers.pods import is_terminal, phase_of
from reference_impl.errors import ApiError, Conflict, NotFound
from reference_impl.kubelet import pod_runs, pod_status
from reference_impl.kubelet.containers import Containers, PodKey, key_of
from reference_impl.kubelet.node_agent import NodeAgent
from reference_impl.objects import is_deleting, name_of, namespace_of, uid_of
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Component, WorkQueue, clock_sleep

RELIST_INTERVAL_S = 60.0
"""How often the runtime is asked what runs. The original's 1 s would only cost virtual messages."""
WORKERS = 4
TOMBSTONES_MAX = 4096
"""Uids remembered as deleted; arbitrary, far more than a node sees in the time that a cache lags."""


class Kubelet:
    """One node's program. In memory: timers of pods starting and stopping, uids seen deleted."""

    def __init__(self, client: Client, node: str) -> None:
        self.client = client
        self.node = node
        self.pods = client.informers.informer_for("v1", "Pod", fields=f"spec.nodeName={node}")
        self.nodes = client.informers.informer_for("v1", "Node", fields=f"metadata.name={node}")
        self.agent = NodeAgent(client, node, self.nodes)
        self.containers = Containers(client, node)
        self.queue: WorkQueue[PodKey] = WorkQueue(client.environment.clock)
        self._first_seen: dict[str, str] = {}
        self._ready_to_start_s: dict[str, float] = {}
        self._stopped_s: dict[str, float] = {}
        self._ended: dict[str, JsonObject] = {}
        self._tombstones: dict[str, None] = {}

    async def run(self) -> None:
        """For ever."""
        clock = self.client.environment.clock
        await insist(clock, self.agent.register)
        self.pods.add_handler(self._pod_changed)
        self.nodes.add_handler(self._node_changed)
        await self.pods.wait_synced()
        await self.nodes.wait_synced()
        for key in await insist(clock, self.containers.relist):
            self.queue.add(key)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.agent.beat)
            nursery.start_soon(self._relist)
            for _ in range(WORKERS):
                nursery.start_soon(work, self.queue, self.sync)

    def _pod_changed(self, event_type: str, old: JsonObject | None, new: JsonObject | None) -> None:
        if old is not None and (new is None or uid_of(new) != uid_of(old)):
            self._forget(uid_of(old))
        self.queue.add(key_of(new or old or {}))

    def _node_changed(self, event_type: str, old: JsonObject | None, new: JsonObject | None) -> None:
        self.queue.add(("", self.node))

    async def _relist(self) -> None:
        clock = self.client.environment.clock
        while True:
            await clock_sleep(clock, RELIST_INTERVAL_S, heartbeat=True)
            try:
                for key in await self.containers.relist():
                    self.queue.add(key)
            except ApiError:
                continue

    # ---------------------------------------------------------------------------------------------------- one pod

    async def sync(self, key: PodKey) -> float | None:
        """Bring one pod (or, under ("", node), the Node) in line; virtual seconds until it wants to be looked at."""
        namespace, name = key
        if not namespace:
            await self.agent.report(self.nodes.get(self.node))
            return None
        pod = self.pods.get(name, namespace)
        await self._remove_strays(key, keep=uid_of(pod) if pod else None)
        if pod is None:
            return None
        if is_deleting(pod):
            return await self._terminate(pod)
        if is_terminal(pod):
            if self.containers.get(uid_of(pod)) is not None:
                await self.containers.remove(uid_of(pod))
            return None
        if uid_of(pod) in self._tombstones:
            return None
        record = self.containers.get(uid_of(pod))
        if record is None:
            return await self._start(pod)
        if record["state"] == "running":
            return await self._keep_running(pod, record)
        return await self._after_exit(pod, record)

    async def _start(self, pod: JsonObject) -> float | None:
        uid = uid_of(pod)
        now_s = self.client.monotonic_s()
        if uid not in self._ready_to_start_s:
            self._first_seen[uid] = timestamp(self.client.now())
            if phase_of(pod) == "Pending":
                await self._report(pod, pod_status.creating(pod, self._start_time(pod)))
            self._ready_to_start_s[uid] = now_s + pod_runs.START_DELAY_S
            return pod_runs.START_DELAY_S
        if now_s < self._ready_to_start_s[uid]:
            return self._ready_to_start_s[uid] - now_s
        fresh = await self._live(key_of(pod))
        if fresh is None or uid_of(fresh) != uid or is_deleting(fresh) or is_terminal(fresh):
            return None  # the cache is behind, and will be told
        if fresh["spec"].get("nodeName") != self.node:
            return None
        record = await self.containers.start(fresh, timestamp(self.client.now()), _restarts(fresh))
        self._ready_to_start_s.pop(uid, None)
        return await self._keep_running(fresh, record)

    async def _keep_running(self, pod: JsonObject, record: JsonObject) -> float | None:
        ends_at = pod_runs.ends_at(pod, record)
        now = self.client.now()
        if ends_at is not None and ends_at <= now:
            record = await self.containers.finish(uid_of(pod), pod_runs.exit_code(pod), timestamp(now))
            return await self._after_exit(pod, record)
        await self._report(pod, pod_status.running(pod, record))
        return None if ends_at is None else (ends_at - now).total_seconds()

    async def _after_exit(self, pod: JsonObject, record: JsonObject) -> float | None:
        if not pod_runs.restarts(pod, record["exitCode"]):
            await self._report(pod, pod_status.ended(pod, record))
            return None  # the record stays until the cache shows the pod as ended
        wait_s = (pod_runs.restarts_at(record) - self.client.now()).total_seconds()
        if wait_s > 0:
            await self._report(pod, pod_status.waiting_to_restart(pod, record))
            return wait_s
        record = await self.containers.restart(uid_of(pod), timestamp(self.client.now()))
        return await self._keep_running(pod, record)

    async def _terminate(self, pod: JsonObject) -> float | None:
        """Stop, say how it ended, remove the containers, and only then let the object go."""
        uid = uid_of(pod)
        record = self.containers.get(uid)
        if record is not None and record["state"] == "running":
            wait_s = self._wait_for_stop_s(pod)
            if wait_s > 0:
                return wait_s
            now = timestamp(self.client.now())
            record = await self.containers.finish(uid, pod_runs.SIGTERM_EXIT_CODE, now)
        if not is_terminal(pod):
            how = self._ended.setdefault(uid, record or self._never_ran(pod))
            await self._report(pod, pod_status.ended(pod, how))
        if record is not None:
            await self.containers.remove(uid)
        self._bury(uid)
        if is_terminal(pod) and pod["metadata"].get("deletionGracePeriodSeconds") == 0:
            return None  # confirmed before; finalizers keep it
        try:
            await self.client.delete("v1", "Pod", name_of(pod), namespace_of(pod), uid=uid, grace_period_s=0)
        except (NotFound, Conflict):
            return None  # gone, or replaced under its name
        return None

    def _wait_for_stop_s(self, pod: JsonObject) -> float:
        grace_s = pod["metadata"].get("deletionGracePeriodSeconds")
        delay_s = min(pod_runs.STOP_DELAY_S, pod_runs.STOP_DELAY_S if grace_s is None else float(grace_s))
        now_s = self.client.monotonic_s()
        return self._stopped_s.setdefault(uid_of(pod), now_s + delay_s) - now_s

    def _never_ran(self, pod: JsonObject) -> JsonObject:
        """What is told of a pod that was deleted before it ran: killed."""
        start_time = self._start_time(pod)
        deleted_at = pod["metadata"]["deletionTimestamp"]
        return {"startedAt": start_time, "finishedAt": deleted_at, "exitCode": 137}

    async def _remove_strays(self, key: PodKey, *, keep: str | None) -> None:
        """Kill what runs under this name for another pod, unless the cache is behind and that pod lives."""
        for uid in self.containers.of(key):
            if uid == keep:
                continue
            fresh = await self._live(key)
            if fresh is None or uid_of(fresh) != uid or fresh["spec"].get("nodeName") != self.node:
                await self.containers.remove(uid)
                self._bury(uid)

    async def _live(self, key: PodKey) -> JsonObject | None:
        namespace, name = key
        try:
            return await self.client.live.get("v1", "Pod", name, namespace)
        except NotFound:
            return None

    async def _report(self, pod: JsonObject, status: JsonObject) -> None:
        if pod_status.already_says(pod.get("status") or {}, status):
            return
        body = {"metadata": {"uid": uid_of(pod)}, "status": status}
        try:
            await self.client.patch(
                "v1", "Pod", name_of(pod), namespace_of(pod), body=body, type="strategic", subresource="status"
            )
        except ApiError as error:
            if not object_is_another(error):
                raise

    def _start_time(self, pod: JsonObject) -> str:
        uid = uid_of(pod)
        known = (pod.get("status") or {}).get("startTime")
        return str(known or self._first_seen.get(uid) or pod["metadata"]["creationTimestamp"])

    def _bury(self, uid: str) -> None:
        """Never start this one again."""
        self._tombstones[uid] = None
        if len(self._tombstones) > TOMBSTONES_MAX:
            self._tombstones.pop(next(iter(self._tombstones)))

    def _forget(self, uid: str) -> None:
        """The object is gone, and with it what was remembered of it."""
        self._bury(uid)
        self._first_seen.pop(uid, None)
        self._ready_to_start_s.pop(uid, None)
        self._stopped_s.pop(uid, None)
        self._ended.pop(uid, None)


def _restarts(pod: JsonObject) -> int:
    """Containers that vanished from the runtime while the pod was reported as running are restarted."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    had_run = [item for item in statuses if "running" in (item.get("state") or {}) or item.get("lastState")]
    return max((int(item.get("restartCount", 0)) + 1 for item in had_run), default=0)


def kubelet(node_name: str) -> Callable[[Client], Component]:
    """The factory of one node's kubelet."""

    def factory(client: Client) -> Component:
        return Component(name=f"kubelet-{node_name}", run=Kubelet(client, node_name).run)

    return factory
