"""One run of a foreign program: an operating system process in a group of its own.

It is killed as its container would be, with all that it has started and that stayed in its group. Nothing outside that
group is ever touched: what has left it (a daemon in a session of its own) is none of ours any more.

Who else lives in the group is read from /proc, so that children left behind are noticed on Linux only. When seatrial
itself is killed and can end nothing any more, the guardian ends the group (`guardian.py`); on Linux the kernel ends the
program itself even before.

Sources: POSIX process groups; prctl(2), PR_SET_PDEATHSIG; Kubernetes, Pod termination (a container's end is the end of
all its processes).
"""

import contextlib
import ctypes
import math
import os
import signal
import subprocess
import sys
from bisect import bisect_left
from collections import deque
from functools import partial
from pathlib import Path
from typing import Final

from harness.command import Process as Command
from harness.errors import AdapterError
from harness.foreign import guardian

_FORGOTTEN: Final = ("KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT")
"""By these a program would find the cluster that seatrial itself may run in."""
TAIL_LINES: Final = 40
TAIL_BYTES: Final = 64 * 1024
_PR_SET_PDEATHSIG: Final = 1
_LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None
"""Loaded beforehand: between fork and exec little may be done."""


def die_with(parent: int) -> None:
    """From now on this process, which has just been forked, is killed when its parent ends. On Linux."""
    if _LIBC is None:
        return
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended already
        os._exit(1)


class Running:
    """A started program. Raises AdapterError if the system cannot start it."""

    def __init__(self, command: Command, kubeconfig: Path, output: Path) -> None:
        self.output = output
        self.left_children = False
        """It ended, and processes of its group lived on."""
        self._code: int | None = None
        self._told = 0
        self._grown: list[tuple[int, float]] = []
        """(so many bytes it had printed, by when): the times of its lines, as well as they were watched."""
        self._stopped = False
        environment = {name: value for name, value in os.environ.items() if name not in _FORGOTTEN}
        environment |= {"PYTHONUNBUFFERED": "1", **(command.env or {}), "KUBECONFIG": str(kubeconfig)}
        with output.open("ab") as sink:
            try:
                self._popen = subprocess.Popen(
                    list(command.argv),
                    cwd=command.cwd,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=sink,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=partial(die_with, os.getpid()) if _LIBC is not None else None,
                )
            except OSError as error:
                raise AdapterError(
                    f"{command.argv[0]!r} could not be started: {error.strerror or error}. Try the command by itself"
                ) from error
        guardian.begins(self.pid)

    @property
    def pid(self) -> int:
        return self._popen.pid

    def ended(self) -> int | None:
        """Its exit code once it has ended (negative: of a signal), None before. What it leaves behind is killed."""
        if self._code is None and (code := self._popen.poll()) is not None:
            self._code = code
            self.left_children = bool(self.members())
            # The group's number cannot be another's while a member lives; if none does, there is nothing to kill.
            self._signal_group(signal.SIGKILL)
            guardian.ends(self.pid)
        return self._code

    def kill(self) -> None:
        """At once, the whole group. Idempotent."""
        if self._code is None and self._popen.poll() is None:
            self._signal_group(signal.SIGKILL)
            self._code = self._popen.wait()
            guardian.ends(self.pid)
        else:
            self.ended()

    def stop(self) -> None:
        """Stand still (SIGSTOP)."""
        if self._code is None:
            self._stopped = True
            self._signal_group(signal.SIGSTOP)

    def go_on(self) -> None:
        """After `stop` (SIGCONT)."""
        if self._stopped:
            self._stopped = False
            if self._code is None:
                self._signal_group(signal.SIGCONT)

    def begin_anew(self) -> None:
        """What it has printed so far is of another world."""
        self._told = self.output.stat().st_size
        self._grown.clear()

    def heed(self, now_s: float) -> None:
        """Has it printed anything? Then that was printed by now."""
        size = self.output.stat().st_size
        if size > (self._grown[-1][0] if self._grown else self._told):
            self._grown.append((size, now_s))

    def tail(self) -> list[str]:
        """The last lines that it printed, to stdout or stderr, in this world."""
        return [line for _, line in self.printed()]

    def printed(self) -> list[tuple[float | None, str]]:
        """The same, each with the time by which it was there; None if nobody has looked since (`heed`)."""
        with self.output.open("rb") as file:
            file.seek(0, os.SEEK_END)
            at = file.seek(max(self._told, file.tell() - TAIL_BYTES))
            lines = file.read().splitlines(keepends=True)
        found: deque[tuple[float | None, str]] = deque(maxlen=TAIL_LINES)
        for line in lines:
            at += len(line)
            known = bisect_left(self._grown, (at, -math.inf))
            time_s = self._grown[known][1] if known < len(self._grown) else None
            found.append((time_s, line.decode(errors="replace").rstrip("\r\n")))
        return list(found)

    def members(self) -> list[int]:
        """Who lives in its group. The dead whom their parent has not buried yet do not count."""
        found = []
        for entry in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # it has just ended
                state, _parent, group = entry.read_text().rpartition(")")[2].split()[:3]
                if int(group) == self.pid and state not in "ZX":
                    found.append(int(entry.parent.name))
        return found

    def _signal_group(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)
