"""Tests of the claim that nothing is created for an owner known to leave."""

import pytest

from properties.no_create_under_an_owner_observed_deleting import NoCreateUnderAnOwnerObservedDeleting
from reference_impl.protocol import ApiRequest, JsonObject
from tests.properties.fake_view import FakeView, make

PROPERTY = NoCreateUnderAnOwnerObservedDeleting()


def a_world() -> tuple[FakeView, JsonObject]:
    view = FakeView()
    view.starts("website")
    site = view.create(make("Website", "front", api_version="example.com/v1", finalizers=["example.com/cleanup"]))
    view.sees("website", site)
    return view, site


def send_create(view: FakeView, owner: JsonObject, kind: str = "Secret") -> None:
    body = make(kind, "next", owner=owner)
    view.sends("website", ApiRequest(verb="create", api_version="v1", kind=kind, namespace="default", body=body))


def test_reads_and_users_prove_nothing() -> None:
    view, _ = a_world()
    view.sends("website", ApiRequest(verb="list", api_version="v1", kind="Secret"))
    assert PROPERTY.judge(view).verdict == "unknown"
    view.sends("user", ApiRequest(verb="create", api_version="v1", kind="Secret", body=make("Secret", "free")))
    assert PROPERTY.judge(view).verdict == "unknown"


@pytest.mark.parametrize("body", [None, [], {"metadata": None}, make("Secret", "free")])
def test_a_create_without_an_owner_holds(body: object) -> None:
    view, _ = a_world()
    view.sends("website", ApiRequest(verb="create", api_version="v1", kind="Secret", body=body))
    assert PROPERTY.judge(view).verdict == "holds"


def test_a_living_owner_holds() -> None:
    view, site = a_world()
    send_create(view, site)
    assert PROPERTY.judge(view).verdict == "holds"


def test_an_owner_known_to_be_deleting_is_a_violation() -> None:
    view, site = a_world()
    view.sees("website", view.mark_deleting(site))
    send_create(view, site)
    assert PROPERTY.judge(view).verdict == "violated"


def test_an_owner_known_to_be_gone_is_one_too() -> None:
    view, site = a_world()
    view.delete(site)
    view.sees("website", view.past[-1].object, gone=True)
    send_create(view, site)
    assert PROPERTY.judge(view).verdict == "violated"


def test_who_had_not_heard_of_it_is_excused() -> None:
    view, site = a_world()
    view.mark_deleting(site)
    send_create(view, site)
    assert PROPERTY.judge(view).verdict == "holds"


def test_a_clean_up_job_is_what_finalizers_are_for() -> None:
    view, site = a_world()
    view.sees("website", view.mark_deleting(site))
    send_create(view, site, kind="Job")
    assert PROPERTY.judge(view).verdict == "holds"


def test_an_apply_of_what_is_not_there_is_a_create_and_of_what_is_there_is_none() -> None:
    view, site = a_world()
    view.sees("website", view.mark_deleting(site))
    apply = ApiRequest(
        verb="patch", patch_type="apply", api_version="v1", kind="Secret", namespace="default", name="next",
        body=make("Secret", "next", owner=site),
    )  # fmt: skip
    view.sends("website", apply)
    assert PROPERTY.judge(view).verdict == "violated"
    view.create(make("Secret", "next", owner=site))
    view.sends("website", apply)
    assert PROPERTY.judge(view).verdict == "holds"
