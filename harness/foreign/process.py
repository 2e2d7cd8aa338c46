"""A foreign process in the place of a simulated one: the same lives, and real ones.

A crash is `kill -9` of its process group, a pause SIGSTOP, a restart a new process that knows nothing but what it keeps
outside. Its clock is its own: weather that bends clocks, or that acts inside a controller, does not reach it.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.command import Process as Command
from harness.foreign.door import Door
from harness.foreign.running import Running
from harness.process import Life, Process
from reference_impl.apiserver.http.kubeconfig import kubeconfig

if TYPE_CHECKING:
    from harness.foreign.world import RealTimeWorld

RESTART_FIRST_S = 0.2
RESTART_HIGH_S = 5.0
"""Shorter than a kubelet's back-off (10 s to 300 s), as all weather in real time."""


class ForeignProcess(Process):
    """See the module."""

    _paused = False
    running: Running | None = None
    """The present life's process, or the last one's."""
    door: Door | None = None

    def __init__(
        self, world: "RealTimeWorld", name: str, command: Command, *, instance: int = 0, overlap: bool = False
    ) -> None:
        super().__init__(world, name, _no_factory, under_test=True, instance=instance, overlap=overlap)
        self.command = command
        self.real_world = world
        self.ready_since_s: float | None = None
        """Since when its watches are open; None: not yet in this life."""
        self.began_s = 0.0
        self.how = ""
        """How it last ended by itself."""
        self.was_ready = False
        """It has been, in some life."""
        self.expected_streams: int | None = None
        """It is ready when it has so many watches open. None: nobody knows how many it will have."""

    @property
    def paused(self) -> bool:
        return self._paused

    @paused.setter
    def paused(self, value: bool) -> None:
        if value != self._paused and self.running is not None:
            if value:
                self.running.stop()
            else:
                self.running.go_on()
        self._paused = value

    def twin(self, name: str) -> Process:
        return ForeignProcess(self.real_world, name, self.command, instance=self.instance + 1, overlap=True)

    def start(self) -> None:
        """A new process. Raises AdapterError if the system cannot start it."""
        world = self.real_world
        life = self.begin_life()
        self.ready_since_s = None
        self.began_s = world.network.now_s
        guest = world.welcome(self.name) if self.incarnation == 0 else None
        if guest is not None:
            self.expected_streams = guest.streams
            self.door = Door(world, life, guest.listener)
            self.running = guest.running
            self.running.begin_anew()
            return
        self.expected_streams = None
        self.door = Door(world, life)
        config = self._file("kubeconfig")
        config.write_bytes(kubeconfig(self.door.url, token=None, authority=None))
        self.running = Running(self.command, config, self._file("output.txt"))

    def end_life(self) -> None:
        """`kill -9`, if it has not ended by itself. What it sent stays sent."""
        if self.running is not None:
            self.running.kill()
            self.note_output()
        if self.door is not None:
            self.door.close()
        super().end_life()

    def note_output(self) -> None:
        """The last lines of this life, for the report."""
        assert self.running is not None
        now_s = self.world.network.now_s
        self.running.heed(now_s)
        printed = self.running.printed()
        if printed:
            data = {"output": [line for _, line in printed], "printed_s": [time_s for time_s, _ in printed]}
            self.world.trace.add(now_s, "note", self.name, data=data)

    def restart_delay_s(self) -> float:
        return float(min(RESTART_FIRST_S * 2 ** max(0, self.exits - 1), RESTART_HIGH_S))

    @property
    def last_line(self) -> str:
        lines = [line.strip() for line in (self.running.tail() if self.running is not None else []) if line.strip()]
        return lines[-1] if lines else ""

    def look(self) -> tuple[Life, int] | None:
        """Has it ended by itself? Then its life and its exit code."""
        if self.life is None or self.running is None:
            return None
        self.running.heed(self.world.network.now_s)
        code = self.running.ended()
        return None if code is None else (self.life, code)

    def _file(self, name: str) -> Path:
        return self.real_world.folder / f"{self.name}-{self.incarnation}-{name}"


def _no_factory(_client: Any) -> Any:
    raise AssertionError("a foreign process has no factory")
