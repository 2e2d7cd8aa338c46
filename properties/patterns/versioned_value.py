"""Pattern 5, versioned values: every write is a new version, and old versions can be read until they are compacted.

The port is the part of a store that needs no watch (`reference_impl.store.port.Store`): any store of this project
matches it as it is. The model is a list of all writes. What the contract does not look at: durability, several writers
at once (pattern 6).
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Protocol

from harness.pattern import ANSWERS, Claims, Promise
from properties.patterns.model import History
from reference_impl.protocol import JsonObject
from reference_impl.store.port import Compacted, FutureRevision, Key, Page, RevisionMismatch, StoreEvent

RESOURCE: Final = "configmaps"
NAMESPACES: Final = ("a", "b")
NAMES: Final = ("x", "y", "z")

_ETCD = "https://etcd.io/docs/v3.6/learning/api_guarantees/"
_ETCD_MODEL = "https://etcd.io/docs/v3.6/learning/data_model/"
_CONCEPTS = "https://kubernetes.io/docs/reference/using-api/api-concepts/"
_FOWLER = "https://martinfowler.com/articles/patterns-of-distributed-systems/versioned-value.html"


class VersionedValues(Protocol):
    """A map whose every write takes the next revision of one counter. Synchronous; a call is one atomic step.

    Keys are (resource, namespace, name); values are Kubernetes objects, and are stamped with their revision
    (`metadata.resourceVersion`, as a string). It may have a past: revisions are counted from where it is.

    Where clients cannot compact, `compact` is None, and what is promised of compactions is not tried.
    """

    @property
    def revision(self) -> int:
        """The newest revision."""

    @property
    def compacted_revision(self) -> int:
        """Reads before it raise Compacted."""

    def get(self, key: Key, *, revision: int | None = None) -> JsonObject | None:
        """The value now, or as of `revision`. Raises Compacted, FutureRevision."""

    def list(
        self,
        resource: str,
        namespace: str | None = None,
        *,
        revision: int | None = None,
        limit: int | None = None,
        after: Key | None = None,
    ) -> Page:
        """Values in key order, now or as of `revision`. Raises Compacted, FutureRevision."""

    def put(self, key: Key, obj: JsonObject, *, expected: int | None = None) -> StoreEvent:
        """Write. `expected`: 0 must not exist, n must be at revision n, None unconditional. Raises RevisionMismatch."""

    def delete(self, key: Key, *, expected: int | None = None) -> StoreEvent:
        """Remove. Raises RevisionMismatch (also if it does not exist)."""

    def compact(self, revision: int) -> None:
        """Forget what only revisions before `revision` can see. Raises Compacted, FutureRevision."""


PROMISES: Final = (
    Promise(
        name="each_write_takes_the_next_revision",
        says="A write takes the next revision of the store's one counter, and the value carries it.",
        source=f"{_ETCD_MODEL} (logical view)",
        voided_by=("other clients that write to the same store meanwhile",),
    ),
    Promise(
        name="writes_are_compared_and_swapped",
        says=(
            "A write that expects a revision takes effect if and only if the value is at "
            "that revision; 0: does not exist."
        ),
        source=f"{_CONCEPTS}#resource-versions; {_FOWLER}",
    ),
    Promise(
        name="a_refused_write_changes_nothing",
        says="A write that was refused leaves revision and value as they were, and says what the value is.",
        source=_ETCD,
    ),
    Promise(
        name="reads_show_the_newest_version",
        says="A read that names no revision shows the newest version.",
        source=f"{_ETCD} (strict serializability)",
    ),
    Promise(
        name="the_past_stays_as_it_was",
        says="A read at a revision that is not compacted shows what was there then, whatever was written since.",
        source=f"{_ETCD_MODEL}; {_FOWLER}",
        voided_by=("compaction",),
    ),
    Promise(
        name="lists_are_snapshots",
        says="A list shows one revision, in key order, whole; pages of it at its revision join to the same.",
        source=f"{_CONCEPTS}#retrieving-large-results-sets-in-chunks",
    ),
    Promise(
        name="a_deletion_carries_the_last_state",
        says="A deletion is a version too: it takes a revision and shows the last state at it.",
        source=f"{_CONCEPTS}#efficient-detection-of-changes",
    ),
    Promise(
        name="compaction_forgets_the_past_only",
        says=(
            "After a compaction older revisions are refused as compacted, never answered "
            "wrongly; the rest is untouched."
        ),
        source=f"{_ETCD_MODEL}; https://etcd.io/docs/v3.6/op-guide/maintenance/#history-compaction",
        voided_by=("an implementation whose `compact` is None",),
    ),
    Promise(
        name="the_future_is_refused",
        says="A revision that has not happened is refused, not answered.",
        source=_ETCD,
    ),
    Promise(
        name=ANSWERS,
        says="Each call answers, or raises what the port names.",
        source="seatrial.patterns.VersionedValues",
    ),
)


class VersionedValuePattern:
    """See the module."""

    name: str = "versioned-value"
    says: str = "every write is a new version; writers compare and swap, readers can look back until compaction"
    target: str = "VersionedValues: a store"
    promises: Sequence[Promise] = PROMISES
    port: type = VersionedValues
    fields: Mapping[str, Sequence[str]] = MappingProxyType(
        {
            "put": ("namespace", "name", "expected"),
            "delete": ("namespace", "name", "expected"),
            "get": ("namespace", "name", "back"),
            "list": ("back", "limit", "all", "meanwhile"),
            "compact": ("back",),
            "ask_the_future": ("how",),
        }
    )

    def not_applicable(self, instance: Any) -> Sequence[str]:
        return () if getattr(instance, "compact", None) is not None else ("compaction_forgets_the_past_only",)

    def operations(self) -> Any:
        from hypothesis import strategies as st

        key = {"namespace": st.integers(0, 1), "name": st.integers(0, 2)}
        expected = st.sampled_from(["any", "current", "stale", "none"])
        back = st.integers(0, 6)
        write = st.fixed_dictionaries({"do": st.just("put"), **key, "expected": expected})
        return st.one_of(
            write,
            write,
            st.fixed_dictionaries(
                {"do": st.just("delete"), **key, "expected": st.sampled_from(["any", "current", "stale"])}
            ),
            st.fixed_dictionaries({"do": st.just("get"), **key, "back": back}),
            st.fixed_dictionaries(
                {
                    "do": st.just("list"),
                    "back": back,
                    "limit": st.integers(0, 3),
                    "all": st.booleans(),
                    "meanwhile": st.booleans(),
                }
            ),
            st.fixed_dictionaries({"do": st.just("compact"), "back": st.integers(0, 6)}),
            st.fixed_dictionaries({"do": st.just("ask_the_future"), "how": st.integers(0, 2)}),
        )

    def begin(self, instance: VersionedValues) -> "Versions":
        return Versions(instance)

    def shown(self, operation: JsonObject) -> str:
        rest = {name: value for name, value in operation.items() if name not in ("do", "namespace", "name")}
        where = f" {key_of(operation)[1]}/{key_of(operation)[2]}" if "name" in operation else ""
        return f"{operation['do']}{where}{_told(rest)}"


def _told(rest: JsonObject) -> str:
    return f" ({', '.join(f'{name} {value}' for name, value in rest.items())})" if rest else ""


def key_of(operation: JsonObject) -> Key:
    """The key that an operation is about."""
    return (RESOURCE, NAMESPACES[operation["namespace"] % 2], NAMES[operation["name"] % 3])


class Versions:
    """One schedule, beside the model."""

    def __init__(self, store: VersionedValues) -> None:
        self.claims = Claims()
        self.store = store
        self.history = History(store.revision)
        self._written_count = 0

    def do(self, operation: JsonObject) -> None:
        getattr(self, f"_{operation['do']}")(operation)

    def end(self) -> None:
        """All of the past that is kept, key by key."""
        for revision in range(self.history.oldest, self.history.newest + 1):
            for namespace in NAMESPACES:
                for name in NAMES:
                    self._look((RESOURCE, namespace, name), revision)

    # --------------------------------------------------------------------------------------------------------- writing

    def _put(self, operation: JsonObject) -> None:
        key = key_of(operation)
        expected = self._expected(key, operation["expected"])
        self._written_count += 1
        metadata = {"namespace": key[1], "name": key[2]}
        obj: JsonObject = {"kind": "ConfigMap", "metadata": metadata, "data": {"n": self._written_count}}
        before = self.history.now(key)
        if expected not in (None, before.revision if before.value is not None else 0):
            self._refused(
                lambda: self.store.put(key, obj, expected=expected), key, f"put expecting revision {expected}"
            )
            return
        try:
            event = self.store.put(key, obj, expected=expected)
        except RevisionMismatch as error:
            self.claims.that("writes_are_compared_and_swapped", False, f"refused though it is as expected: {error}")
            return
        self.claims.that("writes_are_compared_and_swapped", True, "")
        revision = self.history.newest + 1
        self.claims.equal(
            "each_write_takes_the_next_revision", event.revision, revision, f"revision of the put of {key}"
        )
        self.claims.equal("each_write_takes_the_next_revision", self.store.revision, revision, "the store's revision")
        stamped = {**obj, "metadata": {**metadata, "resourceVersion": str(revision)}}
        self.claims.equal(
            "each_write_takes_the_next_revision", event.object, stamped, f"value that the put of {key} answers"
        )
        self.history.put(key, stamped)

    def _delete(self, operation: JsonObject) -> None:
        key = key_of(operation)
        expected = self._expected(key, operation["expected"])
        before = self.history.now(key)
        if before.value is None or expected not in (None, before.revision):
            self._refused(
                lambda: self.store.delete(key, expected=expected), key, f"delete expecting revision {expected}"
            )
            return
        try:
            event = self.store.delete(key, expected=expected)
        except RevisionMismatch as error:
            self.claims.that("writes_are_compared_and_swapped", False, f"refused though it is as expected: {error}")
            return
        revision = self.history.newest + 1
        last = {**before.value, "metadata": {**before.value["metadata"], "resourceVersion": str(revision)}}
        self.claims.equal(
            "each_write_takes_the_next_revision", event.revision, revision, f"revision of the delete of {key}"
        )
        self.claims.equal("a_deletion_carries_the_last_state", event.object, last, f"last state of {key}")
        self.history.put(key, None)

    def _refused(self, write: Any, key: Key, what: str) -> None:
        before = self.history.now(key)
        try:
            write()
        except RevisionMismatch as error:
            self.claims.that("writes_are_compared_and_swapped", True, "")
            self.claims.equal(
                "a_refused_write_changes_nothing",
                error.current,
                before.value,
                f"what the refusal of {what} says is there",
            )
        else:
            is_at = f"is at {before.revision}" if before.value is not None else "does not exist"
            self.claims.that("writes_are_compared_and_swapped", False, f"{what} of {key} was not refused; it {is_at}")
        self.claims.equal(
            "a_refused_write_changes_nothing",
            self.store.revision,
            self.history.newest,
            f"revision after a refused {what}",
        )
        self._look(key, None, promise="a_refused_write_changes_nothing")

    def _expected(self, key: Key, how: str) -> int | None:
        """A revision to expect. `stale`: one that the key had, or could have had, before."""
        current = self.history.now(key)
        if how == "current":
            return current.revision if current.value is not None else 0
        if how == "stale":
            return self.history.stale_revision(key)
        return 0 if how == "none" else None

    # --------------------------------------------------------------------------------------------------------- reading

    def _get(self, operation: JsonObject) -> None:
        key = key_of(operation)
        if operation["back"] == 0:
            self._look(key, None)
            return
        revision = self.history.back(operation["back"])
        if revision < self.history.compacted:
            self._is_compacted(lambda: self.store.get(key, revision=revision), f"a get at {revision}")
        else:
            self._look(key, revision)

    def _look(self, key: Key, revision: int | None, *, promise: str | None = None) -> None:
        expected = self.history.now(key) if revision is None else self.history.at(key, revision)
        promise = promise or ("reads_show_the_newest_version" if revision is None else self._past)
        at = "now" if revision is None else f"at revision {revision}"
        try:
            found = self.store.get(key, revision=revision)
        except (Compacted, FutureRevision) as error:
            self.claims.that(promise, False, f"{key[1]}/{key[2]} {at}: refused: {error}")
            return
        self.claims.equal(promise, found, expected.value, f"{key[1]}/{key[2]} {at}")

    @property
    def _past(self) -> str:
        return "compaction_forgets_the_past_only" if self.history.was_compacted else "the_past_stays_as_it_was"

    def _list(self, operation: JsonObject) -> None:
        namespace = None if operation["all"] else NAMESPACES[0]
        revision = None if operation["back"] == 0 else self.history.back(operation["back"])
        if revision is not None and revision < self.history.compacted:
            self._is_compacted(lambda: self.store.list(RESOURCE, namespace, revision=revision), f"a list at {revision}")
            return
        at = self.history.newest if revision is None else revision
        expected = self.history.snapshot(at, namespace)
        promise = "lists_are_snapshots"
        limit = operation["limit"] or None
        found: list[JsonObject] = []
        after: Key | None = None
        while True:
            page = self.store.list(RESOURCE, namespace, revision=revision, limit=limit, after=after)
            self.claims.equal(promise, page.revision, at, "revision of a list")
            found += page.items
            self.claims.equal(promise, page.remaining, len(expected) - len(found), "how many a page says remain")
            if not page.remaining:
                break
            after, revision = page.last, at
            if operation["meanwhile"]:
                self._put({"do": "put", "namespace": 0, "name": self._written_count, "expected": "any"})
        self.claims.equal(promise, found, expected, f"list at revision {at}")

    # ------------------------------------------------------------------------------------------------------ compaction

    def _compact(self, operation: JsonObject) -> None:
        revision = self.history.back(operation["back"])
        # What was before is not ours to say.
        if getattr(self.store, "compact", None) is None or revision <= max(self.history.compacted, self.history.base):
            return
        self.store.compact(revision)
        self.history.compact(revision)
        self.claims.equal(
            "compaction_forgets_the_past_only", self.store.compacted_revision, revision, "compacted revision"
        )
        self.claims.equal(
            "compaction_forgets_the_past_only", self.store.revision, self.history.newest, "revision after a compaction"
        )

    def _is_compacted(self, read: Any, what: str) -> None:
        try:
            answer = read()
        except Compacted:
            self.claims.that("compaction_forgets_the_past_only", True, "")
            return
        reason = f"{what}, compacted up to {self.history.compacted}, was answered: {answer!r}"
        self.claims.that("compaction_forgets_the_past_only", False, reason)

    def _ask_the_future(self, operation: JsonObject) -> None:
        beyond = self.history.newest + 1
        key = (RESOURCE, NAMESPACES[0], NAMES[0])
        compact = getattr(self.store, "compact", None)
        asks: tuple[Callable[[], Any], ...] = (
            lambda: self.store.get(key, revision=beyond),
            lambda: self.store.list(RESOURCE, revision=beyond),
        )
        if compact is not None:
            asks = (*asks, lambda: compact(beyond))
        try:
            answer = asks[operation["how"] % len(asks)]()
        except FutureRevision:
            self.claims.that("the_future_is_refused", True, "")
        else:
            self.claims.that(
                "the_future_is_refused", False, f"revision {beyond} of {beyond - 1} was answered: {answer!r}"
            )
