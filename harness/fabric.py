"""Where every message passes: commands to API servers, their replies, watch events, calls on outside systems.

A message's way: its sender hands it over (`Endpoint`), it travels (latency), the weather looks at it as it arrives and
may turn it into something else, an API server handles it in one atomic step, the weather looks at the reply, the reply
travels. Watch events travel one stream each, in order. Faults exist once, here, whatever the transport in front.
"""

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import outcome
import trio

from harness.contract import SentRequest, Verdict
from harness.network import SIGNS_ARRIVE_S, Channel
from harness.process import Life, Process
from harness.wire import Command, Endpoint, Pending, Stream, session_of
from reference_impl.errors import ApiError, ConnectionLost, Gone, TooLargeResourceVersion, Unreachable
from reference_impl.protocol import ApiRequest, WatchEvent

if TYPE_CHECKING:
    from harness.world import World

FRESHNESS_WAIT_S = 3.0
"""How long a replica waits to catch up with an asked revision (apiserver cacher, blockTimeout = 3 s)."""

NODE_LEASES = "kube-node-lease"
"""The namespace of the Leases by which nodes show that they live."""

STREAM_BROKEN_AFTER_S = 30.0
"""A connection that stood still for longer is found dead (client-go's HTTP/2 health check: 30 s)."""


