"""Pattern 7, lease and leader election with fencing: one leader at a time, though clocks differ and processes pause.

A candidate has its own monotonic clock, which starts anywhere and runs fast or slow within `CLOCK_RATE_MAX`; it knows
no other's. It asks, is given a lease until some time on its own clock, and leads until then. It may pause for as long
as it likes, and go on as if nothing had happened: then its writes come late, and what is written to must refuse them
(fencing). The contract keeps true time, which nobody else can see.

What programs that elect must do besides (stop in time, not take what is not over) is `leader-election`, tried in
trials.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Protocol

from harness.pattern import ANSWERS, Claims, Promise
from reference_impl.protocol import JsonObject

CANDIDATES: Final = 3
CLOCK_RATE_MAX: Final = 1.2
"""How much faster the fastest clock may run than the slowest. Far more than real ones do; client-go says that it
tolerates a rate below lease duration / renew deadline (15 s / 10 s)."""
_RATES: Final = (1.0, CLOCK_RATE_MAX**0.5, CLOCK_RATE_MAX**-0.5)
_OFFSETS: Final = (0.0, 1000.0, 50_000.0)

_CLIENT_GO = "https://pkg.go.dev/k8s.io/client-go/tools/leaderelection"
_FENCING = "https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html"
_LEASE = "https://martinfowler.com/articles/patterns-of-distributed-systems/lease.html"


class Held(Protocol):
    """A lease that was given."""

    @property
    def token(self) -> int:
        """Higher for each new term: what fences its holder's writes."""

    @property
    def until_s(self) -> float:
        """On the holder's own clock: it leads before this, and no longer."""


class Election(Protocol):
    """A lock that is given for a time, and something that it protects."""

    @property
    def lease_duration_s(self) -> float:
        """A lease that is not renewed is free for others after this long, at the latest after twice as long."""

    def try_acquire_or_renew(self, candidate: str, clock_s: float) -> Held | None:
        """Called by a candidate with its own clock as it is now. None: it does not lead."""

    def release(self, candidate: str, clock_s: float) -> None:
        """The candidate steps down, if it leads."""

    def write(self, token: int, value: str) -> bool:
        """A write under a token, to what the lock protects. False: refused."""


PROMISES: Final = (
    Promise(
        name="at_most_one_leader",
        says="Before the lease of one has run out on its own clock, no other is given one.",
        source=f"{_CLIENT_GO}; {_LEASE}",
        voided_by=("clocks whose rates differ by more than a fifth",),
    ),
    Promise(
        name="tokens_rise",
        says="Each new term has a higher token than all before; a renewal keeps its term's.",
        source=f"{_FENCING} (fencing tokens)",
    ),
    Promise(
        name="late_writes_are_fenced",
        says="A write under the newest token is accepted; once that has written, one under an older token is refused.",
        source=_FENCING,
    ),
    Promise(
        name="who_renews_in_time_leads_on",
        says="A leader that renews before its lease has run out keeps it.",
        source=f"{_CLIENT_GO}; {_LEASE}",
    ),
    Promise(
        name="an_abandoned_lease_comes_free",
        says="When the leader is gone for good, somebody who keeps asking leads after two lease durations.",
        source=f"{_LEASE}; {_CLIENT_GO}",
    ),
    Promise(
        name="a_released_lease_is_free_at_once",
        says="After the leader has stepped down, the next who asks is given the lease.",
        source=f"{_CLIENT_GO} (ReleaseOnCancel)",
    ),
    Promise(
        name=ANSWERS, says="Each call answers, or raises what the port names.", source="seatrial.patterns.Election"
    ),
)


class LeasePattern:
    """See the module."""

    name: str = "lease"
    says: str = "one leader at a time, for a time, with tokens that fence those who do not know that theirs is over"
    target: str = "Election: a lock with leases and tokens"
    promises: Sequence[Promise] = PROMISES
    port: type = Election
    fields: Mapping[str, Sequence[str]] = MappingProxyType(
        {
            "ask": ("who",),
            "write": ("who",),
            "release": ("who",),
            "wait": ("tenths",),
        }
    )

    def not_applicable(self, instance: Any) -> Sequence[str]:
        return ()

    def operations(self) -> Any:
        from hypothesis import strategies as st

        who = {"who": st.integers(0, CANDIDATES - 1)}
        asks = st.fixed_dictionaries({"do": st.just("ask"), **who})
        return st.one_of(
            asks,
            asks,
            st.fixed_dictionaries({"do": st.just("write"), **who}),
            st.fixed_dictionaries({"do": st.just("release"), **who}),
            st.fixed_dictionaries({"do": st.just("wait"), "tenths": st.integers(1, 15)}),
        )

    def begin(self, instance: Election) -> "Candidates":
        return Candidates(instance)

    def shown(self, operation: JsonObject) -> str:
        if operation["do"] == "wait":
            return f"{operation['tenths'] / 10} lease durations pass"
        words = {
            "ask": "candidate {} asks for the lease, or renews it",
            "write": "candidate {} writes under the newest token it was given",
            "release": "candidate {} steps down",
        }
        return words[operation["do"]].format(operation["who"])


