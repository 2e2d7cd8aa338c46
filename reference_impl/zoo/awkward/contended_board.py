"""Optimistic loops: two programs keep one line each on the same board, and take turns at losing.

Looks wrong: most of their updates meet 409, and each tries again at once, in a loop of its own. Is not: whoever loses
reads again before it writes again, so that somebody always wins and nobody's line is lost.
"""

from reference_impl.errors import AlreadyExists, Conflict, NotFound
from reference_impl.runtime import Client, Controller, Request, Retry, Watch
from reference_impl.zoo.awkward.entry import Awkward
from reference_impl.zoo.manifests import API, config_map, custom, definition, is_controlled_by, is_deleting

ATTEMPTS = 20
AGAIN_S = 1.0


class Writer:
    """Keeps one line of each board: the same that the Board's spec has under this key."""

    def __init__(self, client: Client, key: str) -> None:
        self.client = client
        self.key = key

    async def reconcile(self, request: Request) -> None:
        for _ in range(ATTEMPTS):
            try:
                await self._write(request)
                return
            except (Conflict, AlreadyExists):
                continue
        raise Retry(AGAIN_S, reason="somebody else is always faster")

    async def _write(self, request: Request) -> None:
        try:
            board = await self.client.live.get(API, "Board", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(board):
            return
        line = board["spec"][self.key]
        try:
            found = await self.client.live.get("v1", "ConfigMap", request.name, request.namespace)
        except NotFound:
            await self.client.create(config_map({"name": request.name}, {self.key: line}, board))
            return
        if is_deleting(found) or not is_controlled_by(found, board):
            raise Retry(AGAIN_S, reason="the board of the one before is still there")
        if (found.get("data") or {}).get(self.key) != line:
            await self.client.update({**found, "data": {**(found.get("data") or {}), self.key: line}})


def dawn(client: Client) -> Controller:
    return _controller(client, "dawn")


def dusk(client: Client) -> Controller:
    return _controller(client, "dusk")


def _controller(client: Client, key: str) -> Controller:
    return Controller(
        name=key,
        reconcile=Writer(client, key).reconcile,
        watches=[Watch(API, "Board"), Watch("v1", "ConfigMap", owner="Board")],
    )


ENTRY = Awkward(
    id="contended-board",
    about="Two writers of one object meet a conflict at every other step, and each reads again before it writes again.",
    controller=(dawn, dusk),
    manifests=(
        definition("Board", {"dawn": {"type": "string"}, "dusk": {"type": "string"}}),
        custom("Board", "harbour", {"dawn": "fog", "dusk": "gale"}),
        custom("Board", "lighthouse", {"dawn": "clear", "dusk": "rain"}),
    ),
)
