from typing import Any

import pytest

from harness.agreement import agreement, differences
from harness.canonical import canonical_state
from reference_impl.protocol import JsonObject
from tests.harness.worlds import made, uid, world


def state(objects: list[JsonObject], **options: Any) -> dict[str, Any]:
    return canonical_state(objects, {}, **options)


def lines(storm: list[JsonObject], *fair: list[JsonObject]) -> list[str]:
    return differences(agreement([state(objects) for objects in fair]), state(storm))


FAIR = world(10, "5d4f8c7b9")


@pytest.mark.parametrize(
    ("storm", "expected"),
    [
        (
            [{**o, "spec": {"size": 3}} if o["kind"] == "Website" else o for o in FAIR],
            ["Website.example.com default/front: spec.size is 3, fair weather ends at 2"],
        ),
        (
            [o for o in FAIR if o["kind"] != "ConfigMap"],
            ["ConfigMap default/note is missing"],
        ),
        (
            [*FAIR, made("ConfigMap", "extra", 50, data={})],
            ["ConfigMap default/extra should not exist (fair weather has none)"],
        ),
        (
            [o for o in FAIR if o["metadata"]["uid"] != uid(14)],
            ["Pod default/* of ReplicaSet.apps default/* of Deployment.apps default/front: there is 1, "
             "fair weather ends with 2"],
        ),
        (
            [{**o, "spec": {"image": "b"}} if o["metadata"]["uid"] == uid(14) else o for o in FAIR],
            ["Pod default/* of ReplicaSet.apps default/* of Deployment.apps default/front: in one of them "
             "spec.image is b, fair weather ends at a"],
        ),
        (
            [{**o, "metadata": {**o["metadata"], "deletionTimestamp": "2030-01-01T00:00:00Z"}}
             if o["kind"] == "Website" else o for o in FAIR],
            ["Website.example.com default/front is being deleted, in fair weather it is not"],
        ),
    ],
)  # fmt: skip
def test_each_departure_is_one_plain_line(storm: list[JsonObject], expected: list[str]) -> None:
    assert lines(storm, FAIR) == expected


def test_what_fair_runs_disagree_on_is_never_held_against_a_controller() -> None:
    fewer = world(30, "5d4f8c7b9", pods=1)
    sometimes = made("ConfigMap", "sometimes", 60, data={})
    assert lines(world(40, "7c9f6d8b5", pods=3), FAIR, fewer) == []
    assert lines(FAIR, FAIR, [*FAIR, sometimes]) == []
    assert lines([*FAIR, sometimes], FAIR, [*FAIR, sometimes]) == []


def test_new_bookkeeping_is_allowed_but_new_content_is_not() -> None:
    site = made("Website", "front", 1, spec={}, status={})
    noted = {**site, "status": {"lastError": "timeout"}, "metadata": {**site["metadata"], "annotations": {"a": "b"}}}
    held = {**site, "metadata": {**site["metadata"], "finalizers": ["example.com/x"]}}
    assert lines([noted], [site]) == []
    assert lines([held], [site]) == [
        "Website.example.com default/front: metadata.finalizers[0] is example.com/x, fair weather ends without it"
    ]


def test_left_over_claims_are_retained_by_design() -> None:
    assert lines([*FAIR, made("PersistentVolumeClaim", "data-web-1", 50, spec={})], FAIR) == []


def test_an_empty_world_agrees_with_itself() -> None:
    assert lines([], []) == []
    assert differences(agreement([]), {}) == []
