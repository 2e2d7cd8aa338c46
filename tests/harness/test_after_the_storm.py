"""What ends with the storm, and what is known during it."""

import trio

from harness.example import Example
from harness.plan import make_plan
from harness.session import Session
from harness.trial import Trial
from harness.world import ACTION_S
from reference_impl.runtime import Client, Component, Controller, Request, Result, Watch
from reference_impl.zoo import ZOO

SEED_OF_A_LONG_BACK_OFF = 1002


def test_nothing_is_late_once_the_storm_is_over() -> None:
    session = _session("two-buckets", twin="fixed")
    with Example(session.plan, salt=7) as example:
        example.act(session.workloads[0][0])
        example.world.heal()
        late = len(example.late)
        assert late > 0
        for _ in range(3):
            example.world.restart(example.world.process("buckets"))
            example.world.crash(example.world.process("buckets"), None)
            example.world.run(example.world.network.now_s + 10)
        assert len(example.late) == late


def test_what_is_required_is_known_during_the_storm() -> None:
    session = _session("proxy-from-the-past")
    example = session.run(session.workloads[0], [_TIME_TRAVEL], 0)
    assert [found.name for found in example.violations] == ["required_objects_are_not_deleted"]
    assert example.world.phase == "storm"


def test_an_action_that_did_nothing_voids_what_is_known_of_the_workload() -> None:
    session = _session("proxy-from-the-past")
    first, *_ = workload = session.workloads[0]
    with Example(session.plan, reference=session.fair_weather.reference(workload)) as example:
        example.act(first)
        assert example.world.reference is not None
        example.act(first)
        assert example.world.reference is None


def test_a_dead_clients_reads_open_no_stream() -> None:
    session = _session("unwatched-child")
    with Example(session.plan) as example:
        world = example.world
        process = world.process("site")
        assert process.life is not None
        for stream in list(process.life.streams):
            world.fabric.cut(stream)
        world.kernel.pump()
        world.crash(process, None)
        world.run(world.network.now_s + 1)
        assert not [stream for stream in world.fabric.stream_log if stream.open and stream.life.process is process]


def test_a_call_outside_that_its_dead_client_did_not_finish_is_closed() -> None:
    session = _session("leaked-bucket", twin="fixed")
    anchored = {"component": "buckets", "request": {"verb": "create", "kind": "cloud", "nth": 1}}
    weather = [
        {"do": "external_slow", "at": "external_request", **anchored, "seconds": 60.0},
        {**_TIME_TRAVEL, "component": "buckets", "event": {"type": "MODIFIED", "kind": "Bucket", "nth": 1}},
    ]
    example = session.run(session.workloads[0], weather, 0)
    assert len(example.weather) == len(weather)
    assert example.violations == []


def test_an_informer_that_waits_to_connect_again_is_waited_for() -> None:
    session = _session("two-buckets", twin="fixed", seed=SEED_OF_A_LONG_BACK_OFF)
    crash = {"do": "apiserver_crash", "at": "request", "component": "buckets"}
    patched = {"verb": "patch", "kind": "Bucket", "name": "logs"}
    weather = [
        {**crash, "request": {**patched, "nth": 1}, "seconds": 42.0},
        {**crash, "request": {**patched, "nth": 2}, "seconds": 46.0},
    ]
    workload = [*session.workloads[0], {"do": "sleep", "seconds": 32.0}, {"do": "sleep", "seconds": 8.0}]
    example = session.run(workload, weather, 0)
    assert len(example.weather) == len(weather)
    assert example.violations == []


def test_a_late_message_of_the_time_when_the_plane_comes_up_can_be_replayed() -> None:
    session = _session("two-buckets")
    late = {
        "do": "latency",
        "at": "request",
        "component": "buckets",
        "request": {"verb": "watch", "kind": "Bucket", "name": "", "nth": 1},
        "seconds": 7.0,
    }
    example = session.run(session.workloads[0], [late], 0)
    assert example.weather == [late]


