"""What a SQLite store keeps when its process, its disk or its file fails."""

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from reference_impl.store.memory import MemoryStore
from reference_impl.store.port import StoreEvent, StoreFull, StoreUnavailable, StoreUnusable
from reference_impl.store.sqlite import SqliteStore
from reference_impl.store.sqlite_schema import STEPS, upgrade
from tests.reference_impl.store.contract import key, obj, put
from tests.reference_impl.store.story import tell

ROUNDS = int(os.environ.get("SEATRIAL_KILLS", "20"))
TOP = Path(__file__).resolve().parents[3]


def run_and_kill(directory: Path, seed: str, acknowledgements: int, spin: int) -> int:
    """Let the story be written until so many acknowledgements were read, and a moment longer, then kill -9.

    Answers the last revision that was acknowledged.
    """
    command = [sys.executable, "-m", "tests.reference_impl.store.story", str(directory), seed]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=TOP, text=True) as process:
        assert process.stdout is not None
        last = 1
        for _ in range(acknowledgements):
            last = int(process.stdout.readline())
        for _ in range(spin):
            pass
        process.kill()
        # A line that is not whole was not said.
        rest = process.stdout.read().rpartition("\n")[0]
    return int(rest.splitlines()[-1]) if rest else last


def told(seed: str, revision: int) -> list[StoreEvent]:
    """The story's events up to `revision` and some more, from a store that forgets nothing."""
    store, events = MemoryStore(), []
    store.subscribe(events.append)
    steps = tell(store, seed)
    while store.revision <= revision + 5:
        next(steps)
    return events


@pytest.mark.slow
def test_a_killed_writer_leaves_every_acknowledged_write_and_no_half_one(tmp_path: Path):
    random = Random(7)
    for number in range(ROUNDS):
        directory, seed = tmp_path / str(number), f"story {number}"
        acknowledged = run_and_kill(
            directory, seed, random.choice([1, 2, 5, random.randrange(600)]) + 1, random.randrange(40_000)
        )
        store = SqliteStore(directory)
        expected = told(seed, store.revision)
        assert store.revision >= acknowledged, (number, store.revision)
        kept = list(store.events(store.compacted_revision))
        assert kept == [each for each in expected if store.compacted_revision < each.revision <= store.revision]
        following = {each.revision: each for each in expected}
        cut = [following.get(store.revision), following.get(store.revision + 1)]
        assert not all(each and each.type == "DELETED" and each.key[0] == "events" for each in cut), (number, cut)
        assert put(store, "next").revision == store.revision
        store.close()


@pytest.mark.slow
def test_a_writer_killed_again_and_again_goes_on_without_giving_a_revision_twice(tmp_path: Path):
    random = Random(8)
    known: dict[int, StoreEvent] = {}
    for number in range(ROUNDS // 2):
        acknowledged = run_and_kill(tmp_path, f"part {number}", random.randrange(1, 60), random.randrange(40_000))
        store = SqliteStore(tmp_path)
        assert store.revision >= max([acknowledged, *known])
        now = {event.revision: event for event in store.events(store.compacted_revision)}
        assert [at for at, event in now.items() if known.get(at, event) != event] == []
        known.update(now)
        store.close()


# ------------------------------------------------------------------------------------------------------------- the disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of one megabyte."""
    directory = tmp_path / "disk"
    directory.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", directory], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"a file system of its own needs root: {mounted.stderr.strip()}")
    yield directory
    subprocess.run(["umount", directory], check=True)


def write_until_full(store: SqliteStore) -> None:
    for number in range(10_000):
        put(store, f"p{number}", text="x" * 2000)


def test_a_full_disk_is_said_clearly_loses_nothing_and_can_be_made_room_on(small_disk: Path):
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(300_000))
    store = SqliteStore(small_disk)
    with pytest.raises(StoreFull, match="the disk is full; make room") as full:
        write_until_full(store)
    assert full.value.definite
    written = store.revision - 1
    assert [event.object["metadata"]["name"] for event in store.events(1)] == [f"p{n}" for n in range(written)]
    assert len(store.list("pods").items) == written > 20
    ballast.unlink()
    assert put(store, "after").revision == written + 2
    store.close()
    again = SqliteStore(small_disk)
    assert [event.revision for event in again.events(1)] == list(range(2, written + 3))
    again.close()


