"""`kill -9` of `seatrial serve --data-dir` at random and at chosen moments, while clients write.

After each kill the directory is served again, and compared with what clients were told before: nothing acknowledged is
lost, nothing is there that nobody sent, every event that a watch told is told again, and no revision is given twice.
"""

import os
import subprocess
import sys
from pathlib import Path
from random import Random
from threading import Event

import pytest

from tests.seatrial.served_writers import CONFIG_MAPS, Seen, Writer, in_threads, read_watch, request

KILLS = int(os.environ.get("SEATRIAL_KILLS", "5"))
WRITERS = 3
MOMENTS = ("sent", "answered", "logged", "random", "starting")
"""A request has just been sent; an answer has just come; the store's log has just grown, so that a write is committed
and perhaps not answered; so many answers and a little more; while it starts."""


class Server:
    """One life."""

    def __init__(self, directory: Path | None, *options: str) -> None:
        kept = [] if directory is None else ["--data-dir", str(directory)]
        command = [sys.executable, "-m", "seatrial", "serve", *kept, *options]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def address(self) -> str:
        """Once it accepts connections."""
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        assert "serving the Kubernetes API at" in line, line + self.process.stderr.read()
        return line.strip().rpartition("/")[2]

    def kill(self) -> str:
        """What it said since it was served."""
        self.process.kill()
        return self.process.communicate()[1]


class Checked:
    """What is known of one directory, over all lives of its server."""

    def __init__(self, directory: Path, seed: int) -> None:
        self.directory = directory
        self.random = Random(seed)
        self.writers = [Writer(number, Random(f"{seed} {number}")) for number in range(WRITERS)]
        self.observed: list[Seen] = []
        """By a watch, in the last life."""
        self.since = 0
        """The revision up to which everything has been compared."""
        self.lives = 0
        self.acknowledged = 0

    def live_and_be_killed(self, moment: str) -> None:
        if moment == "starting":
            # Up to what a start takes on a fast machine; on a slow one it is sooner in the start.
            server = Server(self.directory, "--nodes", "1")
            self._spin(self.random.randrange(6_000_000))
            server.kill()
            return
        server = Server(self.directory, "--nodes", "1")
        try:
            address = server.address()
            self._compare(address)
            self._write_until(moment, server, address)
        finally:
            server.kill()

    def _write_until(self, moment: str, server: Server, address: str) -> None:
        first, *others = self.writers
        last, due = first.count + self.random.randrange(1, 40), Event()
        log = self.directory / "store.db-wal"

        def on_sent(count: int) -> None:
            if moment == "sent" and count >= last:
                server.process.kill()

        def on_answered(count: int) -> None:
            if count >= last:
                due.set()

        def write() -> None:
            try:
                first.write(address, on_sent, on_answered)
            finally:
                due.set()

        calls = [lambda writer=writer: writer.write(address) for writer in others]
        calls.append(lambda: read_watch(address, self.since, None, self.observed))
        threads = in_threads([write, *calls])
        due.wait()
        if moment == "logged":
            changed, looks = log.stat().st_mtime_ns, 0
            while log.stat().st_mtime_ns == changed and looks < 1_000_000:
                looks += 1
        elif moment == "random":
            self._spin(self.random.randrange(100_000))
        server.process.kill()
        for thread in threads:
            thread.join()

    def _spin(self, rounds: int) -> None:
        for _ in range(rounds):
            pass

    def compare_after_all(self) -> None:
        server = Server(self.directory, "--nodes", "1")
        try:
            self._compare(server.address())
        finally:
            server.kill()

    def _compare(self, address: str) -> None:
        """What is served now with what clients were told in the life before."""
        self.lives += 1
        acknowledged = [seen for writer in self.writers for seen in writer.acknowledged]
        self.acknowledged += len(acknowledged)
        assert [writer.refused for writer in self.writers] == [[]] * WRITERS
        listed = request(address, "GET", CONFIG_MAPS)
        found = {
            item["metadata"]["name"]: (item["data"]["token"], int(item["metadata"]["resourceVersion"]))
            for item in listed["items"]
            if item["metadata"]["name"].startswith("w")
        }
        assert [wrong for writer in self.writers for wrong in writer.settle(found)] == []
        marker = f"marker-{self.lives}"
        written = request(address, "POST", CONFIG_MAPS, {"metadata": {"name": marker}})
        newest = int(written["metadata"]["resourceVersion"])
        told = {seen.revision for seen in [*acknowledged, *self.observed]}
        assert newest > max(told, default=0), "a revision was given twice"
        if self.since:
            again: list[Seen] = []
            read_watch(address, self.since, marker, again)
            revisions = [seen.revision for seen in again]
            assert revisions == sorted(set(revisions))
            assert again[: len(self.observed)] == self.observed
            assert set(acknowledged) <= set(again)
        for writer in self.writers:
            writer.acknowledged.clear()
        self.observed = []
        self.since = newest


@pytest.mark.slow
def test_a_killed_server_loses_nothing_acknowledged_and_gives_no_revision_twice(tmp_path: Path) -> None:
    checked = Checked(tmp_path / "data", seed=1)
    moments = [MOMENTS[number % len(MOMENTS)] for number in range(KILLS)]
    for moment in moments:
        checked.live_and_be_killed(moment)
    checked.compare_after_all()
    assert checked.lives == 1 + sum(moment != "starting" for moment in moments)
    # Writers got somewhere: some dozens of writes between two kills.
    assert checked.acknowledged > 2 * checked.lives
    print(f"{KILLS} kills, {checked.acknowledged} acknowledged writes compared")