class Fabric:
    """All connections of one world."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.current: Command | None = None
        self._endpoints: dict[int, Endpoint] = {}
        self.system_channels: dict[str, Channel] = {}
        self.stream_log: list[Stream] = []
        self._waiting: dict[Life, list[Stream]] = {}
        """Streams that are held until their client has been told something by another, by client."""

    def endpoint(self, life: Life) -> Endpoint:
        return Endpoint(self, life)

    # ------------------------------------------------------------------------------------------------ commands

    def submit(self, endpoint: Endpoint, request: ApiRequest) -> Command:
        """A process sends: recorded, judged as a request, and put on its way."""
        world, life = self.world, endpoint.life
        process = life.process
        step = world.recorder.request(life, request)
        reconcile = life.context_reconcile()
        sent = SentRequest(
            component=process.name,
            incarnation=life.incarnation,
            request=request,
            sent_s=max(world.network.now_s, process.clock.blocked_until_s),
            sent_monotonic_s=process.clock.monotonic_s(),
            lease_until_s=life.lease_until_s if process.elects else None,
            step=step,
            reconcile=reconcile.step if reconcile is not None else None,
            just_woke=process.woke_s == world.network.now_s,
            controller=reconcile.controller if reconcile is not None else None,
        )
        command = Command(life, request, sent, process.server)
        world.judge_request(sent)
        arrive = partial(self._arrive, endpoint, command)
        if process.latent:
            extra_s = max(0.0, process.clock.blocked_until_s - world.network.now_s)
            world.network.send(endpoint.requests, arrive, extra_s=extra_s)
        else:
            world.network.first(arrive)
        return command

    def _arrive(self, endpoint: Endpoint, command: Command) -> None:
        """The request reaches its server."""
        world = self.world
        process = command.life.process
        if process.paused and not command.life.dead:
            process.backlog.append(partial(self._arrive, endpoint, command))
            return
        if command.life.dead and command.request.is_read:
            return  # A dead client's connection is closed: nobody reads the answer, and no stream opens.
        if world.network.in_lull and process.under_test and _is_about_nodes_leases(command.request):
            # Who looks for signs of life finds fresh ones.
            world.network.end_lull()
            world.network.again(partial(self._arrive, endpoint, command), world.network.now_s + SIGNS_ARRIVE_S)
            return
        if process.latent:
            refusal = world.refusal(process, command.server, command.request)
            if refusal is not None:
                self._reply(endpoint, command, refusal)
                return
            verdict = world.weather.meet("request", command)
            if verdict is not None and not self._obey_request(endpoint, command, verdict):
                return
        self.handle(endpoint, command)

    def _obey_request(self, endpoint: Endpoint, command: Command, verdict: Verdict) -> bool:
        """Carry out a verdict on an arriving request; False: it is not handled now."""
        world = self.world
        if verdict.kind == "fail_before":
            self._reply(endpoint, command, verdict.arguments["error"])
            return False
        if verdict.kind in ("delay", "hold"):
            again = partial(self._arrive, endpoint, command)
            world.network.again(again, world.network.now_s + self._kept_s(verdict))
            return False
        if verdict.kind == "crash":
            world.crash(world.process(verdict.arguments["component"]), verdict.arguments["restart_after_s"])
            return False
        if verdict.kind == "late_commit":
            self._commit_late(endpoint, command, verdict.arguments)
            return False
        # Something else has happened, which may concern this very request.
        refusal = world.refusal(command.life.process, command.server, command.request)
        if refusal is not None:
            self._reply(endpoint, command, refusal)
            return False
        return not command.life.dead

    def _kept_s(self, verdict: Verdict) -> float:
        """How long a message is kept back; without a number, for as long as storms last."""
        seconds: float | None = verdict.arguments.get("seconds")
        return self.world.storm_s if seconds is None else seconds

    def _commit_late(self, endpoint: Endpoint, command: Command, arguments: dict[str, Any]) -> None:
        """The sender gives up or dies; the request is still in the server's queue and commits later."""
        world = self.world
        queued = Command(command.life, command.request, command.sent, command.server)
        queued.abandoned = True

        def commit() -> None:
            # What waits in a server that dies is lost with it.
            if queued.server not in world.down_servers:
                self.handle(endpoint, queued)

        world.network.again(commit, world.network.now_s + arguments["seconds"])
        if arguments["crash"]:
            world.crash(command.life.process, arguments["restart_after_s"])
        else:
            self._reply(endpoint, command, arguments["error"])

    def handle(self, endpoint: Endpoint, command: Command) -> None:
        """One atomic step of an API server, and the weather on its reply."""
        world = self.world
        server = world.servers[command.server]
        request: ApiRequest = command.request
        if request.verb == "watch" and command.life.dead:
            return  # its connection went with it: there is nobody to stream to
        world.committed_now = 0
        self.current = command
        result: Any
        try:
            if request.verb == "watch":
                result = self._open(endpoint, command)
            else:
                result = server.handle(request)
        except TooLargeResourceVersion as error:
            if self._wait_for_freshness(endpoint, command):
                return
            result = error
        except ApiError as error:
            result = error
        finally:
            self.current = None
        self.answered(endpoint, command, result)

    def answered(self, endpoint: Endpoint, command: Command, result: Any) -> None:
        """The server has its answer: the weather meets it, then it travels."""
        world = self.world
        if command.life.process.latent and not command.abandoned:
            verdict = world.weather.meet("reply", command, result=result, committed=world.committed_now > 0)
            if verdict is not None and not self._obey_reply(endpoint, command, result, verdict):
                return
        self._reply(endpoint, command, result)

    def _wait_for_freshness(self, endpoint: Endpoint, command: Command) -> bool:
        now_s = self.world.network.now_s
        if command.waiting_since_s is None:
            command.waiting_since_s = now_s
        if now_s - command.waiting_since_s >= FRESHNESS_WAIT_S:
            return False
        self.world.network.again(partial(self.handle, endpoint, command), now_s + FRESHNESS_WAIT_S)
        return True

    def _obey_reply(self, endpoint: Endpoint, command: Command, result: Any, verdict: Verdict) -> bool:
        """Carry out a verdict on a reply; False: it does not travel as it is."""
        world = self.world
        if verdict.kind in ("fail_after", "fail_before", "cut"):
            if isinstance(result, Stream):
                result.close()
            self._reply(endpoint, command, verdict.arguments.get("error") or ConnectionLost())
            return False
        if verdict.kind in ("delay", "hold"):
            self._reply(endpoint, command, result, extra_s=self._kept_s(verdict))
            return False
        if verdict.kind == "crash":
            world.crash(world.process(verdict.arguments["component"]), verdict.arguments["restart_after_s"])
        return not command.life.dead

    def _reply(self, endpoint: Endpoint, command: Command, result: Any, *, extra_s: float = 0.0) -> None:
        world = self.world
        life = command.life
        if life.dead or command.abandoned:
            return
        arrive = partial(self._arrive_reply, command, result, world.cause)
        if not life.process.latent:
            world.network.first(arrive, owner=life)
            return
        channel = result.channel if isinstance(result, Stream) else endpoint.replies
        if extra_s and not isinstance(result, Stream):
            # A late reply is late on its own: requests of one client are multiplexed (HTTP/2), they do not queue.
            world.network.again(arrive, world.network.now_s + extra_s, owner=life)
        else:
            world.network.send(channel, arrive, extra_s=extra_s, owner=life)

    def _arrive_reply(self, command: Command, result: Any, cause: int) -> None:
        life = command.life
        life.deliver(partial(self._wake, command, result, cause))

    def _wake(self, command: Command, result: Any, cause: int) -> None:
        """The reply is there: the sender knows more, and its task goes on."""
        world = self.world
        task, command.task = command.task, None
        world.recorder.reply(command, result, cause)
        if task is None:
            if isinstance(result, Stream):
                result.close()
            return
        if isinstance(result, ApiError):
            trio.lowlevel.reschedule(task, outcome.Error(result))
            return
        if isinstance(command.request, ApiRequest):
            world.recorder.observe_reply(command, result)
        trio.lowlevel.reschedule(task, outcome.Value(result))

    # ------------------------------------------------------------------------------------------------- streams

    def _open(self, endpoint: Endpoint, command: Command) -> Stream:
        world, life, request = self.world, command.life, command.request
        kind = (request.api_version, request.kind)
        if self._has_expired(life.process, kind, request.resource_version):
            raise Gone(f"too old resource version: {request.resource_version} ({world.store.revision})")
        stream = Stream(self, command, endpoint.stream_channel(session_of(request)))
        server = world.servers[command.server]
        stream.handle = server.open_watch(request, stream.push)
        stream.opening = False
        stream.start_revision = stream.handle.after
        if request.resource_version not in (None, "", "0"):
            stream.initial.clear()
        life.streams.append(stream)
        self.stream_log.append(stream)
        if request.timeout_s is not None:
            world.network.call_at(
                world.network.now_s + request.timeout_s, partial(stream.break_off, None), heartbeat=True, owner=life
            )
        return stream

    def _has_expired(self, process: Process, kind: tuple[str, str], asked: str | None) -> bool:
        """Was what this process would go on from compacted? Then it stays so, however often it asks; unless nothing
        has happened since, because then nothing is missing."""
        if asked in (None, "", "0"):
            return False
        if process.relist_kinds.pop(kind, True) is None:
            process.expired[kind] = asked
            return True
        return process.expired.get(kind) == asked and asked.isdigit() and int(asked) < self.world.store.revision

    def arrive_event(self, stream: Stream) -> None:
        """The next event of a stream reaches its client, unless the stream is held, cut, or its client paused.

        What arrives is an occasion to deliver the *eldest* undelivered event, whichever message brought it: so a stream
        cannot reorder, however holds, pauses and releases overlap.
        """
        if not stream.open:
            return
        life = stream.life
        if life.process.paused:
            life.process.backlog.append(partial(self.arrive_event, stream))
            return
        if stream.held_until_s is not None:
            stream.owed += 1
            return
        pending = stream.queue.popleft()
        if life.process.latent and pending.event.type != "BOOKMARK":
            verdict = self.world.weather.meet_event(stream, pending)
            if verdict is not None and not self._obey_event(stream, pending, verdict):
                return
        self._hand_over(stream, pending.event, pending.cause)

    def _hand_over(self, stream: Stream, event: WatchEvent, cause: int) -> None:
        world, life = self.world, stream.life
        metadata = event.object.get("metadata", {})
        if event.type == "BOOKMARK":
            stream.record.append(("BOOKMARK", "", "", event.revision))
        else:
            stream.record.append(
                (event.type, metadata.get("namespace") or "", metadata.get("name", ""), event.revision)
            )
            world.recorder.observe_event(stream, event, cause)
        assert stream.deliver is not None
        life.context.run(stream.deliver, event)
        if event.type == "BOOKMARK":
            return
        if stream.swap is not None:
            self._hand_over_swapped(stream)
        if self._waiting and life in self._waiting:
            self._release_waiting(stream)

    def _obey_event(self, stream: Stream, pending: Pending, verdict: Verdict) -> bool:
        """Carry out a verdict on an event; False: it is not delivered now."""
        world = self.world
        kind, arguments = verdict.kind, verdict.arguments
        if kind in ("delay", "hold"):
            stream.queue.appendleft(pending)  # still the eldest
            stream.owed += 1
            self.hold(stream, arguments.get("seconds"))
            return False
        if kind == "cut":
            self.cut(stream, relist=arguments["relist"])
            return False
        if kind == "drop":
            stream.tampered = True
            return False
        if kind == "repeat":
            stream.tampered = True
            self._hand_over(stream, pending.event, pending.cause)
            return True
        if kind == "swap":
            stream.tampered = True
            stream.swap = (pending.event, pending.cause)
            world.healers.append(partial(self._hand_over_swapped, stream))
            return False
        if kind == "crash":
            world.crash(world.process(arguments["component"]), arguments["restart_after_s"])
            return not stream.life.dead and stream.open
        # Something else has happened, which may concern this very event.
        if not stream.open or stream.life.dead:
            return False
        if stream.life.process.paused:
            stream.queue.appendleft(pending)  # still the eldest
            stream.life.process.backlog.append(partial(self.arrive_event, stream))
            return False
        if stream.held_until_s is not None:
            stream.queue.appendleft(pending)  # still the eldest
            stream.owed += 1
            return False
        return True

    def hold_until_another(self, stream: Stream, seconds: float) -> None:
        """Hold a stream until its client has been told something by a stream of another kind; `seconds` at most."""
        self.hold(stream, seconds)
        self._waiting.setdefault(stream.life, []).append(stream)

    def _release_waiting(self, told_by: Stream) -> None:
        waiting = self._waiting.pop(told_by.life)
        if kept := [stream for stream in waiting if stream.request.kind == told_by.request.kind]:
            self._waiting[told_by.life] = kept
        for stream in waiting:
            if stream not in kept and stream.open and stream.held_until_s is not None:
                self.release(stream)

    def _hand_over_swapped(self, stream: Stream) -> None:
        if stream.swap is not None and stream.open:
            swapped, stream.swap = stream.swap, None
            self._hand_over(stream, *swapped)

    def hold(self, stream: Stream, seconds: float | None) -> None:
        """Nothing more is delivered on this stream for so long (None: until the storm ends)."""
        now_s = self.world.network.now_s
        if stream.held_until_s is None:
            stream.held_since_s = now_s
        stream.held_until_s = math.inf if seconds is None else max(stream.held_until_s or 0.0, now_s + seconds)
        if stream.held_until_s < math.inf:
            self.world.network.again(partial(self._release_if_due, stream), stream.held_until_s, owner=stream.life)

    def _release_if_due(self, stream: Stream) -> None:
        if stream.held_until_s is not None and stream.held_until_s <= self.world.network.now_s:
            self.release(stream)

    def release(self, stream: Stream) -> None:
        """Deliver what was held back, in order."""
        stream.held_until_s = None
        owed, stream.owed = stream.owed, 0
        for _ in range(owed):
            # Before anything that is due now: what was held back is older than what has come since.
            self.world.network.first(partial(self.arrive_event, stream), owner=stream.life)

    def cut(self, stream: Stream, *, relist: bool = False) -> None:
        """The connection breaks; `relist`: what the client missed is gone from the server's window, it has to list."""
        if relist:
            stream.life.process.relist_kinds[(stream.request.api_version, stream.request.kind)] = None
        stream.break_off(ConnectionLost())

    # ---------------------------------------------------------------------------------------- outside systems

    def submit_external(self, endpoint: Endpoint, command: Command) -> None:
        world, life = self.world, command.life
        step = world.recorder.external(life, command.request, "call")
        command.message_nth = step
        arrive = partial(self._arrive_external, endpoint, command)
        if life.process.latent:
            name = f"{life.process.name}>{command.request.system}"
            channel = self.system_channels.get(name)
            if channel is None:
                channel = self.system_channels[name] = Channel()
            world.network.send(channel, arrive)
        else:
            world.network.first(arrive)

    def _arrive_external(self, endpoint: Endpoint, command: Command) -> None:
        world = self.world
        process = command.life.process
        if process.paused and not command.life.dead:
            process.backlog.append(partial(self._arrive_external, endpoint, command))
            return
        if command.life.dead:
            # Closed with its client. That it took effect is the crash at its reply; minutes later, when the client's
            # successor has cleaned up, no controller could find out.
            return
        verdict = world.weather.meet_external("external_request", command) if process.latent else None
        if verdict is not None:
            if verdict.kind == "fail_before":
                self._reply(endpoint, command, verdict.arguments["error"])
                return
            if verdict.kind == "crash":
                world.crash(world.process(verdict.arguments["component"]), verdict.arguments["restart_after_s"])
                return
            if verdict.kind in ("delay", "hold"):
                again = partial(self._arrive_external, endpoint, command)
                world.network.again(again, world.network.now_s + self._kept_s(verdict))
                return
        self._do_external(endpoint, command)

    def _do_external(self, endpoint: Endpoint, command: Command) -> None:
        if command.life.dead:  # of the weather that has just met it
            return
        world = self.world
        result: Any
        try:
            result = world.call_external(command, stale=command.stale)
        except ApiError as error:
            result = error
        if command.life.process.latent:
            after = world.weather.meet_external("external_reply", command, result=result)
            if after is not None:
                if after.kind == "fail_after":
                    self._reply(endpoint, command, after.arguments["error"])
                    return
                if after.kind == "crash":
                    world.crash(world.process(after.arguments["component"]), after.arguments["restart_after_s"])
                    return
                if after.kind in ("delay", "hold"):
                    self._reply(endpoint, command, result, extra_s=self._kept_s(after))
                    return
        self._reply(endpoint, command, result)


def unreachable() -> ApiError:
    return Unreachable("dial tcp: connect: connection refused")


def _is_about_nodes_leases(request: ApiRequest) -> bool:
    return request.kind == "Lease" and request.namespace in (None, NODE_LEASES)
