"""What ends with the storm, what is known during it, and how a finding loses its salt."""

from functools import partial
from typing import Any

from harness.example import Example
from harness.judge import Found
from harness.latency import LATE_LOW_S
from harness.network import Channel, Network
from harness.session import Finding, Session
from harness.shrink import Shrinker
from harness.trial import Trial
from reference_impl.zoo import ZOO

SALT = 7
SEED_OF_A_LONG_BACK_OFF = 1002


def test_messages_take_no_time_once_the_storm_is_over() -> None:
    network = Network(SALT)
    late = [network.send(Channel(f"c{number}"), _nothing).due_s for number in range(20)]
    network.calm_down()
    after = [network.send(Channel(f"d{number}"), _nothing).due_s for number in range(20)]
    assert max(late) > 0
    assert set(after) == {0.0}


def test_nothing_overtakes_what_was_under_way_when_the_storm_ended() -> None:
    network = Network(SALT)
    channel = Channel("c")
    last = [network.send(channel, _nothing) for _ in range(20)][-1]
    network.calm_down()
    assert network.send(channel, _nothing).due_s == last.due_s > 0


def test_what_waits_behind_a_late_message_is_as_late_as_that() -> None:
    network = Network(SALT)
    channel = Channel("c")
    entries = [network.send(channel, _nothing) for _ in range(50)]
    queued = [entry for entry in entries if not entry.late_s and entry.waits_s]
    assert queued
    assert all(entry.waits_s == round(entry.due_s, 6) >= LATE_LOW_S for entry in queued)


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


def test_a_finding_that_hangs_on_a_message_still_under_way_ends_under_the_calm_salt() -> None:
    session = _session("reaped-by-name")
    finding = next(finding for salt in range(1, 200) if (finding := _found(session, salt)) is not None)
    shrunk = Shrinker(session, finding, finding.found[0]).shrink()
    assert shrunk.calm
    assert [action["do"] for action in shrunk.weather] == ["latency"]


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


def _found(session: Session, salt: int) -> Finding | None:
    workload = session.workloads[0]
    found: list[Found] = session.run(workload, [], salt).violations
    return Finding(workload=workload, weather=[], salt=salt, found=found) if found else None


_nothing: Any = partial(int)
