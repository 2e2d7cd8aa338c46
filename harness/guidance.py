"""What is aimed at next, because of what was struck so far.

A *place* is a kind of weather at one sort of message of one component ("crash after_commit website create ConfigMap"),
or between user actions. Even draws meet the common ones again and again and some never. So each example has one fault
that is aimed at a place, those that were struck least often first. Measured (docs/architecture.md): that is worth it;
mutants of earlier schedules that had shown new behaviour were not.
"""

import random
from collections.abc import Sequence

from harness.session import Session, Target
from harness.weather import PLACES, Action

Aim = tuple[str, Target]
"""A fault kind's name, and one of its targets."""


class Guide:
    """Chooses aims. What it has learned, and so what it chooses, depends on the order of the examples only."""

    def __init__(self, session: Session) -> None:
        self._seed = session.trial.seed
        targets = [(fault, target) for fault in session.faults for target in session.targets(fault)]
        # A target that fair weather met often is listed more than once.
        self._aims: dict[str, Aim] = {
            _place_of_aim(fault.name, target): (fault.name, target) for fault, target in targets
        }
        self._struck = dict.fromkeys(self._aims, 0)

    def learn(self, struck: Sequence[str]) -> None:
        """These places were struck by an example."""
        for place in struck:
            if place in self._struck:
                self._struck[place] += 1

    def aims(self, numbers: Sequence[int]) -> list[Aim | None]:
        """What each of these examples aims at, all at something else as long as there is something."""
        if not self._aims:
            return [None] * len(numbers)
        draw = random.Random(f"{self._seed}/{numbers[0]}/aims")
        order = sorted((count, draw.random(), place) for place, count in self._struck.items())
        return [self._aims[order[index % len(order)][2]] for index in range(len(numbers))]

    @property
    def never_struck(self) -> int:
        """Places that no example has struck."""
        return sum(not count for count in self._struck.values())

    @property
    def places(self) -> int:
        return len(self._struck)


def place_of(action: Action) -> str:
    """Where a piece of weather struck."""
    named = action.get("request") or action.get("event") or {}
    verb = named.get("verb") or named.get("type")
    return _place(action["do"], action["at"], action.get("component"), verb, named.get("kind"))


def _place_of_aim(fault: str, target: Target) -> str:
    return _place(fault, PLACES.get(target.phase, target.phase), target.component, target.verb, target.kind)


def _place(*words: str | None) -> str:
    return " ".join(word for word in words if word)