_TIME_TRAVEL = {
    "do": "time_travel",
    "at": "delivery",
    "component": "database",
    "event": {"type": "ADDED", "kind": "Database", "name": "orders", "nth": 1},
    "server": 1,
    "crash_after_s": 10.0,
    "restart_after_s": 1.0,
    "behind_s": 10.0,
}


def _session(entry_id: str, twin: str = "wrong", seed: int = 0) -> Session:
    entry = next(entry for entry in ZOO if entry.id == entry_id)
    return Session(Trial(getattr(entry, twin), entry.manifests, seed=seed, **entry.trial_options))


def slow_riser(client: Client) -> Controller:
    """Looks again after 100 s, and writes a moment after it has looked."""

    async def reconcile(request: Request) -> Result | None:
        note = await client.live.get("v1", "ConfigMap", request.name, request.namespace)
        if not note.get("data"):
            if client.monotonic_s() < 100:
                return Result(requeue_after_s=100)
            await client.sleep(1.5)
            await client.update({**note, "data": {"looked": "yes"}})
        return None

    return Controller(name="slow-riser", reconcile=reconcile, watches=[Watch("v1", "ConfigMap")])


def forgetful(client: Client) -> Component:
    """Reads what is there, and then, with nothing between, again."""

    async def run() -> None:
        await client.sleep(20)
        await client.live.get("v1", "ConfigMap", "note", "default")
        await client.live.list("v1", "ConfigMap", "default")
        await trio.sleep_forever()

    return Component(name="forgetful", run=run)


NOTE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "note", "namespace": "default"}}


def test_a_pass_that_sleeps_when_the_last_timer_has_fired_is_waited_for() -> None:
    with Example(make_plan(Trial([slow_riser], [NOTE]), ())) as example:
        example.act({"do": "create", "object": NOTE})
        example.finish(None)
        assert example.violations == []  # written after rest it would not be idempotent
        assert example.world.history.changes[-1].request.sent_s > 100


def test_a_read_right_after_another_is_seen_to_go_back() -> None:
    stale = {"apiserver": "reference_impl.zoo.planes.fresh_from_the_cache:TakesItsCacheForFresh"}
    with Example(make_plan(Trial([forgetful], [NOTE], plane=stale), ())) as example:
        world = example.world
        process = world.process("forgetful")
        example.act({"do": "create", "object": NOTE})
        world.lag(process.server)
        example.act({"do": "patch", "api_version": "v1", "kind": "ConfigMap", "name": "note", "namespace": "default",
                     "body": {"data": {"text": "new"}}})  # fmt: skip
        example.pass_time(30.0)
        assert process.life is not None
        assert [regression.via for regression in process.life.knowledge.regressions] == ["list"]


def sleepy(client: Client) -> Controller:
    """Always asleep in some pass, and never does anything."""

    async def reconcile(request: Request) -> Result:
        await client.sleep(10 + int(request.name[-1]))
        return Result(requeue_after_s=2)

    return Controller(name="sleepy", reconcile=reconcile, watches=[Watch("v1", "ConfigMap")], workers=4)


def test_who_is_always_asleep_somewhere_is_not_waited_for_for_ever() -> None:
    notes = [{**NOTE, "metadata": {"name": f"note-{number}", "namespace": "default"}} for number in range(4)]
    with Example(make_plan(Trial([sleepy], notes), ())) as example:
        for note in notes:
            example.act({"do": "create", "object": note})
        example.finish(None)
        assert example.rested


def test_users_may_wait_for_longer_than_any_of_their_requests_may_take() -> None:
    session = _session("unwatched-child")
    with Example(session.plan) as example:
        began_s = example.world.network.now_s
        example.pass_time(3 * ACTION_S)
        assert example.world.network.now_s >= began_s + 3 * ACTION_S
