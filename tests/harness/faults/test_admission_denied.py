from harness.faults.admission_denied import AdmissionDenied
from tests.harness.faults.scene import CREATE, PATCH, arm, finish, fired, replies, size, stage, struck_by

FAULT = AdmissionDenied()


def test_a_kind_of_write_is_denied_for_a_while() -> None:
    with stage() as example:
        arm(example, FAULT, "request", component="website", verb="create", values={"seconds": 30.0})
        example.act(CREATE)
        assert fired(example) == ["admission_denied"]
        assert size(example) is None
        assert set(replies(example)) == {"Forbidden"}
        assert len(replies(example)) > 1
        assert finish(example)
        assert size(example) == "2"


def test_other_writes_get_through() -> None:
    with stage() as example:
        example.act(CREATE)
        arm(example, FAULT, "request", component="website", verb="update", values={"seconds": 30.0})
        example.act(PATCH)
        assert size(example) == "2"
        config = {"do": "delete", "api_version": "v1", "kind": "ConfigMap", "name": "front", "namespace": "default"}
        example.act(config)
        example.pass_time(5.0)
        assert size(example) == "3"


def test_reads_are_not_admitted_anyway() -> None:
    assert struck_by(FAULT) == {"command", "update"}
