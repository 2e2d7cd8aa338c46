"""Tests of owners by full coordinates."""

import pytest

from properties.ownership import controllers_above, intended_owner, is_condemned, is_solid, living_owner
from tests.properties.fake_view import FakeView, make


@pytest.mark.parametrize(
    ("part", "value"), [("kind", "Other"), ("name", "other"), ("apiVersion", "other.com/v1"), ("uid", "other")]
)
def test_an_owner_is_absent_as_soon_as_one_coordinate_is_wrong(part: str, value: str) -> None:
    view = FakeView()
    owner = view.create(make("Website", "front", api_version="example.com/v1"))
    child = view.create(make("Secret", "tls", owner=owner))
    reference = child["metadata"]["ownerReferences"][0]
    assert living_owner(view, child, reference) is owner
    assert living_owner(view, child, {**reference, "apiVersion": "example.com/v2"}) is owner
    assert living_owner(view, child, {**reference, part: value}) is None


def test_an_owner_in_another_namespace_is_absent_and_a_cluster_scoped_one_is_not() -> None:
    view = FakeView()
    node = view.create(make("Node", "n", namespace=None))
    far = view.create(make("Website", "front", api_version="example.com/v1", namespace="far"))
    child = view.create(make("Secret", "tls", owner=far))
    assert living_owner(view, child, child["metadata"]["ownerReferences"][0]) is None
    child = view.create(make("Secret", "other", owner=node))
    assert living_owner(view, child, child["metadata"]["ownerReferences"][0]) is node


def test_a_grandchild_is_condemned_with_its_grandparent() -> None:
    view = FakeView()
    top = view.create(make("Deployment", "front", api_version="apps/v1"))
    middle = view.create(make("ReplicaSet", "front-1", api_version="apps/v1", owner=top))
    pod = view.create(make("Pod", "front-1-x", owner=middle))
    assert controllers_above(view, pod) == [middle, top]
    assert not is_condemned(view, pod)
    view.mark_deleting(top)
    assert is_condemned(view, pod)


def test_only_foreground_deletion_makes_an_owner_let_go() -> None:
    leaving = make("Website", "front", deletionTimestamp="2024-01-01T00:00:00Z", finalizers=["example.com/x"])
    assert is_solid(leaving)
    leaving["metadata"]["finalizers"].append("foregroundDeletion")
    assert not is_solid(leaving)


def test_a_malformed_body_intends_no_owner() -> None:
    assert intended_owner(None) is None
    assert intended_owner({"metadata": {"ownerReferences": [{"controller": True, "uid": 3}]}}) is None
