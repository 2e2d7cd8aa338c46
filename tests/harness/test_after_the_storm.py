"""What ends with the storm, and what is known during it."""

from harness.example import Example
from harness.session import Session
from harness.trial import Trial
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
