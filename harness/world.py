"""One world: a store, API servers, processes, outside systems, the messages between them, and one clock over all.

A world lives for one example. It is stepped from outside: `act`, `run`, `heal`, `close`. Everything in it is a pure
function of the trial, the salt and the schedule. What weather can do to it is in `operations.py`, who writes it down in
`recorder.py`, who judges it in `judge.py`.
"""

import math
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

import orjson
import trio
from outcome import Error, Outcome, Value

from harness.contract import Change, ComponentView, ObjectRef, SentRequest, Verdict
from harness.errors import AdapterError, SeatrialError
from harness.fabric import Fabric, unreachable
from harness.history import History
from harness.judge import Judge
from harness.kernel import KERNELS
from harness.names import Names
from harness.network import Network
from harness.operations import OPERATIONS
from harness.outside import Outside
from harness.plan import Plan, Program
from harness.process import EPOCH, Life, Process, exit_of
from harness.recorder import Recorder, changed_paths
from harness.schedule import versions
from harness.trace import FORMAT, Trace
from harness.watchdog import BEAT
from harness.weather import Armed, Weather
from harness.wire import Command, Stream
from reference_impl.apiserver.registry import KindRegistry
from reference_impl.apiserver.server import ApiServer
from reference_impl.errors import ApiError
from reference_impl.objects import controller_of
from reference_impl.protocol import ApiRequest, ExternalCall, JsonObject
from reference_impl.runtime import Component
from reference_impl.store.memory import MemoryStore
from reference_impl.store.port import StoreEvent

ACTION_S = 600.0
"""Virtual seconds that one action of a user may take, asking again and again included (arbitrary)."""

STEP_S = 1.0
"""Virtual time between two user actions, unless an action leaves messages in flight (arbitrary)."""
START_S = 5.0
"""Virtual time that a plane gets to come up before the first user action (arbitrary; caches sync in none)."""
BOOKMARKS_EVERY_S = 60.0
"""kube-apiserver sends a bookmark about once a minute to each watch."""
STORM_S = 3600.0
"""What "until the storm ends" means to a message that has to have a due time."""
DELIVERIES_MAX = 20_000
"""A run that delivers more without coming to rest is taken for a hot loop (arbitrary; design section 4.4)."""


class Exhausted(Exception):
    """The network never drained: 20,000 deliveries within one step."""


