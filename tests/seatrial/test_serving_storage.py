"""`seatrial serve --data-dir` and `--etcd`: what cannot be opened, a disk that fills, a file that cannot be trusted."""

import os
import resource
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reference_impl.store.sqlite import SqliteStore
from reference_impl.store.sqlite_schema import STEPS
from seatrial.command import run
from tests.reference_impl.store.etcd_process import Cluster
from tests.seatrial.served_writers import CONFIG_MAPS, request
from tests.seatrial.test_serving_killed import Server


def config_map(name: str, size: int = 0) -> dict[str, Any]:
    return {"metadata": {"name": name}, "data": {"text": "x" * size}}


def names(address: str) -> list[str]:
    return [item["metadata"]["name"] for item in request(address, "GET", CONFIG_MAPS)["items"]]


# ----------------------------------------------------------------------------------------------- what cannot be opened


def a_file(place: Path) -> None:
    place.write_text("")


def another_programs(place: Path) -> None:
    place.mkdir()
    with sqlite3.connect(place / "store.db") as theirs:
        theirs.execute("CREATE TABLE theirs (a)")
    theirs.close()


def newer(place: Path) -> None:
    SqliteStore(place).close()
    with sqlite3.connect(place / "store.db") as connection:
        connection.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    connection.close()


def torn(place: Path) -> None:
    SqliteStore(place).close()
    whole = (place / "store.db").read_bytes()
    (place / "store.db").write_bytes(whole[: len(whole) // 2])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (a_file, "it is a file; name a directory"),
        (another_programs, "another program's SQLite file; give another data directory"),
        (newer, "written by a newer seatrial"),
        (torn, "damaged"),
    ],
)
def test_a_directory_that_cannot_be_used_is_one_line_and_exit_4(
    make: Any, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path / "data")
    assert run(["serve", "--data-dir", str(tmp_path / "data")]) == 4
    error = capsys.readouterr().err
    assert error.startswith(f"seatrial: --data-dir: {tmp_path / 'data'}")
    assert said in error
    assert error.count("\n") == 1


def test_a_second_serve_on_one_directory_is_one_line_and_exit_4(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    holding = SqliteStore(tmp_path)
    assert run(["serve", "--data-dir", str(tmp_path)]) == 4
    holding.close()
    error = capsys.readouterr().err
    assert f"{tmp_path}: in use by process {os.getpid()}; stop it" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--etcd", "127.0.0.1:1"], "--etcd: etcd (http://127.0.0.1:1) did not answer"),
        (["--etcd", "http://127.0.0.1:2379/v3"], "is not an etcd endpoint; use http://HOST:PORT"),
        (["--etcd", ""], "--etcd"),
        (["--etcd", "127.0.0.1:1", "--data-dir", "."], "give one of them"),
        (["--etcd-prefix", "/x"], "needs --etcd URL"),
    ],
)
def test_an_etcd_that_cannot_be_used_is_one_line_and_exit_4(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["serve", *options]) == 4
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


# ------------------------------------------------------------------------------------------------------ while it serves


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of two megabytes."""
    directory = tmp_path / "disk"
    directory.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(directory)]
    mounted = subprocess.run(command, capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"a file system of its own needs root: {mounted.stderr.strip()}")
    yield directory
    subprocess.run(["umount", "--lazy", directory], check=True)


def write_until_refused(address: str, acknowledged: list[str]) -> None:
    for number in range(1000):
        request(address, "POST", CONFIG_MAPS, config_map(f"c{number}", 10_000))
        acknowledged.append(f"c{number}")


@pytest.mark.slow
def test_a_full_disk_is_an_error_that_passes_and_loses_nothing_acknowledged(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(300_000))
    server = Server(small_disk / "data", "--nodes", "0")
    address, acknowledged = server.address(), []
    try:
        with pytest.raises(AssertionError, match="the disk is full; make room and try again"):
            write_until_refused(address, acknowledged)
        assert set(names(address)) == set(acknowledged)
        ballast.unlink()
        request(address, "POST", CONFIG_MAPS, config_map("after"))
    finally:
        said = server.kill()
    assert "the disk is full: nothing can be written until there is room" in said
    assert "there is room again" in said
    again = Server(small_disk / "data", "--nodes", "0")
    try:
        assert set(names(again.address())) == {*acknowledged, "after"}
    finally:
        again.kill()
    assert len(acknowledged) > 10


@pytest.mark.slow
def test_a_file_that_cannot_be_written_ends_the_server_with_3_and_loses_nothing_acknowledged(tmp_path: Path) -> None:
    server = Server(tmp_path, "--nodes", "0")
    address = server.address()
    try:
        request(address, "POST", CONFIG_MAPS, config_map("a"))
        limit = (tmp_path / "store.db-wal").stat().st_size
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        with pytest.raises((AssertionError, OSError), match=r"."):
            request(address, "POST", CONFIG_MAPS, config_map("b", 200_000))
        assert server.process.wait(120) == 3
    finally:
        said = server.kill()
    last = said.splitlines()[-1]
    assert last.startswith("seatrial: the store was lost: ")
    assert "open it again" in last
    again = Server(tmp_path, "--nodes", "0")
    try:
        assert set(names(again.address())) - {"b"} == {"a"}
    finally:
        again.kill()


@pytest.mark.slow
def test_what_is_kept_in_etcd_is_served_again(tmp_path: Path) -> None:
    etcd = Cluster(1)
    options = ("--nodes", "0", "--etcd", etcd.endpoints[0], "--etcd-prefix", "/served")
    try:
        for kept in ([], ["a"], ["a", "b"]):
            server = Server(None, *options)
            try:
                address = server.address()
                assert names(address) == kept
                request(address, "POST", CONFIG_MAPS, config_map("ab"[len(kept) : len(kept) + 1] or "c"))
                if kept:
                    server.process.send_signal(signal.SIGINT)
                    assert server.process.wait(120) == 130
            finally:
                server.kill()
    finally:
        etcd.stop()
