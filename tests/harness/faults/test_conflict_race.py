from harness.faults.conflict_race import ConflictRace
from harness.operations.requests import TOUCHED
from tests.harness.faults.scene import (
    CREATE,
    PATCH,
    arm,
    finish,
    fired,
    message,
    replies,
    size,
    stage,
    stored,
    struck_by,
)

FAULT = ConflictRace()


def test_another_writer_is_first_and_the_update_meets_a_conflict() -> None:
    with stage() as example:
        arm(example, FAULT, "request", component="website", verb="update")
        example.act(CREATE)
        example.act(PATCH)
        assert fired(example) == ["conflict_race"]
        assert replies(example) == ["Conflict"]
        assert finish(example)
        assert size(example) == "3"
        config = stored(example)
        assert config is not None
        assert config["metadata"]["annotations"] == {TOUCHED: "1"}


def test_there_is_no_race_for_what_does_not_exist_yet_or_for_leases() -> None:
    assert struck_by(FAULT) == {"update"}
    assert not FAULT.applies(message("request", "update", "Lease", namespace="kube-system"))


def test_what_is_gone_cannot_be_raced_for() -> None:
    with stage() as example:
        example.act(CREATE)
        arm(example, FAULT, "request", component="website", verb="update")
        example.act({"do": "delete", "api_version": "v1", "kind": "ConfigMap", "name": "front", "namespace": "default",
                     "in_flight": 0})  # fmt: skip
        example.act(PATCH)
        assert finish(example)
        assert size(example) == "3"
