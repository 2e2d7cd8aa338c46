from itertools import takewhile
from typing import Any

import pytest
import trio

from harness.actions import describe, validate_workload
from harness.errors import UsageError
from harness.facts import ComponentFacts, Facts
from harness.manifests import kinds_served
from harness.trial import Trial
from harness.workload import WorkloadPool, initial, perform, setup_objects
from tests.harness.samples import CRD, SETTINGS, SITE, Desk, website

SHOP = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}


def trial(**options: Any) -> Trial:
    return Trial([website], [SITE, SETTINGS, SHOP, CRD], **options)


def test_definitions_and_namespaces_are_there_before_users_come() -> None:
    assert setup_objects(trial()) == [CRD, SHOP]
    assert [action["object"] for action in initial(trial())] == [SITE, SETTINGS]


def test_the_pool_is_a_pure_function_of_trial_and_seed() -> None:
    assert WorkloadPool(trial(), 7).workloads == WorkloadPool(trial(), 7).workloads
    assert WorkloadPool(trial(), 7).workloads != WorkloadPool(trial(), 8).workloads


def test_simple_workloads_come_first() -> None:
    sentences = [[describe(action) for action in workload] for workload in WorkloadPool(trial(), 0).workloads]
    assert sentences[0] == []
    assert [s.partition("default/front")[0].strip() for s in sentences[1]] == ["user edits Website"]
    assert sentences[2:6] == [
        ["user deletes Website default/front"],
        ["user deletes Website default/front", "user creates Website default/front"],
        ["user scales Website default/front to 3"],
        ["user scales Website default/front to 0"],
    ]


def test_workloads_differ_and_keep_to_size_and_length() -> None:
    workloads = WorkloadPool(trial(), 0, size=20, length=5).workloads
    assert len(workloads) == 20
    assert all(workloads.count(workload) == 1 and len(workload) <= 5 for workload in workloads)
    assert sum(len(workload) <= 2 for workload in workloads) > 8


def test_every_action_is_well_formed_and_accepted_by_a_server() -> None:
    kinds = kinds_served([CRD])
    workloads = WorkloadPool(trial(), 3, size=40).workloads
    for workload in workloads:
        assert list(validate_workload(workload, kinds)) == workload
        desk = Desk(CRD, SHOP, SITE, SETTINGS)
        # A foreground deletion waits for a garbage collector, and nobody but users is here.
        for action in takewhile(lambda action: "propagation" not in action, workload):
            assert trio.run(perform, action, desk.client) or action["do"] == "delete_owned", describe(action)
    assert len(workloads) == 40


def test_only_namespaces_of_the_manifests_are_ever_deleted() -> None:
    deleted = {
        action["name"]
        for seed in range(6)
        for workload in WorkloadPool(trial(), seed, size=40).workloads
        for action in workload
        if action["do"] == "delete_namespace"
    }
    assert deleted == {"shop"}


def test_children_are_deleted_once_a_run_has_shown_which_there_are() -> None:
    part = ComponentFacts(name="website", under_test=True, kinds_written=(("apps/v1", "Deployment"),))
    informed = trial().with_facts(Facts(components=(part,)))
    sentences = [[describe(action) for action in workload] for workload in WorkloadPool(informed, 0).workloads]
    assert ["user deletes Deployment 0 of Website default/front"] in sentences


def test_a_trial_without_objects_has_one_empty_workload() -> None:
    assert WorkloadPool(Trial([website]), 0).workloads == [[]]


def test_given_edits_are_used() -> None:
    pool = WorkloadPool(trial(edits={"Website.spec.title": ["Sale"]}), 0, size=60)
    bodies = [action.get("body") for workload in pool.workloads for action in workload]
    assert {"spec": {"title": "Sale"}} in bodies


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ({"Websit.spec.size": [1]}, "no manifest is of kind 'Websit'"),
        ({"Website.spec.size": ["big"]}, "accepts any value of Website.spec.size"),
        ({"Website.spec.colour": ["red"]}, "would be dropped"),
    ],
)
def test_edits_that_nobody_accepts_are_refused(edits: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        WorkloadPool(trial(edits=edits), 0)


def test_an_edit_always_changes_something() -> None:
    """A re-applied container list is equal to the defaulted one."""
    deployment = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": {"a": "b"}},
                 "template": {"metadata": {"labels": {"a": "b"}},
                              "spec": {"containers": [{"name": "c", "image": "i"}]}}},
    }  # fmt: skip
    pool = WorkloadPool(Trial([website], [deployment]), 0, size=60)
    sentences = [describe(action) for workload in pool.workloads for action in workload]
    assert not [sentence for sentence in sentences if "containers" in sentence]
