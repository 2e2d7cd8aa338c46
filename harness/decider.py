"""Decides whole examples from a seed: the state machine's rules, called without Hypothesis.

An example is a pure function of (the trial's seed, its number, its aim). It is drawn by the rules of
`ControlPlaneMachine`, out of a subset of the fault kinds (swarm testing, Groce et al., ISSTA 2012: what is switched off
cannot get in the way of the rest), and one fault more is armed at what it aims at.
"""

import random
from contextlib import suppress
from typing import Any

from harness.contract import Fault
from harness.example import Example
from harness.machine import BUDGETS, CALM_IN, ControlPlaneMachine, PropertyViolated
from harness.session import Session, Target
from harness.weather import Action

LIKELY_IN_SWARM = 0.5
"""Each fault kind is in an example's swarm with this probability, as in the paper."""


class Decider:
    """Runs examples of one session. A violation ends its example and is not raised."""

    def __init__(self, session: Session) -> None:
        self.session = session

        class Driven(ControlPlaneMachine):
            trial = session.trial

        Driven.session = session
        self._machine: type[Any] = Driven
        self._faults: dict[str, Fault] = {fault.name: fault for fault in session.faults}

    def run(self, number: int, aim: tuple[str, Target] | None = None) -> Example:
        """The example of this number, to its end. `aim`: a fault kind's name, and one of its targets."""
        machine = self._machine()
        try:
            with suppress(PropertyViolated):
                self._decide(machine, random.Random(f"{self.session.trial.seed}/{number}"), aim)
        finally:
            # It judges, unless something was found already or has gone wrong; and it closes the world.
            with suppress(PropertyViolated):
                machine.teardown()
            self.session.findings.clear()  # who wants them reads the example
        example: Example = machine._example
        return example

    def _decide(self, machine: Any, draw: random.Random, aim: tuple[str, Target] | None) -> None:
        session = self.session
        swarm = [fault for fault in session.faults if draw.random() < LIKELY_IN_SWARM] or session.faults
        names = {fault.name for fault in swarm}
        machine._likely = [fault for fault in session.likely if fault.name in names]
        machine.begin(
            workload=draw.randrange(1 << 16),
            salt=draw.randrange(1 << 16),
            calm=draw.randrange(CALM_IN),
            budget=draw.randrange(len(BUDGETS)),
            first=draw.randrange(1 << 16),
        )
        if aim is not None:
            name, target = aim
            machine._aim(self._faults[name], target, draw.randrange(16), draw.randrange(1 << 20))
        rules = ["users_act", *(f"weather_{fault.name}" for fault in swarm)]
        for _ in range(session.trial.max_steps):
            name = rules[draw.randrange(len(rules))]
            rule = getattr(machine, name)
            if name == "users_act":
                rule(window=draw.randrange(32))
            else:
                rule(
                    target_=draw.randrange(1 << 12),
                    skip=draw.randrange(16),
                    seed=draw.randrange(1 << 20),
                    window=draw.randrange(32),
                )


def schedule_of(example: Example) -> tuple[list[Action], list[Action]]:
    """Workload and weather that were run, with what the salt did written out: the same under salt 0."""
    return list(example.workload), [*example.late, *example.weather]
