"""Two owners of one status: one program writes the address, another the berth.

Looks wrong: both write the same object without a resourceVersion, and neither asks what the other has done. Is not:
each patches its own field only, so neither can undo the other's work.
"""

from collections.abc import Callable
from typing import Any

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.awkward.entry import Awkward
from reference_impl.zoo.manifests import API, custom, definition, is_deleting

Json = dict[str, Any]


class OneField:
    """Keeps one field of the status up to date with the spec."""

    def __init__(self, client: Client, field: str, value_of: Callable[[Json], str]) -> None:
        self.client = client
        self.field = field
        self.value_of = value_of

    async def reconcile(self, request: Request) -> None:
        try:
            ship = await self.client.get(API, "Ship", request.name, request.namespace)
        except NotFound:
            return
        value = self.value_of(ship["spec"])
        if is_deleting(ship) or (ship.get("status") or {}).get(self.field) == value:
            return
        # The uid is a precondition: a ship of the same name that came later has a spec of its own.
        body = {"metadata": {"uid": ship["metadata"]["uid"]}, "status": {self.field: value}}
        await self.client.patch(API, "Ship", request.name, request.namespace, body=body, subresource="status")


def addresses(client: Client) -> Controller:
    return _controller(client, "address", lambda spec: f"{spec['port']}.example.com")


def berths(client: Client) -> Controller:
    return _controller(client, "berth", lambda spec: "long" if spec["length"] > 100 else "short")


def _controller(client: Client, field: str, value_of: Callable[[Json], str]) -> Controller:
    reconcile = OneField(client, field, value_of).reconcile
    return Controller(name=f"{field}-writer", reconcile=reconcile, watches=[Watch(API, "Ship")])


ENTRY = Awkward(
    id="shared-status",
    about="Two programs patch one status without a resourceVersion, each its own field: neither undoes the other.",
    controller=(addresses, berths),
    manifests=(
        definition(
            "Ship",
            {"port": {"type": "string"}, "length": {"type": "integer"}},
            {"address": {"type": "string"}, "berth": {"type": "string"}},
        ),
        custom("Ship", "anna", {"port": "kiel", "length": 120}),
    ),
)
