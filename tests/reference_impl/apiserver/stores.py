"""The store under the API server of these tests: in memory, or what `SEATRIAL_TEST_STORE` says.

`sqlite` is a new file for each cluster, `etcd=URL` a new prefix in a running etcd. `tests/reference_impl/store/` runs
this folder's tests again with each.
"""

import os
import tempfile
from itertools import count
from pathlib import Path

from reference_impl.store.etcd import EtcdStore
from reference_impl.store.memory import MemoryStore
from reference_impl.store.port import Store
from reference_impl.store.sqlite import SqliteStore

_NUMBERS = count()
_OPEN: list[EtcdStore | SqliteStore] = []


def new_store() -> Store:
    asked = os.environ.get("SEATRIAL_TEST_STORE", "memory")
    if asked == "memory":
        return MemoryStore()
    while _OPEN:
        # Tests have one cluster at a time; the one of the test before is not needed any more.
        _OPEN.pop().close()
    if asked == "sqlite":
        _OPEN.append(SqliteStore(Path(tempfile.mkdtemp(dir=os.environ["SEATRIAL_TEST_STORE_DIRECTORY"]))))
    else:
        _OPEN.append(
            EtcdStore([asked.removeprefix("etcd=")], prefix=f"/{os.getpid()}-{next(_NUMBERS)}", timeout_s=60.0)
        )
    return _OPEN[-1]
