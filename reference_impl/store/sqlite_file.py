"""Opening a SQLite store's file: one process at a time, never a stranger's file, never a damaged one.

Everything is looked at through a read-only connection first, so that what is refused is left exactly as it was found:
closing a writing connection would already fold the write-ahead log into the file. A file that a killed process left is
not damaged. A new file is made beside its place and renamed into it, so that an empty file there is never ours.

`synchronous=FULL` is SQLite's promise that a commit has been synced when it is answered. In WAL mode `NORMAL` would
survive a killed process too, but not a machine that loses power, and an API server that has told a client "created"
must not forget it. It costs one `fsync` a write.

Not seen here: a write-ahead log that somebody deleted (its commits are gone without a trace), and a store put back
from an older copy.

Sources: SQLite "Write-Ahead Logging", `PRAGMA synchronous`, `PRAGMA integrity_check`.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from reference_impl.store.port import StoreUnusable
from reference_impl.store.sqlite_schema import APPLICATION_ID, STEPS, checksum, layout_of, upgrade, version_of
from reference_impl.store.sqlite_wal import lost_commits

FILE: Final = "store.db"
LOCK: Final = "store.lock"
_HEADER: Final = b"SQLite format 3\0"
_APPLICATION_ID_AT: Final = 68
_EVENTS: Final = "SELECT revision, type, resource, namespace, name, previous, lease, value, checksum FROM event"
_STRAYS: Final = """
    SELECT resource, namespace, name FROM live LEFT JOIN event USING (revision, resource, namespace, name)
    WHERE type IS NULL OR type = 'DELETED' OR live.lease IS NOT event.lease
    UNION ALL
    SELECT resource, namespace, name FROM (
        SELECT resource, namespace, name, type, MAX(revision) AS newest FROM event GROUP BY 1, 2, 3
    ) LEFT JOIN live USING (resource, namespace, name)
    WHERE type != 'DELETED' AND revision IS NOT newest
    LIMIT 1"""
"""Rows of `live` that are not a key's newest event, and keys whose newest event is not in it."""


def lock(directory: Path) -> int:
    """Take the directory for this process; answers the descriptor that holds it. The system frees it with the process,
    however that ends. Raises StoreUnusable."""
    try:
        import fcntl
    except ImportError:
        raise StoreUnusable(f"{directory}: this system has no flock, so a store cannot be one process's own") from None
    if directory.is_file():
        raise StoreUnusable(f"{directory}: cannot be used as a data directory: it is a file; name a directory")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreUnusable(f"{directory}: cannot be used as a data directory: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise StoreUnusable(
            f"{directory}: in use by process {holder}; stop it, or give another data directory"
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def connect(directory: Path) -> sqlite3.Connection:
    """The store's file, checked and up to date; made if there is none. The lock is held. Raises StoreUnusable."""
    path = directory / FILE
    try:
        if path.exists():
            _refuse_foreign(path)
            _refuse_damaged(path)
        else:
            _make(path)
        return _open(path)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR")):
            raise _damaged(path, str(error)) from None
        raise StoreUnusable(f"{path}: {error}; look at the space and the permissions of its disk") from None
    except OSError as error:
        raise StoreUnusable(f"{path}: {error.strerror}; look at the space and the permissions of its disk") from None


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")
        upgrade(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _make(path: Path) -> None:
    log = path.with_name(f"{path.name}-wal")
    if log.exists():
        raise StoreUnusable(
            f"{log}: a write-ahead log whose file {path.name} is gone; put that back, or remove the log"
        )
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        upgrade(connection)
        connection.execute("PRAGMA journal_mode = WAL")
    draft.rename(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse_foreign(path: Path) -> None:
    with path.open("rb") as file:
        header = file.read(100)
    if len(header) < 100 or not header.startswith(_HEADER):
        raise StoreUnusable(f"{path}: not a seatrial store, or damaged at its beginning; give another data directory")
    if int.from_bytes(header[_APPLICATION_ID_AT : _APPLICATION_ID_AT + 4], "big") != APPLICATION_ID:
        raise StoreUnusable(f"{path}: another program's SQLite file; give another data directory")


def _refuse_damaged(path: Path) -> None:
    if (lost := lost_commits(path.with_name(f"{path.name}-wal"))) > 1:
        raise _damaged(path, f"its write-ahead log is broken before {lost} finished writes or more")
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)) as connection:
        found = version_of(connection)
        if found > len(STEPS):
            raise StoreUnusable(
                f"{path}: written by a newer seatrial (layout {found}, this one knows {len(STEPS)}); upgrade seatrial"
            )
        tree = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if tree != "ok":
            raise _damaged(path, " ".join(tree.split()))
        if found == len(STEPS):
            _refuse_damaged_rows(path, connection)


def _refuse_damaged_rows(path: Path, connection: sqlite3.Connection) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        upgrade(fresh)
        if layout_of(connection) != layout_of(fresh):
            raise _damaged(path, "its tables are not those of a store")
    newest = _counted(path, connection)
    for event in connection.execute(_EVENTS):
        revision, _, *key = event[:5]
        if checksum(*event[:-1]) != event[-1]:
            raise _damaged(path, f"the value of {'/'.join(map(str, key))} at revision {revision} has changed on disk")
        if revision > newest:
            raise _damaged(path, f"revision {revision} is there, but the newest should be {newest}")
    for lease in connection.execute("SELECT id, ttl_s, expires_s, checksum FROM lease"):
        if checksum(*lease[:-1]) != lease[-1]:
            raise _damaged(path, f"lease {lease[0]} has changed on disk")
    stray = connection.execute(_STRAYS).fetchone()
    if stray is not None:
        raise _damaged(path, f"the present value of {'/'.join(stray)} is not its newest one")


def _counted(path: Path, connection: sqlite3.Connection) -> int:
    """The newest revision."""
    counters = connection.execute("SELECT revision, compacted, checksum FROM counter").fetchall()
    if len(counters) != 1 or checksum(*counters[0][:-1]) != counters[0][-1]:
        raise _damaged(path, "its revision counter has changed on disk")
    return int(counters[0][0])


def _damaged(path: Path, what: str) -> StoreUnusable:
    return StoreUnusable(f"{path}: damaged: {what}; nothing was changed: restore it from a copy, or start an empty one")
