from harness.faults.owned_deleted import OwnedDeleted
from tests.harness.faults.scene import CREATE, Plane, arm, arm_again, fired, stage, stored, struck_by

FAULT = OwnedDeleted()


CHILD = "ConfigMap/default/front"


def test_a_user_deletes_what_a_controller_restores() -> None:
    with stage() as example:
        example.act(CREATE)
        before = stored(example)
        arm(example, FAULT, values={"child": CHILD})
        example.pass_time(1.0)
        after = stored(example)
        assert fired(example) == ["owned_deleted"]
        assert before is not None
        assert after is not None
        assert before["metadata"]["uid"] != after["metadata"]["uid"]


def test_a_replay_deletes_the_same() -> None:
    with stage() as example:
        example.act(CREATE)
        arm(example, FAULT)
        example.pass_time(1.0)
        (action,) = example.weather
    with stage() as example:
        arm_again(example, FAULT, action)
        example.act(CREATE)
        example.pass_time(1.0)
        assert example.weather == [action]


def test_nothing_owned_means_nothing_to_delete() -> None:
    assert struck_by(FAULT) == {"event"}
    with stage() as example:
        arm(example, FAULT)
        example.act(CREATE)
        assert fired(example) == []


def test_pods_of_jobs_are_left_alone() -> None:
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "u", "controller": True}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "ownerReferences": [owner]}}
    assert "moment" not in struck_by(FAULT, moment=Plane(owned=(pod,)))
