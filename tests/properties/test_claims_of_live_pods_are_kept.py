"""Tests of the claim that no controller deletes a claim under a live pod."""

from typing import Any

from harness.contract import ObjectRef
from properties.claims_of_live_pods_are_kept import ClaimsOfLivePodsAreKept
from reference_impl.protocol import ApiRequest, JsonObject
from tests.properties.fake_view import FakeView, make

PROPERTY = ClaimsOfLivePodsAreKept()
SPEC: JsonObject = {"volumes": [{"persistentVolumeClaim": {"claimName": "data"}}]}
POD = ObjectRef("v1", "Pod", "default", "db-0")


def a_world(**pod: Any) -> tuple[FakeView, JsonObject]:
    view = FakeView(requirements=[POD])
    view.starts("operator")
    view.starts("garbage-collector", under_test=False)
    claim = view.create(make("PersistentVolumeClaim", "data"))
    view.create(make("Pod", "db-0", spec=SPEC, **pod))
    return view, claim


def test_other_kinds_prove_nothing_and_users_do_as_they_like() -> None:
    view, claim = a_world()
    view.delete(view.create(make("Secret", "tls")), by="operator")
    assert PROPERTY.judge(view).verdict == "unknown"
    view.delete(claim, by="user")
    assert PROPERTY.judge(view).verdict == "holds"


def test_a_claim_that_no_live_pod_mounts_may_go() -> None:
    view, claim = a_world(status={"phase": "Succeeded"})
    view.delete(claim, by="operator")
    assert PROPERTY.judge(view).verdict == "holds"


def test_a_claim_under_a_live_wanted_pod_may_not_not_even_with_its_uid() -> None:
    view, claim = a_world()
    view.mark_deleting(claim, by="operator", precondition_uid="uid-persistentvolumeclaim-data")
    judgement = PROPERTY.judge(view)
    assert judgement.verdict == "violated"
    assert "Pod default/db-0" in judgement.reason


def test_a_pod_scaled_away_or_condemned_or_collected_with_its_owner_is_excused() -> None:
    view, claim = a_world()
    view.requirements = []
    view.delete(claim, by="operator")
    assert PROPERTY.judge(view).verdict == "holds"
    view, claim = a_world(owner=make("StatefulSet", "db", api_version="apps/v1"))
    view.delete(claim, by="operator")
    assert PROPERTY.judge(view).verdict == "holds"
    view, claim = a_world()
    view.delete(claim, by="garbage-collector")
    assert PROPERTY.judge(view).verdict == "holds"


def test_a_pod_younger_than_the_live_look_or_the_command_is_excused() -> None:
    view, claim = a_world()
    view.live_reads[("operator", POD)] = 2
    view.delete(claim, by="operator")
    assert PROPERTY.judge(view).verdict == "holds"
    view, claim = a_world()
    pod = view.get("v1", "Pod", "db-0", "default")
    assert pod is not None
    view.delete(pod)
    sent = view.sends("operator", ApiRequest(verb="delete", api_version="v1", kind="PersistentVolumeClaim"))
    view.create(make("Pod", "db-0", uid="second", spec=SPEC))
    view.delete(claim, by="operator", sent=sent)
    assert PROPERTY.judge(view).verdict == "holds"


def test_a_live_look_that_showed_the_pod_is_no_excuse() -> None:
    view, claim = a_world()
    view.live_reads[("operator", POD)] = 3
    view.delete(claim, by="operator")
    assert PROPERTY.judge(view).verdict == "violated"
