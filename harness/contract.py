"""What a plug-in author reads first: the shapes of faults, properties and what they are shown.

Nothing here runs a trial. A *property* gets a read-only `View` and answers a `Judgement`; a *fault* gets a `Message` or
a `Moment` and answers a `Verdict`. Both are small frozen objects that match a Protocol: no base class to inherit.
Times are virtual seconds since the run began.
"""

import builtins
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from reference_impl.protocol import ApiRequest, JsonObject
from reference_impl.store.port import StoreEvent

# ---------------------------------------------------------------------------------------------------------------- judge


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """Names an object: `api_version` "apps/v1", `kind` "Deployment", `namespace` None when cluster-scoped."""

    api_version: str
    kind: str
    namespace: str | None
    name: str

    @classmethod
    def to(cls, obj: JsonObject) -> "ObjectRef":
        metadata = obj["metadata"]
        return cls(obj["apiVersion"], obj["kind"], metadata.get("namespace") or None, metadata["name"])

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a property says of one view: `verdict` is holds, violated, warned or unknown.

    `warned` is for what is worth telling and no violation (a transient over-creation by a dead process). `key` makes
    two violations of one property distinct bugs: the kind of the object and the writer, by default.
    """

    verdict: Literal["holds", "violated", "warned", "unknown"]
    reason: str = ""
    objects: tuple[ObjectRef, ...] = ()
    key: str = ""

    @staticmethod
    def holds() -> "Judgement":
        return HOLDS

    @staticmethod
    def violated(reason: str, objects: Iterable[ObjectRef] = (), *, key: str = "") -> "Judgement":
        return Judgement("violated", reason, tuple(objects), key)

    @staticmethod
    def warned(reason: str, objects: Iterable[ObjectRef] = ()) -> "Judgement":
        return Judgement("warned", reason, tuple(objects))

    @staticmethod
    def unknown(reason: str) -> "Judgement":
        return Judgement("unknown", reason)


HOLDS = Judgement("holds")


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRequest:
    """A request as its sender sent it. `incarnation` counts the sender's restarts (0 is the first life)."""

    component: str
    incarnation: int
    request: ApiRequest
    sent_s: float
    sent_monotonic_s: float
    """On the sender's own clock, which may be skewed."""
    lease_until_s: float | None
    """Until when, on its own monotonic clock, the sender believed to hold its lease; None: it does not elect."""
    step: int
    """Of the trace event."""
    reconcile: int | None = None
    """Trace step at which the reconcile pass that sent it began; None: it was not sent from a reconcile."""
    just_woke: bool = False
    """Sent in the very instant in which its process woke from a pause, before it could look at its clock again."""
    controller: str | None = None
    """Whose pass sent it: one process may run several controllers. None: it was not sent from a reconcile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One effective commit, being judged. `before` is None for a create, `after` None for a removal."""

    before: JsonObject | None
    after: JsonObject | None
    verb: str
    """create, update, patch, delete, deletecollection"""
    component: str
    request: SentRequest
    revision: int
    ref: ObjectRef
    step: int
    late: bool = False
    """It took effect after its sender had given it up: been told of a timeout, stopped waiting, or died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileRecord:
    """One pass of a reconcile function. `finished_s` is None while it runs (or when its process died in it)."""

    controller: str
    namespace: str | None
    name: str
    started_s: float
    finished_s: float | None
    outcome: str | None
    """done, requeue, requeue_after, error, terminal, panic; None while it runs"""
    error: str | None
    incarnation: int
    writes: int
    """Effective commits it caused."""


@dataclass(slots=True, kw_only=True)
class RequestRecord:
    """One request that a component sent to an API server, and its answer.

    `object` is "Kind/namespace/name", as in a trace; `during` says in which reconcile pass it was sent ("controller
    namespace/name"; empty: in none); `heard` counts the watch events that had reached the component before.
    """

    incarnation: int
    verb: str
    """get, list, watch, create, ..."""
    object: str
    subresource: str
    sent_s: float
    step: int
    during: str
    heard: int
    answered_s: float | None = None
    """None: no answer came (yet)."""
    code: int | None = None
    """HTTP status; 0: the connection failed; 200 for every success."""
    error: str | None = None
    """Reason of the error that was answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheView:
    """One informer's cache. `items` by (namespace or "", name)."""

    api_version: str
    kind: str
    namespace: str | None
    labels: str | None
    fields: str | None
    synced: bool
    items: dict[tuple[str, str], JsonObject]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRecord:
    """One watch stream as its client saw it, in order.

    `start_revision`: the client asked for events after it. `events`: (type, namespace or "", name, revision), BOOKMARK
    with empty names included. `tampered` says that a hostile fault meddled with single events of this stream.
    """

    component: str
    incarnation: int
    server: str
    api_version: str
    kind: str
    namespace: str | None
    labels: str | None
    fields: str | None
    start_revision: int
    initial: tuple[tuple[str, str, int], ...]
    """Objects sent as synthetic ADDED events at the start (watch without a revision)."""
    events: Sequence[tuple[str, str, str, int]]
    open: bool
    tampered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """One session saw a key go back: `seen_revision`, then the older `then_revision`. `via`: event, get, list."""

    component: str
    incarnation: int
    ref: ObjectRef
    seen_revision: int
    then_revision: int
    via: str
    asked_any: bool
    """The client itself asked for resourceVersion 0 on a raw read: it may go back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentView:
    """One running copy of a process. Copies are named "website", "website-1", ..."""

    name: str
    under_test: bool
    alive: bool
    incarnation: int
    instance: int
    elects: bool
    controllers: tuple[str, ...]


class View(Protocol):
    """What a property may look at: the true store at this commit, and what each component could know. Read-only."""

    @property
    def now_s(self) -> float: ...

    @property
    def at_rest(self) -> bool: ...

    @property
    def change(self) -> Change | None:
        """The commit being judged; None at a request, at rest and at the end."""

    @property
    def request(self) -> SentRequest | None:
        """The request being judged as it is sent; at a commit, the request that made it."""

    @property
    def phase(self) -> str:
        """commit, request, rest (first rest, nothing restarted), restarted (rest after the dead came back), resync,
        relist, restart (the three idempotence passes), end."""

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> JsonObject | None: ...

    def list(self, api_version: str, kind: str, namespace: str | None = None) -> builtins.list[JsonObject]: ...

    def kinds(self) -> builtins.list[tuple[str, str]]:
        """(api_version, kind) of everything stored now, sorted."""

    def objects(self) -> builtins.list[JsonObject]:
        """Everything stored now, in key order."""

    def history(self, ref: ObjectRef) -> builtins.list[StoreEvent]:
        """All committed changes of this name, oldest first, deletions included."""

    def committed(self, api_version: str, kind: str) -> builtins.list[StoreEvent]:
        """All committed changes of a kind, oldest first."""

    def is_served(self, api_version: str, kind: str) -> bool: ...

    def is_namespaced(self, api_version: str, kind: str) -> bool | None:
        """None: not served."""

    def selects(self, cache: CacheView) -> builtins.list[JsonObject]:
        """What the store holds of this cache's filter."""

    def observed_list(self, component: str, api_version: str, kind: str) -> builtins.list[JsonObject]:
        """The newest state of each object of a kind that this life had seen and not been told is gone."""

    def by_uid(self, uid: str) -> JsonObject | None:
        """The live object of this uid."""

    def owned(self, uid: str) -> builtins.list[JsonObject]:
        """Live objects with an owner reference to this uid (indexed)."""

    def creator(self, uid: str) -> tuple[str, int] | None:
        """(component, incarnation) whose request created the object of this uid, living or dead."""

    def deleted_at(self, uid: str) -> int | None:
        """Revision at which the object of this uid was removed; None while it lives or if unknown."""

    def sender(self, revision: int) -> tuple[str, float] | None:
        """Whose command made this revision, and when it was sent (true time); None: set-up, or a user in the weather.
        Leases and Events included, which never come as a `change`."""

    def observed(
        self, component: str, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> JsonObject | None:
        """The newest object of this name that this component's present incarnation (at a commit: the incarnation that
        sent the request) had seen, by event, list, get or reply; a deletion it saw leaves the last state."""

    def first_observed(
        self, component: str, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> JsonObject | None:
        """The oldest one it saw."""

    def observed_uid(self, component: str, uid: str) -> bool:
        """Has this incarnation ever seen an object of this uid?"""

    def knew(self, sent: SentRequest, uid: str, revision: int = 0) -> bool:
        """Had the pass that sent this request seen the object of this uid, at `revision` or later?

        Counts what events and informers' lists delivered before the pass began, and what the pass itself read or was
        answered: an event that arrives in the middle of a pass changes its process's caches, not what this pass goes
        by, and what an earlier pass was answered is forgotten with it. For a request that no reconcile sent: what was
        delivered ten virtual seconds or more before it was sent.
        """

    def observed_deleted(
        self, component: str, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> bool:
        """Has this incarnation been told that the object it last saw under this name is gone?"""

    def live_read(
        self, component: str, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> int | None:
        """Store revision at which this incarnation last read this object (or its collection) live; None: never."""

    def ever_observed_spec(
        self, component: str, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> JsonObject | None:
        """The newest object of this name seen by *any* incarnation of this component: it forgets, we do not."""

    def components(self) -> builtins.list[ComponentView]: ...

    def component(self, name: str) -> ComponentView: ...

    def cache(self, component: str) -> builtins.list[CacheView]: ...

    def external(self, system: str) -> builtins.list[JsonObject]:
        """Items of an outside system, in id order; each has `id`."""

    def external_systems(self) -> builtins.list[str]: ...

    def reconciles(self, component: str) -> builtins.list[ReconcileRecord]:
        """In order of their start, all incarnations."""

    def requests(self, component: str) -> builtins.list[RequestRecord]:
        """What it asked of API servers, reads too, in the order in which it was sent, all incarnations. Costs a look at
        the whole trace: ask at rest."""

    def streams(self, component: str | None = None) -> builtins.list[StreamRecord]: ...

    def regressions(self, component: str) -> builtins.list[Regression]: ...

    def changes(self, since_step: int = 0) -> builtins.list[Change]:
        """Effective commits so far, oldest first."""

    def required(self, ref: ObjectRef) -> bool:
        """Does it exist in the fair-weather state settled after the last user action so far (agreed by all runs)?"""

    def fair_weather_difference(self) -> builtins.list[str]:
        """At rest: where the present state departs from what all fair-weather runs agree on, one line each."""

    def commit_counts(self) -> dict[str, tuple[int, int]]:
        """How often objects of each role were (created, removed) so far; Leases and Events are left out. Empty if there
        is no fair-weather run to compare with. Costs a look at the whole history: ask at rest."""

    def fair_weather_counts(self) -> dict[str, tuple[int, int]] | None:
        """`commit_counts` of this workload in fair weather, where all runs agree; None: there is no such run."""

    def fair_weather_s(self) -> float | None:
        """Seconds from the last user action to the last effective commit, in the slowest fair-weather run of this
        workload; None: there is no such run."""

    @property
    def healed_s(self) -> float | None:
        """When the weather was over; None while it is not."""

    def settled(self, obj: JsonObject) -> bool | None:
        """What this kind's `settled` predicate says; None: it has none."""

    def panics(self, component: str) -> builtins.list[str]:
        """Exceptions that left a reconcile or component and were not ours, as one line each."""

    def effective_writes_in_pass(self) -> builtins.list[Change]:
        """At resync, relist, restart: effective commits by components under test since the pass began."""

    def fault_fired(self, name: str) -> bool:
        """Has a fault of this kind fired so far in this example (for `voided_by`)?"""

    @property
    def trial(self) -> Any:
        """The `Trial`."""


class Property(Protocol):
    """A claim that must hold. `when`: "always" (every commit and request), "at_rest", "eventually" (must come true by
    the end), "sometimes" (must have happened in some example).

    An optional attribute `on`, a frozenset of "request", "create", "update", "delete", narrows what an `always`
    property is shown (default: all four; an update covers patches and status), and an optional `opt_in = True` keeps it
    off unless it is named. `server_side = True` says that it can be judged of a foreign process too: it asks only what
    was stored and sent, never what a controller knew, cached or reconciled.
    """

    @property
    def name(self) -> str: ...

    @property
    def source(self) -> str:
        """Who promises it: a Kubernetes docs page, a paper, an issue."""

    @property
    def voided_by(self) -> tuple[str, ...]:
        """What makes it meaningless: in words, or names of fault kinds."""

    @property
    def when(self) -> str: ...

    def applies(self, trial: Any) -> bool: ...

    def judge(self, view: View) -> Judgement: ...


# -------------------------------------------------------------------------------------------------------------- weather


@dataclass(slots=True, kw_only=True)
class Message:
    """A message as a fault sees it, at one of its phases.

    `phase`: "request" (a command or read reaches its server), "reply" (done; the answer is about to travel back),
    "event" (a watch event reaches its client), "external_request", "external_reply". `name` is the object's role name:
    its own, or "child 0 of Website front" when the name was generated. `nth` counts messages of this phase, component,
    verb (or event type), kind and name from 1.
    """

    phase: str
    component: str
    under_test: bool
    server: str
    verb: str
    """get, list, watch, create, ...; for events ADDED, MODIFIED, DELETED, BOOKMARK"""
    api_version: str
    kind: str
    namespace: str | None
    name: str | None
    subresource: str | None
    nth: int
    committed: bool = False
    """A reply to a command that changed the store."""
    request: ApiRequest | None = None
    object: JsonObject | None = None
    error: str | None = None
    """Reason of the error that a reply carries."""
    time_s: float = 0.0
    waited_s: float = 0.0
    """Of an event: how long ago it was sent; it has queued behind others."""
    plane: "Plane | None" = None
    initial: bool = False
    """The first list or watch of an informer in this life, or a relist."""


class Plane(Protocol):
    """What a fault may ask about the world it strikes in. Read-only; a fault acts through its verdict alone."""

    def components(self) -> list[ComponentView]: ...

    def server_count(self) -> int: ...

    def nodes(self) -> list[str]: ...

    def owned_objects(self) -> list[JsonObject]:
        """Live objects with a controller reference, in key order."""

    def streams_of(self, component: str) -> list[tuple[str, str]]:
        """(api_version, kind) of its open watch streams, sorted."""

    def external_items(self) -> list[tuple[str, str]]:
        """(system, id), sorted."""

    def overlap_allowed(self, component: str) -> bool: ...


@dataclass(slots=True, kw_only=True)
class Moment:
    """A point between two user actions: weather that hits no message in particular strikes here."""

    step: int
    time_s: float
    plane: Plane


class Draw(Protocol):
    """Where a fault's values come from: Hypothesis, a seed, or a recorded schedule. Each value has a name, under which
    the schedule keeps it."""

    def seconds(self, name: str, low: float, high: float) -> float: ...

    def integer(self, name: str, low: int, high: int) -> int: ...

    def choice(self, name: str, options: Sequence[Any]) -> Any:
        """One of a non-empty list of JSON values."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a message or a moment. The first fault that does not pass wins."""

    kind: str
    arguments: dict[str, Any] = field(default_factory=dict)

    @staticmethod
    def passed() -> "Verdict":
        return PASSED

    @staticmethod
    def delay(seconds: float) -> "Verdict":
        """The message takes this much longer; later ones of the same stream queue behind it."""
        return Verdict("delay", {"seconds": seconds})

    @staticmethod
    def hold(seconds: float | None = None) -> "Verdict":
        """The whole stream or direction stands still, until released: after `seconds`, or when the storm ends."""
        return Verdict("hold", {"seconds": seconds})

    @staticmethod
    def cut(*, relist: bool = False) -> "Verdict":
        """The stream breaks here. The client resumes, or lists again (`relist`) and never sees the states between."""
        return Verdict("cut", {"relist": relist})

    @staticmethod
    def fail_before(error: Exception) -> "Verdict":
        """The request is answered with this error and has no effect."""
        return Verdict("fail_before", {"error": error})

    @staticmethod
    def fail_after(error: Exception) -> "Verdict":
        """The request has its effect, and its sender gets this error instead of the answer."""
        return Verdict("fail_after", {"error": error})

    @staticmethod
    def crash(component: str, *, restart_after_s: float = 1.0) -> "Verdict":
        """The process dies here, with all that it keeps in memory, and restarts later."""
        return Verdict("crash", {"component": component, "restart_after_s": restart_after_s})

    @staticmethod
    def act(operation: str, **arguments: Any) -> "Verdict":
        """Anything else the world can do: see `harness.operations` for the names and their arguments."""
        return Verdict(operation, arguments)


PASSED = Verdict("passed")


class Fault(Protocol):
    """One kind of bad weather. An optional `native_only = True` says that it acts inside a controller (its clock, its
    caches), where a foreign process cannot be reached."""

    @property
    def name(self) -> str: ...

    @property
    def legal(self) -> bool:
        """Real Kubernetes can do it."""

    @property
    def obliged(self) -> bool:
        """A level-triggered controller must recover from it."""

    @property
    def source(self) -> str: ...

    def applies(self, occasion: Message | Moment) -> bool: ...

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict: ...


Predicate = Callable[[View, JsonObject], bool]
"""`settled` predicates: has this object converged?"""
