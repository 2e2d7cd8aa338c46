"""Someone outside who takes a while: what makes the outside systems of these entries slow.

An outside system here changes only by calls. So that it gets ready by itself, as a cloud does, a program of its own
looks it over every few seconds and finishes whatever has waited for long enough. It forgets when it dies, and then lets
everything wait anew, which is only slower.
"""

import contextlib
from typing import Any

from reference_impl.errors import ApiError
from reference_impl.runtime import Client

Json = dict[str, Any]

PERIOD_S = 5.0


class Attendant:
    """Entries say which items wait for it, and what it does with them.

    Args:
        takes_s: virtual seconds for which an item waits, at least.
    """

    def __init__(self, client: Client, system: str, takes_s: float) -> None:
        self.client = client
        self.outside = client.external(system)
        self.takes_s = takes_s
        self._since_s: dict[str, float] = {}

    async def run(self) -> None:
        while True:
            with contextlib.suppress(ApiError):  # the next round is not far
                await self._look_round()
            await self.client.sleep(PERIOD_S)

    async def _look_round(self) -> None:
        listed = await self.outside.call("list")
        assert listed is not None
        now_s = self.client.monotonic_s()
        waiting = {item["id"]: item for item in listed["items"] if self.waits(item)}
        self._since_s = {item_id: self._since_s.get(item_id, now_s) for item_id in waiting}
        for item_id, item in waiting.items():
            if now_s - self._since_s[item_id] >= self.takes_s:
                await self.finish(item)

    def waits(self, item: Json) -> bool:
        raise NotImplementedError

    async def finish(self, item: Json) -> None:
        raise NotImplementedError
