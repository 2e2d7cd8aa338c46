"""Delays are a pure function of salt, name and number; a salt is nothing but a list of `latency` actions."""

import pytest

from harness.detection import entry_trial
from harness.latency import LATE_HIGH_S, LATE_LOW_S, Latency, mix
from harness.session import Session
from harness.trace import Trace
from reference_impl.zoo import ZOO, Entry

NAME = ("event", "website", "ADDED", "Pod", "child 0 of Website front")
OTHER = ("event", "website", "ADDED", "Pod", "child 1 of Website front")

SALTS = range(1, 9)


def test_salt_0_delays_nothing() -> None:
    assert [Latency(0).delay_s(NAME, number) for number in range(100)] == [0.0] * 100


def test_the_same_message_always_takes_the_same_time_whatever_came_before_it() -> None:
    before = Latency(7)
    delays = [before.delay_s(name, number) for number in range(9) for name in (NAME, OTHER)]
    assert delays[6] == Latency(7).delay_s(NAME, 3)


def test_names_and_salts_have_delays_of_their_own() -> None:
    first = [Latency(7).delay_s(NAME, n) for n in range(20)]
    assert first != [Latency(7).delay_s(OTHER, n) for n in range(20)]
    assert first != [Latency(8).delay_s(NAME, n) for n in range(20)]


def test_an_eighth_to_a_third_is_late_and_none_later_than_8_s() -> None:
    for salt in (1, 2, 3, 99):
        delays = [Latency(salt).delay_s(NAME, number) for number in range(2000)]
        late = [delay for delay in delays if delay]
        assert 0.1 < len(late) / len(delays) < 0.37
        assert LATE_LOW_S <= min(late) <= max(late) <= LATE_HIGH_S


def test_mix_does_not_depend_on_the_hash_seed() -> None:
    assert mix(1, 2, 3) == 17535407170941933615


@pytest.mark.slow
@pytest.mark.parametrize("entry", ZOO, ids=lambda entry: entry.id)
def test_a_salt_is_nothing_but_the_late_messages_that_it_makes(entry: Entry) -> None:
    session = Session(entry_trial(entry, "fixed"))
    workload = max(session.workloads, key=len)
    late = 0
    for salt in SALTS:
        salted = session.run(workload, [], salt)
        late += len(salted.late)
        assert salted.weather == []
        written_out = session.run(workload, salted.late)
        assert written_out.weather == salted.late
        assert _story(written_out.world.trace) == _story(salted.world.trace)
    assert late > 0


def _story(trace: Trace) -> list[object]:
    """Everything that happened but the faults themselves, without what counts or points at lines."""
    return [
        (event.time_s, event.kind, event.component, event.peer, event.object, event.resource_version)
        for event in trace.events
        if event.kind not in ("fault", "note")
    ]


def test_what_struck_a_message_before_it_was_late_does_so_again_when_replayed() -> None:
    session = Session(entry_trial(next(entry for entry in ZOO if entry.id == "unwatched-child"), "fixed"))
    workload = session.workloads[0]
    arrived = next(
        event.object
        for event in session.run(workload, []).world.trace.events
        if event.kind == "event" and event.data["type"] == "ADDED" and event.component == "site"
    )
    kind, namespace, name = arrived.split("/")
    named = {"kind": kind, "name": name, "namespace": namespace, "nth": 1, "type": "ADDED"}
    anchor = {"at": "delivery", "component": "site", "event": named}
    weather = [{"do": "watch_lag", **anchor, "seconds": 3.0}, {"do": "latency", **anchor, "seconds": 5.0}]
    for order in (weather, weather[::-1]):
        assert session.run(workload, order).weather == order
