"""What is near a recorded schedule: the same users and kinds of weather, a little elsewhere, sooner, longer.

Each piece of weather stays where it was, or moves: to an earlier or later message, to any of its component, or to a
*sibling*, a place where the same kind can strike in a calm run of the code as it is now. The nearer a sibling, the
likelier: another kind of object, another verb, before the request instead of after its commit. So a message that the
code no longer sends has its successors tried.

An example is a pure function of (the seed, its number, what the code sends in calm weather).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness import registry
from harness.anchors import Point, points_at
from harness.contract import Fault, Message
from harness.example import Example
from harness.overrides import OVERRIDES
from harness.schedule import Schedule
from harness.session import Session
from harness.weather import Action, Armed, Drawing, armed_from

ONE_MORE = 1 / 3
"""Share of examples with one fault more, of the kinds that there are (arbitrary)."""

NEAR = 0.75
"""How often a value is drawn near the recorded one, and not afresh (arbitrary)."""

_ANCHORS = frozenset({"do", "at", "component", "request", "event", "step"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """A fault, where it waits, and near which values it draws."""

    anchor: Action
    values: Action
    """As recorded; empty: drawn afresh."""
    seed: str
    skip: int = 0
    """So many matches pass first."""
    after: int | None = None
    """Of a message: not before users have done so much."""

    def armed(self, fault: Fault) -> Armed:
        armed = armed_from(self.anchor, fault, 0, 0)
        armed.origin = None
        armed.drawing = _Nearby(self.values, random.Random(self.seed))
        armed.skip = self.skip
        if self.after is not None:
            armed.step = self.after
        return armed


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """One example of the neighbourhood, before it is run."""

    workload: list[Action]
    weather: list[Action]
    """What strikes exactly as recorded."""
    strikes: list[Strike]
    salt: int


class Neighbourhood:
    """The schedules near a recorded one, numbered; number 0 is the recorded one."""

    def __init__(self, session: Session, recorded: Schedule) -> None:
        self.session = session
        self.recorded = recorded
        self.seed = session.trial.seed if OVERRIDES.seed is None else OVERRIDES.seed
        installed = {fault.name: fault for fault in registry.faults()}
        self.faults = {action["do"]: installed[action["do"]] for action in recorded.weather}
        self.points = self._points()

    def run(self, number: int) -> Example:
        neighbour = self.neighbour(number)

        def arm(example: Example) -> None:
            for strike in neighbour.strikes:
                example.arm(strike.armed(self.faults[strike.anchor["do"]]))

        return self.session.run(neighbour.workload, neighbour.weather, neighbour.salt, prepare=arm)

    def neighbour(self, number: int) -> Neighbour:
        """The same for the same number, as long as the code sends the same in calm weather."""
        recorded = self.recorded
        if number == 0:
            return Neighbour(workload=recorded.workload, weather=recorded.weather, strikes=[], salt=recorded.salt)
        seed = f"{self.seed}/neighbour/{number}"
        rng = random.Random(seed)
        weather, strikes = [], []
        for index, action in enumerate(recorded.weather):
            strike = self._moved(rng, action, f"{seed}/{index}")
            if strike is None:
                weather.append(action)
            else:
                strikes.append(strike)
        if self.points and rng.random() < ONE_MORE:
            strikes.append(Strike(anchor=rng.choice(self.points).action, values={}, seed=f"{seed}/more"))
        salt = recorded.salt
        if self.session.latency and rng.random() < 0.5:
            salt = 1 + rng.randrange(1 << 16)
        workload = [_spaced(rng, action) for action in recorded.workload]
        return Neighbour(workload=workload, weather=weather, strikes=strikes, salt=salt)

    def _moved(self, rng: random.Random, action: Action, seed: str) -> Strike | None:
        """The same weather nearby; None: just where it was recorded, with its values."""
        anchor = {key: value for key, value in action.items() if key in _ANCHORS}
        # At a moment the component is a value, and elsewhere part of the anchor.
        values = {key: value for key, value in action.items() if key not in _ANCHORS or key == "component"}
        skip, after = 0, None
        dice = rng.random()
        if dice < 0.25:
            return None
        if dice < 0.40:
            pass  # other values, the same place
        elif dice < 0.55:
            anchor = _earlier_or_later(rng, anchor, len(self.recorded.workload))
        elif dice < 0.70 and anchor["at"] != "step":
            anchor = _loosened(rng, anchor)
            skip = max(0, rng.randrange(8) - 5)
            after = rng.randrange(len(self.recorded.workload) + 1)
        else:
            anchor = self._sibling(rng, anchor)
        if anchor["at"] == "step":
            anchor.pop("component", None)
        return Strike(anchor=anchor, values=values, seed=seed, skip=skip, after=after)

    def _sibling(self, rng: random.Random, anchor: Action) -> Action:
        """A place for the same kind of weather in the calm run: the nearer, the likelier."""
        siblings = [point.action for point in self.points if point.action["do"] == anchor["do"]]
        if not siblings:
            return anchor
        weights = [1 / (1 + _distance(anchor, sibling)) ** 2 for sibling in siblings]
        return dict(rng.choices(siblings, weights)[0])

    def _points(self) -> list[Point]:
        """Where these kinds can strike what is struck in the recorded schedule, or is under test; in a calm run."""
        occasions: list[tuple[int, Message]] = []
        struck = {action.get("component") for action in self.recorded.weather}
        with Example(self.session.plan, judging=False) as example:
            example.world.weather.occasions = occasions
            for action in self.recorded.workload:
                if not example.exhausted:
                    example.act(action)
            near = [(step, message) for step, message in occasions if message.under_test or message.component in struck]
            return points_at(self.faults.values(), near, range(len(self.recorded.workload) + 1), example)


class _Nearby(Drawing):
    """Draws values near recorded ones, within what the fault allows."""

    def __init__(self, recorded: Action, rng: random.Random) -> None:
        super().__init__({}, rng)
        self._recorded = recorded

    def seconds(self, name: str, low: float, high: float) -> float:
        value = self._near(name)
        if isinstance(value, int | float):
            self.values[name] = round(min(max(value * 2 ** self._random.uniform(-2, 3), low), max(high, value)), 3)
        return super().seconds(name, low, high)

    def integer(self, name: str, low: int, high: int) -> int:
        value = self._near(name)
        if isinstance(value, int):
            self.values[name] = min(max(value + self._random.randint(-1, 1), low), max(high, value))
        return super().integer(name, low, high)

    def choice(self, name: str, options: Sequence[Any]) -> Any:
        value = self._near(name)
        if value is not None and value in options:
            self.values[name] = value
        return super().choice(name, options)

    def _near(self, name: str) -> Any:
        """The recorded value, if it is the one to go by."""
        known = name in self.values or isinstance(self._recorded.get(name), bool)
        return None if known or self._random.random() >= NEAR else self._recorded.get(name)


def _spaced(rng: random.Random, action: Action) -> Action:
    """The same user action, perhaps sooner or later after the one before."""
    dice = rng.random()
    if dice < 0.5 or action["do"] in ("program", "wait", "sleep"):
        return action
    bare = {key: value for key, value in action.items() if key not in ("in_flight", "settle")}
    if dice < 0.65:
        return bare
    return {**bare, "in_flight": rng.randrange(16)} if dice < 0.9 else {**bare, "settle": True}


def _named(anchor: Action) -> tuple[str, Action]:
    """(the field that names its message, what it says)."""
    field = "event" if "event" in anchor else "request"
    return field, dict(anchor.get(field) or {})


def _earlier_or_later(rng: random.Random, anchor: Action, steps: int) -> Action:
    by = rng.choice((-3, -2, -1, 1, 2, 3))
    if anchor["at"] == "step":
        return {**anchor, "step": min(max(0, anchor["step"] + by), steps)}
    field, named = _named(anchor)
    return {**anchor, field: {**named, "nth": max(1, (named.get("nth") or 1) + by)}}


def _loosened(rng: random.Random, anchor: Action) -> Action:
    """Whichever object, whichever time; perhaps whichever kind or verb."""
    field, named = _named(anchor)
    kept = {key: value for key, value in named.items() if key in ("verb", "type", "kind") and rng.random() < 0.5}
    return {**anchor, field: kept}


def _distance(one: Action, other: Action) -> int:
    """How many things are different, the important ones counted more than once (the weights are arbitrary)."""
    if one["at"] == "step" and other["at"] == "step":
        return abs(int(one["step"]) - int(other["step"]))
    here, there = _named(one)[1], _named(other)[1]
    by = abs(int(here.get("nth") or 1) - int(there.get("nth") or 1))
    distance: int = (
        3 * (one.get("component") != other.get("component"))
        + 2 * (one["at"] != other["at"])
        + 2 * ((here.get("verb") or here.get("type")) != (there.get("verb") or there.get("type")))
        + 2 * (here.get("kind") != there.get("kind"))
        + (here.get("name") != there.get("name"))
        + min(3, by)
    )
    return distance
