"""Schedules of processes: run again they need not end the same, so everything that is said of them is counted.

A shrinker takes a smaller schedule if it fails at once, has less patience than a report (a bug that shows within a
moment of the weather is as good), and stops after so many runs, because each takes seconds. What is reported has been
run again, with all the patience, and says how often it failed: "reproduced 2 of 3".
"""

from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any, Final

from harness.example import Example
from harness.foreign.world import RealTimeWorld
from harness.judge import Found
from harness.session import Session
from harness.shrink import Item, Shrinker, Shrunk
from harness.weather import Action

TRIES: Final = 2
"""Runs in which what was found may show again."""
RUNS_MAX: Final = 20
"""Executions that one shrink may cost: some minutes (arbitrary)."""
CONFIRMATIONS: Final = 3
"""Runs of what is reported."""
SHORT_PATIENCE_S: Final = 4.0
"""While shrinking, at most: twice kopf's and client-go's usual first back-offs."""


class FlakyShrinker(Shrinker):
    """Drops what is not needed; values are left as they were drawn. What it is given has failed again already."""

    def shrink(self) -> Shrunk:
        items = self._minimize(self._one_weather(self._begin()))
        workload, weather = self._end(items)
        return Shrunk(workload=workload, weather=weather, found=self.found, runs=self.runs)

    def _end(self, items: Sequence[Item]) -> tuple[list[Action], list[Action]]:
        """What is anchored behind a user action that is gone is anchored to the one before."""
        workload, weather = super()._end(items)
        kept = [at for at, action in enumerate(self._acts) if action in workload]
        moved = []
        for action in weather:
            place = "event" if "event" in action else "request"
            after = action.get(place, {}).get("after")
            if after is not None:
                action = {**action, place: {**action[place], "after": sum(at < after for at in kept)}}
            moved.append(action)
        return workload, moved

    @cached_property
    def _acts(self) -> list[Action]:
        """What counts as a user action (`World.actions_done`)."""
        return [action for action in self._finding.workload if action["do"] != "sleep" and not action.get("moot")]

    def _one_weather(self, items: list[Item]) -> list[Item]:
        """Most bugs take one piece of weather, and the runs without it pass, which is quick. The latest first: it is
        the nearest to what was found."""
        weather = [item for item in items if not item.is_workload]
        for one in reversed(weather) if len(weather) > 1 else ():
            candidate = [item for item in items if item.is_workload or item is one]
            if self._fails(candidate):
                return candidate
        return items

    def _fails(self, items: Any) -> bool:
        workload, weather = self._end(items)
        if not workload or self.runs >= RUNS_MAX:
            return False
        key = repr((workload, weather))
        if key not in self._known:
            example = self._run(workload, weather, prepare=partial(set_patience, seconds=SHORT_PATIENCE_S))
            self._known[key] = example is not None and self._shows(example)
        return self._known[key]


def set_patience(example: Example, seconds: float) -> None:
    """No more than so much patience with what looks stuck."""
    world = example.world
    assert isinstance(world, RealTimeWorld)
    world.patience_s = min(world.patience_s, seconds)


def confirmed(session: Session, shrunk: Shrunk, *, hurried: bool = False) -> tuple[Example | None, str]:
    """The first of some runs in which it failed, and "k of n"; None if it failed in none. `hurried`: one run."""
    first: Example | None = None
    failed = 0
    times = 1 if hurried else CONFIRMATIONS
    prepare = partial(set_patience, seconds=SHORT_PATIENCE_S) if hurried else None
    for _ in range(times):
        # One that will be read takes longer: it also tells what a restart does.
        example = session.run(shrunk.workload, shrunk.weather, kept=first is None, fresh=True, prepare=prepare)
        if shows(example, shrunk.found):
            failed += 1
            first = first or example
    return first, f"{failed} of {times}"


def seen_again(
    session: Session, workload: list[Action], weather: list[Action], sights: Sequence[tuple[str, str]]
) -> list[Found] | None:
    """Which of these violations (property, key) show in one of two more runs of the same users and weather."""
    for _ in range(TRIES):
        example = session.run(workload, weather, fresh=True)
        again = [found for found in session.unaccepted(example.violations) if (found.name, found.key) in sights]
        if again:
            return again
    return None


def shows(example: Example, found: Found) -> bool:
    """Is this claim violated here, about the same kind of object?"""
    return any((other.name, other.key) == (found.name, found.key) for other in example.violations)


def holds_in_fair_weather(session: Session, found: Found, workload: list[Action]) -> bool:
    """Without any weather and with all the patience: does the same workload end as it should? If not, fair weather was
    looked at too early, and what was found is not the weather's doing."""
    example = session.run(workload, [], fresh=True)
    return not shows(example, found)
