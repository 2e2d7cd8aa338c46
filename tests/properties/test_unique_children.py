"""Tests of the opt-in claim that a role is filled once."""

from properties.unique_children import UniqueChildren
from reference_impl.protocol import JsonObject
from tests.properties.fake_view import FakeView, make

PROPERTY = UniqueChildren()
ROLE = {"app.kubernetes.io/component": "database"}


def a_world() -> tuple[FakeView, JsonObject]:
    view = FakeView()
    view.starts("website")
    owner = view.create(make("Website", "front", api_version="example.com/v1"))
    view.create(make("Secret", "a", owner=owner, labels=ROLE), by="website")
    return view, owner


def test_a_child_without_a_role_proves_nothing() -> None:
    view, owner = a_world()
    view.create(make("Secret", "b", owner=owner), by="website")
    assert PROPERTY.judge(view).verdict == "unknown"


def test_the_first_of_a_role_holds() -> None:
    assert PROPERTY.judge(a_world()[0]).verdict == "holds"


def test_the_second_is_a_violation() -> None:
    view, owner = a_world()
    view.create(make("Secret", "b", owner=owner, labels=ROLE), by="website")
    assert PROPERTY.judge(view).verdict == "violated"


def test_another_kind_another_owner_and_one_that_leaves_are_no_rivals() -> None:
    view, owner = a_world()
    view.create(make("ConfigMap", "b", owner=owner, labels=ROLE), by="website")
    assert PROPERTY.judge(view).verdict == "holds"
    view.mark_deleting(view.list("v1", "Secret")[0])
    view.create(make("Secret", "b", owner=owner, labels=ROLE), by="website")
    assert PROPERTY.judge(view).verdict == "holds"
