"""An etcd that answers, but late: it is waited for, and not left again and again before it could."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from threading import Event, Thread

import pytest

from reference_impl.store.etcd import EtcdStore
from reference_impl.store.etcd_gateway import STALL_S
from reference_impl.store.port import StoreEvent
from tests.reference_impl.store.contract import key, put
from tests.reference_impl.store.etcd_process import Cluster

pytestmark = pytest.mark.slow


class SlowWay:
    """Carries connections to an address. The first bytes of each answer on a connection wait `delay_s`, as long as a
    member takes that has too little of a processor."""

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition("/")[2].partition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stopped = Event()
        self._sockets: list[socket.socket] = []
        self.delay_s = 0.0
        self.connections = 0
        self._start(self._accept)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def stop(self) -> None:
        self._stopped.set()
        for each in [self._listener, *self._sockets]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
                self._sockets += [near, far]
                self.connections += 1
                self._start(self._carry, near, far, 0.0)
                self._start(self._carry, far, near, self.delay_s)

    def _carry(self, source: socket.socket, sink: socket.socket, delay_s: float) -> None:
        with suppress(OSError):
            while content := source.recv(65536):
                self._stopped.wait(delay_s)
                delay_s = 0.0
                sink.sendall(content)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _start(self, run: object, *arguments: object) -> None:
        Thread(target=run, args=arguments, daemon=True).start()  # type: ignore[arg-type]


@pytest.fixture
def way(one_etcd: Cluster) -> Iterator[SlowWay]:
    opened = SlowWay(one_etcd.endpoints[0])
    yield opened
    opened.stop()


def test_a_watch_that_begins_late_is_waited_for(way: SlowWay, prefix: str):
    store = EtcdStore([way.url], prefix=prefix, timeout_s=60.0)
    heard: list[StoreEvent] = []
    store.subscribe(heard.append)
    put(store, "a")
    way.delay_s = 1.5 * STALL_S
    store._follower.move_on()
    put(store, "b")
    assert [event.key for event in heard] == [key("a"), key("b")]
    store.close()


def test_a_slow_etcd_can_be_opened_and_its_history_read(way: SlowWay, prefix: str):
    way.delay_s = 1.5 * STALL_S
    store = EtcdStore([way.url], prefix=prefix, timeout_s=60.0)
    at = put(store, "a").revision
    assert [event.key for event in store.events(at - 1)] == [key("a")]
    store.close()
