"""Which kinds may have something stored of them."""

from typing import Any

from reference_impl.controllers.discovery import BUILT_IN, CRD, EVENT, LEASE, NODE, stored_kinds


def definition(*versions: dict[str, Any], scope: str = "Namespaced") -> dict[str, Any]:
    return {"spec": {"group": "example.com", "scope": scope, "names": {"kind": "Site"}, "versions": list(versions)}}


def test_kinds_that_are_never_stored_are_left_out() -> None:
    kinds = {kind for _, kind in BUILT_IN}
    assert not kinds & {"Binding", "ComponentStatus", "TokenReview", "SubjectAccessReview"}


def test_no_kind_appears_in_two_versions() -> None:
    assert sum(kind == "HorizontalPodAutoscaler" for _, kind in BUILT_IN) == 1
    assert EVENT not in stored_kinds(None, [])


def test_a_choice_narrows_built_in_kinds_and_adds_leases_to_nodes() -> None:
    assert list(stored_kinds([("v1", "Pod")], [])) == [("v1", "Pod"), CRD]
    assert LEASE in stored_kinds([NODE], [])


def test_custom_kinds_are_taken_in_their_stored_version_if_it_is_served() -> None:
    old, new = {"name": "v1", "served": True, "storage": False}, {"name": "v2", "served": True, "storage": True}
    assert stored_kinds([], [definition(old, new)])["example.com/v2", "Site"] is True
    unserved = {**new, "served": False}
    assert ("example.com/v1", "Site") in stored_kinds([], [definition(old, unserved)])
    assert list(stored_kinds([], [definition(unserved)])) == [CRD]
