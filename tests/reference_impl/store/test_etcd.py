"""The contract on real etcd, a single one and three members, and what only a shared and mortal store can show."""

import signal
from collections.abc import Callable, Iterator
from threading import Event
from time import monotonic

import pytest

from reference_impl.store.etcd import EtcdStore
from reference_impl.store.etcd_gateway import Endpoints, Gateway
from reference_impl.store.etcd_keys import text
from reference_impl.store.port import Compacted, RevisionMismatch, StoreEvent, StoreUnavailable, StoreUnusable
from tests.reference_impl.store.contract import DurableContract, LeaseContract, StoreContract, key, names, obj, put
from tests.reference_impl.store.etcd_process import Cluster

pytestmark = pytest.mark.slow

Opener = Callable[..., EtcdStore]


@pytest.fixture
def opener(prefix: str) -> Iterator[Opener]:
    """Opens stores over one prefix of a cluster, and closes them in the end."""
    opened: list[EtcdStore] = []

    def open_store(cluster: Cluster, **options: object) -> EtcdStore:
        opened.append(EtcdStore(cluster.endpoints, prefix=prefix, timeout_s=60.0, **options))
        return opened[-1]

    yield open_store
    for each in opened:
        each.close()


class TestOneEtcd(StoreContract, LeaseContract, DurableContract):
    @pytest.fixture
    def store(self, one_etcd: Cluster, opener: Opener) -> EtcdStore:
        return opener(one_etcd)

    @pytest.fixture
    def reopen(self, one_etcd: Cluster, store: EtcdStore, opener: Opener) -> Callable[[], EtcdStore]:
        def again() -> EtcdStore:
            store.close()
            one_etcd.kill(0)
            one_etcd.start(0)
            one_etcd.wait_ready(0)
            return opener(one_etcd)

        return again


class TestThreeEtcds(StoreContract, LeaseContract, DurableContract):
    @pytest.fixture
    def store(self, three_etcds: Cluster, opener: Opener) -> EtcdStore:
        return opener(three_etcds)

    @pytest.fixture
    def reopen(self, three_etcds: Cluster, store: EtcdStore, opener: Opener) -> Callable[[], EtcdStore]:
        def again() -> EtcdStore:
            store.close()
            for member in range(3):
                three_etcds.kill(member)
            for member in range(3):
                three_etcds.start(member)
            for member in range(3):
                three_etcds.wait_ready(member)
            return opener(three_etcds)

        return again


# ------------------------------------------------------------------------- shared with others


def test_what_another_writer_did_is_heard_before_it_is_read(one_etcd: Cluster, opener: Opener):
    ours, theirs = opener(one_etcd), opener(one_etcd)
    heard: list[StoreEvent] = []
    ours.subscribe(heard.append)
    put(theirs, "a", x=1)
    theirs.delete(key("a"))
    put(theirs, "a", x=2)
    assert ours.get(key("a"))["x"] == 2
    assert [event.type for event in heard] == ["ADDED", "DELETED", "ADDED"]


def test_another_writers_compare_and_swap_wins_only_once(one_etcd: Cluster, opener: Opener):
    ours, theirs = opener(one_etcd), opener(one_etcd)
    at = put(ours, "a").revision
    theirs.put(key("a"), obj("a", x="theirs"), expected=at)
    with pytest.raises(RevisionMismatch) as lost:
        ours.put(key("a"), obj("a", x="ours"), expected=at)
    assert lost.value.current["x"] == "theirs"


def test_events_of_others_wake_the_host_and_come_with_deliver(one_etcd: Cluster, opener: Opener):
    woken = Event()
    ours, theirs = opener(one_etcd, on_heard=woken.set), opener(one_etcd)
    heard: list[StoreEvent] = []
    ours.subscribe(heard.append)
    woken.clear()
    put(theirs, "a")
    assert woken.wait(120)
    ours.deliver()
    assert [event.key for event in heard] == [key("a")]


def test_keys_outside_the_prefix_move_the_revision_and_are_told_to_nobody(one_etcd: Cluster, opener: Opener):
    store = opener(one_etcd)
    base, heard = store.revision, []
    store.subscribe(heard.append)
    gateway = Gateway(Endpoints(one_etcd.endpoints), 60.0)
    gateway.call("kv/put", {"key": text(b"/elsewhere"), "value": text(b"?")}, is_safe=False)
    gateway.close()
    assert (store.revision, heard, list(store.events(base))) == (base + 1, [], [])


def test_a_prefix_that_something_else_uses_is_refused(one_etcd: Cluster, prefix: str, opener: Opener):
    gateway = Gateway(Endpoints(one_etcd.endpoints), 60.0)
    gateway.call("kv/put", {"key": text(prefix.encode()), "value": text(b"seatrial store 2")}, is_safe=False)
    gateway.close()
    with pytest.raises(StoreUnusable, match="give another prefix"):
        opener(one_etcd)


def test_a_compaction_by_others_is_a_clear_refusal(one_etcd: Cluster, opener: Opener):
    ours, theirs = opener(one_etcd), opener(one_etcd)
    put(ours, "a")
    put(ours, "a")
    at = put(ours, "a").revision
    theirs.compact(at)
    with pytest.raises(Compacted) as refused:
        ours.get(key("a"), revision=at - 1)
    assert (refused.value.compacted, ours.compacted_revision) == (at, at)


