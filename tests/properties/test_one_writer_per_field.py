"""Tests of the opt-in claim that nobody writes what another controller writes."""

import pytest

from harness.contract import SentRequest
from properties.one_writer_per_field import OneWriterPerField
from reference_impl.protocol import ApiRequest, JsonObject
from tests.properties.fake_view import FakeView, make

PROPERTY = OneWriterPerField()


def a_world(kind: str = "Website") -> tuple[FakeView, JsonObject]:
    view = FakeView()
    view.starts("roads")
    view.starts("roads-1", instance=1)
    view.starts("signs")
    view.starts("kubelet", under_test=False)
    view.starts("node-lifecycle", under_test=False)
    return view, view.create(make(kind, "front", api_version="example.com/v1", spec={"size": 1}))


def sent_by(view: FakeView, component: str, controller: str | None) -> SentRequest:
    request = ApiRequest(verb="update", api_version="example.com/v1", kind="Website", name="front")
    return view.sends(component, request, controller=controller)


def conditions(*types: str) -> JsonObject:
    return {"conditions": [{"type": name, "status": "True"} for name in types]}


def test_what_users_write_proves_nothing() -> None:
    view, site = a_world()
    view.update(site, by="roads", status={"roads": 1})
    view.update(site, status={"roads": 2})
    assert PROPERTY.judge(view).verdict == "unknown"


def test_two_writers_of_two_fields_hold() -> None:
    view, site = a_world()
    view.update(site, by="roads", status=conditions("Roads"))
    view.update(site, by="signs", status=conditions("Signs", "Roads"))
    assert PROPERTY.judge(view).verdict == "holds"
    view.update(site, by="signs", status=conditions("Roads"))
    assert PROPERTY.judge(view).verdict == "holds"


def test_what_a_user_wrote_may_be_changed() -> None:
    view, site = a_world()
    view.update(site, by="roads", spec={"size": 2})
    assert PROPERTY.judge(view).verdict == "holds"


@pytest.mark.parametrize(
    ("status", "did"),
    [
        (conditions("Signs"), "removed status.conditions[Roads].type"),
        ({"conditions": [{"type": "Roads", "status": "False"}]}, "changed status.conditions[Roads].status"),
    ],
)
def test_to_change_or_drop_what_another_wrote_is_a_violation(status: JsonObject, did: str) -> None:
    view, site = a_world()
    view.update(site, by="roads", status=conditions("Roads"))
    view.update(site, by="signs", status=status)
    judgement = PROPERTY.judge(view)
    assert judgement.verdict == "violated"
    assert judgement.reason == f"signs {did} of Website default/front, which roads had written"


def test_what_the_server_filled_in_is_nobodys() -> None:
    view, _ = a_world()
    road = make("Road", "a1", api_version="example.com/v1", spec={"lanes": 2}, status={"cars": 0})
    body = {**road, "spec": {}, "status": None}
    request = ApiRequest(verb="create", api_version="example.com/v1", kind="Road", name="a1", body=body)
    view.create(road, by="roads", sent=view.sends("roads", request))
    view.update(road, by="signs", spec={"lanes": 3}, status={"cars": 7})
    assert PROPERTY.judge(view).verdict == "holds"
    view.update(road, by="roads", spec={"lanes": 4})
    assert PROPERTY.judge(view).verdict == "violated"


def test_finalizers_count_one_by_one() -> None:
    view, site = a_world()
    view.update(site, by="roads", metadata={"finalizers": ["roads"]})
    view.update(site, by="signs", metadata={"finalizers": ["roads", "signs"]})
    assert PROPERTY.judge(view).verdict == "holds"
    view.update(site, by="roads", metadata={"finalizers": ["roads"]})
    assert "removed metadata.finalizers[signs]" in PROPERTY.judge(view).reason


def test_copies_are_one_writer_and_the_controllers_of_one_process_are_not() -> None:
    view, site = a_world()
    view.update(site, by="roads", status={"roads": 1}, sent=sent_by(view, "roads", "asphalt"))
    view.update(site, by="roads-1", status={"roads": 2}, sent=sent_by(view, "roads-1", "asphalt"))
    assert PROPERTY.judge(view).verdict == "holds"
    view.update(site, by="roads", status={"roads": 3}, sent=sent_by(view, "roads", None))
    assert PROPERTY.judge(view).verdict == "holds"
    view.update(site, by="roads", status={"roads": 4}, sent=sent_by(view, "roads", "asphalt"))
    view.update(site, by="roads", status={"roads": 5}, sent=sent_by(view, "roads", "gravel"))
    assert PROPERTY.judge(view).reason.startswith("gravel (of roads) changed status.roads")


def test_built_in_components_among_themselves_and_cascades_are_left_alone() -> None:
    view, site = a_world()
    view.starts("garbage-collector", under_test=False)
    view.update(site, by="kubelet", status={"roads": 1})
    view.update(site, by="node-lifecycle", status={"roads": 2})
    assert PROPERTY.judge(view).verdict == "holds"
    view.update(site, by="roads", metadata={"labels": {"a": "b"}})
    view.update(site, by="garbage-collector", metadata={"labels": {}})
    assert PROPERTY.judge(view).verdict == "holds"


def test_declared_co_owners_may_share() -> None:
    view, pod = a_world(kind="Pod")
    view.update(pod, by="kubelet", status=conditions("Ready"))
    view.update(pod, by="roads", status={})
    assert PROPERTY.judge(view).verdict == "holds"
    view.update(pod, by="signs", spec={"size": 3})
    view.update(pod, by="roads", spec={"size": 4})
    assert PROPERTY.judge(view).verdict == "violated"
    assert OneWriterPerField(shared=("Pod.spec",)).judge(view).verdict == "holds"
    assert OneWriterPerField(shared=("Pod.spec.siz",)).judge(view).verdict == "violated"
