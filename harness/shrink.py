"""Makes a failing schedule small: fewest actions, then simplest values.

One shrinker for whatever found the failure. Delta debugging over user actions and weather together; then windows,
then values. It never turns one bug into another: a smaller schedule counts only if the same property is violated by
the same writer about the same kind of object. A salt is nothing but a list of `latency` actions (`latency.py`), so what
was found under one is first written out under salt 0.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from harness.anchors import armed_at, points_at
from harness.contract import Fault, Message
from harness.errors import SeatrialError
from harness.example import Example
from harness.judge import Found
from harness.session import OFTEN, Finding, Session
from harness.weather import Action, Armed

RUNS_MAX = 1000
"""Executions that one shrink may cost (arbitrary; typical is 30 to 120)."""

MANY = 4
USUAL = (*OFTEN, "watch_lag", "latency")
"""What a schedule of many faults may come down to."""

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
    """The smallest failing schedule, under salt 0."""

    workload: list[Action]
    weather: list[Action]
    found: Found
    runs: int


class Shrinker:
    """Shrinks one finding to one of its bugs."""

    def __init__(self, session: Session, finding: Finding, target: Found) -> None:
        self.session = session
        self.target = target
        self.runs = 0
        self.found = target
        self._finding = finding
        self._known: dict[str, bool] = {}

    def _begin(self) -> list[Item]:
        return _items(self._finding.workload, self._finding.weather)

    def _end(self, items: Sequence[Item]) -> tuple[list[Action], list[Action]]:
        return _split(items)

    def shrink(self) -> Shrunk:
        """Never fails: at worst the finding comes back as it was."""
        items = self._begin()
        if self._fails(items):
            items = self._minimize(items)
            items = self._simplify(items)
            items = self._one_pause(items)
            items = self._longer_for_late(items)
            items = self._minimize(items)
            items = self._substitute(items)
            items = self._as_struck(items)
        workload, weather = _split(items)
        return Shrunk(workload=workload, weather=weather, found=self.found, runs=self.runs)

    def _as_struck(self, items: list[Item]) -> list[Item]:
        """The weather as it struck: in place of a choice that went with what was taken away, another was made."""
        workload, weather = _split(items)
        example = self._run(workload, weather)
        if example is None or len(example.weather) != len(weather):
            return items
        struck = list(example.weather)
        if all(action in weather for action in struck):
            return items
        restated = _items(workload, struck)
        return restated if self._fails(restated) else items

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

    # ------------------------------------------------------------------------------------------------- fewer, longer

    def _one_pause(self, items: list[Item]) -> list[Item]:
        """One sleep as long as two that follow each other, before or after the weather that is between them."""
        first = 0
        while first < len(items):
            second = _next_sleep(items, first)
            merged = None
            if second is not None:
                total = _slept(items[first].action["seconds"] + items[second].action["seconds"])
                for kept, dropped in ((first, second), (second, first)):
                    candidate = [*items[:kept], total, *items[kept + 1 :]]
                    candidate.pop(dropped)
                    if self._fails(candidate):
                        merged = candidate
                        break
            items, first = (items, first + 1) if merged is None else (merged, first)
        return items

    def _longer_for_late(self, items: list[Item]) -> list[Item]:
        """A longer last sleep instead of all late messages: what adds up slowly needs time, and they gave it some."""
        on_time = [item for item in items if item.is_workload or item.action["do"] != "latency"]
        sleeps = [index for index, item in enumerate(on_time) if _is_sleep(item)]
        if len(items) - len(on_time) < 2 or not sleeps:
            return items
        for factor in (2, 4, 8, 16):
            longer = _slept(on_time[sleeps[-1]].action["seconds"] * factor)
            candidate = [*on_time[: sleeps[-1]], longer, *on_time[sleeps[-1] + 1 :]]
            if self._fails(candidate):
                return candidate
        return items

    # -------------------------------------------------------------------------------------------------- one for many

    def _substitute(self, items: list[Item]) -> list[Item]:
        """One fault where several are left, or several late messages: each kind that they are of, and a crash, at each
        point of the calm run; where many are left, also the kinds that most often are to blame.

        Two late messages and a lagging server are often but one way to have a process die between two writes.
        """
        workload, weather = _split(items)
        on_time = [action for action in weather if action["do"] != "latency"]
        usual = USUAL if len(weather) >= MANY else ("crash",)
        kinds = dict.fromkeys([*usual, *(action["do"] for action in weather)])
        faults = [fault for name in kinds for fault in self.session.faults if fault.name == name]
        for users, kept in _bases(workload, weather, on_time):
            for armed in self._points(users, faults):
                example = self._run(users, kept, prepare=partial(Example.arm, armed=armed))
                if example is None:
                    return items
                if self._shows(example) and len(example.weather) < len(weather):
                    return self._minimize(self._simplify(_items(users, example.weather)))
        return items

    def _points(self, workload: list[Action], faults: Sequence[Fault]) -> list[Armed]:
        """These kinds, each at every point of the calm run."""
        occasions: list[tuple[int, Message]] = []
        with Example(self.session.plan, judging=False) as example:
            example.world.weather.occasions = occasions
            for action in workload:
                if not example.exhausted:
                    example.act(action)
            points = points_at(faults, occasions, range(len(workload) + 1), example)
        by_name = {fault.name: fault for fault in faults}
        return [armed_at(point, by_name[point.action["do"]], self.session.trial.seed) for point in points]

    # ------------------------------------------------------------------------------------------------------- the test

    def _fails(self, items: Sequence[Item]) -> bool:
        """Does this schedule still show the same bug?"""
        workload, weather = _split(items)
        if not workload:
            return False
        key = repr((workload, weather))
        if key in self._known:
            return self._known[key]
        example = self._run(workload, weather)
        self._known[key] = example is not None and self._shows(example)
        return self._known[key]

    def _run(self, workload: list[Action], weather: list[Action], **options: Any) -> Example | None:
        """None if there have been runs enough."""
        if self.runs >= RUNS_MAX:
            return None
        self.runs += 1
        return self.session.run(workload, weather, **options)

    def _shows(self, example: Example) -> bool:
        same = next((f for f in example.violations if (f.name, f.key) == (self.target.name, self.target.key)), None)
        if same is not None:
            self.found = same
        return same is not None


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


def _bases(
    workload: list[Action], weather: list[Action], on_time: list[Action]
) -> Iterator[tuple[list[Action], list[Action]]]:
    """What one fault more may do instead: no weather, or all but the late messages, and after many of these also with a
    longer last sleep. Only what comes out smaller."""
    late = len(weather) - len(on_time)
    sleeps = [index for index, action in enumerate(workload) if action["do"] == "sleep"]
    if late >= MANY and sleeps:
        longer = _slept(workload[sleeps[-1]]["seconds"] * 8).action
        yield [*workload[: sleeps[-1]], longer, *workload[sleeps[-1] + 1 :]], on_time
    if len(weather) > 1:
        yield workload, []
    if on_time and late > 1:
        yield workload, on_time


def _is_sleep(item: Item) -> bool:
    return item.is_workload and item.action["do"] == "sleep"


def _slept(seconds: float) -> Item:
    return Item(True, {"do": "sleep", "seconds": seconds})


def _next_sleep(items: Sequence[Item], index: int) -> int | None:
    """The sleep that follows the sleep at this index with no user action between; None if there is none."""
    if _is_sleep(items[index]):
        for later in range(index + 1, len(items)):
            if items[later].is_workload:
                return later if _is_sleep(items[later]) else None
    return None


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
    session: Session,
    finding: Finding,
    limit: int = 3,
    progress: Callable[[str], Any] | None = None,
    shrinker: type[Shrinker] = Shrinker,
) -> list[Shrunk]:
    """Shrink each distinct bug of a finding, most severe first, at most `limit`."""
    order = {claim.name: index for index, claim in enumerate(session.plan.properties)}
    shrunk = []
    for found in sorted(finding.found, key=lambda f: order.get(f.name, 99))[:limit]:
        if progress is not None:
            progress(f"shrinking {found.name}")
        shrunk.append(shrinker(session, finding, found).shrink())
    if not shrunk:
        raise SeatrialError("a finding without a violation cannot be shrunk")
    return shrunk
