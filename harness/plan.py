"""What a trial starts: programs under test and built-in ones, set-up objects, properties, faults.

Worked out once per trial; every world of it is built from the same plan.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from harness import registry
from harness.command import Process as Command
from harness.contract import Fault, Property
from harness.errors import UsageError
from harness.process import EPOCH, Factory, build
from harness.trial import Trial
from harness.workload import setup_objects
from reference_impl.builtin_kinds import CONTROLLER_OF
from reference_impl.environment import Environment, Heartbeat
from reference_impl.objects import group_of
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Controller

ALWAYS = ("garbage-collector", "namespace")
"""Run whenever built-ins run at all: every object has owners and a namespace."""

NEEDS = {("", "Pod"): ("node-lifecycle",)}
"""What a kind needs beyond the controllers that act on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One process to start."""

    name: str
    factory: Factory | None
    under_test: bool = False
    instance: int = 0
    overlap: bool = False
    command: Command | None = None
    """Of a foreign process: what is run in place of a factory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """See the module."""

    trial: Trial
    programs: tuple[Program, ...]
    built_ins: tuple[str, ...]
    setup_objects: tuple[JsonObject, ...]
    properties: tuple[Property, ...]
    faults: tuple[Fault, ...]
    gc_kinds: tuple[tuple[str, str], ...] = ()
    room: Any = field(default=None, compare=False)
    """Where processes wait between examples (`foreign/waiting_room.py`); None: each example starts its own."""

    @property
    def name(self) -> str:
        """The trial's name: its controllers'."""
        return self.trial.name


class _NoTransport:
    async def request(self, *_: Any) -> Any:
        raise AssertionError("a factory is synchronous and cannot send")

    watch = external = request


class _StillClock:
    def now(self) -> Any:
        return EPOCH

    def monotonic_s(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("a factory is synchronous and cannot sleep")

    def call_later(self, seconds: float, callback: Any, *, heartbeat: Heartbeat = False) -> Any:
        raise UsageError("a factory must not start timers: do that in run() or reconcile()")


def name_and_overlap(factory: Factory) -> tuple[str, bool]:
    """A program's name (its only controller's, else the factory's) and whether it may run twice at once.

    Calls the factory once, with a client that cannot reach anything. Raises UsageError if it does not give components.
    """
    environment = Environment(
        name="rehearsal",
        transport=_NoTransport(),
        clock=_StillClock(),
        random=random.Random(0),
    )
    parts = build(factory, Client(environment))
    overlap = any(isinstance(part, Controller) and (part.overlap or part.leader_election) for part in parts)
    name = parts[0].name if len(parts) == 1 else getattr(factory, "__name__", parts[0].name)
    return str(name), overlap


def make_plan(trial: Trial, built_ins: Sequence[str], gc_kinds: Sequence[tuple[str, str]] = ()) -> Plan:
    """The plan of a trial with these built-in components. Raises UsageError."""
    programs: list[Program] = []
    taken: dict[str, int] = {}
    for factory in trial.factories:
        name, overlap = name_and_overlap(factory)
        if name in taken or name == "user":
            taken[name] = taken.get(name, 0) + 1
            name = f"{name}-{getattr(factory, '__name__', taken[name])}"
        taken[name] = 1
        for instance in range(trial.instances):
            programs.append(
                Program(
                    name=f"{name}-{instance}" if instance else name,
                    factory=factory,
                    under_test=True,
                    instance=instance,
                    overlap=overlap or trial.instances > 1,
                )
            )
    programs.extend(_foreign(trial))
    listed = {id(factory) for factory in trial.factories}
    for name in built_ins:
        programs.extend(
            program
            for program in _built_in(name, trial)
            if id(program.factory) not in listed and program.name not in taken
        )
    return Plan(
        trial=trial,
        programs=tuple(programs),
        built_ins=tuple(built_ins),
        setup_objects=tuple(setup_objects(trial)),
        properties=tuple(p for p in trial.property_objects if p.applies(trial) and _can_be_judged(p, trial)),
        faults=faults_of(trial),
        gc_kinds=tuple(gc_kinds),
    )


def _foreign(trial: Trial) -> list[Program]:
    """Programs for the processes of a trial, each instance one."""
    found: list[Program] = []
    taken = {"user": 1}
    for command in trial.processes:
        name = command.called
        taken[name] = number = taken.get(name, 0) + 1
        if number > 1:
            name = f"{name}-process-{number}"
        instances = max(trial.instances, command.instances)
        for instance in range(instances):
            found.append(
                Program(
                    name=f"{name}-{instance}" if instance else name,
                    factory=None,
                    under_test=True,
                    instance=instance,
                    overlap=instances > 1,
                    command=command,
                )
            )
    return found


def _built_in(name: str, trial: Trial) -> list[Program]:
    from reference_impl.controllers import CONTROLLERS
    from reference_impl.kubelet import kubelet
    from reference_impl.scheduler import scheduler

    if name == "kubelet":
        return [Program(name=f"kubelet-node-{index}", factory=kubelet(f"node-{index}")) for index in range(trial.nodes)]
    if name == "scheduler":
        return [Program(name="scheduler", factory=scheduler)]
    return [Program(name=name, factory=CONTROLLERS[name])]


def faults_of(trial: Trial) -> tuple[Fault, ...]:
    """The fault kinds that this trial's weather may have.

    Profile `kubernetes`: what is legal and obliged. `hostile`: all. Named kinds count whatever the profile says of
    obligation, but never what is not legal under `kubernetes`. Opt-in kinds only when they are named, or when the trial
    promises to repair (`Trial(repairs=...)`) what they break.
    """
    chosen = []
    for fault in registry.faults():
        named = trial.faults is not None and fault.name in trial.faults
        if trial.faults is not None and not named:
            continue
        if fault.name in trial.no_faults:
            continue
        if trial.processes and getattr(fault, "native_only", False):
            if named:
                raise UsageError(
                    f"fault {fault.name!r} strikes inside a controller, where that of a process cannot be reached: "
                    "leave it out, or name another"
                )
            continue
        if trial.profile == "kubernetes" and not fault.legal:
            if named:
                raise UsageError(
                    f"fault {fault.name!r} is not legal in Kubernetes, so profile 'kubernetes' cannot have it: "
                    "use profile='hostile'"
                )
            continue
        promised = bool(trial.repairs) and getattr(fault, "on_repairs", False)
        if getattr(fault, "opt_in", False) and not named and not promised:
            continue
        if trial.profile == "kubernetes" and not fault.obliged and not named and not promised:
            continue
        chosen.append(fault)
    return tuple(chosen)


def _can_be_judged(claim: Property, trial: Trial) -> bool:
    """Of a foreign process only the server's side is seen: what it has read, knows and has cached is not."""
    return not trial.processes or getattr(claim, "server_side", False)


def built_ins_for(trial: Trial, kinds: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Which built-in components a trial with these kinds gets, under its `built_ins` setting."""
    from harness.trial import built_in_names

    everything = built_in_names()
    if trial.built_ins == "all":
        return everything
    if trial.built_ins == "none":
        return ()
    if not isinstance(trial.built_ins, str):
        return tuple(name for name in everything if name in trial.built_ins)
    wanted: dict[str, None] = dict.fromkeys(ALWAYS)
    for api_version, kind in kinds:
        group_kind = (group_of(api_version), kind)
        if group_kind != ("", "Node"):  # Nodes come from kubelets, and those with Pods
            wanted.update(dict.fromkeys((*CONTROLLER_OF.get(group_kind, ()), *NEEDS.get(group_kind, ()))))
    return tuple(name for name in everything if name in wanted)
