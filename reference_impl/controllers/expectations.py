"""Expectations: what this process has done to children and not yet seen in its cache.

A controller that counts cached children and acts on the difference acts twice if it looks again before its own writes
come back. So it waits until the cache has shown each child it created, and the end of each child it deleted. Same
purpose as client-go's ControllerExpectations, keyed by the owner's uid, with three departures:

- children are remembered by uid, not counted. A count goes wrong when somebody else's create (an earlier request of
  ours that came through late, say) is taken for the one waited for.
- after five minutes the original counts an expectation as met, and creates too many (kubernetes#129795). Here it turns
  into *doubt*: the controller must look live before it acts.
- an ambiguous answer (timeout, connection lost, 500) turns into doubt as well. The original takes it for "not created"
  and corrects the surplus afterwards.

Source: `pkg/controller/controller_utils.go` (ControllerExpectations, UIDTrackingControllerExpectations).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from reference_impl.objects import controller_of, is_deleting, uid_of
from reference_impl.protocol import JsonObject

TIMEOUT_S = 300.0
"""`ExpectationsTimeout`: five minutes."""


@dataclass(slots=True)
class Acts:
    """Children that one pass has created and deleted. What the cache shows while it runs counts at once: an event may
    overtake the reply to the request that caused it."""

    owner: str
    deadline_s: float
    creates: dict[str, float] = field(default_factory=dict)
    deletes: dict[str, float] = field(default_factory=dict)
    appeared: dict[str, None] = field(default_factory=dict)
    vanished: dict[str, None] = field(default_factory=dict)

    def created(self, uid: str) -> None:
        """Wait for this child to appear."""
        if uid not in self.appeared and uid not in self.vanished:
            self.creates[uid] = self.deadline_s

    def deleted(self, uid: str) -> None:
        """Wait for this child to be marked as deleted, or to vanish."""
        if uid not in self.vanished:
            self.deletes[uid] = self.deadline_s


@dataclass(slots=True)
class _Awaited:
    creates: dict[str, float] = field(default_factory=dict)
    deletes: dict[str, float] = field(default_factory=dict)
    in_doubt: bool = False

    def next_deadline_s(self) -> float | None:
        return min((*self.creates.values(), *self.deletes.values()), default=None)


class Expectations:
    """Expectations of one controller, in memory: a restarted process expects nothing.

    Args:
        monotonic_s: this process's own clock, virtual seconds.
        timeout_s: how long to wait for the cache before looking live.
    """

    def __init__(self, monotonic_s: Callable[[], float], *, timeout_s: float = TIMEOUT_S) -> None:
        self._monotonic_s = monotonic_s
        self._timeout_s = timeout_s
        self._awaited: dict[str, _Awaited] = {}
        self._acts: dict[str, Acts] = {}
        self._owner_of: dict[str, str] = {}

    def satisfied(self, owner: str) -> bool:
        """Has the cache shown everything that was done for this owner, with nothing in doubt?"""
        awaited = self._awaited.get(owner)
        return awaited is None or not (awaited.creates or awaited.deletes or awaited.in_doubt)

    def in_doubt(self, owner: str) -> bool:
        """Must the controller look live first: an ambiguous answer, or the cache has not caught up in time?"""
        awaited = self._awaited.get(owner)
        if awaited is None:
            return False
        deadline_s = awaited.next_deadline_s()
        return awaited.in_doubt or (deadline_s is not None and deadline_s <= self._monotonic_s())

    def expires_in_s(self, owner: str) -> float | None:
        """Virtual seconds until waiting turns into doubt; None if nothing is waited for."""
        awaited = self._awaited.get(owner)
        deadline_s = awaited.next_deadline_s() if awaited else None
        return None if deadline_s is None else max(0.0, deadline_s - self._monotonic_s())

    def doubt(self, owner: str) -> None:
        """An act for this owner got an ambiguous answer."""
        self._awaited.setdefault(owner, _Awaited()).in_doubt = True

    def resolve(self, owner: str) -> None:
        """The controller has looked live: forget what was waited for. Re-arm with `acting` what the cache lacks."""
        self.forget(owner)

    def forget(self, owner: str) -> None:
        """The owner is gone, or starts afresh."""
        awaited = self._awaited.pop(owner, None)
        if awaited is not None:
            for uid in (*awaited.creates, *awaited.deletes):
                self._owner_of.pop(uid, None)

    @contextmanager
    def acting(self, owner: str) -> Iterator[Acts]:
        """A pass that acts for this owner. What it does is waited for from the end of the block, errors included.

        One pass per owner at a time: a reconcile key is never handled twice at once.
        """
        acts = Acts(owner, self._monotonic_s() + self._timeout_s)
        self._acts[owner] = acts
        try:
            yield acts
        finally:
            del self._acts[owner]
            self._await(acts)

    def _await(self, acts: Acts) -> None:
        if not (acts.creates or acts.deletes):
            return
        awaited = self._awaited.setdefault(acts.owner, _Awaited())
        awaited.creates.update(acts.creates)
        awaited.deletes.update(acts.deletes)
        for uid in (*acts.creates, *acts.deletes):
            self._owner_of[uid] = acts.owner

    def observe(self, event_type: str, old: JsonObject | None, new: JsonObject | None) -> bool:
        """What the cache has just been told about a child. Give it every child event, as a Watch's `predicate`.

        Always True. A child that was replaced under its name while nobody looked has ended, too.
        """
        if new is not None:
            self._appeared(new)
            if is_deleting(new):
                self._vanished(new)
        if old is not None and (new is None or uid_of(old) != uid_of(new)):
            self._vanished(old)
        return True

    def _appeared(self, child: JsonObject) -> None:
        uid = uid_of(child)
        if self._acts:
            acts = self._acts_for(child)
            if acts is not None:
                acts.appeared[uid] = None
                acts.creates.pop(uid, None)
        owner = self._owner_of.get(uid)
        if owner is not None:
            awaited = self._awaited[owner]
            awaited.creates.pop(uid, None)
            self._settle(owner, uid)

    def _vanished(self, child: JsonObject) -> None:
        uid = uid_of(child)
        if self._acts:
            acts = self._acts_for(child)
            if acts is not None:
                acts.vanished[uid] = None
                acts.creates.pop(uid, None)
                acts.deletes.pop(uid, None)
        owner = self._owner_of.get(uid)
        if owner is not None:
            awaited = self._awaited[owner]
            awaited.creates.pop(uid, None)
            awaited.deletes.pop(uid, None)
            self._settle(owner, uid)

    def _acts_for(self, child: JsonObject) -> Acts | None:
        reference = controller_of(child)
        return self._acts.get(str(reference["uid"])) if reference else None

    def _settle(self, owner: str, uid: str) -> None:
        awaited = self._awaited[owner]
        if uid not in awaited.creates and uid not in awaited.deletes:
            self._owner_of.pop(uid, None)
        if self.satisfied(owner):
            self._awaited.pop(owner, None)
