"""Tests of the claim that a leader stops writing when its lease runs out."""

import math
from typing import Any

from properties.leader_writes_inside_its_lease import LeaderWritesInsideItsLease
from reference_impl.protocol import ApiRequest
from tests.properties.fake_view import ComponentFactsFake, FactsFake, FakeView, TrialFake, make

PROPERTY = LeaderWritesInsideItsLease()


def a_request(verb: str = "create", kind: str = "Secret", **sent: Any) -> FakeView:
    view = FakeView()
    view.starts("website", elects=True)
    view.sends("website", ApiRequest(verb=verb, api_version="v1", kind=kind, namespace="default", name="tls"), **sent)
    return view


def test_reads_and_those_who_do_not_elect_prove_nothing() -> None:
    late: dict[str, Any] = {"sent_monotonic_s": 20.0, "lease_until_s": 10.0}
    assert PROPERTY.judge(a_request("list", **late)).verdict == "unknown"
    assert PROPERTY.judge(a_request(sent_monotonic_s=20.0)).verdict == "unknown"


def test_a_write_inside_the_lease_holds() -> None:
    assert PROPERTY.judge(a_request(sent_monotonic_s=10.0, lease_until_s=10.0)).verdict == "holds"


def test_a_write_after_it_is_a_violation() -> None:
    judgement = PROPERTY.judge(a_request(sent_monotonic_s=12.5, lease_until_s=10.0))
    assert judgement.verdict == "violated"
    assert "2.500 s after" in judgement.reason


def test_a_write_by_who_never_led_is_one_too() -> None:
    assert "without ever" in PROPERTY.judge(a_request(sent_monotonic_s=1.0, lease_until_s=-math.inf)).reason


def test_the_first_write_on_waking_from_a_pause_is_excused_and_no_other() -> None:
    late: dict[str, Any] = {"sent_monotonic_s": 20.0, "lease_until_s": 10.0}
    assert PROPERTY.judge(a_request(just_woke=True, **late)).verdict == "holds"
    assert PROPERTY.judge(a_request(just_woke=False, **late)).verdict == "violated"


def test_leases_events_and_late_commits_are_excused() -> None:
    late: dict[str, Any] = {"sent_monotonic_s": 20.0, "lease_until_s": 10.0}
    assert PROPERTY.judge(a_request(kind="Lease", **late)).verdict == "unknown"
    assert PROPERTY.judge(a_request(kind="Event", **late)).verdict == "unknown"
    view = a_request(**late)
    view.create(make("Secret", "tls"), by="website", sent=view.request)
    assert PROPERTY.judge(view).verdict == "unknown"


def test_it_applies_where_someone_elects() -> None:
    assert not PROPERTY.applies(TrialFake())
    assert PROPERTY.applies(TrialFake(FactsFake(components=(ComponentFactsFake(elects=True),))))