def test_a_disk_too_full_to_open_the_store_is_not_called_damage(small_disk: Path):
    store = SqliteStore(small_disk)
    put(store, "a")
    kept = small_disk.parent / "kept"
    shutil.copytree(small_disk, kept)
    store.close()
    for each in ("store.db", "store.db-wal"):
        shutil.copy(kept / each, small_disk / each)
    free = shutil.disk_usage(small_disk).free
    (small_disk / "ballast").write_bytes(bytes(free))
    with pytest.raises(StoreUnusable, match="space and the permissions"):
        SqliteStore(small_disk)
    (small_disk / "ballast").unlink()
    again = SqliteStore(small_disk)
    assert again.get(key("a")) is not None
    again.close()


def test_a_failed_write_closes_the_store_and_loses_nothing_acknowledged(tmp_path: Path):
    store = SqliteStore(tmp_path)
    put(store, "a")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / "store.db-wal").stat().st_size, limits[1]))
    try:
        with pytest.raises(StoreUnavailable, match="again") as failed:
            put(store, "b", text="x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not failed.value.definite
    with pytest.raises(StoreUnavailable, match="is closed"):
        put(store, "c")
    again = SqliteStore(tmp_path)
    assert (again.get(key("a")) is not None, again.get(key("c"))) == (True, None)
    again.close()


# ------------------------------------------------------------------------------------------------------------- the file


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a store as a killed process leaves them: some of the story in the file, some in its log."""
    directory, copy = tmp_path_factory.mktemp("store"), tmp_path_factory.mktemp("left") / "files"
    store = SqliteStore(directory)
    steps = tell(store, "left")
    for _ in range(150):
        next(steps)
    store.close()
    store = SqliteStore(directory)
    steps = tell(store, "left")
    for _ in range(60):
        next(steps)
    store.put(("events", "a", "leased"), {"metadata": {"name": "leased", "namespace": "a"}}, lease=store.grant(10))
    put(store, "last")
    shutil.copytree(directory, copy)
    store.close()
    return copy


def content(store: SqliteStore) -> tuple[object, ...]:
    leased = sqlite3.connect(store._path)
    rows = leased.execute("SELECT id, ttl_s, expires_s FROM lease UNION ALL SELECT name, lease, 0 FROM live").fetchall()
    leased.close()
    items = [item for each in store.resources() for item in store.list(each).items]
    return store.revision, store.compacted_revision, list(store.events(store.compacted_revision)), items, rows


@pytest.mark.slow
@pytest.mark.parametrize("name", ["store.db", "store.db-wal"])
def test_a_changed_byte_is_refused_or_harmless(left: Path, tmp_path: Path, name: str):
    intact = tmp_path / "intact"
    shutil.copytree(left, intact)
    store = SqliteStore(intact)
    expected, newest = content(store), store.revision
    store.close()
    random = Random(name)
    said: list[str] = []
    unchanged: list[bool] = []
    for number in range(3 * ROUNDS):
        directory = tmp_path / str(number)
        shutil.copytree(left, directory)
        damaged = bytearray((directory / name).read_bytes())
        at = random.randrange(len(damaged))
        damaged[at] ^= 1 << random.randrange(8)
        (directory / name).write_bytes(damaged)
        try:
            store = SqliteStore(directory)
        except StoreUnusable as error:
            said.append(str(error))
            unchanged.append((directory / name).read_bytes() == damaged)
            continue
        # In the log's last transaction a damage cannot be told from a write that was never finished.
        assert content(store) == expected or store.revision == newest - 1, (number, at)
        store.close()
        shutil.rmtree(directory)
    assert len(said) > ROUNDS // 3
    assert [each for each in said if "store.db" not in each or "\n" in each] == []
    assert all(unchanged)


def test_a_log_cut_at_any_place_opens_with_whole_writes_only(left: Path, tmp_path: Path):
    log = (left / "store.db-wal").read_bytes()
    random = Random(3)
    store = SqliteStore(shutil.copytree(left, tmp_path / "intact"))
    events = list(store.events(store.compacted_revision))
    store.close()
    found = set()
    for number in range(30):
        directory = tmp_path / str(number)
        shutil.copytree(left, directory)
        (directory / "store.db-wal").write_bytes(log[: random.randrange(len(log))])
        store = SqliteStore(directory)
        kept = list(store.events(store.compacted_revision))
        assert [each for each in kept if each.revision > events[0].revision] == [
            each for each in events if events[0].revision < each.revision <= store.revision
        ]
        found.add(store.revision)
        store.close()
    assert len(found) > 5


@pytest.mark.parametrize("kept", [0, 50, 4096, 5000])
def test_a_truncated_file_is_refused_and_left_alone(left: Path, tmp_path: Path, kept: int):
    directory = shutil.copytree(left, tmp_path / "cut")
    (directory / "store.db-wal").unlink()
    (directory / "store.db-shm").unlink()
    cut = (directory / "store.db").read_bytes()[:kept]
    (directory / "store.db").write_bytes(cut)
    with pytest.raises(StoreUnusable, match=r"damaged"):
        SqliteStore(directory)
    assert (directory / "store.db").read_bytes() == cut


def test_a_log_without_its_file_is_refused(left: Path, tmp_path: Path):
    directory = shutil.copytree(left, tmp_path / "lost")
    (directory / "store.db").unlink()
    with pytest.raises(StoreUnusable, match="put that back"):
        SqliteStore(directory)


# ----------------------------------------------------------------------------------------------------------- who opens


def test_two_stores_cannot_open_one_directory(tmp_path: Path):
    store = SqliteStore(tmp_path)
    with pytest.raises(StoreUnusable, match=rf"in use by process {os.getpid()}; stop it"):
        SqliteStore(tmp_path)
    store.close()
    SqliteStore(tmp_path).close()


def test_a_directory_that_cannot_be_one_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnusable, match="cannot be used as a data directory"):
        SqliteStore(tmp_path / "file")


def test_another_programs_database_is_refused(tmp_path: Path):
    with sqlite3.connect(tmp_path / "store.db") as theirs:
        theirs.execute("CREATE TABLE theirs (a)")
    theirs.close()
    with pytest.raises(StoreUnusable, match="another program's SQLite file"):
        SqliteStore(tmp_path)


def test_something_that_is_no_database_is_refused(tmp_path: Path):
    (tmp_path / "store.db").write_bytes(b"hello" * 100)
    with pytest.raises(StoreUnusable, match="not a seatrial store"):
        SqliteStore(tmp_path)


def test_a_file_of_a_newer_seatrial_is_refused(tmp_path: Path):
    SqliteStore(tmp_path).close()
    with sqlite3.connect(tmp_path / "store.db") as newer:
        newer.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    newer.close()
    with pytest.raises(StoreUnusable, match="upgrade seatrial"):
        SqliteStore(tmp_path)


def test_an_upgrade_that_fails_half_way_leaves_the_file_as_it_was(tmp_path: Path):
    store = SqliteStore(tmp_path)
    put(store, "a")
    store.close()
    connection = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    with pytest.raises(sqlite3.OperationalError):
        upgrade(connection, (*STEPS, ("CREATE TABLE more (a)",), ("CREATE TABLE more (a)",)))
    connection.close()
    again = SqliteStore(tmp_path)
    assert again.get(key("a")) is not None
    again.close()


def test_an_upgrade_takes_the_missing_steps_and_keeps_what_is_stored(tmp_path: Path):
    store = SqliteStore(tmp_path)
    store.put(key("a"), obj("a", x=1))
    store.close()
    connection = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    upgrade(connection, (*STEPS, ("ALTER TABLE event ADD COLUMN writer TEXT",)))
    found = connection.execute("SELECT name, writer FROM event").fetchall()
    assert (found, connection.execute("PRAGMA user_version").fetchone()) == ([("a", None)], (len(STEPS) + 1,))
    connection.close()
