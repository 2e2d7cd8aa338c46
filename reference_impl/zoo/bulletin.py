"""What the hand-written clients share: a program that copies a collection of Notes onto one ConfigMap, the board.

`Board` writes what is to be shown, `Bulletin` is a client as people write them without an informer: list, watch from
there, resume where the stream ended. The board is written conditionally on the revision that was read just before, and
looked at again whenever it changes: an update that commits after its sender gave up is found out. All reads are live.
"""

import contextlib
from typing import Any

import trio

from reference_impl.errors import ApiError, Gone, NotFound
from reference_impl.runtime import Client, Signal, WatchStream
from reference_impl.zoo.manifests import API, NAMESPACE, config_map, definition

Json = dict[str, Any]

RETRY_S = 1.0
STREAM_S = 2.0
"""How long a stream may last. Minutes in reality; here a short life should see a few of them."""
DEFINITION = definition("Note", {"text": {"type": "string"}})


class Board:
    """Entries say what is to be shown, and set `changed` when that is something else."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.changed = Signal()
        self._boards = client.informers.informer_for("v1", "ConfigMap", NAMESPACE, fields="metadata.name=board")

    def data(self) -> dict[str, str]:
        raise NotImplementedError

    async def publish(self) -> None:
        """For ever: whenever something is new, on either side, as often as it takes. Nothing before the first is."""
        await self.changed.wait()
        self._boards.add_handler(lambda *_: self.changed.set())
        while True:
            await self.collect()
            self.changed.clear()
            try:
                await self._write(self.data())
            except ApiError:
                await self.client.sleep(RETRY_S)
                continue
            await self.changed.wait()

    async def collect(self) -> None:
        """What else there is to do before the board is written."""

    async def _write(self, data: dict[str, str]) -> None:
        try:
            board = await self.client.live.get("v1", "ConfigMap", "board", NAMESPACE)
        except NotFound:
            await self.client.create(config_map({"name": "board"}, data))
            return
        if (board.get("data") or {}) != data:
            await self.client.update({**board, "data": data})


class Bulletin(Board):
    """Shows the text of each Note. Entries override how trouble, lists and events are taken."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.notes: dict[str, Json] = {}
        """By uid."""
        self.revision: str | None = None
        """The newest that was heard of; None: list before anything else."""

    def data(self) -> dict[str, str]:
        return {note["metadata"]["name"]: note["spec"]["text"] for note in self.notes.values()}

    async def run(self) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.publish)
            await self._hear()

    async def _hear(self) -> None:
        while True:
            try:
                if self.revision is None:
                    await self._list()
                await self._follow()
            except Gone as gone:
                self.expired(gone.to_status())
            except ApiError:
                pass  # tried again from the same revision, as after a stream that has ended
            await self.client.sleep(RETRY_S)

    def expired(self, status: Json) -> None:
        """The server no longer knows what came after our revision."""
        self.revision = None

    def stream(self) -> WatchStream:
        return self.client.watch(API, "Note", NAMESPACE, resource_version=self.revision, timeout_s=STREAM_S)

    async def _list(self) -> None:
        body = await self.client.live.list(API, "Note", NAMESPACE)
        self.replace(body["items"])
        self.revision = body["metadata"]["resourceVersion"]
        self.changed.set()

    async def _follow(self) -> None:
        """Until the stream ends, or is of no use."""
        async with contextlib.aclosing(self.stream()) as stream:
            async for event in stream:
                self.take(event["type"], event["object"])
                self.changed.set()
                if self.revision is None:
                    return

    def replace(self, notes: list[Json]) -> None:
        """A list has come."""
        self.notes = {note["metadata"]["uid"]: note for note in notes}

    def take(self, event_type: str, note: Json) -> None:
        """An event has come."""
        uid = note["metadata"]["uid"]
        if event_type == "DELETED":
            self.notes.pop(uid, None)
        else:
            self.notes[uid] = note
        self.revision = note["metadata"]["resourceVersion"]
