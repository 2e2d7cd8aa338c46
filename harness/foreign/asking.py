"""The fabric of a world in real time: its API servers ask admission webhooks, as those of `seatrial serve` do.

A webhook is called over a real socket and takes real time, so a write that one may have to be asked about is no longer
one step: it is handled again and again until all questions have their answers (`reference_impl/webhooks/session.py`),
each attempt one atomic step, and only the last one commits. Meanwhile other messages pass. What the weather does to the
program that serves the webhooks it does to its answers: one that is killed cannot be reached, one that is stopped lets
the call run into its timeout, and the failurePolicy decides.

Nobody is asked about what is there before the users come (the manifests that make up the cluster), nor about what the
weather itself does to objects in the place of somebody.
"""

import random
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from harness.fabric import Fabric
from harness.wire import Command, Endpoint
from reference_impl.apiserver.reviewing import Review
from reference_impl.errors import ApiError, ConnectionLost
from reference_impl.protocol import ApiRequest, JsonObject
from reference_impl.webhooks.session import Webhooks

if TYPE_CHECKING:
    from harness.foreign.world import RealTimeWorld


class AskingFabric(Fabric):
    """See the module."""

    def __init__(self, world: "RealTimeWorld") -> None:
        super().__init__(world)
        self.asking = 0
        """Writes that wait for a webhook's answer: they are under way."""
        self._real_world = world
        self._webhooks: Webhooks | None = None

    def handle(self, endpoint: Endpoint, command: Command) -> None:
        """One step, or, if a webhook may have to be asked, the beginning of some."""
        request: ApiRequest = command.request
        if request.is_read or not self._known().may_ask(request):
            super().handle(endpoint, command)
            return
        self.asking += 1
        self.world.kernel.nursery.start_soon(self._ask, endpoint, command)

    def _known(self) -> Webhooks:
        # Not before the first write: there is no store yet when a world makes its fabric.
        if self._webhooks is None:
            world = self.world
            self._webhooks = Webhooks(world.store, world.kinds, random.Random(f"{world.seed}/webhooks"))
        return self._webhooks

    async def _ask(self, endpoint: Endpoint, command: Command) -> None:
        attempts = _Attempts(self, command)
        try:
            result: Any = await self._known().handle(attempts, command.request, self._real_world.server_now())
        except ApiError as error:
            result = error
        finally:
            self.asking -= 1
        self.world.cause, self.world.committed_now = attempts.cause, attempts.committed
        self.answered(endpoint, command, result)


class _Attempts:
    """The command's API server, for one command: what an attempt commits is this command's doing."""

    def __init__(self, fabric: AskingFabric, command: Command) -> None:
        self._fabric = fabric
        self._command = command
        self.cause = fabric.world.cause
        """Of what is written, and then what was written."""
        self.committed = 0

    def handle(self, request: ApiRequest) -> JsonObject:
        return self._attempt(lambda: self._server.handle(request))

    def handle_reviewed(
        self,
        request: ApiRequest,
        review: Callable[[Review], JsonObject | None],
        *,
        random: random.Random,
        now: Callable[[], datetime],
    ) -> JsonObject:
        return self._attempt(lambda: self._server.handle_reviewed(request, review, random=random, now=now))

    @property
    def _server(self) -> Any:
        return self._fabric.world.servers[self._command.server]

    def _attempt(self, step: Callable[[], JsonObject]) -> JsonObject:
        fabric, world = self._fabric, self._fabric.world
        if self._command.server in world.down_servers:
            raise ConnectionLost  # it died while it waited, with nothing committed
        world.cause, world.committed_now = self.cause, 0
        fabric.current = self._command
        try:
            return step()
        finally:
            fabric.current = None
            self.cause, self.committed = world.cause, world.committed_now
