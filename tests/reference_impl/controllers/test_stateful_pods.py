"""Names, claims and owners of a StatefulSet's pods."""

import pytest

from reference_impl.controllers.stateful_pods import (
    claim_slot,
    is_left_behind,
    new_claims,
    ordinal_of,
    owners_by_policy,
)
from reference_impl.protocol import JsonObject
from tests.reference_impl.controllers.test_statefulset import CLAIM_TEMPLATE, stateful_set

POD: JsonObject = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "db-0", "uid": "u-pod"}}


def a_set(**policy: str) -> JsonObject:
    made = stateful_set(1, volumeClaimTemplates=[CLAIM_TEMPLATE], persistentVolumeClaimRetentionPolicy=policy)
    made["metadata"]["uid"] = "u-set"
    return made


def claim(*owners: JsonObject) -> JsonObject:
    return {"metadata": {"name": "data-db-0", "namespace": "default", "ownerReferences": list(owners)}}


@pytest.mark.parametrize(
    ("name", "ordinal"),
    [("db-0", 0), ("db-12", 12), ("db-x-0", None), ("db", None), ("other-0", None), ("db--1", None)],
)
def test_an_ordinal_needs_the_sets_whole_name(name: str, ordinal: int | None) -> None:
    assert ordinal_of("db", name) == ordinal


def test_claims_are_named_after_template_set_and_ordinal() -> None:
    (made,) = new_claims(a_set(), 3)
    assert made["metadata"]["name"] == "data-db-3"
    assert made["metadata"]["labels"] == {"app": "db"}
    assert claim_slot(a_set(), made) == 3


@pytest.mark.parametrize(
    ("deleted", "scaled", "condemned", "wanted"),
    [
        ("Retain", "Retain", False, []),
        ("Retain", "Retain", True, []),
        ("Delete", "Retain", False, ["u-set"]),
        ("Delete", "Retain", True, ["u-set"]),
        ("Retain", "Delete", False, []),
        ("Retain", "Delete", True, ["u-pod"]),
        ("Delete", "Delete", False, ["u-set"]),
        ("Delete", "Delete", True, ["u-pod"]),
    ],
)
def test_owners_follow_the_retention_policy(deleted: str, scaled: str, condemned: bool, wanted: list[str]) -> None:
    set_ = a_set(whenDeleted=deleted, whenScaled=scaled)
    owners = owners_by_policy(set_, POD, claim(), condemned=condemned)
    assert [owner["uid"] for owner in owners or []] == wanted
    assert owners_by_policy(set_, POD, claim(*(owners or [])), condemned=condemned) is None


def test_a_claim_that_somebody_else_controls_is_left_alone() -> None:
    foreign = {"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "uid": "u-other", "controller": True}
    assert owners_by_policy(a_set(whenDeleted="Delete"), POD, claim(foreign), condemned=False) is None


def test_a_claim_of_an_earlier_pod_is_not_used_again() -> None:
    earlier = {"apiVersion": "v1", "kind": "Pod", "name": "db-0", "uid": "u-old", "controller": True}
    assert is_left_behind(claim(earlier), "db-0")
    assert not is_left_behind(claim(), "db-0")
