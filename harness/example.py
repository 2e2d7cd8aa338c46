"""One example: a world, what users did in it, which weather struck, and the judgement at the end.

Everybody who decides (state machine, replay, shrinker, fair weather) drives an `Example` the same way: arm faults, let
the user act, finish. What it recorded is a schedule.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from harness.actions import describe, plain
from harness.errors import UsageError
from harness.fair_weather_reference import Reference
from harness.foreign.tidy import leave_behind
from harness.foreign.world import RealTimeWorld
from harness.judge import Found
from harness.kept import KeptRecorder, note_the_end
from harness.patience import judge_foreign
from harness.plan import Plan
from harness.recorder import Recorder
from harness.settle import SILENCE_FAIR_S, SILENCE_LONG_S, SILENCE_SHORT_S, settle
from harness.unheard import lives_that_missed_a_child, resync
from harness.user import perform
from harness.weather import Action, Armed, armed_from
from harness.world import ACTION_S, Exhausted, World
from reference_impl.errors import ApiError
from reference_impl.objects import sorted_json

PROGRAM_S = 3600.0
"""Virtual seconds that a trial's own workload may take (arbitrary)."""

ELECTION_S = 20.0
"""Longer than a leader's lease: after a restart nobody may act before the old lease has run out."""


class Example:
    """See the module. Close it on every path.

    Args:
        reference: what fair weather agrees on for what users are going to do. Needed during the storm already: what
            is required must not be deleted.
        weather: recorded actions to arm. Late messages among them may be of the time when the plane comes up.
        kept: its trace will be read by somebody: write down more (`kept.py`).
        fresh: a process on trial is one that has seen no other example; so it is in what is kept.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        salt: int = 0,
        seed: int | None = None,
        kernel: str = "direct",
        judging: bool = True,
        reference: Reference | None = None,
        weather: Sequence[Action] = (),
        kept: bool = False,
        fresh: bool = False,
    ) -> None:
        self.plan = plan
        self.kept = kept
        self.salt = salt
        early, rest = _split(self._armed(weather))
        self.content = False
        """It came to rest, and nothing was found wrong in it."""
        options: dict[str, Any] = {
            "salt": salt,
            "seed": seed,
            "kernel": kernel,
            "judging": judging,
            "early": early,
            "scribe": KeptRecorder if kept else Recorder,
        }
        # What is reported is of processes that have seen nothing else.
        self._room = None if kept or fresh else plan.room
        self.world: World
        if plan.trial.processes:
            guests = self._room.take() if self._room is not None else None
            world = self.world = RealTimeWorld(plan, guests=guests, **options)
            if self._room is not None:
                self._room.note(world.up_after_s, started=guests is None)
        else:
            self.world = World(plan, **options)
        for armed in rest:
            self.arm(armed)
        self.world.reference = reference
        self.workload: list[Action] = []
        self.passed_s = 0.0
        """So long users have waited for nothing but weather."""
        self.exhausted = False
        self.rested = False
        self.restless = False
        """It was waited for rest, in vain."""
        self.closed = False
        self._unheard_of = False
        """A test's own rule wrote what no workload action can say."""

    # ---------------------------------------------------------------------------------------------------- the storm

    def arm(self, armed: Armed) -> None:
        self.world.weather.arm(armed)

    def _armed(self, weather: Sequence[Action]) -> list[Armed]:
        """Of recorded actions. Kinds that are not installed were refused when the schedule was read."""
        from harness import registry

        faults = {fault.name: fault for fault in registry.faults()} if weather else {}
        return [
            armed_from(action, faults[action["do"]], index, self.plan.trial.seed)
            for index, action in enumerate(weather)
        ]

    def act(self, action: Action) -> bool:
        """A user acts, and time passes until the next action: a second, or `in_flight` deliveries, or until rest.

        False if the object is gone: then nobody did anything but ask and wait, which is recorded as a `moot` action,
        because the asking and the waiting belong to the schedule. The shrinker drops what does not matter.
        """
        world = self.world
        action = sorted_json(action)  # as a schedule file gives it back: same schedule, same bytes
        world.weather.strike_moment(world.step)
        world.cause = world.trace.add(
            world.network.now_s, "workload", "user", data={"action": action, "sentence": describe(action)}
        )
        wanted = plain(action)
        done = self._program() if wanted["do"] == "program" else self._perform(wanted)
        spaced = {key: value for key, value in action.items() if key != "moot"}
        self.workload.append(spaced if done else {**spaced, "moot": True})
        world.step += 1
        if done and wanted["do"] != "sleep":
            world.actions_done += 1
        if not done and not action.get("moot"):
            world.reference = None  # it speaks of a workload that users did not carry out
        try:
            if "in_flight" in action:
                for _ in range(action["in_flight"]):
                    if not world.network.messages:
                        break
                    world.run(world.network.now_s, once=1)
            elif action.get("settle"):
                settle(world, SILENCE_FAIR_S)
            else:
                world.run(world.network.now_s + world.step_s)
        except Exhausted:
            self.exhausted = True
        return done

    def _perform(self, wanted: Action) -> bool:
        """Beside what it is told to take, an action takes no longer than patience with refusals lasts."""
        takes_s = float(wanted.get("seconds") or wanted.get("timeout_s") or 0.0)
        return bool(self.world.run_user(partial(perform, wanted), limit_s=ACTION_S + takes_s))

    def _program(self) -> bool:
        """The trial's own `async def workload(user)`, from beginning to end; False if the weather made it give up."""
        program = self.plan.trial.workload
        if not callable(program):
            raise UsageError('the action {"do": "program"} runs Trial(workload=...), which is no function here')
        try:
            self.world.run_user(program, limit_s=PROGRAM_S)
        except ApiError:
            return False
        return True

    def note(self, action: Action | None) -> None:
        """A test's own rule had the user do this, which is as good as an action of the workload. None: as good as
        none, so that fair weather cannot be asked."""
        world = self.world
        world.reference = None  # it speaks of a workload without this
        if action is None:
            self._unheard_of = True
            return
        self.workload.append(sorted_json(action))
        world.step += 1
        world.actions_done += 1

    def pass_time(self, seconds: float) -> None:
        """Nobody does anything for a while. Recorded, because weather may be anchored to it."""
        self.passed_s += seconds
        self.act({"do": "sleep", "seconds": seconds})

    # ------------------------------------------------------------------------------------------------- the judgement

    def finish(self, reference: Reference | None) -> None:
        """Strike what is left, heal, wait for rest, judge; then look for idempotence. Stops at the first violation."""
        world, judge = self.world, self.world.judge
        world.assert_unmutated()
        world.weather.strike_moment(world.step)
        world.reference = None if self._unheard_of else reference
        world.heal()
        if isinstance(world, RealTimeWorld):
            self.rested = not self.exhausted and judge_foreign(world, told=self.kept or reference is None)
            self.restless = not self.rested
            self.content = self.rested and not judge.violations
            return
        self.rested = not self.exhausted and self._come_to_rest()
        if not self.rested:
            self.restless = True
            world.phase = "end"
            judge.at_rest("end")
            return
        self._judge("rest")
        dead = [process for process in world.processes if not process.alive and not process.retired]
        if dead and not judge.violations:
            for process in dead:
                world.restart(process)
            self.rested = self._come_to_rest()
            self.restless = not self.rested
            self._judge("restarted" if self.rested else "end")
        if not judge.violations and self.rested and any(claim.name == "idempotent" for claim in self.plan.properties):
            self._look_for_idempotence()

    def _come_to_rest(self) -> bool:
        """Wait for rest, and wake those who cannot know that something is missing (`unheard.py`)."""
        world = self.world
        if not settle(world, SILENCE_LONG_S):
            return False
        unaware = lives_that_missed_a_child(world)
        if not unaware:
            return True
        world.trace.add(world.network.now_s, "settle", data={"phase": "resynced"})
        for life in unaware:
            resync(life)
        world.kernel.pump()
        return settle(world, SILENCE_LONG_S)

    def _judge(self, phase: str) -> None:
        world = self.world
        world.phase = phase
        world.at_rest = phase != "end"
        world.trace.add(world.network.now_s, "settle", data={"phase": phase})
        world.judge.at_rest(phase)
        world.at_rest = False

    def _look_for_idempotence(self) -> None:
        """Resync every key, relist every informer, restart the controllers under test: nothing may be written."""
        world = self.world
        for phase, disturb in (("resync", self._resync), ("relist", self._relist), ("restart", self._restart)):
            world.pass_began = len(world.history.changes)
            disturb()
            elects = phase == "restart" and any(process.elects for process in world.processes)
            if not settle(world, ELECTION_S if elects else SILENCE_SHORT_S):
                phase = "end"
                self.restless = True
            self._judge(phase)
            if world.judge.violations or phase == "end":
                return

    def _resync(self) -> None:
        for process in self._under_test():
            resync(process.life)
        self.world.kernel.pump()

    def _relist(self) -> None:
        for process in self._under_test():
            assert process.life is not None
            for informer in _informers(process):
                process.life.context.run(informer.relist)
        self.world.kernel.pump()

    def _restart(self) -> None:
        for process in self._under_test():
            self.world.crash(process, None)
        self.world.kernel.pump()
        for process in [p for p in self.world.processes if p.under_test and not p.retired]:
            self.world.restart(process)
        self.world.kernel.pump()

    def _under_test(self) -> list[Any]:
        return [process for process in self.world.processes if process.under_test and process.alive]

    # ------------------------------------------------------------------------------------------------- what came of it

    @property
    def violations(self) -> list[Found]:
        return self.world.judge.violations

    @property
    def weather(self) -> list[Action]:
        """What fired, exactly anchored."""
        return self.world.weather.fired

    @property
    def late(self) -> list[Action]:
        """What the salt made late: `latency` actions that do the same under salt 0."""
        return self.world.weather.late

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        world = self.world
        staying = None
        try:
            if self._room is not None and self._room.is_worth_it and self.content and isinstance(world, RealTimeWorld):
                staying = world.staying = leave_behind(world)
        finally:
            world.close()
        if self._room is not None and staying is not None:
            self._room.put(staying)

    def __enter__(self) -> "Example":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def _informers(process: Any) -> list[Any]:
    return [i for i in process.life.client.informers.all() if i.synced]


