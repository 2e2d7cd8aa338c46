"""The points of a sweep: every kind of weather at every message and moment of one calm run, and what comes of each.

Where a kind draws values, several sets are tried. A point whose fault never
struck has ruled nothing out, and is counted apart.

Second faults (`second_points`) are sought in the run of the first, and most of them need not be tried: see there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from harness.anchors import Point, anchor_of, armed_at, drawing_at, points_at
from harness.contract import Fault, Message
from harness.example import Example
from harness.occasion import READS
from harness.session import Session, Tally
from harness.trial import Trial
from harness.weather import Action

DRAWS = 3
"""Sets of values that are tried at a point, if its kind draws any (arbitrary)."""

PRUNINGS = (
    "a second fault at or after the first",
    "at the component of the first, or at one that is tried",
    "at a write, or at what is heard before a later write of its component",
    "one of those kinds that do the same to the message",
)
"""Of second faults: what is left after each step."""

_ANCHORS = frozenset({"do", "at", "component", "request", "event", "step"})


@dataclass(slots=True, kw_only=True)
class Tried:
    """What came of one point, or of a first fault with all its second ones."""

    name: str
    struck: bool = False
    weather: list[Action] = field(default_factory=list)
    """The first that struck there, exactly anchored."""
    found: list[tuple[str, str, list[Action]]] = field(default_factory=list)
    """(property, key of the bug, weather) of each violation."""
    tally: Tally = field(default_factory=Tally)
    pairs: list[int] = field(default_factory=lambda: [0] * len(PRUNINGS))
    """How many second faults there were, and how many were left after each pruning."""
    accepted: list[int] = field(default_factory=list)
    """Which of the trial's `ignore` took something in."""


class Course:
    """One trial's calm run and its points. The same in every process that makes one from the same trial."""

    def __init__(self, trial: Trial) -> None:
        self.session = Session(trial)
        self.workload: list[Action] = max(self.session.workloads, key=len)
        self.occasions: list[tuple[int, Message]] = []
        self.points: list[Point] = []
        self._faults: dict[str, Fault] = {fault.name: fault for fault in self.session.faults}

    def look(self) -> None:
        """Run the workload in fair weather and note where weather could strike."""
        with self._example() as example:
            example.world.weather.occasions = self.occasions
            self._run(example)
            self.points = points_at(self.session.faults, self.occasions, range(len(self.workload) + 1), example)

    def attempt(self, point: Point) -> Tried:
        """Strike there, with every set of values."""
        tried = Tried(name=point.name)
        for draw in range(DRAWS):
            armed = armed_at(point, self._faults[point.action["do"]], self.session.trial.seed, draw)
            example = self.session.run(self.workload, [], prepare=partial(Example.arm, armed=armed))
            self._note(tried, example)
            if example.weather and not tried.struck:
                tried.struck, tried.weather = True, list(example.weather)
            if example.weather and set(example.weather[0]) <= _ANCHORS:
                break
        return tried

    def attempt_pairs(self, first: Tried) -> Tried:
        """Strike there as before, and then once more: at every point that could make a difference."""
        tried = Tried(name=first.name, struck=True, weather=first.weather)
        if first.found:
            return tried  # it fails already: a second fault would only hide or repeat that
        seconds = self._second_points(first.weather, tried.pairs)
        for point in seconds:
            armed = armed_at(point, self._faults[point.action["do"]], self.session.trial.seed)
            example = self.session.run(self.workload, first.weather, prepare=partial(Example.arm, armed=armed))
            self._note(tried, example)
        return tried

    # ------------------------------------------------------------------------------------------------------ the points

    def _second_points(self, weather: Sequence[Action], counts: list[int]) -> list[Point]:
        """The points that are left for a second fault, and how many there were before and after each pruning."""
        occasions: list[tuple[int, Message]] = []
        with self._example(weather) as example:
            example.world.weather.occasions = occasions
            self._run(example)
            begun_s = _struck_s(example)
            later = [(step, message) for step, message in occasions if message.time_s >= begun_s]
            steps = range(_step_of(weather, later), len(self.workload) + 1)
            counts[0] = len(points_at(self.session.faults, later, steps, example))
            struck = weather[0].get("component")
            near = [(step, m) for step, m in later if m.under_test or struck is None or m.component == struck]
            counts[1] = len(points_at(self.session.faults, near, steps, example))
            writes = _last_writes_s(example)
            causal = [(step, m) for step, m in near if _is_write(m) or m.time_s <= writes.get(m.component, -1.0)]
            counts[2] = len(points_at(self.session.faults, causal, steps, example))
            points = self._distinct(points_at(self.session.faults, causal, steps, example), causal, example)
            counts[3] = len(points)
        return points

    def _distinct(
        self, points: Sequence[Point], occasions: Sequence[tuple[int, Message]], example: Example
    ) -> list[Point]:
        """Of several kinds that answer a message with the same sort of verdict, the first."""
        messages = {anchor_of(message): message for _, message in occasions}
        kept: dict[tuple[str, str], Point] = {}
        for point in points:
            name, _, anchor = point.name.partition("/")
            message = messages.get(anchor)
            verdict = name
            if message is not None:
                struck = self._faults[name].strike(message, drawing_at(point, self.session.trial.seed))
                verdict = struck.kind if struck.kind != "passed" else name
            kept.setdefault((verdict, anchor), point)
        return list(kept.values())

    # ------------------------------------------------------------------------------------------------------- the runs

    def _example(self, weather: Sequence[Action] = ()) -> Example:
        reference = self.session.fair_weather.reference(self.workload)
        return Example(self.session.plan, reference=reference, weather=weather, judging=False)

    def _run(self, example: Example) -> None:
        for action in self.workload:
            if not example.exhausted:
                example.act(action)

    def _note(self, tried: Tried, example: Example) -> None:
        session = self.session
        tried.tally.add(example)
        before = dict(session.accepted)
        for found in session.unaccepted(example.violations):
            tried.found.append((found.name, found.key, list(example.weather)))
        for index, known in enumerate(session.trial.ignore):
            if session.accepted.get(known, 0) > before.get(known, 0) and index not in tried.accepted:
                tried.accepted.append(index)


def _struck_s(example: Example) -> float:
    return next((event.time_s for event in example.world.trace.events if event.kind == "fault"), 0.0)


def _step_of(weather: Sequence[Action], later: Sequence[tuple[int, Message]]) -> int:
    if "step" in weather[0]:
        return int(weather[0]["step"])
    return later[0][0] if later else 0


def _last_writes_s(example: Example) -> dict[str, float]:
    """When each component last changed the store, or something outside."""
    last: dict[str, float] = {}
    for event in example.world.trace.events:
        if event.kind == "commit" or event.data.get("phase") == "effect":
            last[event.peer] = event.time_s
    return last


def _is_write(message: Message) -> bool:
    return message.phase != "event" and message.verb not in READS
