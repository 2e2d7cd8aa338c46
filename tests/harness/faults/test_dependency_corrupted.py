import pytest

from harness.faults.dependency_corrupted import DependencyCorrupted
from tests.harness.faults.scene import CREATE, arm, fired, stage, stored, struck_by

FAULT = DependencyCorrupted()


CHILD = "ConfigMap/default/front"


@pytest.mark.parametrize(("what", "path"), [("label", "labels"), ("owner", "ownerReferences")])
def test_one_value_that_ties_objects_together_is_wrong(what: str, path: str) -> None:
    with stage() as example:
        example.act(CREATE)
        before = stored(example)
        arm(example, FAULT, values={"child": CHILD, "what": what})
        example.act({"do": "sleep", "seconds": 1.0, "in_flight": 0})
        after = stored(example)
        assert fired(example) == ["dependency_corrupted"]
        assert before is not None
        assert after is not None
        assert before["metadata"][path] != after["metadata"][path]


def test_an_object_without_a_selector_keeps_its_selector() -> None:
    with stage() as example:
        example.act(CREATE)
        arm(example, FAULT, values={"child": CHILD, "what": "selector"})
        example.pass_time(1.0)
        assert fired(example) == []


def test_it_is_not_legal() -> None:
    assert not FAULT.legal
    assert struck_by(FAULT) == set()