@dataclass(slots=True)
class _Candidate:
    name: str
    offset_s: float
    rate: float
    token: int | None = None
    until_s: float = field(default=float("-inf"))
    """In true time."""

    def clock_s(self, now_s: float) -> float:
        return self.offset_s + now_s * self.rate

    def true_s(self, clock_s: float) -> float:
        return (clock_s - self.offset_s) / self.rate


class Candidates:
    """One schedule, in true time."""

    def __init__(self, election: Election) -> None:
        self.claims = Claims()
        self.election = election
        self._now_s = 0.0
        self._all = [
            _Candidate(f"candidate-{number}", _OFFSETS[number], _RATES[number]) for number in range(CANDIDATES)
        ]
        self._newest_token: int | None = None
        self._newest_written: int | None = None
        self._released = True
        """The newest term is over because its leader said so (or there was none), and nobody has been given a lease
        since."""
        self._written_count = 0

    def do(self, operation: JsonObject) -> None:
        if operation["do"] == "wait":
            self._now_s += self.election.lease_duration_s * operation["tenths"] / 10
        else:
            getattr(self, f"_{operation['do']}")(self._all[operation["who"] % CANDIDATES])

    def end(self) -> None:
        """Whoever leads goes away; the next one asks ten times a lease duration."""
        leader = self._leader()
        survivor = next(each for each in self._all if each is not leader)
        for _ in range(2 * 10 + 2):
            if self._ask(survivor):
                break
            self._now_s += self.election.lease_duration_s / 10 * CLOCK_RATE_MAX
        reason = f"{survivor.name} asked for more than two lease durations, alone, and was never given the lease"
        self.claims.that("an_abandoned_lease_comes_free", survivor is self._leader(), reason)
        self._write(survivor)

    def _leader(self) -> _Candidate | None:
        return next((each for each in self._all if each.until_s > self._now_s), None)

    def _ask(self, one: _Candidate) -> bool:
        leader, was_free = self._leader(), self._released
        clock_s = one.clock_s(self._now_s)
        held = self.election.try_acquire_or_renew(one.name, clock_s)
        if held is None:
            reason = f"{one.name} renewed in time, and does not lead"
            self.claims.that("who_renews_in_time_leads_on", leader is not one, reason)
            reason = f"{one.name} asked after the lease was released, and was not given it"
            self.claims.that("a_released_lease_is_free_at_once", not was_free, reason)
            return False
        who = leader.name if leader is not None else ""
        reason = f"{one.name} was given the lease while {who} still held it for {self._left_s(leader):.1f} s"
        self.claims.that("at_most_one_leader", leader in (None, one), reason)
        if leader is one:
            self.claims.that("who_renews_in_time_leads_on", True, "")
            self.claims.equal("tokens_rise", held.token, one.token, f"token of {one.name} after a renewal")
        elif self._newest_token is not None and held.token != one.token:
            reason = f"{one.name} was given token {held.token} after {self._newest_token}"
            self.claims.that("tokens_rise", held.token > self._newest_token, reason)
        elif self._newest_token is not None:
            # The same token again, for a lease that had run out: right as long as nobody had another in between.
            reason = f"{one.name} was given token {held.token} again, though {self._newest_token} has been given since"
            self.claims.that("tokens_rise", held.token == self._newest_token, reason)
        if was_free:
            self.claims.that("a_released_lease_is_free_at_once", True, "")
        one.token, one.until_s = held.token, one.true_s(held.until_s)
        self._newest_token, self._released = held.token, False
        return True

    def _left_s(self, leader: _Candidate | None) -> float:
        return leader.until_s - self._now_s if leader is not None else 0.0

    def _release(self, one: _Candidate) -> None:
        leads = self._leader() is one
        self.election.release(one.name, one.clock_s(self._now_s))
        one.until_s = float("-inf")
        self._released = self._released or leads

    def _write(self, one: _Candidate) -> None:
        if one.token is None:
            return
        self._written_count += 1
        accepted = self.election.write(one.token, f"value {self._written_count}")
        promise = "late_writes_are_fenced"
        if one.token == self._newest_token:
            self.claims.that(promise, accepted, f"{one.name}'s write under {one.token}, the newest token, was refused")
            self._newest_written = one.token
        elif self._newest_written is not None and one.token < self._newest_written:
            reason = f"{one.name}'s write under token {one.token} was accepted after one under {self._newest_written}"
            self.claims.that(promise, not accepted, reason)