class World:
    """See the module. `salt` 0 is calm. `plan` says what to start; `reference` what fair weather agreed on, or None."""

    epoch = EPOCH
    step_s = STEP_S
    seconds_scale = 1.0
    """How much shorter than drawn weather lasts here."""
    facts: ClassVar[dict[str, Any]] = {}
    """What a trace of such a world says of it besides."""
    counts_by_action = False
    """Messages are numbered anew from each user action on, so that their numbers depend less on time."""
    passing_s = math.inf
    """So long users wait, at most, for weather to meet its message."""
    server_options: ClassVar[dict[str, Any]] = {}

    def __init__(
        self,
        plan: Plan,
        *,
        salt: int = 0,
        seed: int | None = None,
        kernel: str = "direct",
        judging: bool = True,
        early: Sequence[Armed] = (),
        scribe: Callable[["World"], Recorder] = Recorder,
    ) -> None:
        self.plan = plan
        self.trial = plan.trial
        self.seed = plan.trial.seed if seed is None else seed
        self.salt = salt
        self.network = Network()
        self.trace = Trace()
        self.trace.add(
            0.0,
            "note",
            data={
                "format": FORMAT,
                "target": plan.name,
                "profile": plan.trial.profile,
                "seed": self.seed,
                "salt": salt,
                "under_test": [program.name for program in plan.programs if program.under_test],
                "versions": versions,
                **self.facts,
            },
        )
        self.cause = -1
        self.deliveries = 0
        self.history = History(plan.trial.volatile)
        self.weather = Weather(self, salt)
        self.fabric = self.make_fabric()
        self.recorder = scribe(self)
        self.outside = Outside(plan.trial.external or {})
        self.commit_steps: dict[int, int] = {}
        self.fingerprints: list[tuple[StoreEvent, bytes]] | None = None
        """What each object looked like when it was committed; kept only when `watch_for_mutation` was called."""
        self.committed_now = 0
        self.last_effective_s = 0.0
        self.storm_s = STORM_S
        self.step = 0
        self.refusals: list[Callable[[Process, int, ApiRequest], ApiError | None]] = []
        self.process_options: dict[str, Any] = {
            "resync": False,
            "gc_kinds": None if plan.trial.processes else plan.gc_kinds,
        }
        self.down_servers: dict[int, None] = {}
        self.partitions: dict[tuple[str, int], float] = {}
        self.healers: list[Callable[[], None]] = []
        self.taken_from: dict[str, list[str]] = {}
        """Uids of the owners that vandals took an object from, by its own uid."""
        self.list_orders: dict[str, random.Random] = {}
        self.reference: Any = None
        """What fair weather agreed on (`fair_weather.Reference`), once the storm is judged."""
        self.actions_done = 0
        """User actions done so far: which fair-weather state is the one to compare with."""
        self.pass_began = 0
        """Index in `history.changes` at which the present idempotence pass began."""
        self._undistributed: list[StoreEvent] = []
        self.fatal: SeatrialError | None = None
        """What ended the trial itself (blocked loop, a factory that fails at a restart); raised by `run`."""
        self.warnings: dict[str, None] = {}
        """What was seen that breaks no claim."""
        self.at_rest = False
        self.phase = "storm"
        self.lagging: dict[int, list[StoreEvent]] = {}
        variant = plan.trial.plane
        self.store = self.make_store()
        self.kinds = KindRegistry()
        self.names = Names(self.kinds, self.history)
        make_server = getattr(variant, "apiserver", None) or ApiServer
        self.servers = [
            make_server(
                self.store,
                now=self._server_now,
                random=self.random_of(index),
                name=f"apiserver-{index}",
                kinds=self.kinds,
                **self.server_options,
            )
            for index in range(plan.trial.apiservers)
        ]
        for server in self.servers:
            server.on_commit = self._committed
        self.store.subscribe(self._stored)
        self.judge = Judge(self, plan.properties if judging else ())
        self.processes: list[Process] = []
        self.kernel = KERNELS[kernel]()
        for armed in early:
            self.weather.arm(armed)
        try:
            self._come_up()
        except BaseException:
            self.kernel.stop()
            raise

    # --------------------------------------------------------------------------------------------------- building

    def _come_up(self) -> None:
        self.servers[0].bootstrap()
        for server in self.servers[1:]:
            server.restart()
        for obj in self.plan.setup_objects:
            self.servers[0].handle(
                ApiRequest(
                    verb="create",
                    api_version=obj["apiVersion"],
                    kind=obj["kind"],
                    namespace=obj["metadata"].get("namespace"),
                    name=obj["metadata"].get("name"),
                    body=obj,
                    user="setup",
                )
            )
        self.user = Process(self, "user", _idle_factory, latent=False)
        self.user.start()
        for program in self.plan.programs:
            self._launch(program)
        self.network.call_at(BOOKMARKS_EVERY_S, self._bookmarks, heartbeat=True)
        self._wait_until_up()
        self.last_effective_s = self.network.now_s

    def _wait_until_up(self) -> None:
        self.run(START_S)

    def make_store(self) -> MemoryStore:
        """Empty; or the variant on trial, which does the same."""
        make: Callable[[], MemoryStore] = getattr(self.plan.trial.plane, "store", None) or MemoryStore
        return make()

    def make_fabric(self) -> Fabric:
        return Fabric(self)

    def random_of(self, server: int) -> random.Random:
        """What an API server draws uids and generated names from."""
        return random.Random(f"{self.seed}/apiserver-{server}")

    def make_process(self, program: Program) -> Process:
        """A process that can run this program; not started."""
        assert program.factory is not None, f"{program.name} is a foreign process: it needs a world in real time"
        return Process(
            self,
            program.name,
            program.factory,
            under_test=program.under_test,
            instance=program.instance,
            overlap=program.overlap,
        )

    def _launch(self, program: Program) -> Process:
        process = self.make_process(program)
        # Spread over the replicas, so that one that lags or dies does not concern everybody.
        process.server = len(self.processes) % len(self.servers)
        self.processes.append(process)
        process.start()
        self.kernel.pump()
        return process

    def _server_now(self) -> datetime:
        return self.epoch + timedelta(seconds=self.network.now_s)

    def _bookmarks(self) -> None:
        for index, server in enumerate(self.servers):
            if index not in self.down_servers and index not in self.lagging:
                server.bookmarks()
        self.network.call_at(self.network.now_s + BOOKMARKS_EVERY_S, self._bookmarks, heartbeat=True)

    def close(self) -> None:
        """End the trio run. Must be called on every path. Idempotent."""
        for process in (*self.processes, self.user) if hasattr(self, "user") else self.processes:
            if process.life is not None:
                process.life.dead = True
        self.kernel.stop()

    # ---------------------------------------------------------------------------------------------------- running

    def run(self, until_s: float, *, deliveries_max: int = DELIVERIES_MAX, once: int | None = None) -> int:
        """Deliver everything due until `until_s`, one entry at a time; returns how many. `once` stops after so many.

        Raises Exhausted when more than `deliveries_max` entries were delivered without a pause.
        """
        network, kernel = self.network, self.kernel
        clock = kernel.clock
        count = 0
        while True:
            deadline_s = clock.next_deadline_s
            entry = network.next(min(until_s, deadline_s))
            if entry is None:
                if deadline_s > until_s:
                    break
                network.now_s = max(network.now_s, deadline_s)
                clock.now_s = network.now_s
                kernel.pump()
            else:
                clock.now_s = network.now_s
                entry.action()
                kernel.pump()
            count += 1
            BEAT.count += 1
            if BEAT.interrupts:
                BEAT.raise_interrupt()
            if self.fatal is not None:
                raise self.fatal
            if once is not None and count >= once:
                self.deliveries += count
                return count
            if count > deliveries_max:
                self.deliveries += count
                raise Exhausted(f"{count} deliveries without coming to rest")
        if until_s < math.inf and until_s > network.now_s:
            network.now_s = until_s
            clock.now_s = until_s
        self.deliveries += count
        return count

    def run_user(self, work: Callable[[Any], Any], *, limit_s: float = ACTION_S) -> Any:
        """Run `await work(client)` as the user and deliver messages until it is done. Raises what it raised."""
        life = self.user.life
        assert life is not None
        done: list[Outcome[Any]] = []

        async def task() -> None:
            try:
                done.append(Value(await work(life.client)))
            except ApiError as error:
                done.append(Error(error))
            except SeatrialError as error:
                done.append(Error(error))

        life.context.run(self.kernel.nursery.start_soon, task)
        self.kernel.pump()
        limit = self.network.now_s + limit_s
        while not done:
            due_s = self.network.next_due_s()
            if due_s is None or min(due_s, self.kernel.clock.next_deadline_s) > limit:
                raise SeatrialError(f"a user action did not finish within {limit_s} virtual seconds")
            self.run(limit, once=1)
        return done[0].unwrap()

    # ------------------------------------------------------------------------------------------- processes' lives

    def process(self, name: str) -> Process:
        for process in self.processes:
            if process.name == name:
                return process
        raise KeyError(name)

    def find_process(self, name: str) -> Process | None:
        return next((process for process in self.processes if process.name == name), None)

    def crash(self, process: Process, restart_after_s: float | None = 1.0, *, server: int | None = None) -> bool:
        """The process dies here; it restarts after so long (None: not by itself)."""
        if not process.alive:
            return False
        step = self.trace.add(
            self.network.now_s,
            "crash",
            process.name,
            caused_by=(self.cause,) if self.cause >= 0 else (),
            data={"incarnation": process.incarnation},
        )
        process.end_life()
        self.cause = step
        if restart_after_s is not None:
            self._restart_later(process, restart_after_s, step, server)
        return True

    def _restart_later(self, process: Process, after_s: float, cause: int, server: int | None = None) -> None:
        def again() -> None:
            if not process.alive:
                self.cause = cause
                self.restart(process, server=server)

        self.network.call_at(self.network.now_s + after_s, again)

    def restart(self, process: Process, *, server: int | None = None) -> None:
        """A new life, with empty memory."""
        if process.alive or process.retired:
            return
        if server is not None:
            process.server = server
        self.cause = self.trace.add(
            self.network.now_s,
            "restart",
            process.name,
            peer=self.servers[process.server].name,
            caused_by=(self.cause,) if self.cause >= 0 else (),
            data={"incarnation": process.incarnation + 1},
        )
        process.start()

    def process_exited(self, process: Process, life: Life, error: BaseException | None) -> None:
        """A program ended by itself: a panic, a lost lease, or it returned. Its supervisor starts it again."""
        how, panicked = exit_of(error)
        if isinstance(error, SeatrialError):
            self.fatal = error
            return
        if panicked:
            process.panics.append(how)
        process.exits += 1
        step = self.trace.add(
            self.network.now_s,
            "crash",
            process.name,
            caused_by=(self.cause,) if self.cause >= 0 else (),
            data={"incarnation": life.incarnation, "panic" if panicked else "exit": how},
        )
        process.end_life()
        self._restart_later(process, process.restart_delay_s(), step)
        if panicked:
            self.judge.panicked(process, how)

    def pause(self, process: Process) -> bool:
        if not process.alive or process.paused:
            return False
        process.paused = True
        self.trace.add(self.network.now_s, "pause", process.name)
        return True

    def resume(self, process: Process) -> bool:
        """Go on as if nothing had happened: what waited is delivered now, in order."""
        if not process.paused:
            return False
        process.paused = False
        process.woke_s = self.network.now_s
        self.cause = self.trace.add(self.network.now_s, "resume", process.name)
        backlog = list(process.backlog)
        process.backlog.clear()
        for action in backlog:
            # Before anything that is due now: streams never reorder.
            self.network.first(action, owner=process.life)
        return True

    def shuffle_for(self, process: Process) -> Callable[[list[JsonObject]], None]:
        """How cached lists come to this process: as they are, unless the weather shuffles them."""

        def shuffle(items: list[JsonObject]) -> None:
            rng = self.list_orders.get(process.name)
            if rng is not None and len(items) > 1:
                rng.shuffle(items)

        return shuffle

    def watch_for_mutation(self) -> None:
        """From now on remember what is committed, so that `assert_unmutated` can tell."""
        self.fingerprints = []

    def assert_unmutated(self) -> None:
        """Objects are shared between store, caches and messages: whoever changes one in place changes the past.

        Raises AdapterError naming the object and what was changed.
        """
        for event, fingerprint in self.fingerprints or ():
            obj, key = event.object, event.key
            if orjson.dumps(obj) != fingerprint:
                changed = changed_paths(orjson.loads(fingerprint), obj) or ["the order of its keys"]
                raise AdapterError(
                    f"{obj.get('kind')} {key[1]}/{key[2]} was changed in place, without a command: {changed[0]}. "
                    "Handlers, predicates and maps are given shared objects; copy before you change one."
                )

    # ---------------------------------------------------------------------------------------- what may be refused

    def refusal(self, process: Process, server: int, request: ApiRequest) -> ApiError | None:
        """Why this request does not get through now; None: it does."""
        if self.down_servers or self.partitions:
            if server in self.down_servers:
                if process.server == server:
                    process.server = next((i for i in range(len(self.servers)) if i not in self.down_servers), server)
                return unreachable()
            if (process.name, server) in self.partitions:
                return unreachable()
        for refuse in self.refusals:
            error = refuse(process, server, request)
            if error is not None:
                return error
        return None

    def operate(self, verdict: Verdict, *, command: Command | None = None, stream: Stream | None = None) -> bool:
        """Carry out a verdict that is not about one message: False if it changes nothing."""
        operation = OPERATIONS.get(verdict.kind)
        assert operation is not None, f"no operation {verdict.kind!r}; known: {sorted(OPERATIONS)}"
        return operation(self, command=command, stream=stream, **verdict.arguments)

    def heal(self) -> None:
        """Lift the faults, latency too, without cutting a stream or restarting anything alive."""
        self.weather.disarm()
        for healer in self.healers:
            healer()
        self.healers.clear()
        self.refusals.clear()
        self.partitions.clear()
        self.list_orders.clear()
        for process in self.processes:
            self.resume(process)
            process.clock.drift(1.0)
        for index in list(self.down_servers):
            del self.down_servers[index]
        for index in list(self.lagging):
            self.catch_up(index)
        for stream in self.fabric.stream_log:
            if stream.open and stream.held_until_s is not None:
                self.fabric.release(stream)
        self.last_effective_s = self.network.now_s
        self.cause = self.trace.add(self.network.now_s, "settle", data={"phase": "healed"})

    # ------------------------------------------------------------------------------------------------ the replicas

    def _stored(self, event: StoreEvent) -> None:
        """The store tells its API servers; a lagging one hears of it later. Never before the commit is written down."""
        self._undistributed.append(event)

    def _distribute(self) -> None:
        while self._undistributed:
            event = self._undistributed.pop(0)
            for index, server in enumerate(self.servers):
                lag = self.lagging.get(index)
                if lag is not None:
                    lag.append(event)
                else:
                    server.apply(event)

    def lag(self, index: int) -> bool:
        """This replica's watch cache stands still from now on."""
        if index in self.lagging:
            return False
        self.lagging[index] = []
        return True

    def catch_up_later(self, process: Process, lag_s: float, recover: Callable[[], None]) -> None:
        """After so long a replica at which this process is going to restart catches up."""
        self.network.call_at(self.network.now_s + lag_s, recover)

    def catch_up(self, index: int) -> None:
        for event in self.lagging.pop(index, ()):
            self.servers[index].apply(event)

    # ------------------------------------------------------------------------------------------------- what happens

    def _committed(self, request: ApiRequest, event: StoreEvent) -> None:
        command = self.fabric.current
        effective = self.history.is_effective(event)
        step = self.recorder.commit(command, event, effective)
        self.commit_steps[event.revision] = step
        process = command.life.process if command is not None else None
        creator = (
            (process.name, command.life.incarnation)
            if command is not None and process is not None
            else (request.user, 0)
        )
        self.history.commit(event, creator)
        if self.fingerprints is not None:
            self.fingerprints.append((event, orjson.dumps(event.object)))
        self.committed_now += 1
        self.cause = step
        if effective:
            self.network.end_lull()
            self.history.effective_count += 1
            self.last_effective_s = self.network.now_s
            sent = command.sent if command is not None else None
            late = command is not None and (command.abandoned or command.life.dead or command.task is None)
            self._judge_commit(sent or self._sent_by_nobody(request, step), event, step, late=late)
        self._distribute()

    def _sent_by_nobody(self, request: ApiRequest, step: int) -> SentRequest:
        """A write that was no message: set-up, or a user in the middle of the weather."""
        now_s = self.network.now_s
        return SentRequest(
            component=request.user,
            incarnation=0,
            request=request,
            sent_s=now_s,
            sent_monotonic_s=now_s,
            lease_until_s=None,
            step=step,
        )

    def _judge_commit(self, sent: SentRequest, event: StoreEvent, step: int, *, late: bool) -> None:
        obj = event.object
        change = Change(
            before=event.previous,
            after=obj if event.type != "DELETED" else None,
            verb=sent.request.verb,
            component=sent.component,
            request=sent,
            revision=event.revision,
            ref=ObjectRef(obj.get("apiVersion", ""), obj.get("kind", ""), event.key[1] or None, event.key[2]),
            step=step,
            late=late,
        )
        self.history.changes.append(change)
        process = self.find_process(sent.component)
        if process is not None and process.reconciles:
            process.reconciles[-1].writes += 1
        self.judge.on_commit(change)

    def judge_request(self, sent: SentRequest) -> None:
        self.judge.on_request(sent)

    def call_external(self, command: Command, *, stale: bool) -> JsonObject | None:
        """One atomic step of an outside system."""
        call: ExternalCall = command.request
        process = command.life.process
        before = self.outside.version(call.system)
        answer = self.outside.handle(call, stale=stale)
        if self.outside.version(call.system) != before:
            self.committed_now += 1
            self.cause = self.trace.add(
                self.network.now_s,
                "external",
                call.system,
                peer=process.name,
                object=call.key or str((answer or {}).get("id", "")),
                caused_by=(command.message_nth,),
                data={"verb": call.verb, "phase": "effect", "body": call.body},
            )
            if not self.outside.is_quiet(call.system):
                self.last_effective_s = self.network.now_s
        return answer

    # ------------------------------------------------------------------------------ what faults may ask (the Plane)

    def components(self) -> list[ComponentView]:
        return [component_view(process) for process in self.processes]

    def server_count(self) -> int:
        return len(self.servers)

    def stored_objects(self) -> list[JsonObject]:
        """Everything stored now, in key order."""
        return [obj for resource in self.store.resources() for obj in self.store.list(resource).items]

    def user_request(self, request: ApiRequest) -> JsonObject:
        """A write by a user in the middle of the weather: one atomic step, no message of its own."""
        command, self.fabric.current = self.fabric.current, None
        try:
            return self.servers[0].handle(request)
        finally:
            self.fabric.current = command

    def nodes(self) -> list[str]:
        return [
            process.name.removeprefix("kubelet-") for process in self.processes if process.name.startswith("kubelet-")
        ]

    def owned_objects(self) -> list[JsonObject]:
        found = []
        for key in sorted({k: None for keys in self.history.owned.values() for k in keys}):
            obj = self.store.get(key)
            if obj is not None and controller_of(obj) is not None:
                found.append(obj)
        return found

    def streams_of(self, component: str) -> list[tuple[str, str]]:
        process = self.find_process(component)
        life = process.life if process is not None else None
        return sorted({(s.request.api_version, s.request.kind): None for s in life.streams}) if life is not None else []

    def external_items(self) -> list[tuple[str, str]]:
        return self.outside.items()

    def overlap_allowed(self, component: str) -> bool:
        process = self.find_process(component)
        return process is not None and (process.overlap or process.elects)


def component_view(process: Process) -> ComponentView:
    return ComponentView(
        name=process.name,
        under_test=process.under_test,
        alive=process.alive,
        incarnation=process.incarnation,
        instance=process.instance,
        elects=process.elects,
        controllers=process.controllers,
    )


def _idle_factory(client: Any) -> Any:
    return Component("user", trio.sleep_forever)