def _split(weather: Sequence[Armed]) -> tuple[list[Armed], list[Armed]]:
    """(late messages that may be of the time when the plane comes up, the rest). What is not anchored exactly is meant
    for later: otherwise it would strike the first message of its kind, which is some informer's."""
    early = [armed.fault.name == "latency" and armed.nth is not None for armed in weather]
    return (
        [armed for armed, is_early in zip(weather, early, strict=True) if is_early],
        [armed for armed, is_early in zip(weather, early, strict=True) if not is_early],
    )


def run_schedule(
    plan: Plan,
    workload: Sequence[Action],
    weather: Sequence[Action],
    *,
    salt: int = 0,
    reference: Reference | None = None,
    kernel: str = "direct",
    watch_for_mutation: bool = False,
    kept: bool = False,
    fresh: bool = False,
    prepare: Callable[[Example], None] | None = None,
) -> Example:
    """Execute a whole schedule and judge it. The example is closed; its world, trace and findings can still be read.

    `watch_for_mutation` also makes sure that nobody changed a shared object in place (costs a tenth more).
    `prepare` is shown the example before the first action, to arm what no file can hold yet.
    """
    example = Example(plan, salt=salt, kernel=kernel, reference=reference, weather=weather, kept=kept, fresh=fresh)
    try:
        if watch_for_mutation:
            example.world.watch_for_mutation()
        if prepare is not None:
            prepare(example)
        for action in workload:
            if example.violations or example.exhausted:
                break
            example.act(action)
        if not example.violations:
            example.finish(reference)
            if kept and example.violations:
                note_the_end(example.world)
    finally:
        example.close()
    return example
