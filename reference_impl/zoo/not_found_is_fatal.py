"""Crash between two writes: a broker operator for whom a pod that is gone is a failure.

The bug: to retire a broker, the operator deletes its pod and then notes how far it has come. If it dies in between, the
next life begins with the first step again, looks for the pod, and gives up because it is not there: again and again,
and the claim with the data stays for ever. Real case: casskop, which noted the phase of a decommission too late and
leaked the claim, found by Sieve (OSDI'22).

Weather: a crash between the two writes, or a deletion whose reply is lost. Requests that merely fail are tried again.
Caught by: `converges` (a claim that fair weather does not leave behind).
The twin takes a pod that is gone for one that it need not delete.
"""

from typing import Any

from reference_impl.errors import ApiError, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, NAMESPACE, config_map, custom, definition

Json = dict[str, Any]
RETRY_S = 1.0


class LooksForThePod:
    """Carries out orders to retire a broker: first its pod, then its claim."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            order = await self.client.live.get(API, "Retirement", request.name, request.namespace)
        except NotFound:
            return
        broker, phase = order["spec"]["broker"], (order.get("status") or {}).get("phase")
        if phase is None:
            await self._delete(broker)
            await self._note(request, "Stopped")
        if phase != "Retired":
            await self._delete(f"{broker}-claim")
            await self._note(request, "Retired")

    async def _delete(self, name: str) -> None:
        """`NotFound` leaves `reconcile` like any other error."""
        found = await self.client.live.get("v1", "ConfigMap", name, NAMESPACE)
        await self.client.delete("v1", "ConfigMap", name, NAMESPACE, uid=found["metadata"]["uid"])

    async def _note(self, request: Request, phase: str) -> None:
        """As often as it takes."""
        body = {"status": {"phase": phase}}
        while True:
            try:
                await self.client.patch(
                    API, "Retirement", request.name, request.namespace, body=body, subresource="status"
                )
                return
            except NotFound:
                return
            except ApiError:
                await self.client.sleep(RETRY_S)


class ContentIfGone(LooksForThePod):
    async def _delete(self, name: str) -> None:
        try:
            await super()._delete(name)
        except NotFound:
            return


def wrong(client: Client) -> Controller:
    return _controller(LooksForThePod(client))


def fixed(client: Client) -> Controller:
    return _controller(ContentIfGone(client))


def _controller(reconciler: LooksForThePod) -> Controller:
    return Controller(name="retirement", reconcile=reconciler.reconcile, watches=[Watch(API, "Retirement")])


ENTRY = Entry(
    id="not-found-is-fatal",
    property="converges",
    faults=("crash", "late_commit", "time_travel", "reply_lost"),
    bug="https://github.com/Orange-OpenSource/casskop/issues/370",
    tags=("crash between two writes", "ambiguous commit"),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Retirement", {"broker": {"type": "string"}}, {"phase": {"type": "string"}}),
        config_map({"name": "broker-2"}, {"image": "cassandra:4"}),
        config_map({"name": "broker-2-claim"}, {"rows": "42"}),
        custom("Retirement", "shrink", {"broker": "broker-2"}),
    ),
    trial_options={"workload": []},
)
