"""One world: lives, pauses, partitions, settling, and the choreography of the deck."""

from collections.abc import Iterator
from typing import Any

import pytest

from harness.contract import SentRequest
from harness.example import Example
from harness.fabric import Command
from harness.fair_weather import dry_run
from harness.plan import Plan
from harness.settle import settle
from harness.trial import Trial
from tests.harness import trials
from tests.quality.reference_trials import TRIALS


@pytest.fixture(scope="module")
def plan() -> Plan:
    return dry_run(trials.trial()).plan


@pytest.fixture
def example(plan: Plan) -> Iterator[Example]:
    with Example(plan) as example:
        yield example


CREATE = {"do": "create", "object": trials.SITE}


def _pages(example: Example) -> int:
    return len(example.world.judge.view.list("v1", "ConfigMap", "default"))


def test_a_crash_forgets_and_a_restart_begins_again(example: Example) -> None:
    world = example.world
    steady = world.process("steady")
    world.crash(steady, None)
    example.act(CREATE)
    assert _pages(example) == 0
    world.restart(steady)
    assert settle(world, 1.0)
    assert (_pages(example), steady.incarnation) == (1, 1)


def test_what_a_paused_process_does_has_no_effect_until_it_resumes(example: Example) -> None:
    world = example.world
    world.pause(world.process("steady"))
    example.act(CREATE)
    assert _pages(example) == 0
    world.resume(world.process("steady"))
    settle(world, 1.0)
    assert _pages(example) == 1


def test_healing_restarts_nothing_and_cuts_nothing(example: Example) -> None:
    world = example.world
    life = world.process("steady").life
    assert life is not None
    streams = list(life.streams)
    world.pause(world.process("steady"))
    world.heal()
    assert world.process("steady").life is life
    assert all(stream.open for stream in streams)


def test_rest_waits_for_timers_and_not_for_heartbeats(example: Example) -> None:
    world = example.world
    fired: list[float] = []
    world.network.call_at(world.network.now_s + 100.0, lambda: fired.append(world.network.now_s))
    assert settle(world, 1.0)
    assert fired
    assert world.network.now_s < 200.0


@pytest.mark.slow
def test_the_choreography_of_the_deck_is_visible_and_nobody_calls_anybody() -> None:
    """CREATE ReplicaSet → CREATED → CREATE Pod → CREATED → BIND → BOUND → UPDATE ("running")."""
    trial = Trial([], TRIALS["replicaset"])
    plan = dry_run(trial).plan
    with Example(plan) as example:
        example.act({"do": "create", "object": TRIALS["replicaset"][0]})
        settle(example.world, 5.0)
        events = example.world.trace.events
    told = [
        (event.kind, event.data.get("verb" if event.kind == "request" else "fact"), event.object.split("/")[0])
        for event in events
        if event.kind in ("request", "commit", "event")
    ]  # fmt: skip
    story = [
        ("request", "CREATE", "ReplicaSet"),
        ("commit", "CREATED", "ReplicaSet"),
        ("event", "CREATED", "ReplicaSet"),
        ("request", "CREATE", "Pod"),
        ("commit", "CREATED", "Pod"),
        ("event", "CREATED", "Pod"),
        ("request", "BIND", "Pod"),
        ("commit", "BOUND", "Pod"),
        ("event", "UPDATED", "Pod"),
        ("request", "PATCH", "Pod"),
        ("commit", "UPDATED", "Pod"),
    ]
    at = 0
    for part in story:
        assert part in told[at:], f"{part} does not come after {story[: story.index(part)]}"
        at += told[at:].index(part) + 1
    servers = {server.name for server in example.world.servers}
    for event in events:
        if event.kind in ("request", "reply", "event"):
            assert event.peer in servers


def test_a_stream_held_before_its_client_paused_stays_in_order(example: Example) -> None:
    """What a hold kept back comes before what arrived in the pause, also if the hold ends in the pause."""
    world = example.world
    process = world.process("steady")
    example.act(CREATE)
    assert process.life is not None
    stream = next(stream for stream in process.life.streams if stream.request.kind == "Website")
    world.fabric.hold(stream, 1.5)
    example.act(_sized(3))
    world.pause(process)
    example.act(_sized(4))
    world.resume(process)
    settle(world, 1.0)
    revisions = [revision for kind, *_, revision in stream.record if kind != "BOOKMARK"]
    assert len(revisions) >= 3
    assert revisions == sorted(revisions)


def test_a_watch_that_arrives_after_its_sender_died_streams_to_nobody(example: Example) -> None:
    world = example.world
    process = world.process("steady")
    life = process.life
    assert life is not None
    stream = next(stream for stream in life.streams if stream.request.kind == "Website")
    late = Command(life, stream.request, None, stream.server)
    world.crash(process, 0.5)
    world.fabric.handle(world.fabric.endpoint(life), late)
    example.act(CREATE)
    assert settle(world, 1.0)
    assert [s for s in world.fabric.stream_log if s.life is life and s.open] == []
    assert _pages(example) == 1


def _sized(size: int) -> dict[str, Any]:
    site = {"api_version": "example.com/v1", "kind": "Website", "namespace": "default", "name": "front"}
    return {"do": "patch", **site, "body": {"spec": {"size": size}}}


def test_what_leaves_a_process_as_it_wakes_is_marked(example: Example, monkeypatch: pytest.MonkeyPatch) -> None:
    world = example.world
    sent: list[tuple[float, bool]] = []
    judge_request = world.judge_request

    def noting(request: SentRequest) -> None:
        if request.component == "steady" and not request.request.is_read:
            sent.append((request.sent_s, request.just_woke))
        judge_request(request)

    monkeypatch.setattr(world, "judge_request", noting)
    world.pause(world.process("steady"))
    example.act(CREATE)
    world.resume(world.process("steady"))
    woke_s = world.network.now_s
    assert settle(world, 1.0)
    example.act({"do": "delete", "api_version": "v1", "kind": "ConfigMap", "name": "front", "namespace": "default"})
    assert [woke for _, woke in sent] == [at_s == woke_s for at_s, _ in sent]
    assert [woke for _, woke in sent] == [True, False]
