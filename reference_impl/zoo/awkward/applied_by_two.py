"""Two programs apply one ConfigMap, both with force, at every pass, and without looking.

Looks wrong: each overrides whoever is in its way, and they are in one object. Is not: an apply names only what its
manager wants, the two want different fields and agree about the owner, and what is so already is no write.
"""

from collections.abc import Callable
from typing import Any

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.awkward.entry import Awkward
from reference_impl.zoo.manifests import API, custom, definition, is_deleting

Json = dict[str, Any]


class OneEntry:
    """Applies one entry of the ship's papers."""

    def __init__(self, client: Client, manager: str, value_of: Callable[[Json], str]) -> None:
        self.client = client
        self.manager = manager
        self.value_of = value_of

    async def reconcile(self, request: Request) -> None:
        try:
            ship = await self.client.get(API, "Ship", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(ship):
            return
        owner = {"apiVersion": API, "kind": "Ship", "name": request.name, "uid": ship["metadata"]["uid"]}
        papers = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"ownerReferences": [owner], "labels": {f"example.com/{self.manager}": "signed"}},
            "data": {self.manager: self.value_of(ship["spec"])},
        }
        await self.client.patch(
            "v1", "ConfigMap", request.name, request.namespace,
            body=papers, type="apply", field_manager=self.manager, force=True,
        )  # fmt: skip


def customs(client: Client) -> Controller:
    return _controller(client, "cargo", lambda spec: str(spec["cargo"]))


def pilots(client: Client) -> Controller:
    return _controller(client, "berth", lambda spec: "long" if spec["length"] > 100 else "short")


def _controller(client: Client, manager: str, value_of: Callable[[Json], str]) -> Controller:
    return Controller(
        name=f"{manager}-papers",
        reconcile=OneEntry(client, manager, value_of).reconcile,
        watches=[Watch(API, "Ship"), Watch("v1", "ConfigMap", owner="Ship", controller_only=False)],
    )


ENTRY = Awkward(
    id="applied-by-two",
    about="Two programs apply one ConfigMap with force at every pass: they own different fields of it and never fight.",
    controller=(customs, pilots),
    manifests=(
        definition("Ship", {"cargo": {"type": "string"}, "length": {"type": "integer"}}),
        custom("Ship", "anna", {"cargo": "tea", "length": 120}),
    ),
)
