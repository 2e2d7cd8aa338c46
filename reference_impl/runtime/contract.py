"""The words a controller's author uses: Request, Result, Watch, Controller, Component, Retry, Terminal.

The semantics are controller-runtime's. Reconciliation is level-based: a request names an object and nothing else, never
the event that led to it, so that a lost or repeated event changes nothing. What `reconcile` answers decides what
becomes of the request:

    None                        done until something changes; the key's back-off is forgotten
    Result(requeue_after_s=s)   again in s virtual seconds; back-off forgotten
    Result(requeue=True)        again after the key's back-off (5 ms doubling to 1,000 s)
    raise ApiError              an error was returned: again after the key's back-off
    raise Retry(after_s=s)      the same, in s virtual seconds; `Retry()` after the key's back-off
    raise Terminal(reason)      an error that trying again cannot cure: not tried again until something changes
    raise anything else         a panic: the process dies

Source: controller-runtime `pkg/reconcile`, `pkg/internal/controller`, `pkg/handler`. Not modelled: the priority queue,
`MaxConcurrentReconciles` across controllers, cache sync timeouts.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass

from reference_impl.protocol import JsonObject


@dataclass(frozen=True, slots=True)
class Request:
    """What to reconcile. `namespace` is None for cluster-scoped kinds."""

    namespace: str | None
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True, slots=True)
class Result:
    """When to come back. `requeue_after_s` (virtual seconds, above 0) wins over `requeue`."""

    requeue_after_s: float | None = None
    requeue: bool = False

    def __post_init__(self) -> None:
        if self.requeue_after_s is not None and self.requeue_after_s < 0:
            raise ValueError(
                f"Result(requeue_after_s={self.requeue_after_s!r}) lies in the past: pass a positive number, "
                "or Result(requeue=True) to come back after the key's back-off"
            )


class Retry(Exception):
    """Raised out of `reconcile`: "return err". Comes back after `after_s` virtual seconds, or the key's back-off."""

    def __init__(self, after_s: float | None = None, reason: str = "") -> None:
        super().__init__(reason or ("retry" if after_s is None else f"retry in {after_s} s"))
        self.after_s = after_s
        self.reason = reason


class Terminal(Exception):
    """Raised out of `reconcile`: an error that trying again cannot cure (controller-runtime `TerminalError`)."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class LeadershipLost(Exception):
    """The lease could not be renewed in time: the process ends, as controller-runtime's does (exit 1, no panic).

    Leaves `run_process`; whoever supervises the process starts it again.
    """

    def __init__(self, lease: str, identity: str) -> None:
        super().__init__(f"{identity} no longer leads: lease {lease} was not renewed by its deadline")
        self.lease = lease
        self.identity = identity


MapResult = Iterable[Request] | None
MapFunction = Callable[[JsonObject], MapResult | Awaitable[MapResult]]
"""Which requests an object of the watched kind stands for. The object is shared with the cache: never change it."""

Predicate = Callable[[str, JsonObject | None, JsonObject | None], bool]
"""(event type, old, new): ADDED has no old, DELETED no new. False: the event enqueues nothing."""

Reconcile = Callable[[Request], Awaitable[Result | None]]


@dataclass(frozen=True, slots=True)
class Watch:
    """A kind that a controller watches, and what its events enqueue.

    Neither `owner` nor `map`: the object itself. `owner`: its controlling owner of that kind, or with
    `controller_only=False` every owner of that kind; API groups must agree, versions need not. `map`: whatever it says.
    Both look at the old and at the new object, so that a removed owner reference still enqueues the owner.

    Args:
        owner_api_version: the owner kind's; by default that of the controller's own watch on that kind, else any group.
        owner_namespaced: False if the owner kind is cluster-scoped while the watched kind is not. None finds out from
            the cache of the controller's own watch on the owner kind, and otherwise takes the object's namespace.
        namespace, labels, fields: restrict the informer. `Client.list` with the same restriction reads from it; what
            it might not hold, `Client.get` by name included, is read live.
    """

    api_version: str
    kind: str
    _: KW_ONLY
    owner: str | None = None
    owner_api_version: str | None = None
    controller_only: bool = True
    map: MapFunction | None = None
    predicate: Predicate | None = None
    namespace: str | None = None
    labels: str | None = None
    fields: str | None = None
    owner_namespaced: bool | None = None

    def __post_init__(self) -> None:
        if self.owner is not None and self.map is not None:
            raise ValueError(
                f"Watch({self.api_version!r}, {self.kind!r}) has both owner={self.owner!r} and map=: one watch "
                "enqueues in one way. Add a second Watch on the same kind; they share one informer."
            )


@dataclass(frozen=True, slots=True)
class Controller:
    """A reconcile function and what wakes it.

    Args:
        name: of the controller, in reports and queues.
        workers: how many keys are reconciled at once; one key never is.
        leader_election: name of the Lease to hold before and while it runs.
        overlap: two instances may run at once (a rolling update) although it does not elect.
        resync_s: every so many virtual seconds each cached object is delivered again as an update.
    """

    name: str
    reconcile: Reconcile
    watches: Sequence[Watch]
    _: KW_ONLY
    workers: int = 1
    leader_election: str | None = None
    overlap: bool = False
    resync_s: float | None = None

    def __post_init__(self) -> None:
        if not self.watches:
            raise ValueError(f"controller {self.name!r} has no watches, so nothing ever wakes it: add a Watch(...)")
        if self.workers < 1:
            raise ValueError(f"controller {self.name!r} has workers={self.workers}: it needs at least 1 to do anything")


@dataclass(frozen=True, slots=True)
class Component:
    """A program that is not a reconciler: a hand-written informer, a scheduler, an agent.

    `run` is its main function; it may start tasks in its own nursery. An exception that leaves it ends the process.
    """

    name: str
    run: Callable[[], Awaitable[None]]
    _: KW_ONLY
    overlap: bool = False


Part = Controller | Component
"""What a factory returns, alone or as a list."""
