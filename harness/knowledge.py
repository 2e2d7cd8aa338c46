"""What one life of a process has seen: the basis on which its writes are judged (design: "what the writer could know").

Filled by the fabric when a message is *delivered*: a watch event, the items of a list, the answer to a get or a write.
A restart begins with empty knowledge; what any earlier life saw is kept apart (`Memory`), for destructive acts.
"""

from harness.contract import ObjectRef, Regression, SentRequest
from reference_impl.protocol import JsonObject
from reference_impl.store.port import Key, revision_of

Session = tuple[str, str, str, str, str]
"""(api_version, kind, namespace, labels, fields) of one list-and-watch, or ("live", ...) for quorum reads."""

Moment = tuple[int, float, int | None]
"""(trace step, time_s, the reconcile pass that was answered or None) at which something is seen."""

LOOKED_AT_AFTER_S = 10.0
"""By then a program without a queue is taken to have looked at what arrived (arbitrary, generous)."""


class Knowledge:
    """One life's observations, by store key."""

    __slots__ = (
        "arrivals",
        "component",
        "deleted",
        "first",
        "incarnation",
        "live_reads",
        "memory",
        "newest",
        "read_in_pass",
        "regressions",
        "session_revisions",
        "uids",
    )

    def __init__(self, component: str, incarnation: int, memory: "Memory") -> None:
        self.component = component
        self.incarnation = incarnation
        self.memory = memory
        self.newest: dict[Key, JsonObject] = {}
        self.first: dict[Key, JsonObject] = {}
        self.deleted: dict[Key, bool] = {}
        self.uids: dict[str, None] = {}
        self.arrivals: dict[str, list[tuple[int, float, int]]] = {}
        """By uid: (trace step, time_s, revision) at which each newer state arrived, other than as a pass's answer."""
        self.read_in_pass: dict[tuple[int, str], int] = {}
        """By (step at which a reconcile pass began, uid): the newest revision that pass read or was answered."""
        self.live_reads: dict[Key | str, int] = {}
        self.session_revisions: dict[tuple[Session, Key], list[tuple[int, int]]] = {}
        """By session and key: (trace step, revision) at which each newer state arrived."""
        self.regressions: list[Regression] = []

    def see(self, key: Key, obj: JsonObject, moment: Moment, *, gone: bool = False) -> None:
        """This life now knows `obj`; `gone`: it was told that the object no longer exists."""
        revision = revision_of(obj)
        known = self.newest.get(key)
        if known is None:
            self.first[key] = obj
        if known is None or revision >= revision_of(known):
            self.newest[key] = obj
            self.deleted[key] = gone
        uid = obj["metadata"].get("uid")
        if uid is not None:
            self.uids[uid] = None
            step, time_s, reconcile = moment
            if reconcile is not None:
                # An answer is its pass's: a level-triggered controller keeps none for the next, which reads the cache.
                self.read_in_pass[reconcile, uid] = max(revision, self.read_in_pass.get((reconcile, uid), 0))
            else:
                arrivals = self.arrivals.setdefault(uid, [])
                if not arrivals or revision > arrivals[-1][2]:
                    arrivals.append((step, time_s, revision))
        self.memory.see(key, obj, revision)

    def see_in_session(
        self,
        session: Session,
        key: Key,
        obj: JsonObject,
        moment: Moment,
        *,
        via: str,
        asked_any: bool,
        asked: int | None = None,
        gone: bool = False,
    ) -> None:
        """Like `see`, and notices when one session goes back in time.

        Args:
            asked: the trace step at which this was asked for; None: it came by itself. Two reads that are under way at
                once may be answered in either order, so an answer is held against what had arrived before its question.
        """
        revision = revision_of(obj)
        known = self.session_revisions.setdefault((session, key), [])
        if asked is None or not known or known[-1][0] < asked:
            seen = known[-1][1] if known else 0
        else:
            seen = next((then for step, then in reversed(known) if step < asked), 0)
        if revision < seen:
            self.regressions.append(
                Regression(
                    component=self.component,
                    incarnation=self.incarnation,
                    ref=ObjectRef.to(obj),
                    seen_revision=seen,
                    then_revision=revision,
                    via=via,
                    asked_any=asked_any,
                )
            )
        if not known or revision > known[-1][1] or revision < seen:
            known.append((moment[0], revision))
        self.see(key, obj, moment, gone=gone)

    def read_live(self, key: Key | str, revision: int) -> None:
        """A quorum read of this object (or, by resource string, of its collection) at this store revision."""
        self.live_reads[key] = revision

    def knew(self, sent: SentRequest, uid: str, revision: int) -> bool:
        """See `contract.View.knew`."""
        if sent.reconcile is not None:
            if self.read_in_pass.get((sent.reconcile, uid), -1) >= revision:
                return True
            return any(step < sent.reconcile and seen >= revision for step, _, seen in self.arrivals.get(uid, ()))
        due_s = sent.sent_s - LOOKED_AT_AFTER_S
        return any(time_s <= due_s and seen >= revision for _, time_s, seen in self.arrivals.get(uid, ()))

    def live_read_of(self, key: Key) -> int | None:
        one = self.live_reads.get(key)
        collection = self.live_reads.get(key[0])
        if one is None or collection is None:
            return one if collection is None else collection
        return max(one, collection)


class Memory:
    """The newest object of each name that *any* life of a component saw. Controllers forget; we do not."""

    __slots__ = ("newest",)

    def __init__(self) -> None:
        self.newest: dict[Key, JsonObject] = {}

    def see(self, key: Key, obj: JsonObject, revision: int) -> None:
        known = self.newest.get(key)
        if known is None or revision >= revision_of(known):
            self.newest[key] = obj
