"""Kinds of bad weather, one a file, each named after what the world does. `FAULTS` is the registry."""

from harness.contract import Fault
from harness.faults.crash import Crash
from harness.faults.reply_lost import ReplyLost
from harness.faults.watch_lag import WatchLag

FAULTS: tuple[Fault, ...] = (Crash(), ReplyLost(), WatchLag())
