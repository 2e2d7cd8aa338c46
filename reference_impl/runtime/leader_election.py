"""Leader election on a Lease: at most one leader by everybody's own clock, as long as clocks run at like speed.

A candidate never compares clocks: it notes on its own monotonic clock when it *saw* the record change, and takes a
lease over when it has not changed for its duration. The leader renews every 2 s, and stops when it could not renew for
10 s, well before others may take over after 15 s. Nothing fences its last requests: one already sent may commit after
another leads (documented by client-go; a real source of bugs).

    candidate: sleep 2 s (times 1 to 2.2) ──► get ──► free, expired or mine? ──► update (compare and swap)
    leader:    update ──► sleep 2 s ──► ...; no success for 10 s: lost

Source: client-go `tools/leaderelection/leaderelection.go`; defaults are client-go's recommended ones.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

import trio

from reference_impl.errors import ApiError, NotFound
from reference_impl.objects import copy_json
from reference_impl.protocol import JsonObject
from reference_impl.runtime.client import Client
from reference_impl.runtime.contract import LeadershipLost
from reference_impl.runtime.signal import clock_sleep
from reference_impl.runtime.supervision import open_process_nursery

JITTER_FACTOR = 1.2
"""client-go `leaderelection.JitterFactor`: candidates spread out."""


class LeaderElector:
    """One candidate for one Lease.

    Args:
        lease: name of the Lease.
        identity: who holds it; by default the process's name and a random UUID, so that a restarted process is another.
        namespace: of the Lease; the environment's option "lease_namespace", else "kube-system".
        lease_duration_s: how long others wait after the last change they saw.
        renew_deadline_s: how long the leader tries to renew before it gives up.
        retry_period_s: pause between tries.
    """

    def __init__(
        self,
        client: Client,
        lease: str,
        *,
        identity: str | None = None,
        namespace: str | None = None,
        lease_duration_s: float = 15.0,
        renew_deadline_s: float = 10.0,
        retry_period_s: float = 2.0,
    ) -> None:
        if not lease_duration_s > renew_deadline_s > JITTER_FACTOR * retry_period_s > 0:
            raise ValueError(
                f"lease_duration_s={lease_duration_s} > renew_deadline_s={renew_deadline_s} > {JITTER_FACTOR} * "
                f"retry_period_s={retry_period_s} > 0 does not hold: a leader must give up before others may take over"
            )
        self.lease = lease
        self.identity = identity or f"{client.name}_{client.uuid4()}"
        self.namespace = namespace or client.environment.options.get("lease_namespace") or "kube-system"
        self.lease_duration_s = lease_duration_s
        self.renew_deadline_s = renew_deadline_s
        self._held_until_s = 0.0
        """Until when, on our own monotonic clock, the lease is surely ours."""
        self.retry_period_s = retry_period_s
        self._client = client
        self._clock = client.environment.clock
        self._observed: JsonObject | None = None
        """The Lease as last seen or written."""
        self._observed_s = 0.0
        """When its record last changed, as far as we saw, on our own monotonic clock."""

    @property
    def is_leader(self) -> bool:
        """We hold the record as we last saw it: a belief, not a fact."""
        return self._holder == self.identity

    async def run(self, on_started: Callable[[], Awaitable[None]]) -> None:
        """Wait for the lease, then run `on_started` while holding it.

        Returns when `on_started` does, having released the lease. Raises `LeadershipLost`, after cancelling
        `on_started`, if the lease was not renewed by its deadline; and what `on_started` raises.
        """
        await self._acquire()
        lost = False
        async with open_process_nursery() as nursery:

            async def renew() -> None:
                nonlocal lost
                await self._renew_until_deadline()
                lost = True
                nursery.cancel_scope.cancel()

            nursery.start_soon(renew, name=f"renew lease {self.lease}")
            await on_started()
            nursery.cancel_scope.cancel()
        self._tell_probe(None)
        if lost:
            raise LeadershipLost(self.lease, self.identity)
        await self._release()

    # -------------------------------------------------------------------------------------------- acquire and renew

    async def _acquire(self) -> None:
        while not await self._try():
            jitter = 1 + JITTER_FACTOR * self._client.random.random()
            await clock_sleep(self._clock, self.retry_period_s * jitter, heartbeat=True)

    async def _renew_until_deadline(self) -> None:
        """Renew every period; returns when no try succeeded within the deadline."""
        while await self._renew():
            await clock_sleep(self._clock, self.retry_period_s, heartbeat=True)

    async def _renew(self) -> bool:
        with trio.CancelScope() as scope:
            # The deadline also cuts off a request that gets no answer; it may commit all the same.
            # client-go counts it from the last *answer*, so that after a slow one it may work on under a lease that has
            # run out; here it never outlasts the lease itself.
            left_s = self._held_until_s - self._clock.monotonic_s()
            timer = self._clock.call_later(min(self.renew_deadline_s, left_s), scope.cancel, heartbeat=True)
            try:
                while not await self._try():
                    await clock_sleep(self._clock, self.retry_period_s, heartbeat=True)
                return True
            finally:
                timer.cancel()
        return False

    async def _try(self) -> bool:
        """One attempt to take or keep the lease (`tryAcquireOrRenew`). False on any failure."""
        try:
            if self._observed is not None and self.is_leader and not self._expired():
                try:
                    return await self._write(self._observed)
                except ApiError:
                    pass  # What we saw last is no longer current, or we do not know: look.
            try:
                current = await self._client.live.get("coordination.k8s.io/v1", "Lease", self.lease, self.namespace)
            except NotFound:
                return await self._write(None)
            self._observe(current)
            if self._holder and not self.is_leader and not self._expired():
                return False
            return await self._write(current)
        except ApiError:
            return False

    async def _write(self, current: JsonObject | None) -> bool:
        """Create or replace the Lease with us as its holder. Raises `ApiError`."""
        sent_s = self._clock.monotonic_s()
        record = self._record(current)
        if current is None:
            metadata = {"name": self.lease, "namespace": self.namespace}
            lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": record}
            written = await self._client.create(lease)
        else:
            lease = copy_json(current)
            lease["spec"] = {**(lease.get("spec") or {}), **record}
            written = await self._client.update(lease)
        self._observe(written)
        # Others count from when they see the write, which is not before it was sent: until then it is surely ours.
        self._held_until_s = sent_s + self.lease_duration_s
        if self._clock.monotonic_s() >= self._held_until_s:
            return False  # The answer took longer than the lease lasts.
        self._tell_probe(self._held_until_s)
        return True

    def _record(self, current: JsonObject | None) -> JsonObject:
        now = _micro_time(self._client.now())
        before = (current or {}).get("spec") or {}
        keeps = before.get("holderIdentity") == self.identity
        transitions = int(before.get("leaseTransitions") or 0)
        if current is not None and not keeps:
            transitions += 1
        return {
            "holderIdentity": self.identity,
            "leaseDurationSeconds": max(1, int(self.lease_duration_s)),
            "acquireTime": before.get("acquireTime", now) if keeps else now,
            "renewTime": now,
            "leaseTransitions": transitions,
        }

    async def _release(self) -> None:
        """Give the lease up, so that the next leader need not wait. Best effort."""
        if self._observed is None or not self.is_leader:
            return
        lease = copy_json(self._observed)
        now = _micro_time(self._client.now())
        lease["spec"] |= {"holderIdentity": "", "leaseDurationSeconds": 1, "acquireTime": now, "renewTime": now}
        try:
            self._observe(await self._client.update(lease))
        except ApiError:
            return

    # -------------------------------------------------------------------------------------------- what was observed

    def _observe(self, lease: JsonObject) -> None:
        if self._observed is None or self._observed.get("spec") != lease.get("spec"):
            self._observed_s = self._clock.monotonic_s()
        self._observed = lease

    @property
    def _holder(self) -> str:
        spec = (self._observed or {}).get("spec") or {}
        return str(spec.get("holderIdentity") or "")

    def _expired(self) -> bool:
        """The record has not changed for as long as it says that it lasts, on our own clock."""
        spec = (self._observed or {}).get("spec") or {}
        duration_s = float(spec.get("leaseDurationSeconds") or self.lease_duration_s)
        return self._clock.monotonic_s() >= self._observed_s + duration_s

    def _tell_probe(self, until_s: float | None) -> None:
        self._client.environment.probe.lease_held(self.lease, self.identity, until_s)


def _micro_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