def test_a_lease_runs_out_by_itself_in_one_revision_with_all_its_keys(one_etcd: Cluster, opener: Opener):
    woken = Event()
    store = opener(one_etcd, on_heard=woken.set)
    lease = store.grant(1)
    for name in "ab":
        store.put(key(name), obj(name), lease=lease)
    heard: list[StoreEvent] = []
    store.subscribe(heard.append)
    while not heard:
        woken.clear()
        store.deliver()
        assert heard or woken.wait(120)
    assert [(event.type, event.key[2]) for event in heard] == [("DELETED", "a"), ("DELETED", "b")]
    assert heard[0].revision == heard[1].revision == store.revision


# ------------------------------------------------------------------------- mortal


def test_a_watch_goes_on_without_loss_or_repetition_while_members_die(three_etcds: Cluster, opener: Opener):
    watching, writing = opener(three_etcds), opener(three_etcds)
    base, heard, written = watching.revision, [], []
    watching.subscribe(heard.append)
    for victim in range(3):
        for number in range(30):
            written.append(_put_surely(writing, f"{victim}-{number}"))
        three_etcds.kill(victim)
        for number in range(30, 60):
            written.append(_put_surely(writing, f"{victim}-{number}"))
        assert watching.get(key(f"{victim}-59")) is not None
        three_etcds.start(victim)
        three_etcds.wait_ready(victim)
    assert watching.revision == writing.revision
    assert [event.revision for event in heard] == list(range(base + 1, watching.revision + 1))
    assert heard == list(watching.events(base))
    assert set(written) <= {event.object["x"] for event in heard}


def _put_surely(store: EtcdStore, name: str, value: object = None) -> str:
    """Writes until it is acknowledged, for some minutes at most: only what was is claimed."""
    deadline = monotonic() + 180
    while True:
        try:
            store.put(key(name), obj(name, x=value or name))
            return name
        except StoreUnavailable:
            if monotonic() > deadline:
                raise


def test_without_a_majority_calls_end_in_time_and_say_what_is_unknown(three_etcds: Cluster, prefix: str):
    EtcdStore(three_etcds.endpoints, prefix=prefix, timeout_s=60.0).close()
    store = EtcdStore(three_etcds.endpoints, prefix=prefix, timeout_s=3.0)
    _put_surely(store, "a", 1)
    three_etcds.kill(0)
    three_etcds.kill(1)
    try:
        with pytest.raises(StoreUnavailable) as refused:
            store.get(key("a"))
        assert refused.value.definite
        unsure = 0
        for _ in range(3):
            try:
                put(store, "a", x=2)
            except StoreUnavailable as error:
                unsure += not error.definite
        assert unsure > 0
    finally:
        for member in (0, 1):
            three_etcds.start(member)
        for member in range(3):
            three_etcds.wait_ready(member)
    found = EtcdStore(three_etcds.endpoints, prefix=prefix, timeout_s=60.0)
    assert found.get(key("a"))["x"] in (1, 2)
    assert names(found.list("pods")) == ["a"]
    for each in (store, found):
        each.close()


def test_nobody_at_the_address_is_one_clear_line():
    with pytest.raises(StoreUnusable, match="start etcd, or correct the address"):
        EtcdStore(["127.0.0.1:1"], timeout_s=0.2)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "http://127.0.0.1:2379/v3", "http://"])
def test_what_is_no_endpoint_is_refused_with_what_one_looks_like(url: str):
    with pytest.raises(StoreUnusable, match="use http://HOST:PORT"):
        EtcdStore([url])


def test_a_member_that_is_silent_is_left_for_another(three_etcds: Cluster, prefix: str):
    # One member at a time, until the store has met the silent one both as its server and as its watch.
    for victim in range(3):
        store = EtcdStore(three_etcds.endpoints, prefix=prefix, timeout_s=20.0)
        heard: list[StoreEvent] = []
        store.subscribe(heard.append)
        written = _put_surely(store, f"before-{victim}")
        three_etcds.signal(victim, signal.SIGSTOP)
        try:
            assert store.get(key(written)) is not None
            _put_surely(store, f"during-{victim}")
            assert store.get(key(f"during-{victim}")) is not None
        finally:
            three_etcds.signal(victim, signal.SIGCONT)
        assert {event.object["x"] for event in heard} >= {f"before-{victim}", f"during-{victim}"}
        assert [event.revision for event in heard] == sorted({event.revision for event in heard})
        store.close()


def test_events_compacted_before_they_were_heard_are_a_gap_that_the_host_is_told_of(
    three_etcds: Cluster, prefix: str, opener: Opener
):
    gaps: list[int] = []
    ours = EtcdStore(three_etcds.endpoints[:1], prefix=prefix, timeout_s=20.0, on_gap=lambda: gaps.append(1))
    heard: list[StoreEvent] = []
    ours.subscribe(heard.append)
    put(ours, "a", x=0)
    # Only this member serves our watch: while it is down, others write and compact what it would have told.
    three_etcds.kill(0)
    theirs = opener(three_etcds)
    for number in range(1, 20):
        _put_surely(theirs, "a", number)
    theirs.compact(theirs.revision)
    three_etcds.start(0)
    three_etcds.wait_ready(0)
    assert ours.get(key("a"))["x"] == 19
    assert gaps == [1]
    assert [event.object["x"] for event in heard] in ([0], [0, 19])
    put(ours, "a", x=20)
    assert heard[-1].object["x"] == 20
    ours.close()
