"""What `guardian.py` starts: reads of process groups that begin (+NUMBER) and end (-NUMBER), and when nobody is left to
write, kills those that have not ended. Needs nothing but the standard library, so that it starts at once."""

import contextlib
import os
import signal
import sys


def main() -> None:
    """See the module."""
    groups: dict[int, None] = {}
    for line in sys.stdin:
        number = int(line[1:])
        if line[0] == "+":
            groups[number] = None
        else:
            groups.pop(number, None)
    for group in groups:
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
