"""A world in real time, for processes that cannot be told what time it is.

The same store, API servers, fabric, weather, trace and judge as in virtual time; only `run` differs: an entry of the
network is delivered when its time has come on the machine's clock, and meanwhile sockets are heard. Time stands still
between two calls of `run`. So what a trial does is no pure function of its inputs any more: the order of what comes
from outside is not ours. That of commits and events is, and the weather is anchored to them.

What weather lasts is a tenth of what it lasts in virtual time: nobody waits two minutes for a partition to end.
"""

import math
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Final

from harness.errors import AdapterError
from harness.foreign.asking import AskingFabric
from harness.foreign.process import ForeignProcess
from harness.foreign.waiting_room import GAP, Guest, Guests
from harness.plan import Plan, Program
from harness.process import Process
from harness.watchdog import BEAT
from harness.world import ACTION_S, DELIVERIES_MAX, Exhausted, World
from reference_impl.errors import ApiError
from reference_impl.store.memory import MemoryStore
from reference_impl.webhooks.session import comes_from_a_webhook

POLL_S: Final = 0.02
"""How often it is looked whether a process has ended."""
READY_WITHIN_S: Final = 90.0
"""A process that has opened no watch by then is taken not to find the API server (on a machine with four times as much
to do as it can, kopf took more than 30 s to start)."""
QUIET_OPEN_S: Final = 0.25
"""Watches are opened one after the other: the last one was, if no other has been for so long (arbitrary)."""
ARRIVED_S: Final = 0.5
"""So long a process that has restarted in the past may act on what it has listed there (arbitrary)."""
RECONNECTED_S: Final = 3.0
"""A process that has waited for this world should have its watches again by then (arbitrary)."""
QUIET_S: Final = 0.75
"""After a storm: so long nothing has changed. Too early is no harm, since what is suspected is confirmed; it is what an
example mostly costs."""
FAIR_QUIET_S: Final = 2.0
"""In fair weather nobody confirms, so more time is given."""
STEP_S: Final = 0.25
"""Between two user actions."""
SCALE: Final = 0.1
PASSING_S: Final = 0.5


