"""What all examples of one trial share: the plan, the dry_run, fair-weather references, the workloads, the targets.

Made once per `check`; deciders (state machine, replay, shrinker) draw on it.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from harness.contract import Fault, Message, Moment
from harness.example import Example, run_schedule
from harness.fair_weather import DryRun, FairWeather, dry_run, learn
from harness.foreign.waiting_room import WaitingRoom
from harness.judge import Found
from harness.trial import Known, Trial
from harness.weather import Action, Armed, Drawing
from harness.workload import WorkloadPool, beginning

POOL_SIZE = 24
POOL_LENGTH = 8
"""So many different workloads, each of at most so many user actions after the manifests: enough for variety, few enough
that their fair-weather references are soon all cached (measured: docs/performance.md)."""

POOL_FOREIGN = (3, 3)
"""The same where time is real, and the fair-weather runs of a workload cost some 10 s (arbitrary)."""

USUAL_WEIGHT = 3
"""How much likelier a message that comes in every example is struck than one that only some workloads have
(arbitrary)."""
LESSONS = 8
"""Workloads of the pool that are run in fair weather beforehand, to see which messages there are (the simple ones)."""


OFTEN = ("crash", "stale_read", "time_travel", "watch_gap")
"""Kinds that an example begins with twice as often: the patterns of the bugs that Sieve (OSDI'22) set out to find:
intermediate states, stale states, unobserved states."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a fault of some kind can strike: messages of one sort, or (phase "step") a moment."""

    phase: str
    component: str | None = None
    verb: str | None = None
    kind: str | None = None


@dataclass(slots=True, kw_only=True)
class Finding:
    """A failing example, as it was found: enough to run it again, with what a salt did written out."""

    workload: list[Action]
    weather: list[Action]
    found: list[Found]


@dataclass(slots=True)
class Tally:
    """Counts over all examples of a search."""

    examples: int = 0
    restless: int = 0
    """Examples that did not come to rest, and in which nothing was found violated."""
    virtual_s: float = 0.0
    fired: dict[str, int] = field(default_factory=dict)
    judged: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, None] = field(default_factory=dict)

    def add(self, example: Example) -> None:
        """Take in what one example saw."""
        world = example.world
        self.examples += 1
        self.virtual_s += world.network.now_s
        self.restless += example.restless and not example.violations
        for name, count in world.weather.fired_counts.items():
            self.fired[name] = self.fired.get(name, 0) + count
        for name, count in world.judge.judged.items():
            self.judged[name] = self.judged.get(name, 0) + count
        self.unknown.update(world.judge.unknown)
        self.warnings.update(world.judge.warnings)
        self.warnings.update(world.warnings)

    def merge(self, other: "Tally") -> None:
        """Take in what another search, or a part of this one in another process, saw."""
        self.examples += other.examples
        self.virtual_s += other.virtual_s
        self.restless += other.restless
        for mine, theirs in ((self.fired, other.fired), (self.judged, other.judged)):
            for name, count in theirs.items():
                mine[name] = mine.get(name, 0) + count
        self.unknown.update(other.unknown)
        self.warnings.update(other.warnings)


def accepts(known: Known, found: Found) -> bool:
    """Is this violation one that the user has accepted?"""
    return known.property == found.name and known.kind in ("", "*", found.kind)


