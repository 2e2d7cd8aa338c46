"""The trial that speed is measured on, and a driver that decides like the state machine but draws from a seed.

3 ReplicaSets of 3 pods, 6 processes (ReplicaSet controller, scheduler, two kubelets, garbage collector, namespace
controller), 30 steps an example. The driver calls the rules of the very state machine that Hypothesis drives, so that
the two figures differ in nothing but who draws.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness.machine import BUDGETS, CALM_IN, ControlPlaneMachine, PropertyViolated
from harness.session import Session
from harness.trial import Trial
from harness.world import World

STEPS = 30
_BUILT_INS = ("replicaset", "scheduler", "kubelet", "garbage-collector", "namespace")


def trial() -> Trial:
    """The trial that all speed figures are about."""
    return Trial([], [_replicaset(name) for name in ("one", "two", "three")], built_ins=_BUILT_INS, max_steps=STEPS)


def _replicaset(name: str) -> dict[str, Any]:
    labels = {"app": name}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "image:1"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"replicas": 3, "selector": {"matchLabels": labels}, "template": pod},
    }


class Driver:
    """Runs examples of one session, deciding from a seed. A violation ends its example and is counted, not raised."""

    def __init__(self, given: Trial, seed: int = 0) -> None:
        self.session = session = Session(given)
        self.violations = 0
        self._random = random.Random(seed)

        class Driven(ControlPlaneMachine):
            trial = session.trial

        Driven.session = session
        self._machine: type[Any] = Driven
        self._rules = ["users_act", *(f"weather_{fault.name}" for fault in session.faults)]

    def example(self) -> None:
        """One example, from the first user action to the judgement."""
        machine = self._machine()
        try:
            self._decide(machine)
            machine.teardown()
        except PropertyViolated:
            self.violations += 1
            machine.teardown()

    def _decide(self, machine: Any) -> None:
        draw = self._random.randrange
        machine.begin(
            workload=draw(1 << 16),
            salt=draw(1 << 16),
            calm=draw(CALM_IN),
            budget=draw(len(BUDGETS)),
            first=draw(1 << 16),
        )
        for _ in range(STEPS):
            name = self._rules[draw(len(self._rules))]
            rule = getattr(machine, name)
            if name == "users_act":
                rule(window=draw(32))
            else:
                rule(target_=draw(1 << 12), skip=draw(16), seed=draw(1 << 20), window=draw(32))


@contextmanager
def counted_events() -> Iterator[list[int]]:
    """How many watch events changed an informer's cache, for each world that ends in here, fair weather included."""
    counts: list[int] = []
    close = World.close

    def closing(world: World) -> None:
        close(world)
        counts.append(events_of(world))

    World.close = closing  # type: ignore[method-assign]
    try:
        yield counts
    finally:
        World.close = close  # type: ignore[method-assign]


def events_of(world: World) -> int:
    """Delivered watch events that tell of an effective commit: no heartbeats (Leases, Node status), no bookmarks."""
    events = world.trace.events
    return sum(
        1
        for event in events
        if event.kind == "event" and event.caused_by and events[event.caused_by[0]].data.get("effective")
    )
