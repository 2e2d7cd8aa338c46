"""Leader election over any store of this project: a record that is compared and swapped, its revision as fencing token.

As client-go: a candidate never compares clocks. It notes on its own clock when it saw the record change, and takes the
lease when it has not changed for the lease's duration; the leader gives up earlier than that (`RENEW_DEADLINE_S`), so
that clocks may run at different rates, up to the quotient of both. Its token is the revision of the write that began
its term: the store's revisions only rise. What is protected remembers the newest token that has written.

Source: client-go `tools/leaderelection/leaderelection.go`; Kleppmann, "How to do distributed locking" (fencing).
"""

from dataclasses import dataclass
from typing import Final

from reference_impl.protocol import JsonObject
from reference_impl.store.memory import MemoryStore
from reference_impl.store.port import Key, RevisionMismatch, Store, revision_of

LEASE_DURATION_S: Final = 15.0
RENEW_DEADLINE_S: Final = 10.0
_KEY: Final[Key] = ("leases.coordination.k8s.io", "kube-system", "contract")


@dataclass(frozen=True, slots=True)
class Term:
    """A lease: its token, and until when on the holder's own clock."""

    token: int
    until_s: float


@dataclass(slots=True)
class _Observed:
    """What a candidate last saw, and when on its own clock."""

    revision: int
    at_s: float


class StoreElection:
    """See the module. One object stands for all candidates: what each remembers is kept apart."""

    lease_duration_s: float = LEASE_DURATION_S

    def __init__(self, store: Store | None = None) -> None:
        self.store: Store = MemoryStore() if store is None else store
        self._observed: dict[str, _Observed] = {}
        self._fence = 0

    def try_acquire_or_renew(self, candidate: str, clock_s: float) -> Term | None:
        found = self.store.get(_KEY)
        revision = revision_of(found)
        known = self._observed.get(candidate)
        if known is None or known.revision != revision:
            known = self._observed[candidate] = _Observed(revision, clock_s)
        spec = found["spec"] if found is not None else {}
        holder = spec.get("holder", "")
        if holder not in ("", candidate) and clock_s < known.at_s + LEASE_DURATION_S:
            return None
        # Its own lease that has run out begins a new term: others may think that the old one is over.
        renews = holder == candidate and clock_s < known.at_s + RENEW_DEADLINE_S
        try:
            written = self.store.put(_KEY, _record(candidate, spec["token"] if renews else 0), expected=revision)
            if not renews:
                # The term is named by the revision that began it, which is known only once it has.
                token = written.revision
                written = self.store.put(_KEY, _record(candidate, token), expected=token)
        except RevisionMismatch:
            return None
        self._observed[candidate] = _Observed(written.revision, clock_s)
        return Term(written.object["spec"]["token"], clock_s + RENEW_DEADLINE_S)

    def release(self, candidate: str, clock_s: float) -> None:
        found = self.store.get(_KEY)
        if found is not None and found["spec"]["holder"] == candidate:
            self.store.put(_KEY, _record("", found["spec"]["token"]), expected=revision_of(found))

    def write(self, token: int, value: str) -> bool:
        if token < self._fence:
            return False
        self._fence = token
        return True


def _record(holder: str, token: int) -> JsonObject:
    metadata = {"namespace": _KEY[1], "name": _KEY[2]}
    return {"kind": "Lease", "metadata": metadata, "spec": {"holder": holder, "token": token}}
