"""The tables of a SQLite store, and how a file of an older seatrial becomes one of this.

The file says what it is in SQLite's own header fields: `application_id` that it is a seatrial store at all,
`user_version` how many of `STEPS` it has been through. A step is never changed once released; a new layout is a new
step. All missing steps and the new version are one transaction: a process killed in the middle leaves the old file.

`event` is the history, one row a revision; compaction deletes from it. `live` says which row is a key's present value.
The revision counter is kept beside them, because compaction may delete the newest event.

Source: SQLite `PRAGMA application_id`, `PRAGMA user_version`; etcd `mvcc` (key index over a log of revisions).
"""

import sqlite3
from collections.abc import Sequence
from typing import Final
from zlib import crc32

APPLICATION_ID: Final = 0x5EA7121A
"""Arbitrary; it reads "seatrial" as far as hexadecimal digits can."""


def checksum(*columns: object) -> int:
    """Of the other columns of a row. SQLite notices a broken tree of pages, but not a changed byte inside a value."""
    found = 0
    for column in columns:
        raw = column if isinstance(column, bytes) else repr(column).encode()
        found = crc32(raw, crc32(b"%d:" % len(raw), found))
    return found


STEPS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """CREATE TABLE event (
            revision INTEGER PRIMARY KEY,
            type TEXT NOT NULL,
            resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
            previous INTEGER NOT NULL,
            lease INTEGER,
            value BLOB,
            checksum INTEGER NOT NULL
        )""",
        "CREATE INDEX event_of_key ON event (resource, namespace, name, revision)",
        """CREATE TABLE live (
            resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
            revision INTEGER NOT NULL,
            lease INTEGER,
            PRIMARY KEY (resource, namespace, name)
        ) WITHOUT ROWID""",
        "CREATE INDEX live_of_lease ON live (lease) WHERE lease IS NOT NULL",
        "CREATE TABLE lease (id INTEGER PRIMARY KEY AUTOINCREMENT, ttl_s REAL, expires_s REAL, checksum INTEGER)",
        "CREATE TABLE counter (revision INTEGER, compacted INTEGER, checksum INTEGER)",
        f"INSERT INTO counter VALUES (1, 0, {checksum(1, 0)})",
    ),
)


def upgrade(connection: sqlite3.Connection, steps: Sequence[tuple[str, ...]] = STEPS) -> None:
    """Take the steps that the file lacks, all or none. The connection is in autocommit mode."""
    done = version_of(connection)
    if done == len(steps):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in steps[done:]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(steps)}")
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def layout_of(connection: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """Tables and indexes as they were declared."""
    return connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name").fetchall()
