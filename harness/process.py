"""One process: a factory's components, its clock, its lives.

A crash ends a life: memory, timers and open streams are gone, what was sent stays sent. A restart calls the factory
again. A pause keeps a life and holds its messages both ways. Nothing in here decides *when*: that is the weather's.
"""

import contextvars
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import trio

from harness.contract import ReconcileRecord, Regression
from harness.errors import UsageError
from harness.knowledge import Knowledge, Memory
from harness.network import Entry
from reference_impl.environment import Environment, Heartbeat
from reference_impl.errors import ApiError
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Component, Controller, LeadershipLost, Retry, run_process
from reference_impl.runtime.informer import Informer

if TYPE_CHECKING:
    from harness.wire import Stream
    from harness.world import World

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""When every run begins, on the true wall clock (arbitrary)."""

RESTART_FIRST_S = 1.0
RESTART_HIGH_S = 300.0
"""A process that keeps exiting comes back after 1, 2, 4, ... s, at most 300 s (kubelet's CrashLoopBackOff, sooner)."""

RECONCILING: contextvars.ContextVar["Reconcile | None"] = contextvars.ContextVar("seatrial_reconcile", default=None)
"""The pass that this task is in."""

CURRENT: contextvars.ContextVar["Life | None"] = contextvars.ContextVar("seatrial_life", default=None)
"""Whose code is running now; None: the host."""


class ProcessClock:
    """A process's own idea of time: true virtual time, bent by skew (wall clock only) and drift (both clocks)."""

    __slots__ = ("_anchor_local_s", "_anchor_true_s", "blocked_until_s", "life", "rate", "skew_s", "world")

    def __init__(self, world: "World") -> None:
        self.world = world
        self.life: Life | None = None
        self.skew_s = 0.0
        self.rate = 1.0
        self.blocked_until_s = 0.0
        self._anchor_true_s = 0.0
        self._anchor_local_s = 0.0

    def drift(self, rate: float) -> None:
        """From now on this clock runs `rate` times as fast as true time."""
        self._anchor_local_s = self.monotonic_s()
        self._anchor_true_s = self.world.network.now_s
        # Timers and `monotonic_s` are one clock: who was to wake in 20 s wakes after 20 of its own seconds.
        self.world.network.rescale(self, self.rate / rate)
        self.rate = rate

    def monotonic_s(self) -> float:
        now_s = max(self.world.network.now_s, self.blocked_until_s)
        return self._anchor_local_s + (now_s - self._anchor_true_s) * self.rate

    def now(self) -> datetime:
        return self.world.epoch + timedelta(seconds=self.monotonic_s() + self.skew_s)

    async def sleep(self, seconds: float) -> None:
        woken = trio.Event()
        timer = self.call_later(seconds, woken.set)
        try:
            await woken.wait()
        finally:
            timer.cancel()

    def call_later(self, seconds: float, callback: Callable[[], None], *, heartbeat: Heartbeat = False) -> Entry:
        life = self.life
        assert life is not None

        network = self.world.network
        due = partial(life.deliver, partial(life.context.run, callback))
        due_s = network.now_s + max(0.0, seconds) / self.rate
        return network.call_at(due_s, due, heartbeat=heartbeat, owner=life, clock=self)


class Life:
    """One incarnation of a process, from its start to its crash."""

    def __init__(self, process: "Process", incarnation: int) -> None:
        self.process = process
        self.incarnation = incarnation
        self.dead = False
        self.knowledge = Knowledge(process.name, incarnation, process.memory)
        self.scope = trio.CancelScope()
        self.context = contextvars.copy_context()
        self.context.run(CURRENT.set, self)
        self.streams: list[Stream] = []
        self.lease_until_s: float | None = None
        self.leases: dict[str, float] = {}
        self.client: Client | None = None
        self.parts: list[Controller | Component] = []
        self.cache_steps: dict[tuple[str, str, str, str], int] = {}
        """The trace step that last changed each cached object (and, with empty names, each cached kind)."""

    def context_reconcile(self) -> "Reconcile | None":
        """The reconcile pass whose task is running now, if any."""
        return RECONCILING.get()

    def deliver(self, action: Callable[[], None]) -> None:
        """Do it now, or when this process is resumed; never once it is dead."""
        if self.dead:
            return
        if self.process.paused:
            self.process.backlog.append(action)
        else:
            action()


class _Probe:
    """Hears what a life does: for causality, for rest, and for properties about reconciles and leases."""

    __slots__ = ("life", "world")

    def __init__(self, world: "World", life: Life) -> None:
        self.world = world
        self.life = life

    def cache_changed(self, informer: Informer, namespace: str | None, name: str, obj: JsonObject | None) -> None:
        self.world.recorder.cache_changed(self.life, informer, namespace, name)

    def cache_read(self, informer: Informer, namespace: str | None, name: str | None) -> None:
        self.world.recorder.cache_read(self.life, informer, namespace, name)

    def reconcile_started(self, controller: str, namespace: str | None, name: str) -> None:
        self.world.recorder.reconcile_started(self.life, controller, namespace, name)

    def reconcile_finished(
        self, controller: str, namespace: str | None, name: str, outcome: str, error: BaseException | None
    ) -> None:
        self.world.recorder.reconcile_finished(self.life, outcome, error)

    def lease_held(self, lease: str, identity: str, until_s: float | None) -> None:
        life = self.life
        if until_s is None:
            life.leases.pop(lease, None)
        else:
            life.leases[lease] = until_s
        life.process.elects = True
        life.lease_until_s = min(life.leases.values(), default=-1.0)


@dataclass(slots=True, kw_only=True)
class Reconcile:
    """One pass, while it is being recorded."""

    controller: str
    namespace: str | None
    name: str
    started_s: float
    incarnation: int
    step: int
    finished_s: float | None = None
    outcome: str | None = None
    error: str | None = None
    writes: int = 0
    reads: dict[int, None] = field(default_factory=dict)

    def record(self) -> ReconcileRecord:
        return ReconcileRecord(
            controller=self.controller,
            namespace=self.namespace,
            name=self.name,
            started_s=self.started_s,
            finished_s=self.finished_s,
            outcome=self.outcome,
            error=self.error,
            incarnation=self.incarnation,
            writes=self.writes,
        )


Factory = Callable[[Client], Any]


class Process:
    """A program that runs under one name, through all its lives."""

    def __init__(
        self,
        world: "World",
        name: str,
        factory: Factory,
        *,
        under_test: bool = False,
        instance: int = 0,
        overlap: bool = False,
        latent: bool = True,
    ) -> None:
        self.world = world
        self.name = name
        self.factory = factory
        self.under_test = under_test
        self.instance = instance
        self.overlap = overlap
        self.latent = latent
        """Whether weather and latency touch its messages; the user's connection is never faulted."""
        self.memory = Memory()
        self.clock = ProcessClock(world)
        self.life: Life | None = None
        self.incarnation = -1
        self.paused = False
        self.woke_s = -1.0
        """When it last woke from a pause, in true virtual time."""
        self.backlog: deque[Callable[[], None]] = deque()
        self.server = 0
        self.elects = False
        self.controllers: tuple[str, ...] = ()
        self.reconciles: list[Reconcile] = []
        self.panics: list[str] = []
        self.exits = 0
        self.relist_kinds: dict[tuple[str, str], None] = {}
        """Kinds whose next watch is answered 410: its client has to list again."""
        self.expired: dict[tuple[str, str], str] = {}
        """The revision that was answered so last, by kind."""

        self.retired = False
        """Replaced by a newer copy for good: never started again."""
        self._lives: list[Life] = []

    @property
    def alive(self) -> bool:
        return self.life is not None

    def knowledge_of(self, incarnation: int) -> Knowledge:
        """What that life had seen, also when it is over: its requests may still commit."""
        return self._lives[incarnation].knowledge

    def all_regressions(self) -> list[Regression]:
        """Of all lives, oldest first."""
        return [regression for life in self._lives for regression in life.knowledge.regressions]

    def twin(self, name: str) -> "Process":
        """Another copy of the same program, not started."""
        return Process(
            self.world,
            name,
            self.factory,
            under_test=self.under_test,
            instance=self.instance + 1,
            overlap=True,
        )

    def begin_life(self) -> Life:
        """A new life, in which nothing runs yet."""
        assert self.life is None, f"{self.name} is alive already"
        self.incarnation += 1
        life = Life(self, self.incarnation)
        self.life = life
        self._lives.append(life)
        self.clock.life = life
        self.clock.blocked_until_s = 0.0
        return life

    def start(self) -> None:
        """Begin a new life. Raises UsageError if the factory does not give components."""
        world = self.world
        life = self.begin_life()
        environment = Environment(
            name=self.name,
            transport=world.fabric.endpoint(life),
            clock=self.clock,
            random=random.Random(f"{world.seed}/{self.name}/{self.incarnation}"),
            probe=_Probe(world, life),
            instance=self.instance,
            options=world.process_options,
            shuffle=world.shuffle_for(self),
        )
        life.client = Client(environment)
        life.parts = life.context.run(build, self.factory, life.client)
        self.controllers = tuple(part.name for part in life.parts if isinstance(part, Controller))
        elects = [part for part in life.parts if isinstance(part, Controller) and part.leader_election]
        self.elects = self.elects or bool(elects)
        if elects:
            life.lease_until_s = -1.0
        self.overlap = self.overlap or any(isinstance(part, Controller) and part.overlap for part in life.parts)
        life.context.run(world.kernel.nursery.start_soon, self._run, life)

    async def _run(self, life: Life) -> None:
        error: BaseException | None = None
        with life.scope:
            try:
                assert life.client is not None
                await run_process(life.client, life.parts)
            except trio.Cancelled:
                raise
            except KeyboardInterrupt:
                raise
            except BaseException as raised:  # a panic: whatever leaves the program ends this life, and is judged
                error = raised
        if not life.dead:
            self.world.process_exited(self, life, error)

    def end_life(self) -> None:
        """The process is gone, with all that it kept in memory. What it sent stays sent."""
        life = self.life
        assert life is not None, f"{self.name} is dead already"
        life.dead = True
        self.life = None
        self.paused = False
        self.backlog.clear()
        for stream in list(life.streams):
            stream.close()
        self.world.network.cancel_owned(life)
        life.scope.cancel()
        for reconcile in reversed(self.reconciles):
            if reconcile.incarnation != life.incarnation:
                break
            if reconcile.finished_s is None:
                reconcile.outcome = reconcile.outcome or "died"

    def restart_delay_s(self) -> float:
        """How long the supervisor waits before it starts this program again after an exit of its own."""
        return float(min(RESTART_FIRST_S * 2 ** max(0, self.exits - 1), RESTART_HIGH_S))


def build(factory: Factory, client: Client) -> list[Controller | Component]:
    name = getattr(factory, "__name__", repr(factory))
    try:
        made = factory(client)
    except Exception as error:
        raise UsageError(
            f"the factory {name} raised {type(error).__name__}: {error}. "
            "A factory takes a Client and returns a Controller, a Component or a list of them."
        ) from error
    parts = list(made) if isinstance(made, (list, tuple)) else [made]
    if not parts or not all(isinstance(part, (Controller, Component)) for part in parts):
        raise UsageError(
            f"the factory {name} returned {made!r}, which cannot be run. "
            "Return a seatrial.Controller, a seatrial.Component or a list of them."
        )
    return parts


def exit_of(error: BaseException | None) -> tuple[str, bool]:
    """How a life ended, in one line, and whether that is a panic. A lost lease ends a process on purpose."""
    if error is None:
        return "returned", False
    leaves = _leaves(error)
    if leaves and all(isinstance(leaf, LeadershipLost) for leaf in leaves):
        return "lost its lease and exited", False
    if leaves and all(isinstance(leaf, (ApiError, Retry)) for leaf in leaves):
        # A program without a queue that gives up on an error ends with exit code 1 and is started again: no panic.
        return f"gave up on {type(leaves[0]).__name__} and exited", False
    first = leaves[0] if leaves else error
    text = " ".join(f"{type(first).__name__}: {first}".split())
    return text, True


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for nested in error.exceptions for leaf in _leaves(nested)]
    return [error]
