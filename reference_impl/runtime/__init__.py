"""What controllers are written with: a client with caches, informers, work queues, leader election.

    contract.py           the words: Request, Result, Watch, Controller, Component, Retry, Terminal
    client.py             reads, writes, watches, clock and randomness of one process
    reader.py             cached and live reads · watch_stream.py  raw watches · event_recorder.py  Events
    reflector.py          list, watch, resume, relist ──► informer.py  cache, indexes, handlers (informer_factory.py)
    event_handler.py      informer events ──► work_queue.py ──► controller_loop.py  workers
    leader_election.py    Leases · process.py  everything that lives and dies together
    signal.py, supervision.py, status_error.py   what these are built from

Only public names are listed below; controllers import them from here.
"""

from reference_impl.runtime.client import Client, ExternalClient
from reference_impl.runtime.contract import (
    Component,
    Controller,
    LeadershipLost,
    Part,
    Request,
    Result,
    Retry,
    Terminal,
    Watch,
)
from reference_impl.runtime.informer import Informer
from reference_impl.runtime.informer_factory import InformerFactory
from reference_impl.runtime.leader_election import LeaderElector
from reference_impl.runtime.process import Process, run_process
from reference_impl.runtime.signal import Signal, clock_sleep
from reference_impl.runtime.watch_stream import WatchStream
from reference_impl.runtime.work_queue import QueueShutDown, WorkQueue

__all__ = [
    "Client",
    "Component",
    "Controller",
    "ExternalClient",
    "Informer",
    "InformerFactory",
    "LeaderElector",
    "LeadershipLost",
    "Part",
    "Process",
    "QueueShutDown",
    "Request",
    "Result",
    "Retry",
    "Signal",
    "Terminal",
    "Watch",
    "WatchStream",
    "WorkQueue",
    "clock_sleep",
    "run_process",
]
