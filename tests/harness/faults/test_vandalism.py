import pytest

from harness.faults.vandalism import Vandalism
from tests.harness.faults.scene import CREATE, arm, fired, stage, stored, struck_by

FAULT = Vandalism()


CHILD = "ConfigMap/default/front"


@pytest.mark.parametrize("what", ["labels", "ownerReferences", "data"])
def test_a_user_edits_what_a_controller_owns(what: str) -> None:
    with stage() as example:
        example.act(CREATE)
        before = stored(example)
        arm(example, FAULT, values={"child": CHILD, "what": what})
        example.act({"do": "sleep", "seconds": 1.0, "in_flight": 0})
        after = stored(example)
        assert fired(example) == ["vandalism"]
        assert before is not None
        assert after is not None
        assert before["metadata"]["resourceVersion"] != after["metadata"]["resourceVersion"]


@pytest.mark.parametrize("what", ["finalizers", "replicas"])
def test_what_the_object_lacks_cannot_be_spoilt(what: str) -> None:
    with stage() as example:
        example.act(CREATE)
        arm(example, FAULT, values={"child": CHILD, "what": what})
        example.pass_time(1.0)
        assert fired(example) == []


def test_it_is_off_unless_it_is_named() -> None:
    assert FAULT.opt_in
    assert not FAULT.obliged
    assert struck_by(FAULT) == set()
