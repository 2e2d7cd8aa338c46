"""Leases as etcd has them: keys attached to a lease are deleted when it runs out.

The API server uses them for one thing here, the time to live of Events. Time is whatever the caller says it is
(`now_s`): the store has no clock of its own, so that nothing expires behind a simulation's back. Source: etcd `Lease`
API (grant, keep alive, revoke).

Not modelled: a lease surviving a leader change with its full time again, as etcd's do.
"""

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from reference_impl.store.port import Key


@runtime_checkable
class Leasing(Protocol):
    """What a store that has leases offers beyond `Store`."""

    def grant(self, ttl_s: float, *, now_s: float = 0.0) -> int:
        """A new lease that runs out `ttl_s` after `now_s`; answers its id."""

    def keep_alive(self, lease: int, now_s: float) -> float:
        """Renew a lease for its full time from `now_s`; answers when it will run out. Raises LeaseNotFound."""

    def revoke(self, lease: int) -> int:
        """End a lease and delete its keys; answers how many there were. Raises LeaseNotFound."""

    def expire(self, now_s: float) -> int:
        """Revoke every lease that has run out by `now_s`; answers how many keys were deleted."""


class LeaseNotFound(Exception):
    """The lease was never granted, was revoked, or ran out (etcd: "requested lease not found")."""

    def __init__(self, lease: int) -> None:
        super().__init__(f"lease {lease} not found: it was never granted or has run out; grant a new one")
        self.lease = lease


@dataclass(slots=True)
class _Lease:
    ttl_s: float
    expires_s: float
    keys: dict[Key, None] = field(default_factory=dict)


class LeaseTable:
    """Which keys hang on which lease. Deleting keys is the store's business: this only says which."""

    __slots__ = ("_granted_count", "_lease_of", "_leases")

    def __init__(self) -> None:
        self._leases: dict[int, _Lease] = {}
        self._lease_of: dict[Key, int] = {}
        self._granted_count = 0

    def grant(self, ttl_s: float, now_s: float) -> int:
        self._granted_count += 1
        self._leases[self._granted_count] = _Lease(ttl_s, now_s + ttl_s)
        return self._granted_count

    def keep_alive(self, lease: int, now_s: float) -> float:
        found = self._leases.get(lease)
        if found is None:
            raise LeaseNotFound(lease)
        found.expires_s = now_s + found.ttl_s
        return found.expires_s

    def check(self, lease: int) -> None:
        """Raises LeaseNotFound."""
        if lease not in self._leases:
            raise LeaseNotFound(lease)

    def attach(self, key: Key, lease: int | None) -> None:
        """The key now hangs on this lease only (None: on none), as after an etcd put."""
        if self._lease_of:
            held = self._lease_of.pop(key, None)
            if held is not None:
                del self._leases[held].keys[key]
        if lease is not None:
            self._leases[lease].keys[key] = None
            self._lease_of[key] = lease

    def drop(self, lease: int) -> list[Key]:
        """Forget the lease; answers the keys that hung on it, in key order. Raises LeaseNotFound."""
        found = self._leases.pop(lease, None)
        if found is None:
            raise LeaseNotFound(lease)
        for key in found.keys:
            del self._lease_of[key]
        return sorted(found.keys)

    def expired(self, now_s: float) -> list[int]:
        return [lease for lease, found in self._leases.items() if found.expires_s <= now_s]
