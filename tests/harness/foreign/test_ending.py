"""However seatrial ends, the processes that it has started end too."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from tests.harness.foreign.copiers import FOLDER, PROGRAM

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs pidfds, so Linux")]
TOO_LONG_S = 60


@pytest.fixture
def pids(tmp_path: Path) -> Iterator[Path]:
    """A pipe into which each process of the trial writes its number."""
    path = tmp_path / "pids"
    os.mkfifo(path)
    keeps_it_open = os.open(path, os.O_RDWR)
    yield path
    os.close(keeps_it_open)


def start(folder: Path, pids: Path, *options: str) -> "subprocess.Popen[bytes]":
    manifests = ["--manifest", str(FOLDER / "crd.yaml"), "--manifest", str(FOLDER / "note.yaml")]
    command = [sys.executable, "-m", "seatrial", "check", "--examples", "1000", *manifests, *options]
    return subprocess.Popen(
        [*command, "--", sys.executable, "-S", "-E", PROGRAM, "starts-a-child"],
        cwd=folder,
        env={**os.environ, "PIDS": str(pids), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _next(lines: IO[str]) -> list[int]:
    """The next process that is started, and its child."""
    return [int(word) for word in lines.readline().split()]


def _ends(pid: int) -> bool:
    """Wait until it does."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], TOO_LONG_S)[0])
    finally:
        os.close(handle)


def test_no_process_is_left_when_a_job_is_told_to_end(pids: Path, tmp_path: Path) -> None:
    with start(tmp_path, pids) as seatrial, pids.open() as lines:
        family = _next(lines)
        seatrial.send_signal(signal.SIGTERM)
        assert seatrial.wait(TOO_LONG_S) == 130
        assert all(_ends(pid) for pid in family)


def test_killing_who_collects_ends_those_who_work_for_it_and_what_they_have_started(pids: Path, tmp_path: Path) -> None:
    one_workload = ("--workload", str(FOLDER / "workload.yaml"))  # of others, fair weather would be asked first
    with start(tmp_path, pids, "--jobs", "2", *one_workload) as seatrial, pids.open() as lines:
        workers: set[int] = set()
        started: list[int] = []
        while len(workers) < 2:  # the first ones are seatrial's own, in fair weather
            pid, child = _next(lines)
            started += [pid, child]
            try:
                parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            except OSError:  # it has been killed meanwhile
                continue
            workers |= {parent} - {seatrial.pid}
        seatrial.kill()
        seatrial.wait(TOO_LONG_S)
        assert all(_ends(pid) for pid in [*workers, *started])


def test_killing_seatrial_ends_the_whole_group_of_what_it_has_started(pids: Path, tmp_path: Path) -> None:
    with start(tmp_path, pids) as seatrial, pids.open() as lines:
        family = _next(lines)
        seatrial.kill()
        seatrial.wait(TOO_LONG_S)
        assert len(family) == 2
        assert all(_ends(pid) for pid in family)
