"""Several clients of a real etcd whose members are killed: what they saw could have happened one at a time."""

import os
from collections.abc import Callable
from itertools import count
from random import Random
from threading import Event, Thread
from time import monotonic

import pytest

from properties.linearizability import Operation, Register, Verdict, judge
from reference_impl.protocol import JsonObject
from reference_impl.store.etcd import EtcdStore
from reference_impl.store.port import RevisionMismatch, StoreUnavailable, revision_of
from tests.reference_impl.store.contract import key, obj
from tests.reference_impl.store.etcd_process import Cluster

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("SEATRIAL_KILLS", "4"))
CLIENTS, KEYS = 4, 6
_TOKENS = count(1)


class Client:
    """Reads and writes at random and records what it saw; a value is a token that is written only once."""

    def __init__(self, number: int, store: EtcdStore, enough: Event, finished: Event) -> None:
        self.name = f"client {number}"
        self.history: list[Operation] = []
        self.revisions: list[int] = []
        """Of its own writes and reads, in the order of their answers."""
        self.is_done = False
        self._random = Random(number)
        self._store = store
        self._enough = enough
        self._finished = finished

    def run(self) -> None:
        try:
            while not self._enough.is_set():
                self._once(f"k{self._random.randrange(KEYS)}")
            self.is_done = True
        finally:
            self._store.close()
            self._finished.set()

    def _once(self, name: str) -> None:
        found = self._observed(name, "read", None, lambda: _token(self._store.get(key(name))))
        if found is None and self._random.random() < 0.3:
            return
        choice, token = self._random.random(), next(_TOKENS)
        value = obj(name, token=token)
        if choice < 0.3:
            self._observed(name, "write", token, lambda: self._wrote(self._store.put(key(name), value).revision))
        elif choice < 0.9:
            now = self._now(name)
            if now is not None:
                swap = lambda: self._swapped(lambda: self._store.put(key(name), value, expected=now[1]).revision)  # noqa: E731
                self._observed(name, "swap", (now[0], token), swap)
        elif (now := self._now(name)) is not None and now[1]:
            swap = lambda: self._swapped(lambda: self._store.delete(key(name), expected=now[1]).revision)  # noqa: E731
            self._observed(name, "swap", (now[0], None), swap)

    def _now(self, name: str) -> tuple[object, int] | None:
        """Token and revision to swap from; None: nobody answered."""
        try:
            found = self._store.get(key(name))
        except StoreUnavailable:
            return None
        return _token(found), revision_of(found)

    def _wrote(self, revision: int) -> None:
        self.revisions.append(revision)

    def _swapped(self, swap: Callable[[], int]) -> object:
        try:
            self.revisions.append(swap())
        except RevisionMismatch as lost:
            return (False, _token(lost.current))
        return True

    def _observed(self, name: str, operation: str, argument: object, call: Callable[[], object]) -> object:
        called = monotonic()
        at = {"client": self.name, "key": name, "name": operation, "argument": argument, "called": called}
        try:
            result = call()
        except StoreUnavailable as error:
            if not error.definite:
                self.history.append(Operation(**at))
            return None
        self.history.append(Operation(**at, result=result, returned=monotonic()))
        return result


def _token(found: JsonObject | None) -> object:
    return found["token"] if found is not None else None


def test_what_concurrent_clients_see_is_linearizable_though_members_are_killed(three_etcds: Cluster, prefix: str):
    enough, finished = Event(), [Event() for _ in range(CLIENTS)]
    stores = [EtcdStore(three_etcds.endpoints, prefix=prefix, timeout_s=30.0) for _ in range(CLIENTS)]
    clients = [Client(number, store, enough, finished[number]) for number, store in enumerate(stores)]
    threads = [Thread(target=client.run, daemon=True) for client in clients]
    for thread in threads:
        thread.start()
    try:
        for kill in range(KILLS):
            victim = kill % 3
            three_etcds.kill(victim)
            finished[0].wait(0.3)
            three_etcds.start(victim)
            three_etcds.wait_ready(victim)
            finished[0].wait(0.5)
    finally:
        enough.set()
    for each in finished:
        assert each.wait(600), "a client neither finished nor failed"
    assert all(client.is_done for client in clients)
    history = [operation for client in clients for operation in client.history]
    judgement = judge(history, Register(), within_s=60 + KILLS)
    assert judgement.verdict is Verdict.LINEARIZABLE, judgement
    revisions = [revision for client in clients for revision in client.revisions]
    assert len(set(revisions)) == len(revisions)
    assert [client.name for client in clients if client.revisions != sorted(client.revisions)] == []
    assert sum(operation.name == "swap" for operation in history) > 50
    print(f"{KILLS} kills, {len(history)} operations judged")
