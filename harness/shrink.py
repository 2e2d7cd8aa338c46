"""Makes a failing schedule small: fewest actions, then simplest values, always under the calm salt.

One shrinker for whatever found the failure. Delta debugging over user actions and weather together; then windows,
then values. It never turns one bug into another: a smaller schedule counts only if the same property is violated by
the same writer about the same kind of object. Delays that a salt made are first written out as explicit `latency`
actions, so that the schedule no longer depends on the salt.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import SeatrialError
from harness.judge import Found
from harness.latency import LATE_HIGH_S
from harness.session import Finding, Session
from harness.weather import Action

RUNS_MAX = 600
"""Executions that one shrink may cost (arbitrary; typical is 30 to 120)."""

STRETCHED_MAX_S = 60.0
"""Weather is stretched to so long at most (arbitrary, within what most kinds draw)."""

_ANCHORS = frozenset({"do", "at", "component", "request", "event", "step"})
_SIMPLE_NUMBERS = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


@dataclass(frozen=True, slots=True)
class Item:
    """A user action or a piece of weather. `step` anchors are kept as the number of user actions before it."""

    is_workload: bool
    action: Action
    step: int = -1


@dataclass(slots=True, kw_only=True)
class Shrunk:
    """The smallest failing schedule. `calm` is False if it fails only under the salt it was found with."""

    workload: list[Action]
    weather: list[Action]
    salt: int
    found: Found
    runs: int

    @property
    def calm(self) -> bool:
        return self.salt == 0


class Shrinker:
    """Shrinks one finding to one of its bugs."""

    def __init__(self, session: Session, finding: Finding, target: Found) -> None:
        self.session = session
        self.target = target
        self.runs = 0
        self.found = target
        self._finding = finding
        self._salt = finding.salt
        self._known: dict[str, bool] = {}

    def shrink(self) -> Shrunk:
        """Never fails: at worst the finding comes back as it was."""
        finding = self._finding
        workload, weather = list(finding.workload), list(finding.weather)
        if self._salt:
            weather = self._calm_down(workload, weather)
        items = _items(workload, weather)
        if self._fails(items):
            items = self._minimize(items)
            items = self._simplify(items)
            if self._salt:
                # Written out, late messages met other weather and narrower windows than they had: now there is less.
                workload, weather = _split(items)
                items = _items(workload, self._calm_down(workload, weather))
            items = self._minimize(items)
        workload, weather = _split(items)
        return Shrunk(workload=workload, weather=weather, salt=self._salt, found=self.found, runs=self.runs)

    # ------------------------------------------------------------------------------------------------------ the salt

    def _calm_down(self, workload: list[Action], weather: list[Action]) -> list[Action]:
        """The weather that fails under salt 0: as it is, or with the salt's late messages written out."""
        salt = self._salt
        self._salt = 0
        if self._fails(_items(workload, weather)):
            return weather
        # A message that was so late that it had not come when the bug showed is part of the story, too.
        example = self.session.run(workload, weather, salt, linger_s=LATE_HIGH_S)
        late = example.world.weather.late
        explicit = [*weather, *late]
        if self._fails(_items(workload, explicit)):
            return explicit
        # What lasted just long enough together with late messages may have to last longer without them.
        stretched = [_stretched(action) for action in weather]
        if stretched != weather and self._fails(_items(workload, stretched)):
            return stretched
        self._salt = salt
        return weather

    # ------------------------------------------------------------------------------------------------ fewest actions

    def _minimize(self, items: list[Item]) -> list[Item]:
        """Delta debugging (Zeller 2002), complements only, then single items until nothing more can go."""
        size = max(1, len(items) // 2)
        while size >= 1:
            index, shrunk = 0, False
            while index < len(items):
                candidate = items[:index] + items[index + size :]
                if self._fails(candidate):
                    items, shrunk = candidate, True
                else:
                    index += size
            if size == 1 and not shrunk:
                return items
            size = max(1, size // 2) if size > 1 else 1
        return items

    # ---------------------------------------------------------------------------------------------- simplest values

    def _simplify(self, items: list[Item]) -> list[Item]:
        for index in range(len(items)):
            for simpler in _simpler(items[index]):
                candidate = [*items[:index], simpler, *items[index + 1 :]]
                if self._fails(candidate):
                    items = candidate
                    break
        return items

    # ------------------------------------------------------------------------------------------------------- the test

    def _fails(self, items: Sequence[Item]) -> bool:
        """Does this schedule still show the same bug?"""
        workload, weather = _split(items)
        if not workload:
            return False
        key = repr((self._salt, workload, weather))
        if key in self._known:
            return self._known[key]
        if self.runs >= RUNS_MAX:
            return False
        self.runs += 1
        example = self.session.run(workload, weather, self._salt)
        same = next((f for f in example.violations if (f.name, f.key) == (self.target.name, self.target.key)), None)
        if same is not None:
            self.found = same
        self._known[key] = same is not None
        return same is not None


def _stretched(action: Action) -> Action:
    """The same weather, lasting longer; within a server's own timeout where that bounds it (late commits)."""
    seconds = action.get("seconds")
    if action["do"] == "late_commit" or not isinstance(seconds, int | float) or seconds >= STRETCHED_MAX_S:
        return action
    return {**action, "seconds": min(4 * seconds, STRETCHED_MAX_S)}


def _items(workload: Sequence[Action], weather: Sequence[Action]) -> list[Item]:
    items: list[Item] = []
    for index, action in enumerate(workload):
        items.extend(Item(False, w, index) for w in weather if w.get("step") == index)
        items.append(Item(True, action))
    items.extend(Item(False, w, len(workload)) for w in weather if "step" in w and w["step"] >= len(workload))
    items.extend(Item(False, w) for w in weather if "step" not in w)
    return items


def _split(items: Sequence[Item]) -> tuple[list[Action], list[Action]]:
    """Back to two lists; weather anchored to a step follows the user actions that are left before it."""
    workload: list[Action] = []
    weather: list[Action] = []
    for item in items:
        if item.is_workload:
            workload.append(item.action)
        elif item.step >= 0:
            weather.append({**item.action, "step": len(workload)})
        else:
            weather.append(item.action)
    return workload, weather


def _simpler(item: Item) -> list[Item]:
    """Simpler forms of one item, simplest first."""
    action = item.action
    if item.is_workload:
        forms = []
        if "in_flight" in action:
            forms.append({k: v for k, v in action.items() if k != "in_flight"})
            forms.extend({**action, "in_flight": n} for n in (0, 1) if n < action["in_flight"])
        return [Item(True, form) for form in forms]
    forms = []
    for name, value in action.items():
        if name in _ANCHORS or isinstance(value, bool) or not isinstance(value, int | float):
            continue
        rounder: tuple[float, ...] = (*(n for n in _SIMPLE_NUMBERS if n < abs(value)), float(round(value)))
        forms.extend({**action, name: type(value)(n)} for n in rounder if n != value)
    return [Item(False, form, item.step) for form in forms]


def shrink_all(
    session: Session, finding: Finding, limit: int = 3, progress: Callable[[str], Any] | None = None
) -> list[Shrunk]:
    """Shrink each distinct bug of a finding, most severe first, at most `limit`."""
    order = {claim.name: index for index, claim in enumerate(session.plan.properties)}
    shrunk = []
    for found in sorted(finding.found, key=lambda f: order.get(f.name, 99))[:limit]:
        if progress is not None:
            progress(f"shrinking {found.name}")
        shrunk.append(Shrinker(session, finding, found).shrink())
    if not shrunk:
        raise SeatrialError("a finding without a violation cannot be shrunk")
    return shrunk
