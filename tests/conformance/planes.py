"""What is under the tests of the control plane: the reference in process, or what `--plane` says.

    memory       everything in process, the store in memory (the default)
    http         the same store; requests and watches go over HTTP, through `reference_impl/apiserver/http/`
    sqlite       a new SQLite file for each store
    etcd         a real etcd that is started for the run; `etcd=URL` takes one that runs

Tests get their store from `new_store` and their server from a fixture, and never ask which plane it is.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

from reference_impl.store.etcd import EtcdStore
from reference_impl.store.memory import MemoryStore
from reference_impl.store.port import Store
from reference_impl.store.sqlite import SqliteStore

PLANES: Final = ("memory", "http", "sqlite", "etcd")
IN_PROCESS: Final = ("memory", "sqlite", "etcd")
"""Where a test calls the server itself."""


@dataclass
class Plane:
    """The one of this run. A test has few stores, and when the next one begins they are not needed any more."""

    name: str = "memory"
    endpoint: str = ""
    directory: str | None = None
    _open: list[EtcdStore | SqliteStore] = field(default_factory=list)
    _prefixes: "count[int]" = field(default_factory=count)
    at_end: list[Callable[[], None]] = field(default_factory=list)

    def new_store(self) -> Store:
        if self.name == "sqlite":
            self._open.append(SqliteStore(Path(tempfile.mkdtemp(prefix="seatrial-", dir=self.directory))))
        elif self.name == "etcd":
            prefix = f"/{Path(tempfile.mkdtemp(prefix='p-', dir=self.directory)).name}-{next(self._prefixes)}"
            self._open.append(EtcdStore([self._etcd()], prefix=prefix, timeout_s=60.0))
        else:
            return MemoryStore()
        return self._open[-1]

    def close_stores(self) -> None:
        while self._open:
            self._open.pop().close()

    def close(self) -> None:
        self.close_stores()
        while self.at_end:
            self.at_end.pop()()

    def _etcd(self) -> str:
        if not self.endpoint:
            from tests.reference_impl.store.etcd_process import Cluster

            cluster = Cluster(1)
            self.at_end.append(cluster.stop)
            self.endpoint = cluster.endpoints[0]
        return self.endpoint


CHOSEN: Final = Plane()


def choose(text: str, directory: str) -> None:
    """Raises ValueError: no such plane."""
    name, _, endpoint = text.partition("=")
    if name not in PLANES or (endpoint and name != "etcd"):
        raise ValueError(f"--plane {text} is none of {', '.join(PLANES)}, etcd=URL. Name one of them.")
    CHOSEN.name, CHOSEN.endpoint, CHOSEN.directory = name, endpoint, directory


def new_store() -> Store:
    """An empty store of the plane that was chosen."""
    return CHOSEN.new_store()