class Session:
    """See the module. Raises UsageError if the controllers cannot be started.

    Args:
        fresh: of a trial of processes: no example uses one that another has used. Close it, or one may stay.
        drawing: examples will be drawn, of workloads and targets. A replay draws none: of a trial of processes, where
            each fair-weather run costs seconds, it need not learn what there is to draw from, nor what is wrong
            without weather.
    """

    def __init__(self, trial: Trial, *, fresh: bool = False, drawing: bool = True) -> None:
        has_room = trial.processes and not fresh and getattr(trial.plane, "store", None) is None
        judging = drawing or not trial.processes
        self.dry_run: DryRun = dry_run(trial, WaitingRoom() if has_room else None, judging=judging)
        self.trial = self.dry_run.plan.trial
        self.workloads = self._workloads()
        if not self.dry_run.example.violations and not self.trial.processes:
            self.dry_run = learn(self.dry_run, self.workloads[1:LESSONS])
        self.plan = self.dry_run.plan
        self.trial = self.plan.trial
        self.fair_weather = FairWeather(self.plan)
        if self.trial.processes and drawing and not self.dry_run.example.violations:
            self._learn_from_references()
        self.tally = Tally()
        self.findings: list[Finding] = []
        self.accepted: dict[Known, int] = {}
        """Violations that the trial's `ignore` took in."""
        self._targets: dict[str, list[Target]] = {}
        self._tested_targets: dict[str, list[Target]] = {}
        self.failure: BaseException | None = None
        """What went wrong in the harness itself. Hypothesis may call it flaky, so it is kept here."""
        self.latency = any(fault.name == "latency" for fault in self.plan.faults)
        self.faults = [fault for fault in self.plan.faults if self.targets(fault)]
        self.likely = [fault for fault in self.faults for _ in range(2 if fault.name in OFTEN else 1)]
        """The same, as often as an example begins with them."""

    def close(self) -> None:
        """End processes that wait for another example. Idempotent."""
        if self.plan.room is not None:
            self.plan.room.close()

    def _learn_from_references(self) -> None:
        """In real time runs are dear: those that find out how workloads end also show which messages there are."""
        self.fair_weather.samples = self.dry_run.samples
        for workload in self.workloads:
            self.fair_weather.reference(workload)
        self.fair_weather.samples = None

    def _workloads(self) -> list[list[Action]]:
        first = beginning(self.trial)
        if self.trial.workload is not None:
            return [first]
        size = POOL_FOREIGN if self.trial.processes else (POOL_SIZE, POOL_LENGTH)
        return [[*first, *further] for further in WorkloadPool(self.trial, self.trial.seed, *size).workloads]

    def unaccepted(self, violations: Sequence[Found]) -> list[Found]:
        """Those that the trial does not know and accept (`Trial(ignore=...)`); what is accepted is counted."""
        left = []
        for found in violations:
            known = next((k for k in self.trial.ignore if accepts(k, found)), None)
            if known is None:
                left.append(found)
            else:
                self.accepted[known] = self.accepted.get(known, 0) + 1
        return left

    def targets(self, fault: Fault) -> list[Target]:
        """Where this kind can strike, as far as fair weather has shown; those of controllers under test first."""
        known = self._targets.get(fault.name)
        if known is None:
            known = self._targets[fault.name] = self._find_targets(fault)
        return known

    def _find_targets(self, fault: Fault) -> list[Target]:
        found = []
        for key, message in self.dry_run.samples.items():
            if _applies(fault, message):
                phase, component, verb, kind = key
                target = Target(phase=phase, component=component, verb=verb, kind=kind)
                found += [(not message.under_test, target)] * (USUAL_WEIGHT if key in self.dry_run.usual else 1)
        found.sort(key=lambda pair: pair[0])
        targets = [target for _, target in found]
        if _applies(fault, Moment(step=0, time_s=0.0, plane=self.dry_run.example.world)):
            targets.append(Target(phase="step"))
        return targets

    def tested_targets(self, fault: Fault) -> list[Target]:
        """Those of `targets` that are messages of controllers under test."""
        known = self._tested_targets.get(fault.name)
        if known is None:
            tested = {program.name for program in self.plan.programs if program.under_test}
            known = [target for target in self.targets(fault) if target.component in tested]
            self._tested_targets[fault.name] = known
        return known

    def armed(self, fault: Fault, target: int, skip: int, seed: int) -> Armed | None:
        """The fault, waiting for one of its targets; three of four are messages of controllers under test. None: it has
        no target."""
        tested = self.tested_targets(fault)
        targets = tested if tested and target % 4 else self.targets(fault)
        if not targets:
            return None
        return armed_for(fault, targets[(target // 4) % len(targets)], skip, seed)

    def run(
        self,
        workload: Sequence[Action],
        weather: Sequence[Action],
        salt: int = 0,
        *,
        kernel: str = "direct",
        watch_for_mutation: bool = False,
        kept: bool = False,
        fresh: bool = False,
        prepare: Callable[[Example], None] | None = None,
    ) -> Example:
        """Execute a schedule and judge it against fair weather. `kept`: its trace will be read (`kept.py`)."""
        reference = self.fair_weather.reference(workload)
        return run_schedule(
            self.plan,
            workload,
            weather,
            salt=salt,
            reference=reference,
            kernel=kernel,
            watch_for_mutation=watch_for_mutation,
            kept=kept,
            fresh=fresh,
            prepare=prepare,
        )


def armed_for(fault: Fault, target: Target, skip: int, seed: int) -> Armed:
    """The fault, waiting for this target. Eleven of the sixteen values of `skip` skip nothing."""
    return Armed(
        fault=fault,
        phase=target.phase,
        component=target.component,
        verb=target.verb,
        kind=target.kind,
        skip=max(0, skip - 10),
        loosens=True,
        drawing=Drawing({}, random.Random(seed)),
    )


def _applies(fault: Fault, occasion: Message | Moment) -> bool:
    return fault.applies(occasion)
