"""Server-side defaults: a child that never looks as its controller wrote it.

Looks wrong: what is stored differs from what was sent, for ever, and the controller does nothing about it. Is not: the
API server fills in what the schema defaults, and the controller compares only the fields that are its own.
"""

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Retry, Watch
from reference_impl.zoo.awkward.entry import Awkward
from reference_impl.zoo.manifests import API, custom, definition, is_controlled_by, is_deleting, reference_to

AGAIN_S = 1.0


class Crews:
    """One worker for each crew."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            crew = await self.client.get(API, "Crew", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(crew):
            return
        owned = {"task": crew["spec"]["task"]}
        try:
            worker = await self.client.get(API, "Worker", request.name, request.namespace)
        except NotFound:
            wanted = custom("Worker", request.name, owned)
            wanted["metadata"]["ownerReferences"] = [reference_to(crew)]
            await self.client.create(wanted)
            return
        if is_deleting(worker) or not is_controlled_by(worker, crew):
            raise Retry(AGAIN_S, reason="an older worker is still there")
        if any(worker["spec"].get(name) != value for name, value in owned.items()):
            await self.client.update({**worker, "spec": {**worker["spec"], **owned}})


def crews(client: Client) -> Controller:
    watches = [Watch(API, "Crew"), Watch(API, "Worker", owner="Crew")]
    return Controller(name="crews", reconcile=Crews(client).reconcile, watches=watches)


ENTRY = Awkward(
    id="defaulted-worker",
    about="The stored child never equals what was sent: the schema adds defaults, which are not the controller's.",
    controller=crews,
    manifests=(
        definition("Crew", {"task": {"type": "string"}}),
        definition(
            "Worker",
            {
                "task": {"type": "string"},
                "shift": {"type": "string", "default": "day"},
                "pauses": {
                    "type": "object",
                    "default": {},
                    "properties": {"count": {"type": "integer", "default": 2}},
                },
            },
        ),
        custom("Crew", "deck", {"task": "scrub"}),
    ),
)
