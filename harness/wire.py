"""Both ends of the connections: a life's endpoint, a command under way, a watch's stream.

What passes over them, and what the weather makes of it, is `fabric.py`.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import trio

from harness.contract import SentRequest
from harness.knowledge import Session
from harness.network import Channel
from harness.process import Life
from reference_impl.errors import ApiError
from reference_impl.protocol import ApiRequest, ExternalCall, JsonObject, WatchEvent

if TYPE_CHECKING:
    from harness.fabric import Fabric


class ProcessDied(BaseException):
    """Raised in code of a life that has ended, when it still tries to send: the dead do not speak."""


class Command:
    """A request on its way, and the task that waits for the answer."""

    __slots__ = (
        "abandoned",
        "arrival_nth",
        "closed",
        "deliver",
        "life",
        "message_nth",
        "request",
        "role",
        "sent",
        "server",
        "stale",
        "task",
        "waiting_since_s",
    )

    def __init__(self, life: Life, request: Any, sent: SentRequest | None, server: int) -> None:
        self.life = life
        self.request = request
        self.sent = sent
        self.server = server
        self.task: trio.lowlevel.Task | None = None
        self.deliver: Callable[[WatchEvent], None] | None = None
        self.closed: Callable[[ApiError | None], None] | None = None
        self.waiting_since_s: float | None = None
        self.role: str | None = None
        self.message_nth = 0
        self.arrival_nth = 0
        """The weather's number for its arrival, once it has looked at it; 0 before."""
        self.stale = False
        """A list of an outside system that is answered with the past."""
        self.abandoned = False
        """Its sender has given up or died; it takes effect all the same."""


@dataclass(slots=True)
class Pending:
    """An event that is under way. `cause`: the trace step that made it. `sent_s`: when it left its server."""

    event: WatchEvent
    cause: int
    sent_s: float
    nth: int = 0
    """The weather's number for it, once the weather has looked at it."""


class Stream:
    """The wire between an API server's watch and its client."""

    def __init__(self, fabric: "Fabric", command: Command, channel: Channel) -> None:
        self.fabric = fabric
        self.life = command.life
        self.request: ApiRequest = command.request
        self.server = command.server
        self.channel = channel
        self.open = True
        self.opened_s = self.closed_s = fabric.world.network.now_s
        self.tampered = False
        self.handle: Any = None
        self.deliver = command.deliver
        self.closed = command.closed
        self.held_until_s: float | None = None
        self.held_since_s = 0.0
        self.queue: deque[Pending] = deque()
        """What has not been delivered, eldest first."""
        self.owed = 0
        """Arrivals that were held up: so many of the queue are due when the stream is released."""
        self.start_revision = 0
        self.opening = True
        self.initial: list[tuple[str, str, int]] = []
        self.record: list[tuple[str, str, str, int]] = []
        self.swap: tuple[WatchEvent, int] | None = None

    def push(self, event: WatchEvent) -> None:
        """The server's side: an event goes out."""
        if self.open:
            if self.opening:
                metadata = event.object.get("metadata", {})
                self.initial.append((metadata.get("namespace") or "", metadata.get("name", ""), event.revision))
            world = self.fabric.world
            cause = world.commit_steps.get(event.revision, world.cause)
            world.network.send(self.channel, partial(self.fabric.arrive_event, self), owner=self.life)
            self.queue.append(Pending(event, cause, world.network.now_s))

    def close(self) -> None:
        """The client's side hangs up, or the wire is torn: nothing is delivered afterwards."""
        if not self.open:
            return
        self.open = False
        self.closed_s = self.fabric.world.network.now_s
        self.queue.clear()
        if self.handle is not None:
            self.handle.close()
        if self in self.life.streams:
            self.life.streams.remove(self)

    def break_off(self, error: ApiError | None) -> None:
        """The stream ends from the other side; the client is told."""
        if not self.open:
            return
        closed = self.closed
        life = self.life
        self.close()
        self.fabric.world.trace.add(
            self.fabric.world.network.now_s,
            "stream",
            life.process.name,
            peer=self.fabric.world.servers[self.server].name,
            object=self.request.kind,
            data={"event": "closed", "error": error.reason if error else None},
        )
        assert closed is not None
        life.deliver(partial(life.context.run, closed, error))


class Endpoint:
    """One life's connection to the plane: what the runtime calls its transport."""

    def __init__(self, fabric: "Fabric", life: Life) -> None:
        self.fabric = fabric
        self.life = life
        self.requests = Channel()
        self.replies = Channel()
        self.stream_channels: dict[Session, Channel] = {}

    async def request(self, request: ApiRequest) -> JsonObject:
        """Send a command or a read; park until the reply is delivered."""
        command = await self._submit(request)
        result: JsonObject = await self._park(command)
        return result

    async def watch(
        self,
        request: ApiRequest,
        deliver: Callable[[WatchEvent], None],
        closed: Callable[[ApiError | None], None],
    ) -> Stream:
        """Open a watch; the reply is the stream."""
        command = await self._submit(request, deliver, closed)
        stream: Stream = await self._park(command)
        return stream

    async def external(self, call: ExternalCall) -> JsonObject | None:
        """Call an outside system through the same fabric."""
        await trio.lowlevel.checkpoint_if_cancelled()
        self._refuse_the_dead()
        command = Command(self.life, call, None, -1)
        self.fabric.submit_external(self, command)
        result: JsonObject | None = await self._park(command)
        return result

    async def _submit(self, request: ApiRequest, deliver: Any = None, closed: Any = None) -> Command:
        # A cancelled task sends nothing: an HTTP client meets a checkpoint before it writes to the socket.
        await trio.lowlevel.checkpoint_if_cancelled()
        self._refuse_the_dead()
        command = self.fabric.submit(self, request)
        command.deliver, command.closed = deliver, closed
        return command

    def _refuse_the_dead(self) -> None:
        if self.life.dead:
            raise ProcessDied(f"{self.life.process.name} is dead")

    async def _park(self, command: Command) -> Any:
        command.task = trio.lowlevel.current_task()

        def abort(_: Any) -> trio.lowlevel.Abort:
            command.task = None  # nobody waits for the answer any more; the command itself is not taken back
            return trio.lowlevel.Abort.SUCCEEDED

        return await trio.lowlevel.wait_task_rescheduled(abort)

    def stream_channel(self, session: Session) -> Channel:
        channel = self.stream_channels.get(session)
        if channel is None:
            channel = self.stream_channels[session] = Channel()
        return channel


def session_of(request: ApiRequest) -> Session:
    """What makes two lists or watches of one client the same session."""
    return (
        request.api_version,
        request.kind,
        request.namespace or "",
        request.labels or "",
        request.fields or "",
    )
