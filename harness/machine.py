"""The Hypothesis state machine: users act, weather strikes, properties are judged.

`ControlPlaneMachine` is what users subclass: set `trial`, add rules and invariants of your own; `TestX = X.TestCase`
runs under plain pytest. `check` drives one without additions. One rule per fault kind, so that swarm testing switches
kinds off as a whole; each rule arms its fault and then lets the next user action happen, so that weather is never far
from what it can hit.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from harness.ambient import virtual_ambient
from harness.contract import Fault
from harness.example import Example
from harness.judge import Found
from harness.latency import mix
from harness.plan import faults_of
from harness.session import Finding, Session, Target, armed_for
from harness.synchronous import SynchronousWorld
from harness.trial import Trial
from harness.watchdog import interruptible, watchdog
from harness.weather import Action, Armed

BUDGETS = (1, 2, 3, 4, 5, 6, 8, 10)
"""Faults in one example, at most: one of these. Many meet more of what can go wrong; few do not hide each other."""

PASSING = 6
PASSING_MAX = 12
"""When users have nothing left to do, one step in five lets 1 to 32 s pass, while weather is still waiting for its
message and the example is not long yet (arbitrary)."""

FIRST_FAULTS_MAX = 4
"""Faults armed at the beginning of an example: one to four."""

CALM_IN = 3
"""One example in three has no latency drawn from a salt."""


class PropertyViolated(AssertionError):
    """A property is violated. Each (property, kind, writer) has a subclass of its own, so that Hypothesis tells bugs
    apart that are raised from one line."""


_CLASSES: dict[tuple[str, str], type[PropertyViolated]] = {}


def violation_class(found: Found) -> type[PropertyViolated]:
    """The exception class of one kind of bug; always the same for the same bug."""
    key = (found.name, found.key)
    if key not in _CLASSES:
        _CLASSES[key] = type(f"Violated[{found.name}]", (PropertyViolated,), {})
    return _CLASSES[key]


_SESSIONS: dict[int, tuple[Trial, Session]] = {}


def session_of(trial: Trial) -> Session:
    """One session per trial object: fair weather is found out once, not once an example."""
    known = _SESSIONS.get(id(trial))
    if known is None or known[0] is not trial:
        known = _SESSIONS[id(trial)] = (trial, Session(trial))
    return known[1]


class ControlPlaneMachine(RuleBasedStateMachine):
    """Subclass it and set `trial`. Inside rules, `self.world` is the control plane, synchronous."""

    trial: ClassVar[Trial]
    session: ClassVar[Session | None] = None

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        trial = cls.__dict__.get("trial")
        if trial is None:
            return
        for fault in faults_of(trial):
            setattr(cls, f"weather_{fault.name}", _weather_rule(fault))

    def __init__(self) -> None:
        super().__init__()
        if not hasattr(type(self), "trial"):
            raise TypeError(f"{type(self).__name__} has no trial: set `trial = Trial(...)` in the class")
        self._session = type(self).session or session_of(type(self).trial)
        self._example: Example | None = None
        self._pending: list[Action] = []
        self._budget = 0
        self._judged = False
        self._likely = self._session.likely
        """What the first faults of the example are drawn from."""
        self._contexts = ExitStack()
        """Virtual time for controllers, Ctrl-C and the watchdog, from `begin` to `teardown` (inside `check` they are
        there already, and entering them again changes nothing)."""
        self.world: SynchronousWorld

    @initialize(
        workload=st.integers(0, 1 << 16),
        salt=st.integers(0, 1 << 16),
        calm=st.integers(0, CALM_IN - 1),
        budget=st.integers(0, len(BUDGETS) - 1),
        first=st.integers(0, 1 << 16),
    )
    def begin(self, workload: int, salt: int, calm: int, budget: int, first: int) -> None:
        """A fresh plane comes up; workload, salt and a first fault are drawn, so that no example is without weather."""
        self._contexts.enter_context(interruptible())
        self._contexts.enter_context(virtual_ambient(self._session.trial.factories))
        self._contexts.enter_context(watchdog())
        with self._noting_failures():
            self._begin(workload, salt, calm, budget, first)

    @contextmanager
    def _noting_failures(self) -> Iterator[None]:
        """What is no verdict but a failure of the trial itself is kept: Hypothesis may report it as flakiness."""
        try:
            yield
        except PropertyViolated:
            raise
        except Exception as error:
            self._session.failure = self._session.failure or error
            raise

    def _begin(self, workload: int, salt: int, calm: int, budget: int, first: int) -> None:
        session = self._session
        workloads = session.workloads
        self._pending = list(workloads[workload % len(workloads)])
        self._budget = BUDGETS[budget]
        self._example = Example(
            session.plan,
            salt=(salt + 1) if calm and session.latency else 0,
            reference=session.fair_weather.reference(self._pending),
        )
        self.world = SynchronousWorld(self._example)
        # Some weather is drawn evenly over all kinds, so that no example is without and no kind is rare; the rules add
        # what swarm testing leaves switched on.
        for number in range(min(self._budget, 1 + first % FIRST_FAULTS_MAX) if session.faults else 0):
            bits = mix(first, number)
            fault = self._likely[bits % len(self._likely)]
            self._arm(fault, (bits >> 20) % (1 << 12), (bits >> 40) % 16, (bits >> 44) % (1 << 20))

    @rule(window=st.integers(0, 31))
    def users_act(self, window: int) -> None:
        """The next user action, without new weather."""
        with self._noting_failures():
            self._act(window)

    def _strike(self, fault: Fault, target: int, skip: int, seed: int, window: int) -> None:
        """Arm a fault; then, half of the time, let users act."""
        with self._noting_failures():
            self._arm_and_act(fault, target, skip, seed, window)

    def _arm_and_act(self, fault: Fault, target: int, skip: int, seed: int, window: int) -> None:
        if self._budget > 0:
            self._arm(fault, target, skip, seed)
        if self._budget == 0 or window % 2:
            self._act(window)

    def _arm(self, fault: Fault, target: int, skip: int, seed: int) -> None:
        self._budget -= 1
        armed = self._session.armed(fault, target, skip, seed)
        if armed is not None:
            self._set(armed, seed)

    def _aim(self, fault: Fault, target: Target, skip: int, seed: int) -> None:
        """One fault more, at a target of the decider's choice; not of the budget."""
        self._set(armed_for(fault, target, skip, seed), seed)

    def _set(self, armed: Armed, seed: int) -> None:
        example = self._example
        assert example is not None
        # Some way into what users are still going to do: weather does not only strike beginnings.
        armed.step = example.world.step + seed % max(1, len(self._pending))
        example.arm(armed)

    def _act(self, window: int) -> None:
        example = self._example
        assert example is not None
        if example.exhausted:
            return
        if self._pending:
            action = self._pending.pop(0)
            if window >= 16 and action["do"] not in ("program", "wait", "sleep"):
                action = {**action, "in_flight": window - 16}
            example.act(action)
        elif window < PASSING and example.world.weather.is_waiting() and len(example.workload) < PASSING_MAX:
            seconds = float(1 << window) * example.world.seconds_scale
            if example.passed_s + seconds > example.world.passing_s:
                return
            example.pass_time(seconds)
        else:
            return
        self._raise_if_violated()

    def _raise_if_violated(self) -> None:
        example = self._example
        assert example is not None
        session = self._session
        found = session.unaccepted(example.violations)
        if not found:
            return
        self._judged = True
        session.findings.append(
            Finding(
                workload=list(example.workload),
                weather=[*example.late, *example.weather],
                found=list(found),
            )
        )
        raise violation_class(found[0])(f"{found[0].name}: {found[0].judgement.reason}")

    def teardown(self) -> None:
        """Heal, settle, judge; unless something has failed already."""
        example = self._example
        if example is None:
            self._contexts.close()
            return
        try:
            # Hypothesis calls this on failing and overrun examples too, where judging would hide the real failure.
            if sys.exc_info()[0] is None and not self._judged:
                with self._noting_failures():
                    self._judge(example)
        finally:
            example.close()
            self._contexts.close()
            self._session.tally.add(example)

    def _judge(self, example: Example) -> None:
        self._judged = True
        while self._pending and not example.exhausted and not example.violations:
            example.act(self._pending.pop(0))
        if not example.violations:
            example.finish(self._session.fair_weather.reference(example.workload))
        self._raise_if_violated()


def _weather_rule(fault: Fault) -> Any:
    @rule(
        target_=st.integers(0, 1 << 12),
        skip=st.integers(0, 15),
        seed=st.integers(0, 1 << 20),
        window=st.integers(0, 31),
    )
    def weather(self: ControlPlaneMachine, target_: int, skip: int, seed: int, window: int) -> None:
        self._strike(fault, target_, skip, seed, window)

    weather.__name__ = f"weather_{fault.name}"
    return weather