class RealTimeWorld(World):
    """See the module. Close it on every path: processes are killed there."""

    step_s = STEP_S
    seconds_scale = SCALE
    passing_s = PASSING_S
    counts_by_action = True
    facts: ClassVar[dict[str, Any]] = {"real_time": True}
    server_options: ClassVar[dict[str, Any]] = {"track_on_create": True}
    fabric: AskingFabric

    def __init__(self, plan: Plan, *, guests: Guests | None = None, **options: Any) -> None:
        """`guests`: processes that have waited for this world; it uses them, and they end with it."""
        self.folder = Path(tempfile.mkdtemp(prefix="seatrial-"))
        self._guests = guests
        self.folders = [self.folder, *(guests.folders if guests is not None else ())]
        self.staying: Guests | None = None
        """Processes that do not end with this world."""
        self.at_first: frozenset[str] = frozenset()
        """Uids of what was there when everybody was up."""
        self.begun_with_work = False
        """A process has made something before any user did."""
        self._travelling: dict[str, None] = {}
        """Processes that are about to restart at a replica that is behind."""
        self.epoch = datetime.now(UTC)  # noqa: TID251  # real time is what this world is for
        self.patience_s = max((command.patience_s for command in plan.trial.processes), default=0.0)
        try:
            super().__init__(plan, **{**options, "kernel": "real_time"})
        except BaseException:
            self._kill_all()
            raise
        self.up_after_s = self.network.now_s
        self.at_first = frozenset(obj["metadata"]["uid"] for obj in self.stored_objects())
        tested = {process.name for process in self.foreign()}
        self.begun_with_work = any(change.component in tested for change in self.history.changes)

    def make_store(self) -> MemoryStore:
        store = super().make_store()
        if self._guests is not None:
            store.begin_at(self._guests.revision + GAP)
        return store

    def make_fabric(self) -> AskingFabric:
        return AskingFabric(self)

    def random_of(self, server: int) -> random.Random:
        """Whoever has waited knows the uids of the world before."""
        after = "" if self._guests is None else f"/after {self._guests.revision}"
        return random.Random(f"{self.seed}{after}/apiserver-{server}")

    def welcome(self, name: str) -> Guest | None:
        """The process of this name that has waited for this world, if one has."""
        return None if self._guests is None else self._guests.by_name.pop(name, None)

    def server_now(self) -> datetime:
        """The servers' clock."""
        return self._server_now()

    def foreign(self) -> list[ForeignProcess]:
        """Processes under test, retired ones included."""
        return [process for process in getattr(self, "processes", []) if isinstance(process, ForeignProcess)]

    def make_process(self, program: Program) -> Process:
        if program.command is None:
            return super().make_process(program)
        return ForeignProcess(self, program.name, program.command, instance=program.instance, overlap=program.overlap)

    def run_user(self, work: Callable[[Any], Any], *, limit_s: float = ACTION_S) -> Any:
        """What a webhook does not let users do, they leave: the action did nothing."""
        try:
            return super().run_user(work, limit_s=limit_s)
        except ApiError as error:
            if not comes_from_a_webhook(error):
                raise
            return False

    # ------------------------------------------------------------------------------------------------------ coming up

    def _wait_until_up(self) -> None:
        while not self.all_ready():
            self.run(self.network.now_s + 2 * POLL_S)
            for process in self.foreign():
                self._refuse_a_bad_start(process)

    def all_ready(self) -> bool:
        """Does every process that is to live have its watches open (or had the time that it asks for)?"""
        ready = [self._is_ready(process) for process in self.foreign() if not process.retired]
        return all(ready)

    def _is_ready(self, process: ForeignProcess) -> bool:
        life, now_s = process.life, self.network.now_s
        if life is None:
            return False
        if process.ready_since_s is not None:
            return True
        if process.command.ready_after_s is not None:
            ready = now_s - process.began_s >= process.command.ready_after_s
        else:
            opened = [stream for stream in self.fabric.stream_log if stream.life is life]
            expected = process.expected_streams
            quiet = bool(opened) and now_s - opened[-1].opened_s >= QUIET_OPEN_S
            if expected is None:
                ready = quiet
            else:  # one that has waited for this world: nobody need wait for more watches than it had
                ready = len(life.streams) >= expected or (quiet and now_s - process.began_s > RECONNECTED_S)
        if ready:
            process.ready_since_s = now_s
            process.was_ready = True
        return ready

    def _refuse_a_bad_start(self, process: ForeignProcess) -> None:
        if process.exits:
            raise AdapterError(
                f"{process.name} ended before its watches were open, in fair weather: {process.how}. "
                "Try the command by itself: `seatrial serve --kubeconfig-out FILE`, then with KUBECONFIG=FILE"
            )
        if process.ready_since_s is None and self.network.now_s - process.began_s > READY_WITHIN_S:
            raise AdapterError(
                f"{process.name} has opened no watch within {READY_WITHIN_S:.0f} s. It has to find the API server "
                "through the file that KUBECONFIG names; if it needs no watch, or longer, say when it is ready "
                f"(ready_after_s, --ready-after). It printed last: {process.last_line or 'nothing'}"
            )

    # -------------------------------------------------------------------------------------------------------- running

    def run(self, until_s: float, *, deliveries_max: int = DELIVERIES_MAX, once: int | None = None) -> int:
        """Deliver what is due until `until_s`, each entry when its time has come. Sockets are heard all the while."""
        network, clock = self.network, self.kernel.clock
        kernel: Any = self.kernel
        origin_wall_s = time.monotonic() - network.now_s
        count = 0
        while True:
            wall_s = time.monotonic() - origin_wall_s
            self._look_after_processes()
            due_by_s = min(until_s, wall_s)
            entry = network.next(min(due_by_s, clock.next_deadline_s))
            if entry is None and clock.next_deadline_s > due_by_s:
                if wall_s >= until_s:
                    break
                self._advance(due_by_s)
                next_s = min(until_s, clock.next_deadline_s, network.next_due_s() or math.inf)
                events = kernel.listen(min(next_s - wall_s, POLL_S))
                self._advance(min(until_s, time.monotonic() - origin_wall_s))
                kernel.hear(events)
            else:
                if entry is None:
                    self._advance(clock.next_deadline_s)
                else:
                    clock.now_s = network.now_s
                    entry.action()
                kernel.pump()
                count += 1
            BEAT.count += 1
            if BEAT.interrupts:
                BEAT.raise_interrupt()
            if self.fatal is not None:
                raise self.fatal
            if once is not None and count >= once:
                break
            if count > deliveries_max:
                self.deliveries += count
                raise Exhausted(f"{count} deliveries without coming to rest")
        if once is None and until_s < math.inf:
            self._advance(until_s)
        self.deliveries += count
        return count

    def _advance(self, now_s: float) -> None:
        self.network.now_s = max(self.network.now_s, now_s)
        self.kernel.clock.now_s = self.network.now_s

    def _look_after_processes(self) -> None:
        for process in self.foreign():
            ended = process.look()
            if ended is not None:
                self._ended_by_itself(process, ended[1])

    def _ended_by_itself(self, process: ForeignProcess, code: int) -> None:
        """It ended, and is started again. Who ends in fair weather, or by a signal that nobody sent, has crashed."""
        assert process.running is not None
        how = f"ended by signal {-code}" if code < 0 else f"exited with code {code}"
        last = process.last_line
        process.how = f"{how}, its last words: {last}" if last else how
        if process.running.left_children:
            self.warnings[
                f"{process.name} left processes behind when it ended; those of its process group were killed"
            ] = None
        crashed = code < 0 or not self.weather.fired or _is_panic(process.running.tail())
        if not crashed:
            self.warnings[f"{process.name} ended by itself in the weather, and was started again: {process.how}"] = None
        process.exits += 1
        incarnation = process.incarnation
        process.end_life()
        step = self.trace.add(
            self.network.now_s,
            "crash",
            process.name,
            caused_by=(self.cause,) if self.cause >= 0 else (),
            data={"incarnation": incarnation, "panic" if crashed else "exit": process.how},
        )
        self._restart_later(process, process.restart_delay_s(), step)
        if crashed and process.was_ready:
            process.panics.append(process.how)
            self.judge.panicked(process, process.how)

    # ---------------------------------------------------------------------------------------------- a stale restart

    def catch_up_later(self, process: Process, lag_s: float, recover: Callable[[], None]) -> None:
        """Not before the process has been restarted and has listed: an interpreter takes longer to start than weather
        lasts here, and a replica that is behind for no longer than that shows nobody the past."""
        if not isinstance(process, ForeignProcess):  # a built-in component starts at once
            super().catch_up_later(process, lag_s, recover)
            return
        due_s, before = self.network.now_s + lag_s, process.incarnation
        self._travelling[process.name] = None

        def look() -> None:
            arrived = process.incarnation > before and self._is_ready(process)
            if arrived and self.network.now_s >= max(due_s, (process.ready_since_s or 0.0) + ARRIVED_S):
                self._travelling.pop(process.name, None)
                recover()
            elif process.name in self._travelling:
                self.network.call_at(self.network.now_s + QUIET_OPEN_S, look)

        self.network.call_at(due_s, look)

    def heal(self) -> None:
        """What has begun to restart at an older replica does so first: users here do not wait for so long."""
        self.weather.disarm()
        limit_s = self.network.now_s + READY_WITHIN_S
        while self._travelling and self.network.now_s < limit_s:
            self.run(self.network.now_s + 2 * POLL_S)
        self._travelling.clear()
        super().heal()

    # --------------------------------------------------------------------------------------------------------- ending

    def close(self) -> None:
        for process in self._ending():
            if process.life is not None and process.running is not None:
                process.running.kill()
                process.note_output()
                process.life.dead = True
        super().close()
        self._kill_all()

    def _ending(self) -> list[ForeignProcess]:
        staying = self.staying.by_name if self.staying is not None else ()
        return [process for process in self.foreign() if process.name not in staying]

    def _kill_all(self) -> None:
        for process in self._ending():
            if process.running is not None:
                process.running.kill()
        if self._guests is not None:
            for guest in self._guests.by_name.values():  # nobody has asked for them
                guest.running.kill()
                guest.listener.close()
        if self.staying is None:
            for folder in self.folders:
                shutil.rmtree(folder, ignore_errors=True)


def _is_panic(lines: list[str]) -> bool:
    """Go's runtime says so itself."""
    return any(line.startswith(("panic: ", "fatal error: ")) for line in lines)
