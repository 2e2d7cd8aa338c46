"""Whoever kills seatrial (SIGKILL, out of memory) leaves nobody to end the programs that it has started: this does.

One small process beside seatrial, with a pipe between them, on which it is told of each process group that begins and
ends. When the pipe breaks, seatrial and all its workers are gone, whatever they died of: the groups that are left are
killed, and then it ends too. Linux's own means (prctl(2), PR_SET_PDEATHSIG) reaches a direct child only.

Who has left its group (a daemon in a session of its own) is not found this way either. A number that has become another
group's between seatrial's end and this one's a moment later would be hit; the system gives out all others first.

Sources: pipe(7), a read ends when the last writer has; kill(2), process groups.
"""

import atexit
import contextlib
import subprocess
import sys
from pathlib import Path
from typing import IO, Final

_PROGRAM: Final = str(Path(__file__).with_name("guardian_program.py"))
_started: list["subprocess.Popen[bytes]"] = []
"""At most one; those that seatrial forks to work for it inherit it."""


def begins(group: int) -> None:
    """To be ended if seatrial ends without having done so."""
    _tell(f"+{group}\n")


def ends(group: int) -> None:
    """It is ended; its number may be another's from now on."""
    _tell(f"-{group}\n")


def _tell(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # somebody has killed it: programs are then as safe as without
        _pipe().write(line.encode())


def _pipe() -> IO[bytes]:
    if not _started:
        _started.append(
            subprocess.Popen(
                [sys.executable, "-I", "-S", _PROGRAM],
                stdin=subprocess.PIPE,
                bufsize=0,  # each line is one write, which a pipe keeps whole, so that workers may share it
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # not to be interrupted from the terminal before seatrial has cleaned up
            )
        )
        atexit.register(_dismiss)
    pipe = _started[0].stdin
    assert pipe is not None
    return pipe


def _dismiss() -> None:
    guardian = _started.pop()
    assert guardian.stdin is not None
    guardian.stdin.close()
    guardian.wait()
