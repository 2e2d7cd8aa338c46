"""Pattern 4, state watch: clients register their interest once, and the server tells them what has changed.

Clients hold one open stream each instead of asking again and again; what they must be able to rely on are etcd's watch
guarantees, and a way back after a downtime: resume from the last revision seen, or list again if that is compacted. A
reader that does not read must not cost the server more than a bounded buffer: it is cut off, and the others lose
nothing.

The model: a history of all writes, and what each watch is due from where it started. How much an implementation buffers
is its own business (`buffered_max`); how much memory and time thousands of watchers cost is measured, not judged
(docs/performance.md).
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Protocol

from harness.pattern import ANSWERS, Promise
from properties.patterns.versioned_value import NAMES, NAMESPACES
from properties.patterns.watchers import Watchers
from reference_impl.protocol import JsonObject
from reference_impl.store.port import Key, Page, StoreEvent

_ETCD = "https://etcd.io/docs/v3.6/learning/api_guarantees/#watch-apis"
_CONCEPTS = "https://kubernetes.io/docs/reference/using-api/api-concepts/"
_FOWLER = "https://martinfowler.com/articles/patterns-of-distributed-systems/state-watch.html"


class Seen(Protocol):
    """One event of a watch: a `StoreEvent`, or anything else that has this. Of a BOOKMARK only `revision` counts."""

    @property
    def type(self) -> str:
        """ADDED, MODIFIED, DELETED or BOOKMARK."""

    @property
    def revision(self) -> int: ...

    @property
    def key(self) -> Key: ...

    @property
    def object(self) -> JsonObject:
        """As committed at this revision; of a deletion, the last state."""


class OpenWatch(Protocol):
    """The client's end of one stream."""

    @property
    def is_cut(self) -> bool:
        """The server has ended it: what has been read is all there will be."""

    def read(self, wait_s: float = 0.0) -> Sequence[Seen]:
        """What has come since the last read, oldest first. Waits at most `wait_s` real seconds if there is nothing."""

    def close(self) -> None:
        """Hang up. Idempotent."""


class StateWatch(Protocol):
    """A store that can be watched. Values and errors as in `VersionedValues`.

    Optional members, each of which adds a promise: `compact(revision)` (forgets what was before); `buffered_max`
    (events that wait for one reader, at most: one more, and it is cut off); `progress()` (sends a bookmark on every
    watch that wants them); `requests` (how many requests clients have sent).
    """

    @property
    def revision(self) -> int: ...

    def list(self, resource: str, namespace: str | None = None) -> Page: ...

    def put(self, key: Key, obj: JsonObject) -> StoreEvent: ...

    def delete(self, key: Key) -> StoreEvent: ...

    def watch(self, resource: str, namespace: str | None = None, *, since: int, bookmarks: bool = False) -> OpenWatch:
        """Everything committed after `since`. Raises Compacted if that cannot be told any more."""


PROMISES: Final = (
    Promise(
        name="watches_are_ordered",
        says="The revisions of a stream's events rise.",
        source=f"{_ETCD} (ordered)",
    ),
    Promise(
        name="watches_are_unique",
        says="No event comes twice on one stream.",
        source=f"{_ETCD} (unique)",
    ),
    Promise(
        name="watches_are_reliable",
        says="A stream leaves out no event between two that it shows, and in the end shows all.",
        source=f"{_ETCD} (reliable)",
        voided_by=("a stream that was cut, for a slow reader or a compaction: it ends, and does not skip",),
    ),
    Promise(
        name="events_are_whole_facts",
        says=(
            "An event shows one committed write, whole: its type, its key and its value at "
            "that revision, and no other's."
        ),
        source=f"{_ETCD} (atomic); {_CONCEPTS}#efficient-detection-of-changes",
    ),
    Promise(
        name="watches_resume",
        says="A watch from a revision that was seen brings everything since, what happened during a downtime included.",
        source=f"{_ETCD} (resumable); {_FOWLER} (handling connection failures)",
        voided_by=("compaction of that revision",),
    ),
    Promise(
        name="what_is_compacted_is_refused",
        says=(
            "A watch from a revision that is compacted is refused, never begun with a gap; "
            "listing again is the way back."
        ),
        source=f"{_CONCEPTS}#410-gone-responses; {_ETCD}",
        voided_by=("an implementation without `compact`",),
    ),
    Promise(
        name="bookmarks_promise_what_was_sent",
        says="A bookmark names a revision up to which the stream has shown everything.",
        source=f"{_CONCEPTS}#watch-bookmarks; {_ETCD} (bookmarkable)",
        voided_by=("an implementation without `progress()`",),
    ),
    Promise(
        name="views_equal_the_state",
        says=(
            "Who lists, applies what a watch brings, and lists again where it has to, ends "
            "with the state of the server."
        ),
        source=(
            f"{_CONCEPTS}#efficient-detection-of-changes; Gasch, Kubernetes patterns (2023), "
            "page 33: duplicates on re-list, missed events"
        ),
    ),
    Promise(
        name="slow_readers_are_cut",
        says=(
            "For a reader that does not read at most `buffered_max` events wait; then it is cut, not buffered for ever."
        ),
        source=f"{_FOWLER}; kubernetes apiserver storage/cacher/cache_watcher.go (forget)",
        voided_by=("an implementation without `buffered_max`: its memory is not bounded by this",),
    ),
    Promise(
        name="watching_is_not_polling",
        says="Reading from an open stream sends no request.",
        source=f"{_FOWLER} (single socket channel)",
        voided_by=("an implementation without `requests`",),
    ),
    Promise(
        name=ANSWERS, says="Each call answers, or raises what the port names.", source="seatrial.patterns.StateWatch"
    ),
)

