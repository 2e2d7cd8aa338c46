import os
import sys
from pathlib import Path

import pytest

from harness.command import Process
from harness.foreign.running import Running

pytestmark = pytest.mark.slow


def start(tmp_path: Path, code: str) -> Running:
    return Running(Process([sys.executable, "-S", "-E", "-c", code]), tmp_path / "kubeconfig", tmp_path / "output")


def wait_for(running: Running, options: int) -> None:
    os.waitid(os.P_PID, running.pid, options | os.WNOWAIT)


def test_it_is_told_where_its_kubeconfig_is(tmp_path: Path) -> None:
    running = start(tmp_path, "import os; print(os.environ['KUBECONFIG'])")
    wait_for(running, os.WEXITED)

    assert running.ended() == 0
    assert running.tail() == [str(tmp_path / "kubeconfig")]


def test_a_cluster_around_seatrial_is_not_found_by_accident(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    running = start(tmp_path, "import os; print(os.environ.get('KUBERNETES_SERVICE_HOST'))")
    wait_for(running, os.WEXITED)

    assert running.ended() == 0
    assert running.tail() == ["None"]


def test_a_stopped_process_stands_still_until_it_goes_on(tmp_path: Path) -> None:
    running = start(tmp_path, "import time; time.sleep(600)")
    try:
        running.stop()
        wait_for(running, os.WSTOPPED)
        running.go_on()
        wait_for(running, os.WCONTINUED)
        assert running.ended() is None
    finally:
        running.kill()
    assert running.ended() == -9


def test_killing_ends_a_stopped_process_too(tmp_path: Path) -> None:
    running = start(tmp_path, "import time; time.sleep(600)")
    running.stop()
    running.kill()
    running.kill()

    assert running.ended() == -9


def test_what_stays_in_its_group_after_it_ended_is_noticed_and_killed(tmp_path: Path) -> None:
    running = start(tmp_path, "import subprocess; subprocess.Popen(['sleep', '600'])")
    wait_for(running, os.WEXITED)

    assert running.ended() == 0
    assert running.left_children


def test_who_leaves_nobody_behind_is_not_accused(tmp_path: Path) -> None:
    running = start(tmp_path, "pass")
    wait_for(running, os.WEXITED)

    assert running.ended() == 0
    assert not running.left_children
