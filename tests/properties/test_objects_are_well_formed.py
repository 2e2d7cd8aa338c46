"""Tests of the claim that the plane keeps its promises about every object."""

from dataclasses import replace
from typing import Any

import pytest

from properties.objects_are_well_formed import ObjectsAreWellFormed
from reference_impl.objects import copy_json, owner_reference
from tests.properties.fake_view import FakeView, make

PROPERTY = ObjectsAreWellFormed()


def an_update(**metadata: Any) -> FakeView:
    view = FakeView()
    front = view.create(make("Website", "front", generation=3, deletionTimestamp="2024-01-01T00:00:00Z"))
    view.update(front, metadata=metadata)
    return view


def test_a_removal_proves_nothing() -> None:
    view = FakeView()
    view.delete(view.create(make("Secret", "tls")))
    assert PROPERTY.judge(view).verdict == "unknown"


def test_an_orderly_life_holds() -> None:
    view = FakeView()
    tls = view.create(make("Secret", "tls"))
    assert PROPERTY.judge(view).verdict == "holds"
    view.update(tls, metadata={"generation": 2})
    assert PROPERTY.judge(view).verdict == "holds"


@pytest.mark.parametrize(
    ("metadata", "wrong"),
    [
        ({"uid": "other"}, "uid changed"),
        ({"generation": 2}, "generation fell"),
        ({"deletionTimestamp": None}, "deletion was taken back"),
        ({"creationTimestamp": "2024-01-01T00:00:00Z"}, "creationTimestamp changed"),
        ({"ownerReferences": [owner_reference(make("A", "a")), owner_reference(make("B", "b"))]}, "more than one"),
    ],
)
def test_each_broken_promise_is_named(metadata: dict[str, Any], wrong: str) -> None:
    judgement = PROPERTY.judge(an_update(**metadata))
    assert judgement.verdict == "violated"
    assert wrong in judgement.reason


def test_a_revision_must_grow() -> None:
    view = an_update()
    assert view.change is not None
    assert view.change.after is not None
    after = copy_json(view.change.after)
    after["metadata"]["resourceVersion"] = "2"
    view.change = replace(view.change, after=after)
    assert "revision did not grow" in PROPERTY.judge(view).reason


def test_a_uid_is_never_used_again_and_a_name_may_be() -> None:
    view = FakeView()
    view.delete(view.create(make("Secret", "tls", uid="first")))
    view.create(make("Secret", "tls", uid="second"))
    assert PROPERTY.judge(view).verdict == "holds"
    view.create(make("Secret", "other", uid="first"))
    assert PROPERTY.judge(view).verdict == "violated"


def test_a_second_owner_that_does_not_control_is_fine() -> None:
    owners = [owner_reference(make("A", "a")), owner_reference(make("B", "b"), controller=False)]
    assert PROPERTY.judge(an_update(ownerReferences=owners)).verdict == "holds"