_OPTIONAL: Final = {
    "compact": "what_is_compacted_is_refused",
    "buffered_max": "slow_readers_are_cut",
    "progress": "bookmarks_promise_what_was_sent",
    "requests": "watching_is_not_polling",
}


class StateWatchPattern:
    """See the module."""

    name: str = "state-watch"
    says: str = "clients register their interest once and are told what changes, over one stream, in bounded memory"
    target: str = "StateWatch: a store or server with watches"
    promises: Sequence[Promise] = PROMISES
    port: type = StateWatch
    fields: Mapping[str, Sequence[str]] = MappingProxyType(
        {
            "put": ("namespace", "name"),
            "delete": ("namespace", "name"),
            "open": ("all", "back"),
            "read": ("who",),
            "resume": ("who",),
            "hang_up": ("who",),
            "relist": ("who",),
            "compact": ("back",),
            "progress": (),
            "flood": ("who",),
        }
    )

    def not_applicable(self, instance: Any) -> Sequence[str]:
        return [promise for member, promise in _OPTIONAL.items() if getattr(instance, member, None) is None]

    def operations(self) -> Any:
        from hypothesis import strategies as st

        key = {"namespace": st.integers(0, 1), "name": st.integers(0, 2)}
        who = {"who": st.integers(0, 2)}
        put = st.fixed_dictionaries({"do": st.just("put"), **key})
        opened = st.fixed_dictionaries({"do": st.just("open"), "all": st.booleans(), "back": st.integers(0, 4)})
        return st.one_of(
            put,
            put,
            opened,
            st.fixed_dictionaries({"do": st.just("delete"), **key}),
            st.fixed_dictionaries({"do": st.just("read"), **who}),
            st.fixed_dictionaries({"do": st.just("resume"), **who}),
            st.fixed_dictionaries({"do": st.just("hang_up"), **who}),
            st.fixed_dictionaries({"do": st.just("relist"), **who}),
            st.fixed_dictionaries({"do": st.just("compact"), "back": st.integers(0, 4)}),
            st.fixed_dictionaries({"do": st.just("progress")}),
            st.fixed_dictionaries({"do": st.just("flood"), **who}),
        )

    def begin(self, instance: StateWatch) -> Watchers:
        return Watchers(instance)

    def shown(self, operation: JsonObject) -> str:
        do = operation["do"]
        if do in ("put", "delete"):
            return f"{do} {NAMESPACES[operation['namespace'] % 2]}/{NAMES[operation['name'] % 3]}"
        if do == "open":
            what = "everything" if operation["all"] else f"namespace {NAMESPACES[0]}"
            return f"open a watch of {what}, from {operation['back']} writes ago"
        if do == "compact":
            return f"compact up to {operation['back']} writes ago"
        if do == "progress":
            return "ask for bookmarks"
        words = {
            "read": "watch {} is read",
            "resume": "watch {} is opened again from where it was",
            "hang_up": "the client of watch {} goes away",
            "relist": "the client of watch {} lists again, and watches from there",
            "flood": "more is written than may wait for one reader; watch {} is not read meanwhile",
        }
        return words[do].format(operation["who"])
