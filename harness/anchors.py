"""Points: a kind of weather at one message or moment of a run.

A point's values are drawn from a seed and the point's own name: they do not change when other points come or go.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.contract import Fault, Message, Moment
from harness.example import Example
from harness.occasion import is_upkeep
from harness.weather import PLACES, Action, Armed, Drawing, armed_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One kind of weather at one message or moment. `name` is unique in a trial."""

    name: str
    action: Action


def points_at(
    faults: Iterable[Fault], occasions: Sequence[tuple[int, Message]], steps: Iterable[int], example: Example
) -> list[Point]:
    """Where these kinds could strike: at messages that were met, upkeep apart, and between user actions."""
    points: dict[str, Point] = {}
    for fault in faults:
        for _, message in occasions:
            if not is_upkeep(message) and fault.applies(message):
                point = _point_at(fault, message)
                points.setdefault(point.name, point)
        for step in steps:
            moment = Moment(step=step, time_s=example.world.network.now_s, plane=example.world)
            if fault.applies(moment):
                action: Action = {"do": fault.name, "at": "step", "step": step}
                point = Point(name=f"{fault.name}/step/{step}", action=action)
                points.setdefault(point.name, point)
    return list(points.values())


def armed_at(point: Point, fault: Fault, seed: int, draw: int = 0) -> Armed:
    """The fault, waiting for its point. `draw`: which set of values."""
    armed = armed_from(point.action, fault, 0, 0)
    armed.drawing = drawing_at(point, seed, draw)
    armed.origin = None
    return armed


def drawing_at(point: Point, seed: int, draw: int = 0) -> Drawing:
    return Drawing({}, random.Random(f"{seed}/{point.name}/{draw}"))


def _point_at(fault: Fault, message: Message) -> Point:
    named: dict[str, Any] = {"verb": message.verb, "kind": message.kind, "name": message.name, "nth": message.nth}
    if message.phase == "event":
        named["type"] = named.pop("verb")
    if message.namespace:
        named["namespace"] = message.namespace
    action: Action = {
        "do": fault.name,
        "at": PLACES[message.phase],
        "component": message.component,
        "event" if message.phase == "event" else "request": named,
    }
    return Point(name=f"{fault.name}/{anchor_of(message)}", action=action)


def anchor_of(message: Message) -> str:
    namespace = message.namespace or ""
    return f"{message.phase}/{message.component}/{message.verb}/{message.kind}/{namespace}/{message.name}/{message.nth}"
