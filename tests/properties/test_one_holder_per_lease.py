"""Tests of the claim that a lease is taken only when it is over."""

from typing import Any

import pytest

from properties.one_holder_per_lease import OneHolderPerLease
from reference_impl.protocol import JsonObject
from tests.properties.fake_view import ApiRequest, FactsFake, FakeView, TrialFake, make

PROPERTY = OneHolderPerLease()
LEASES = "coordination.k8s.io/v1"
DURATION_S = 15


def a_lease(**record: Any) -> JsonObject:
    spec = {"holderIdentity": "a", "leaseDurationSeconds": DURATION_S, "renewTime": "00:00", **record}
    return make("Lease", "leader", api_version=LEASES, spec=spec)


def a_held_lease(by: str = "website", **record: Any) -> FakeView:
    """Renewed at 100 s by the first of two copies."""
    view = FakeView(now_s=100.0)
    view.starts("website")
    view.starts("website-1")
    view.create(a_lease(**record), by=by)
    return view


def a_command(
    view: FakeView,
    at_s: float,
    holder: str | None = "b",
    by: str = "website-1",
    version: str | None = None,
    **more: Any,
) -> str:
    """What is said of the command that puts this holder into the lease."""
    view.now_s = at_s
    body: JsonObject = {"spec": {"holderIdentity": holder} if holder is not None else {"renewTime": "00:01"}}
    if version is not None:
        body["metadata"] = {"resourceVersion": version}
    values = {"verb": "update", "body": body, **more}
    view.sends(by, ApiRequest(api_version=LEASES, kind="Lease", namespace="default", name="leader", **values))
    return PROPERTY.judge(view).verdict


def test_reads_users_and_commits_prove_nothing() -> None:
    view = a_held_lease()
    assert PROPERTY.judge(view).verdict == "unknown"
    assert a_command(view, 101.0, verb="get", body=None) == "unknown"
    assert a_command(view, 101.0, by="user") == "unknown"


def test_taking_a_lease_that_is_not_over_is_a_violation() -> None:
    assert a_command(a_held_lease(), 103.0) == "violated"
    view = a_held_lease()
    a_command(view, 103.0)
    judgement = PROPERTY.judge(view)
    assert "website-1 takes Lease default/leader 3.000 s after website" in judgement.reason
    assert judgement.key == "Lease website-1"


@pytest.mark.parametrize("verb", ["update", "patch"])
def test_however_it_is_sent(verb: str) -> None:
    assert a_command(a_held_lease(), 103.0, verb=verb) == "violated"
    assert a_command(a_held_lease(), 103.0, verb=verb, holder=None) == "holds"


def test_taking_one_that_is_over_holds_and_a_clock_may_run_a_tenth_too_fast() -> None:
    assert a_command(a_held_lease(), 115.0) == "holds"
    assert a_command(a_held_lease(), 100.0 + DURATION_S / 1.1) == "holds"
    assert a_command(a_held_lease(), 113.5) == "violated"


def test_renewing_and_giving_up_ones_own_hold() -> None:
    assert a_command(a_held_lease(), 101.0, holder="a", by="website") == "holds"
    assert a_command(a_held_lease(), 101.0, holder="", by="website") == "holds"


def test_the_time_counts_from_the_last_renewal_and_not_from_a_new_label() -> None:
    view = a_held_lease()
    view.now_s = 110.0
    view.update(a_lease(), by="website", spec=a_lease(renewTime="00:10")["spec"])
    assert a_command(view, 116.0) == "violated"
    view = a_held_lease()
    view.now_s = 110.0
    view.update(a_lease(), by="website", metadata={"labels": {"a": "b"}})
    assert a_command(view, 116.0) == "holds"


def test_a_lease_that_was_given_up_or_says_no_duration_is_free() -> None:
    assert a_command(a_held_lease(holderIdentity=""), 101.0) == "holds"
    assert a_command(a_held_lease(leaseDurationSeconds=None), 101.0) == "holds"


def test_a_command_under_an_outdated_version_is_refused_and_harms_nobody() -> None:
    view = a_held_lease()
    now = view.list(LEASES, "Lease")[0]["metadata"]["resourceVersion"]
    assert a_command(view, 101.0, version="1") == "holds"
    assert a_command(view, 101.0, version=now) == "violated"


def test_the_dead_ones_own_earlier_life_and_users_may_be_displaced() -> None:
    view = a_held_lease()
    view.starts("website", alive=False)
    assert a_command(view, 101.0) == "holds"
    assert a_command(a_held_lease(), 101.0, holder="a2", by="website") == "holds"
    assert a_command(a_held_lease(by="user"), 101.0) == "holds"


def test_a_lease_that_is_not_there_is_nobodys() -> None:
    view = a_held_lease()
    view.delete(view.list(LEASES, "Lease")[0])
    assert a_command(view, 101.0) == "holds"
    assert a_command(view, 101.0, verb="create") == "holds"


def test_it_applies_where_there_are_leases() -> None:
    assert not PROPERTY.applies(TrialFake())
    assert PROPERTY.applies(TrialFake(FactsFake(kinds=((LEASES, "Lease"),))))
