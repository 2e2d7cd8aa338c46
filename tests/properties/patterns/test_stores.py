"""Patterns 4 to 6 on stores that are not in memory: a SQLite file, three members of a real etcd, which are killed."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from harness.pattern_search import search
from properties.patterns import PATTERNS
from reference_impl.patterns.consistent_core import OneStore
from reference_impl.patterns.state_watch import WatchedServer, WatchedStore
from reference_impl.store.etcd import EtcdStore
from reference_impl.store.port import Store
from reference_impl.store.sqlite import SqliteStore
from tests.reference_impl.store.etcd_process import Cluster

pytestmark = pytest.mark.slow
BY_NAME = {pattern.name: pattern for pattern in PATTERNS}
_NUMBERS = count(1)


@pytest.fixture(scope="module")
def three_members() -> Iterator[Cluster]:
    cluster = Cluster(3)
    yield cluster
    cluster.stop()


@pytest.fixture(params=["sqlite", "etcd"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    """A fresh store at each call."""
    if request.param == "sqlite":

        def in_a_file() -> Store:
            folder = tmp_path / str(next(_NUMBERS))
            folder.mkdir()
            return SqliteStore(folder)

        return in_a_file
    cluster: Cluster = request.getfixturevalue("three_members")
    cluster.heal()
    return lambda: EtcdStore(cluster.endpoints, prefix=f"/{next(_NUMBERS)}", timeout_s=30.0)


@pytest.mark.parametrize(
    ("pattern", "behind"),
    [
        ("versioned-value", lambda store: store),
        ("state-watch", WatchedStore),
        ("state-watch", WatchedServer),
        ("consistent-core", OneStore),
    ],
    ids=["versioned-value", "state-watch", "state-watch-of-an-api-server", "consistent-core"],
)
def test_a_durable_store_keeps_the_pattern(
    opened: Callable[[], Store], pattern: str, behind: Callable[[Store], Any]
) -> None:
    assert search(BY_NAME[pattern], lambda: behind(opened()), target="", examples=8).breaches == []


class ThreeMembers:
    """Each session is at a member of its own first, and used in a thread of its own; `disturb` kills a member."""

    concurrent = True

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        prefix = f"/{next(_NUMBERS)}"
        urls = cluster.endpoints
        self.sessions = [EtcdStore([*urls[n:], *urls[:n]], prefix=prefix, timeout_s=60.0) for n in range(3)]

    def session(self, number: int) -> EtcdStore:
        return self.sessions[number % 3]

    def disturb(self, number: int) -> None:
        self.cluster.heal()
        self.cluster.kill(number % 3)

    def close(self) -> None:
        for session in self.sessions:
            session.close()
        self.cluster.heal()


def test_sessions_at_members_that_are_killed_see_one_consistent_core(three_members: Cluster) -> None:
    three_members.heal()
    found = search(BY_NAME["consistent-core"], lambda: ThreeMembers(three_members), target="", examples=3, steps_max=12)
    assert found.breaches == []
    assert found.judged["calls_are_linearizable"] == 3
