"""The arithmetic of rollouts, against examples worked out by hand."""

from typing import Any

import pytest

from reference_impl.controllers import rollout
from reference_impl.protocol import JsonObject


def deployment(replicas: int, **strategy: Any) -> JsonObject:
    parameters = {"type": "RollingUpdate", "rollingUpdate": strategy} if strategy else {"type": "RollingUpdate"}
    return {
        "metadata": {"name": "web", "annotations": {}},
        "spec": {"replicas": replicas, "strategy": parameters, "template": {"spec": {}}},
    }


def sized(name: str, replicas: int, available: int | None = None, **annotations: str) -> JsonObject:
    have = replicas if available is None else available
    return {
        "metadata": {"name": name, "creationTimestamp": name, "annotations": annotations},
        "spec": {"replicas": replicas, "template": {"spec": {}}},
        "status": {"replicas": replicas, "availableReplicas": have},
    }


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "expected"),
    [
        (10, "25%", "25%", (3, 2)),
        (1, "25%", "25%", (1, 0)),
        (4, 1, 0, (1, 0)),
        (4, 0, 0, (0, 1)),
        (2, "0%", "10%", (0, 1)),
    ],
)
def test_surge_rounds_up_unavailability_down_and_never_both_are_zero(
    replicas: int, surge: Any, unavailable: Any, expected: tuple[int, int]
) -> None:
    assert rollout.fenceposts(deployment(replicas, maxSurge=surge, maxUnavailable=unavailable)) == expected


def test_recreate_neither_surges_nor_overlaps() -> None:
    obj = deployment(4)
    obj["spec"]["strategy"] = {"type": "Recreate"}
    assert rollout.fenceposts(obj) == (0, 0)


def test_the_new_replica_set_grows_within_the_surge() -> None:
    obj = deployment(4, maxSurge=1, maxUnavailable=0)
    old, new = sized("old", 4), sized("new", 0)
    assert rollout.new_replicas(obj, [old, new], new) == 1
    new = sized("new", 1)
    assert rollout.new_replicas(obj, [old, new], new) == 1


def test_old_ones_shrink_only_by_what_is_available_beyond_the_minimum() -> None:
    obj = deployment(4, maxSurge=1, maxUnavailable=0)
    old = sized("old", 4)
    assert rollout.old_scale_downs(obj, [old, sized("new", 1, available=0)], sized("new", 1, available=0)) == {}
    new = sized("new", 1)
    assert rollout.old_scale_downs(obj, [old, new], new) == {"old": 3}


def test_broken_old_replicas_go_first() -> None:
    obj = deployment(4, maxSurge=1, maxUnavailable=1)
    old, new = sized("old", 4, available=2), sized("new", 1, available=0)
    assert rollout.old_scale_downs(obj, [old, new], new) == {"old": 3}


def test_a_change_of_size_is_spread_in_proportion() -> None:
    obj = deployment(20, maxSurge=0, maxUnavailable=1)
    told = {rollout.DESIRED_REPLICAS: "10", rollout.MAX_REPLICAS: "10"}
    assert rollout.proportional(obj, [sized("a", 6, **told), sized("b", 4, **told)]) == {"a": 12, "b": 8}


def test_what_rounding_leaves_goes_to_the_largest() -> None:
    obj = deployment(11, maxSurge=0, maxUnavailable=1)
    told = {rollout.DESIRED_REPLICAS: "10", rollout.MAX_REPLICAS: "10"}
    sizes = rollout.proportional(obj, [sized("a", 5, **told), sized("b", 5, **told)])
    assert sum(sizes.values()) == 11


@pytest.mark.parametrize("wanted", range(7))
def test_proportional_sizes_always_add_up(wanted: int) -> None:
    obj = deployment(wanted, maxSurge=1, maxUnavailable=1)
    told = {rollout.DESIRED_REPLICAS: "5", rollout.MAX_REPLICAS: "6"}
    sets = [sized("a", 1, **told), sized("b", 2, **told), sized("c", 3, **told)]
    assert sum(rollout.proportional(obj, sets).values()) == (wanted + 1 if wanted else 0)


def test_the_hash_depends_on_template_and_collisions_only() -> None:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "a", "image": "b"}]}}
    labelled = {**template, "metadata": {"labels": {"app": "web", rollout.HASH_LABEL: "x"}}}
    assert rollout.template_hash(template, None) == rollout.template_hash(labelled, None)
    assert rollout.template_hash(template, None) != rollout.template_hash(template, 1)
    assert set(rollout.template_hash(template, None)) <= set(rollout.SAFE_ALPHABET)


def test_revision_history_is_kept_when_a_revision_is_raised() -> None:
    present = {"metadata": {"annotations": {rollout.REVISION: "1"}}}
    annotations = rollout.replica_set_annotations(deployment(1), 3, present)
    assert annotations[rollout.REVISION] == "3"
    assert annotations[rollout.REVISION_HISTORY] == "1"


def test_only_empty_observed_old_replica_sets_are_cleaned_up() -> None:
    obj = deployment(1)
    obj["spec"]["revisionHistoryLimit"] = 0
    busy, empty = sized("busy", 1), sized("empty", 0)
    lagging = sized("lagging", 0)
    lagging["metadata"]["generation"] = 2
    assert rollout.to_clean_up(obj, [busy, empty, lagging]) == [empty]
