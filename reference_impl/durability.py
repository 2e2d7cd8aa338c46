"""What a plane needs besides when its store outlives it, is shared with others, or can be lost.

A store in memory ends with its plane. One on disk or in etcd brings three things more:

- It knows a past. Watches from before a restart go on (`ApiServer.recall`), and what a kill cut short is finished
  (`ApiServer.resume`).
- Others may write to it (etcd). Their events are delivered as they come, kinds follow the stored definitions, and if
  history was compacted before it was heard, caches are filled anew.
- It can be lost: after an input or output error a file must not be trusted before it is opened and checked again, so
  the process ends. A full disk or an etcd out of reach is different: requests are answered with an error meanwhile.

Sources: Kubernetes `storage/etcd3`, `storage/cacher`; etcd's own answer to a failed fsync is to end.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import trio

from reference_impl.apiserver.kind_rules import CRDS
from reference_impl.plane import LocalPlane
from reference_impl.store.etcd import EtcdStore
from reference_impl.store.etcd_tls import EtcdTls
from reference_impl.store.memory import MemoryStore
from reference_impl.store.port import StoreEvent, StoreUnavailable
from reference_impl.store.sqlite import SqliteStore

AnyStore = MemoryStore | SqliteStore | EtcdStore

_RETRY_S = 1.0
"""Between attempts to fill caches anew while etcd is out of reach: arbitrary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Where objects are kept: in a directory, in an etcd, or in memory if neither is given.

    Args:
        data_dir: for a SQLite store; made if it does not exist.
        etcd: addresses of its members.
        etcd_prefix: what keys begin with.
        etcd_tls: for https addresses; None: the system's authorities, and no certificate of one's own.
    """

    data_dir: Path | None = None
    etcd: Sequence[str] = ()
    etcd_prefix: str = "/seatrial"
    etcd_tls: EtcdTls | None = None

    @contextmanager
    def opened(self) -> Iterator[AnyStore]:
        """Raises StoreUnusable."""
        if self.data_dir is None and not self.etcd:
            yield MemoryStore()
            return
        with closing(self._opened()) as store:
            yield store

    def _opened(self) -> SqliteStore | EtcdStore:
        if self.data_dir is not None:
            return SqliteStore(self.data_dir)
        context = None if self.etcd_tls is None else self.etcd_tls.context()
        return EtcdStore(self.etcd, prefix=self.etcd_prefix, context=context)


def is_shared(plane: LocalPlane) -> bool:
    """May other processes use the same store?"""
    return isinstance(plane.store, EtcdStore)


async def attend(plane: LocalPlane, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
    """Run beside a plane from its beginning. Returns only where nothing is to be done.

    Raises StoreUnavailable when the store is lost for good.
    """
    store = plane.store
    if not isinstance(store, (SqliteStore, EtcdStore)):
        task_status.started()
        return
    store.subscribe(lambda event: _follow(plane, event))
    for server in plane.servers:
        server.recall()
    with suppress(StoreUnavailable):  # A full disk: `LocalPlane.expire_events` tries again every minute.
        plane.servers[0].resume()
    if isinstance(store, SqliteStore):
        await _until_lost(store, task_status.started)
    else:
        await _hear(plane, store, task_status.started)


def _follow(plane: LocalPlane, event: StoreEvent) -> None:
    """Serve what others defined; and what was defined here in a write whose answer was lost."""
    if event.key[0] == CRDS:
        if event.type == "DELETED":
            plane.kinds.withdraw(event.key[2])
        else:
            plane.kinds.serve(event.object)


async def _until_lost(store: SqliteStore, started: Callable[[], None]) -> None:
    lost = trio.Event()
    why: list[StoreUnavailable] = []

    def on_lost(error: StoreUnavailable) -> None:
        why.append(error)
        lost.set()

    store.on_lost = on_lost
    started()
    await lost.wait()
    raise why[0]


async def _hear(plane: LocalPlane, store: EtcdStore, started: Callable[[], None]) -> None:
    """Deliver others' events at once, not only with the next request."""
    token = trio.lowlevel.current_trio_token()
    heard = trio.Event()

    def wake() -> None:
        heard.set()

    def from_thread() -> None:
        with suppress(trio.RunFinishedError):
            token.run_sync_soon(wake, idempotent=True)

    def fill_anew() -> None:
        plane.kinds.reload(store)
        if plane.webhooks is not None:
            plane.webhooks.reload()
        for server in plane.servers:
            server.restart()

    store.on_gap = fill_anew
    store.on_heard = from_thread
    started()
    from_thread()
    while True:
        await heard.wait()
        heard = trio.Event()
        try:
            store.deliver()
        except StoreUnavailable:
            await trio.sleep(_RETRY_S)
            heard.set()
