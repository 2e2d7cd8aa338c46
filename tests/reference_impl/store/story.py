"""A workload that is a function of its seed, for any store; as a program, one that says what was acknowledged.

    python -m tests.reference_impl.store.story DIRECTORY SEED

prints the newest revision after each step, when it has been acknowledged.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

from reference_impl.store.memory import MemoryStore
from reference_impl.store.port import Key
from reference_impl.store.sqlite import SqliteStore

AnyStore = MemoryStore | SqliteStore


def tell(store: AnyStore, seed: str) -> Iterator[None]:
    """Endless; one step each. What a step does depends on the seed and on what the store holds, and on nothing else."""
    number = 0
    while True:
        # From the revision too: told again after a crash, the story goes on where the store is.
        random = Random(f"{seed} {store.revision} {number}")
        number += 1
        step(store, random)
        yield


def step(store: AnyStore, random: Random) -> None:
    key: Key = ("pods", random.choice(["a", "b"]), f"p{random.randrange(12)}")
    live = store.get(key)
    choice = random.random()
    if live is not None and choice < 0.25:
        store.delete(key)
    elif choice < 0.30:
        _many_at_once(store, random)
    elif choice < 0.33:
        store.compact(max(store.compacted_revision, store.revision - random.randrange(60)))
    else:
        metadata = {"name": key[2], "namespace": key[1]}
        filler = "x" * int(10 ** random.uniform(0, 4.5))
        expected = int(live["metadata"]["resourceVersion"]) if live is not None else 0
        store.put(key, {"metadata": metadata, "token": random.random(), "filler": filler}, expected=expected)


def _many_at_once(store: AnyStore, random: Random) -> None:
    """Deletions that come together or not at all."""
    lease = store.grant(10)
    for number in range(random.randrange(4)):
        store.put(("events", "a", f"e{number}"), {"metadata": {"name": f"e{number}", "namespace": "a"}}, lease=lease)
    store.revoke(lease)


def main(directory: str, seed: str) -> None:
    store = SqliteStore(Path(directory))
    print(store.revision, flush=True)
    store.subscribe(lambda event: print(event.revision, flush=True))
    for _ in tell(store, seed):
        pass


if __name__ == "__main__":
    main(*sys.argv[1:])
