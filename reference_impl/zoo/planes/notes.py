"""Two controllers that are right, and small: one shows in a note's status what its spec says, one copies its lines.

What is wrong in this folder is the plane beneath them, so entries can share them.
"""

from typing import Any

from reference_impl.errors import AlreadyExists, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.manifests import API, config_map, custom, definition, is_deleting

Json = dict[str, Any]

DEFINITION = definition("Note", {"line": {"type": "integer"}}, {"shown": {"type": "integer"}})


def note(name: str, line: int = 1) -> Json:
    return custom("Note", name, {"line": line})


class ShowsNotes:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            found = await self.client.get(API, "Note", request.name, request.namespace)
        except NotFound:
            return
        line = found["spec"]["line"]
        if is_deleting(found) or (found.get("status") or {}).get("shown") == line:
            return
        body = {"status": {"shown": line}}
        try:
            await self.client.patch(API, "Note", request.name, request.namespace, body=body, subresource="status")
        except NotFound:
            return


def notes(client: Client) -> Controller:
    return Controller(name="notes", reconcile=ShowsNotes(client).reconcile, watches=[Watch(API, "Note")])


class CopiesLines:
    """A ConfigMap for each line of a note; notes only grow."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            found = await self.client.get(API, "Note", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(found):
            return
        for line in range(found["spec"]["line"]):
            await self._copy(found, line)

    async def _copy(self, owner: Json, line: int) -> None:
        name = f"{owner['metadata']['name']}-{line}"
        try:
            await self.client.get("v1", "ConfigMap", name, owner["metadata"]["namespace"])
        except NotFound:
            try:
                await self.client.create(config_map({"name": name}, {"line": str(line)}, owner))
            except AlreadyExists:
                return


def copies(client: Client) -> Controller:
    return Controller(
        name="notes",
        reconcile=CopiesLines(client).reconcile,
        watches=[Watch(API, "Note"), Watch("v1", "ConfigMap", owner="Note")],
    )
