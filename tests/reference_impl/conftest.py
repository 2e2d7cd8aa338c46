from collections.abc import Iterator
from itertools import count

import pytest

from tests.reference_impl.store.etcd_process import Cluster

_PREFIXES = count()


@pytest.fixture(scope="session")
def single() -> Iterator[Cluster]:
    cluster = Cluster(1)
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def triple() -> Iterator[Cluster]:
    cluster = Cluster(3)
    yield cluster
    cluster.stop()


@pytest.fixture
def one_etcd(single: Cluster) -> Cluster:
    single.heal()
    return single


@pytest.fixture
def three_etcds(triple: Cluster) -> Cluster:
    triple.heal()
    return triple


@pytest.fixture
def prefix() -> str:
    """Of keys that no other test uses."""
    return f"/test-{next(_PREFIXES)}"
