"""A store of somebody else's, as its clients see it: three replicas, one of which leads, honest or with one flaw.

The honest one writes to all replicas at once and reads where it leads. Each flaw is one that real stores had:

- stale reads: replicas follow later, and any of them answers reads;
- lost writes: replicas follow later, and one that is behind takes over, so that what only the old leader had is gone;
- split brain: for a while each half of the clients has a leader of its own, and one leader's writes are thrown away.
"""

from math import inf
from random import Random
from typing import Final

from properties.linearizability import Operation

FLAWS: Final = ("stale reads", "lost writes", "split brain")
REPLICAS: Final = 3


class ForeignStore:
    """Args: `flaw`: one of FLAWS, or None for the honest one."""

    def __init__(self, random: Random, flaw: str | None = None) -> None:
        self._random = random
        self._flaw = flaw
        self._logs: list[list[tuple[str, object]]] = [[] for _ in range(REPLICAS)]
        self._leader = 0
        self._is_split = False

    def read(self, client: int, key: str) -> object:
        self._live()
        at = self._random.randrange(REPLICAS) if self._flaw == "stale reads" else self._leader_of(client)
        return self._value(at, key)

    def write(self, client: int, key: str, value: object) -> None:
        self._live()
        self._append(client, key, value)

    def swap(self, client: int, key: str, expected: object, value: object) -> object:
        """True, or (False, what is there)."""
        self._live()
        now = self._value(self._leader_of(client), key)
        if now != expected:
            return (False, now)
        self._append(client, key, value)
        return True

    def _live(self) -> None:
        """What may happen between two operations."""
        if self._flaw in ("stale reads", "lost writes"):
            for replica in range(REPLICAS):
                if self._random.random() < 0.1:
                    self._logs[replica] = list(self._logs[self._leader])
        if self._flaw == "lost writes" and self._random.random() < 0.05:
            self._leader = self._random.randrange(REPLICAS)
            self._logs = [list(self._logs[self._leader]) for _ in range(REPLICAS)]
        if self._flaw == "split brain" and self._random.random() < 0.03:
            self._is_split = not self._is_split
            self._logs = [list(self._logs[0]) for _ in range(REPLICAS)]

    def _leader_of(self, client: int) -> int:
        return client % 2 if self._is_split else self._leader

    def _append(self, client: int, key: str, value: object) -> None:
        lags = self._is_split or self._flaw in ("stale reads", "lost writes")
        for replica in [self._leader_of(client)] if lags else range(REPLICAS):
            self._logs[replica].append((key, value))

    def _value(self, replica: int, key: str) -> object:
        return next((value for name, value in reversed(self._logs[replica]) if name == key), None)


def recorded(
    store: ForeignStore, random: Random, *, count: int, clients: int, keys: int, lost: float = 0.001
) -> list[Operation]:
    """What clients saw of the store: each operation takes effect at a moment between its call and its return.

    Args:
        lost: the share of writes whose answer did not come.
    """
    free_at = [0.0] * clients
    calls = []
    for number in range(count):
        client = min(range(clients), key=free_at.__getitem__)
        called = free_at[client] + random.random()
        effect = called + random.random() * 4
        free_at[client] = returned = effect + random.random() * 4
        calls.append((effect, number, client, called, returned))
    history = []
    for _, number, client, called, returned in sorted(calls):
        key = f"k{random.randrange(keys)}"
        at = {"client": f"c{client}", "key": key, "called": called, "returned": returned}
        kind = random.random()
        if kind < 0.5:
            history.append(Operation(name="read", result=store.read(client, key), **at))
        elif kind < 0.7:
            store.write(client, key, number)
            at["returned"] = inf if random.random() < lost else returned
            history.append(Operation(name="write", argument=number, **at))
        else:
            expected = store.read(client, key) if kind < 0.9 else -1
            result = store.swap(client, key, expected, number)
            history.append(Operation(name="swap", argument=(expected, number), result=result, **at))
    return history
