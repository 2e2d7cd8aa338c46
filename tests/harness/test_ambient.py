"""Time and randomness taken from thin air by controller code are virtual; everybody else keeps the real thing."""

import datetime
import os
import random
import time
import uuid
from typing import Any

from harness.ambient import virtual_ambient
from harness.example import Example
from harness.fair_weather import dry_run
from harness.process import EPOCH
from reference_impl.runtime import Client, Component
from tests.harness import trials


def _seen_by_a_component(seed: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a component sees at start and, after a bare `trio.sleep(30)`, then."""
    seen: list[dict[str, Any]] = []

    def look() -> dict[str, Any]:
        return {
            "time": time.time(),  # noqa: TID251
            "monotonic": time.monotonic(),
            "now": datetime.datetime.now(datetime.UTC),  # noqa: TID251
            "random": random.random(),
            "uuid": uuid.uuid4(),  # noqa: TID251
            "bytes": os.urandom(4),  # noqa: TID251
        }

    def watcher(client: Client) -> Component:
        import trio

        async def run() -> None:
            seen.append(look())
            await trio.sleep(30)
            seen.append(look())
            await trio.sleep_forever()

        return Component("watcher", run)

    trial = trials.trial(watcher, seed=seed)
    with virtual_ambient(trial.factories):
        plan = dry_run(trial).plan
        seen.clear()
        with Example(plan) as example:
            example.world.run(60.0)
    return seen[0], seen[1]


def test_a_component_sees_virtual_time() -> None:
    first, later = _seen_by_a_component()
    assert first["now"] == EPOCH
    assert first["time"] == EPOCH.timestamp()
    assert later["monotonic"] - first["monotonic"] == 30
    assert (later["now"] - first["now"]).total_seconds() == 30


def test_a_component_sees_the_trials_randomness() -> None:
    names = ("random", "uuid", "bytes")
    first, again = _seen_by_a_component()[0], _seen_by_a_component()[0]
    other = _seen_by_a_component(seed=1)[0]
    assert [first[name] for name in names] == [again[name] for name in names]
    assert [first[name] for name in names] != [other[name] for name in names]


def test_everybody_else_keeps_the_real_thing_and_gets_it_back() -> None:
    before = (time.time, datetime.datetime, random.random, os.urandom, uuid.uuid4)  # noqa: TID251
    with virtual_ambient(()):
        assert abs(time.time() - datetime.datetime.now().timestamp()) < 60  # noqa: TID251
        assert time.time() > EPOCH.timestamp()  # noqa: TID251
        assert isinstance(before[1](2026, 1, 1), datetime.datetime)
    assert before == (time.time, datetime.datetime, random.random, os.urandom, uuid.uuid4)  # noqa: TID251


def test_a_blocking_sleep_keeps_the_whole_process_and_costs_no_real_time() -> None:
    sent: list[float] = []

    def sleeper(client: Client) -> Component:
        async def run() -> None:
            time.sleep(20)  # noqa: TID251
            await client.live.list("v1", "ConfigMap")
            sent.append(time.monotonic())

        return Component("sleeper", run)

    trial = trials.trial(sleeper)
    with virtual_ambient(trial.factories):
        plan = dry_run(trial).plan
        sent.clear()
        with Example(plan) as example:
            example.world.run(30.0)
    assert sent[0] >= 20
